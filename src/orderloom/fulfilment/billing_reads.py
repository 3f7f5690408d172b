"""Queries about billing: gates whose steps have ended, and charges that nothing holds back any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orderloom.base.transaction import Tx
from orderloom.billing.rules import NO_RATE
from orderloom.orders.states import TERMINAL
from orderloom.processes.types import StepId

_HAS_RATE = """
               EXISTS (SELECT
                         FROM catalog.tax_rate
                        WHERE tax_rate.country = trigger.tax_country
                          AND (tax_rate.region IS NULL OR tax_rate.region = trigger.tax_region)
                          AND tax_rate.category = trigger.tax_category
                          AND daterange(tax_rate.valid_from, tax_rate.valid_to) @> {day})
"""


@dataclass(frozen=True, slots=True)
class PassedGate:
    """A step that a charge waits for and that has ended well, with the time that counts."""

    order_id: int
    step: str
    is_skipped: bool
    at: datetime


async def passed_gates(tx: Tx, order_ids: Sequence[int]) -> list[PassedGate]:
    """Gates of armed charges whose steps are done or skipped, not told to billing yet.

    The time is when it really happened, where the one who completed the step said so (`at`) and it can be
    true: not long before the order was planned, and not tomorrow.
    """
    return await tx.all(
        """
        SELECT DISTINCT gate.order_id, gate.step, step.state = 'skipped' AS is_skipped,
               CASE WHEN told.at BETWEEN plan.planned_at - interval '30 days' AND base.now() + interval '1 day'
                    THEN told.at
                    ELSE step.finished_at
               END AS at
          FROM billing.gate
          JOIN fulfilment.plan ON plan.order_id = gate.order_id
          JOIN processes.step ON step.process_id = plan.process_id AND step.key = gate.step
         CROSS JOIN LATERAL (
               SELECT CASE WHEN step.outputs ->> 'at' ~ '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d'
                            AND pg_input_is_valid(step.outputs ->> 'at', 'timestamptz')
                           THEN (step.outputs ->> 'at')::timestamptz
                      END AS at) AS told
         WHERE gate.order_id = ANY(%(ids)s)
           AND gate.outcome IS NULL
           AND step.state IN ('done', 'skipped')
         ORDER BY gate.order_id, gate.step
        """,
        {"ids": list(order_ids)},
        row=PassedGate,
    )


async def billable_triggers(
    tx: Tx, order_ids: Sequence[int], *, per_unit: bool = False, without_a_step: bool = False
) -> list[int]:
    """The ready triggers of these orders that no hold keeps from being billed.

    `without_a_step` leaves out those that a billing step of a running plan is to release. A hold on an
    item stops what is charged for it, for its parts and for the bundle around it, and so everything
    that is billed with that bundle.
    """
    return await tx.values(
        """
        SELECT trigger.id
          FROM billing.trigger
          JOIN orders.item ON item.id = trigger.order_item_id
          JOIN fulfilment.plan ON plan.order_id = trigger.order_id
          JOIN processes.process ON process.id = plan.process_id
         WHERE trigger.order_id = ANY(%(ids)s)
           AND trigger.state = 'ready'
           AND trigger.per_unit = %(per_unit)s
           AND (NOT %(without_a_step)s OR trigger.by_itself OR process.state = 'done')
           AND NOT EXISTS (SELECT
                             FROM orders.hold
                        LEFT JOIN orders.item AS held ON held.id = hold.item_id
                            WHERE hold.order_id = trigger.order_id
                              AND hold.released_at IS NULL
                              AND hold.blocks IN ('billing', 'all')
                              AND (hold.item_id IS NULL
                                   OR hold.item_id IN (item.id, item.parent_id, item.bundle_id)
                                   OR item.id IN (held.parent_id, held.bundle_id)
                                   OR (NOT trigger.by_itself AND held.bundle_id = item.bundle_id)))
         ORDER BY trigger.id
        """,
        {"ids": list(order_ids), "per_unit": per_unit, "without_a_step": without_a_step},
    )


async def open_orders(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Those of these orders that have not ended."""
    return await tx.values(
        "SELECT id FROM orders.sales_order WHERE id = ANY(%(ids)s) AND state <> ALL(%(ended)s) ORDER BY id",
        {"ids": list(order_ids), "ended": sorted(TERMINAL)},
    )


