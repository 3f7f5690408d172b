"""The lifeline: a child process ends when the program that keeps it ends, however that happens.

The parent holds one end of a pipe that is the child's standard input and never writes to it. When
the parent is gone, even by SIGKILL, the pipe closes and the child asks itself to stop.
"""

from __future__ import annotations

import os
import signal
from threading import Thread

VARIABLE = "ORDERLOOM_LIFELINE"


def hold_lifeline() -> None:
    """Stop this process, as SIGTERM does, when its parent has ended; only where the parent said that it holds on."""
    if os.environ.pop(VARIABLE, None):
        Thread(target=_wait_for_the_end, daemon=True, name="lifeline").start()


def _wait_for_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
