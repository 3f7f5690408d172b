"""Installed products follow the orders that act on them, and so does what is charged for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderloom.assets.commands import activate, alter_assets, reinstate, request_termination, suspend, terminate
from orderloom.assets.types import AssetRevision
from orderloom.base.transaction import Tx
from orderloom.billing.commands import alter_recurring
from orderloom.fulfilment.altered import alteration_of
from orderloom.fulfilment.altered_reads import AlteringItem, altering_items
from orderloom.orders.order import ItemResult

_BEGUN = ("in_progress", "pending", "held", "completed")
_GIVEN_UP = ("cancelled", "failed", "rejected")


async def follow_altered(tx: Tx, moved: Sequence[ItemResult]) -> None:
    """Let installed products and their charges follow the items that act on them. Idempotent."""
    items = await altering_items(tx, [item.item_id for item in moved])
    states = {item.item_id: item.state for item in moved}
    by_action: dict[str, list[AlteringItem]] = {}
    for item in items:
        if states[item.id] == "completed":
            by_action.setdefault(item.action, []).append(item)
    ending = [item.asset_id for item in items if item.action == "delete" and states[item.id] in _BEGUN]
    if ending:
        await request_termination(tx, ending)
    if staying := [item.asset_id for item in items if item.action == "delete" and states[item.id] in _GIVEN_UP]:
        await reinstate(tx, staying)
    await _complete(tx, by_action)


async def _complete(tx: Tx, by_action: Mapping[str, Sequence[AlteringItem]]) -> None:
    """What is done: products end, rest, live again or change, and their charges with them."""
    if modified := by_action.get("modify"):
        await alter_assets(tx, {item.asset_id: _revision(item) for item in modified})
    if suspended := by_action.get("suspend"):
        await suspend(tx, [item.asset_id for item in suspended])
    if resumed := by_action.get("resume"):
        await activate(tx, dict.fromkeys([item.asset_id for item in resumed], tx.now))
    if ended := by_action.get("delete"):
        await terminate(tx, dict.fromkeys([item.asset_id for item in ended], tx.now))
    altered = [
        alteration
        for action in ("delete", "suspend", "resume")
        for item in by_action.get(action, ())
        if (alteration := alteration_of(item, at=tx.now, on=item.requested_on)) is not None
    ]
    if altered:
        await alter_recurring(tx, altered)


def _revision(item: AlteringItem) -> AssetRevision:
    return AssetRevision(
        order_item_id=item.id, quantity=item.quantity, place=item.place, characteristics=item.characteristics
    )
