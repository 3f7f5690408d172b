"""SQL of charges and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from orderloom.base.transaction import Tx
from orderloom.billing.store.trigger import Release
from orderloom.billing.types import Period


@dataclass(frozen=True, slots=True)
class NewCharge:
    """A charge to be written."""

    trigger_id: int
    increment_id: int
    effective_on: date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    allocated: Decimal | None = None
    subscription_id: int | None = None
    period_start: date | None = None
    period_end: date | None = None
    adjusts_id: int | None = None


async def insert_charges(tx: Tx, charges: Sequence[NewCharge]) -> list[int]:
    """Write charges; one that is there for its increment or period is left out. Return the new ones."""
    return await tx.values(
        """
        INSERT INTO billing.charge
               (trigger_id, increment_id, effective_on, quantity, unit_price, amount, allocated, subscription_id,
                period_start, period_end, adjusts_id, created_at, billing_account_id)
        SELECT fresh.*, %(now)s, trigger.billing_account_id
          FROM unnest(%(triggers)s::bigint[], %(increments)s::bigint[], %(on)s::date[], %(quantities)s::numeric[],
                      %(unit_prices)s::numeric[], %(amounts)s::numeric[], %(allocated)s::numeric[],
                      %(subscriptions)s::bigint[], %(starts)s::date[], %(ends)s::date[], %(adjusted)s::bigint[])
               AS fresh (trigger_id, increment_id, effective_on, quantity, unit_price, amount, allocated,
                         subscription_id, period_start, period_end, adjusts_id)
          JOIN billing.trigger ON trigger.id = fresh.trigger_id
         ORDER BY fresh.increment_id, fresh.period_start
            ON CONFLICT DO NOTHING
        RETURNING id
        """,
        {
            "now": tx.now,
            "triggers": [charge.trigger_id for charge in charges],
            "increments": [charge.increment_id for charge in charges],
            "on": [charge.effective_on for charge in charges],
            "quantities": [charge.quantity for charge in charges],
            "unit_prices": [charge.unit_price for charge in charges],
            "amounts": [charge.amount for charge in charges],
            "allocated": [charge.allocated for charge in charges],
            "subscriptions": [charge.subscription_id for charge in charges],
            "starts": [charge.period_start for charge in charges],
            "ends": [charge.period_end for charge in charges],
            "adjusted": [charge.adjusts_id for charge in charges],
        },
    )


async def insert_subscriptions(tx: Tx, releases: Sequence[tuple[int, Release]]) -> list[int]:
    """Start a subscription for each increment of a recurring price; return their ids."""
    return await tx.values(
        """
        INSERT INTO billing.subscription
               (increment_id, trigger_id, quantity, unit_price, period, started_on, next_on)
        SELECT increment_id, trigger_id, quantity, unit_price, period, started_on, started_on
          FROM unnest(%(increments)s::bigint[], %(triggers)s::bigint[], %(quantities)s::numeric[],
                      %(unit_prices)s::numeric[], %(periods)s::text[], %(on)s::date[])
               AS fresh (increment_id, trigger_id, quantity, unit_price, period, started_on)
            ON CONFLICT (increment_id) WHERE continues_id IS NULL DO NOTHING
        RETURNING id
        """,
        {
            "increments": [increment_id for increment_id, _ in releases],
            "triggers": [each.trigger.id for _, each in releases],
            "quantities": [each.increment.quantity for _, each in releases],
            "unit_prices": [each.trigger.unit_price for _, each in releases],
            "periods": [each.trigger.period for _, each in releases],
            "on": [each.effective_on for _, each in releases],
        },
    )


@dataclass(frozen=True, slots=True)
class Subscription:
    """A locked subscription with the currency of its price."""

    id: int
    trigger_id: int
    increment_id: int
    quantity: Decimal
    unit_price: Decimal
    raw_period: str
    currency: str
    time_zone: str
    started_on: date
    ended_on: date | None
    periods_charged: int

    @property
    def period(self) -> Period:
        """Month or year, as its constraint says."""
        return cast("Period", self.raw_period)


async def lock_due(
    tx: Tx, until: date | None, *, ids: Sequence[int] | None = None, limit: int = 1000
) -> list[Subscription]:
    """Lock active subscriptions with a period that begins by a day; those of another worker are left to it.

    Without a day: these subscriptions, or those with a period that has begun where the account is.
    """
    return await tx.all(
        """
        SELECT subscription.id, subscription.trigger_id, subscription.increment_id, subscription.quantity,
               subscription.unit_price, subscription.period AS raw_period, trigger.currency,
               coalesce(account.time_zone, legal_entity.time_zone) AS time_zone,
               subscription.started_on, subscription.ended_on, subscription.periods_charged
          FROM billing.subscription
          JOIN billing.trigger ON trigger.id = subscription.trigger_id
          JOIN parties.billing_account ON billing_account.id = trigger.billing_account_id
          JOIN parties.account ON account.id = billing_account.account_id
          JOIN parties.legal_entity ON legal_entity.id = billing_account.legal_entity_id
         WHERE subscription.state = 'active'
           AND CASE
               WHEN %(until)s::date IS NOT NULL THEN subscription.next_on <= %(until)s
               WHEN %(ids)s::bigint[] IS NOT NULL THEN true
               ELSE subscription.next_on <= %(now)s::date + 1
                    AND subscription.next_on
                        <= (%(now)s AT TIME ZONE coalesce(account.time_zone, legal_entity.time_zone))::date
               END
           AND (%(ids)s::bigint[] IS NULL OR subscription.id = ANY(%(ids)s))
         ORDER BY subscription.id
         LIMIT %(limit)s
           FOR UPDATE OF subscription SKIP LOCKED
        """,
        {"until": until, "ids": None if ids is None else list(ids), "now": tx.now, "limit": limit},
        row=Subscription,
    )


async def advance(tx: Tx, charged: Mapping[int, tuple[int, date]]) -> None:
    """Note how many periods of subscriptions are charged and when the next one begins."""
    await tx.execute(
        """
        UPDATE billing.subscription
           SET periods_charged = told.periods_charged, next_on = told.next_on, changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(periods)s::int[], %(next)s::date[]) AS told (id, periods_charged, next_on)
         WHERE subscription.id = told.id
           AND subscription.periods_charged < told.periods_charged
        """,
        {
            "now": tx.now,
            "ids": list(charged),
            "periods": [periods for periods, _ in charged.values()],
            "next": [day for _, day in charged.values()],
        },
    )


async def end_subscriptions(tx: Tx, trigger_ids: Sequence[int], day: date) -> list[int]:
    """End the subscriptions of triggers on a day; return which were alive."""
    return await tx.values(
        """
        UPDATE billing.subscription
           SET state = 'ended', ended_on = coalesce(paused_on, greatest(%(day)s, started_on)), paused_on = NULL,
               changed_at = %(now)s
         WHERE trigger_id = ANY(%(ids)s)
           AND state <> 'ended'
        RETURNING id
        """,
        {"ids": list(trigger_ids), "day": day, "now": tx.now},
    )


async def void_charges(tx: Tx, trigger_ids: Sequence[int]) -> list[int]:
    """Void the charges of triggers that stand on no invoice; return them."""
    return await tx.values(
        """
        UPDATE billing.charge
           SET state = 'voided'
         WHERE trigger_id = ANY(%(ids)s)
           AND state = 'open'
        RETURNING id
        """,
        {"ids": list(trigger_ids)},
    )


async def invoiced_charges(tx: Tx, trigger_ids: Sequence[int]) -> list[int]:
    """The charges of triggers that stand on an invoice."""
    return await tx.values(
        "SELECT id FROM billing.charge WHERE trigger_id = ANY(%(ids)s) AND state = 'invoiced' ORDER BY id",
        {"ids": list(trigger_ids)},
    )
