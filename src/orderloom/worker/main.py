"""The loops of a worker: each wakes when something was committed, and once a second anyway."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from types import MappingProxyType

import psycopg
import structlog

from orderloom.base.transaction import Database
from orderloom.base.types import House
from orderloom.base.wakeup import wakeups
from orderloom.messages.doors import Doors
from orderloom.messages.types import Channel
from orderloom.processes.worker import LEASE_SECONDS
from orderloom.worker.forgetting import KEEP_WIRE_DAYS
from orderloom.worker.metrics import WorkerMetrics, timed
from orderloom.worker.sealing import Seal

POLL_SECONDS = 1.0
PAUSE_AFTER_ERROR_SECONDS = 1.0
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MailEntrance:
    """Where a worker takes mail, and for whom."""

    host: str
    port: int
    addresses: frozenset[str]

    def open(self, database: Database) -> AbstractAsyncContextManager[int]:
        """Take mail as long as the block lasts."""
        from orderloom.worker.mail_entrance import listening_for_mail

        return listening_for_mail(database, self.addresses, host=self.host, port=self.port)


@dataclass(frozen=True, slots=True)
class Loop:
    """One kind of work: `body` does a batch and returns how much it did; 0 lets the loop sleep.

    `every_seconds` is for clockwork that need not look at each wake-up.
    """

    name: str
    body: Callable[[], Awaitable[int]]
    every_seconds: float = 0


async def run_worker(
    url: str,
    house: House,
    *,
    stop: asyncio.Event | None = None,
    allow_private_partners: bool = False,
    lease_seconds: float = LEASE_SECONDS,
    channels: Mapping[str, Channel] = MappingProxyType({}),
    metrics: WorkerMetrics | None = None,
    keep_wire_days: float = KEEP_WIRE_DAYS,
    doors: Doors | None = None,
    mail: MailEntrance | None = None,
    seal: Seal | None = None,
) -> None:
    """Work until told to stop; a batch that has begun is finished first."""
    from orderloom.worker.loops import open_loops

    metrics = metrics or WorkerMetrics()
    stop = stop or _stop_on_signal()
    worker_id = f"{socket.gethostname()}:{os.getpid()}"
    async with (
        Database(url, house, size=8) as database,
        Database(url, house, size=4, bulk=True) as bulk,
        open_loops(
            database,
            bulk,
            worker_id,
            allow_private_partners=allow_private_partners,
            lease_seconds=lease_seconds,
            channels=channels,
            metrics=metrics,
            keep_wire_days=keep_wire_days,
            doors=doors,
            seal=seal,
        ) as loops,
        mail.open(database) if mail else nullcontext(),
    ):
        bells = [asyncio.Event() for _ in loops]
        _log.info("worker started", worker=worker_id, loops=[loop.name for loop in loops])
        tasks = [
            asyncio.create_task(_keep(loop, bell, stop, metrics), name=loop.name)
            for loop, bell in zip(loops, bells, strict=True)
        ]
        listener = asyncio.create_task(_listen(url, bells))
        await stop.wait()
        for bell in bells:
            bell.set()
        await asyncio.gather(*tasks)
        listener.cancel()
        _log.info("worker stopped", worker=worker_id)


async def _keep(loop: Loop, bell: asyncio.Event, stop: asyncio.Event, metrics: WorkerMetrics) -> None:
    while not stop.is_set():
        bell.clear()
        try:
            with timed(metrics, loop.name) as done:
                did = await loop.body()
                done.append(did)
        except (psycopg.Error, TimeoutError, OSError) as error:
            _log.warning("work interrupted", loop=loop.name, error=str(error))
            await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)
            continue
        except Exception:
            _log.exception("work failed", loop=loop.name)
            await asyncio.sleep(PAUSE_AFTER_ERROR_SECONDS)
            continue
        if loop.every_seconds:
            await _sleep(stop, loop.every_seconds)
        elif not did:
            await bell.wait()


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _listen(url: str, bells: list[asyncio.Event]) -> None:
    async for _ in wakeups(url, poll_seconds=POLL_SECONDS):
        for bell in bells:
            bell.set()


def _stop_on_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
