"""Builders for what the warehouse tests stand on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import commands
from orderloom.stock.types import OpeningStock, Requirement, Tracking, WarehouseDraft


async def account(tx: Tx, name: str = "Acme") -> int:
    """An account to sell to."""
    account_id: int = await tx.value(
        """
        INSERT INTO parties.account (number, name)
        SELECT number, %(name)s FROM base.take_numbers('account', 1) AS number
        RETURNING id
        """,
        {"name": name},
    )
    return account_id


async def stock(
    tx: Tx, stocked: Mapping[tuple[str, str], int], *, tracking: Mapping[str, Tracking] | None = None
) -> None:
    """Warehouses, SKUs and opening stock: `{("SPL-1", "DC-East"): 6}`."""
    await commands.save_warehouses(
        tx,
        [
            WarehouseDraft(code=code, name=code, rank=place)
            for place, code in enumerate(sorted({code for _, code in stocked}))
        ],
    )
    await commands.import_opening_stock(
        tx,
        [
            OpeningStock(
                sku=sku, warehouse=code, on_hand=Decimal(quantity), name=sku, tracking=(tracking or {}).get(sku, "none")
            )
            for (sku, code), quantity in stocked.items()
        ],
    )


def thing(account_id: int | None = None, number: int = 1) -> Subject:
    """A fulfilment item that goods are for."""
    return Subject("fulfilment_item", number, f"Ship {number}", account_id)


def requirement(
    subject: Subject, sku: str, quantity: int, *, warehouse: str = "DC-East", item: int = 11, line: str = "1.1"
) -> Requirement:
    """A quantity of an order item from a warehouse, in order 1."""
    return Requirement(
        subject=subject,
        order_id=1,
        order_item_id=item,
        line=line,
        sku=sku,
        warehouse=warehouse,
        quantity=Decimal(quantity),
        bundle={"item": 10, "role": "splicer", "quantityPerBundle": 1},
    )
