"""How fast orders are captured and planned over the API, beside the bare rows of the same orders.

    orderloom bench --only capture

`pgbench` writes exactly the rows that one such order left, in one transaction, with the same number
of clients on the same server: once with a statement for each row (the headline) and once with one
statement for all rows of a table.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from client import run_client
from rows import Row, rows_of, script
from world import ROOT, bench_database, bench_server, demo_order, furnish, web_process

from orderloom.base.embedded import Server

CLIENTS = 8
SECONDS = 12.0
WARM_SECONDS = 3.0
BULK_ORDERS = 3_000


def measure() -> dict[str, Any]:
    """Orders a second by the API and by bulk import, and what the bare rows would take."""
    with bench_server() as server, bench_database(server, "capture") as url:
        key = furnish(url)
        body = json.dumps(demo_order()).encode()
        with web_process(url) as web:

            def post(clients: int, seconds: float) -> dict[str, Any]:
                return run_client(web.port, key, clients=clients, seconds=seconds, path="/api/orders", body=body)

            post(CLIENTS, WARM_SECONDS)
            rows = rows_of_one_order(url, lambda: post(1, 0.1))
            api = post(CLIENTS, SECONDS)
        bulk = bulk_rate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            scripts = {
                "one_statement_a_row": script(connection, rows, one_statement_a_table=False),
                "one_statement_a_table": script(connection, rows, one_statement_a_table=True),
            }
        bare = {name: pgbench_rate(server, url, text) for name, text in scripts.items()}
    headline = api["per_second"] / bare["one_statement_a_row"]
    return {
        "orders_per_second": api["per_second"],
        "p50_ms": api["p50_ms"],
        "p99_ms": api["p99_ms"],
        "rows_of_one_order": counted(rows),
        "bare_orders_per_second": bare,
        "ratio": headline,
        "ratio_to_one_statement_a_table": api["per_second"] / bare["one_statement_a_table"],
        "bulk_orders_per_second": bulk,
        "bulk_ratio": bulk / api["per_second"],
        "targets": {"ratio": 0.5, "bulk_ratio": 3.0},
        "met": headline >= 0.5 and bulk / api["per_second"] >= 3.0,
    }


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


def bulk_rate(url: str) -> float:
    """Orders a second through `orderloom import orders FILE.ndjson`, from start to end of the process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "orders.ndjson"
        line = json.dumps(demo_order())
        file.write_text("".join(f"{line}\n" for _ in range(BULK_ORDERS)))
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "orderloom.cli", "import", "orders", str(file)],
            env=os.environ | {"ORDERLOOM_DATABASE_URL": url},
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return BULK_ORDERS / (time.perf_counter() - began)


def pgbench_rate(server: Server, url: str, text: str) -> float:
    """Transactions a second of this script, prepared, by as many clients."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(
            [str(server.binaries / "pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1",
             "-T", str(int(SECONDS)), "-f", file.name, url],
            capture_output=True, text=True,
        )  # fmt: skip
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    assert found and failed and failed[1] == "0", done.stdout[-2000:] + done.stderr[-2000:]
    return float(found[1])


def show(report: dict[str, Any]) -> None:
    rows = sum(report["rows_of_one_order"].values())
    bare = report["bare_orders_per_second"]
    print(f"capture over the API      {report['orders_per_second']:>8,.0f} orders/s   p50 {report['p50_ms']:.0f} ms,"
          f" p99 {report['p99_ms']:.0f} ms, {CLIENTS} clients, one web process")  # fmt: skip
    print(f"its {rows} rows by pgbench   {bare['one_statement_a_row']:>8,.0f} orders/s   one statement a row:"
          f" ratio {report['ratio']:.2f} (target 0.50)")  # fmt: skip
    print(f"                          {bare['one_statement_a_table']:>8,.0f} orders/s   one statement a table:"
          f" ratio {report['ratio_to_one_statement_a_table']:.2f}")  # fmt: skip
    print(f"bulk import from a file   {report['bulk_orders_per_second']:>8,.0f} orders/s"
          f"   {report['bulk_ratio']:.1f} times the API (target 3)")  # fmt: skip


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
