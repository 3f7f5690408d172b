"""Orders that act on installed products: whose they are, how they stand, and who else is changing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orderloom.assets.reads import named_assets
from orderloom.base.refusals import Conflict, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.orders.compose import Checked
from orderloom.orders.installed import CHANGING, Sold, asset_problems, taken_problem
from orderloom.orders.reads.installed import open_changes, wanted_assets

ONE_AT_A_TIME: Final = "one_open_order_changes_a_product"
TAKEN_MEANWHILE: Final = Problem(
    "asset_taken",
    "Another request has just placed an order that changes the same installed product; look at the customer again.",
)


async def refuse_wrong_assets(tx: Tx, checked: Sequence[Checked], *, submit: bool) -> None:
    """Refuse lines that act on what the customer does not have, or, when submitted, on what another order changes."""
    lines = [
        Sold(item, one.offers[place].code, one.customer.account_id, _pointer(number, place, many=len(checked) > 1))
        for number, one in enumerate(checked)
        for place, item in enumerate(one.draft.items)
        if item.asset is not None
    ]
    if not lines:
        return
    refuse_if_any(asset_problems(lines, await named_assets(tx, [str(line.item.asset) for line in lines])))
    if not submit:
        return
    changing = {str(line.item.asset): line.pointer for line in lines if line.item.action in CHANGING}
    taken = await open_changes(tx, list(changing))
    if taken:
        raise Conflict(
            [taken_problem(asset, order, f"{changing[asset]}/asset") for asset, order in sorted(taken.items())]
        )


def _pointer(number: int, place: int, *, many: bool) -> str:
    return f"/orders/{number}/items/{place}" if many else f"/items/{place}"


async def refuse_taken_assets(tx: Tx, order_ids: Sequence[int]) -> None:
    """Refuse to submit drafts that change what another open order is changing."""
    taken = await open_changes(tx, await wanted_assets(tx, order_ids))
    if taken:
        raise Conflict([taken_problem(asset, order) for asset, order in sorted(taken.items())])
