"""Settings: one's own keys and sessions, and for administrators the users and what each role may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Annotated, Any

import segno
from markupsafe import Markup
from pydantic import Field

from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import refuse
from orderloom.parties.commands.access import create_key, granted, revoke_key, set_password
from orderloom.parties.commands.people import create_users, update_user
from orderloom.parties.commands.second_factor import (
    begin_second_factor,
    begun_second_factor,
    confirm_second_factor,
    end_own_second_factor,
    end_second_factor,
    new_recovery_codes,
    read_second_factor,
)
from orderloom.parties.passwords import LONGEST
from orderloom.parties.policy import PERMISSIONS
from orderloom.parties.reads import people as reads
from orderloom.parties.types import KeyDraft, UserDraft, UserEdit
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.access import (
    UserFilter,
    end_own_session,
    invite,
    own_keys,
    own_sessions,
    user_by_id,
    users_matching,
)
from orderloom.web.call import Call
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("page")
Ticked = Annotated[Mapping[str, bool], Field(max_length=200)]


@routes.get("/settings", permission=SIGNED_IN)
async def own_settings_page(call: Call) -> Page:
    """Your API keys, and where you are logged in."""
    may = granted(call.actor.permissions, frozenset(PERMISSIONS))
    return Page(
        "settings/own.html",
        {
            "keys": await own_keys(call),
            "sessions": await own_sessions(call),
            "second_factor": await read_second_factor(call.tx) if call.visitor.session else None,
            "grantable": {name: meaning for name, meaning in PERMISSIONS.items() if name in may},
        },
    )


@strict
@dataclass(frozen=True, slots=True)
class KeyForm:
    """A key as its form sends it: a tick for each permission, and for how many days it holds."""

    name: str
    scopes: Ticked = field(default_factory=dict)
    days: Annotated[int, Field(ge=1, le=3660)] | None = None


@routes.post("/settings/keys", permission=SIGNED_IN, body=KeyForm)
async def make_key_by_form(call: Call, body: KeyForm) -> Page:
    """Make an API key and show it, this once."""
    expires_at = call.tx.now + timedelta(days=body.days) if body.days else None
    draft = parse(KeyDraft, {"name": body.name, "scopes": ticked(body.scopes), "expires_at": expires_at})
    made = await create_key(call.tx, draft)
    return Page("settings/key.html", {"made": made, "draft": draft})


@strict
@dataclass(frozen=True, slots=True)
class PasswordForm:
    """A new password, typed twice, and the one that it replaces."""

    current: Annotated[str, Field(max_length=LONGEST)] = ""
    password: Annotated[str, Field(max_length=LONGEST)] = ""
    again: Annotated[str, Field(max_length=LONGEST)] = ""


@routes.post("/settings/password", permission=SIGNED_IN, body=PasswordForm)
async def change_password_by_form(call: Call, body: PasswordForm) -> SeeOther:
    """Take a new password of one's own; every other browser is logged out."""
    user_id, session_id = call.actor.user_id, call.visitor.session_id
    if user_id is None or session_id is None:
        refuse("person_missing", "Log in with your password to change it; a key may not.")
    if body.password != body.again:
        refuse("password_differs", "The two new passwords differ; type the same one twice.", "/again")
    await set_password(call.tx, user_id, body.password, current=body.current, kept_session_id=session_id)
    return SeeOther("/settings", "Your password is changed; every other browser is logged out.")


@routes.post("/settings/second-factor/begin", permission=SIGNED_IN)
async def begin_second_factor_by_form(call: Call) -> SeeOther:
    """Make a secret for an authenticator."""
    await begin_second_factor(call.tx)
    return SeeOther("/settings/second-factor")


@routes.get("/settings/second-factor", permission=SIGNED_IN)
async def second_factor_page(call: Call) -> Page | SeeOther:
    """Show the secret to the authenticator, and ask for the first code."""
    begun = await begun_second_factor(call.tx)
    if begun is None:
        return SeeOther("/settings")
    picture = segno.make(begun.address, error="m").svg_inline(border=4, scale=5, dark="#000", light="#fff")
    return Page("settings/second_factor.html", {"begun": begun, "picture": Markup(picture)})


@strict
@dataclass(frozen=True, slots=True)
class FirstCode:
    """The first code of an authenticator, and the password."""

    code: Annotated[str, Field(max_length=100)] = ""
    password: Annotated[str, Field(max_length=LONGEST)] = field(default="", repr=False)


@routes.post("/settings/second-factor", permission=SIGNED_IN, body=FirstCode)
async def confirm_second_factor_by_form(call: Call, body: FirstCode) -> Page:
    """Ask for codes from now on, and show the recovery codes, this once."""
    codes = await confirm_second_factor(
        call.tx, code=body.code, password=body.password, session_id=call.visitor.session_id
    )
    return Page("settings/recovery_codes.html", {"codes": codes})


@strict
@dataclass(frozen=True, slots=True)
class AnyCode:
    """A code of the authenticator."""

    code: Annotated[str, Field(max_length=100)] = ""


@routes.post("/settings/second-factor/codes", permission=SIGNED_IN, body=AnyCode)
async def make_recovery_codes_by_form(call: Call, body: AnyCode) -> Page:
    """Make recovery codes in place of those before, and show them, this once."""
    return Page("settings/recovery_codes.html", {"codes": await new_recovery_codes(call.tx, code=body.code)})


