"""Each invariant of the wire is broken by SQL and seen to be found."""

from __future__ import annotations

import pytest

from orderloom.base.transaction import Tx
from orderloom.gateway.commands import enqueue
from orderloom.gateway.inbox import receive
from orderloom.gateway.types import WebhookDraft
from orderloom.gateway.verify import INVARIANTS
from orderloom.gateway.webhooks import register_webhook

from . import given

BREAKS = {
    "No call has ended": "UPDATE gateway.call SET state = 'answered', status = 200, attempts = 1,"
    " ended_at = base.now()",
    "No attempt is numbered": "INSERT INTO gateway.attempt"
    " (call_id, number, partner_id, edition, worker, outcome, started_at)"
    " SELECT id, 1, partner_id, 1, 'w', 'busy', now() FROM gateway.call",
    "A lease is held": "UPDATE gateway.call SET state = 'sending', attempts = 1, lease_until = clock_timestamp()",
    "A lease that ended": "UPDATE gateway.call SET state = 'sending', attempts = 1, lease_owner = 'w',"
    " lease_until = clock_timestamp() - interval '1 hour'",
    "Every partner that is called": "DELETE FROM gateway.secret WHERE direction = 'out'",
    "A message belongs": "UPDATE gateway.message SET partner_id = (SELECT id FROM gateway.partner WHERE code = 'WMS')",
    "A webhook is active": "UPDATE base.subscription SET active = false",
}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
async def test_a_breach_is_found_and_health_is_silent(tx: Tx, invariant: object) -> None:
    await given.partner(tx)
    await given.partner(tx, "WMS")
    await enqueue(tx, [given.draft()])
    await receive(tx, "SQ", *given.message())
    await register_webhook(tx, WebhookDraft("x", "https://x.example", ("gateway.call_answered", "*")))
    await tx.flush_events()
    assert await tx.all(invariant.sql) == []  # type: ignore[attr-defined]

    [statement] = [sql for start, sql in BREAKS.items() if invariant.name.startswith(start)]  # type: ignore[attr-defined]
    await tx.execute(statement)

    assert await tx.all(invariant.sql)  # type: ignore[attr-defined]
