"""How fast orders are captured and planned over the API, beside the bare rows of the same orders.

    orderloom bench --only capture

`pgbench` writes exactly the rows that one such order left, in one transaction, with the same number
of clients on the same server: once with a statement for each row (the headline) and once with one
statement for all rows of a table. The bulk import reads orders as they come in at the demo's company, no two alike,
and stands beside single orders of the same mix.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from client import run_client
from mix import as_lines
from rows import Row, rows_of, script
from world import ROOT, Meter, bench_database, bench_server, demo_order, furnish, web_process

from orderloom.base.embedded import Server

CLIENTS = 8
ROUNDS = 4
ROUND_SECONDS = 3
WARM_SECONDS = 6.0
SINGLE_ORDERS = 3_000
"""More than are answered in a round."""
BULK_ORDERS = 5_000
"""Enough that the start of the program is a small part of an import, which is measured from start to end."""


def measure() -> dict[str, Any]:
    """Orders a second by the API and by bulk import, and what the bare rows would take.

    The ways take turns, a few seconds each, so that whatever else the machine does falls on all of them.
    """
    with bench_server() as server, bench_database(server, "capture") as url:
        key = furnish(url)
        body = json.dumps(demo_order()).encode()
        with web_process(url) as web:

            def post(clients: int, seconds: float) -> dict[str, Any]:
                return run_client(web.port, key, clients=clients, seconds=seconds, paths=["/api/orders"], bodies=[body])

            def post_mixed() -> dict[str, Any]:
                bodies = as_lines(f"S{next(turn)}", SINGLE_ORDERS)
                return run_client(
                    web.port, key, clients=CLIENTS, seconds=ROUND_SECONDS, paths=["/api/orders"], bodies=bodies
                )

            turn = count()
            post(CLIENTS, WARM_SECONDS)
            settle(url)
            rows = rows_of_one_order(url, lambda: post(1, 0.1))
            ways = {
                "api": lambda: post(CLIENTS, ROUND_SECONDS),
                "one_statement_a_row": _pgbench(server, url, rows, one_statement_a_table=False),
                "one_statement_a_table": _pgbench(server, url, rows, one_statement_a_table=True),
                "api_mixed": post_mixed,
                "bulk": lambda: import_orders(url, as_lines(f"B{next(turn)}", BULK_ORDERS)),
            }
            found = take_turns(ways, Meter(url, web.process.pid), before_each=lambda: settle(url))
    bulk = found["bulk"]["per_second"]
    api, mixed = found["api"]["per_second"], found["api_mixed"]["per_second"]
    bare = {name: found[name]["per_second"] for name in ("one_statement_a_row", "one_statement_a_table")}
    return {
        "orders_per_second": api,
        "p50_ms": found["api"]["p50_ms"],
        "p99_ms": found["api"]["p99_ms"],
        "rows_of_one_order": counted(rows),
        "bare_orders_per_second": bare,
        "ratio": api / bare["one_statement_a_row"],
        "ratio_to_one_statement_a_table": api / bare["one_statement_a_table"],
        "processor_ms_per_order": {name: way["processor_ms"] for name, way in found.items()},
        "mixed_orders_per_second": mixed,
        "bulk_orders_per_second": bulk,
        "bulk_ratio": bulk / mixed,
        "targets": {"ratio": 0.5, "bulk_ratio": 3.0},
        "met": api / bare["one_statement_a_row"] >= 0.5 and bulk / mixed >= 3.0,
    }


def settle(url: str) -> None:
    """Have every session plan anew for tables that hold something, as it does anywhere after the first minutes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def take_turns(
    ways: Mapping[str, Callable[[], dict[str, Any]]], meter: Meter, *, before_each: Callable[[], None]
) -> dict[str, dict[str, Any]]:
    """Run each way in each round; rates over all rounds, and the processor time that an order takes.

    `before_each` lets nobody pay for what the way before left to be tidied up.
    """
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    spent = {name: [0.0, 0.0] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            before_each()
            meter.look()
            results[name].append(way())
            server, web = meter.look()
            spent[name][0] += server
            spent[name][1] += results[name][-1].get("program_seconds", web)
    found = {}
    for name, several in results.items():
        orders = sum(one["answered"] for one in several)
        found[name] = {
            "per_second": orders / sum(one["seconds"] for one in several),
            "processor_ms": {
                "database": spent[name][0] / orders * 1000,
                "program": spent[name][1] / orders * 1000,
            },
            **{q: median(one[q] for one in several) for q in ("p50_ms", "p99_ms") if q in several[0]},
        }
    return found


def rows_of_one_order(url: str, place: Any) -> list[Row]:
    """The rows that one more order leaves; everything that its transaction wrote and that stands."""
    with psycopg.connect(url, autocommit=True) as connection:
        place()
        time.sleep(0.2)
        newest = connection.execute("SELECT xmin::text FROM orders.sales_order ORDER BY id DESC LIMIT 1").fetchone()
        assert newest is not None
        return rows_of(connection, [newest[0]])


def counted(rows: Sequence[Row]) -> dict[str, int]:
    """How many rows in which table."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.table] = counts.get(row.table, 0) + 1
    return counts


def import_orders(url: str, lines: Sequence[bytes]) -> dict[str, Any]:
    """One `orderloom import orders FILE.ndjson`, from start to end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.ndjson"
        file.write_bytes(b"\n".join(lines))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "orderloom.cli", "import", "orders", str(file)],
            env=os.environ | {"ORDERLOOM_DATABASE_URL": url},
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"answered": len(lines), "seconds": seconds, "program_seconds": worked}


