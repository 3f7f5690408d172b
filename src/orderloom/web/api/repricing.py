"""The API of pricing drafts anew: the differences first, then those that are chosen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.orders.commands import Chosen, Outcome, preview_repricing, reprice_drafts
from orderloom.orders.reads import DRAFTS_MOST, DraftFilter, drafts_of
from orderloom.orders.repricing import DraftKind, Repriced
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.routes import Routes

routes = Routes("api", "/api")

Shown = Annotated[str, Field(max_length=400)]


@strict
@dataclass(frozen=True, slots=True)
class RepricingQuery:
    """Which drafts: those of a customer by its number, those that have a product by its code."""

    customer: Shown | None = None
    product: Shown | None = None


@dataclass(frozen=True, slots=True)
class Repricing:
    """The drafts that were looked at; `is_cut` where there are more."""

    drafts: list[Repriced]
    is_cut: bool


async def repricing_of(call: Call, query: RepricingQuery) -> Repricing:
    """What pricing the newest of these drafts for now would change; quotes for those alone who write them."""
    wanted = DraftFilter(query.customer or None, query.product or None)
    drafts = await drafts_of(call.tx, wanted, quotes=call.actor.may("quotes.write"))
    found = await preview_repricing(call.tx, quote_ids=drafts.quote_ids, order_ids=drafts.order_ids)
    return Repricing(found, drafts.is_cut)


@routes.get("/prices/reprice", permission="orders.write", query=RepricingQuery, returns=dict[str, Any])
async def preview(call: Call, query: RepricingQuery) -> dict[str, Any]:
    """What pricing draft quotes and orders for now would change, line by line and why; nothing is written.

    The `basis` of a draft goes back with the choice of it, so that nothing is written that was not seen.
    """
    found = await repricing_of(call, query)
    return {"drafts": [asdict(one) | {"basis": one.basis} for one in found.drafts], "is_cut": found.is_cut}


@strict
@dataclass(frozen=True, slots=True)
class ChosenDraft:
    """A draft by its kind and id, with the `basis` that was seen of it."""

    kind: DraftKind
    id: int
    basis: Shown


@strict
@dataclass(frozen=True, slots=True)
class RepricingChoice:
    """The drafts to price for now."""

    drafts: Annotated[tuple[ChosenDraft, ...], Field(min_length=1, max_length=DRAFTS_MOST)]


async def reprice_chosen(call: Call, choice: RepricingChoice) -> list[Outcome]:
    """Write the prices of now into the chosen drafts that the visitor may write."""
    chosen = [Chosen(one.kind, one.id, one.basis) for one in choice.drafts]
    if not call.actor.may("quotes.write"):
        chosen = [one for one in chosen if one.kind == "order"]
    return await reprice_drafts(call.tx, chosen)


@routes.post("/prices/reprice", permission="orders.write", body=RepricingChoice, returns=(Rows, Outcome))
async def reprice(call: Call, body: RepricingChoice) -> Rows:
    """Write the prices of now into chosen drafts; say of each what became of it.

    What was sent, accepted or confirmed is locked and keeps its prices.
    """
    return Rows(list(await reprice_chosen(call, body)))
