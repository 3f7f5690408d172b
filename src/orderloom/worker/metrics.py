"""What a worker counts about itself and measures about what waits, for Prometheus."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM

COUNTED_AT_MOST = 100_000
"""Beyond this many, a queue is so long that its exact length says nothing; counting stops there."""

PORTS_TRIED = 20
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits now: how much, and for how many seconds the oldest of it."""

    calls: int
    oldest_call_seconds: float
    jobs: int
    oldest_job_seconds: float
    dead_jobs: int
    steps: int
    oldest_step_seconds: float
    fallout: int


class WorkerMetrics:
    """The counters of one worker process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self.done = Counter(
            "orderloom_worker_done", "Work done: steps completed, jobs run, calls sent.", ["loop"], registry=registry
        )
        self.claimed = Counter("orderloom_worker_steps_claimed", "Steps that this worker took.", registry=registry)
        self.errors = Counter("orderloom_worker_errors", "Batches that failed.", ["loop"], registry=registry)
        self.seconds = Histogram(
            "orderloom_worker_batch_seconds",
            "Time of a batch that did something.",
            ["loop"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.waiting = Gauge(
            "orderloom_waiting", "What waits: calls in the outbox, jobs, ready steps.", ["what"], registry=registry
        )
        self.lag = Gauge(
            "orderloom_oldest_waiting_seconds", "For how long the oldest of it waits.", ["what"], registry=registry
        )
        self.trouble = Gauge(
            "orderloom_needs_people", "What goes on with a person's help only.", ["what"], registry=registry
        )

    def note_batch(self, loop: str, did: int, seconds: float) -> None:
        """Count a batch; one that found nothing to do is left out of the times."""
        if did:
            self.done.labels(loop).inc(did)
            self.seconds.labels(loop).observe(seconds)

    async def measure(self, database: Database) -> int:
        """Look at what waits; returns 0, as there is nothing to go on with."""
        backlog = await read_backlog(database)
        for what, many, oldest in (
            ("calls", backlog.calls, backlog.oldest_call_seconds),
            ("jobs", backlog.jobs, backlog.oldest_job_seconds),
            ("steps", backlog.steps, backlog.oldest_step_seconds),
        ):
            self.waiting.labels(what).set(many)
            self.lag.labels(what).set(oldest)
        self.trouble.labels("fallout").set(backlog.fallout)
        self.trouble.labels("dead_jobs").set(backlog.dead_jobs)
        return 0


async def read_backlog(database: Database) -> Backlog:
    """Count what waits, each up to a limit, over the indexes by which it is claimed."""
    async with transaction(database, SYSTEM) as tx:
        return await tx.one(
            """
            WITH calls AS (
                 SELECT next_attempt_at
                   FROM gateway.call
                  WHERE state = 'queued' AND next_attempt_at <= clock_timestamp()
                  LIMIT %(most)s),
                 jobs AS (
                 SELECT run_at
                   FROM base.job
                  WHERE state = 'ready' AND run_at <= clock_timestamp()
                  ORDER BY run_at, id
                  LIMIT %(most)s),
                 steps AS (
                 SELECT ready_at
                   FROM processes.step
                  WHERE state = 'ready' AND mode = 'auto' AND NOT held
                  LIMIT %(most)s)
            SELECT (SELECT count(*) FROM calls) AS calls,
                   (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(next_attempt_at)), 0)::float8
                      FROM calls) AS oldest_call_seconds,
                   (SELECT count(*) FROM jobs) AS jobs,
                   (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(run_at)), 0)::float8
                      FROM jobs) AS oldest_job_seconds,
                   (SELECT count(*)
                      FROM (SELECT FROM base.job WHERE state = 'dead' LIMIT %(most)s) AS dead) AS dead_jobs,
                   (SELECT count(*) FROM steps) AS steps,
                   (SELECT coalesce(greatest(extract(epoch FROM base.now() - min(ready_at)), 0), 0)::float8
                      FROM steps) AS oldest_step_seconds,
                   (SELECT count(*)
                      FROM (SELECT FROM processes.step WHERE state = 'failed' LIMIT %(most)s) AS fallen) AS fallout
            """,
            {"most": COUNTED_AT_MOST},
            row=Backlog,
        )


@contextmanager
def served(metrics: WorkerMetrics, *, host: str, port: int | None) -> Iterator[int | None]:
    """Answer at `/metrics` on this port, or on the first free one after it, so that several workers run on one host."""
    if port is None:
        yield None
        return
    server, found = _listen(metrics, host, port)
    _log.info("metrics served", host=host, port=found)
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()


def _listen(metrics: WorkerMetrics, host: str, port: int) -> tuple[WSGIServer, int]:
    for candidate in range(port, port + PORTS_TRIED):
        try:
            server, _ = start_http_server(candidate, addr=host, registry=metrics.registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or candidate == port + PORTS_TRIED - 1:
                raise
        else:
            return server, candidate
    raise AssertionError("the last port either answers or raises")


@contextmanager
def timed(metrics: WorkerMetrics, loop: str) -> Iterator[list[int]]:
    """Measure a batch; the caller appends how much was done."""
    began = time.perf_counter()
    did: list[int] = []
    try:
        yield did
    except Exception:
        metrics.errors.labels(loop).inc()
        raise
    metrics.note_batch(loop, sum(did), time.perf_counter() - began)
