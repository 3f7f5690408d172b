"""The stream that keeps pages live: what it tells, to whom, and that nothing is missed."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.parties.commands.account import create_accounts
from orderloom.parties.types import AccountDraft
from orderloom.web.live import Place, messages_of, place_from
from tests.web.conftest import user_with_role


async def open_account(database, name="Nordwind"):
    async with transaction(database, SYSTEM) as tx:
        return (await create_accounts(tx, [AccountDraft(name)]))[0]


@pytest.fixture
async def feed(app):
    feed = app.state.web.feed
    await feed.start()
    await asyncio.sleep(0.3)
    yield feed
    await feed.stop()


@asynccontextmanager
async def listening(feed, actor, since=None):
    heard = []

    async def listen():
        async for message in feed.stream(actor, since):
            heard.append(message)

    task = asyncio.create_task(listen())
    await asyncio.sleep(0.1)
    yield heard
    task.cancel()


def told(heard):
    return [json.loads(m.split(b"data: ")[1]) for m in heard if b"data: " in m]


async def until(condition):
    for _ in range(60):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it was never told")


async def test_what_changes_is_told_to_who_may_see_it(feed, database):
    async with listening(feed, SYSTEM) as heard:
        account = await open_account(database)
        await until(lambda: {"kind": "account", "id": account} in told(heard))


async def test_who_sees_no_account_hears_nothing_of_it(feed, database):
    stranger = Actor("user", "Eve", 1, frozenset({"parties.read"}))
    without_right = Actor("user", "Bob", 2, frozenset({"stock.read"}), all_accounts=True)
    async with (
        listening(feed, stranger) as first,
        listening(feed, without_right) as second,
        listening(feed, SYSTEM) as all_,
    ):
        await open_account(database)
        await until(lambda: told(all_))

    assert (told(first), told(second)) == ([], [])


async def test_a_browser_that_was_away_is_told_what_it_missed(feed, database):
    before = feed.floor()
    account = await open_account(database)
    async with listening(feed, SYSTEM, since=before) as heard:
        await until(lambda: {"kind": "account", "id": account} in told(heard))


async def test_a_fact_that_commits_late_is_not_missed(feed, database):
    async with listening(feed, SYSTEM) as heard:
        async with transaction(database, SYSTEM) as tx:
            [late] = await create_accounts(tx, [AccountDraft("Late")])
            await tx.flush_events()
            early = await open_account(database, "Early")
            await until(lambda: {"kind": "account", "id": early} in told(heard))
        await until(lambda: {"kind": "account", "id": late} in told(heard))


async def test_a_quiet_stream_beats(feed):
    async with listening(feed, SYSTEM) as heard:
        await until(lambda: b": beat\n\n" in heard)


async def test_the_stream_is_for_people_who_are_logged_in(anybody, database):
    await user_with_role(database, "sales")

    assert (await anybody.get("/live")).status_code == 401


@pytest.mark.parametrize("text", ["", "1", "1.", "a.b", "1.2.3", "9" * 50, "-1.2"])
def test_a_made_up_place_is_ignored(text):
    assert place_from(text) is None


def test_many_changes_of_one_subject_are_one_message():
    from orderloom.web.live import Change

    changes = [Change("move", n, "processes.step_moved", "order", 7, None) for n in range(5)]

    assert len(messages_of(changes, Place(1, 2))) == 1
    assert place_from(str(Place(1, 2))) == Place(1, 2)
