"""The whole program on the small world: web, worker and partners speak real HTTP, and the clock moves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from orderloom.base.clock import move_clock
from orderloom.base.jobs import run_jobs
from orderloom.base.parsing import parse
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_world import load_world
from orderloom.cli.verify import check
from orderloom.fulfilment.commands import PlacedOrder, place_orders, watch_forecasts
from orderloom.gateway.addresses import LOCAL
from orderloom.gateway.sending import Sender
from orderloom.gateway.signatures import signed_headers
from orderloom.gateway.wire import Wire
from orderloom.orders.types import OrderDraft
from orderloom.parties.commands import create_key
from orderloom.parties.types import KeyDraft
from orderloom.partner_simulator.app import Simulator
from orderloom.partner_simulator.behaviour import Behaviour, Manner, Rule
from orderloom.partner_simulator.messenger import Messenger
from orderloom.partner_simulator.world import partner_secrets
from orderloom.processes.worker import StepWorker, sweep
from orderloom.web.app import create_app
from orderloom.web.settings import WebSettings
from orderloom.worker.loops import bill_due

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
    sent: int = 0
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def as_user(self, name: str = "ada") -> httpx.AsyncClient:
        """A program with the API key of one of the people of the small world; Ada may do everything."""
        if name not in self._clients:
            login = f"{name}@tessellane.example"
            async with transaction(self.database, SYSTEM) as tx:
                [(user_id, permissions)] = await tx.all(
                    """
                    SELECT person.id, array_agg(DISTINCT permission)
                      FROM parties.user AS person
                      JOIN parties.user_role ON user_role.user_id = person.id
                      JOIN parties.role ON role.id = user_role.role_id
                CROSS JOIN unnest(role.permissions) AS permission
                     WHERE person.login = %(login)s
                     GROUP BY person.id
                    """,
                    {"login": login},
                )
            async with transaction(self.database, replace(SYSTEM, kind="user", user_id=user_id)) as tx:
                made = await create_key(tx, KeyDraft("story", scopes=tuple(permissions)))
            client = httpx.AsyncClient(
                base_url=self.web, headers={"authorization": f"Bearer {made.key}"}, trust_env=False, timeout=60
            )
            self._clients[name] = await self.stack.enter_async_context(client)
        return self._clients[name]

    async def get(self, path: str, *, who: str = "ada", **query: Any) -> Any:
        """Read something over the API."""
        answer = await (await self.as_user(who)).get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, *, who: str = "ada", then_work: bool = True) -> Any:
        """Do something over the API, and let the program and its partners do what follows from it."""
        answer = await (await self.as_user(who)).post(path, json=body if body is not None else {})
        assert 200 <= answer.status_code < 300, answer.text
        if then_work:
            await self.work()
        return answer.json() if answer.content else None

    async def refused(self, path: str, body: Any = None, *, who: str = "ada", status: int = 422) -> list[str]:
        """Try something over the API that is refused; the codes of the problems."""
        answer = await (await self.as_user(who)).post(path, json=body if body is not None else {})
        assert answer.status_code == status, answer.text
        problems = answer.json()["problems"]
        assert all(problem["message"].endswith(".") for problem in problems), problems
        return [problem["code"] for problem in problems]

    async def order(self, name: str, *, who: str = "ada", **changes: Any) -> PlacedOrder:
        """Place a demo order over the API, with header fields changed; partners and steps stand still."""
        body = json.loads((ORDERS / f"{name}.json").read_text()) | changes
        answer = await (await self.as_user(who)).post("/api/orders", json=body)
        assert answer.status_code == 201, answer.text
        placed = answer.json()
        return PlacedOrder(placed["id"], placed["number"], placed["state"], placed["process_id"], hold=placed["hold"])

    async def place(self, *files: str, **changes: Any) -> list[PlacedOrder]:
        """Place demo orders, with header fields changed."""
        drafts = [parse(OrderDraft, json.loads((ORDERS / f"{name}.json").read_text()) | changes) for name in files]
        async with transaction(self.database, SYSTEM) as tx:
            return await place_orders(tx, drafts)

    def partners(self, *rules: Rule) -> None:
        """Have partners behave differently."""
        at_once = Manner(delay_seconds=(0, 0), event_seconds=(0, 0))
        self.simulator.behaviour = Behaviour(rules=rules, defaults=at_once, seed=1)
        self.simulator.used.clear()

    def silence(self, *partners: str) -> tuple[Rule, ...]:
        """Rules by which these partners take note of what they are to tell, and tell nothing."""
        return tuple(Rule({"event_seconds": [3600, 3600]}, partner=partner, operation="expect") for partner in partners)

    async def tell(self, order: PlacedOrder, title: str, *, settle: bool = True, **outputs: Any) -> httpx.Response:
        """Have a partner tell that a step's event has happened."""
        step = await self.step(order, title)
        answer = await self.send(step["partner"], f"{order.process_id}:{step['number']}", outputs)
        if settle:
            await self.work()
        return answer

    async def send(
        self,
        partner: str,
        correlation: str,
        outputs: Any,
        *,
        message_id: str | None = None,
        signed_by: str | None = None,
        timestamp: float | None = None,
    ) -> httpx.Response:
        """Send a message to our inbox as a partner would, or as somebody would who wants us to believe that."""
        self.sent += 1
        body = json.dumps({"type": "told", "correlation": correlation, "outputs": outputs}).encode()
        headers = signed_headers(
            [partner_secrets(self.master, signed_by or partner).incoming],
            message_id=message_id or f"story-{self.sent}",
            timestamp=int(timestamp if timestamp is not None else time.time()),
            body=body,
        )
        async with httpx.AsyncClient(trust_env=False) as http:
            return await http.post(f"{self.web}/api/gateway/{partner}/messages", content=body, headers=headers)

    async def now(self) -> datetime:
        """What the business clock says."""
        async with transaction(self.database, SYSTEM) as tx:
            return tx.now

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

    async def clockwork(self) -> None:
        """What a worker does by the clock: look at forecasts, charge what recurs."""
        async with transaction(self.database, SYSTEM) as tx:
            await watch_forecasts(tx)
        while await bill_due(self.database):
            pass
        await self.work()

    async def do_tasks(self, order: PlacedOrder, *, who: str = "ada") -> list[str]:
        """Have somebody start and complete what stands in the task lists for this order, over the API."""
        query = {"view": "all", "subject_kind": "order", "subject_id": order.id}
        listed = (await self.get("/api/tasks", who=who, **query))["items"]
        tasks = [task for task in listed if not task["held"]]
        for task in tasks:
            path = f"/api/tasks/{task['process_id']}/{task['number']}"
            if task["state"] == "ready":
                await self.post(f"{path}/start", who=who, then_work=False)
            await self.post(f"{path}/complete", {"outputs": {}}, who=who, then_work=False)
        await self.work()
        return [task["title"] for task in tasks]

    async def steps(self, order: PlacedOrder) -> dict[str, str]:
        """Titles and states of an order's steps."""
        return dict(
            await self.ask("SELECT title, state FROM processes.step WHERE process_id = %(id)s", id=order.process_id)
        )

    async def step(self, order: PlacedOrder, title: str) -> dict[str, Any]:
        """A step of an order's plan by the beginning of its title, as the API shows it; the latest of several."""
        plan = await self.get(f"/api/orders/{order.number}/plan")
        found: list[dict[str, Any]] = [step for step in plan["steps"] if step["title"].startswith(title)]
        assert found, [step["title"] for step in plan["steps"]]
        return found[-1]

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
        yield Story(database, simulator, sender, worker, web, stack=stack)
