"""Whether lists and pages stay as fast when there are a hundred times as many orders.

    orderloom bench --only growth

One order of each business is placed by the program; the rest are made from it by set-based SQL: header, place,
first two items, plan, process, two steps (one order of fifty is open and they are ready for a person), an event.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import uvloop
from psycopg import sql
from world import bench_database, bench_server, demo_order, furnish

from orderloom.base.parsing import parse
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.fulfilment.commands import place_orders
from orderloom.house import build_house
from orderloom.orders.reads import OrderFilter, list_orders, order_page
from orderloom.orders.types import OrderDraft
from orderloom.web.plan import order_plan, order_timeline
from orderloom.work.reads import list_tasks
from orderloom.work.types import TaskFilter

FEW = 10_000
MANY = 1_000_000
SAMPLES = 200
FIRST = 10_000_000
"""Ids of made orders begin here; those of their other rows are made from them."""
TABLES = (
    "orders.sales_order", "orders.place", "orders.item", "processes.process", "processes.step", "fulfilment.plan",
    "base.event_other",
)  # fmt: skip


def measure() -> dict[str, Any]:
    """Median times of each read at both sizes, and how much longer it takes at the larger.

    Both databases stand side by side and the reads take turns, so that whatever else the machine does falls on both.
    """
    with (
        bench_server() as server,
        bench_database(server, "growth_small") as small,
        bench_database(server, "growth_large") as large,
    ):
        began = time.perf_counter()
        for url, orders in ((small, FEW), (large, MANY)):
            furnish(url)
            uvloop.run(place(url))
            grow(url, 0, orders)
        made_in = time.perf_counter() - began
        took = uvloop.run(_times(small, large))
    reads = {
        name: {"at_10_000_ms": few, "at_1_000_000_ms": many, "ratio": many / few} for name, (few, many) in took.items()
    }
    return {
        "made_in_seconds": made_in,
        "reads": reads,
        "targets": {"ratio": 1.5},
        "met": all(read["ratio"] <= 1.5 for read in reads.values()),
    }


async def place(url: str) -> None:
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        await place_orders(tx, [parse(OrderDraft, demo_order())])


def grow(url: str, have: int, want: int) -> None:
    """Make orders until there are so many; secondary indexes are dropped meanwhile and built again."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '1GB'")
        indexes = connection.execute(
            """
            SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
              FROM pg_index
             WHERE indrelid = ANY(%s::regclass[])
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
               AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = indexrelid)
            """,
            [list(TABLES)],
        ).fetchall()
        for name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
        for statement in MADE:
            connection.execute(statement, {"first": FIRST, "low": have, "high": want - 1})
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


# The pattern is the only order that the program has placed: its id is below all others.
MADE = (
    """
    INSERT INTO orders.sales_order
           (id, number, account_id, account_name, channel, type, priority, state, currency, bill_to, ship_to,
            billing_account_id, terms, po_number, catalogue_version_id, one_time_total, recurring_totals, item_count,
            captured_by, captured_at, submitted_at, ended_at)
    SELECT %(first)s + n, 'SO-2025-' || lpad((n + 1000000)::text, 7, '0'), account.id, account.name, pattern.channel,
           pattern.type, pattern.priority, CASE WHEN n %% 50 = 0 THEN 'in_progress' ELSE 'completed' END,
           pattern.currency, pattern.bill_to, pattern.ship_to, pattern.billing_account_id, pattern.terms,
           'PO-' || n * 7919 %% 10000019, pattern.catalogue_version_id, pattern.one_time_total,
           pattern.recurring_totals, pattern.item_count,
           pattern.captured_by, pattern.captured_at, pattern.submitted_at,
           CASE WHEN n %% 50 <> 0 THEN pattern.submitted_at END
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM orders.sales_order WHERE id > 100000000 ORDER BY id LIMIT 1)
           AS pattern
      JOIN (SELECT id, name, row_number() OVER (ORDER BY id) - 1 AS place
              FROM parties.account) AS account ON account.place = n %% (SELECT count(*) FROM parties.account)
    """,
    """
    INSERT INTO orders.place (order_id, code, address_id, recipient, lines, city, region, postal_code, country)
    SELECT %(first)s + n, code, address_id, recipient, lines, city, region, postal_code, country
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM orders.place WHERE order_id > 100000000 ORDER BY code LIMIT 1) AS pattern
    """,
    """
    INSERT INTO orders.item
           (id, order_id, position, line, product_id, product_code, product_name, kind, quantity, unit,
            characteristics, place, one_time, recurring, period, price_origin, state)
    SELECT (%(first)s + n) * 2 + position, %(first)s + n, position, line, product_id, product_code, product_name, kind,
           quantity, unit, characteristics, place, one_time, recurring, period, price_origin,
           CASE WHEN n %% 50 = 0 THEN 'in_progress' ELSE 'completed' END
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM orders.item WHERE order_id > 100000000 AND position < 2) AS pattern
    """,
    """
    INSERT INTO processes.process
           (id, definition_id, subject_id, account_id, finished_at, wake_at, state, subject_kind, subject_label)
           OVERRIDING SYSTEM VALUE
    SELECT %(first)s + n, definition_id, %(first)s + n, account_id, CASE WHEN n %% 50 <> 0 THEN started_at END,
           wake_at, CASE WHEN n %% 50 = 0 THEN 'running' ELSE 'done' END, subject_kind, 'SO'
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM processes.process WHERE id > 100000000 ORDER BY id LIMIT 1) AS pattern
    """,
    """
    INSERT INTO processes.step
           (process_id, number, pending, wake_at, finished_at, ready_at, state, mode, kind, key, title, queue, params,
            due)
    SELECT %(first)s + n, number, 0, wake_at, CASE WHEN n %% 50 <> 0 THEN wake_at END, wake_at,
           CASE WHEN n %% 50 = 0 THEN 'ready' ELSE 'done' END, 'person', kind, key, title, queue.code, params,
           wake_at + n * interval '1 second'
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM processes.step WHERE process_id > 100000000 AND number < 2) AS pattern
      JOIN (SELECT code, row_number() OVER (ORDER BY code) - 1 AS place, count(*) OVER () AS total
              FROM work.queue) AS queue ON queue.place = (n / 50) %% queue.total
    """,
    """
    INSERT INTO fulfilment.plan
           (order_id, process_id, catalogue_version_id, optimistic_seconds, typical_seconds, pessimistic_seconds,
            forecast_at, promised_at, projected_at)
    SELECT %(first)s + n, %(first)s + n, catalogue_version_id, optimistic_seconds, typical_seconds,
           pessimistic_seconds, forecast_at, promised_at, projected_at
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM fulfilment.plan WHERE order_id > 100000000 LIMIT 1) AS pattern
    """,
    """
    INSERT INTO base.event
           (type, actor_kind, actor_name, subject_kind, subject_id, subject_label, account_id, payload, at)
    SELECT type, actor_kind, actor_name, subject_kind, %(first)s + n, 'SO', account_id, payload, at
      FROM generate_series(%(low)s::bigint, %(high)s::bigint) AS n
     CROSS JOIN (SELECT * FROM base.event WHERE type = 'orders.order_captured' LIMIT 1) AS pattern
    """,
)


