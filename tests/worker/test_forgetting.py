"""What has been kept long enough is forgotten in batches, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.worker import forgetting
from orderloom.worker.forgetting import forget
from tests.gateway.given import committed_calls, committed_partner, draft

ATTEMPTED = """
    INSERT INTO gateway.attempt (call_id, number, partner_id, edition, worker, outcome, started_at, ended_at,
                                 request_headers, request_body, status, reply_headers, reply_body)
    SELECT id, 1, partner_id, 1, 'w', 'answered', clock_timestamp() - %(age)s::interval,
           clock_timestamp() - %(age)s::interval, '{"a": "b"}', 'asked', 200, '{"c": "d"}', 'told'
      FROM gateway.call
     WHERE id = ANY(%(ids)s)
"""
ENDED = """
    UPDATE gateway.call
       SET state = 'answered', attempts = 1, tries = 1, status = 200, ended_at = clock_timestamp()
     WHERE id = ANY(%(ids)s)
"""


async def attempted(database: Database, key: str, age: str, *, many: int = 1, ended: bool = True) -> None:
    ids = await committed_calls(database, *(draft(f"{key}:{n}") for n in range(many)))
    async with transaction(database, SYSTEM) as tx:
        await tx.execute(ATTEMPTED, {"ids": ids, "age": age})
        if ended:
            await tx.execute(ENDED, {"ids": ids})


async def asked(database: Database, query: str) -> list[Any]:
    async with transaction(database, SYSTEM) as tx:
        return await tx.all(query)  # type: ignore[call-overload, no-any-return]


async def test_the_wire_is_emptied_after_its_time_and_what_came_of_it_stays(database: Database) -> None:
    await committed_partner(database)
    await attempted(database, "1", "181 days")
    await attempted(database, "2", "179 days")
    await attempted(database, "3", "400 days", ended=False)

    assert await forget(database) == 1
    assert await forget(database) == 0
    rows = await asked(
        database,
        """
        SELECT key, request_body, reply_body, request_headers = '{}', reply_headers = '{}', attempt.status,
               attempt.outcome,
               forgotten_at IS NOT NULL
          FROM gateway.attempt
          JOIN gateway.call ON call.id = attempt.call_id
         ORDER BY key
        """,
    )
    assert rows == [
        ("1:0", "", "", True, True, 200, "answered", True),
        ("2:0", "asked", "told", False, False, 200, "answered", False),
        ("3:0", "asked", "told", False, False, 200, "answered", False),
    ]


async def test_zero_days_keep_the_wire_for_ever(database: Database) -> None:
    await committed_partner(database)
    await attempted(database, "1", "4000 days")

    assert await forget(database, keep_wire_days=0) == 0


async def test_more_than_a_batch_goes_in_several(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 3)
    await committed_partner(database)
    await attempted(database, "1", "200 days", many=8)
    async with transaction(database, SYSTEM) as tx:
        await tx.execute(
            """
            INSERT INTO base.idempotency_key (actor, route, key, request_hash, created_at, answer_status, answer_body)
            SELECT 'a', 'r', 'k' || n, '', clock_timestamp() - n * interval '1 day', 200, ''
              FROM generate_series(1, 9) AS n
            """
        )

    assert await forget(database) == 8 + 8
    assert await asked(database, "SELECT key FROM base.idempotency_key ORDER BY key") == [("k1",)]


async def test_what_is_old_is_found_by_an_index(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(
            await tx.values(
                "EXPLAIN SELECT call_id FROM gateway.attempt WHERE forgotten_at IS NULL"
                " AND ended_at < now() ORDER BY ended_at LIMIT 5"
            )
        )

    assert "attempt_to_forget" in plan
    assert "Sort" not in plan


async def test_the_calls_of_some_accounts_are_found_by_an_index(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = "\n".join(
            await tx.values("EXPLAIN SELECT id FROM gateway.call WHERE account_id = 7 ORDER BY id DESC LIMIT 50")
        )

    assert "call_of_account" in plan
    assert "Sort" not in plan
