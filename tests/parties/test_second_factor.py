"""A second factor: set up, asked for, lost and ended."""

from __future__ import annotations

import asyncio
import time

import pytest
from pyotp import TOTP

from orderloom.base.refusals import Forbidden, Refused, Unauthenticated
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.parties import commands
from orderloom.parties.commands import CodeNeeded, TooManyAttempts
from orderloom.parties.types import CodeLogIn, LogIn, Opened
from tests.parties import given

LOGIN = "ann@orderloom.example"
PASSWORD = "four words make one"


def code_of(secret: str, *, ahead: int = 0) -> str:
    """The code of now, or of so many half minutes ahead."""
    return TOTP(secret).generate_otp(int(time.time()) // 30 + ahead)


async def ann(database: Database) -> Actor:
    async with transaction(database, SYSTEM) as tx:
        user_id = await given.user(tx, LOGIN, password=PASSWORD, roles=("sales",))
    return Actor("user", "Ann", user_id, permissions=frozenset({"orders.read"}))


async def set_up(database: Database, actor: Actor, *, session_id: int | None = None) -> tuple[str, list[str]]:
    async with transaction(database, actor) as tx:
        secret = (await commands.begin_second_factor(tx)).secret
        codes = await commands.confirm_second_factor(tx, code=code_of(secret), password=PASSWORD, session_id=session_id)
    return secret, codes


async def asked(database: Database) -> str:
    with pytest.raises(CodeNeeded) as needed:
        await commands.log_in(database, LogIn(LOGIN, PASSWORD))
    return needed.value.token


async def with_code(database: Database, code: str) -> Opened:
    return await commands.log_in_with_code(database, CodeLogIn(await asked(database), code))


async def test_after_the_password_a_code_is_asked_for_and_counts_once(database: Database) -> None:
    secret, _ = await set_up(database, await ann(database))

    opened = await with_code(database, code := code_of(secret, ahead=1))

    async with transaction(database, SYSTEM) as tx:
        assert await commands.actor_of_session(tx, opened.token) is not None
        shown = await tx.value(
            "SELECT second_factor_at IS NOT NULL FROM parties.session WHERE id = %(id)s", {"id": opened.session_id}
        )
        assert shown is True
    with pytest.raises(Unauthenticated) as again:
        await with_code(database, code)
    assert again.value.problems[0].code == "code_wrong"


async def test_of_two_who_show_one_code_at_once_one_gets_in(database: Database) -> None:
    secret, _ = await set_up(database, await ann(database))
    tokens = [await asked(database), await asked(database)]

    answers = await asyncio.gather(
        *(commands.log_in_with_code(database, CodeLogIn(token, code_of(secret, ahead=1))) for token in tokens),
        return_exceptions=True,
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["Opened", "Unauthenticated"]


async def test_nobody_is_asked_before_the_first_code_was_right(database: Database) -> None:
    actor = await ann(database)
    async with transaction(database, actor) as tx:
        await commands.begin_second_factor(tx)
        assert await commands.read_second_factor(tx) == commands.SecondFactor(False, True, 0)

    opened = await commands.log_in(database, LogIn(LOGIN, PASSWORD))

    assert opened.session_id


@pytest.mark.parametrize(("typed", "pointer"), [({"code": "000000"}, "/code"), ({"password": "wrong"}, "/password")])
async def test_a_wrong_code_or_password_turns_nothing_on(
    database: Database, typed: dict[str, str], pointer: str
) -> None:
    actor = await ann(database)
    async with transaction(database, actor) as tx:
        secret = (await commands.begin_second_factor(tx)).secret
    with pytest.raises(Refused) as refused:
        async with transaction(database, actor) as tx:
            await commands.confirm_second_factor(tx, **{"code": code_of(secret), "password": PASSWORD, **typed})

    assert refused.value.problems[0].pointer == pointer
    async with transaction(database, actor) as tx:
        assert not (await commands.read_second_factor(tx)).is_on


async def test_turning_it_on_ends_the_other_sessions(database: Database) -> None:
    actor = await ann(database)
    here, there = [await commands.log_in(database, LogIn(LOGIN, PASSWORD)) for _ in range(2)]

    await set_up(database, actor, session_id=here.session_id)

    async with transaction(database, SYSTEM) as tx:
        assert await commands.actor_of_session(tx, here.token) is not None
        assert await commands.actor_of_session(tx, there.token) is None


async def test_a_recovery_code_lets_one_in_once(database: Database) -> None:
    actor = await ann(database)
    _, codes = await set_up(database, actor)

    await with_code(database, codes[3].lower())

    with pytest.raises(Unauthenticated):
        await with_code(database, codes[3])
    async with transaction(database, actor) as tx:
        assert await commands.read_second_factor(tx) == commands.SecondFactor(True, False, 9)
        kept = str(await tx.all("SELECT * FROM parties.recovery_code"))
        assert not any(code in kept for code in codes)


async def test_new_recovery_codes_replace_the_old_ones(database: Database) -> None:
    actor = await ann(database)
    secret, old = await set_up(database, actor)
    async with transaction(database, actor) as tx:
        fresh = await commands.new_recovery_codes(tx, code=code_of(secret, ahead=1))

    with pytest.raises(Unauthenticated):
        await with_code(database, old[0])
    await with_code(database, fresh[0])


async def test_wrong_codes_are_counted_and_locked_though_the_password_is_right(database: Database) -> None:
    secret, _ = await set_up(database, await ann(database))
    token = await asked(database)
    for _ in range(4):
        with pytest.raises(Unauthenticated):
            await commands.log_in_with_code(database, CodeLogIn(token, "000000"))

    with pytest.raises(TooManyAttempts):
        await commands.log_in_with_code(database, CodeLogIn(token, code_of(secret, ahead=1)))


async def test_a_wrong_code_may_be_corrected(database: Database) -> None:
    secret, _ = await set_up(database, await ann(database))
    token = await asked(database)
    with pytest.raises(Unauthenticated):
        await commands.log_in_with_code(database, CodeLogIn(token, "000000"))

    await commands.log_in_with_code(database, CodeLogIn(token, code_of(secret, ahead=1)))

    with pytest.raises(Unauthenticated) as over:
        await commands.log_in_with_code(database, CodeLogIn(token, code_of(secret, ahead=1)))
    assert over.value.problems[0].code == "log_in_over"


async def test_who_was_asked_before_the_password_changed_starts_again(database: Database) -> None:
    actor = await ann(database)
    secret, _ = await set_up(database, actor)
    token = await asked(database)
    async with transaction(database, actor) as tx:
        await commands.set_password(tx, actor.user_id, "other words than those", current=PASSWORD)

    with pytest.raises(Unauthenticated) as over:
        await commands.log_in_with_code(database, CodeLogIn(token, code_of(secret, ahead=1)))

    assert over.value.problems[0].code == "log_in_over"


async def test_it_is_ended_with_the_password_or_by_an_administrator(database: Database) -> None:
    actor = await ann(database)
    await set_up(database, actor)
    with pytest.raises(Refused):
        async with transaction(database, actor) as tx:
            await commands.end_own_second_factor(tx, password="wrong words here")
    async with transaction(database, actor) as tx:
        await commands.end_own_second_factor(tx, password=PASSWORD)
    await commands.log_in(database, LogIn(LOGIN, PASSWORD))

    await set_up(database, actor)
    with pytest.raises(Forbidden):
        async with transaction(database, actor) as tx:
            await commands.end_second_factor(tx, actor.user_id)
    async with transaction(database, SYSTEM) as tx:
        await commands.end_second_factor(tx, actor.user_id)
    await commands.log_in(database, LogIn(LOGIN, PASSWORD))


async def test_a_key_sets_up_nothing(database: Database) -> None:
    actor = await ann(database)
    with pytest.raises(Refused, match="log in with your password"):
        async with transaction(database, Actor("key", "Ann", actor.user_id)) as tx:
            await commands.begin_second_factor(tx)
