"""What a capture asks the database and what it writes: a handful of statements for any number of orders.

Rows travel as one JSON document for each table. An order has seven wide items, and binding one array
for each of thirty columns took Python thirty times as long as encoding the rows (190 µs against 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.orders.order import Composed, NewHandedIn, NewPlace
from orderloom.orders.states import State
from orderloom.parties.policy import account_filter


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """An address that an account can use: its own, or one of an account above it."""

    account_id: int
    id: int
    code: str
    recipient: str
    lines: list[str]
    city: str
    region: str
    postal_code: str
    country: str

    def of_order(self, order_id: int) -> NewPlace:
        """The address as an order keeps it."""
        return NewPlace(
            order_id=order_id,
            code=self.code,
            address_id=self.id,
            recipient=self.recipient,
            lines=tuple(self.lines),
            city=self.city,
            region=self.region,
            postal_code=self.postal_code,
            country=self.country,
        )


@dataclass(frozen=True, slots=True)
class Twin:
    """An order that has the same external id, or the same customer's purchase order number.

    `content` is what was handed in under the external id, where the actor sees that order.
    """

    kind: str
    id: int
    account_id: int
    reference: str
    channel: str
    number: str
    state: State
    content: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Keys:
    """Numbers and ids drawn for a batch, in order."""

    numbers: list[str]
    order_ids: list[int]
    item_ids: list[int]


async def draw_keys(tx: Tx, *, orders: int, items: int) -> Keys:
    """Draw what a batch needs at once, so that parents are known before the rows are written."""
    return await tx.one(
        """
        SELECT ARRAY(SELECT base.take_numbers('order', %(orders)s)) AS numbers,
               ARRAY(SELECT nextval('orders.sales_order_id_seq') FROM generate_series(1, %(orders)s)) AS order_ids,
               ARRAY(SELECT nextval('orders.item_id_seq') FROM generate_series(1, %(items)s)) AS item_ids
        """,
        {"orders": orders, "items": items},
        row=Keys,
    )


async def places(
    tx: Tx, *, account_ids: Sequence[int], codes: Sequence[str], address_ids: Sequence[int]
) -> list[KnownPlace]:
    """The active addresses with these codes or ids that the accounts can use, the nearest last."""
    return await tx.all(
        """
          SELECT account.id AS account_id, address.id, address.code,
                 concat_ws(', ', nullif(address.name, ''), nullif(address.company, '')) AS recipient,
                 array_remove(string_to_array(address.street, E'\n'), '') AS lines,
                 address.city, address.area AS region, address.postal_code, address.country
            FROM parties.account
            JOIN parties.address ON address.account_id = ANY(account.path)
           WHERE account.id = ANY(%(account_ids)s)
             AND (address.code = ANY(%(codes)s) OR address.id = ANY(%(address_ids)s))
             AND address.is_active
        ORDER BY account.id, array_position(account.path, address.account_id)
        """,
        {"account_ids": list(account_ids), "codes": list(codes), "address_ids": list(address_ids)},
        row=KnownPlace,
    )


async def twins(tx: Tx, *, externals: Sequence[tuple[str, str]], purchases: Sequence[tuple[int, str]]) -> list[Twin]:
    """Orders that already have these external ids (channel, id) or purchase order numbers (account, number)."""
    seen, params = account_filter(tx.actor, "known.account_id")
    return await tx.all(
        f"""
        SELECT 'external' AS kind, known.id, known.account_id, known.external_id AS reference, known.channel,
               known.number, known.state, handed_in.content
          FROM unnest(%(channels)s::text[], %(external_ids)s::text[]) AS wanted (channel, external_id)
          JOIN orders.sales_order AS known USING (channel, external_id)
     LEFT JOIN orders.handed_in ON handed_in.order_id = known.id AND {seen}
         UNION ALL
        SELECT 'purchase', twin.id, account_id, po_number, '', twin.number, twin.state, NULL
          FROM unnest(%(account_ids)s::bigint[], %(po_numbers)s::text[]) AS wanted (account_id, po_number)
         CROSS JOIN LATERAL (
               SELECT id, number, state
                 FROM orders.sales_order AS known
                WHERE known.account_id = wanted.account_id
                  AND known.po_number = wanted.po_number
                  AND known.state NOT IN ('cancelled', 'rejected')
                LIMIT 1) AS twin
        """,
        {
            "channels": [channel for channel, _ in externals],
            "external_ids": [external_id for _, external_id in externals],
            "account_ids": [account_id for account_id, _ in purchases],
            "po_numbers": [po_number for _, po_number in purchases],
            **params,
        },
        row=Twin,
    )


PARTS = ("places", "items", "needs", "ship_groups", "credits")
"""What is written below the headers: fields of `Composed`, each a list of rows."""


async def insert(tx: Tx, composed: Sequence[Composed]) -> None:
    """Write the orders with everything below them, in one statement for any number of orders.

    Foreign keys are checked when the statement ends, so parts may be written in any order.
    """
    await tx.execute(
        """
          WITH orders AS (
               INSERT INTO orders.sales_order
                      (id, number, account_id, account_name, channel, external_id, type, priority, state, currency,
                       bill_to, ship_to, billing_account_id, po_number, terms, requested_on, catalogue_version_id,
                       one_time_total, recurring_totals, item_count, note, attributes, captured_by, captured_at,
                       submitted_at)
               SELECT id, number, account_id, account_name, channel, external_id, type, priority, state, currency,
                      bill_to, ship_to, billing_account_id, po_number, terms, requested_on, catalogue_version_id,
                      one_time_total, recurring_totals, item_count, note, attributes, %(captured_by)s,
                      %(now)s, CASE WHEN state <> 'draft' THEN %(now)s::timestamptz END
                 FROM jsonb_to_recordset(%(orders)s) AS fresh (
                      id bigint, number text, account_id bigint, account_name text, channel text, external_id text,
                      type text, priority text, state text, currency text, bill_to text, ship_to text,
                      billing_account_id bigint, po_number text, terms text, requested_on date,
                      catalogue_version_id bigint, one_time_total numeric, recurring_totals jsonb, item_count integer,
                      note text, attributes jsonb)),
               places AS (
               INSERT INTO orders.place
                      (order_id, code, address_id, recipient, lines, city, region, postal_code, country)
               SELECT order_id, code, address_id, recipient, lines, city, region, postal_code, country
                 FROM jsonb_to_recordset(%(places)s) AS fresh (
                      order_id bigint, code text, address_id bigint, recipient text, lines text[], city text,
                      region text, postal_code text, country text)),
               needs AS (
               INSERT INTO orders.relies_on (order_id, item_id, needed_id)
               SELECT order_id, item_id, needed_id
                 FROM jsonb_to_recordset(%(needs)s) AS fresh (order_id bigint, item_id bigint, needed_id bigint)),
               ship_groups AS (
               INSERT INTO orders.ship_group (order_id, item_id, position, place, quantity, requested_on, method)
               SELECT order_id, item_id, position, place, quantity, requested_on, method
                 FROM jsonb_to_recordset(%(ship_groups)s) AS fresh (
                      order_id bigint, item_id bigint, position integer, place text, quantity numeric,
                      requested_on date, method text)),
               credits AS (
               INSERT INTO orders.credit (order_id, item_id, position, payee, user_id, percent, kind)
               SELECT order_id, item_id, position, payee, user_id, percent, kind
                 FROM jsonb_to_recordset(%(credits)s) AS fresh (
                      order_id bigint, item_id bigint, position integer, payee text, user_id bigint,
                      percent numeric, kind text))
        INSERT INTO orders.item
               (id, order_id, position, line, parent_id, bundle_id, role, product_id, product_code, product_name,
                kind, action, quantity, per_parent, unit, characteristics, place, billing_account_id, gl_account,
                cost_centre, tax_code, one_time, recurring, period, price_origin, price_reason, requested_on,
                promised_on, state, attributes, asset)
        SELECT id, order_id, position, line, parent_id, bundle_id, role, product_id, product_code, product_name,
               kind, action, quantity, per_parent, unit, characteristics, place, billing_account_id, gl_account,
               cost_centre, tax_code, one_time, recurring, period, price_origin, price_reason, requested_on,
               promised_on, state, attributes, asset
          FROM jsonb_to_recordset(%(items)s) AS fresh (
               id bigint, order_id bigint, position integer, line text, parent_id bigint, bundle_id bigint,
               role text, product_id bigint, product_code text, product_name text, kind text, action text,
               quantity numeric, per_parent numeric, unit text, characteristics jsonb, place text,
               billing_account_id bigint, gl_account text, cost_centre text, tax_code text, one_time numeric,
               recurring numeric, period text, price_origin text, price_reason text, requested_on date,
               promised_on date, state text, attributes jsonb, asset text)
        """,
        {
            "captured_by": tx.actor.name,
            "now": tx.now,
            "orders": Json([one.order for one in composed]),
            **{part: Json([row for one in composed for row in getattr(one, part)]) for part in PARTS},
        },
    )


async def insert_handed_in(tx: Tx, handed_in: Sequence[NewHandedIn]) -> None:
    """Keep what was handed in under external ids."""
    await tx.execute(
        """
        INSERT INTO orders.handed_in (order_id, content)
        SELECT order_id, content
          FROM jsonb_to_recordset(%(handed_in)s) AS fresh (order_id bigint, content jsonb)
        """,
        {"handed_in": Json(handed_in)},
    )