Read = Callable[[Tx, int], Awaitable[Any]]


async def _times(small: str, large: str) -> dict[str, tuple[float, float]]:
    async with (
        Database(small, build_house(), size=1) as few,
        Database(large, build_house(), size=1) as many,
    ):
        async with transaction(many, SYSTEM) as tx:
            teams = await tx.values("SELECT id FROM parties.team ORDER BY id LIMIT 2")
            account = await tx.value("SELECT min(id) FROM parties.account")
            queue = await tx.value("SELECT min(code) FROM work.queue")
        rights = frozenset({"orders.read", "work.do"})
        seller = Actor("user", "seller", user_id=1, permissions=rights, team_ids=tuple(teams))
        reads: dict[str, tuple[Actor, Read]] = {
            "order list": (SYSTEM, lambda tx, id_: list_orders(tx)),
            "order list, further down": (SYSTEM, lambda tx, id_: list_orders(tx, before=id_)),
            "order list of a seller": (seller, lambda tx, id_: list_orders(tx)),
            "orders in progress": (SYSTEM, lambda tx, id_: list_orders(tx, OrderFilter(states=("in_progress",)))),
            "orders of a customer": (SYSTEM, lambda tx, id_: list_orders(tx, OrderFilter(account_id=account))),
            "an order's page": (SYSTEM, _page),
            "task list": (SYSTEM, lambda tx, id_: list_tasks(tx, TaskFilter(view="all"))),
            "task list of a team": (seller, lambda tx, id_: list_tasks(tx)),
            "task list of a queue": (SYSTEM, lambda tx, id_: list_tasks(tx, TaskFilter(view="all", queue=queue))),
        }
        return {name: await _medians(few, many, actor, read) for name, (actor, read) in reads.items()}


async def _page(tx: Tx, order_id: int) -> None:
    await order_page(tx, order_id)
    plan = await order_plan(tx, order_id)
    await order_timeline(tx, order_id, plan.header.process_id if plan else None)


async def _medians(few: Database, many: Database, actor: Actor, read: Read) -> tuple[float, float]:
    """Milliseconds of the middle one of the second half, at both sizes in turns; the first half warms up."""
    chosen = random.Random(1)
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(2 * SAMPLES):
        for database, orders, mine in ((few, FEW, took[0]), (many, MANY, took[1])):
            id_ = FIRST + chosen.randrange(orders)
            async with transaction(database, actor) as tx:
                began = time.perf_counter()
                await read(tx, id_)
                mine.append((time.perf_counter() - began) * 1000)
    return sorted(took[0][SAMPLES:])[SAMPLES // 2], sorted(took[1][SAMPLES:])[SAMPLES // 2]


def show(report: dict[str, Any]) -> None:
    print(f"{MANY:,} orders made by SQL in {report['made_in_seconds']:.0f} s; median ms, target within 1.5 times")
    for name, read in report["reads"].items():
        print(f"  {name:<26}{read['at_10_000_ms']:>8.2f} at {FEW:,} {read['at_1_000_000_ms']:>8.2f} at {MANY:,}"
              f"   ratio {read['ratio']:.2f}")  # fmt: skip


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
