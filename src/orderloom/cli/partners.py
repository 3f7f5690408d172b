"""The verb `partner-simulator`: the outside systems, played over HTTP by a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys


def simulate_partners(chosen: argparse.Namespace) -> int:
    """Hand over to the simulator, which has options of its own."""
    options = chosen.rest[1:] if chosen.rest[:1] == ["--"] else chosen.rest
    return subprocess.call([sys.executable, "-m", "orderloom.partner_simulator", *options])
