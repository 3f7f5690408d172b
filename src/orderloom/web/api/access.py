"""The API of who may do what: keys and sessions of one's own, and for administrators users, teams and roles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.messages.commands import send_password_link
from orderloom.parties.commands.access import LINK_LIFETIME, create_key, revoke_key, revoke_sessions
from orderloom.parties.commands.people import create_users, update_user
from orderloom.parties.commands.second_factor import (
    Enrolment,
    SecondFactor,
    begin_second_factor,
    confirm_second_factor,
    end_second_factor,
    read_second_factor,
)
from orderloom.parties.passwords import LONGEST
from orderloom.parties.reads import people as reads
from orderloom.parties.types import KeyDraft, NewKey, UserDraft, UserEdit
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Search
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.preconditions import seen_version
from orderloom.web.problems import not_there
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("api", "/api")


# Keys -----------------------------------------------------------------------------------------------------------------


@routes.get("/keys", permission=SIGNED_IN, returns=(Rows, reads.KeyRow))
async def list_own_keys(call: Call) -> Rows:
    """Your API keys, the newest first; what a key is, is told only when it is made."""
    return Rows(await own_keys(call))


async def own_keys(call: Call) -> list[reads.KeyRow]:
    assert call.actor.user_id is not None
    return await reads.list_keys(call.tx, call.actor.user_id)


@routes.post("/keys", permission=SIGNED_IN, body=KeyDraft, returns=NewKey, status=201, told_once=True)
async def make_own_key(call: Call, body: KeyDraft) -> NewKey:
    """Make an API key for yourself with some of your permissions; it is told this once.

    A key cannot make keys: log in for this.
    """
    return await create_key(call.tx, body)


@routes.delete("/keys/{key_id:int}", permission=SIGNED_IN, status=204)
async def end_key(call: Call, key_id: int) -> None:
    """End an API key of yours, or as an administrator anybody's. Ending it again changes nothing."""
    await revoke_key(call.tx, key_id)


@routes.get("/users/{user_id:int}/keys", permission="admin", returns=(Rows, reads.KeyRow))
async def list_keys_of_user(call: Call, user_id: int) -> Rows:
    """The API keys of a user, the newest first."""
    await user_by_id(call, user_id)
    return Rows(await reads.list_keys(call.tx, user_id))


@routes.post("/users/{user_id:int}/keys", permission="admin", body=KeyDraft, returns=NewKey, status=201, told_once=True)
async def make_key_for_user(call: Call, user_id: int, body: KeyDraft) -> NewKey:
    """Make an API key for somebody else, with some of their permissions; it is told this once."""
    return await create_key(call.tx, body, user_id=user_id)


# Sessions -------------------------------------------------------------------------------------------------------------


@routes.get("/sessions", permission=SIGNED_IN, returns=(Rows, reads.SessionRow))
async def list_own_sessions(call: Call) -> Rows:
    """Where you are logged in, the last used first."""
    return Rows(await own_sessions(call))


async def own_sessions(call: Call) -> list[reads.SessionRow]:
    assert call.actor.user_id is not None
    return await reads.list_sessions(call.tx, call.actor.user_id)


@routes.delete("/sessions/{session_id:int}", permission=SIGNED_IN, status=204)
async def end_session(call: Call, session_id: int) -> None:
    """Log out somewhere else. Needs a log-in of your own, not a key, unless you are an administrator."""
    await end_own_session(call, session_id)


async def end_own_session(call: Call, session_id: int) -> None:
    if session_id not in {session.id for session in await own_sessions(call)}:
        raise not_there()
    assert call.actor.user_id is not None
    await revoke_sessions(call.tx, call.actor.user_id, session_ids=[session_id])


# The second factor ----------------------------------------------------------------------------------------------------


@routes.get("/second-factor", permission=SIGNED_IN, returns=SecondFactor)
async def show_second_factor(call: Call) -> SecondFactor:
    """Whether you are asked for a code, and how many recovery codes are left."""
    return await read_second_factor(call.tx)


@routes.post("/second-factor", permission=SIGNED_IN, returns=Enrolment, status=201, told_once=True)
async def make_second_factor(call: Call) -> Enrolment:
    """Make a secret for your authenticator. You are asked for codes only once it is confirmed."""
    return await begin_second_factor(call.tx)