async def standing_holds(tx: Tx, order_ids: Sequence[int], code: str) -> list[int]:
    """The holds of a code on these orders that nobody has released."""
    return await tx.values(
        """
        SELECT id
          FROM orders.hold
         WHERE order_id = ANY(%(ids)s)
           AND code = %(code)s
           AND released_at IS NULL
         ORDER BY id
        """,
        {"ids": list(order_ids), "code": code},
    )


async def orders_taxed_now(tx: Tx, *, limit: int = 200) -> list[int]:
    """Orders with charges that stand on no invoice although the tax of each is known now."""
    return await tx.values(
        f"""
        SELECT trigger.order_id
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
          JOIN parties.billing_account ON billing_account.id = charge.billing_account_id
         WHERE charge.state = 'open'
           AND charge.amount <> 0
           AND charge.adjusts_id IS NULL
         GROUP BY trigger.order_id
        HAVING bool_and(billing_account.is_tax_exempt OR {_HAS_RATE.format(day="charge.effective_on")})
         ORDER BY trigger.order_id
         LIMIT %(limit)s
        """,
        {"limit": limit},
    )


async def billing_steps_taxed_now(tx: Tx, *, limit: int = 200) -> list[StepId]:
    """Billing steps in fallout for want of a tax rate, where nothing that they are to bill lacks one now.

    One that was tried many times stays with the people.
    """
    rows = await tx.all(
        f"""
        SELECT step.process_id, step.number
          FROM processes.step
          JOIN fulfilment.plan ON plan.process_id = step.process_id
         WHERE step.state = 'failed'
           AND step.kind = 'billing.release'
           AND starts_with(step.error, %(no_rate)s)
           AND step.attempt < 20
           AND NOT EXISTS (
               SELECT
                 FROM billing.trigger
                 JOIN parties.billing_account ON billing_account.id = trigger.billing_account_id
                CROSS JOIN LATERAL (SELECT coalesce(max(gate.met_at), base.now())::date AS day
                                      FROM billing.gate
                                     WHERE gate.trigger_id = trigger.id) AS due
                WHERE trigger.order_id = plan.order_id
                  AND trigger.state IN ('armed', 'ready')
                  AND trigger.unit_price <> 0
                  AND NOT billing_account.is_tax_exempt
                  AND NOT {_HAS_RATE.format(day="due.day")})
           AND NOT EXISTS (
               SELECT
                 FROM billing.charge
                 JOIN billing.trigger ON trigger.id = charge.trigger_id
                 JOIN parties.billing_account ON billing_account.id = charge.billing_account_id
                WHERE trigger.order_id = plan.order_id
                  AND charge.state = 'open'
                  AND NOT billing_account.is_tax_exempt
                  AND NOT {_HAS_RATE.format(day="charge.effective_on")})
         ORDER BY step.process_id, step.number
         LIMIT %(limit)s
        """,
        {"no_rate": NO_RATE, "limit": limit},
    )
    return [StepId(*row) for row in rows]


async def switching_items(tx: Tx, subscription_ids: Sequence[int]) -> dict[int, date]:
    """Order items that change or take over from an installed product, and whose price recurs from a day on."""
    rows = await tx.all(
        """
        SELECT item.id, min(subscription.started_on)
          FROM billing.subscription
          JOIN billing.trigger ON trigger.id = subscription.trigger_id
          JOIN orders.item ON item.id = trigger.order_item_id
         WHERE subscription.id = ANY(%(ids)s)
           AND item.asset IS NOT NULL
           AND item.action IN ('add', 'modify')
         GROUP BY item.id
        """,
        {"ids": list(subscription_ids)},
    )
    return dict(rows)
