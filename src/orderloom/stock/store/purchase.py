"""SQL of purchase orders and vendors' invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.stock.rules import PurchasedLine
from orderloom.stock.states import PURCHASE_ORDER, before
from orderloom.stock.types import Acknowledgement, Difference, PurchaseDraft, VendorInvoiceDraft


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """A purchase order as a row."""

    id: int
    number: str
    vendor: str
    warehouse_id: int | None
    ship_to: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    order_id: int | None
    currency: str
    state: str

    @property
    def subject(self) -> Subject:
        """What is bought for."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """The part of a purchase line that a shipment needs."""

    id: int
    purchase_order_id: int
    line: str
    sku: str
    tracking: str
    order_item_id: int | None
    bundle: Mapping[str, Any] | None


async def known(tx: Tx, drafts: Sequence[PurchaseDraft]) -> dict[tuple[str, str, int], int]:
    """Purchase orders that stand, by vendor and subject; a cancelled one is as if it had never been."""
    rows = await tx.all(
        """
        SELECT vendor, subject_kind, subject_id, id
          FROM stock.purchase_order
         WHERE (vendor, subject_kind, subject_id)
               IN (SELECT * FROM unnest(%(vendors)s::text[], %(kinds)s::text[], %(ids)s::bigint[]))
           AND state <> 'cancelled'
        """,
        {
            "vendors": [draft.vendor for draft in drafts],
            "kinds": [draft.subject.kind for draft in drafts],
            "ids": [draft.subject.id for draft in drafts],
        },
    )
    return {(vendor, kind, subject_id): order_id for vendor, kind, subject_id, order_id in rows}


async def insert(
    tx: Tx, drafts: Sequence[PurchaseDraft], numbers: Sequence[str], warehouse_ids: Mapping[str, int]
) -> dict[str, int]:
    """Write purchase orders with their lines; return ids by number."""
    rows = await tx.all(
        """
        INSERT INTO stock.purchase_order
               (number, vendor, warehouse_id, ship_to, subject_kind, subject_id, subject_label, account_id, order_id,
                currency, expected_at, sent_at)
        SELECT *, %(now)s
          FROM unnest(%(numbers)s::text[], %(vendors)s::text[], %(warehouses)s::bigint[], %(ship_tos)s::text[],
                      %(kinds)s::text[], %(ids)s::bigint[], %(labels)s::text[], %(accounts)s::bigint[],
                      %(orders)s::bigint[], %(currencies)s::text[], %(expected)s::timestamptz[])
        RETURNING number, id
        """,
        {
            "now": tx.now,
            "numbers": list(numbers),
            "vendors": [draft.vendor for draft in drafts],
            "warehouses": [warehouse_ids[draft.warehouse] if draft.warehouse else None for draft in drafts],
            "ship_tos": [draft.ship_to for draft in drafts],
            "kinds": [draft.subject.kind for draft in drafts],
            "ids": [draft.subject.id for draft in drafts],
            "labels": [draft.subject.label for draft in drafts],
            "accounts": [draft.subject.account_id for draft in drafts],
            "orders": [draft.order_id for draft in drafts],
            "currencies": [draft.currency for draft in drafts],
            "expected": [draft.expected_at for draft in drafts],
        },
    )
    ids = {number: order_id for number, order_id in rows}
    lines = [(ids[number], line) for number, draft in zip(numbers, drafts, strict=True) for line in draft.lines]
    await tx.execute(
        """
        INSERT INTO stock.purchase_line
               (purchase_order_id, order_item_id, line, sku, bundle, quantity, unit_cost, over_percent, under_percent)
        SELECT *
          FROM unnest(%(orders)s::bigint[], %(items)s::bigint[], %(lines)s::text[], %(skus)s::text[],
                      %(bundles)s::jsonb[], %(quantities)s::numeric[], %(costs)s::numeric[], %(over)s::numeric[],
                      %(under)s::numeric[])
        """,
        {
            "orders": [order_id for order_id, _ in lines],
            "items": [line.order_item_id for _, line in lines],
            "lines": [line.line for _, line in lines],
            "skus": [line.sku for _, line in lines],
            "bundles": [None if line.bundle is None else Json(line.bundle) for _, line in lines],
            "quantities": [line.quantity for _, line in lines],
            "costs": [line.unit_cost for _, line in lines],
            "over": [line.over_percent for _, line in lines],
            "under": [line.under_percent for _, line in lines],
        },
    )
    return ids


async def lock(tx: Tx, ids: Sequence[int]) -> dict[int, PurchaseOrder]:
    """Lock purchase orders in id order."""
    rows = await tx.all(
        """
        SELECT id, number, vendor, warehouse_id, ship_to, subject_kind, subject_id, subject_label, account_id, order_id,
               currency, state
          FROM stock.purchase_order
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR UPDATE
        """,
        {"ids": sorted(set(ids))},
        row=PurchaseOrder,
    )
    return {row.id: row for row in rows}


async def lines_of(tx: Tx, ids: Sequence[int]) -> list[PurchasedLine]:
    """The lines of purchase orders with what was ordered, has come and was invoiced."""
    return await tx.all(
        """
        SELECT id, purchase_order_id, line, quantity, unit_cost, over_percent, under_percent, notified, delivered,
               closed_short,
               (SELECT coalesce(sum(vendor_invoice_line.quantity), 0)
                  FROM stock.vendor_invoice_line
                 WHERE vendor_invoice_line.purchase_line_id = purchase_line.id) AS invoiced
          FROM stock.purchase_line
         WHERE purchase_order_id = ANY(%(ids)s)
         ORDER BY id
        """,
        {"ids": list(ids)},
        row=PurchasedLine,
    )


async def shippable_lines(tx: Tx, ids: Sequence[int]) -> list[PurchaseLine]:
    """What a shipment copies from the lines of purchase orders."""
    return await tx.all(
        """
        SELECT purchase_line.id, purchase_line.purchase_order_id, purchase_line.line, purchase_line.sku, sku.tracking,
               purchase_line.order_item_id, purchase_line.bundle
          FROM stock.purchase_line
          JOIN stock.sku ON sku.code = purchase_line.sku
         WHERE purchase_line.purchase_order_id = ANY(%(ids)s)
         ORDER BY purchase_line.id
        """,
        {"ids": list(ids)},
        row=PurchaseLine,
    )


async def move(tx: Tx, ids: Sequence[int], state: str) -> list[int]:
    """Move purchase orders to a state, from those states that may come before it; return which moved."""
    return await tx.values(
        """
        UPDATE stock.purchase_order
           SET state = %(state)s, changed_at = %(now)s
         WHERE id = ANY(%(ids)s)
           AND state = ANY(%(before)s)
        RETURNING id
        """,
        {"ids": list(ids), "state": state, "before": before(PURCHASE_ORDER, state), "now": tx.now},
    )


async def record_acknowledgements(tx: Tx, told: Sequence[Acknowledgement]) -> None:
    """Write what vendors confirmed: the quantities told, else all that was ordered."""
    await tx.execute(
        """
        UPDATE stock.purchase_order
           SET vendor_reference = nullif(told.reference, ''),
               expected_at = coalesce(told.expected_at, purchase_order.expected_at)
          FROM unnest(%(ids)s::bigint[], %(references)s::text[], %(expected)s::timestamptz[])
               AS told (id, reference, expected_at)
         WHERE purchase_order.id = told.id
        """,
        {
            "ids": [each.purchase_order_id for each in told],
            "references": [each.vendor_reference for each in told],
            "expected": [each.expected_at for each in told],
        },
    )
    await tx.execute(
        """
        UPDATE stock.purchase_line
           SET acknowledged = coalesce((told.quantities ->> purchase_line.line)::numeric, purchase_line.quantity)
          FROM unnest(%(ids)s::bigint[], %(quantities)s::jsonb[]) AS told (id, quantities)
         WHERE purchase_line.purchase_order_id = told.id
        """,
        {
            "ids": [each.purchase_order_id for each in told],
            "quantities": [Json(dict(each.quantities)) for each in told],
        },
    )


async def add_notified(tx: Tx, quantities: Mapping[int, Decimal]) -> None:
    """Add to what vendors have sent; the constraint knows the tolerance."""
    await tx.execute(
        """
        UPDATE stock.purchase_line
           SET notified = purchase_line.notified + told.quantity
          FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[]) AS told (id, quantity)
         WHERE purchase_line.id = told.id
        """,
        {"ids": list(quantities), "quantities": list(quantities.values())},
    )


async def add_delivered(tx: Tx, quantities: Mapping[int, Decimal]) -> None:
    """Add to what has arrived from vendors."""
    await tx.execute(
        """
        UPDATE stock.purchase_line
           SET delivered = purchase_line.delivered + told.quantity
          FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[]) AS told (id, quantity)
         WHERE purchase_line.id = told.id
        """,
        {"ids": list(quantities), "quantities": list(quantities.values())},
    )


async def close_short(tx: Tx, ids: Sequence[int]) -> None:
    """End what is still open on these purchase orders."""
    await tx.execute(
        """
        UPDATE stock.purchase_line
           SET closed_short = greatest(quantity - delivered, 0)
         WHERE purchase_order_id = ANY(%(ids)s)
        """,
        {"ids": list(ids)},
    )


async def record_serials(tx: Tx, units: Sequence[tuple[str, str, int | None]]) -> set[tuple[str, str]]:
    """Record units that a vendor has shipped; return those that were not known before."""
    rows = await tx.all(
        """
        INSERT INTO stock.serial (sku, serial, state, order_item_id)
        SELECT sku, serial, 'shipped', order_item_id
          FROM unnest(%(skus)s::text[], %(serials)s::text[], %(items)s::bigint[]) AS unit (sku, serial, order_item_id)
         ORDER BY sku, serial
            ON CONFLICT (sku, serial) DO NOTHING
        RETURNING sku, serial
        """,
        {"skus": [u[0] for u in units], "serials": [u[1] for u in units], "items": [u[2] for u in units]},
    )
    return {(sku, serial) for sku, serial in rows}


async def receive_serials(tx: Tx, shipment_ids: Sequence[int]) -> None:
    """Units that a vendor sent to a warehouse of ours lie in stock there now."""
    await tx.execute(
        """
        UPDATE stock.serial
           SET state = 'in_stock', warehouse_id = shipment.warehouse_id, order_item_id = NULL
          FROM stock.shipment
          JOIN stock.shipment_line ON shipment_line.shipment_id = shipment.id
         WHERE shipment.id = ANY(%(ids)s)
           AND shipment.warehouse_id IS NOT NULL
           AND shipment.purchase_order_id IS NOT NULL
           AND serial.sku = shipment_line.sku
           AND serial.serial = ANY(shipment_line.serials)
        """,
        {"ids": list(shipment_ids)},
    )


async def insert_invoice(
    tx: Tx,
    draft: VendorInvoiceDraft,
    *,
    vendor: str,
    state: str,
    differences: Sequence[Difference],
    line_ids: Mapping[str, int],
) -> int | None:
    """Write a vendor's invoice with the lines that the purchase order knows; None if it was there."""
    invoice_id: int | None = await tx.value(
        """
        INSERT INTO stock.vendor_invoice (purchase_order_id, vendor, number, currency, state, differences)
        VALUES (%(order)s, %(vendor)s, %(number)s, %(currency)s, %(state)s, %(differences)s)
            ON CONFLICT (vendor, number) DO NOTHING
        RETURNING id
        """,
        {
            "order": draft.purchase_order_id,
            "vendor": vendor,
            "number": draft.number,
            "currency": draft.currency,
            "state": state,
            "differences": Json(list(differences)),
        },
    )
    lines = [line for line in draft.lines if line.line in line_ids] if invoice_id else []
    await tx.execute(
        """
        INSERT INTO stock.vendor_invoice_line (vendor_invoice_id, purchase_line_id, quantity, unit_price)
        SELECT %(invoice)s, *
          FROM unnest(%(lines)s::bigint[], %(quantities)s::numeric[], %(prices)s::numeric[])
        """,
        {
            "invoice": invoice_id,
            "lines": [line_ids[line.line] for line in lines],
            "quantities": [line.quantity for line in lines],
            "prices": [line.unit_price for line in lines],
        },
    )
    return invoice_id


@dataclass(frozen=True, slots=True)
class VendorInvoice:
    """A vendor's invoice with whose goods it is about."""

    id: int
    number: str
    purchase_order_id: int
    account_id: int | None


async def accept_invoices(tx: Tx, ids: Sequence[int]) -> list[VendorInvoice]:
    """Accept vendors' invoices in spite of differences; return those that had any."""
    return await tx.all(
        """
        UPDATE stock.vendor_invoice
           SET state = 'accepted'
          FROM stock.purchase_order
         WHERE vendor_invoice.id = ANY(%(ids)s)
           AND vendor_invoice.state = 'differs'
           AND purchase_order.id = vendor_invoice.purchase_order_id
        RETURNING vendor_invoice.id, vendor_invoice.number, vendor_invoice.purchase_order_id, purchase_order.account_id
        """,
        {"ids": list(ids)},
        row=VendorInvoice,
    )
