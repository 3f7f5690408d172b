"""What customers have now: serials of what arrived, written to their installed products."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.assets.commands import set_characteristics
from orderloom.assets.reads import by_order_item
from orderloom.assets.types import CharacteristicsChange
from orderloom.base.transaction import Tx
from orderloom.stock.reads import delivered_quantities


async def record_serials(tx: Tx, order_ids: Sequence[int]) -> None:
    """Note on installed products the serials that have arrived for them. Noting again changes nothing.

    Of a line that came in part nobody knows which serials came, so it is noted once it is whole.
    """
    delivered = await delivered_quantities(tx, order_ids)
    serials = {
        item: tuple(
            serial
            for arrival in each.arrivals
            if len(arrival.serials) == arrival.quantity
            for serial in arrival.serials
        )
        for item, each in delivered.items()
    }
    assets = await by_order_item(tx, [item for item, each in serials.items() if each])
    changes = [CharacteristicsChange(asset, {}, serials[item]) for item, asset in sorted(assets.items())]
    if changes:
        await set_characteristics(tx, changes)
