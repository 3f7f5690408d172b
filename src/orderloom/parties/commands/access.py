"""Getting in and being known: log-in, sessions, API keys, passwords and one-time links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from orderloom.base.refusals import Forbidden, NotFound, Problem, Refused, Unauthenticated, refuse, refuse_if_any
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor, Subject
from orderloom.parties import passwords
from orderloom.parties.commands.second_factor import prove_second_factor
from orderloom.parties.events import KeyCreated, KeyRevoked, LoggedIn, PasswordChanged, SessionsRevoked
from orderloom.parties.policy import require, unknown_permissions
from orderloom.parties.store import access as store
from orderloom.parties.store import people
from orderloom.parties.store import second_factor as factors
from orderloom.parties.types import CodeLogIn, KeyDraft, LogIn, NewKey, Opened

SESSION_LIFETIME = timedelta(days=7)
SESSION_IDLE = timedelta(hours=12)
LINK_LIFETIME = timedelta(days=3)
CODE_LIFETIME = timedelta(minutes=10)
"""How long after the password a code may be typed."""
KEPT_AFTER_END = timedelta(days=30)
PASSWORD_LINK = "password"
CODE_LINK = "second_factor"


class TooManyAttempts(Refused):
    """Too many attempts to log in; later the same may succeed."""

    status = 429


class CodeNeeded(Unauthenticated):
    """The password fits and a second factor is asked for; `token` goes with the code to `log_in_with_code`."""

    def __init__(self, token: str) -> None:
        super().__init__([Problem("code_needed", "Type the code that your authenticator shows.", "/code")])
        self.token = token


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that is good: who acts, and how they read times and words."""

    session_id: int
    actor: Actor
    login: str
    time_zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """A right to do one thing once: for a user, or about a subject."""

    purpose: str
    user_id: int | None = None
    subject: Subject | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    lifetime: timedelta = LINK_LIFETIME


# Log-in -------------------------------------------------------------------------------------------


async def log_in(database: Database, typed: LogIn, *, address: str | None = None, agent: str | None = None) -> Opened:
    """Open a session for who knows the password; the token in the answer is told this once.

    Three steps, so that no connection waits for the hashing and an attempt counts even when it
    fails: count, check on a thread, open. Who does not exist, is inactive or has no password gets
    the same answer (401) after the same work as a wrong password. Too many attempts for what was
    typed, or from the address, are refused (429) whether or not such a user exists.
    """
    candidate = await _admitted(database, typed.login, address=address)
    if not await passwords.password_fits(typed.password, candidate.password_hash if candidate else None):
        raise _unauthenticated()
    assert candidate is not None
    async with transaction(database, Actor("user", candidate.name, candidate.id)) as tx:
        if passwords.is_outdated(candidate.password_hash):
            candidate = await _hash_anew(tx, candidate, typed.password)
        asks_code = await factors.has_factor(tx, candidate.id)
        if asks_code:
            token = await create_link(tx, LinkDraft(CODE_LINK, user_id=candidate.id, lifetime=CODE_LIFETIME))
        else:
            opened = await _open_session(tx, candidate, address=address, agent=agent)
    if asks_code:
        raise CodeNeeded(token)
    return opened


async def log_in_with_code(
    database: Database, typed: CodeLogIn, *, address: str | None = None, agent: str | None = None
) -> Opened:
    """Open a session for who showed the password, and now a code; a wrong one counts as an attempt.

    Refused (401) where the token is over: log in anew. A code counts once.
    """
    async with transaction(database, SYSTEM) as tx:
        user_id = await store.link_user(tx, passwords.token_hash(typed.token), CODE_LINK)
        candidate = await store.candidate(tx, user_id=user_id) if user_id is not None else None
    if candidate is None:
        message = "It took too long, or the password changed meanwhile; log in again."
        raise Unauthenticated([Problem("log_in_over", message)])
    await _admitted(database, candidate.login, address=address)
    async with transaction(database, Actor("user", candidate.name, candidate.id)) as tx:
        await use_link(tx, typed.token, CODE_LINK)
        if not await prove_second_factor(tx, candidate.id, typed.code):
            message = "This code does not count, or did already; type the one that the app shows now."
            raise Unauthenticated([Problem("code_wrong", message, "/code")])
        return await _open_session(tx, candidate, address=address, agent=agent, with_code=True)


