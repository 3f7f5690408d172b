"""The outside systems while the demo world is built: real HTTP, but what they tell us later waits for the clock."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import uvicorn

from orderloom.gateway.signatures import signed_headers
from orderloom.partner_simulator.app import Simulator
from orderloom.partner_simulator.behaviour import Behaviour, Manner, Rule
from orderloom.partner_simulator.messenger import Messenger

TAKES_ITS_TIME = ("pick", "ship", "stage", "cutOver", "send")
"""What partners are asked to do that takes them hours: they accept at once and tell the outcome later."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a partner that has not been delivered yet."""

    partner: str
    secret: str
    message_id: str
    body: bytes

    @property
    def correlation(self) -> str | None:
        """Which step waits for it."""
        found: str | None = json.loads(self.body).get("correlation")
        return found

    def headers(self) -> dict[str, str]:
        """Its signature, made now: a signature is believed for five minutes of real time."""
        now = int(time.time())
        return signed_headers([self.secret], message_id=self.message_id, timestamp=now, body=self.body)


@dataclass(slots=True)
class Letterbox(Messenger):
    """Where the simulator posts its messages instead of sending them."""

    letters: deque[Letter] = field(default_factory=deque)

    def post(
        self, partner: str, secret: str, *, message_id: str, body: bytes, delay_seconds: float
    ) -> asyncio.Task[None]:
        """Keep the message for whoever moves the clock."""
        self.letters.append(Letter(partner, secret, message_id, body))
        return asyncio.create_task(_nothing())


async def _nothing() -> None:
    return


@dataclass(slots=True)
class PartnersAtHand:
    """Every partner, answering on one port of this machine."""

    url: str
    simulator: Simulator
    letterbox: Letterbox

    def collect(self) -> list[Letter]:
        """The messages that partners have written since the last time."""
        taken = []
        while self.letterbox.letters:
            taken.append(self.letterbox.letters.popleft())
        return taken

    def refuse_next(self, partner: str, operation: str) -> None:
        """Let a partner turn down the next call of this kind."""
        rule = Rule(manner={"refuse": 1}, partner=partner, operation=operation, times=1)
        spent = {n for n, r in enumerate(self.simulator.behaviour.rules) if r.times and self.simulator.used.get(n)}
        kept = [r for n, r in enumerate(self.simulator.behaviour.rules) if n not in spent]
        self.simulator.used.clear()
        self.simulator.behaviour = replace(self.simulator.behaviour, rules=(rule, *kept))

    def take_their_time(self) -> None:
        """Let partners accept what they are asked from now on, and tell the outcome later."""
        slow = Rule(manner={"answer": "later"})
        self.simulator.behaviour = replace(self.simulator.behaviour, rules=(slow, *self.simulator.behaviour.rules))

    def forget_refusals(self) -> None:
        """Let partners do what they have refused, when they are asked again."""
        for key in [key for key, effect in list(self.simulator.effects.items()) if effect.status >= 400]:
            self.simulator.effects.pop(key, None)


class _Guest(uvicorn.Server):
    """A server in somebody else's event loop; signals stay with the host."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave Ctrl+C to the program that builds the world."""
        yield


@asynccontextmanager
async def partners_at_hand(master: str, *, seed: int) -> AsyncIterator[PartnersAtHand]:
    """Run the simulator beside the caller until the block ends.

    In the same event loop: on a thread of its own, each request would wait for the interpreter's lock.
    """
    later = tuple(Rule(manner={"answer": "later"}, operation=word) for word in TAKES_ITS_TIME)
    at_once = Manner(delay_seconds=(0, 0), event_seconds=(0, 0))
    letterbox = Letterbox("")
    simulator = Simulator(letterbox, master, time.time, Behaviour(rules=later, defaults=at_once, seed=seed, pace=0))
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    server = _Guest(_quiet(simulator))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield PartnersAtHand(f"http://127.0.0.1:{listener.getsockname()[1]}", simulator, letterbox)
    finally:
        server.should_exit = True
        await serving
        listener.close()


def _quiet(application: Any) -> uvicorn.Config:
    return uvicorn.Config(application, log_level="error", access_log=False, timeout_graceful_shutdown=1)
