"""A person's completion over the API among a million waiting steps: from the request to the answer."""

from __future__ import annotations

import json

import psycopg
import uvloop
from client import run_client
from engine import MILLION, draft
from world import bench_database, furnish, web_process

from orderloom.base.embedded import Server
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.house import build_house
from orderloom.processes.commands import start_processes

SAMPLES = 1_500
WARM = 200


def api_latency(server: Server, *, waiting: int) -> dict[str, float]:
    """Complete steps one after the other, each in its own request and transaction; p50 and p99 in milliseconds."""
    with bench_database(server, "people") as url:
        key = furnish(url)
        pattern = uvloop.run(_pattern(url))
        with psycopg.connect(url, autocommit=True) as connection:
            queues = [code for (code,) in connection.execute("SELECT code FROM work.queue ORDER BY code")]
            connection.execute(MILLION, {"pattern": pattern, "many": waiting, "queues": queues})
            chosen = connection.execute(
                "SELECT id FROM processes.process WHERE id <> %s ORDER BY random() LIMIT %s", [pattern, SAMPLES + WARM]
            ).fetchall()
            connection.execute("VACUUM ANALYZE processes.step, processes.process, processes.step_log")
            connection.execute("CHECKPOINT")
        paths = [f"/api/tasks/{process_id}/0/complete" for (process_id,) in chosen]
        body = json.dumps({"outputs": {}}).encode()
        with web_process(url) as web:
            run_client(web.port, key, clients=1, seconds=60, paths=paths[:WARM], bodies=[body])
            answer = run_client(web.port, key, clients=1, seconds=60, paths=paths[WARM:], bodies=[body])
    return {"waiting": waiting, "p50_ms": answer["p50_ms"], "p99_ms": answer["p99_ms"]}


async def _pattern(url: str) -> int:
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        [pattern] = await start_processes(tx, [draft(0, "person")])
        return pattern
