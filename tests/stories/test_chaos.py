"""Workers are killed at random moments while partners misbehave: nothing is lost, nothing is done or charged twice.

Everything runs as it does in production: workers, the web entrance and the partners are processes of
their own and speak HTTP. The test plays the people, moves the clock, and kills.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from orderloom.base.clock import move_clock
from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_orders import order_stream
from orderloom.cli.demo_world import load_world, stream_customers
from orderloom.cli.verify import check
from orderloom.fulfilment.commands import place_orders
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import complete_steps, retry_steps, start_steps
from orderloom.processes.types import Completion, StepId

ORDERS = Path(__file__).parent.parent.parent / "demo" / "orders"
MASTER = "chaos"
LEASE_SECONDS = 2.0
OPEN = "('draft', 'submitted', 'in_progress', 'pending', 'held', 'assessing_cancellation', 'cancelling')"
TROUBLE = {
    "delay_seconds": [0, 0.02],
    "event_seconds": [0, 0.5],
    "error": 0.06,
    "refuse": 0.01,
    "nonsense": 0.03,
    "silence": 0.02,
    "hang_up": 0.03,
    "late": 0.01,
    "duplicate": 0.3,
    "early": 0.2,
    "silence_seconds": 1.5,
    "late_seconds": 1.2,
}


@dataclass(frozen=True)
class Running:
    """A process and where it writes its log."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def is_working(self) -> bool:
        """Whether a worker has come so far as to take work."""
        return "worker started" in self.log.read_text()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Chaos:
    """The processes, and the hands and eyes of the test."""

    database: Database
    environment: Mapping[str, str]
    logs: Path
    partners: int
    chance: random.Random
    workers: list[Running] = field(default_factory=list)
    deaths: int = 0

    def start_worker(self) -> Running:
        log = self.logs / f"worker-{len(self.workers)}-{self.deaths}.log"
        return started(["orderloom.cli", "worker"], self.environment, log)

    def kill_one(self) -> None:
        """Kill a worker in the middle of whatever it does, and start another; those that only begin are spared."""
        victims = [place for place, worker in enumerate(self.workers) if worker.is_working]
        if victims:
            place = self.chance.choice(victims)
            self.workers[place].kill()
            self.deaths += 1
            self.workers[place] = self.start_worker()

    async def place(self, count: int) -> None:
        """Orders of every kind, twenty in a transaction."""
        files = sorted(ORDERS.glob("*.json"))
        stream = order_stream(stream_customers(), until=datetime(2026, 11, 20, 9, tzinfo=UTC), count=300)
        drafts = [parse(OrderDraft, json.loads(file.read_text())) for file in files]
        while len(drafts) < count:
            number = len(drafts)
            draft = stream[number % len(stream)].draft
            drafts.append(parse(OrderDraft, json.loads(files[number % 3].read_text())) if number % 2 else draft)
        for first in range(0, count, 20):
            batch = [unique(draft, first + place) for place, draft in enumerate(drafts[first : first + 20])]
            await in_transaction(self.database, SYSTEM, lambda tx, batch=batch: place_orders(tx, batch))  # type: ignore[misc]

    async def be_people(self) -> None:
        """Do what stands in the task lists, and try again, a few times, some of what stands in fallout."""
        for where, act in (
            ("mode = 'person' AND state IN ('ready', 'running') AND NOT held", do_task),
            ("state = 'failed' AND attempt < 4", retry),
        ):
            for row in await self.ask(f"SELECT process_id, number FROM processes.step WHERE {where} LIMIT 60"):
                if act is do_task or self.chance.random() < 0.2:
                    with suppress(Refused):
                        await in_transaction(self.database, SYSTEM, lambda tx, row=row, act=act: act(tx, StepId(*row)))  # type: ignore[misc]

    async def ask(self, query: str) -> list[tuple[Any, ...]]:
        async with transaction(self.database, SYSTEM) as tx:
            return await tx.all(query)  # type: ignore[arg-type]

    async def is_over(self) -> bool:
        """Whether nothing is under way: each order has ended or stands in fallout, and nobody works."""
        [(moving, jobs, calls)] = await self.ask(
            f"""
            SELECT (SELECT count(*) FROM orders.sales_order WHERE state IN {OPEN}
                       AND NOT EXISTS (SELECT
                                         FROM fulfilment.plan
                                         JOIN processes.step USING (process_id)
                                        WHERE plan.order_id = sales_order.id AND step.state = 'failed')),
                   (SELECT count(*) FROM base.job WHERE state = 'ready'),
                   (SELECT count(*) FROM gateway.call WHERE state IN ('queued', 'sending'))
            """
        )
        return not (moving or jobs or calls)

    async def effects(self) -> list[int]:
        """How often each piece of work was done by a partner."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            shown = (await http.get(f"http://127.0.0.1:{self.partners}/effects")).json()["effects"]
        return [effect["count"] for keys in shown.values() for effect in keys.values()]


def unique(draft: OrderDraft, number: int) -> OrderDraft:
    return replace(draft, external_id=f"chaos-{number}")


async def do_task(tx: Tx, id_: StepId) -> None:
    await start_steps(tx, [id_])
    await complete_steps(tx, [Completion(*id_)])


async def retry(tx: Tx, id_: StepId) -> None:
    await retry_steps(tx, [id_], reason="the partner is said to be well again")


def started(arguments: list[str], environment: Mapping[str, str], log: Path) -> Running:
    with log.open("ab") as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=opened,
        )
    return Running(process, log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def killed_in_the_end(processes: list[Running]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()


async def run(url: str, house: House, tmp_path: Path, *, orders: int, workers: int, kills: int, seconds: float) -> None:
    chance = random.Random(orders)
    web, partners = free_port(), free_port()
    environment = {
        "ORDERLOOM_DATABASE_URL": url,
        "ORDERLOOM_ALLOW_PRIVATE_PARTNERS": "1",
        "ORDERLOOM_LEASE_SECONDS": str(LEASE_SECONDS),
        "ORDERLOOM_SIMULATOR_SECRET": MASTER,
    }
    behaviour = tmp_path / "behaviour.json"
    behaviour.write_text(json.dumps({"rules": [{"manner": TROUBLE}], "seed": orders}))
    simulator = ["--port", str(partners), "--callback", f"http://127.0.0.1:{web}", "--behaviour", str(behaviour)]
    with ExitStack() as stack:
        fixed = [
            started(
                ["orderloom.cli", "serve", "--workers", "0", "--port", str(web)], environment, tmp_path / "web.log"
            ),
            started(["orderloom.partner_simulator", *simulator], environment, tmp_path / "partners.log"),
        ]
        stack.enter_context(killed_in_the_end(fixed))
        async with Database(url, house, size=3) as database:
            await in_transaction(database, SYSTEM, lambda tx: prepare(tx, f"http://127.0.0.1:{partners}", orders))
            chaos = Chaos(database, environment, tmp_path, partners, chance)
            wait_for(web)
            wait_for(partners)
            with killed_in_the_end(chaos.workers):
                for _ in range(workers):
                    chaos.workers.append(chaos.start_worker())
                await rage(chaos, orders=orders, kills=kills, seconds=seconds)
            await assert_sound(chaos, orders)


async def prepare(tx: Tx, partners: str, orders: int) -> None:
    """The small world with impatient gateways and enough in stock."""
    await load_world(tx, partners_url=partners, master=MASTER)
    await tx.execute(
        """
        UPDATE gateway.partner
           SET timeout_seconds = 1, retry_seconds = '{0.1,0.2,0.4,0.8,1,1,1,1}', failure_limit = 1000,
               rate_per_second = 1000, max_in_flight = 50
        """
    )
    await tx.execute("UPDATE parties.billing_account SET credit_limit = NULL")
    await tx.execute(
        """
        INSERT INTO stock.movement (sku, warehouse_id, kind, quantity, reason, actor_name)
        SELECT sku, warehouse_id, 'receipt', %(more)s, 'for the run', 'test'
          FROM stock.balance
        """,
        {"more": orders * 20},
    )
    await tx.execute("UPDATE stock.balance SET on_hand = on_hand + %(more)s", {"more": orders * 20})


async def rage(chaos: Chaos, *, orders: int, kills: int, seconds: float) -> None:
    """Let orders come while workers die; then let those that live finish."""
    placing = asyncio.create_task(chaos.place(orders))
    until = time.monotonic() + seconds
    next_kill = time.monotonic()
    while time.monotonic() < until:
        await asyncio.sleep(0.5)
        if chaos.deaths < kills and time.monotonic() > next_kill:
            chaos.kill_one()
            next_kill = time.monotonic() + chaos.chance.uniform(0.3, 2)
        await chaos.be_people()
        await in_transaction(chaos.database, SYSTEM, lambda tx: move_clock(tx, timedelta(hours=12)))
        if placing.done() and chaos.deaths >= kills and await chaos.is_over():
            break
    await placing
    assert chaos.deaths >= kills


async def assert_sound(chaos: Chaos, orders: int) -> None:
    states = dict(await chaos.ask("SELECT state, count(*) FROM orders.sales_order GROUP BY state"))
    fallout = await chaos.ask(
        "SELECT error_class, left(error, 60), count(*) FROM processes.step WHERE state = 'failed' GROUP BY 1, 2"
    )
    assert await chaos.is_over(), (states, fallout, await stuck(chaos))
    assert sum(states.values()) == orders
    assert states.get("completed", 0) > orders / 2, (states, fallout)
    assert [f"{f.room}: {f.name}: {row}" for f in check(chaos.database.url) for row in f.broken] == []
    crashed = "SELECT title, error FROM processes.step WHERE starts_with(error, 'The program failed')"
    assert await chaos.ask(crashed) == []
    assert await chaos.ask("SELECT reaction, error FROM base.job") == []
    assert set(await chaos.effects()) <= {0, 1}, "a partner was made to do something twice"
    assert await chaos.ask("SELECT id FROM gateway.message WHERE state = 'received'") == []


async def stuck(chaos: Chaos) -> list[Any]:
    """What still moves, for the message of a test that failed."""
    return [
        await chaos.ask(
            "SELECT key, state, sub_reason, lost, attempt, held, lease_until FROM processes.step"
            " WHERE state NOT IN ('blocked', 'done', 'skipped', 'cancelled') LIMIT 20"
        ),
        await chaos.ask("SELECT reaction, attempts, error, state FROM base.job LIMIT 20"),
        await chaos.ask(
            "SELECT operation, state, attempts, outcome FROM gateway.call WHERE state IN ('queued', 'sending') LIMIT 20"
        ),
    ]


@pytest.mark.slow
async def test_a_few_orders_survive_the_death_of_workers(database_url: str, house: House, tmp_path: Path) -> None:
    await run(database_url, house, tmp_path, orders=12, workers=2, kills=2, seconds=240)


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_thousand_orders_survive_the_death_of_workers(database_url: str, house: House, tmp_path: Path) -> None:
    await run(database_url, house, tmp_path, orders=1000, workers=3, kills=60, seconds=3600)
