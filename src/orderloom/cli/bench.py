"""The verb `bench`: measure, and print ratios from one run. What measures lies in `bench/` of a checkout."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from typing import Any, Protocol, cast

from orderloom.base.refusals import refuse
from orderloom.cli.settings import CHECKOUT

PARTS = ("capture", "engine", "whole", "planning", "growth", "search", "memory", "feel")
FOLDER = CHECKOUT / "bench"


class Part(Protocol):
    """One thing that is measured: `measure` returns its figures and whether they met their targets, in `met`."""

    def measure(self) -> dict[str, Any]: ...

    def show(self, report: dict[str, Any]) -> None: ...


def bench(chosen: argparse.Namespace) -> int:
    """Measure one part or all of them, each on a fresh database of a server of its own; exit 1 when a target is missed.

    An installed package does not carry what measures: it says so.
    """
    if not (FOLDER / "capture.py").exists():
        refuse("bench_missing", "The benchmarks are not part of an installed package; run this in a checkout.")
    if chosen.only is not None and chosen.only not in PARTS:
        refuse("part_unknown", f"Measure one of {', '.join(PARTS)}.", "--only")
    sys.path.insert(0, str(FOLDER))
    reports: dict[str, dict[str, Any]] = {}
    for name in [chosen.only] if chosen.only else PARTS:
        part = cast(Part, import_module(name))
        reports[name] = part.measure()
        if not chosen.json:
            print(f"\n{name}", flush=True)
            part.show(reports[name])
            print("every target is met" if reports[name]["met"] else "A TARGET IS MISSED", flush=True)
    if chosen.json:
        print(json.dumps(reports, indent=1))
    return 0 if all(report["met"] for report in reports.values()) else 1
