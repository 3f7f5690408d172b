"""SQL of triggers, gates, increments, charges and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.billing.rules import Gate, Increment
from orderloom.billing.states import TRIGGER, before
from orderloom.billing.types import GateMark, TriggerDraft

Identity = tuple[int, str, str, str, int]
"""What a trigger is unique by: order item, kind of price, price, action and revision."""


@dataclass(frozen=True, slots=True)
class Payer:
    """A billing account as billing needs it."""

    id: int
    currency: str
    tax_country: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A locked trigger."""

    id: int
    order_id: int
    order_label: str
    order_item_id: int
    line: str
    account_id: int
    billing_account_id: int
    price_kind: str
    price: str
    action: str
    revision: int
    description: str
    quantity: Decimal
    unit_price: Decimal
    allocated: Decimal | None
    currency: str
    period: str | None
    per_unit: bool
    state: str
    released: Decimal

    @property
    def subject(self) -> Subject:
        """The order that it belongs to."""
        return Subject("order", self.order_id, self.order_label, self.account_id)

    @property
    def identity(self) -> Identity:
        """What it is unique by."""
        return self.order_item_id, self.price_kind, self.price, self.action, self.revision


def identity(draft: TriggerDraft) -> Identity:
    """What a draft's trigger is unique by."""
    return draft.order_item_id, draft.price_kind, draft.price, draft.action, draft.revision


async def payers(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, Payer]:
    """Billing accounts with their currency, tax country and time zone."""
    rows = await tx.all(
        """
        SELECT billing_account.id, billing_account.currency,
               coalesce(billing_account.tax_country, account.country, legal_entity.address ->> 'country', '')
               AS tax_country,
               coalesce(account.time_zone, legal_entity.time_zone) AS time_zone
          FROM parties.billing_account
          JOIN parties.account ON account.id = billing_account.account_id
          JOIN parties.legal_entity ON legal_entity.id = billing_account.legal_entity_id
         WHERE billing_account.id = ANY(%(ids)s)
        """,
        {"ids": list(set(billing_account_ids))},
        row=Payer,
    )
    return {row.id: row for row in rows}


async def lock_known(tx: Tx, drafts: Sequence[TriggerDraft]) -> dict[Identity, Trigger]:
    """Lock the triggers that exist for these drafts, in id order."""
    rows = await tx.all(
        """
        SELECT id, order_id, order_label, order_item_id, line, account_id, billing_account_id, price_kind, price,
               action, revision, description, quantity, unit_price, allocated, currency, period, per_unit, state,
               released
          FROM billing.trigger
         WHERE (order_item_id, price_kind, price, action, revision)
               IN (SELECT * FROM unnest(%(items)s::bigint[], %(kinds)s::text[], %(prices)s::text[], %(actions)s::text[],
                                        %(revisions)s::int[]))
         ORDER BY id
           FOR UPDATE
        """,
        {
            "items": [draft.order_item_id for draft in drafts],
            "kinds": [draft.price_kind for draft in drafts],
            "prices": [draft.price for draft in drafts],
            "actions": [draft.action for draft in drafts],
            "revisions": [draft.revision for draft in drafts],
        },
        row=Trigger,
    )
    return {row.identity: row for row in rows}


