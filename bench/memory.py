"""What web and worker hold at rest after the demo world was loaded, and how fast whole orders ran while it was built.

orderloom bench --only memory
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from typing import Any

import psycopg
import uvloop
from world import ROOT, bench_database, bench_server, resident_megabytes, web_process

from orderloom.cli.demo_build import build_world

ORDERS = 300
REST_SECONDS = 8


def measure() -> dict[str, Any]:
    """Build the demo world by running the program, then start web and worker on it and let them rest."""
    with bench_server() as server, bench_database(server, "memory") as url:
        os.environ["ORDERLOOM_ALLOW_PRIVATE_PARTNERS"] = "1"
        began = time.perf_counter()
        uvloop.run(build_world(url, "bench", orders=ORDERS, told=lambda share, word: None))
        took = time.perf_counter() - began
        steps = _steps_done(url)
        environment = os.environ | {"ORDERLOOM_DATABASE_URL": url}
        command = [sys.executable, "-m", "orderloom.cli", "worker"]
        with (
            web_process(url) as web,
            subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.DEVNULL) as worker,
        ):
            try:
                time.sleep(REST_SECONDS)
                for path in ("/log-in", "/api/docs", "/health/ready"):
                    with urllib.request.urlopen(f"http://127.0.0.1:{web.port}{path}", timeout=10) as answer:
                        answer.read()
                held = {
                    "web_mb": resident_megabytes([web.process.pid]),
                    "worker_mb": resident_megabytes([worker.pid]),
                }
            finally:
                worker.terminate()
    total = sum(held.values())
    return {
        **held,
        "together_mb": total,
        "whole_orders_per_second": ORDERS / took,
        "whole_order_steps_per_second": steps / took,
        "targets": {"together_mb": 400},
        "met": total <= 400,
    }


def _steps_done(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM processes.step WHERE state = 'done'").fetchone()
    assert row is not None
    return int(row[0])


def show(report: dict[str, Any]) -> None:
    print(f"web {report['web_mb']:.0f} MB and worker {report['worker_mb']:.0f} MB at rest:"
          f" {report['together_mb']:.0f} MB together (target 400)")  # fmt: skip
    print(f"whole orders with every reaction, one process, partners over HTTP: {report['whole_orders_per_second']:.1f}"
          f" orders/s, {report['whole_order_steps_per_second']:.0f} steps/s")  # fmt: skip


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