def _pgbench(
    server: Server, url: str, rows: Sequence[Row], *, one_statement_a_table: bool
) -> Callable[[], dict[str, Any]]:
    """What writes these rows again and again, prepared, by as many clients."""
    with psycopg.connect(url, autocommit=True) as connection:
        text = script(connection, rows, one_statement_a_table=one_statement_a_table)

    def write() -> dict[str, Any]:
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(
                [str(server.binaries / "pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1",
                 "-T", str(ROUND_SECONDS), "-f", file.name, url],
                capture_output=True, text=True,
            )  # fmt: skip
        rate = re.search(r"tps = ([0-9.]+)", done.stdout)
        count = re.search(r"actually processed: (\d+)", done.stdout)
        failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
        assert rate and count and failed and failed[1] == "0", done.stdout[-2000:] + done.stderr[-2000:]
        return {"answered": int(count[1]), "seconds": int(count[1]) / float(rate[1])}

    return write


def show(report: dict[str, Any]) -> None:
    rows = sum(report["rows_of_one_order"].values())
    bare = report["bare_orders_per_second"]
    print(f"capture over the API      {report['orders_per_second']:>8,.0f} orders/s   p50 {report['p50_ms']:.0f} ms,"
          f" p99 {report['p99_ms']:.0f} ms, {CLIENTS} clients, one web process")  # fmt: skip
    print(f"its {rows} rows by pgbench   {bare['one_statement_a_row']:>8,.0f} orders/s   one statement a row:"
          f" ratio {report['ratio']:.2f} (target 0.50)")  # fmt: skip
    print(f"                          {bare['one_statement_a_table']:>8,.0f} orders/s   one statement a table:"
          f" ratio {report['ratio_to_one_statement_a_table']:.2f}")  # fmt: skip
    spent = report["processor_ms_per_order"]
    print(f"processor time an order   web {spent['api']['program']:.1f} ms, database {spent['api']['database']:.1f} ms;"
          f" its bare rows {spent['one_statement_a_row']['database']:.1f} ms")  # fmt: skip
    for name, words in (("mixed", "mixed orders, the API"), ("bulk", "mixed orders from a file")):
        spent = report["processor_ms_per_order"]["api_mixed" if name == "mixed" else "bulk"]
        ratio = f": {report['bulk_ratio']:.1f} times the API (target 3)" if name == "bulk" else ""
        print(f"{words:<25} {report[name + '_orders_per_second']:>8,.0f} orders/s   program {spent['program']:.1f} ms,"
              f" database {spent['database']:.1f} ms{ratio}")  # fmt: skip


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