async def insert(tx: Tx, drafts: Sequence[TriggerDraft], payers: Mapping[int, Payer]) -> dict[Identity, int]:
    """Write triggers with their gates; return ids in the order of the drafts. One that is there is left out."""
    rows = await tx.all(
        """
        INSERT INTO billing.trigger
               (order_id, order_label, order_item_id, line, account_id, billing_account_id, price_kind, price, action,
                revision, description, quantity, unit, unit_price, allocated, currency, period, per_unit, by_itself,
                tax_category, tax_country, tax_region, bundle_item_id, bundle_line, bundle_label, bundle, po_number,
                gl_account, cost_centre, armed_at, changed_at)
        SELECT *, %(now)s::timestamptz, %(now)s
          FROM unnest(%(orders)s::bigint[], %(labels)s::text[], %(items)s::bigint[], %(lines)s::text[],
                      %(accounts)s::bigint[], %(payers)s::bigint[], %(kinds)s::text[], %(prices)s::text[],
                      %(actions)s::text[], %(revisions)s::int[], %(descriptions)s::text[], %(quantities)s::numeric[],
                      %(units)s::text[], %(unit_prices)s::numeric[], %(allocated)s::numeric[], %(currencies)s::text[],
                      %(periods)s::text[], %(per_unit)s::bool[], %(by_itself)s::bool[], %(tax_categories)s::text[],
                      %(tax_countries)s::text[], %(tax_regions)s::text[],
                      %(bundle_items)s::bigint[], %(bundle_lines)s::text[], %(bundle_labels)s::text[],
                      %(bundles)s::jsonb[], %(po_numbers)s::text[], %(gl_accounts)s::text[], %(cost_centres)s::text[])
            ON CONFLICT (order_item_id, price_kind, price, action, revision) DO NOTHING
        RETURNING order_item_id, price_kind, price, action, revision, id
        """,
        {
            "now": tx.now,
            "orders": [draft.order_id for draft in drafts],
            "labels": [draft.order_label for draft in drafts],
            "items": [draft.order_item_id for draft in drafts],
            "lines": [draft.line for draft in drafts],
            "accounts": [draft.account_id for draft in drafts],
            "payers": [draft.billing_account_id for draft in drafts],
            "kinds": [draft.price_kind for draft in drafts],
            "prices": [draft.price for draft in drafts],
            "actions": [draft.action for draft in drafts],
            "revisions": [draft.revision for draft in drafts],
            "descriptions": [draft.description for draft in drafts],
            "quantities": [draft.quantity for draft in drafts],
            "units": [draft.unit for draft in drafts],
            "unit_prices": [draft.unit_price for draft in drafts],
            "allocated": [draft.allocated for draft in drafts],
            "currencies": [draft.currency for draft in drafts],
            "periods": [draft.period for draft in drafts],
            "per_unit": [draft.per_unit for draft in drafts],
            "by_itself": [draft.by_itself for draft in drafts],
            "tax_categories": [draft.tax_category for draft in drafts],
            "tax_countries": [draft.tax_country or payers[draft.billing_account_id].tax_country for draft in drafts],
            "tax_regions": [draft.tax_region if draft.tax_country else "" for draft in drafts],
            "bundle_items": [draft.bundle_item_id for draft in drafts],
            "bundle_lines": [draft.bundle_line for draft in drafts],
            "bundle_labels": [draft.bundle_label for draft in drafts],
            "bundles": [None if draft.bundle is None else Json(draft.bundle) for draft in drafts],
            "po_numbers": [draft.po_number for draft in drafts],
            "gl_accounts": [draft.gl_account for draft in drafts],
            "cost_centres": [draft.cost_centre for draft in drafts],
        },
    )
    ids: dict[Identity, int] = {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}
    fresh = {identity(draft): draft for draft in drafts if identity(draft) in ids}
    await insert_gates(tx, [(ids[which], draft) for which, draft in fresh.items()])
    return {which: ids[which] for which in fresh}


async def insert_gates(tx: Tx, of: Sequence[tuple[int, TriggerDraft]]) -> None:
    """Write the gates of drafts; those that are there stay."""
    rows = [(trigger_id, draft.order_id, gate) for trigger_id, draft in of for gate in draft.gates]
    await tx.execute(
        """
        INSERT INTO billing.gate (trigger_id, order_id, step, decides_date, waives, quantity, needed)
        SELECT *
          FROM unnest(%(triggers)s::bigint[], %(orders)s::bigint[], %(steps)s::text[], %(deciding)s::bool[],
                      %(waiving)s::bool[], %(quantities)s::numeric[], %(needed)s::int[])
            ON CONFLICT DO NOTHING
        """,
        {
            "triggers": [trigger_id for trigger_id, _, _ in rows],
            "orders": [order_id for _, order_id, _ in rows],
            "steps": [gate.step for _, _, gate in rows],
            "deciding": [gate.decides_date for _, _, gate in rows],
            "waiving": [gate.waives for _, _, gate in rows],
            "quantities": [gate.quantity for _, _, gate in rows],
            "needed": [gate.count for _, _, gate in rows],
        },
    )


