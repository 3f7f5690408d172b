"""Each invariant of the floor finds its own breach, made by SQL."""

from __future__ import annotations

import pytest

from orderloom.base.transaction import Tx
from orderloom.base.verify import INVARIANTS, Invariant

BREAKS = {
    "every job has the event that asked for it": "DELETE FROM base.event",
    "no job has given up": "UPDATE base.job SET state = 'dead'",
    "an idempotency key that is answered is complete": """
        ALTER TABLE base.idempotency_key DROP CONSTRAINT idempotency_key_check;
        INSERT INTO base.idempotency_key (actor, route, key, request_hash, answer_status)
        VALUES ('a', 'b', 'c', '', 200)
        """,
}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
async def test_a_breach_is_found(tx: Tx, invariant: Invariant) -> None:
    await tx.connection.execute(
        """
        INSERT INTO base.event (type, actor_kind, actor_name, subject_kind, subject_id, subject_label, payload)
        VALUES ('x.y', 'user', 'x', 'order', 1, 'SO-1', '{}');
        INSERT INTO base.job (event_id, event_at, reaction, subject_kind, subject_id)
        SELECT id, at, 'nobody', subject_kind, subject_id FROM base.event
        """
    )
    assert await tx.all(invariant.sql) == []

    await tx.connection.execute(BREAKS[invariant.name])

    assert await tx.all(invariant.sql) != []
