"""The whole program on the small world: web, worker and partners speak real HTTP, and the clock moves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from orderloom.base.clock import move_clock
from orderloom.base.jobs import run_jobs
from orderloom.base.parsing import parse
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_world import load_world
from orderloom.cli.verify import check
from orderloom.fulfilment.commands import PlacedOrder, place_orders
from orderloom.gateway.addresses import LOCAL
from orderloom.gateway.sending import Sender
from orderloom.gateway.wire import Wire
from orderloom.orders.types import OrderDraft
from orderloom.partner_simulator.app import Simulator
from orderloom.partner_simulator.behaviour import Behaviour, Manner, Rule
from orderloom.partner_simulator.messenger import Messenger
from orderloom.processes.commands import complete_steps, start_steps
from orderloom.processes.types import Completion, StepId
from orderloom.processes.worker import StepWorker, sweep
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings

ORDERS = Path(__file__).parent.parent.parent / "demo" / "orders"
MASTER = "story"


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
class Story:
    """A running program and its partners, seen from a test."""

    database: Database
    simulator: Simulator
    sender: Sender
    worker: StepWorker
    web: str
    master: str = MASTER
    settled_seconds: float = 0.3
    _quiet_since: float = field(default=0.0)

    async def place(self, *files: str, **changes: Any) -> list[PlacedOrder]:
        """Place demo orders, with header fields changed."""
        drafts = [parse(OrderDraft, json.loads((ORDERS / f"{name}.json").read_text()) | changes) for name in files]
        async with transaction(self.database, SYSTEM) as tx:
            return await place_orders(tx, drafts)

    def partners(self, *rules: Rule) -> None:
        """Have partners behave differently."""
        at_once = Manner(delay_seconds=(0, 0), event_seconds=(0, 0))
        self.simulator.behaviour = Behaviour(rules=rules, defaults=at_once, seed=1, pace=0)

    async def work(self) -> None:
        """Do whatever can be done now: jobs, steps, calls and what comes back, until nothing moves."""
        still = 0
        while still < 3:
            did = await run_jobs(self.database)
            did += await self.worker.turn()
            did += await self.sender.turn()
            did += await sweep(self.database)
            if did or self.sender_is_busy():
                still = 0
            else:
                still += 1
                await asyncio.sleep(0.05)

    def sender_is_busy(self) -> bool:
        return bool(getattr(self.sender, "_sending", None))

    async def move(self, **by: float) -> None:
        """Let time pass, and do what falls due."""
        async with transaction(self.database, SYSTEM) as tx:
            await move_clock(tx, timedelta(**by))
        await self.work()

    async def do_tasks(self, order: PlacedOrder, **outputs: Any) -> list[str]:
        """Have people start and complete whatever stands in their lists for this order."""
        async with transaction(self.database, SYSTEM) as tx:
            rows = await tx.all(
                """
                SELECT process_id, number, title
                  FROM processes.step
                 WHERE process_id = %(id)s AND mode = 'person' AND state IN ('ready', 'running')
                """,
                {"id": order.process_id},
            )
            ids = [StepId(row[0], row[1]) for row in rows]
            if ids:
                await start_steps(tx, ids)
                await complete_steps(tx, [Completion(*id_, outputs) for id_ in ids])
        await self.work()
        return [row[2] for row in rows]

    async def steps(self, order: PlacedOrder) -> dict[str, str]:
        """Titles and states of an order's steps."""
        return dict(
            await self.ask("SELECT title, state FROM processes.step WHERE process_id = %(id)s", id=order.process_id)
        )

    async def ask(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        async with transaction(self.database, SYSTEM) as tx:
            return await tx.all(sql, params)  # type: ignore[arg-type]

    async def do(self, what: Callable[[Tx], Any]) -> Any:
        async with transaction(self.database, SYSTEM) as tx:
            result = await what(tx)
        await self.work()
        return result

    async def finish(self, *orders: PlacedOrder, days: int = 40) -> None:
        """Let people, partners and time do their part until the orders have ended."""
        for _ in range(days * 2):
            await self.work()
            for order in orders:
                await self.do_tasks(order)
            states = await self.states(orders)
            if all(state in ("completed", "partial", "failed", "cancelled") for state in states):
                return
            await self.move(hours=12)

    async def states(self, orders: Sequence[PlacedOrder]) -> list[str]:
        rows = await self.ask(
            "SELECT state FROM orders.sales_order WHERE id = ANY(%(ids)s) ORDER BY id", ids=[o.id for o in orders]
        )
        return [row[0] for row in rows]

    def verify(self) -> None:
        """Every invariant of every room holds."""
        broken = [(f.room, f.name, f.broken) for f in check(self.database.url) if f.broken]
        assert broken == []


@pytest.fixture
async def story(database_url: str, house: House) -> AsyncIterator[Story]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(database_url, house, size=12))
        app = create_app(database, house, WebSettings())
        web = await stack.enter_async_context(served(app))
        at_once = Manner(delay_seconds=(0, 0), event_seconds=(0, 0))
        messenger = Messenger(web)
        simulator = Simulator(messenger, MASTER, time.time, Behaviour(defaults=at_once, seed=1, pace=0))
        partners = await stack.enter_async_context(served(simulator))
        async with transaction(database, SYSTEM) as tx:
            await load_world(tx, partners_url=partners, master=MASTER)
        wire = await stack.enter_async_context(Wire(allowed=LOCAL))
        sender = await stack.enter_async_context(Sender(database, wire, "story"))
        worker = StepWorker(database, "story")
        stack.push_async_callback(worker.stop)
        yield Story(database, simulator, sender, worker, web)
