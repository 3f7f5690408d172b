"""What a worker tells Prometheus about itself and about what waits."""

from __future__ import annotations

import asyncio
import re
import socket
from urllib.request import urlopen

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.worker.loops import open_loops
from orderloom.worker.main import Loop, _keep
from orderloom.worker.metrics import WorkerMetrics, read_backlog, served
from tests.gateway.given import committed_calls, committed_partner, draft


def figures(metrics: WorkerMetrics) -> dict[str, float]:
    found = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            labels = "".join(f"{{{value}}}" for name, value in sample.labels.items() if name != "le")
            found[f"{sample.name}{labels}"] = sample.value
    return found


async def test_a_loop_counts_what_it_does_and_where_it_fails() -> None:
    metrics, stop = WorkerMetrics(), asyncio.Event()
    answers = iter((3, 4, RuntimeError("a bug"), 0))

    async def body() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        if not answer:
            stop.set()
        return answer

    bell = asyncio.Event()
    working = asyncio.create_task(_keep(Loop("jobs", body), bell, stop, metrics))
    await asyncio.wait_for(stop.wait(), 10)
    bell.set()
    await working

    found = figures(metrics)
    assert (found["orderloom_worker_done_total{jobs}"], found["orderloom_worker_errors_total{jobs}"]) == (7, 1)
    assert found["orderloom_worker_batch_seconds_count{jobs}"] == 2


async def test_what_waits_is_counted_with_the_age_of_its_oldest(database: Database) -> None:
    await committed_partner(database)
    await committed_calls(database, *(draft(f"1:{n}") for n in range(3)))
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("UPDATE gateway.call SET next_attempt_at = clock_timestamp() - interval '1 hour'")

    backlog = await read_backlog(database)
    assert backlog.calls == 3
    assert 3600 <= backlog.oldest_call_seconds < 3700
    assert (backlog.steps, backlog.oldest_step_seconds, backlog.fallout, backlog.dead_jobs) == (0, 0, 0, 0)

    metrics = WorkerMetrics()
    await metrics.measure(database)
    assert figures(metrics)["orderloom_waiting{calls}"] == 3
    assert figures(metrics)["orderloom_oldest_waiting_seconds{calls}"] >= 3600


def test_the_next_free_port_is_taken_and_answers_at_metrics() -> None:
    metrics = WorkerMetrics()
    metrics.claimed.inc(5)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with served(metrics, host="127.0.0.1", port=port) as found:
            assert found is not None
            assert port < found < port + 20
            said = urlopen(f"http://127.0.0.1:{found}/metrics").read().decode()
    assert re.search(r"^orderloom_worker_steps_claimed_total 5\.0$", said, re.MULTILINE)


def test_no_port_is_opened_unless_one_is_named() -> None:
    with served(WorkerMetrics(), host="127.0.0.1", port=None) as found:
        assert found is None


async def test_a_worker_measures_and_counts_its_claims(database: Database, house: House) -> None:
    metrics = WorkerMetrics()
    async with (
        Database(database.url, house, size=2, bulk=True) as bulk,
        open_loops(database, bulk, "w", allow_private_partners=False, metrics=metrics) as loops,
    ):
        bodies = {loop.name: loop.body for loop in loops}
        assert await bodies["measuring"]() == 0
        assert await bodies["steps"]() == 0

    assert figures(metrics)["orderloom_waiting{steps}"] == 0
    assert figures(metrics)["orderloom_worker_steps_claimed_total"] == 0
