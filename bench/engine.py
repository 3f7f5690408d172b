"""How fast the step engine is: step completions a second, durable, and a person's completion among a million.

    python bench/engine.py [--orders 3000] [--workers 1,2] [--batch 150] [--waiting 1000000] [--json]

Prints the rate of the real code path beside that of bare SQL which writes the same row versions and log
rows in batches of the same size, and their ratio, all from one run on one server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import psycopg
import uvloop
from psycopg import sql

from orderloom.base.embedded import embedded_server
from orderloom.base.migrate import migrate
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import EMPTY_HOUSE, SYSTEM, Call, Done, Outcome, Subject
from orderloom.processes.commands import complete_steps, start_processes
from orderloom.processes.types import Completion, Edge, Node, ProcessDraft
from orderloom.processes.worker import StepWorker

ROOT = Path(__file__).parent.parent
WAITING = 1_000_000
# The dependencies of the worked order A (20 steps, 29 edges).
EDGES = (
    (0, 1), (1, 2), (0, 3), (1, 4), (0, 5), (5, 6), (2, 6), (6, 7), (2, 8), (4, 9), (7, 9), (8, 9), (7, 10), (8, 10),
    (9, 10), (10, 11), (11, 12), (12, 13), (12, 14), (7, 14), (12, 15), (15, 16), (3, 16), (13, 17), (14, 17),
    (16, 17), (12, 17), (17, 18), (18, 19),
)  # fmt: skip


async def at_once(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    return [Done() for _ in calls]


HOUSE = replace(EMPTY_HOUSE, step_kinds=MappingProxyType({"bench": at_once}))


def draft(number: int, mode: str = "auto") -> ProcessDraft:
    nodes = (Node("bench", mode, hours=(0.1, 1.0, 8.0)),) * 20  # type: ignore[arg-type]
    keys = tuple(f"CFS-Broadband place=ADDR-{number}/step {n}" for n in range(20))
    titles = tuple(f"Carry out step {n} of the plan" for n in range(20))
    return ProcessDraft(
        Subject("order", number, f"SO-2026-{number:06}"), nodes, tuple(Edge(a, b) for a, b in EDGES), keys, titles
    )


async def create(url: str, orders: int) -> float:
    """Start the processes; return orders a second."""
    async with Database(url, HOUSE, size=1, bulk=True) as database:
        began = time.perf_counter()
        for first in range(0, orders, 100):
            async with transaction(database, SYSTEM) as tx:
                await start_processes(tx, [draft(n) for n in range(first, min(first + 100, orders))])
        return orders / (time.perf_counter() - began)


async def work(url: str, batch: int) -> int:
    """One worker: run until nothing was ready for a second."""
    ran = 0
    async with Database(url, HOUSE, size=2, bulk=True) as database:
        worker = StepWorker(database, f"bench {os.getpid()}")
        idle_since = None
        while idle_since is None or time.perf_counter() - idle_since < 1:
            did = await worker.turn(batch)
            ran += did
            if did:
                idle_since = None
            else:
                idle_since = idle_since or time.perf_counter()
                await asyncio.sleep(0.02)
    return ran


def engine_rate(url: str, *, orders: int, workers: int, batch: int) -> dict[str, float]:
    """Create the orders, let the workers run them, and measure between first claim and last completion."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE processes.process, processes.step, processes.step_log CASCADE")
    created = uvloop.run(create(url, orders))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE processes.step")
        connection.execute("CHECKPOINT")
        began = time.perf_counter()
        children = [
            subprocess.Popen([sys.executable, __file__, "--work", url, "--batch", str(batch)]) for _ in range(workers)
        ]
        left, first, last = 1, began, began
        while left:
            time.sleep(0.05)
            left = connection.execute("SELECT count(*) FROM processes.process WHERE state = 'running'").fetchone()[0]  # type: ignore[index]
            if first == began and connection.execute("SELECT FROM processes.step_log LIMIT 1").fetchone() is not None:
                first = time.perf_counter()
            last = time.perf_counter()
        for child in children:
            child.wait()
        done = connection.execute("SELECT count(*) FROM processes.step WHERE state = 'done'").fetchone()[0]  # type: ignore[index]
        assert done == orders * 20
    return {"completions_per_second": done / (last - first), "orders_created_per_second": created}


