"""Log-in, sessions, keys, passwords and links."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from orderloom.base.refusals import Forbidden, NotFound, Refused, Unauthenticated
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor, Subject
from orderloom.parties import commands, passwords, reads
from orderloom.parties.commands import LinkDraft, TooManyAttempts
from orderloom.parties.commands.access import PASSWORD_LINK, granted
from orderloom.parties.events import KeyCreated, KeyRevoked, LoggedIn, PasswordChanged
from orderloom.parties.types import KeyDraft, LogIn, UserEdit
from tests.parties import given

LOGIN = "ann@orderloom.example"
PASSWORD = "four words make one"


async def ann(database: Database, **fields: object) -> int:
    async with transaction(database, SYSTEM) as tx:
        await given.team(tx, "North")
        return await given.user(tx, LOGIN, password=PASSWORD, **{"roles": ("sales",), "teams": ("North",), **fields})


async def test_who_knows_the_password_gets_a_session_that_tells_who_acts(database: Database) -> None:
    user_id = await ann(database, locale="de", time_zone="Europe/Berlin")

    opened = await commands.log_in(database, LogIn(LOGIN, PASSWORD), address="192.0.2.1", agent="Browser")

    async with transaction(database, SYSTEM) as tx:
        session = await commands.open_session(tx, opened.token)
        assert session is not None
        assert (session.locale, session.time_zone, session.login) == ("de", "Europe/Berlin", LOGIN)
        actor = await commands.actor_of_session(tx, opened.token)
        assert actor == session.actor
        assert actor is not None
        assert (actor.kind, actor.user_id, actor.all_accounts) == ("user", user_id, False)
        assert actor.may("orders.write") and not actor.may("admin")
        assert actor.team_ids == tuple((await reads.resolve_teams(tx, ["North"])).values())
        assert await commands.actor_of_session(tx, opened.token + "x") is None
        assert opened.token not in str(await tx.all("SELECT * FROM parties.session"))
        (row,) = await reads.list_sessions(tx, user_id)
        assert (row.id, row.address, row.agent) == (opened.session_id, "192.0.2.1", "Browser")
        assert await tx.value("SELECT actor_name FROM base.event WHERE type = 'parties.logged_in'") == "Ann"


@pytest.mark.parametrize(
    "typed", [LogIn(LOGIN, "wrong words here"), LogIn("nobody@orderloom.example", PASSWORD), LogIn("\ud800", "\ud800")]
)
async def test_wrong_and_unknown_get_the_same_answer(database: Database, typed: LogIn) -> None:
    await ann(database)

    with pytest.raises(Unauthenticated) as refused:
        await commands.log_in(database, typed)

    assert [problem.code for problem in refused.value.problems] == ["log_in_refused"]


async def test_the_inactive_and_those_without_password_get_it_too(database: Database) -> None:
    user_id = await ann(database)
    async with transaction(database, SYSTEM) as tx:
        await commands.update_user(tx, user_id, UserEdit("Ann", is_active=False))
        await given.user(tx, "new@orderloom.example")

    for login in (LOGIN, "new@orderloom.example"):
        with pytest.raises(Unauthenticated):
            await commands.log_in(database, LogIn(login, PASSWORD))


async def test_an_unknown_user_takes_as_long_as_a_wrong_password(database: Database) -> None:
    await ann(database)
    await passwords.prepare_decoy()

    async def seconds(login: str) -> float:
        """The quickest of a few, since only the load of the machine adds to it."""
        taken = []
        for _ in range(4):
            before = time.perf_counter()
            with pytest.raises(Unauthenticated):
                await commands.log_in(database, LogIn(login, "wrong words here"))
            taken.append(time.perf_counter() - before)
        return min(taken)

    known, unknown = await seconds(LOGIN), await seconds("nobody@orderloom.example")

    assert 0.25 < known / unknown < 4


async def test_the_sixth_attempt_is_locked_even_with_the_right_password_known_or_not(database: Database) -> None:
    await ann(database)

    for login in (LOGIN, "nobody@orderloom.example"):
        for _ in range(5):
            with pytest.raises(Unauthenticated):
                await commands.log_in(database, LogIn(login, "wrong words here"))
        with pytest.raises(TooManyAttempts) as refused:
            await commands.log_in(database, LogIn(login, PASSWORD))
        assert refused.value.status == 429


async def test_parallel_guesses_are_counted_one_by_one(database: Database) -> None:
    await ann(database)

    answers = await asyncio.gather(
        *(commands.log_in(database, LogIn(LOGIN, f"wrong words {n}")) for n in range(12)), return_exceptions=True
    )

    assert sum(isinstance(answer, Unauthenticated) for answer in answers) == 5
    assert sum(isinstance(answer, TooManyAttempts) for answer in answers) == 7


async def test_a_lock_ends_by_itself_and_success_forgets_the_attempts(database: Database) -> None:
    await ann(database)
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            await commands.log_in(database, LogIn(LOGIN, "wrong words here"))
    async with transaction(database, SYSTEM) as tx:
        left = await tx.value("SELECT locked_until - clock_timestamp() FROM parties.throttle WHERE kind = 'login'")
        assert timedelta(seconds=50) < left <= timedelta(minutes=1)
        await tx.execute("UPDATE parties.throttle SET locked_until = clock_timestamp()")

    await commands.log_in(database, LogIn(LOGIN, PASSWORD))

    async with transaction(database, SYSTEM) as tx:
        assert await tx.values("SELECT kind FROM parties.throttle") == ["address"]


async def test_an_address_that_tries_many_logins_is_locked_for_all(database: Database) -> None:
    await ann(database)
    async with transaction(database, SYSTEM) as tx:
        key = passwords.typed_hash("192.0.2.9")
        await tx.execute("INSERT INTO parties.throttle VALUES ('address', %(key)s, 29)", {"key": key})

    with pytest.raises(Unauthenticated):
        await commands.log_in(database, LogIn("a@orderloom.example", "x"), address="192.0.2.9")
    with pytest.raises(TooManyAttempts):
        await commands.log_in(database, LogIn(LOGIN, PASSWORD), address="192.0.2.9")
    await commands.log_in(database, LogIn(LOGIN, PASSWORD), address="192.0.2.10")


async def test_hashing_leaves_the_event_loop_free() -> None:
    pauses = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            pauses.append(time.perf_counter() - before)

    ticking = asyncio.create_task(tick())
    await asyncio.gather(*(passwords.hash_password(PASSWORD) for _ in range(6)))
    ticking.cancel()

    assert len(pauses) > 10


async def test_a_session_ends_by_log_out_by_age_and_by_idleness(database: Database) -> None:
    await ann(database)
    tokens = [(await commands.log_in(database, LogIn(LOGIN, PASSWORD))).token for _ in range(3)]

    async with transaction(database, SYSTEM) as tx:
        assert await commands.log_out(tx, tokens[0])
        assert not await commands.log_out(tx, tokens[0])
        for token, change in ((tokens[1], "expires_at"), (tokens[2], "last_used_at")):
            await tx.execute(
                f"UPDATE parties.session SET {change} = now() - interval '13 hours' WHERE token_hash = %(hash)s",
                {"hash": passwords.token_hash(token)},
            )
        assert [await commands.actor_of_session(tx, token) for token in tokens] == [None, None, None]


async def test_use_is_noted_now_and_then(database: Database) -> None:
    user_id = await ann(database)
    token = (await commands.log_in(database, LogIn(LOGIN, PASSWORD))).token

    async with transaction(database, SYSTEM) as tx:
        await tx.execute("UPDATE parties.session SET last_used_at = clock_timestamp() - interval '1 hour'")
        stale = (await reads.list_sessions(tx, user_id))[0].last_used_at
        assert await commands.actor_of_session(tx, token)
        fresh = (await reads.list_sessions(tx, user_id))[0].last_used_at
        assert await commands.actor_of_session(tx, token)
        assert (await reads.list_sessions(tx, user_id))[0].last_used_at == fresh > stale


async def test_one_ends_ones_own_sessions_and_an_administrator_anybodys(database: Database) -> None:
    user_id = await ann(database)
    opened = [await commands.log_in(database, LogIn(LOGIN, PASSWORD)) for _ in range(3)]

    async with transaction(database, Actor("user", "Ann", user_id)) as tx:
        assert await commands.revoke_sessions(tx, user_id, session_ids=[opened[0].session_id]) == [opened[0].session_id]
    async with transaction(database, Actor("user", "Other", user_id + 1)) as tx:
        with pytest.raises(Forbidden):
            await commands.revoke_sessions(tx, user_id)
    async with transaction(database, SYSTEM) as tx:
        assert len(await commands.revoke_sessions(tx, user_id)) == 2
        assert await commands.revoke_sessions(tx, user_id) == []


async def test_a_key_acts_for_its_owner_within_its_scopes(tx: Tx) -> None:
    user_id = await given.user(tx, LOGIN, roles=("sales",))
    tx.actor = Actor("user", "Ann", user_id, permissions=frozenset({"orders.read", "orders.write"}))

    made = await commands.create_key(tx, KeyDraft("CI", ("orders.read",)))

    actor = await commands.actor_of_key(tx, made.key)
    assert actor is not None
    assert (actor.kind, actor.user_id, actor.permissions) == ("key", user_id, frozenset({"orders.read"}))
    assert made.key not in str(await tx.all("SELECT * FROM parties.api_key"))
    (row,) = await reads.list_keys(tx, user_id)
    assert made.key.startswith(row.hint) and row.last_used_at is not None
    assert isinstance(tx.events[-1], KeyCreated)


async def test_what_the_owner_loses_the_key_loses(tx: Tx) -> None:
    user_id = await given.user(tx, LOGIN, roles=("sales",))
    made = await commands.create_key(tx, KeyDraft("CI", ("orders.read", "stock.read")), user_id=user_id)

    await commands.update_user(tx, user_id, UserEdit("Ann", roles=("billing",)))
    actor = await commands.actor_of_key(tx, made.key)
    await commands.update_user(tx, user_id, UserEdit("Ann", roles=("billing",), is_active=False))

    assert actor is not None and actor.permissions == {"orders.read"}
    assert await commands.actor_of_key(tx, made.key) is None


async def test_a_key_is_refused_more_than_its_owner_may_and_what_nobody_knows(tx: Tx) -> None:
    user_id = await given.user(tx, LOGIN, roles=("warehouse",))

    with pytest.raises(Refused) as refused:
        await commands.create_key(
            tx, KeyDraft("CI", ("orders.write", "orders.destroy", "*"), expires_at=tx.now), user_id=user_id
        )
    assert {(p.code, p.pointer) for p in refused.value.problems} == {
        ("scope_wide", "/scopes/0"),
        ("scope_unknown", "/scopes/1"),
        ("scope_wide", "/scopes/2"),
        ("expiry_past", "/expires_at"),
    }
    with pytest.raises(Refused):
        await commands.create_key(tx, KeyDraft("CI", ("orders.read",)))
    tx.actor = Actor("key", "Ann", user_id, permissions=frozenset({"*"}))
    with pytest.raises(Forbidden):
        await commands.create_key(tx, KeyDraft("CI", ("orders.read",)))


async def test_a_key_ends_when_revoked_or_over(tx: Tx) -> None:
    user_id = await given.user(tx, LOGIN, roles=("sales",))
    first = await commands.create_key(tx, KeyDraft("A", ("orders.read",)), user_id=user_id)
    second = await commands.create_key(
        tx, KeyDraft("B", ("orders.read",), expires_at=tx.now + timedelta(days=1)), user_id=user_id
    )

    assert await commands.revoke_key(tx, first.id)
    assert not await commands.revoke_key(tx, first.id)
    await tx.execute("UPDATE parties.api_key SET expires_at = clock_timestamp() WHERE id = %(id)s", {"id": second.id})

    assert [await commands.actor_of_key(tx, made.key) for made in (first, second)] == [None, None]
    assert isinstance(tx.events[-1], KeyRevoked)
    tx.actor = Actor("user", "Other", user_id + 1)
    with pytest.raises(NotFound):
        await commands.revoke_key(tx, second.id)


@pytest.mark.parametrize(
    ("permissions", "scopes", "result"),
    [
        ({"a", "b"}, {"b", "c"}, {"b"}),
        ({"*"}, {"b"}, {"b"}),
        ({"*"}, {"*"}, {"*"}),
        ({"a"}, {"*"}, {"a"}),
        (set(), {"a"}, set()),
    ],
)
def test_a_key_may_never_more_than_owner_and_scopes(permissions: set[str], scopes: set[str], result: set[str]) -> None:
    assert granted(frozenset(permissions), frozenset(scopes)) == result


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(database: Database) -> None:
    user_id = await ann(database)
    kept = await commands.log_in(database, LogIn(LOGIN, PASSWORD))
    other = await commands.log_in(database, LogIn(LOGIN, PASSWORD))

    async with transaction(database, Actor("user", "Ann", user_id)) as tx:
        for current in (None, "wrong words here"):
            with pytest.raises(Refused):
                await commands.set_password(tx, user_id, "another four words", current=current)
        with pytest.raises(Refused):
            await commands.set_password(tx, user_id, "ann", current=PASSWORD)
        await commands.set_password(
            tx, user_id, "another four words", current=PASSWORD, kept_session_id=kept.session_id
        )
        assert isinstance(tx.events[-1], PasswordChanged)
        assert await commands.actor_of_session(tx, kept.token)
        assert await commands.actor_of_session(tx, other.token) is None
    with pytest.raises(Unauthenticated):
        await commands.log_in(database, LogIn(LOGIN, PASSWORD))
    await commands.log_in(database, LogIn(LOGIN, "another four words"))


async def test_a_link_works_once_for_its_purpose_only(tx: Tx) -> None:
    account_id = await given.account(tx)
    subject = Subject("quote", 5, "Q-5", account_id)
    token = await commands.create_link(tx, LinkDraft("quote.accept", subject=subject, params={"x": 1}))

    with pytest.raises(NotFound):
        await commands.use_link(tx, token, "quote.reject")
    link = await commands.use_link(tx, token, "quote.accept")
    with pytest.raises(NotFound):
        await commands.use_link(tx, token, "quote.accept")

    assert (link.subject_kind, link.subject_id, link.account_id, link.params) == ("quote", 5, account_id, {"x": 1})


async def test_a_link_is_over_after_its_time(tx: Tx) -> None:
    token = await commands.create_link(tx, LinkDraft("x", lifetime=timedelta(0)))

    with pytest.raises(NotFound):
        await commands.use_link(tx, token, "x")


async def test_a_password_is_set_by_link(tx: Tx) -> None:
    user_id = await given.user(tx, LOGIN)
    token = await commands.create_link(tx, LinkDraft(PASSWORD_LINK, user_id=user_id))

    await commands.set_password_by_link(tx, token, PASSWORD)

    password_hash = await tx.value("SELECT password_hash FROM parties.user WHERE id = %(id)s", {"id": user_id})
    assert await passwords.password_fits(PASSWORD, password_hash)
    assert not passwords.is_outdated(password_hash)


async def test_what_is_long_over_is_forgotten(tx: Tx) -> None:
    user_id = await given.user(tx)
    await tx.execute(
        """
        INSERT INTO parties.session (user_id, token_hash, expires_at)
        VALUES (%(user_id)s, sha256('old'), clock_timestamp() - interval '31 days'),
               (%(user_id)s, sha256('new'), clock_timestamp() - interval '29 days')
        """,
        {"user_id": user_id},
    )
    await commands.create_link(tx, LinkDraft("x", user_id=user_id, lifetime=timedelta(days=-31)))

    assert await commands.forget_old(tx) == 2
    assert await commands.forget_old(tx) == 0


def test_an_opened_session_and_a_key_do_not_show_their_secret() -> None:
    from orderloom.parties.types import NewKey, Opened

    assert "secret" not in repr(Opened("secret")) + repr(NewKey(1, "secret")) + repr(LogIn("a", "secret"))
    assert LoggedIn.__doc__
