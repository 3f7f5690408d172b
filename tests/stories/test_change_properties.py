"""What holds of every change of a confirmed order, on a real PostgreSQL, whatever is changed and whenever."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from orderloom.base.refusals import Refused, Stale
from orderloom.base.transaction import Database
from orderloom.base.types import House
from tests.stories.changing import Snapshot, apply, carry_on, place, previewed, reverse, snapshot
from tests.stories.test_random_histories import WORKED
from tests.stories.workshop import Workshop, copy_database, drop_database, world_template

pytestmark = pytest.mark.slow
Opened = Callable[[], Any]
ROOT = Path(__file__).parents[2]


def quantity_of_kits(kits: int) -> dict[str, Any]:
    return {"lines": [{"line": "1", "quantity": kits}]}


def terminals(first: int, second: int, licences: int) -> dict[str, Any]:
    sites = [{"place": place, "quantity": n} for place, n in (("S1", first), ("S2", second)) if n]
    return {"lines": [{"line": "1.2", "quantity": licences}, {"line": "1.3", "ship_groups": sites}]}


OTHER_MODEM = {"exchange": [{"line": "1.4", "by": {"line": "1.4", "parent": "1", "product": "MODEM-PRO"}}]}
HOME = st.sampled_from(
    [
        {"remove": ["1.3"]},
        {"remove": ["1.2", "1.5"]},
        {"remove": ["1.6"]},
        {"lines": [{"line": "1.5", "quantity": 2}]},
        {"lines": [{"line": "1.3", "characteristics": {"portIn": "+15557654321"}}]},
        {"lines": [{"line": "1.4", "requested_on": "2027-01-20"}]},
        {"requested_on": "2027-02-01"},
        {"add": [{"line": "1.7", "parent": "1", "product": "MESH", "quantity": 2}]},
        OTHER_MODEM,
        {"remove": ["1.3"], "add": [{"line": "1.8", "parent": "1", "product": "STATIC-IP", "relies_on": ["1.1"]}]},
    ]
)
KITS = st.builds(quantity_of_kits, st.integers(1, 14)) | st.just({"lines": [{"line": "1", "cancel_remainder": True}]})
POS = st.builds(terminals, st.integers(1, 6), st.integers(0, 3), st.integers(2, 9)) | st.just({"remove": ["1.4"]})
CASES = st.one_of(
    st.tuples(st.just("A"), HOME, HOME), st.tuples(st.just("B"), KITS, KITS), st.tuples(st.just("C"), POS, POS)
)
ROUNDS = st.integers(0, 4)
MOMENTS = st.tuples(st.integers(0, 150), st.integers(0, 30))
"""After so many statements and milliseconds."""


@pytest.fixture(scope="module")
def shops(server_url: str, template: str, house: House) -> Iterator[Opened]:
    """Opens a workshop on a database of its own, which is thrown away."""
    with (
        world_template(server_url, template, house, asyncio.run) as world,  # type: ignore[arg-type]
        psycopg.connect(server_url.format("postgres"), autocommit=True) as connection,
    ):

        @asynccontextmanager
        async def opened(of: str | None = None) -> AsyncIterator[Workshop]:
            name = f"change_{os.getpid()}_{os.urandom(4).hex()}"
            copy_database(connection, of or world, name)
            try:
                async with Database(server_url.format(name), house, size=4) as database:
                    shop = Workshop(database)
                    yield shop
                    await shop.worker.stop()
            finally:
                drop_database(connection, name)

        yield opened


def examples(number: int) -> settings:
    """So many examples; a failing one is told as it is, since making it smaller takes minutes."""
    return settings(
        max_examples=number,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
        print_blob=True,
    )


async def refused_whole(shop: Workshop, order: Any, number: int, before: Snapshot) -> None:
    with pytest.raises(Refused):
        await apply(shop, order, number)
    assert await snapshot(shop, order) == before


async def there_and_back(shops: Opened, case: tuple[str, Any, Any], rounds: int) -> None:
    """A change is applied, once, and taken back by another."""
    name, wish, _ = case
    async with shops() as shop:
        order = await place(shop, WORKED[name])
        await carry_on(shop, rounds=rounds)
        before = await snapshot(shop, order)
        seen = await previewed(shop, order, wish)
        assume(seen is not None and before.steps)
        assert seen is not None
        number, preview = seen
        if preview.effects["refusals"] or not preview.effects["lines"]:
            return await refused_whole(shop, order, number, before)

        await apply(shop, order, number)
        after = await snapshot(shop, order)
        await apply(shop, order, number)
        assert await snapshot(shop, order) == after  # applying twice is applying once
        nothing_is_lost(before, after, preview.effects)
        fees = Decimal(preview.effects["money"]["fees"])
        assert after.fees - before.fees == fees

        back = await previewed(shop, order, reverse(after.content, before.content))
        if back is None or back[1].effects["refusals"]:
            return None
        await apply(shop, order, back[0])
        restored = await snapshot(shop, order)
        assert restored.without_fees == before.without_fees
        assert restored.fees - after.fees == Decimal(back[1].effects["money"]["fees"])
        nothing_is_lost(after, restored, back[1].effects)
        if not preview.effects["fees"] and not back[1].effects["fees"]:
            await shop.work()
            assert (await snapshot(shop, order)).reserved == before.reserved
        await shop.check()
    return None


def nothing_is_lost(before: Snapshot, after: Snapshot, effects: Any) -> None:
    """Every step keeps its row; what was done stays done with what came of it; kept ones keep their key."""
    assert before.steps.keys() <= after.steps.keys()
    assert before.done.items() <= after.done.items()
    kept = sum(1 for number, (key, _) in before.steps.items() if after.steps[number][0] == key)
    assert kept >= effects["kept"]
    named = {key: number for number, (key, _) in before.steps.items()}
    for number, (key, _) in after.steps.items():
        assert key not in named or named[key] == number or before.steps[named[key]][0] != after.steps[named[key]][0]


@examples(9)
@example(case=("A", OTHER_MODEM, OTHER_MODEM), rounds=3)
@given(case=CASES, rounds=ROUNDS)
def test_a_change_and_its_reverse_restore_the_order(shops: Opened, case: Any, rounds: int) -> None:
    asyncio.run(there_and_back(shops, case, rounds))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@examples(400)
@given(case=CASES, rounds=ROUNDS)
def test_many_changes_and_their_reverses_restore_the_order(shops: Opened, case: Any, rounds: int) -> None:
    asyncio.run(there_and_back(shops, case, rounds))


async def killed(shops: Opened, case: tuple[str, Any, Any], rounds: int, moment: tuple[int, int]) -> None:
    """A process is killed while it applies a change: the order is the old one, or the new one, and goes on as such."""
    name, wish, _ = case
    async with shops() as shop:
        order = await place(shop, WORKED[name])
        await carry_on(shop, rounds=rounds)
        seen = await previewed(shop, order, wish)
        assume(seen is not None and seen[1].effects["lines"] and not seen[1].effects["refusals"])
        assert seen is not None
        number = seen[0]
        before = await snapshot(shop, order)

        died = await die_applying(shop.database.url, order.id, number, moment=moment)
        await left_alone(shop)
        left = await snapshot(shop, order)
        await shop.check()
        await apply(shop, order, number)  # the person presses the button again
        after = await snapshot(shop, order)
        assert left in (before, after)
        assert after.revision == before.revision + 1
        assert died or left == after
        await shop.work()
        await shop.check()


async def die_applying(url: str, order_id: int, number: int, *, moment: tuple[int, int]) -> bool:
    """Apply a change in a process of its own that is killed at a moment; whether it came to that."""
    wanted = [str(one) for one in (order_id, number, *moment)]
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.stories.dying", url, *wanted, cwd=ROOT)
    code = await process.wait()
    assert code in (0, -signal.SIGKILL)
    return code != 0


async def left_alone(shop: Workshop) -> None:
    """Until the server has noticed that the process is gone."""
    query = """
        SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'dying'
    """
    async with asyncio.timeout(20):
        while (await shop.ask(query))[0][0]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@examples(4)
@given(case=CASES, rounds=ROUNDS, moment=MOMENTS)
def test_a_process_that_is_killed_leaves_the_old_or_the_new(shops: Opened, case: Any, rounds: int, moment: Any) -> None:
    asyncio.run(killed(shops, case, rounds, moment))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@examples(200)
@given(case=CASES, rounds=ROUNDS, moment=MOMENTS)
def test_many_killed_processes_leave_the_old_or_the_new(shops: Opened, case: Any, rounds: int, moment: Any) -> None:
    asyncio.run(killed(shops, case, rounds, moment))


async def two_at_once(shops: Opened, case: tuple[str, Any, Any], rounds: int) -> None:
    """Two people preview, then apply at the same moment: one wins, the other is diffed against what is there then."""
    name, first, second = case
    async with shops() as shop:
        order = await place(shop, WORKED[name])
        await carry_on(shop, rounds=rounds)
        before = await snapshot(shop, order)
        seen = [await previewed(shop, order, wish) for wish in (first, second)]
        assume(all(one and one[1].effects["lines"] and not one[1].effects["refusals"] for one in seen))
        numbers = [one[0] for one in seen if one]
        ends = await asyncio.gather(*(apply(shop, order, number) for number in numbers), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["NoneType", "Stale"]
        late = numbers[next(n for n, end in enumerate(ends) if isinstance(end, Stale))]
        between = await snapshot(shop, order)
        assert between.revision == before.revision + 1

        wish = (first, second)[numbers.index(late)]
        again = await previewed(shop, order, wish)
        if again is None or again[1].effects["refusals"] or not again[1].effects["lines"]:
            return
        await apply(shop, order, again[0])
        after = await snapshot(shop, order)
        assert after.revision == between.revision + 1
        nothing_is_lost(between, after, again[1].effects)
        await shop.check()


@examples(4)
@given(case=CASES, rounds=ROUNDS)
def test_two_peoples_changes_are_serialised(shops: Opened, case: Any, rounds: int) -> None:
    asyncio.run(two_at_once(shops, case, rounds))


@pytest.mark.soak
@pytest.mark.timeout(7200)
@examples(150)
@given(case=CASES, rounds=ROUNDS)
def test_many_pairs_of_changes_are_serialised(shops: Opened, case: Any, rounds: int) -> None:
    asyncio.run(two_at_once(shops, case, rounds))