async def _hash_anew(tx: Tx, candidate: store.Candidate, password: str) -> store.Candidate:
    """Keep the password as one would today, unless it was changed since it was checked."""
    (user,) = await people.lock_users(tx, [candidate.id])
    if user.password_hash != candidate.password_hash:
        raise _unauthenticated()
    fresh = replace(candidate, password_hash=await passwords.hash_password(password))
    await people.set_password_hash(tx, candidate.id, fresh.password_hash)
    return fresh


async def _admitted(database: Database, login: str, *, address: str | None) -> store.Candidate | None:
    """Count an attempt, refuse it (429) where there were too many, and say who it might be."""
    async with transaction(database, SYSTEM) as tx:
        admitted = await store.count_attempt(
            tx, address_hash=passwords.typed_hash(address or ""), login_hash=passwords.typed_hash(login)
        )
        candidate = await store.candidate(tx, login=login) if _is_writable(login) else None
    if not admitted:
        message = "There were too many attempts; wait a quarter of an hour, then try again."
        raise TooManyAttempts([Problem("attempts_many", message)])
    return candidate


def _is_writable(login: str) -> bool:
    """Whether PostgreSQL can hold it; a login that it cannot is nobody's, not an error."""
    return "\0" not in login and not any("\ud800" <= character <= "\udfff" for character in login)


def _unauthenticated() -> Unauthenticated:
    message = "The e-mail address or the password is wrong; check both, or ask for a new password."
    return Unauthenticated([Problem("log_in_refused", message)])


async def _open_session(
    tx: Tx, candidate: store.Candidate, *, address: str | None, agent: str | None, with_code: bool = False
) -> Opened:
    token = passwords.new_token(passwords.SESSION_PREFIX)
    session = await store.insert_session(
        tx,
        user_id=candidate.id,
        password_hash=candidate.password_hash,
        token_hash=passwords.token_hash(token),
        address=address,
        agent=agent[:500] if agent else None,
        with_code=with_code,
        lifetime=SESSION_LIFETIME,
    )
    if session is None:
        raise _unauthenticated()
    await store.forget_attempts(tx, login_hash=passwords.typed_hash(candidate.login))
    tx.emit(LoggedIn(Subject("user", candidate.id, candidate.login), address=address))
    return Opened(token, session_id=session[0], user_id=candidate.id, expires_at=session[1])


async def log_out(tx: Tx, token: str) -> bool:
    """End the session of this token; False where it was not open. Needs no permission: the token is the right."""
    return await store.end_session(tx, passwords.token_hash(token))


async def revoke_sessions(tx: Tx, user_id: int, *, session_ids: list[int] | None = None) -> list[int]:
    """End sessions of a user, all or these: one's own, or anybody's for an administrator."""
    user = await _own_or_admin(tx, user_id)
    ended = await store.revoke_sessions(tx, user_id, session_ids=session_ids)
    if ended:
        tx.emit(SessionsRevoked(Subject("user", user_id, user.login), session_ids=tuple(ended)))
    return ended


async def _own_or_admin(tx: Tx, user_id: int) -> people.User:
    if tx.actor.user_id != user_id or tx.actor.kind != "user":
        require(tx.actor, "admin")
    users = await people.lock_users(tx, [user_id])
    if not users:
        raise NotFound([Problem("user_unknown", "There is no such user.")])
    return users[0]


# Who acts -----------------------------------------------------------------------------------------


