"""The page of one order: header, items, ship groups, credits, holds, places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from orderloom.base.money import round_amount
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.orders.rules import CreditShare, credit_shares
from orderloom.orders.states import State
from orderloom.orders.types import Scalar
from orderloom.parties.policy import account_filter
from orderloom.parties.sales_credits import CreditKind

ITEM_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """A header with the names of what it refers to."""

    id: int
    number: str
    account_id: int
    account_number: str
    account_name: str
    channel: str
    external_id: str | None
    type: str
    priority: str
    state: State
    state_reason: str | None
    currency: str
    bill_to: str | None
    ship_to: str | None
    billing_account_id: int | None
    billing_account: str | None
    po_number: str | None
    terms: str | None
    requested_on: date | None
    promised_on: date | None
    catalogue_version_id: int
    catalogue: str
    catalogue_version: int
    one_time_total: Decimal
    recurring_totals: Mapping[str, Decimal]
    item_count: int
    note: str | None
    attributes: Mapping[str, Scalar]
    revision: int
    version: int
    captured_at: datetime
    captured_by: str
    submitted_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item of the tree, in the order as sold; `relies_on` are lines."""

    id: int
    line: str
    parent_id: int | None
    bundle_id: int | None
    role: str | None
    product_id: int
    product_code: str
    product_name: str
    kind: str
    action: str
    quantity: Decimal
    per_parent: Decimal | None
    unit: str
    characteristics: Mapping[str, Scalar]
    place: str | None
    billing_account: str | None
    gl_account: str | None
    cost_centre: str | None
    tax_code: str | None
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    price_origin: str
    price_reason: str | None
    requested_on: date | None
    promised_on: date | None
    scheduled_on: date | None
    state: State
    attributes: Mapping[str, Scalar]
    asset: str | None
    relies_on: list[str]


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place as the order names it."""

    code: str
    address_id: int | None
    recipient: str
    lines: list[str]
    city: str
    region: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class ShipGroupRow:
    """A quantity of an item to a place by a date."""

    id: int
    item_id: int
    place: str
    quantity: Decimal
    requested_on: date | None
    method: str | None


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A sales credit; without an item it is the header's."""

    id: int
    item_id: int | None
    payee: str
    name: str
    percent: Decimal
    kind: CreditKind


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold that stands or stood, on the order or on one item."""

    id: int
    item_id: int | None
    code: str
    title: str
    blocks: str
    reason: str
    release_permission: str
    placed_by: str
    placed_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything about one order that the room itself knows."""

    header: HeaderRow
    items: list[ItemRow]
    places: list[PlaceRow]
    ship_groups: list[ShipGroupRow]
    credits: list[CreditRow]
    holds: list[HoldRow]

    def credits_of(self, item: ItemRow) -> list[CreditRow]:
        """The credits that count for an item: its own, or else the header's."""
        own = [credit for credit in self.credits if credit.item_id == item.id]
        return own or [credit for credit in self.credits if credit.item_id is None]

    def shares_of(self, item: ItemRow) -> list[CreditShare]:
        """What those credits come to, of the item's one-time amount."""
        amount = round_amount((item.one_time or Decimal(0)) * item.quantity, self.header.currency)
        return credit_shares(amount, self.credits_of(item), currency=self.header.currency)


async def order_id_of(tx: Tx, reference: str) -> int:
    """The id of the order with this number or external id; refuses (404) what the actor does not see."""
    seen, parameters = account_filter(tx.actor)
    order_id = await tx.value(
        f"""
          SELECT id
            FROM orders.sales_order
           WHERE (number = %(reference)s OR external_id = %(reference)s)
             AND {seen}
        ORDER BY number = %(reference)s DESC, id DESC
           LIMIT 1
        """,
        {"reference": reference, **parameters},
    )
    if order_id is None:
        raise _unknown()
    assert isinstance(order_id, int)
    return order_id


def _unknown() -> NotFound:
    return NotFound([Problem("order_unknown", "There is no such order that you may see; look in the list.")])


async def order_page(tx: Tx, order_id: int) -> OrderPage:
    """One order with everything below it; refuses (404) what does not exist or the actor does not see."""
    header = await _header(tx, order_id)
    if header is None:
        raise _unknown()
    return OrderPage(
        header=header,
        items=await _items(tx, order_id),
        places=await _places(tx, order_id),
        ship_groups=await _ship_groups(tx, order_id),
        credits=await _credits(tx, order_id),
        holds=await _holds(tx, order_id),
    )


