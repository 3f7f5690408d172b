"""The application on a fresh database, and people and programs that speak to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.parties.commands.access import create_key
from orderloom.parties.commands.people import create_users
from orderloom.parties.types import KeyDraft, UserDraft
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings

PASSWORD = "looms weave orders"
MakeClient = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def app(database: Database, house: House) -> Litestar:
    return create_app(database, house, WebSettings(live_beat_seconds=0.2, live_poll_seconds=0.1))


def client_of(app: Litestar, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk", headers=headers)


@pytest.fixture
async def anybody(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not logged in."""
    async with client_of(app) as client:
        yield client


async def user_with_role(database: Database, role: str) -> int:
    async with transaction(database, SYSTEM) as tx:
        login = f"{role}@example.com"
        known = await tx.value("SELECT id FROM parties.user WHERE login = %(login)s", {"login": login})
        if known:
            return int(known)
        [user_id] = await create_users(tx, [UserDraft(role, login=login, password=PASSWORD, roles=(role,))])
        return user_id


@pytest.fixture
async def as_role(app: Litestar, database: Database) -> AsyncIterator[MakeClient]:
    """Gives a program with the API key of a user who has this role."""
    clients = []

    async def make(role: str) -> httpx.AsyncClient:
        user_id = await user_with_role(database, role)
        async with transaction(database, replace(SYSTEM, kind="user", user_id=user_id)) as tx:
            made = await create_key(
                tx, KeyDraft("test", scopes=("*",) if role == "admin" else await scopes_of(tx, role))
            )
        clients.append(client_of(app, authorization=f"Bearer {made.key}"))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


async def scopes_of(tx, role):
    return tuple(await tx.value("SELECT permissions FROM parties.role WHERE code = %(role)s", {"role": role}))


@pytest.fixture
async def browser_of(app: Litestar, database: Database) -> AsyncIterator[MakeClient]:
    """Gives a browser in which a user with this role has logged in."""
    clients = []

    async def make(role: str) -> httpx.AsyncClient:
        await user_with_role(database, role)
        client = client_of(app, accept="text/html")
        answer = await client.post("/log-in", data={"login": f"{role}@example.com", "password": PASSWORD})
        assert answer.status_code == 303
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()