async def open_session(tx: Tx, token: str) -> OpenSession | None:
    """The session of a token with its actor; None where it is not good. One query; now and then a note of use."""
    holder = await store.holder_of_session(tx, passwords.token_hash(token), idle=SESSION_IDLE)
    if holder is None:
        return None
    if not holder.is_touched:
        await store.touch_session(tx, holder.id)
    actor = _actor("user", holder, frozenset(holder.permissions))
    return OpenSession(holder.id, actor, holder.login, holder.time_zone, holder.locale)


async def actor_of_session(tx: Tx, token: str) -> Actor | None:
    """Who acts with this session token; None where it is not good."""
    session = await open_session(tx, token)
    return session.actor if session else None


async def actor_of_key(tx: Tx, key: str) -> Actor | None:
    """Who acts with this API key: its owner, within its scopes and the owner's rights. None where it is not good."""
    holder = await store.holder_of_key(tx, passwords.token_hash(key))
    if holder is None:
        return None
    if not holder.is_touched:
        await store.touch_key(tx, holder.id)
    return _actor("key", holder, granted(frozenset(holder.permissions), frozenset(holder.scopes or ())))


def granted(permissions: frozenset[str], scopes: frozenset[str]) -> frozenset[str]:
    """What a key of these scopes may do whose owner has these permissions: never more than either."""
    if "*" in permissions:
        return scopes
    if "*" in scopes:
        return permissions
    return permissions & scopes


def _actor(kind: str, holder: store.Holder, permissions: frozenset[str]) -> Actor:
    return Actor(
        kind,
        holder.name,
        user_id=holder.user_id,
        permissions=permissions,
        team_ids=tuple(holder.team_ids),
        all_accounts=holder.all_accounts,
    )


# Keys ---------------------------------------------------------------------------------------------


async def create_key(tx: Tx, draft: KeyDraft, *, user_id: int | None = None) -> NewKey:
    """Make an API key for oneself, or, as an administrator, for somebody else; it is told this once.

    Its scopes are permissions that its owner has; what the owner loses, the key loses too. A key
    makes no keys.
    """
    owner = await _key_owner(tx, user_id)
    permissions = await store.permissions_of_user(tx, owner.id)
    problems = [
        Problem("scope_unknown", f"There is no permission “{scope}”; choose from the list.", _scope_at(draft, scope))
        for scope in unknown_permissions(draft.scopes)
    ]
    known = set(draft.scopes) - set(unknown_permissions(draft.scopes))
    problems += [
        Problem("scope_wide", f"{owner.login} does not have {scope}; leave it out.", _scope_at(draft, scope))
        for scope in sorted(known - granted(permissions, frozenset(known)))
    ]
    if draft.expires_at is not None and draft.expires_at <= tx.now:
        problems.append(Problem("expiry_past", "The key would have ended already; give a later time.", "/expires_at"))
    refuse_if_any(problems)

    key = passwords.new_token(passwords.KEY_PREFIX)
    key_id = await store.insert_key(
        tx,
        user_id=owner.id,
        name=draft.name,
        key_hash=passwords.token_hash(key),
        hint=key[:12],
        scopes=sorted(known),
        expires_at=draft.expires_at,
    )
    subject = Subject("user", owner.id, owner.login)
    tx.emit(KeyCreated(subject, key_id=key_id, name=draft.name, scopes=tuple(sorted(known))))
    return NewKey(key_id, key)


def _scope_at(draft: KeyDraft, scope: str) -> str:
    return f"/scopes/{draft.scopes.index(scope)}"


async def _key_owner(tx: Tx, user_id: int | None) -> people.User:
    if tx.actor.kind == "key":
        raise Forbidden([Problem("key_makes_keys", "A key cannot make keys; log in as its owner.")])
    wanted = user_id if user_id is not None else tx.actor.user_id
    if wanted is None:
        refuse("owner_missing", "Say whose key it is to be.", "/user_id")
    return await _own_or_admin(tx, wanted)


