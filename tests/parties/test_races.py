"""Two at once: nothing falls between a new account and a new rule, and no circle is closed."""

from __future__ import annotations

import asyncio

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM
from orderloom.parties import commands
from orderloom.parties.types import AccountDraft, AccountEdit, CoverDraft, TeamDraft
from orderloom.parties.verify import INVARIANTS
from tests.parties import given


async def test_a_new_account_and_a_new_cover_meet(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        (top,) = await given.bare_accounts(tx, [AccountDraft("Top")])
        number = await given.number(tx, top)

    async def open_below(name: str) -> None:
        async with transaction(database, SYSTEM) as tx:
            await commands.create_accounts(tx, [AccountDraft(name, parent=number)])
            await asyncio.sleep(0.02)

    async def cover(name: str) -> None:
        async with transaction(database, SYSTEM) as tx:
            await commands.save_teams(tx, [TeamDraft(name, covers=(CoverDraft(number),))])
            await asyncio.sleep(0.02)

    await asyncio.gather(*(work for n in range(4) for work in (open_below(f"A{n}"), cover(f"T{n}"))))

    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM parties.visible_account") == 20
        assert [await tx.values(invariant.sql) for invariant in INVARIANTS] == [[]] * len(INVARIANTS)


async def test_two_moves_below_each_other_leave_one(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        a, b = await given.bare_accounts(tx, [AccountDraft("A"), AccountDraft("B")])
        numbers = {a: await given.number(tx, a), b: await given.number(tx, b)}

    async def move(account_id: int, below: int) -> None:
        async def work(tx: Tx) -> None:
            await asyncio.sleep(0.01)
            await commands.update_account(tx, account_id, AccountEdit("Moved", parent=numbers[below]))

        await in_transaction(database, SYSTEM, work)

    answers = await asyncio.gather(move(a, b), move(b, a), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == ["NoneType", "Refused"]
    assert all(answer is None or isinstance(answer, Refused) for answer in answers)
