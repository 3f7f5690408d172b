"""A house of the gateway alone, the partner simulator, and an inbox that it can call back; all real HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest
import uvicorn

from orderloom.base.events import Event, type_name
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.gateway import events
from orderloom.gateway.inbox import receive
from orderloom.gateway.reactions import SUBJECTS, SUBSCRIBERS
from orderloom.partner_simulator.app import Simulator
from orderloom.partner_simulator.behaviour import Behaviour, Rule
from orderloom.partner_simulator.messenger import Messenger

from . import given


@pytest.fixture(scope="session")
def house() -> House:
    declared = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]
    return House(
        subjects=MappingProxyType(SUBJECTS),
        subscribers=MappingProxyType(SUBSCRIBERS),
        events=MappingProxyType({type_name(kind): kind for kind in declared if kind is not Event}),
    )


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """Serve an ASGI application on a free port; yields its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
        await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@dataclass
class Partners:
    """The running simulator, seen from a test."""

    url: str
    simulator: Simulator

    def endpoint(self, code: str = "SQ") -> str:
        return f"{self.url}/{code}"

    def behave(self, *rules: tuple[str, dict[str, Any]] | Rule, seed: int = 1) -> None:
        """Set rules: an operation (or `*`) and what is different there; `times` among it limits a rule."""
        made = []
        for rule in rules:
            if isinstance(rule, Rule):
                made.append(rule)
            else:
                operation, manner = rule
                made.append(Rule(manner=dict(manner), operation=operation, times=manner.pop("times", 0)))
        made = [
            Rule({k: v for k, v in r.manner.items() if k != "times"}, r.partner, r.operation, r.times) for r in made
        ]
        self.simulator.behaviour = Behaviour(rules=tuple(made), seed=seed, pace=0)
        self.simulator.used.clear()

    def effect_counts(self) -> dict[str, int]:
        return {key: effect.count for (_, key), effect in self.simulator.effects.items()}

    def request_counts(self) -> dict[str, int]:
        return {key: effect.requests for (_, key), effect in self.simulator.effects.items()}


@pytest.fixture
async def partners() -> AsyncIterator[Partners]:
    """The simulator without a way back."""
    async with simulator_for("") as running:
        yield running


@asynccontextmanager
async def simulator_for(callback: str) -> AsyncIterator[Partners]:
    simulator = Simulator(Messenger(callback), given.MASTER, time.time, Behaviour(pace=0))
    async with served(simulator) as url:
        yield Partners(url, simulator)


def inbox_of(database: Database) -> Callable[..., Any]:
    """The route for messages, as the web has it, and nothing else."""

    async def app(scope: Any, receive_event: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive_event()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        async with transaction(database, SYSTEM) as tx:
            receipt = await receive(tx, scope["path"].split("/")[3], headers, body)
        await send({"type": "http.response.start", "status": receipt.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return app
