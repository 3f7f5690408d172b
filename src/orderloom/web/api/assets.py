"""The API of the installed base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.assets.reads import named_assets, realizations, tree
from orderloom.assets.types import Asset, Realization
from orderloom.base.parsing import strict
from orderloom.fulfilment.act_preview import ActPreview
from orderloom.fulfilment.acting import Act, ActDraft, acts_possible
from orderloom.fulfilment.altered_reads import Recurring, recurring_of_assets
from orderloom.fulfilment.commands import PlacedOrder, place_act, preview_act
from orderloom.orders.reads.installed import AssetOrder, open_changes, orders_of_assets
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.preconditions import require_match
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
ASSETS_MOST = 1_000


@strict
@dataclass(frozen=True, slots=True)
class AssetQuery:
    """Whose installed products to list, or what an order made."""

    account_id: Annotated[int, Field(ge=1)] | None = None
    order_id: Annotated[int, Field(ge=1)] | None = None
    with_ended: bool = True


@routes.get("/assets", permission="orders.read", query=AssetQuery, returns=(Rows, Asset))
async def read_assets(call: Call, query: AssetQuery) -> Rows:
    """Installed products in reading order: each bundle, then its parts; a thousand at most."""
    rows = await tree(
        call.tx,
        account_id=query.account_id,
        order_ids=[query.order_id] if query.order_id else None,
        with_ended=query.with_ended,
        limit=ASSETS_MOST,
    )
    return Rows(rows)


@dataclass(frozen=True, slots=True)
class AssetPage:
    """An installed product with its parts, what realizes them, what recurs, what orders did, and what may be done.

    `changing` is the order under way that changes it; as long as there is one, no other may.
    """

    asset: Asset
    parts: list[Asset]
    realizations: Mapping[int, list[Realization]]
    recurring: list[Recurring]
    orders: list[AssetOrder]
    changing: str | None
    acts: tuple[Act, ...]


async def asset_page(call: Call, number: str) -> AssetPage:
    """One installed product that the actor sees; 404 for others."""
    known = (await named_assets(call.tx, [number])).get(number)
    rows = await tree(call.tx, ids=[known.id], limit=ASSETS_MOST) if known else []
    if not rows:
        raise not_there()
    changing = (await open_changes(call.tx, [number])).get(number)
    may = call.actor.may("orders.write") and changing is None
    return AssetPage(
        asset=rows[0],
        parts=rows[1:],
        realizations=await realizations(call.tx, [row.id for row in rows]),
        recurring=await recurring_of_assets(call.tx, [row.number for row in rows]),
        orders=await orders_of_assets(call.tx, [row.number for row in rows]),
        changing=changing,
        acts=acts_possible(rows[0]) if may else (),
    )


def version_of(asset: Asset) -> str:
    """What changes whenever the product does."""
    return f"{asset.id}-{int(asset.changed_at.timestamp() * 1_000_000)}"


@routes.get("/assets/{number:str}", permission="orders.read", returns=AssetPage)
async def read_asset(call: Call, number: str) -> Answer:
    """One installed product by number: parts, services and resources, what recurs, and the orders that acted on it."""
    page = await asset_page(call, number)
    return Answer(page, version=version_of(page.asset))


@routes.post("/assets/preview", permission="orders.write", body=ActDraft, returns=ActPreview)
async def preview(call: Call, body: ActDraft) -> ActPreview:
    """What moving, changing, disconnecting, suspending or resuming installed products would do; writes nothing."""
    return await preview_act(call.tx, body)


@routes.post("/assets/orders", permission="orders.write", body=ActDraft, returns=PlacedOrder, status=201)
async def act(call: Call, body: ActDraft) -> Answer:
    """Place the order that does this to installed products, or keep it as a draft.

    With `If-Match`, the ETag of the product, where there is one, is compared first.
    """
    if call.if_match is not None and len(body.assets) == 1:
        require_match(call.if_match, version_of((await asset_page(call, body.assets[0])).asset))
    placed = await place_act(call.tx, body)
    return Answer(placed, status=201, location=f"/api/orders/{placed.number}")
