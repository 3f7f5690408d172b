"""How the lines of an order came to their prices, step by step, as they were priced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from orderloom.base.money import round_amount
from orderloom.base.transaction import Tx
from orderloom.catalog.price_types import CHARGE_KINDS, Agreed, ChargeKind
from orderloom.catalog.priced import PricedCharge, PricedLine, PriceStep, StepKind
from orderloom.orders.order import PriceOrigin, Standing

_LINE: TypeAdapter[PricedLine] = TypeAdapter(PricedLine)
_AGREED: TypeAdapter[Agreed] = TypeAdapter(Agreed)


@dataclass(frozen=True, slots=True)
class ItemWaterfall:
    """The charges of one item, each with its steps, which sum to its net."""

    item_id: int
    line: str
    product: str
    charges: tuple[PricedCharge, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    order_id: int
    item_id: int
    line: str
    product: str
    quantity: Decimal
    unit: str
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    origin: str
    reason: str | None
    currency: str
    quote: str | None
    quote_version: int | None
    priced: Mapping[str, Any] | None


async def waterfalls_of(tx: Tx, order_ids: list[int]) -> dict[int, list[ItemWaterfall]]:
    """The waterfalls of the items of orders that the caller has been let through to, by order, in their order.

    An item that no rule beside the standard list priced has one step. One whose price a later change of
    the order set anew has the step that it was agreed.
    """
    rows = await tx.all(
        """
          SELECT item.order_id, item.id AS item_id, item.line, item.product_code AS product, item.quantity, item.unit,
                 item.one_time, item.recurring, item.period, item.price_origin AS origin, item.price_reason AS reason,
                 sales_order.currency, quoted_order.quote_number AS quote, quoted_order.version AS quote_version,
                 item_price.priced
            FROM orders.item
            JOIN orders.sales_order ON sales_order.id = item.order_id
            LEFT JOIN LATERAL (
                 SELECT kept.priced
                   FROM orders.item_price AS kept
                  WHERE kept.item_id = item.id
               ORDER BY kept.revision DESC
                  LIMIT 1) AS item_price ON true
            LEFT JOIN orders.quoted_order ON quoted_order.order_id = item.order_id
           WHERE item.order_id = ANY(%(ids)s)
             AND item.withdrawn_in IS NULL
             AND item.price_origin <> 'none'
        ORDER BY item.order_id, item.position
        """,
        {"ids": order_ids},
        row=_Row,
    )
    found: dict[int, list[ItemWaterfall]] = {}
    for row in rows:
        waterfall = ItemWaterfall(row.item_id, row.line, row.product, tuple(_charge(row, kind) for kind in _kinds(row)))
        found.setdefault(row.order_id, []).append(waterfall)
    return found


def _kinds(row: _Row) -> list[ChargeKind]:
    kinds: list[ChargeKind] = []
    if row.one_time is not None:
        kinds.append("one_time")
    if row.recurring is not None:
        kinds.append("recurring")
    return kinds


def _charge(row: _Row, kind: ChargeKind) -> PricedCharge:
    unit_price = row.one_time if kind == "one_time" else row.recurring
    assert unit_price is not None
    net = round_amount(unit_price * row.quantity, row.currency)
    kept = _LINE.validate_python(row.priced).charge(kind) if row.priced is not None else None
    if kept is not None and (kept.net, kept.quantity) == (net, row.quantity):
        return kept
    return _one_step(row, kind, unit_price, net, has_changed=kept is not None)


def _one_step(row: _Row, kind: ChargeKind, unit_price: Decimal, net: Decimal, *, has_changed: bool) -> PricedCharge:
    step: StepKind = "list" if row.origin == "list" and not has_changed else "agreed"
    rule = f"standard/{row.product}" if step == "list" else row.quote or ""
    version = None if step == "list" else row.quote_version
    input = {"unit_price": unit_price, "quantity": row.quantity}
    steps = (PriceStep(step, net, unit_price, rule, version, input, reason=row.reason or ""),)
    return PricedCharge(
        kind=kind,
        period=row.period if kind == "recurring" else None,  # type: ignore[arg-type]
        quantity=row.quantity,
        unit=row.unit,
        periods=Decimal(1),
        list_amount=net,
        steps=steps,
        net=net,
        tax=Decimal(0),
        gross=net,
        unit_price=unit_price,
    )


@dataclass(frozen=True, slots=True)
class _StandingRow:
    line: str
    origin: PriceOrigin
    reason: str | None
    who: str
    priced_at: datetime
    priced: Mapping[str, Any] | None
    given: list[dict[str, Any]]


async def standing_prices(tx: Tx, order_id: int) -> dict[str, Standing]:
    """How the lines of an order came to their prices, by line; one of a quote with what it was agreed for."""
    rows = await tx.all(
        """
          SELECT item.line, item.price_origin AS origin, item.price_reason AS reason,
                 coalesce(quoted_order.quote_number, revision.made_by, sales_order.captured_by) AS who,
                 coalesce(item_price.priced_at, revision.made_at, sales_order.captured_at) AS priced_at,
                 item_price.priced, coalesce(line.given, '[]') AS given
            FROM orders.item
            JOIN orders.sales_order ON sales_order.id = item.order_id
            LEFT JOIN orders.revision ON revision.order_id = item.order_id
                                     AND revision.number = item.added_in AND item.added_in > 1
            LEFT JOIN LATERAL (
                 SELECT kept.priced, kept.priced_at
                   FROM orders.item_price AS kept
                  WHERE kept.item_id = item.id
               ORDER BY kept.revision DESC
                  LIMIT 1) AS item_price ON true
            LEFT JOIN orders.quoted_item ON quoted_item.item_id = item.id
            LEFT JOIN orders.quoted_order ON quoted_order.order_id = quoted_item.order_id
            LEFT JOIN quotes.line ON line.id = quoted_item.line_id
           WHERE item.order_id = %(id)s
             AND item.withdrawn_in IS NULL
        """,
        {"id": order_id},
        row=_StandingRow,
    )
    return {
        row.line: Standing(
            origin=row.origin,
            reason=row.reason or row.who,
            who=row.who,
            priced_at=row.priced_at,
            kept=None if row.priced is None else _LINE.validate_python(row.priced),
            limits=dict(_limits(row.given)),
        )
        for row in rows
    }


def _limits(given: list[dict[str, Any]]) -> Iterator[tuple[ChargeKind, Agreed]]:
    for one in given:
        told = {name: one[name] for name in ("minimum", "maximum", "until") if one.get(name) is not None}
        if one["effect"] == "unit_price" and told:
            agreed = _AGREED.validate_python(told)
            yield from ((kind, agreed) for kind in CHARGE_KINDS if one.get("charge") in (None, kind))