@strict
@dataclass(frozen=True, slots=True)
class PasswordTyped:
    """The password once more."""

    password: Annotated[str, Field(max_length=LONGEST)] = field(default="", repr=False)


@routes.post("/settings/second-factor/end", permission=SIGNED_IN, body=PasswordTyped)
async def end_second_factor_by_form(call: Call, body: PasswordTyped) -> SeeOther:
    """Ask for no more codes."""
    await end_own_second_factor(call.tx, password=body.password)
    return SeeOther("/settings", "You log in with your password alone now.")


def ticked(boxes: Mapping[str, bool]) -> list[str]:
    return sorted(name for name, is_ticked in boxes.items() if is_ticked)


@routes.post("/settings/keys/{key_id:int}/revoke", permission=SIGNED_IN)
async def revoke_key_by_form(call: Call, key_id: int) -> SeeOther:
    """End an API key."""
    await revoke_key(call.tx, key_id)
    return SeeOther("/settings", "The key is revoked; whoever uses it is refused from now on.")


@routes.post("/settings/sessions/{session_id:int}/end", permission=SIGNED_IN)
async def end_session_by_form(call: Call, session_id: int) -> SeeOther:
    """Log out somewhere else."""
    await end_own_session(call, session_id)
    return SeeOther("/settings", "That browser is logged out.")


# Users ----------------------------------------------------------------------------------------------------------------


@routes.get("/settings/users", permission="admin", query=UserFilter)
async def users_page(call: Call, query: UserFilter) -> Page:
    """Who may log in, with roles and teams."""
    rows, following = await users_matching(call, query)
    return Page("settings/users.html", {"rows": rows, "query": query, "next": following})


@routes.get("/settings/users/new", permission="admin")
async def new_user_page(call: Call) -> Page:
    """Ask for a new user."""
    return Page("settings/user.html", {"user": None, **await choices(call)})


@routes.get("/settings/users/{user_id:int}", permission="admin")
async def user_page(call: Call, user_id: int) -> Page:
    """One user: roles and teams."""
    return Page("settings/user.html", {"user": await user_by_id(call, user_id), **await choices(call)})


async def choices(call: Call) -> dict[str, Any]:
    return {
        "roles": await reads.list_roles(call.tx),
        "teams": [team for team in await reads.list_teams(call.tx) if team.is_active],
    }


@strict
@dataclass(frozen=True, slots=True)
class UserForm:
    """A user as the form sends it: ticks for roles and teams."""

    name: str
    login: str = ""
    password: str = field(default="", repr=False)
    roles: Ticked = field(default_factory=dict)
    teams: Ticked = field(default_factory=dict)
    version: int | None = None


@routes.post("/settings/users", permission="admin", body=UserForm)
async def create_user_by_form(call: Call, body: UserForm) -> SeeOther:
    """Let somebody in."""
    wish = {"name": body.name, "login": body.login, "password": body.password or None}
    draft = parse(UserDraft, {**wish, "roles": ticked(body.roles), "teams": ticked(body.teams)})
    await create_users(call.tx, [draft])
    return SeeOther("/settings/users", f"{draft.name} may log in now.")


@routes.post("/settings/users/{user_id:int}", permission="admin", body=UserForm)
async def change_user_by_form(call: Call, user_id: int, body: UserForm) -> SeeOther:
    """Give a user this name, these roles and these teams."""
    edit = edit_of(await user_by_id(call, user_id), name=body.name, roles=ticked(body.roles), teams=ticked(body.teams))
    await update_user(call.tx, user_id, edit, version=body.version)
    return SeeOther("/settings/users", f"{edit.name} is changed; it holds from the next click.")


@strict
@dataclass(frozen=True, slots=True)
class Activity:
    """Whether a user may log in."""

    is_active: bool


@routes.post("/settings/users/{user_id:int}/activity", permission="admin", body=Activity)
async def switch_user_by_form(call: Call, user_id: int, body: Activity) -> SeeOther:
    """Shut a user out, or let them in again."""
    edit = edit_of(await user_by_id(call, user_id), is_active=body.is_active)
    await update_user(call.tx, user_id, edit)
    said = "may log in again." if body.is_active else "is logged out everywhere, and their keys do not hold any more."
    return SeeOther("/settings/users", f"{edit.name} {said}")


@routes.post("/settings/users/{user_id:int}/password-link", permission="admin")
async def send_password_link_by_form(call: Call, user_id: int) -> SeeOther:
    """Send a user a link to set a password with."""
    user = await user_by_id(call, user_id)
    await invite(call, user)
    return SeeOther(f"/settings/users/{user_id}", f"A link goes to {user.login}; it works once, for three days.")


@routes.post("/settings/users/{user_id:int}/second-factor/end", permission="admin")
async def end_second_factor_of_user(call: Call, user_id: int) -> SeeOther:
    """Let a user in without a code who lost the authenticator."""
    await end_second_factor(call.tx, user_id)
    return SeeOther(f"/settings/users/{user_id}", "They log in with their password alone, until they set one up again.")


def edit_of(user: reads.UserRow, **changes: object) -> UserEdit:
    """The user as they are, with these changes."""
    names = ("name", "is_active", "time_zone", "locale", "roles", "teams", "skills")
    return parse(UserEdit, {**{name: asdict(user)[name] for name in names}, **changes})


@routes.get("/settings/roles", permission="admin")
async def roles_page(call: Call) -> Page:
    """What each role may do."""
    return Page("settings/roles.html", {"roles": await reads.list_roles(call.tx), "permissions": PERMISSIONS})
