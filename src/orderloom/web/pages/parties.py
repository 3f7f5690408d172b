"""The customers, and one customer."""

from __future__ import annotations

from orderloom.assets.reads import tree
from orderloom.assets.types import Asset
from orderloom.parties.reads import account as reads
from orderloom.web.answers import Page
from orderloom.web.api.parties import AccountFilter, accounts_matching
from orderloom.web.call import Call
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/customers", permission="parties.read", query=AccountFilter)
async def customers_page(call: Call, query: AccountFilter) -> Page:
    """The customers that the person sees."""
    rows, following = await accounts_matching(call, query)
    return Page("parties/customers.html", {"rows": rows, "query": query, "next": following})


@routes.get("/customers/{account_id:int}", permission="parties.read")
async def customer_page(call: Call, account_id: int) -> Page:
    """One customer: the tree it stands in, people, places, billing accounts and how goods are wanted."""
    page = await reads.account_page(call.tx, account_id)
    return Page("parties/customer.html", {"page": page, "assets": await installed(call, account_id)})


async def installed(call: Call, account_id: int) -> list[Asset]:
    return await tree(call.tx, account_id=account_id) if call.actor.may("orders.read") else []
