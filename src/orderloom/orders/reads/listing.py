"""The list of orders: filtered, sorted, paged by the place of the last row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, LiteralString

from orderloom.base.transaction import Tx
from orderloom.orders.states import State
from orderloom.parties.policy import account_filter

PAGE = 50
PAGE_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list; flat, so that it exports as it is. `parts_done` of `parts_total` leaf items."""

    id: int
    number: str
    account_id: int
    account_name: str
    state: State
    type: str
    channel: str
    priority: str
    external_id: str | None
    po_number: str | None
    currency: str
    one_time_total: Decimal
    recurring_totals: Mapping[str, Decimal]
    item_count: int
    parts_done: int
    parts_total: int
    hold_count: int
    requested_on: date | None
    promised_on: date | None
    captured_at: datetime
    submitted_at: datetime | None
    ended_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """What to list. Conditions join with “and”; an empty filter lists everything that the actor sees."""

    number: str | None = None
    states: Sequence[State] = ()
    account_id: int | None = None
    text: str | None = None
    channel: str | None = None
    external_id: str | None = None
    product_code: str | None = None
    captured_from: datetime | None = None
    captured_before: datetime | None = None
    is_on_hold: bool | None = None


_CONDITIONS: Mapping[str, LiteralString] = {
    "number": "sales_order.number = upper(trim(%(number)s))",
    "states": "sales_order.state = ANY(%(states)s)",
    "account_id": "sales_order.account_id = %(account_id)s",
    "text": "sales_order.search LIKE base.folded(%(pattern)s)",
    "channel": "sales_order.channel = %(channel)s",
    "external_id": "sales_order.external_id = %(external_id)s",
    "product_code": """EXISTS (SELECT FROM orders.item
                                WHERE item.order_id = sales_order.id AND item.product_code = %(product_code)s)""",
    "captured_from": "sales_order.captured_at >= %(captured_from)s",
    "captured_before": "sales_order.captured_at < %(captured_before)s",
}


_STANDING: LiteralString = "WHERE hold.order_id = sales_order.id AND hold.released_at IS NULL"


OrderSort = Literal["newest", "oldest", "customer", "amount", "promised"]
NEWEST: OrderSort = "newest"
_SORTS: Mapping[OrderSort, tuple[LiteralString, LiteralString]] = {
    "newest": ("id", "DESC"),
    "oldest": ("id", "ASC"),
    "customer": ("account_name", "ASC"),
    "amount": ("one_time_total", "DESC"),
    "promised": ("coalesce(promised_on, 'infinity')", "ASC"),
}


@dataclass(frozen=True, slots=True)
class OrderPlace:
    """Where a list goes on: the row behind which, by the value that the list is sorted by, and its id."""

    value: str
    id: int


def place_in(sort: OrderSort, row: OrderRow) -> OrderPlace:
    """The place of a row in a list that is sorted so."""
    values = {"customer": row.account_name, "amount": row.one_time_total, "promised": row.promised_on or "infinity"}
    return OrderPlace(str(values.get(sort, row.id)), row.id)


async def list_orders(
    tx: Tx,
    wanted: OrderFilter = OrderFilter(),
    *,
    before: int | None = None,
    also: LiteralString = "TRUE",
    sort: OrderSort = NEWEST,
    after: OrderPlace | None = None,
    limit: int = PAGE,
) -> list[OrderRow]:
    """Orders that the actor sees: the newest first, older than the id `before`; or sorted otherwise, `after` a place.

    Text that is an order's number finds that order alone; other text is looked for anywhere in number, customer,
    purchase order and external id, without regard to case and accents. `also` is a condition over `sales_order`
    of what only higher rooms know.
    """
    if wanted.text and before is None and after is None:
        exact = await _page(tx, *matching(tx, OrderFilter(number=wanted.text), also), sort=NEWEST, limit=1)
        if exact:
            return exact
    where, parameters = matching(tx, wanted, also)
    if before is not None:
        after = OrderPlace(str(before), before)
    if after is not None:
        key, direction = _SORTS[sort]
        further: LiteralString = "<" if direction == "DESC" else ">"
        where += f" AND ({key}, id) {further} (%(after_value)s{_KINDS[sort]}, %(after_id)s)"
        parameters |= {"after_value": after.value, "after_id": after.id}
    return await _page(tx, where, parameters, sort=sort, limit=min(limit, PAGE_LIMIT))


_KINDS: Mapping[OrderSort, LiteralString] = {
    "newest": "::bigint", "oldest": "::bigint", "customer": "", "amount": "::numeric", "promised": "::date",
}  # fmt: skip


def matching(tx: Tx, wanted: OrderFilter, also: LiteralString = "TRUE") -> tuple[LiteralString, dict[str, object]]:
    """The orders that the actor sees and that are wanted, as SQL over `sales_order`, and its parameters."""
    seen, parameters = account_filter(tx.actor, "sales_order.account_id")
    given = {
        name: list(value) if name == "states" else value
        for name in _CONDITIONS
        if (value := getattr(wanted, name)) not in (None, (), [], "")
    }
    conditions = [seen, also, *(_CONDITIONS[name] for name in given)]
    if wanted.text:
        given["pattern"] = _pattern(wanted.text)
    if wanted.is_on_hold is not None:
        negation: LiteralString = "" if wanted.is_on_hold else "NOT "
        conditions.append(f"{negation}EXISTS (SELECT FROM orders.hold {_STANDING})")
    return "\n             AND ".join(conditions), {**parameters, **given}


def _pattern(text: str) -> str:
    escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


async def _page(
    tx: Tx, where: LiteralString, parameters: Mapping[str, object], *, sort: OrderSort, limit: int
) -> list[OrderRow]:
    """Choose the page first, then look up what belongs to its rows: the counts cost the page, not the table."""
    key, direction = _SORTS[sort]
    return await tx.all(
        f"""
          SELECT page.*,
                 parts.done AS parts_done, parts.total AS parts_total,
                 (SELECT count(*) FROM orders.hold
                   WHERE hold.order_id = page.id AND hold.released_at IS NULL)::integer AS hold_count
            FROM (SELECT id, number, account_id, account_name, state, type, channel, priority, external_id,
                         po_number, currency, one_time_total, recurring_totals, item_count, requested_on,
                         promised_on, captured_at, submitted_at, ended_at, version
                    FROM orders.sales_order
                   WHERE {where}
                ORDER BY {key} {direction}, id {direction}
                   LIMIT %(limit)s) AS page
           CROSS JOIN LATERAL (
                 SELECT (count(*) FILTER (WHERE item.state = 'completed'))::integer AS done,
                        count(*)::integer AS total
                   FROM orders.item
                  WHERE item.order_id = page.id
                    AND item.withdrawn_in IS NULL
                    AND NOT EXISTS (SELECT FROM orders.item AS child
                                     WHERE child.order_id = item.order_id AND child.parent_id = item.id)) AS parts
        ORDER BY {key} {direction}, id {direction}
        """,
        {**parameters, "limit": limit},
        row=OrderRow,
    )
