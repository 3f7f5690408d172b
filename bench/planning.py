"""How long planning takes, alone and for very large orders captured over the API.

orderloom bench --only planning
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import Any

from client import run_client
from world import ROOT, bench_database, bench_server, demo_order, furnish, web_process

from orderloom.base.parsing import parse
from orderloom.fulfilment.files import read_folder
from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.schedule import schedule
from orderloom.fulfilment.simulate import choose_catalogue
from orderloom.orders.types import OrderDraft

PLANS = 1_000
BUNDLES = {"lines_1000": 143, "lines_4000": 572}
"""How many triple plays of seven lines make 1,001 and 4,004 lines."""
TIMES = 3


def measure() -> dict[str, Any]:
    """Times of planning a 20-step order, and of capturing and planning orders of about 1,000 and 4,000 lines."""
    plans = plan_times()
    report: dict[str, Any] = {
        "steps": plans["steps"],
        "plan_p50_ms": plans["took"][len(plans["took"]) // 2],
        "plan_p95_ms": plans["took"][int(len(plans["took"]) * 0.95)],
    }
    with bench_server() as server, bench_database(server, "planning") as url:
        key = furnish(url)
        with web_process(url) as web:

            def post(order: dict[str, Any]) -> float:
                body = json.dumps(order).encode()
                answer = run_client(web.port, key, clients=1, seconds=0.05, path="/api/orders", body=body)
                return float(answer["p50_ms"]) / 1000

            post(large_order(2))
            for name, bundles in BUNDLES.items():
                report[f"{name}_seconds"] = median(post(large_order(bundles)) for _ in range(TIMES))
    report["growth"] = report["lines_4000_seconds"] / report["lines_1000_seconds"]
    report["targets"] = {"plan_p95_ms": 5.0, "lines_1000_seconds": 2.0, "growth": 4.6}
    report["met"] = all(report[name] <= most for name, most in report["targets"].items())
    return report


def plan_times() -> dict[str, Any]:
    """Milliseconds of processor time of planning the triple play with its schedule, sorted; and its steps."""
    folder = read_folder(ROOT / "demo" / "catalog")
    draft = parse(OrderDraft, demo_order())
    catalogue = choose_catalogue(list(folder.catalogues), draft, draft.catalogue)
    took = []
    for _ in range(PLANS):
        began = time.process_time()
        plan = build_plan(catalogue, draft)
        schedule(plan.shape)
        took.append((time.process_time() - began) * 1000)
    return {"took": sorted(took), "steps": len(plan.steps)}


def large_order(bundles: int) -> dict[str, Any]:
    """So many triple plays in one order, each at an address of its own."""
    pattern = demo_order()
    items = []
    for number in range(1, bundles + 1):
        for item in pattern["items"]:
            own = {**item, "line": _moved(item["line"], number), "place": f"HOME-{number}"}
            if "parent" in item:
                own["parent"] = _moved(item["parent"], number)
            if "relies_on" in item:
                own["relies_on"] = [_moved(line, number) for line in item["relies_on"]]
            items.append(own)
    places = [
        {"code": f"HOME-{number}", "country": "US", "lines": [f"{number} Juniper Court"], "city": "Portland",
         "region": "OR", "postal_code": "97201"}
        for number in range(1, bundles + 1)
    ]  # fmt: skip
    return {**pattern, "items": items, "places": places}


def _moved(line: str, number: int) -> str:
    return ".".join([str(number), *line.split(".")[1:]])


def show(report: dict[str, Any]) -> None:
    p50, p95 = report["plan_p50_ms"], report["plan_p95_ms"]
    print(f"planning {report['steps']} steps         p50 {p50:.2f} ms, p95 {p95:.2f} ms of processor time (target 5)")
    print(f"an order of 1,001 lines   {report['lines_1000_seconds']:.2f} s captured and planned (target 2)")
    print(f"an order of 4,004 lines   {report['lines_4000_seconds']:.2f} s, {report['growth']:.1f} times that (4.6)")


if __name__ == "__main__":
    result = measure()
    print(json.dumps(result)) if "--json" in sys.argv else show(result)
