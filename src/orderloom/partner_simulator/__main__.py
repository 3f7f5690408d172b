"""Starts the simulator: `python -m orderloom.partner_simulator --port 9000 --callback http://127.0.0.1:8000`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import uvicorn

from orderloom.base.lifeline import hold_lifeline
from orderloom.base.parsing import parse_json
from orderloom.base.refusals import Refused
from orderloom.partner_simulator.app import Simulator
from orderloom.partner_simulator.behaviour import Behaviour
from orderloom.partner_simulator.messenger import Messenger


def main(arguments: list[str] | None = None) -> int:
    """Serve until stopped; 2 when the options are not usable."""
    chosen = _options().parse_args(arguments)
    hold_lifeline()
    master = (
        chosen.secret_file.read_text().strip() if chosen.secret_file else os.environ.get("ORDERLOOM_SIMULATOR_SECRET")
    )
    if not master:
        print("Give --secret-file or set ORDERLOOM_SIMULATOR_SECRET; all keys are derived from it.", file=sys.stderr)  # noqa: T201
        return 2
    try:
        behaviour = parse_json(Behaviour, chosen.behaviour.read_bytes()) if chosen.behaviour else Behaviour()
    except Refused as refused:
        print(f"{chosen.behaviour}: {refused}", file=sys.stderr)  # noqa: T201
        return 2
    behaviour = replace(
        behaviour,
        seed=behaviour.seed if chosen.seed is None else chosen.seed,
        pace=behaviour.pace if chosen.pace is None else chosen.pace,
    )
    simulator = Simulator(Messenger(chosen.callback.rstrip("/")), master, time.time, behaviour)
    uvicorn.run(
        simulator,
        host=chosen.host,
        port=chosen.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("orderloom partner-simulator", description="Plays the outside systems over HTTP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--callback", default="http://127.0.0.1:8000", help="where Orderloom's web listens")
    parser.add_argument("--secret-file", type=Path, help="a file with the secret that all keys are derived from")
    parser.add_argument("--behaviour", type=Path, help="a JSON file with rules")
    parser.add_argument("--seed", type=int, help="seed of chance")
    parser.add_argument("--pace", type=float, help="what delays are multiplied by; 0: at once")
    return parser


if __name__ == "__main__":
    sys.exit(main())
