"""A second factor: set up, shown, replaced by a code on paper, and ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from orderloom.base.refusals import NotFound, Problem, refuse
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties import passwords, totp
from orderloom.parties.events import RecoveryCodesMade, RecoveryCodeUsed, SecondFactorEnded, SecondFactorSet
from orderloom.parties.policy import require
from orderloom.parties.store import access, people
from orderloom.parties.store import second_factor as store


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator needs to know: the secret in Base32, and the address that a picture of it holds."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """Whether a user is asked for a code, whether one is being set up, and how many recovery codes are left."""

    is_on: bool
    is_begun: bool
    codes_left: int


async def read_second_factor(tx: Tx) -> SecondFactor:
    """How it stands with one's own second factor."""
    user = await _self(tx)
    kept = await store.factor(tx, user.id)
    on = kept is not None and kept.is_confirmed
    return SecondFactor(on, kept is not None and not on, await store.codes_left(tx, user.id) if on else 0)


async def begin_second_factor(tx: Tx) -> Enrolment:
    """Make a secret for one's own authenticator; nobody is asked for a code before `confirm_second_factor`."""
    user = await _self(tx)
    secret = totp.new_secret()
    if not await store.begin(tx, user.id, secret):
        refuse("second_factor_on", "You have a second factor; end it first, then set up another.")
    return Enrolment(totp.written(secret), totp.address_of(secret, user.login))


async def begun_second_factor(tx: Tx) -> Enrolment | None:
    """What an authenticator needs to know while one's own second factor is set up; None before and afterwards."""
    user = await _self(tx)
    kept = await store.factor(tx, user.id)
    if kept is None or kept.is_confirmed:
        return None
    return Enrolment(totp.written(kept.secret), totp.address_of(kept.secret, user.login))


async def confirm_second_factor(tx: Tx, *, code: str, password: str, session_id: int | None = None) -> list[str]:
    """Ask for codes from now on; return recovery codes, which are told this once.

    Needs one's password, so that nobody locks out a colleague whose browser stands open, and a code, so
    that nobody locks out themselves. Other sessions end.
    """
    user = await _self(tx)
    kept = await store.factor(tx, user.id)
    if kept is None or kept.is_confirmed:
        refuse("second_factor_not_begun", "Nothing is being set up; begin anew.")
    await _refuse_wrong_password(user, password)
    step = totp.matching_step(kept.secret, code, at=kept.now)
    if step is None or not await store.count_step(tx, user.id, step):
        refuse(
            "code_wrong", "This is not the code of now; type what the app shows. Is the phone's clock right?", "/code"
        )
    await access.revoke_sessions(tx, user.id, but=session_id)
    if session_id is not None:
        await store.note_in_session(tx, session_id)
    tx.emit(SecondFactorSet(Subject("user", user.id, user.login)))
    return await _new_codes(tx, user)


async def new_recovery_codes(tx: Tx, *, code: str) -> list[str]:
    """Make recovery codes in place of those that one has, and return them, this once. Needs a code."""
    user = await _self(tx)
    if not await prove_second_factor(tx, user.id, code):
        refuse("code_wrong", "This code does not count, or did already; type the next one that the app shows.", "/code")
    return await _new_codes(tx, user)


async def _new_codes(tx: Tx, user: people.User) -> list[str]:
    codes = totp.new_recovery_codes()
    await store.set_recovery_codes(tx, user.id, [passwords.token_hash(totp.plain(code)) for code in codes])
    tx.emit(RecoveryCodesMade(Subject("user", user.id, user.login)))
    return codes


async def end_own_second_factor(tx: Tx, *, password: str) -> None:
    """Ask for no more codes. Needs one's password."""
    user = await _self(tx)
    await _refuse_wrong_password(user, password)
    await _end(tx, user)


async def end_second_factor(tx: Tx, user_id: int) -> None:
    """Ask another user for no more codes, who lost the authenticator and the recovery codes; their sessions end."""
    require(tx.actor, "admin")
    users = await people.lock_users(tx, [user_id])
    if not users:
        raise NotFound([Problem("user_unknown", "There is no such user.")])
    await _end(tx, users[0])
    await access.revoke_sessions(tx, user_id)


async def _end(tx: Tx, user: people.User) -> None:
    if not await store.end(tx, user.id):
        refuse("second_factor_off", f"{user.login} has no second factor.")
    tx.emit(SecondFactorEnded(Subject("user", user.id, user.login)))


async def prove_second_factor(tx: Tx, user_id: int, code: str) -> bool:
    """Whether this code of the authenticator, or recovery code, counts for the user. It counts once."""
    kept = await store.factor(tx, user_id)
    if kept is None or not kept.is_confirmed:
        return False
    step = totp.matching_step(kept.secret, code, at=kept.now)
    if step is not None:
        return await store.count_step(tx, user_id, step)
    if not await store.use_recovery_code(tx, user_id, passwords.token_hash(totp.plain(code))):
        return False
    tx.emit(RecoveryCodeUsed(Subject("user", user_id, kept.login), left=await store.codes_left(tx, user_id)))
    return True


async def _self(tx: Tx) -> people.User:
    if tx.actor.kind != "user" or tx.actor.user_id is None:
        refuse("person_missing", "A second factor is a person's, not a program's; log in with your password.")
    (user,) = await people.lock_users(tx, [tx.actor.user_id])
    return user


async def _refuse_wrong_password(user: people.User, password: str) -> None:
    if not await passwords.password_fits(password, user.password_hash):
        refuse("password_wrong", "This is not your current password; type it again.", "/password")
