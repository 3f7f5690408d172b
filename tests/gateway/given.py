"""Builders for tests that need partners, calls and messages."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM, Subject
from orderloom.gateway.addresses import networks
from orderloom.gateway.commands import enqueue, register_partner
from orderloom.gateway.signatures import signed_headers
from orderloom.gateway.types import CallDraft, PartnerDraft
from orderloom.gateway.wire import Wire
from orderloom.partner_simulator.world import partner_secrets

MASTER = "the master secret of the tests"
ORDER = Subject("orders.order", 7, "SO-2026-000007", 3)
LOOPBACK = networks("127.0.0.0/8")


async def partner(tx: Tx, code: str = "SQ", *, endpoint: str = "http://127.0.0.1:9/SQ", **limits: Any) -> str:
    """A registered partner whose keys are the simulator's."""
    draft = PartnerDraft(code=code, name=code, endpoint=endpoint, **limits)
    await register_partner(tx, draft, partner_secrets(MASTER, code))
    return code


def draft(key: str = "12:3", **changes: Any) -> CallDraft:
    """A call that asks for a line qualification."""
    settings: dict[str, Any] = {
        "partner": "SQ",
        "operation": "qualify",
        "payload": {"order": "SO-2026-000007", "item": "1.1", "revision": 1, "bundle": "1"},
        "subject": ORDER,
        "correlation": key,
    }
    return CallDraft(key=key, **(settings | changes))


async def committed_partner(database: Database, code: str = "SQ", **limits: Any) -> str:
    """The same, committed."""
    return await in_transaction(database, SYSTEM, lambda tx: partner(tx, code, **limits))


async def committed_calls(database: Database, *drafts: CallDraft) -> list[int]:
    """Calls in the outbox."""
    return await in_transaction(database, SYSTEM, lambda tx: enqueue(tx, drafts))


async def call_row(database: Database, call_id: int) -> dict[str, Any]:
    """A call as it stands."""
    async with transaction(database, SYSTEM) as tx:
        found: dict[str, Any] = await tx.value(
            "SELECT to_jsonb(c) FROM gateway.call AS c WHERE id = %(id)s", {"id": call_id}
        )
        return found


async def attempts(database: Database, call_id: int) -> list[str]:
    """The outcomes of a call's attempts, in order."""
    async with transaction(database, SYSTEM) as tx:
        return await tx.values(
            "SELECT outcome FROM gateway.attempt WHERE call_id = %(id)s ORDER BY number", {"id": call_id}
        )


async def event_types(database: Database) -> list[str]:
    """What was told, in order, without what registering told."""
    async with transaction(database, SYSTEM) as tx:
        return await tx.values("SELECT type FROM base.event WHERE type <> 'gateway.partner_registered' ORDER BY id")


def wire() -> Wire:
    """A wire that may reach the simulator."""
    return Wire(LOOPBACK)


def message(
    code: str = "SQ",
    *,
    message_id: str = "msg_1",
    content: Mapping[str, Any] | bytes | None = None,
    secret: str | None = None,
    at: float | None = None,
) -> tuple[dict[str, str], bytes]:
    """A signed message as the partner sends it: headers and body."""
    default = {"type": "qualify", "correlation": "12:3", "outputs": {"lineStatus": "free"}}
    body = content if isinstance(content, bytes) else json.dumps(default if content is None else content).encode()
    headers = signed_headers(
        [secret or partner_secrets(MASTER, code).incoming],
        message_id=message_id,
        timestamp=int(time.time() if at is None else at),
        body=body,
    )
    return headers, body