async def follow(tx: Tx, of: Sequence[tuple[int, TriggerDraft]], payers: Mapping[int, Payer]) -> list[int]:
    """Bring triggers of which nothing was charged in line with a new plan: what, how much, for whom, after which gates.

    Return those that changed.
    """
    gates = [(trigger_id, gate) for trigger_id, draft in of for gate in draft.gates]
    wanted = {
        "triggers": [trigger_id for trigger_id, _ in gates],
        "steps": [gate.step for _, gate in gates],
        "quantities": [gate.quantity for _, gate in gates],
        "needed": [gate.count for _, gate in gates],
        "ids": [trigger_id for trigger_id, _ in of],
    }
    gone = await tx.values(
        """
        DELETE FROM billing.gate
         WHERE trigger_id = ANY(%(ids)s)
           AND outcome IS NULL
           AND (trigger_id, step) NOT IN (SELECT * FROM unnest(%(triggers)s::bigint[], %(steps)s::text[]))
        RETURNING trigger_id
        """,
        wanted,
    )
    fresh = await tx.values(
        """
        SELECT DISTINCT wanted.trigger_id
          FROM unnest(%(triggers)s::bigint[], %(steps)s::text[]) AS wanted (trigger_id, step)
         WHERE NOT EXISTS (SELECT 1 FROM billing.gate
                            WHERE gate.trigger_id = wanted.trigger_id AND gate.step = wanted.step)
        """,
        wanted,
    )
    await insert_gates(tx, of)
    resized = await tx.values(
        """
        UPDATE billing.gate
           SET quantity = wanted.quantity, needed = wanted.needed
          FROM unnest(%(triggers)s::bigint[], %(steps)s::text[], %(quantities)s::numeric[], %(needed)s::int[])
               AS wanted (trigger_id, step, quantity, needed)
         WHERE gate.trigger_id = wanted.trigger_id
           AND gate.step = wanted.step
           AND (gate.quantity IS DISTINCT FROM wanted.quantity
                OR (gate.needed <> wanted.needed AND gate.outcome IS NULL))
           AND (gate.outcome IS NULL OR gate.counted >= wanted.needed)
        RETURNING gate.trigger_id
        """,
        wanted,
    )
    return sorted({*gone, *fresh, *resized, *await _follow_prices(tx, of, payers)})


async def _follow_prices(tx: Tx, of: Sequence[tuple[int, TriggerDraft]], payers: Mapping[int, Payer]) -> list[int]:
    return await tx.values(
        """
        UPDATE billing.trigger
           SET quantity = wanted.quantity, unit_price = wanted.unit_price, billing_account_id = wanted.payer_id,
               tax_country = wanted.tax_country, tax_region = wanted.tax_region, bundle = wanted.bundle,
               by_itself = wanted.by_itself, changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[], %(unit_prices)s::numeric[], %(payers)s::bigint[],
                      %(tax_countries)s::text[], %(tax_regions)s::text[], %(bundles)s::jsonb[], %(by_itself)s::bool[])
               AS wanted (id, quantity, unit_price, payer_id, tax_country, tax_region, bundle, by_itself)
         WHERE trigger.id = wanted.id
           AND (trigger.quantity, trigger.unit_price, trigger.billing_account_id, trigger.tax_country,
                trigger.tax_region, trigger.by_itself)
               IS DISTINCT FROM (wanted.quantity, wanted.unit_price, wanted.payer_id, wanted.tax_country,
                                 wanted.tax_region, wanted.by_itself)
        RETURNING trigger.id
        """,
        {
            "now": tx.now,
            "ids": [trigger_id for trigger_id, _ in of],
            "quantities": [draft.quantity for _, draft in of],
            "unit_prices": [draft.unit_price for _, draft in of],
            "payers": [draft.billing_account_id for _, draft in of],
            "tax_countries": [draft.tax_country or payers[draft.billing_account_id].tax_country for _, draft in of],
            "tax_regions": [draft.tax_region if draft.tax_country else "" for _, draft in of],
            "bundles": [None if draft.bundle is None else Json(draft.bundle) for _, draft in of],
            "by_itself": [draft.by_itself for _, draft in of],
        },
    )


