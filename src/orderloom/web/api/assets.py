"""The API of the installed base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.assets.reads import tree
from orderloom.assets.types import Asset
from orderloom.base.parsing import strict
from orderloom.web.answers import Rows
from orderloom.web.call import Call
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
