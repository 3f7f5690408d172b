"""Webhooks: facts told to whoever asked, once each, and again on demand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from orderloom.base.jobs import run_jobs
from orderloom.base.parsing import read_json
from orderloom.base.refusals import NotFound, Refused
from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.commands import cancel, enqueue, set_online
from orderloom.gateway.reads import call_list, webhook_list
from orderloom.gateway.sending import run_calls
from orderloom.gateway.signatures import why_not_genuine
from orderloom.gateway.types import RegisteredWebhook, WebhookDraft
from orderloom.gateway.webhooks import register_webhook, replay_deliveries, replay_events, set_webhook_active

from . import given
from .conftest import served


@dataclass
class Listener:
    """A program that is told facts; answers `status`."""

    status: int = 204
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        event = await receive()
        self.told.append(({k.decode(): v.decode() for k, v in scope["headers"]}, event["body"]))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def registered(
    database: Database, url: str, *event_types: str, account_id: int | None = None
) -> RegisteredWebhook:
    draft = WebhookDraft("Listener", url, event_types, account_id)
    return await in_transaction(database, SYSTEM, lambda tx: register_webhook(tx, draft))


async def happen(database: Database) -> None:
    """Something that webhooks may hear of: a call is withdrawn (account 3)."""

    async def work(tx: Tx) -> None:
        count = await tx.value("SELECT count(*) FROM gateway.call")
        ids = await enqueue(tx, [given.draft(f"1:{count}")])
        await cancel(tx, ids, reason="a fact to tell")

    await in_transaction(database, SYSTEM, work)


async def told_until_quiet(database: Database) -> None:
    async with given.wire() as wire:
        for _ in range(6):
            await run_jobs(database)
            await run_calls(database, wire, "w1")
            await asyncio.sleep(0.01)


async def test_a_fact_is_told_once_with_a_signature_that_the_listener_can_check(database: Database) -> None:
    await given.committed_partner(database)
    listener = Listener()
    async with served(listener) as url:
        webhook = await registered(database, f"{url}/hook", "gateway.call_cancelled")
        await happen(database)
        await told_until_quiet(database)

    [(headers, body)] = listener.told
    assert why_not_genuine([webhook.secret], headers, body, now=float(headers["webhook-timestamp"])) is None
    content = read_json(body)
    assert content["type"] == "gateway.call_cancelled"
    assert content["data"]["subject"] == {"kind": "orders.order", "id": 7, "label": "SO-2026-000007"}
    assert content["data"]["fact"]["reason"] == "a fact to tell"


async def test_a_listener_to_everything_is_not_told_of_its_own_deliveries_for_ever(database: Database) -> None:
    await given.committed_partner(database)
    listener = Listener()
    async with served(listener) as url:
        await registered(database, url, "*")
        await happen(database)
        await told_until_quiet(database)

    types = sorted(read_json(body)["type"] for _, body in listener.told)
    assert types == ["gateway.call_cancelled", "gateway.webhook_registered"]


async def test_an_account_hears_of_itself_only(database: Database) -> None:
    await given.committed_partner(database)
    ours, theirs = Listener(), Listener()
    async with served(ours) as url, served(theirs) as other:
        await registered(database, url, "gateway.call_cancelled", account_id=3)
        await registered(database, other, "gateway.call_cancelled", account_id=4)
        await happen(database)
        await told_until_quiet(database)
    assert (len(ours.told), len(theirs.told)) == (1, 0)


async def test_a_dead_letter_is_replayed_one_or_a_whole_span(database: Database) -> None:
    await given.committed_partner(database)
    listener = Listener(status=410)
    async with served(listener) as url:
        webhook = await registered(database, url, "gateway.call_cancelled")
        await happen(database)
        await told_until_quiet(database)
        async with transaction(database, SYSTEM) as tx:
            [line] = await webhook_list(tx)
            assert (line.dead, line.queued) == (1, 0)
            [delivery] = await call_list(tx, partner=line.partner)

        listener.status = 200
        async with transaction(database, SYSTEM) as tx:
            assert await replay_deliveries(tx, [delivery.id], reason="mended") == [delivery.id]
        await told_until_quiet(database)
        async with transaction(database, SYSTEM) as tx:
            again = await replay_events(
                tx, webhook.id, since=tx.now - timedelta(hours=1), until=tx.now + timedelta(hours=1), reason="all"
            )
        await told_until_quiet(database)

    assert again == 1
    assert len(listener.told) == 3
    assert len({headers["webhook-id"] for headers, _ in listener.told}) == 1


async def test_a_paused_webhook_is_told_nothing(database: Database) -> None:
    await given.committed_partner(database)
    listener = Listener()
    async with served(listener) as url:
        webhook = await registered(database, url, "gateway.call_cancelled")
        await in_transaction(database, SYSTEM, lambda tx: set_webhook_active(tx, webhook.id, False))
        await happen(database)
        await told_until_quiet(database)
        assert listener.told == []
        await in_transaction(database, SYSTEM, lambda tx: set_webhook_active(tx, webhook.id, True))
        await happen(database)
        await told_until_quiet(database)
    assert len(listener.told) == 1


async def test_an_event_that_nobody_declares_is_refused(tx: Tx) -> None:
    with pytest.raises(Refused) as refused:
        await register_webhook(tx, WebhookDraft("x", "https://x.example", ("gateway.call_answered", "no.such")))
    assert [p.pointer for p in refused.value.problems] == ["/event_types/1"]
    with pytest.raises(NotFound):
        await set_webhook_active(tx, 99, False)
    with pytest.raises(NotFound):
        await set_online(tx, ["webhook-99"], False, reason="x")