@strict
@dataclass(frozen=True, slots=True)
class Confirmation:
    """The first code of an authenticator, and the password."""

    code: Annotated[str, Field(max_length=100)] = field(repr=False)
    password: Annotated[str, Field(max_length=LONGEST)] = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Codes for the day when the authenticator is lost; each counts once."""

    codes: list[str]


@routes.post("/second-factor/confirm", permission=SIGNED_IN, body=Confirmation, returns=RecoveryCodes, told_once=True)
async def turn_on_second_factor(call: Call, body: Confirmation) -> RecoveryCodes:
    """Be asked for codes from now on. Your other sessions end; the recovery codes are told this once."""
    session_id = call.visitor.session_id
    return RecoveryCodes(
        await confirm_second_factor(call.tx, code=body.code, password=body.password, session_id=session_id)
    )


@routes.post("/users/{user_id:int}/password-link", permission="admin", status=202)
async def mail_password_link(call: Call, user_id: int) -> None:
    """Send a user a link to set a password with; it works once, for three days."""
    await invite(call, await user_by_id(call, user_id))


async def invite(call: Call, user: reads.UserRow) -> None:
    if not await send_password_link(call.tx, user.login, lifetime=LINK_LIFETIME):
        refuse("user_inactive", f"{user.login} may not log in; let them in again first.")


@routes.delete("/users/{user_id:int}/second-factor", permission="admin", status=204)
async def turn_off_second_factor(call: Call, user_id: int) -> None:
    """Let a user in without a code who lost the authenticator; their sessions end."""
    await end_second_factor(call.tx, user_id)


# Users ----------------------------------------------------------------------------------------------------------------


@strict
@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users to list."""

    text: Search = ""
    team_id: Annotated[int, Field(ge=1)] | None = None
    is_active: bool | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def users_matching(call: Call, query: UserFilter) -> tuple[list[reads.UserRow], str | None]:
    place = place_of(query.cursor, str, int)
    rows = await reads.list_users(
        call.tx,
        search=query.text,
        team_id=query.team_id,
        is_active=query.is_active,
        after=(place[0], place[1]) if place else None,
        limit=min(query.limit + 1, reads.PAGE_LIMIT),
    )
    return cut(rows, min(query.limit, reads.PAGE_LIMIT - 1), lambda row: (row.name, row.id))


async def user_by_id(call: Call, user_id: int) -> reads.UserRow:
    found = await reads.list_users(call.tx, ids=[user_id])
    if not found:
        raise not_there()
    return found[0]


@routes.get("/users", permission="admin", query=UserFilter, returns=(Rows, reads.UserRow))
async def list_users(call: Call, query: UserFilter) -> Rows:
    """Users by name, with their roles, teams and skills."""
    return Rows(*await users_matching(call, query))


@routes.get("/users/{user_id:int}", permission="admin", returns=reads.UserRow)
async def read_user(call: Call, user_id: int) -> Answer:
    """One user with roles, teams and skills."""
    user = await user_by_id(call, user_id)
    return Answer(user, version=user.version)


@routes.post("/users", permission="admin", body=UserDraft, returns=reads.UserRow, status=201)
async def let_user_in(call: Call, body: UserDraft) -> Answer:
    """Let somebody in, with their roles, teams and skills."""
    [user_id] = await create_users(call.tx, [body])
    user = await user_by_id(call, user_id)
    return Answer(user, version=user.version, location=f"/api/users/{user_id}")


@routes.put("/users/{user_id:int}", permission="admin", body=UserEdit, returns=reads.UserRow, matches=True)
async def change_user(call: Call, user_id: int, body: UserEdit) -> Answer:
    """Give a user these fields as a whole; who is not active is logged out everywhere and their keys stop."""
    await update_user(call.tx, user_id, body, version=seen_version(call.if_match))
    user = await user_by_id(call, user_id)
    return Answer(user, version=user.version)


@routes.get("/teams", permission="admin", returns=(Rows, reads.TeamRow))
async def list_teams(call: Call) -> Rows:
    """Teams with members, leads and whose accounts they see."""
    return Rows(await reads.list_teams(call.tx))


@routes.get("/roles", permission="admin", returns=(Rows, reads.RoleRow))
async def list_roles(call: Call) -> Rows:
    """Roles with their permissions and how many have them."""
    return Rows(await reads.list_roles(call.tx))
