"""Three workers, partners that misbehave in every way, leases that break: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import random

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.reads import call_counts, inbox_list, open_message_count, partner_list
from orderloom.gateway.sending import claim, run_calls
from orderloom.gateway.verify import INVARIANTS

from . import given
from .conftest import inbox_of, served, simulator_for
from .test_send_calls import expire_leases

CALLS = 150


async def test_whatever_partners_do_every_call_ends_and_has_at_most_one_effect(database: Database) -> None:
    async with served(inbox_of(database)) as inbox, simulator_for(inbox) as partners:
        trouble = {"error": 0.15, "refuse": 0.05, "nonsense": 0.05, "silence": 0.05, "hang_up": 0.1, "late": 0.05}
        partners.behave(
            (
                "*",
                {**trouble, "answer": "later", "duplicate": 0.3, "early": 0.2, "silence_seconds": 1, "late_seconds": 1},
            )
        )
        for code in ("SQ", "WMS", "NP"):
            await given.committed_partner(
                database,
                code,
                endpoint=partners.endpoint(code),
                timeout_seconds=0.4,
                retry_seconds=(0.01,) * 8,
                rate_per_second=10_000,
                max_in_flight=20,
                failure_limit=1000,
                stop_when_unknown=("stage",) if code == "WMS" else (),
            )
        drafts = [
            given.draft(f"9:{n}", partner=("SQ", "WMS", "NP")[n % 3], operation=("pick", "stage")[n % 2])
            for n in range(CALLS)
        ]
        ids = await given.committed_calls(database, *drafts)
        await asyncio.gather(*(work(database, f"w{n}") for n in range(3)), crash(database))
        await finish(database)
        await partners.simulator.messenger.drain()

    async with transaction(database, SYSTEM) as tx:
        states = dict(await tx.all("SELECT state, count(*) FROM gateway.call GROUP BY state"))
        assert sum(states.values()) == len(ids)
        assert set(states) <= {"answered", "refused", "unknown", "exhausted"}
        assert states["answered"] > CALLS / 2
        for invariant in INVARIANTS:
            assert await tx.all(invariant.sql) == [], invariant.name
        told = await tx.all(
            "SELECT (payload->>'call_id')::bigint, replace(type, 'gateway.call_', '') FROM base.event"
            " WHERE type LIKE 'gateway.call\\_%' ORDER BY id"
        )
        assert len(told) == len(set(told)), "no end is told twice"
        assert dict(told) == dict(await tx.all("SELECT id, state FROM gateway.call")), "the last word is true"
        effects = partners.effect_counts()
        assert await open_message_count(tx) == sum(effects.values())
        assert len(await inbox_list(tx, partner="SQ", limit=10)) == 10
        assert {line.attempts > 0 for line in await partner_list(tx)} == {True}
        assert sum(count.calls for count in await call_counts(tx)) == CALLS - states["answered"]
    assert set(effects.values()) <= {0, 1}


async def work(database: Database, name: str) -> None:
    async with given.wire() as wire:
        for _ in range(25):
            await run_calls(database, wire, name, 15)


async def crash(database: Database) -> None:
    """Claim and vanish, now and then; some leases of others are taken for lost while they still send."""
    chance = random.Random(5)
    for _ in range(10):
        await asyncio.sleep(chance.uniform(0.02, 0.1))
        await claim(database, "vanishing", 2)
        await expire_leases(database)


async def finish(database: Database) -> None:
    async with given.wire() as wire, asyncio.timeout(60):
        while True:
            await expire_leases(database)
            await run_calls(database, wire, "last")
            async with transaction(database, SYSTEM) as tx:
                if not await tx.value("SELECT count(*) FROM gateway.call WHERE state IN ('queued', 'sending')"):
                    return
            await asyncio.sleep(0.05)
