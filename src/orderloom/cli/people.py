"""The verb `user`: lets a person in where nobody, or no page, is at hand to do so."""

from __future__ import annotations

import argparse
import asyncio
import sys
from getpass import getpass

from orderloom.base.migrate import migrate
from orderloom.base.parsing import parse
from orderloom.base.refusals import refuse
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.settings import database_url, read_settings
from orderloom.house import build_house
from orderloom.parties.commands import create_users, end_second_factor
from orderloom.parties.reads import list_roles, list_users, resolve_users
from orderloom.parties.types import UserDraft


def user(chosen: argparse.Namespace) -> int:
    """Add a user, or let one in without a code; the password is asked for, or is the first line of standard input."""
    return _end_second_factor(chosen.login) if chosen.what == "end-second-factor" else _let_in(chosen)


def _end_second_factor(login: str) -> int:
    with database_url(read_settings()) as url:
        migrate(url)
        asyncio.run(_forget_factor(url, login))
    print(f"{login} logs in with the password alone now, until they set up a second factor again.")
    return 0


async def _forget_factor(url: str, login: str) -> None:
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        found = (await resolve_users(tx, [login])).get(login.lower())
        if found is None:
            refuse("user_unknown", f"There is no user {login}; check the spelling.")
        await end_second_factor(tx, found.id)


def _let_in(chosen: argparse.Namespace) -> int:
    if not chosen.name:
        refuse("name_missing", "Say how they are called with --name.", "--name")
    with database_url(read_settings()) as url:
        migrate(url)
        roles = asyncio.run(_roles(url, chosen.role or []))
        draft = {
            "login": chosen.login,
            "name": chosen.name,
            "roles": roles,
            "teams": chosen.team or [],
            "password": _password(),
        }
        asyncio.run(_add(url, parse(UserDraft, draft)))
    print(f"{chosen.login} may log in now, as {', '.join(roles)}.")
    return 0


async def _roles(url: str, wished: list[str]) -> list[str]:
    """The roles that were named; without any, the first user of all is an administrator."""
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        if wished:
            return wished
        if not await list_users(tx, limit=1):
            return ["admin"]
        known = ", ".join(sorted(role.code for role in await list_roles(tx)))
    refuse("role_missing", f"Name at least one role with --role: {known}.", "--role")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass("Password (at least ten characters): ")
    if getpass("Once more: ") != typed:
        refuse("password_differs", "The two passwords differ; start again.")
    return typed


async def _add(url: str, draft: UserDraft) -> None:
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        await create_users(tx, [draft])
