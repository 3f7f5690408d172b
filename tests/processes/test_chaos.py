"""Three workers run a thousand steps and are killed at random moments: nothing is lost, nothing done twice."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import EMPTY_HOUSE, SYSTEM, Call, Done, Outcome
from orderloom.processes.commands import start_processes
from orderloom.processes.types import Node
from orderloom.processes.worker import StepWorker
from tests.processes import given

LEASE_SECONDS = 0.4
EDGES = ["a>b", "a>c", "b>d", "c>d", "d>e", "a>e"]


async def effect(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    """Leave a trace that would show a step done twice."""
    await tx.execute(
        "INSERT INTO chaos (process_id, number) SELECT * FROM unnest(%(p)s::bigint[], %(n)s::integer[])",
        {"p": [call.process_id for call in calls], "n": [call.number for call in calls]},
    )
    return [Done({"n": call.number}) for call in calls]


HOUSE = replace(EMPTY_HOUSE, step_kinds=MappingProxyType({"effect": effect}))


async def work(url: str) -> None:
    async with Database(url, HOUSE, size=2, bulk=True) as database:
        worker = StepWorker(database, "chaos", lease_seconds=LEASE_SECONDS)
        while True:
            if not await worker.turn(20):
                worker._suspects_at = 0.0
                await asyncio.sleep(0.02)


async def test_workers_may_be_killed_at_any_moment(database_url: str) -> None:
    rng = random.Random(7)
    async with Database(database_url, HOUSE) as database:
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("CREATE TABLE chaos (process_id bigint, number integer)")
            node = Node("effect", "auto")
            await start_processes(tx, [given.draft(dict.fromkeys("abcde", node), EDGES) for _ in range(200)])
        workers = [spawn(database_url) for _ in range(3)]
        deaths, until = 0, time.monotonic() + 60
        try:
            while time.monotonic() < until:
                await asyncio.sleep(rng.uniform(0.02, 0.2))
                async with transaction(database, SYSTEM) as tx:
                    if not await tx.value("SELECT count(*) FROM processes.process WHERE state = 'running'"):
                        break
                if deaths < 12:
                    victim = rng.randrange(3)
                    workers[victim].send_signal(signal.SIGKILL)
                    workers[victim].wait()
                    workers[victim] = spawn(database_url)
                    deaths += 1
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        async with transaction(database, SYSTEM) as tx:
            assert await tx.value("SELECT count(*) FROM processes.process WHERE state = 'done'") == 200
            assert await tx.value("SELECT count(*) FROM chaos") == 1000
            assert await tx.value("SELECT count(*) FROM (SELECT DISTINCT * FROM chaos) AS one") == 1000
            assert await tx.value("SELECT count(*) FROM processes.step_log WHERE to_state = 'done'") == 1000
            assert await given.breaches(tx) == []
        assert deaths > 2


def spawn(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.processes.test_chaos", url], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
