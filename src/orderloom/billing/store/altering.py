"""SQL of what becomes of subscriptions: they end, pause, cost less, and are continued."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.billing.altering import ChargedPeriod
from orderloom.billing.store.charge import Subscription


@dataclass(frozen=True, slots=True)
class Alterable(Subscription):
    """A locked subscription that has not ended, with what it cost before it was reduced."""

    order_item_id: int
    description: str
    state: str
    full_price: Decimal | None


async def lock_alterable(tx: Tx, order_item_ids: Sequence[int], *, bundle_ids: Sequence[int]) -> list[Alterable]:
    """Lock what recurs for order items, and for what was sold within bundles, in id order."""
    return await tx.all(
        """
        SELECT subscription.id, subscription.trigger_id, subscription.increment_id, subscription.quantity,
               subscription.unit_price, subscription.period AS raw_period, trigger.currency,
               coalesce(account.time_zone, legal_entity.time_zone) AS time_zone,
               subscription.started_on, subscription.ended_on, subscription.periods_charged,
               trigger.order_item_id, trigger.description, subscription.state, subscription.full_price
          FROM billing.subscription
          JOIN billing.trigger ON trigger.id = subscription.trigger_id
          JOIN parties.billing_account ON billing_account.id = trigger.billing_account_id
          JOIN parties.account ON account.id = billing_account.account_id
          JOIN parties.legal_entity ON legal_entity.id = billing_account.legal_entity_id
         WHERE subscription.state <> 'ended'
           AND (trigger.order_item_id = ANY(%(items)s) OR trigger.bundle_item_id = ANY(%(bundles)s))
         ORDER BY subscription.id
           FOR UPDATE OF subscription
        """,
        {"items": list(order_item_ids), "bundles": list(bundle_ids)},
        row=Alterable,
    )


async def charged_periods(tx: Tx, ids: Sequence[int]) -> dict[int, list[ChargedPeriod]]:
    """The periods that subscriptions have charged and not given back, the first first."""
    rows = await tx.all(
        """
        SELECT charge.subscription_id, charge.id, charge.period_start, charge.period_end, charge.amount
          FROM billing.charge
         WHERE charge.subscription_id = ANY(%(ids)s)
           AND charge.adjusts_id IS NULL
           AND charge.state <> 'voided'
           AND NOT EXISTS (SELECT 1 FROM billing.charge AS given WHERE given.adjusts_id = charge.id)
         ORDER BY charge.subscription_id, charge.period_start
        """,
        {"ids": list(ids)},
    )
    found: dict[int, list[ChargedPeriod]] = {}
    for subscription_id, *period in rows:
        found.setdefault(subscription_id, []).append(ChargedPeriod(*period))
    return found


async def end(tx: Tx, days: Mapping[int, date]) -> None:
    """Locked subscriptions end on a day each; one that was paused ended when it was."""
    await tx.execute(
        """
        UPDATE billing.subscription
           SET state = 'ended', ended_on = coalesce(subscription.paused_on, greatest(told.day, started_on)),
               paused_on = NULL, changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS told (id, day)
         WHERE subscription.id = told.id
           AND subscription.state <> 'ended'
        """,
        {"ids": list(days), "days": list(days.values()), "now": tx.now},
    )


async def pause(tx: Tx, days: Mapping[int, date]) -> None:
    """Locked subscriptions rest from a day each on."""
    await tx.execute(
        """
        UPDATE billing.subscription
           SET state = 'suspended', paused_on = greatest(told.day, started_on), changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS told (id, day)
         WHERE subscription.id = told.id
           AND subscription.state = 'active'
        """,
        {"ids": list(days), "days": list(days.values()), "now": tx.now},
    )


@dataclass(frozen=True, slots=True)
class Successor:
    """A subscription that continues another from a day on, at a price."""

    continues_id: int
    on: date
    unit_price: Decimal
    full_price: Decimal | None = None


async def continue_with(tx: Tx, successors: Sequence[Successor]) -> list[int]:
    """Write what continues subscriptions; each is continued once."""
    return await tx.values(
        """
        INSERT INTO billing.subscription
               (increment_id, trigger_id, quantity, unit_price, period, started_on, next_on, continues_id, full_price)
        SELECT former.increment_id, former.trigger_id, former.quantity, told.unit_price, former.period, told.day,
               told.day, former.id, told.full_price
          FROM unnest(%(ids)s::bigint[], %(days)s::date[], %(prices)s::numeric[], %(full)s::numeric[])
               AS told (id, day, unit_price, full_price)
          JOIN billing.subscription AS former ON former.id = told.id
            ON CONFLICT DO NOTHING
        RETURNING id
        """,
        {
            "ids": [each.continues_id for each in successors],
            "days": [each.on for each in successors],
            "prices": [each.unit_price for each in successors],
            "full": [each.full_price for each in successors],
        },
    )