async def resize(tx: Tx, quantities: Mapping[int, Decimal]) -> list[int]:
    """Write the quantities of triggers that have begun to be released, never less than they have released.

    One of which all is released now has nothing left; one that is raised waits for its units again.
    """
    return await tx.values(
        """
        UPDATE billing.trigger
           SET quantity = wanted.quantity,
               state = CASE WHEN trigger.released = wanted.quantity THEN 'released' ELSE 'ready' END,
               changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[]) AS wanted (id, quantity)
         WHERE trigger.id = wanted.id
           AND trigger.state IN ('ready', 'released')
           AND trigger.quantity <> wanted.quantity
           AND trigger.released <= wanted.quantity
        RETURNING trigger.id
        """,
        {"now": tx.now, "ids": list(quantities), "quantities": list(quantities.values())},
    )


async def open_gates(tx: Tx, order_id: int, steps: Sequence[str]) -> list[int]:
    """Forget what became of these gates where nothing was released; return the triggers behind them."""
    return await tx.values(
        """
          WITH waiting AS (
               SELECT id
                 FROM billing.trigger
                WHERE order_id = %(order)s
                  AND state IN ('armed', 'ready')
                  AND released = 0
                ORDER BY id
                  FOR UPDATE),
               opened AS (
               UPDATE billing.gate
                  SET outcome = NULL, met_at = NULL, counted = 0
                 FROM waiting
                WHERE gate.trigger_id = waiting.id
                  AND gate.step = ANY(%(steps)s)
                  AND gate.outcome IS NOT NULL
            RETURNING gate.trigger_id)
        SELECT DISTINCT trigger_id
          FROM opened
        """,
        {"order": order_id, "steps": list(steps)},
    )


async def lock(tx: Tx, ids: Sequence[int]) -> list[Trigger]:
    """Lock triggers in id order."""
    return await tx.all(
        """
        SELECT id, order_id, order_label, order_item_id, line, account_id, billing_account_id, price_kind, price,
               action, revision, description, quantity, unit_price, allocated, currency, period, per_unit, state,
               released
          FROM billing.trigger
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR UPDATE
        """,
        {"ids": list(ids)},
        row=Trigger,
    )


