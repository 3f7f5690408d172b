"""SQL of change sets, what was previewed, and the revisions that they made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from orderloom.base.transaction import Json, Tx
from orderloom.orders.change import OPEN_STATES, ChangeState
from orderloom.orders.order import ItemMoved, NewItem, NewNeed, NewPlace, NewShipGroup


async def insert(tx: Tx, order_id: int, *, wishes: Mapping[str, Any], reason: str, based_on: int) -> int:
    """Write a change set under the next number of its order, whose row the caller has locked."""
    change_id = await tx.value(
        """
        INSERT INTO orders.change (order_id, number, wishes, reason, based_on, drafted_by)
        SELECT %(order_id)s, coalesce(max(number), 0) + 1, %(wishes)s, %(reason)s, %(based_on)s, %(by)s
          FROM orders.change
         WHERE order_id = %(order_id)s
        RETURNING id
        """,
        {
            "order_id": order_id,
            "wishes": Json(wishes),
            "reason": reason,
            "based_on": based_on,
            "by": tx.actor.name,
        },
    )
    assert isinstance(change_id, int)
    return change_id


async def insert_preview(tx: Tx, change_id: int, *, revision: int, basis: str, effects: Mapping[str, Any]) -> int:
    """Keep what a change would do, and who looked; the change is previewed."""
    preview_id = await tx.value(
        """
          WITH seen AS (
               INSERT INTO orders.change_preview (change_id, revision, basis, effects, seen_by)
               VALUES (%(change_id)s, %(revision)s, %(basis)s, %(effects)s, %(by)s)
            RETURNING id),
               moved AS (
               UPDATE orders.change
                  SET state = 'previewed', based_on = %(revision)s, version = version + 1
                WHERE id = %(change_id)s AND state = ANY(%(open)s))
        SELECT id FROM seen
        """,
        {
            "change_id": change_id,
            "revision": revision,
            "basis": basis,
            "effects": Json(effects),
            "by": tx.actor.name,
            "open": list(OPEN_STATES),
        },
    )
    assert isinstance(preview_id, int)
    return preview_id


async def end(tx: Tx, change_id: int, state: Literal["applied", "withdrawn"], *, revision: int | None = None) -> bool:
    """End an open change; whether it was open."""
    return bool(
        await tx.execute(
            """
            UPDATE orders.change
               SET state = %(state)s, revision = %(revision)s, version = version + 1, ended_by = %(by)s,
                   ended_at = base.now()
             WHERE id = %(id)s AND state = ANY(%(open)s)
            """,
            {
                "id": change_id,
                "state": state,
                "revision": revision,
                "by": tx.actor.name,
                "open": list(OPEN_STATES),
            },
        )
    )


async def accept_preview(tx: Tx, preview_id: int) -> None:
    """Note that the change was applied by this preview."""
    await tx.execute("UPDATE orders.change_preview SET accepted = true WHERE id = %(id)s", {"id": preview_id})


async def outdate(tx: Tx, order_id: int, *, but: int | None = None) -> list[int]:
    """The previews of an order's other open changes hold no more; return those changes."""
    return await tx.values(
        """
           UPDATE orders.change
              SET state = 'stale', version = version + 1
            WHERE order_id = %(order_id)s AND state = 'previewed' AND id IS DISTINCT FROM %(but)s
        RETURNING id
        """,
        {"order_id": order_id, "but": but},
    )


async def set_follow_on(tx: Tx, change_id: int, order_id: int) -> None:
    """Note the draft that was made because the change could not be."""
    await tx.execute(
        "UPDATE orders.change SET follow_on_id = %(order_id)s, version = version + 1 WHERE id = %(id)s",
        {"id": change_id, "order_id": order_id},
    )


async def set_state(tx: Tx, change_id: int, state: ChangeState) -> None:
    """Move an open change."""
    await tx.execute(
        "UPDATE orders.change SET state = %(state)s, version = version + 1 WHERE id = %(id)s AND state = ANY(%(open)s)",
        {"id": change_id, "state": state, "open": list(OPEN_STATES)},
    )


