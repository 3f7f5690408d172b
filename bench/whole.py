"""How fast whole orders run, from capture to invoice, with every reaction, partners over HTTP and people.

    orderloom bench --only whole

One web process, one worker, and the partner simulator, each a process of its own on one machine. The
benchmark plays the people, who do every task as soon as it is there, and moves the clock, so that
nothing waits for lags. The bare engine, which completes the same steps without a reaction, stands beside it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvloop
from world import ROOT, bench_database, bench_server, demo_order, free_port, wait_for, web_process

from orderloom.base.clock import make_movable, move_clock
from orderloom.base.parsing import parse
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_world import load_world
from orderloom.fulfilment.commands import place_orders
from orderloom.house import build_house
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import complete_steps, start_steps
from orderloom.processes.types import Completion, StepId
from orderloom.stock.commands import adjust_stock
from orderloom.stock.types import Adjustment

MASTER = "bench"
ORDERS = 60
PART = 50
LIMIT_SECONDS = 600
LOOK_SECONDS = 0.1
LEAP = timedelta(hours=12)
BEHAVIOUR: dict[str, Any] = {"defaults": {"delay_seconds": [0, 0], "event_seconds": [0, 0]}, "seed": 1, "pace": 0}


def measure() -> dict[str, Any]:
    """Place triple plays at once and run all of them to their invoice."""
    with bench_server() as server, bench_database(server, "whole") as url:
        os.environ["ORDERLOOM_ALLOW_PRIVATE_PARTNERS"] = "1"
        partners = free_port()
        with web_process(url) as web, _process(_simulator(partners, web.port)) as simulator:
            wait_for(partners, simulator)
            uvloop.run(_prepare(url, partners))
            command = [sys.executable, "-m", "orderloom.cli", "worker"]
            with _process(command, ORDERLOOM_DATABASE_URL=url):
                took, steps = uvloop.run(_run(url))
    return {
        "orders": ORDERS,
        "steps": steps,
        "seconds": took,
        "orders_per_second": ORDERS / took,
        "steps_per_second": steps / took,
        "met": True,
    }


def _simulator(port: int, web: int) -> list[str]:
    file = Path(tempfile.mkdtemp()) / "behaviour.json"
    file.write_text(json.dumps(BEHAVIOUR))
    return [
        sys.executable, "-m", "orderloom.partner_simulator", "--port", str(port),
        "--callback", f"http://127.0.0.1:{web}", "--behaviour", str(file),
    ]  # fmt: skip


@contextmanager
def _process(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    settings = os.environ | {"ORDERLOOM_SIMULATOR_SECRET": MASTER} | environment
    with subprocess.Popen(
        command, env=settings, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


async def _prepare(url: str, partners: int) -> None:
    """The small world, with enough in stock and no limits that would stop an order."""
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        await make_movable(tx)
        await load_world(tx, partners_url=f"http://127.0.0.1:{partners}", master=MASTER)
        await tx.execute("UPDATE gateway.partner SET rate_per_second = 10000, max_in_flight = 50")
        await tx.execute("UPDATE parties.billing_account SET credit_limit = NULL")
        places = await tx.all(
            "SELECT sku, code FROM stock.balance JOIN stock.warehouse ON warehouse.id = balance.warehouse_id"
        )
        more = Decimal(ORDERS * 10)
        await adjust_stock(tx, [Adjustment(sku, code, more, reason="Enough", kind="receipt") for sku, code in places])


async def _run(url: str) -> tuple[float, int]:
    """Seconds until all orders are completed, and how many steps were done."""
    async with Database(url, build_house(), size=3) as database:
        began = time.perf_counter()
        await _place(database)
        while time.perf_counter() - began < LIMIT_SECONDS:
            await asyncio.sleep(LOOK_SECONDS)
            async with transaction(database, SYSTEM) as tx:
                did = await _do_tasks(tx)
                if not did:
                    await move_clock(tx, LEAP)
                ((open_orders, steps),) = await tx.all(
                    """
                    SELECT (SELECT count(*) FROM orders.sales_order WHERE state <> 'completed'),
                           (SELECT count(*) FROM processes.step WHERE state = 'done')
                    """
                )
            if not open_orders:
                return time.perf_counter() - began, int(steps)
    raise TimeoutError(f"{open_orders} of {ORDERS} orders were not completed in {LIMIT_SECONDS} seconds")


async def _place(database: Database) -> None:
    draft = parse(OrderDraft, demo_order())
    for _ in range(0, ORDERS, PART):
        async with transaction(database, SYSTEM) as tx:
            await place_orders(tx, [draft] * PART)


async def _do_tasks(tx: Tx) -> int:
    """Everybody does what there is to do."""
    rows = await tx.all(
        """
        SELECT process_id, number
          FROM processes.step
         WHERE mode = 'person' AND state IN ('ready', 'running') AND NOT held
         ORDER BY process_id, number
         LIMIT 200
        """
    )
    ids = [StepId(*row) for row in rows]
    await start_steps(tx, ids)
    await complete_steps(tx, [Completion(*id_) for id_ in ids])
    return len(ids)


def show(report: dict[str, Any]) -> None:
    print(f"{report['orders']} orders from capture to invoice with every reaction: {report['seconds']:.1f} s,"
          f" {report['orders_per_second']:.1f} orders/s, {report['steps_per_second']:.0f} steps/s")  # fmt: skip


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