async def lock_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Lock the triggers of orders, in id order."""
    await tx.execute(
        "SELECT id FROM billing.trigger WHERE order_id = ANY(%(ids)s) ORDER BY id FOR UPDATE", {"ids": list(order_ids)}
    )


async def lock_behind(tx: Tx, marks: Sequence[GateMark]) -> list[int]:
    """Lock the armed triggers that wait for these steps, in id order."""
    return await tx.values(
        """
        SELECT id
          FROM billing.trigger
         WHERE state = 'armed'
           AND id IN (SELECT trigger_id
                        FROM billing.gate
                       WHERE outcome IS NULL
                         AND (order_id, step) IN (SELECT * FROM unnest(%(orders)s::bigint[], %(steps)s::text[])))
         ORDER BY id
           FOR UPDATE
        """,
        {"orders": [mark.order_id for mark in marks], "steps": [mark.step for mark in marks]},
    )


async def mark_gates(tx: Tx, trigger_ids: Sequence[int], marks: Sequence[GateMark]) -> None:
    """Write what became of the steps behind gates that are still open."""
    await tx.execute(
        """
        UPDATE billing.gate
           SET counted = CASE WHEN mark.outcome = 'met' THEN greatest(gate.counted, coalesce(mark.count, gate.needed))
                              ELSE gate.counted END,
               outcome = CASE WHEN mark.outcome = 'skipped' THEN 'skipped'
                              WHEN greatest(gate.counted, coalesce(mark.count, gate.needed)) >= gate.needed
                              THEN 'met' END,
               met_at = CASE WHEN mark.outcome = 'skipped'
                               OR greatest(gate.counted, coalesce(mark.count, gate.needed)) >= gate.needed
                             THEN mark.at END
          FROM unnest(%(orders)s::bigint[], %(steps)s::text[], %(outcomes)s::text[], %(at)s::timestamptz[],
                      %(counts)s::int[]) AS mark (order_id, step, outcome, at, count)
         WHERE gate.trigger_id = ANY(%(triggers)s)
           AND gate.order_id = mark.order_id
           AND gate.step = mark.step
           AND gate.outcome IS NULL
        """,
        {
            "triggers": list(trigger_ids),
            "orders": [mark.order_id for mark in marks],
            "steps": [mark.step for mark in marks],
            "outcomes": [mark.outcome for mark in marks],
            "at": [mark.at for mark in marks],
            "counts": [mark.count for mark in marks],
        },
    )


async def gates_of(tx: Tx, trigger_ids: Sequence[int]) -> dict[int, list[Gate]]:
    """The gates of triggers as they stand."""
    rows = await tx.all(
        """
        SELECT trigger_id, step, decides_date, waives, quantity, outcome, met_at
          FROM billing.gate
         WHERE trigger_id = ANY(%(ids)s)
         ORDER BY trigger_id, step
        """,
        {"ids": list(trigger_ids)},
    )
    gates: dict[int, list[Gate]] = {trigger_id: [] for trigger_id in trigger_ids}
    for trigger_id, *fields in rows:
        gates[trigger_id].append(Gate(*fields))
    return gates


async def move(tx: Tx, ids: Sequence[int], state: str, *, reason: str = "") -> list[int]:
    """Move triggers to a state, from those states that may come before it; return which moved."""
    return await tx.values(
        """
        UPDATE billing.trigger
           SET state = %(state)s, reason = %(reason)s, changed_at = %(now)s
         WHERE id = ANY(%(ids)s)
           AND state = ANY(%(before)s)
        RETURNING id
        """,
        {"ids": list(ids), "state": state, "before": before(TRIGGER, state), "reason": reason, "now": tx.now},
    )


@dataclass(frozen=True, slots=True)
class Release:
    """An increment of a locked trigger that is to be written, with its day."""

    trigger: Trigger
    increment: Increment
    effective_on: date


async def insert_increments(tx: Tx, releases: Sequence[Release]) -> dict[tuple[int, str], int]:
    """Write increments and add them to what their triggers have released; return ids of the new ones.

    The old state is tested here once more: only a ready trigger, every gate of which has an outcome.
    """
    rows = await tx.all(
        """
          WITH wanted AS (
               SELECT *
                 FROM unnest(%(triggers)s::bigint[], %(keys)s::text[], %(quantities)s::numeric[],
                             %(at)s::timestamptz[], %(on)s::date[])
                      AS wanted (trigger_id, key, quantity, effective_at, effective_on)),
               fresh AS (
               INSERT INTO billing.increment (trigger_id, key, quantity, effective_at, effective_on, released_at)
               SELECT wanted.*, %(now)s
                 FROM wanted
                 JOIN billing.trigger ON trigger.id = wanted.trigger_id
                WHERE trigger.state = 'ready'
                  AND NOT EXISTS (SELECT 1 FROM billing.gate
                                   WHERE gate.trigger_id = trigger.id AND gate.outcome IS NULL)
                ORDER BY wanted.trigger_id, wanted.effective_at, wanted.key
                   ON CONFLICT (trigger_id, key) DO NOTHING
            RETURNING id, trigger_id, key, quantity),
               counted AS (
               UPDATE billing.trigger
                  SET released = trigger.released + part.quantity,
                      state = CASE WHEN trigger.released + part.quantity = trigger.quantity THEN 'released'
                                   ELSE trigger.state END,
                      changed_at = %(now)s
                 FROM (SELECT trigger_id, sum(quantity) AS quantity FROM fresh GROUP BY trigger_id) AS part
                WHERE trigger.id = part.trigger_id)
        SELECT trigger_id, key, id
          FROM fresh
        """,
        {
            "now": tx.now,
            "triggers": [each.trigger.id for each in releases],
            "keys": [each.increment.key for each in releases],
            "quantities": [each.increment.quantity for each in releases],
            "at": [each.increment.effective_at for each in releases],
            "on": [each.effective_on for each in releases],
        },
    )
    return {(trigger_id, key): increment_id for trigger_id, key, increment_id in rows}


async def ids_of_items(tx: Tx, order_item_ids: Sequence[int], states: Sequence[str]) -> list[int]:
    """The triggers of order items in these states."""
    return await tx.values(
        """
        SELECT id
          FROM billing.trigger
         WHERE order_item_id = ANY(%(items)s)
           AND state = ANY(%(states)s)
         ORDER BY id
        """,
        {"items": list(order_item_ids), "states": list(states)},
    )
