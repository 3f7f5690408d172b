"""The application on a fresh database, and browsers and programs that speak to it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings


@pytest.fixture
def app(database: Database, house: House) -> Litestar:
    return create_app(database, house, WebSettings(live_beat_seconds=0.2))


@pytest.fixture
async def anybody(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not logged in."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk") as client:
        yield client


@pytest.fixture
async def as_role(app: Litestar, database: Database):
    """Makes a user with a role, and gives a client that sends their API key."""
    clients = []

    async def make(role: str) -> httpx.AsyncClient:
        key = f"key-of-{role}"
        async with transaction(database, SYSTEM) as tx:
            user = await tx.value(
                "INSERT INTO parties.user (login, name) VALUES (%(login)s, %(name)s) RETURNING id",
                {"login": f"{role}@example.com", "name": role},
            )
            await tx.execute(
                "INSERT INTO parties.user_role SELECT %(user)s, id FROM parties.role WHERE code = %(role)s",
                {"user": user, "role": role},
            )
            await tx.execute(
                "INSERT INTO parties.api_key (user_id, name, key_hash, hint, scopes)"
                " VALUES (%(user)s, 'test', %(hash)s, 'test', '{*}')",
                {"user": user, "hash": hashlib.sha256(key.encode()).digest()},
            )
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url="http://desk",
            headers={"authorization": f"Bearer {key}"},
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()
