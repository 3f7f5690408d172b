"""The one door: together or not at all, facts with their jobs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from orderloom.base.clock import move_clock
from orderloom.base.events import Event
from orderloom.base.numbers import take_numbers
from orderloom.base.transaction import Database, Json, Tx, transaction
from orderloom.base.types import SYSTEM, Subject


@dataclass(frozen=True, slots=True)
class KettleBoiled(Event):
    degrees: Decimal
    before: str | None = None
    after: str | None = None


KETTLE = Subject("kettle", 7, "K-7", None)


async def test_facts_are_written_with_the_rows_they_are_about(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        tx.emit([KettleBoiled(KETTLE, Decimal("99.5")), KettleBoiled(KETTLE, Decimal("100"), "cold", "hot")])

    async with transaction(database, SYSTEM) as tx:
        stored = await tx.all("SELECT type, subject_label, payload FROM base.event ORDER BY id")
    assert [row[1] for row in stored] == ["K-7", "K-7"]
    assert stored[0][2]["degrees"] == Decimal("99.5")
    assert stored[1][2]["before"] == "cold"


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with transaction(database, SYSTEM) as tx:
            tx.emit(KettleBoiled(KETTLE, Decimal(1)))
            _ = 1 / 0

    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM base.event") == 0


async def test_a_savepoint_takes_its_events_back(tx: Tx) -> None:
    tx.emit(KettleBoiled(KETTLE, Decimal(1)))
    with pytest.raises(ZeroDivisionError):
        async with tx.savepoint():
            tx.emit(KettleBoiled(KETTLE, Decimal(2)))
            _ = 1 / 0
    assert tx.events == [KettleBoiled(KETTLE, Decimal(1))]


async def test_decimals_stay_exact_in_json(tx: Tx) -> None:
    value = await tx.value("SELECT %(value)s", {"value": Json({"price": Decimal("12345678901234567890.12")})})
    assert value == {"price": Decimal("12345678901234567890.12")}


async def test_numbers_are_never_given_twice(tx: Tx) -> None:
    first = await take_numbers(tx, "order", 2)
    second = await take_numbers(tx, "order", 1)
    assert len({*first, *second}) == 3
    assert all(number.startswith(f"SO-{tx.now.year}-") for number in first)


async def test_the_clock_moves_in_a_movable_database(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        before = tx.now
        await move_clock(tx, timedelta(days=3))
    async with transaction(database, SYSTEM) as tx:
        assert timedelta(days=3) <= tx.now - before < timedelta(days=3, minutes=5)


async def test_tasks_of_one_transaction_take_turns(database: Database) -> None:
    """What one task says in a pipeline or savepoint is not mixed with what another says, and errors stay apart."""
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("CREATE TEMPORARY TABLE told (place serial, word text)")
        begun = asyncio.Event()

        async def tell(word: str) -> None:
            await tx.execute("INSERT INTO told (word) VALUES (%(word)s)", {"word": word})

        async def undo_three() -> None:
            with pytest.raises(ZeroDivisionError):
                async with tx.savepoint():
                    for _ in range(3):
                        await tell("undone")
                        begun.set()
                        await asyncio.sleep(0)
                    raise ZeroDivisionError

        async def tell_three() -> None:
            await begun.wait()
            async with tx.pipeline():
                for word in ("a", "b", "c"):
                    await tell(word)
                    await asyncio.sleep(0)

        async def tell_one() -> None:
            await begun.wait()
            await asyncio.sleep(0)
            await tell("d")

        await asyncio.gather(undo_three(), tell_three(), tell_one())
        assert await tx.values("SELECT word FROM told ORDER BY place") == ["a", "b", "c", "d"]
