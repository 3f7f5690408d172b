"""Queries about billing: gates whose steps have ended, and charges that nothing holds back any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderloom.base.transaction import Tx


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
