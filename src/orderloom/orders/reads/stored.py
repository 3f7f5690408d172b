"""Orders as other rooms work with them: whole, many at once, without regard to who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.orders.order import SUBJECT
from orderloom.orders.reads.page import PlaceRow
from orderloom.orders.states import State
from orderloom.orders.types import Action, Priority, Scalar


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A quantity of an item to a place by a date."""

    item_id: int
    place: str
    quantity: Decimal
    requested_on: date | None
    method: str | None


@dataclass(frozen=True, slots=True)
class StoredItem:
    """An item as sold, in the shape that the catalogue's rules and the planner take (`SoldItem`).

    `product` is the code, `parent` and `bundle` are lines, `billing_account_id` is the item's own or
    else the header's; prices are for one unit.
    """

    id: int
    order_id: int
    line: str
    product: str
    product_id: int
    product_name: str
    kind: str
    parent: str | None
    bundle: str | None
    role: str | None
    action: Action
    quantity: Decimal
    unit: str
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: tuple[str, ...]
    ship_groups: tuple[StoredGroup, ...]
    billing_account_id: int | None
    gl_account: str | None
    cost_centre: str | None
    tax_code: str | None
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    requested_on: date | None
    promised_on: date | None
    state: State
    added_in: int
    withdrawn_in: int | None
    attributes: Mapping[str, Scalar]
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """An order as sold, with its items by position and its places by code."""

    id: int
    number: str
    account_id: int
    account_name: str
    customer: str
    type: str
    channel: str
    priority: Priority
    state: State
    currency: str
    bill_to: str | None
    ship_to: str | None
    billing_account_id: int | None
    po_number: str | None
    terms: str | None
    requested_on: date | None
    promised_on: date | None
    catalogue_version_id: int
    revision: int
    version: int
    attributes: Mapping[str, Scalar]
    items: tuple[StoredItem, ...]
    places: Mapping[str, PlaceRow]

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject(SUBJECT, self.id, self.number, self.account_id)


async def stored_orders(tx: Tx, order_ids: Sequence[int]) -> list[StoredOrder]:
    """These orders with items, ship groups and places, by id; four queries for any number of them."""
    headers = await tx.all(
        """
          SELECT sales_order.id, sales_order.number, account_id, account_name, account.number AS customer, type,
                 channel, priority, state, currency, bill_to, ship_to, billing_account_id, po_number, terms,
                 requested_on, promised_on, catalogue_version_id, revision, sales_order.version,
                 sales_order.attributes, ARRAY[]::integer[] AS items, '{}'::jsonb AS places
            FROM orders.sales_order
            JOIN parties.account ON account.id = sales_order.account_id
           WHERE sales_order.id = ANY(%(ids)s)
        ORDER BY sales_order.id
        """,
        {"ids": list(order_ids)},
        row=StoredOrder,
    )
    items = await _items(tx, order_ids)
    places = await _places(tx, order_ids)
    return [
        replace(header, items=tuple(items.get(header.id, ())), places=places.get(header.id, {})) for header in headers
    ]


async def _items(tx: Tx, order_ids: Sequence[int]) -> dict[int, list[StoredItem]]:
    rows = await tx.all(
        """
          SELECT item.id, item.order_id, item.line, item.product_code AS product, item.product_id,
                 item.product_name, item.kind, parent.line AS parent, bundle.line AS bundle, item.role, item.action,
                 item.quantity, item.unit, item.characteristics, item.place,
                 ARRAY(SELECT needed.line
                         FROM orders.relies_on
                         JOIN orders.item AS needed ON needed.id = relies_on.needed_id
                        WHERE relies_on.item_id = item.id
                          AND needed.withdrawn_in IS NULL
                     ORDER BY needed.position) AS relies_on,
                 ARRAY[]::integer[] AS ship_groups,
                 coalesce(item.billing_account_id, sales_order.billing_account_id) AS billing_account_id,
                 item.gl_account, item.cost_centre, item.tax_code, item.one_time, item.recurring, item.period,
                 item.requested_on, item.promised_on, item.state, item.added_in, item.withdrawn_in, item.attributes,
                 item.asset
            FROM orders.item
            JOIN orders.sales_order ON sales_order.id = item.order_id
            LEFT JOIN orders.item AS parent ON parent.id = item.parent_id
            LEFT JOIN orders.item AS bundle ON bundle.id = item.bundle_id
           WHERE item.order_id = ANY(%(ids)s)
        ORDER BY item.order_id, item.position
        """,
        {"ids": list(order_ids)},
        row=StoredItem,
    )
    groups = await _groups(tx, order_ids)
    items: dict[int, list[StoredItem]] = {}
    for row in rows:
        whole = replace(row, relies_on=tuple(row.relies_on), ship_groups=tuple(groups.get(row.id, ())))
        items.setdefault(row.order_id, []).append(whole)
    return items


async def _groups(tx: Tx, order_ids: Sequence[int]) -> dict[int, list[StoredGroup]]:
    rows = await tx.all(
        """
          SELECT item_id, place, quantity, requested_on, method
            FROM orders.ship_group
           WHERE order_id = ANY(%(ids)s)
        ORDER BY item_id, position
        """,
        {"ids": list(order_ids)},
        row=StoredGroup,
    )
    groups: dict[int, list[StoredGroup]] = {}
    for row in rows:
        groups.setdefault(row.item_id, []).append(row)
    return groups


async def _places(tx: Tx, order_ids: Sequence[int]) -> dict[int, dict[str, PlaceRow]]:
    rows = await tx.all(
        """
        SELECT order_id, code, address_id, recipient, lines, city, region, postal_code, country
          FROM orders.place
         WHERE order_id = ANY(%(ids)s)
        """,
        {"ids": list(order_ids)},
    )
    places: dict[int, dict[str, PlaceRow]] = {}
    for order_id, *columns in rows:
        place = PlaceRow(*columns)
        places.setdefault(order_id, {})[place.code] = place
    return places


@dataclass(frozen=True, slots=True)
class ActiveHold:
    """A hold that stands: what it blocks, on the order or on one item, and why."""

    id: int
    order_id: int
    item_id: int | None
    code: str
    blocks: str
    reason: str


async def active_holds(tx: Tx, order_ids: Sequence[int]) -> list[ActiveHold]:
    """The holds that stand on these orders and their items."""
    return await tx.all(
        """
          SELECT id, order_id, item_id, code, blocks, reason
            FROM orders.hold
           WHERE order_id = ANY(%(ids)s)
             AND released_at IS NULL
        ORDER BY id
        """,
        {"ids": list(order_ids)},
        row=ActiveHold,
    )


async def open_amounts(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, Decimal]:
    """One-time amounts of orders that are under way, by billing account, in its currency.

    Whole orders count until they end; what of them is billed already is for the caller to take off.
    """
    rows = await tx.all(
        """
          SELECT coalesce(item.billing_account_id, sales_order.billing_account_id) AS billing_account_id,
                 sum(round(item.one_time * item.quantity, 6)) AS amount
            FROM orders.sales_order
            JOIN orders.item ON item.order_id = sales_order.id AND item.one_time IS NOT NULL
           WHERE sales_order.state IN ('submitted', 'in_progress', 'pending', 'held', 'assessing_cancellation')
             AND coalesce(item.billing_account_id, sales_order.billing_account_id) = ANY(%(ids)s)
        GROUP BY 1
        """,
        {"ids": list(billing_account_ids)},
    )
    return dict(rows)
