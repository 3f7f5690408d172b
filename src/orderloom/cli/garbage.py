"""How a process of ours looks for garbage, and how its threads take turns."""

from __future__ import annotations

import gc
import sys

EVERY = 20_000
TURN_SECONDS = 0.0003


def look_less_for_garbage() -> None:
    """Never look at what is loaded by now, and less often at the rest.

    Python looks after every 700 new values, and a request or an import makes thousands that are freed
    without it: a sixth of the time of a bulk import went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(EVERY, 20, 50)


def take_short_turns() -> None:
    """Let the thread that talks to the database go on at once when an answer is there, while another one plans."""
    sys.setswitchinterval(TURN_SECONDS)
