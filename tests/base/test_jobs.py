"""Jobs: each reaction counts once, a poisonous one stops nobody, one subject is never worked on twice at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from types import MappingProxyType

import psycopg
import pytest

from orderloom.base.events import Event, type_name
from orderloom.base.jobs import revive_dead_jobs, run_jobs
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House, Subject, reaction_name

from .test_transaction import KettleBoiled

POISON = 13


async def count_kettles(tx: Tx, events: Sequence[KettleBoiled]) -> None:
    if any(event.subject.id == POISON for event in events):
        raise RuntimeError("this kettle explodes")
    await tx.connection.cursor().executemany(
        "INSERT INTO public.boiled (kettle) VALUES (%s)", [[event.subject.id] for event in events]
    )


@pytest.fixture
async def kitchen(database_url: str) -> AsyncIterator[Database]:
    events: dict[type[Event], tuple[object, ...]] = {KettleBoiled: (count_kettles,)}
    house = House(
        reactions=MappingProxyType(events),  # type: ignore[arg-type]
        events=MappingProxyType({type_name(KettleBoiled): KettleBoiled}),
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.boiled (kettle bigint)")
    async with Database(database_url, house) as opened:
        yield opened


async def boil(kitchen: Database, *kettles: int) -> None:
    async with transaction(kitchen, SYSTEM) as tx:
        tx.emit(KettleBoiled(Subject("kettle", kettle, f"K-{kettle}"), 100) for kettle in kettles)  # type: ignore[arg-type]


async def boiled(kitchen: Database) -> list[int]:
    async with transaction(kitchen, SYSTEM) as tx:
        return await tx.values("SELECT kettle FROM public.boiled ORDER BY kettle")


async def test_a_reaction_runs_once_for_each_event(kitchen: Database) -> None:
    await boil(kitchen, 1, 2, 3)
    assert await run_jobs(kitchen) == 3
    assert await run_jobs(kitchen) == 0
    assert await boiled(kitchen) == [1, 2, 3]


async def test_events_of_one_subject_are_reacted_to_in_their_order(kitchen: Database) -> None:
    await boil(kitchen, 5, 5, 6)
    assert await run_jobs(kitchen) == 3
    assert await boiled(kitchen) == [5, 5, 6]


async def test_of_several_that_fold_only_the_last_of_a_subject_is_run(database_url: str, kitchen: Database) -> None:
    folding = replace(kitchen.house, folding=frozenset({reaction_name(count_kettles)}))
    async with Database(database_url, folding) as house:
        await boil(house, 5, 5, 6, 5)
        assert await run_jobs(house, limit=1) == 1
        assert await boiled(house) == []
        assert await run_jobs(house) == 3
        assert await boiled(house) == [5, 6]
        assert await run_jobs(house) == 0


async def test_another_reaction_of_a_subject_waits_for_the_one_before(kitchen: Database) -> None:
    await boil(kitchen, 5, 6, 5)
    async with transaction(kitchen, SYSTEM) as tx:
        first = await tx.value("SELECT min(id) FROM base.job WHERE subject_id = 5")
        await tx.execute("UPDATE base.job SET reaction = 'another' WHERE id = %(id)s", {"id": first})
        await tx.execute("UPDATE base.job SET run_at = 'infinity' WHERE id = %(id)s", {"id": first})
    assert await run_jobs(kitchen) == 1
    assert await boiled(kitchen) == [6]


async def test_a_poisonous_job_stops_nobody_else_and_is_kept_as_dead(kitchen: Database) -> None:
    await boil(kitchen, 1, POISON, 2)
    await run_jobs(kitchen)
    assert await boiled(kitchen) == [1, 2]

    for _ in range(10):
        async with transaction(kitchen, SYSTEM) as tx:
            await tx.execute("UPDATE base.job SET run_at = clock_timestamp()")
        await run_jobs(kitchen)
    async with transaction(kitchen, SYSTEM) as tx:
        job_id, state, error = await tx.one("SELECT id, state, error FROM base.job")
        assert (state, error) == ("dead", "RuntimeError: this kettle explodes")
        assert await revive_dead_jobs(tx, [job_id]) == 1


async def test_a_subject_that_another_worker_holds_is_left_alone(kitchen: Database) -> None:
    await boil(kitchen, 5, 6)
    async with transaction(kitchen, SYSTEM) as other:
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('kettle', 5))")
        assert await run_jobs(kitchen) == 1
    assert await boiled(kitchen) == [6]
    assert await run_jobs(kitchen) == 1