async def insert_revisions(
    tx: Tx, order_id: int, *, first: Mapping[str, Any], number: int, content: Mapping[str, Any], change_id: int
) -> None:
    """Keep the new state of an order, and its first one when that has not been kept yet."""
    await tx.execute(
        """
        INSERT INTO orders.revision (order_id, number, change_id, content, made_by, made_at)
        SELECT id, 1, NULL, %(first)s, captured_by, captured_at
          FROM orders.sales_order
         WHERE id = %(order_id)s AND %(number)s = 2
         UNION ALL
        SELECT %(order_id)s, %(number)s, %(change_id)s, %(content)s, %(by)s, base.now()
            ON CONFLICT (order_id, number) DO NOTHING
        """,
        {
            "order_id": order_id,
            "first": Json(first),
            "number": number,
            "change_id": change_id,
            "content": Json(content),
            "by": tx.actor.name,
        },
    )


@dataclass(frozen=True, slots=True)
class HeaderRevision:
    """A header after a change."""

    order_id: int
    revision: int
    ship_to: str | None
    bill_to: str | None
    billing_account_id: int | None
    requested_on: date | None
    one_time_total: Decimal
    recurring_totals: Mapping[str, Decimal]
    item_count: int


async def revise_header(tx: Tx, header: HeaderRevision) -> None:
    """Write a header as the change has it; its number and version go on."""
    await tx.execute(
        """
        UPDATE orders.sales_order
           SET ship_to = %(ship_to)s, bill_to = %(bill_to)s, billing_account_id = %(billing_account_id)s,
               requested_on = %(requested_on)s, one_time_total = %(one_time_total)s,
               recurring_totals = %(recurring_totals)s, item_count = %(item_count)s, revision = %(revision)s,
               version = version + 1
         WHERE id = %(order_id)s AND revision = %(revision)s - 1
        """,
        {
            "order_id": header.order_id,
            "revision": header.revision,
            "ship_to": header.ship_to,
            "bill_to": header.bill_to,
            "billing_account_id": header.billing_account_id,
            "requested_on": header.requested_on,
            "one_time_total": header.one_time_total,
            "recurring_totals": Json(header.recurring_totals),
            "item_count": header.item_count,
        },
    )


async def insert_places(tx: Tx, places: Sequence[NewPlace]) -> None:
    """Write places that the order did not name before."""
    if places:
        await tx.execute(
            """
            INSERT INTO orders.place
                   (order_id, code, address_id, recipient, lines, city, region, postal_code, country)
            SELECT order_id, code, address_id, recipient, lines, city, region, postal_code, country
              FROM jsonb_to_recordset(%(places)s) AS fresh (
                   order_id bigint, code text, address_id bigint, recipient text, lines text[], city text,
                   region text, postal_code text, country text)
                ON CONFLICT (order_id, code) DO NOTHING
            """,
            {"places": Json(list(places))},
        )


async def draw_item_ids(tx: Tx, count: int) -> list[int]:
    """Ids for new items, so that parents are known before the rows are written."""
    return await tx.values("SELECT nextval('orders.item_id_seq') FROM generate_series(1, %(count)s)", {"count": count})


@dataclass(frozen=True, slots=True)
class NewLine:
    """An item that a change adds, with the revision and the line that it stands for."""

    item: NewItem
    added_in: int
    replaces_id: int | None


async def withdraw_items(tx: Tx, item_ids: Sequence[int], *, revision: int) -> None:
    """Take lines out: they stay as rows, cancelled by this revision, and free their numbers."""
    if item_ids:
        await tx.execute(
            """
            UPDATE orders.item
               SET withdrawn_in = %(revision)s,
                   state = CASE WHEN state IN ('failed', 'partial', 'rejected') THEN state ELSE 'cancelled' END
             WHERE id = ANY(%(ids)s)
            """,
            {"ids": list(item_ids), "revision": revision},
        )


async def insert_items(tx: Tx, lines: Sequence[NewLine]) -> None:
    """Write the items that a change adds, behind those that are there."""
    if lines:
        await tx.execute(
            """
            INSERT INTO orders.item
                   (id, order_id, position, line, parent_id, bundle_id, role, product_id, product_code, product_name,
                    kind, action, quantity, per_parent, unit, characteristics, place, billing_account_id, gl_account,
                    cost_centre, tax_code, one_time, recurring, period, price_origin, price_reason, requested_on,
                    promised_on, state, attributes, asset, added_in, replaces_id)
            SELECT id, fresh.order_id, fresh.position + last.position, line, parent_id, bundle_id, role, product_id,
                   product_code, product_name, kind, action, quantity, per_parent, unit, characteristics, place,
                   billing_account_id, gl_account, cost_centre, tax_code, one_time, recurring, period, price_origin,
                   price_reason, requested_on, promised_on, state, attributes, asset, added_in, replaces_id
              FROM jsonb_to_recordset(%(items)s) AS fresh (
                   id bigint, order_id bigint, position integer, line text, parent_id bigint, bundle_id bigint,
                   role text, product_id bigint, product_code text, product_name text, kind text, action text,
                   quantity numeric, per_parent numeric, unit text, characteristics jsonb, place text,
                   billing_account_id bigint, gl_account text, cost_centre text, tax_code text, one_time numeric,
                   recurring numeric, period text, price_origin text, price_reason text, requested_on date,
                   promised_on date, state text, attributes jsonb, asset text)
              JOIN unnest(%(ids)s::bigint[], %(revisions)s::integer[], %(replaced)s::bigint[])
                   AS came (id, added_in, replaces_id) USING (id)
             CROSS JOIN LATERAL (
                   SELECT max(item.position) + 1 AS position
                     FROM orders.item
                    WHERE item.order_id = fresh.order_id) AS last
            """,
            {
                "items": Json([line.item for line in lines]),
                "ids": [line.item.id for line in lines],
                "revisions": [line.added_in for line in lines],
                "replaced": [line.replaces_id for line in lines],
            },
        )


