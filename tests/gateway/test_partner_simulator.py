"""The simulator as a process of its own, what it answers, and a worker killed in the middle of sending."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.sending import run_calls
from orderloom.partner_simulator.behaviour import Behaviour, Manner, Rule, draw, manner_of
from orderloom.partner_simulator.scenario import event_outputs, outputs_of

from . import given
from .conftest import Partners, inbox_of, served, simulator_for
from .test_send_calls import expire_leases, free_port

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "ORDERLOOM_SIMULATOR_SECRET": given.MASTER, "PYTHONPATH": str(ROOT / "src")}
    running = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment, cwd=ROOT)
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def test_it_runs_as_a_process_and_takes_orders_about_its_behaviour(database: Database) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("-m", "orderloom.partner_simulator", "--port", str(port), "--callback", "")
    async with process(*arguments), httpx.AsyncClient() as client:
        await until_ready(client, url)
        rule = {"operation": "qualify", "manner": {"outputs": {"lineStatus": "jumpered"}}}
        assert (await client.post(f"{url}/control", json={"rules": [rule], "pace": 0})).status_code == 200
        assert (await client.post(f"{url}/control", json={"rules": [{"manner": {"x": 1}}]})).status_code == 422
        assert (await client.post(f"{url}/SQ/qualify", json={})).status_code == 401
        await given.committed_partner(database, endpoint=f"{url}/SQ")
        [call_id] = await given.committed_calls(database, given.draft())
        async with given.wire() as wire:
            await run_calls(database, wire, "w1")
        effects = (await client.get(f"{url}/effects")).json()["effects"]

    assert (await given.call_row(database, call_id))["reply"]["outputs"]["lineStatus"] == "jumpered"
    assert effects["SQ"]["12:3"] == {"operation": "qualify", "count": 1, "requests": 1, "status": 200}


async def test_an_announced_event_comes_as_so_many_messages(database: Database) -> None:
    async with served(inbox_of(database)) as inbox, simulator_for(inbox) as partners:
        partners.behave(("*", {"duplicate": 0.5, "early": 0.5}))
        await given.committed_partner(database, "MDM", endpoint=partners.endpoint("MDM"))
        hint = {"kind": "SiteShipment.enrolled", "count": 6, "hint": {"place": "S1"}}
        await given.committed_calls(database, given.draft(partner="MDM", operation="expect", payload=hint))
        async with given.wire() as wire:
            await run_calls(database, wire, "w1")
        await partners.simulator.messenger.drain()

    async with transaction(database, SYSTEM) as tx:
        rows = await tx.all(
            "SELECT type, correlation, (outputs->>'number')::int, state FROM gateway.message ORDER BY 3"
        )
    assert rows == [("SiteShipment.enrolled", "12:3", n, "received") for n in range(1, 7)]


async def test_another_body_under_a_used_key_is_refused(database: Database, partners: Partners) -> None:
    await given.committed_partner(database, endpoint=partners.endpoint())
    await given.committed_partner(database, "X", endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())
    async with given.wire() as wire:
        await run_calls(database, wire, "w1")
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("""UPDATE gateway.call SET payload = '{"changed": true}', state = 'queued',
                                       ended_at = NULL, status = NULL""")
        await run_calls(database, wire, "w1")
    assert (await given.call_row(database, call_id))["reply"]["code"] == "key_reused"


async def test_a_worker_killed_by_sigkill_while_sending_neither_loses_nor_doubles_the_work(
    database: Database, database_url: str, partners: Partners, tmp_path: Path
) -> None:
    partners.behave(("qualify", {"late": 1.0, "late_seconds": 20, "times": 1}))
    await given.committed_partner(database, endpoint=partners.endpoint(), timeout_seconds=60)
    [call_id] = await given.committed_calls(database, given.draft())
    worker = tmp_path / "worker.py"
    worker.write_text(WORKER.format(url=database_url))

    async with process(str(worker)) as running, asyncio.timeout(30):
        while not partners.request_counts():  # noqa: ASYNC110  (the simulator has no event for it)
            await asyncio.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        await running.wait()

    assert (await given.call_row(database, call_id))["state"] == "sending"
    async with given.wire() as wire:
        assert await run_calls(database, wire, "w2") == 0
        await expire_leases(database)
        assert await run_calls(database, wire, "w2") == 1
    assert (await given.call_row(database, call_id))["state"] == "answered"
    assert await given.attempts(database, call_id) == ["lease_lost", "answered"]
    assert partners.effect_counts() == {"12:3": 1}


WORKER = """
import asyncio
from orderloom.base.transaction import Database
from orderloom.gateway.addresses import LOCAL
from orderloom.gateway.sending import run_calls
from orderloom.gateway.wire import Wire

async def main():
    async with Database({url!r}) as database, Wire(LOCAL) as wire:
        await run_calls(database, wire, "doomed")

asyncio.run(main())
"""


async def until_ready(client: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await client.get(url)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


def test_the_same_attempt_always_draws_the_same_fate() -> None:
    manner = Manner(error=0.3, silence=0.3, nonsense=0.3)
    fates = [draw(Behaviour(seed=4), manner, identity=f"SQ:1:{n}").fate for n in range(200)]
    assert fates == [draw(Behaviour(seed=4), manner, identity=f"SQ:1:{n}").fate for n in range(200)]
    assert set(fates) == {"error", "silence", "nonsense", "done"}


def test_a_rule_changes_only_what_it_names() -> None:
    changed = manner_of(Rule(manner={"error": 1, "delay_seconds": [1, 2]}), Manner(late=0.5))
    assert (changed.error, changed.late, changed.delay_seconds) == (1, 0.5, (1, 2))
    with pytest.raises(Refused):
        manner_of(Rule(manner={"error": 2}), Manner())


def test_answers_are_sensible_and_the_same_for_one_key() -> None:
    assert outputs_of("SQ", "CFS-BroadbandAccess.qualify", {}, key="1:2")["lineStatus"] == "free"
    assert outputs_of("NTE", "RFS-DSLLine.test", {}, key="1:2")["passed"]
    lines = [{"item": "1.1", "sku": "SPL-1", "quantity": 6, "tracking": "serial"}, {"sku": "CON-3", "quantity": 30}]
    picked = outputs_of("WMS", "WarehouseShipment.pick", {"lines": lines}, key="1:7")
    assert len(set(picked["lines"][0]["serials"])) == 6
    assert picked["lines"][1] == lines[1]
    assert picked == outputs_of("WMS", "WarehouseShipment.pick", {"lines": lines}, key="1:7")
    told = event_outputs("VENDOR", "DropShipOrder.notified", {"lines": lines}, identity="1:9", number=1, count=1)
    assert told["lines"] == lines
    nested = {"item": {"lines": lines, "characteristics": {"tn": "+15551230000"}}}
    assert outputs_of("NP", "cutOver", nested, key="1:3")["number"] == "+15551230000"
    assert len(outputs_of("WMS", "pick", nested, key="1:7")["lines"]) == 2