async def _header(tx: Tx, order_id: int) -> HeaderRow | None:
    seen, parameters = account_filter(tx.actor, "sales_order.account_id")
    return await tx.one_or_none(
        f"""
        SELECT sales_order.id, sales_order.number, sales_order.account_id, account.number AS account_number,
               sales_order.account_name, sales_order.channel, sales_order.external_id, sales_order.type,
               sales_order.priority, sales_order.state, sales_order.state_reason, sales_order.currency,
               sales_order.bill_to, sales_order.ship_to, sales_order.billing_account_id,
               billing_account.number AS billing_account, sales_order.po_number, sales_order.terms,
               sales_order.requested_on, sales_order.promised_on, sales_order.catalogue_version_id,
               catalogue.code AS catalogue, version.number AS catalogue_version, sales_order.one_time_total,
               sales_order.recurring_totals, sales_order.item_count, sales_order.note, sales_order.attributes,
               sales_order.revision, sales_order.version, sales_order.captured_at, sales_order.captured_by,
               sales_order.submitted_at, sales_order.ended_at
          FROM orders.sales_order
          JOIN parties.account ON account.id = sales_order.account_id
          JOIN catalog.version ON version.id = sales_order.catalogue_version_id
          JOIN catalog.catalogue ON catalogue.id = version.catalogue_id
          LEFT JOIN parties.billing_account ON billing_account.id = sales_order.billing_account_id
         WHERE sales_order.id = %(id)s
           AND {seen}
        """,
        {"id": order_id, **parameters},
        row=HeaderRow,
    )


async def _items(tx: Tx, order_id: int) -> list[ItemRow]:
    return await tx.all(
        """
          SELECT item.id, item.line, item.parent_id, item.bundle_id, item.role, item.product_id, item.product_code,
                 item.product_name, item.kind, item.action, item.quantity, item.per_parent, item.unit,
                 item.characteristics, item.place, billing_account.number AS billing_account, item.gl_account,
                 item.cost_centre, item.tax_code, item.one_time, item.recurring, item.period, item.price_origin,
                 item.price_reason, item.requested_on, item.promised_on, item.scheduled_on, item.state,
                 item.attributes, item.asset,
                 ARRAY(SELECT needed.line
                         FROM orders.relies_on
                         JOIN orders.item AS needed ON needed.id = relies_on.needed_id
                        WHERE relies_on.item_id = item.id
                          AND needed.withdrawn_in IS NULL
                     ORDER BY needed.position) AS relies_on
            FROM orders.item
            LEFT JOIN parties.billing_account ON billing_account.id = item.billing_account_id
           WHERE item.order_id = %(id)s
        ORDER BY item.position
           LIMIT %(limit)s
        """,
        {"id": order_id, "limit": ITEM_LIMIT},
        row=ItemRow,
    )


async def _places(tx: Tx, order_id: int) -> list[PlaceRow]:
    return await tx.all(
        """
          SELECT code, address_id, recipient, lines, city, region, postal_code, country
            FROM orders.place
           WHERE order_id = %(id)s
        ORDER BY code
        """,
        {"id": order_id},
        row=PlaceRow,
    )


async def _ship_groups(tx: Tx, order_id: int) -> list[ShipGroupRow]:
    return await tx.all(
        """
          SELECT id, item_id, place, quantity, requested_on, method
            FROM orders.ship_group
           WHERE order_id = %(id)s
        ORDER BY item_id, position
        """,
        {"id": order_id},
        row=ShipGroupRow,
    )


async def _credits(tx: Tx, order_id: int) -> list[CreditRow]:
    return await tx.all(
        """
          SELECT credit.id, credit.item_id, credit.payee, payee.name, credit.percent, credit.kind
            FROM orders.credit
            JOIN parties.user AS payee ON payee.id = credit.user_id
           WHERE credit.order_id = %(id)s
        ORDER BY credit.item_id NULLS FIRST, credit.position
        """,
        {"id": order_id},
        row=CreditRow,
    )


async def _holds(tx: Tx, order_id: int) -> list[HoldRow]:
    return await tx.all(
        """
          SELECT hold.id, hold.item_id, hold.code, hold_code.title, hold.blocks, hold.reason,
                 hold.release_permission, hold.placed_by, hold.placed_at, hold.released_by, hold.released_at,
                 hold.release_reason
            FROM orders.hold
            JOIN orders.hold_code ON hold_code.code = hold.code
           WHERE hold.order_id = %(id)s
        ORDER BY hold.released_at NULLS FIRST, hold.id
           LIMIT 500
        """,
        {"id": order_id},
        row=HoldRow,
    )


@dataclass(frozen=True, slots=True)
class HoldCode:
    """A kind of hold that one may place."""

    code: str
    title: str
    blocks: str
    release_permission: str


async def hold_codes(tx: Tx) -> list[HoldCode]:
    """The kinds of hold, by title."""
    return await tx.all(
        "SELECT code, title, blocks, release_permission FROM orders.hold_code ORDER BY title",
        row=HoldCode,
    )
