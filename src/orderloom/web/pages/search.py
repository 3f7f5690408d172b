"""The search over everything: below the box while somebody types, and as a page."""

from __future__ import annotations

from urllib.parse import quote

from orderloom.insight.reads.anywhere import LEAST, Found, search_anywhere
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.search import Wanted
from orderloom.web.call import Call
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("page")
KINDS = {
    "order": "Orders",
    "quote": "Quotes",
    "customer": "Customers",
    "product": "Products",
    "invoice": "Invoices",
    "past_invoice": "Past invoices",
    "task": "Tasks",
}
PAGES = {
    "order": "/orders/{number}",
    "quote": "/quotes/{number}",
    "customer": "/customers/{id}",
    "product": "/products/{id}",
    "invoice": "/invoices/{id}",
    "past_invoice": "/insight/invoices/{id}",
    "task": "/tasks/{id}/{place}",
}
LISTS = {
    "order": "/orders",
    "quote": "/quotes",
    "customer": "/customers",
    "product": "/products",
    "past_invoice": "/insight/invoices",
}


@routes.get("/search", permission=SIGNED_IN, query=Wanted)
async def search_page(call: Call, query: Wanted) -> Page | SeeOther:
    """What has this text in its number or name; a number that is one thing's opens it."""
    found = await search_anywhere(call.tx, query.text)
    exact = [each for kind in found for each in kind.found if each.is_exact]
    if len(exact) == 1 and not call.partial:
        return SeeOther(path_of(exact[0]))
    context = {
        "kinds": found,
        "text": query.text.strip(),
        "titles": KINDS,
        "lists": LISTS,
        "path_of": path_of,
        "is_short": len(query.text.strip()) < LEAST,
    }
    return Page("search/found.html" if call.partial else "search/search.html", context)


def path_of(found: Found) -> str:
    """The page of what was found."""
    return PAGES[found.kind].format(id=found.id, place=found.place, number=quote(found.number, safe=""))