async def revoke_key(tx: Tx, key_id: int) -> bool:
    """End an API key: one's own, or anybody's for an administrator. False where it had ended."""
    owner = await store.owner_of_key(tx, key_id)
    if owner is None or (tx.actor.user_id != owner[0] and not tx.actor.may("admin")):
        raise NotFound([Problem("key_unknown", "There is no such key of yours.")])
    ended = await store.revoke_key(tx, key_id)
    if ended:
        tx.emit(KeyRevoked(Subject("user", owner[0], owner[1]), key_id=key_id, name=owner[2]))
    return ended


# Passwords and links ------------------------------------------------------------------------------


async def set_password(
    tx: Tx, user_id: int, password: str, *, current: str | None = None, kept_session_id: int | None = None
) -> None:
    """Give a user a new password and end their sessions, but for `kept_session_id`.

    For oneself the current password is needed; an administrator sets another user's without.
    """
    user = await _own_or_admin(tx, user_id)
    own = tx.actor.user_id == user_id
    if own and (current is None or not await passwords.password_fits(current, user.password_hash)):
        refuse("password_wrong", "This is not your current password; type it again.", "/current")
    await _take_password(tx, user, password, kept_session_id=kept_session_id)


async def _take_password(tx: Tx, user: people.User, password: str, *, kept_session_id: int | None) -> None:
    weak = passwords.password_problem(password, login=user.login, pointer="/password")
    refuse_if_any([weak] if weak else [])
    await people.set_password_hash(tx, user.id, await passwords.hash_password(password))
    await store.revoke_sessions(tx, user.id, but=kept_session_id)
    await store.end_links(tx, user.id, [CODE_LINK, PASSWORD_LINK])
    tx.emit(PasswordChanged(Subject("user", user.id, user.login)))


async def create_link(tx: Tx, draft: LinkDraft) -> str:
    """Make a one-time link; return its token, which is told this once. The caller has checked who may."""
    token = passwords.new_token(passwords.LINK_PREFIX)
    subject = draft.subject
    await store.insert_link(
        tx,
        {
            "purpose": draft.purpose,
            "user_id": draft.user_id,
            "subject_kind": subject.kind if subject else None,
            "subject_id": subject.id if subject else None,
            "subject_label": subject.label if subject else None,
            "account_id": subject.account_id if subject else None,
            "params": dict(draft.params),
        },
        token_hash=passwords.token_hash(token),
        lifetime=draft.lifetime,
    )
    return token


async def use_link(tx: Tx, token: str, purpose: str) -> store.Link:
    """Use a one-time link up; refused (404) where it is unknown, over, used before, or for something else."""
    link = await store.use_link(tx, passwords.token_hash(token), purpose)
    if link is None:
        message = "This link does not work, or does not work any more; ask for a new one."
        raise NotFound([Problem("link_over", message)])
    return link


async def admit_asking(tx: Tx, login: str, *, address: str | None) -> bool:
    """Whether somebody at this address may have a password link sent for what was typed; asking too often is refused.

    Counted apart from log-ins, so that nobody locks out another by asking.
    """
    return await store.count_attempt(
        tx,
        address_hash=passwords.typed_hash(f"asking {address or ''}"),
        login_hash=passwords.typed_hash(f"asking {login}"),
    )


async def set_password_by_link(tx: Tx, token: str, password: str) -> None:
    """Let the user that a `password` link was made for set a new password. A refused password leaves the link good."""
    link = await use_link(tx, token, PASSWORD_LINK)
    assert link.user_id is not None
    (user,) = await people.lock_users(tx, [link.user_id])
    await _take_password(tx, user, password, kept_session_id=None)


async def forget_old(tx: Tx, *, limit: int = 1000) -> int:
    """Delete sessions, links and counts of attempts that ended a month ago, at most `limit` of each; return how many.

    Call it again while it returns something.
    """
    return await store.forget_old(tx, keep=KEPT_AFTER_END, limit=limit)