def bare_rate(url: str, *, orders: int, batch: int) -> float:
    """The same row versions and log rows, in batches, by SQL that decides nothing."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE processes.process, processes.step, processes.step_log CASCADE")
    uvloop.run(create(url, orders))
    with psycopg.connect(url) as connection:
        connection.execute("SET plan_cache_mode = force_custom_plan; SET enable_hashjoin = off; SET jit = off")
        connection.execute("SET enable_mergejoin = off; SET enable_seqscan = off")
        ids = [row[0] for row in connection.execute("SELECT id FROM processes.process ORDER BY id").fetchall()]
        connection.commit()
        began = time.perf_counter()
        for number in range(20):
            for place in range(0, len(ids), batch):
                some = {"ids": ids[place : place + batch], "number": number}
                for statement in BARE:
                    connection.execute(statement, some)
                connection.commit()
        return len(ids) * 20 / (time.perf_counter() - began)


BARE = (
    """
    UPDATE processes.step SET state = 'ready', ready_at = now(), pending = 0
      FROM unnest(%(ids)s::bigint[]) AS one (id) WHERE process_id = one.id AND number = %(number)s
    """,
    """
    UPDATE processes.step SET attempt = attempt + 1, lease_until = now()
      FROM unnest(%(ids)s::bigint[]) AS one (id) WHERE process_id = one.id AND number = %(number)s
    """,
    """
      WITH moved AS (
           UPDATE processes.step SET state = 'done', token = true, lease_until = NULL, started_at = now(),
                  finished_at = now()
             FROM unnest(%(ids)s::bigint[]) AS one (id) WHERE process_id = one.id AND number = %(number)s
        RETURNING process_id, number, attempt, ready_at)
    INSERT INTO processes.step_log (process_id, number, attempt, from_state, to_state, actor_kind, actor_name, ready_at)
    SELECT process_id, number, attempt, 'ready', 'done', 'system', 'bare', ready_at FROM moved
    """,
)


async def person_latency(url: str, *, waiting: int, samples: int = 2000) -> dict[str, float]:
    """Complete a person's step, each in its own transaction, among so many that wait."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE processes.process, processes.step, processes.step_log CASCADE")
    async with Database(url, HOUSE, size=1) as database:
        async with transaction(database, SYSTEM) as tx:
            [pattern] = await start_processes(tx, [draft(0, "person")])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(MILLION, {"pattern": pattern, "many": waiting, "queues": ["general"]})
            connection.execute("VACUUM ANALYZE processes.step, processes.process, processes.step_log")
            connection.execute("CHECKPOINT")
            ids = [
                row[0]
                for row in connection.execute(
                    "SELECT id FROM processes.process WHERE id <> %(p)s ORDER BY random() LIMIT %(n)s",
                    {"p": pattern, "n": samples + 20},
                ).fetchall()
            ]
        took = []
        for id_ in ids:
            began = time.perf_counter()
            async with transaction(database, SYSTEM) as tx:
                await complete_steps(tx, [Completion(id_, 0)])
            took.append((time.perf_counter() - began) * 1000)
    took = sorted(took[20:])
    return {"p50_ms": took[len(took) // 2], "p99_ms": took[int(len(took) * 0.99)]}


MILLION = """
      WITH process AS (
           INSERT INTO processes.process (definition_id, subject_kind, subject_id, subject_label, wake_at)
           SELECT definition_id, 'order', n, 'SO', now() FROM processes.process, generate_series(1, %(many)s / 2) AS n
            WHERE id = %(pattern)s
        RETURNING id)
    INSERT INTO processes.step (process_id, number, pending, state, mode, kind, key, title, wake_at, ready_at, queue)
    SELECT process.id, step.number, step.pending, CASE WHEN step.number = 4 THEN 'ready' ELSE step.state END,
           mode, kind, key, title, step.wake_at, step.ready_at,
           (%(queues)s::text[])[1 + process.id %% cardinality(%(queues)s::text[])]
      FROM process, processes.step
     WHERE step.process_id = %(pattern)s AND step.number IN (0, 1, 3, 4, 5)
"""


def figures(url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    report: dict[str, Any] = {"orders": arguments.orders, "batch": arguments.batch, "fsync": arguments.fsync}
    report["bare_sql_per_second"] = bare_rate(url, orders=arguments.orders, batch=arguments.batch)
    for workers in map(int, arguments.workers.split(",")):
        result = engine_rate(url, orders=arguments.orders, workers=workers, batch=arguments.batch)
        result["ratio_to_bare_sql"] = result["completions_per_second"] / report["bare_sql_per_second"]
        report[f"workers_{workers}"] = result
    if arguments.waiting:
        report["person"] = {
            "waiting": arguments.waiting,
            **uvloop.run(person_latency(url, waiting=arguments.waiting)),
        }
    return report


def measure() -> dict[str, Any]:
    """Step completions a second with one and two workers, and people's completions over the API."""
    from people import api_latency
    from world import bench_database, bench_server

    orders, batch = 3000, 150
    with bench_server() as server:
        with bench_database(server, "engine") as url:
            bare = bare_rate(url, orders=orders, batch=batch)
            rates = {count: engine_rate(url, orders=orders, workers=count, batch=batch) for count in (1, 2)}
        people = api_latency(server, waiting=WAITING)
    best = max(rate["completions_per_second"] for rate in rates.values())
    return {
        "bare_sql_per_second": bare,
        **{
            f"workers_{count}": {**rate, "ratio_to_bare_sql": rate["completions_per_second"] / bare}
            for count, rate in rates.items()
        },
        "person": people,
        "targets": {"completions_per_second": 10_000, "person_p99_ms": 20},
        "met": best >= 10_000 and people["p99_ms"] < 20,
    }


def show(report: dict[str, Any]) -> None:
    """Print the figures for people."""
    print(f"bare SQL, same rows  {report['bare_sql_per_second']:>10,.0f} completions/s")
    for name in (name for name in report if name.startswith("workers_")):
        result = report[name]
        print(
            f"{name.removeprefix('workers_')} worker(s)          {result['completions_per_second']:>10,.0f}"
            f" completions/s   ratio {result['ratio_to_bare_sql']:.2f}   {result['orders_created_per_second']:,.0f}"
            " orders/s created"
        )
    if "person" in report:
        person = report["person"]
        print(
            f"a person's completion among {person['waiting']:,} waiting steps: p50 {person['p50_ms']:.1f} ms,"
            f" p99 {person['p99_ms']:.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=3000)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--batch", type=int, default=150)
    parser.add_argument("--waiting", type=int, default=WAITING)
    parser.add_argument("--fsync", choices=("on", "off"), default="on")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.work:
        uvloop.run(work(arguments.work, arguments.batch))
        return
    settings = [("fsync", arguments.fsync), ("wal_level", "replica"), ("max_wal_size", "4GB")]
    with embedded_server(ROOT / ".orderloom" / "bench", settings=settings) as server:
        name = f"bench_{os.getpid()}"
        with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            try:
                migrate(server.url(name))
                report = figures(server.url(name), arguments)
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    if arguments.json:
        print(json.dumps(report))
        return
    show(report)


if __name__ == "__main__":
    main()
