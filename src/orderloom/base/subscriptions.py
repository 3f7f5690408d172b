"""Subscriptions: who, beyond the house's own reactions, gets a job for which events."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx


async def subscribe(
    tx: Tx, *, subscriber: str, target_id: int, event_types: Sequence[str], account_id: int | None = None
) -> None:
    """Have this subscriber's target told of these events from now on, of one account or of all; idempotent.

    `*` stands for every event. `subscriber` is a name that a room declares in `SUBSCRIBERS`.
    """
    assert subscriber in tx.house.subscribers, f"no room declares the subscriber {subscriber}"
    await tx.execute(
        """
        INSERT INTO base.subscription (subscriber, target_id, event_type, account_id)
        SELECT DISTINCT %(subscriber)s, %(target_id)s::bigint, event_type, %(account_id)s::bigint
          FROM unnest(%(event_types)s::text[]) AS event_type
            ON CONFLICT (subscriber, target_id, event_type, account_id) DO UPDATE
           SET active = true
        """,
        {
            "subscriber": subscriber,
            "target_id": target_id,
            "event_types": list(event_types),
            "account_id": account_id,
        },
    )


async def set_subscribed(tx: Tx, *, subscriber: str, target_id: int, active: bool) -> None:
    """Pause or resume what a target is told; what happened meanwhile is not told later."""
    await tx.execute(
        """
        UPDATE base.subscription
           SET active = %(active)s
         WHERE subscriber = %(subscriber)s AND target_id = %(target_id)s
        """,
        {"subscriber": subscriber, "target_id": target_id, "active": active},
    )
