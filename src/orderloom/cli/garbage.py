"""How a process of ours looks for garbage."""

from __future__ import annotations

import gc

EVERY = 20_000


def look_less_for_garbage() -> None:
    """Never look at what is loaded by now, and less often at the rest.

    Python looks after every 700 new values, and a request or an import makes thousands that are freed
    without it: a sixth of the time of a bulk import went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(EVERY, 20, 50)