@dataclass(frozen=True, slots=True)
class LineRevision:
    """A kept line as a change has it; without an origin the price keeps the one who said it."""

    id: int
    quantity: Decimal
    per_parent: Decimal | None
    characteristics: Mapping[str, Any]
    place: str | None
    billing_account_id: int | None
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    price_origin: str | None
    price_reason: str | None
    requested_on: date | None


async def revise_items(tx: Tx, lines: Sequence[LineRevision]) -> None:
    """Write what a change makes of kept lines."""
    if lines:
        await tx.execute(
            """
            UPDATE orders.item
               SET quantity = fresh.quantity, per_parent = fresh.per_parent, characteristics = fresh.characteristics,
                   place = fresh.place, billing_account_id = fresh.billing_account_id, one_time = fresh.one_time,
                   recurring = fresh.recurring, period = fresh.period,
                   price_origin = coalesce(fresh.price_origin, item.price_origin),
                   price_reason = CASE WHEN fresh.price_origin IS NULL THEN item.price_reason
                                       ELSE fresh.price_reason END,
                   requested_on = fresh.requested_on
              FROM jsonb_to_recordset(%(lines)s) AS fresh (
                   id bigint, quantity numeric, per_parent numeric, characteristics jsonb, place text,
                   billing_account_id bigint, one_time numeric, recurring numeric, period text, price_origin text,
                   price_reason text, requested_on date)
             WHERE item.id = fresh.id
            """,
            {"lines": Json(list(lines))},
        )


async def reopen_items(tx: Tx, item_ids: Sequence[int]) -> list[ItemMoved]:
    """What was complete and is changed is so no more, and neither are the bundles around it; return those."""
    return await tx.all(
        """
           UPDATE orders.item
              SET state = 'in_progress'
            WHERE item.state = 'completed'
              AND item.id IN (SELECT unnest(ARRAY[changed.id, changed.parent_id, changed.bundle_id])
                                FROM orders.item AS changed
                               WHERE changed.id = ANY(%(ids)s))
        RETURNING item.id, item.order_id, item.line, old.state AS before, new.state AS after
        """,
        {"ids": list(item_ids)},
        row=ItemMoved,
    )


async def replace_ship_groups(tx: Tx, item_ids: Sequence[int], groups: Sequence[NewShipGroup]) -> None:
    """Say anew where these items go."""
    await tx.execute("DELETE FROM orders.ship_group WHERE item_id = ANY(%(ids)s)", {"ids": list(item_ids)})
    if groups:
        await tx.execute(
            """
            INSERT INTO orders.ship_group (order_id, item_id, position, place, quantity, requested_on, method)
            SELECT order_id, item_id, position, place, quantity, requested_on, method
              FROM jsonb_to_recordset(%(groups)s) AS fresh (
                   order_id bigint, item_id bigint, position integer, place text, quantity numeric,
                   requested_on date, method text)
            """,
            {"groups": Json(list(groups))},
        )


async def insert_needs(tx: Tx, needs: Sequence[NewNeed]) -> None:
    """Write what new items rely on."""
    if needs:
        await tx.execute(
            """
            INSERT INTO orders.relies_on (order_id, item_id, needed_id)
            SELECT order_id, item_id, needed_id
              FROM jsonb_to_recordset(%(needs)s) AS fresh (order_id bigint, item_id bigint, needed_id bigint)
                ON CONFLICT DO NOTHING
            """,
            {"needs": Json(list(needs))},
        )
