"""Verbs for messages: receive what partners tell us, hand it to whoever waits, put it aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import structlog
from pydantic import Field

from orderloom.base.parsing import parse, read_json
from orderloom.base.refusals import Conflict, Problem, Refused
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.gateway.events import MessageDismissed, MessageReceived
from orderloom.gateway.signatures import why_not_genuine
from orderloom.gateway.store import message as messages
from orderloom.gateway.types import REPLY_LIMIT, Message, MessageState, Receipt
from orderloom.gateway.wire import has_bad_values

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a message. `correlation` is the one that came with the call; `outputs` is the result."""

    type: Annotated[str, Field(min_length=1, max_length=200)]
    correlation: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    timestamp: Annotated[str, Field(max_length=64)] | None = None


async def receive(tx: Tx, partner_code: str, headers: Mapping[str, str], body: bytes) -> Receipt:
    """Take in a message of a partner; what to answer is in the receipt, never raised, so that it is counted.

    401 when it is unsigned, forged, stale, of an unknown partner or about another partner's call:
    counted and logged, its body not kept. 413 when too long. 422 when it is genuine but no message;
    kept as rejected. 200 when it is kept, and again for every later delivery, which has no effect.
    The transaction must be committed before the partner is answered. (Standard Webhooks 1.0)
    """
    plain = {name.lower(): value for name, value in headers.items()}
    gate = await messages.gate(tx, partner_code)
    if gate is None:
        _log.warning("message turned away", partner=partner_code[:40], reason="unknown partner")
        return Receipt(401, "")
    if len(body) > REPLY_LIMIT:
        return await _turn_away(tx, gate, partner_code, "too_long", status=413)
    problem = why_not_genuine(gate.secrets, plain, body, now=gate.now)
    if problem:
        return await _turn_away(tx, gate, partner_code, problem, status=401)

    message_id, sent_at = plain["webhook-id"], int(plain["webhook-timestamp"])
    try:
        content = _content(body)
    except Refused as refused:
        return await _keep_rejected(tx, gate, message_id, str(refused), sent_at_seconds=sent_at)
    return await _keep(tx, gate, partner_code, message_id, content, sent_at_seconds=sent_at)


async def messages_waiting(tx: Tx, correlations: Sequence[str]) -> list[Message]:
    """Messages that came before somebody waited for them, locked until the end of the transaction.

    Ask when steps begin to wait, apply what comes back, then call `settle_messages`. The caller
    compares the partner: a correlation alone proves nothing.
    """
    return await messages.lock_open_messages(tx, correlations=correlations) if correlations else []


async def open_messages(tx: Tx, message_ids: Sequence[int]) -> list[Message]:
    """The messages of these ids that nobody has acted on, locked; for reactions to `MessageReceived`."""
    return await messages.lock_open_messages(tx, ids=message_ids) if message_ids else []


async def settle_messages(tx: Tx, message_ids: Sequence[int]) -> list[int]:
    """Say that these were acted on; returns those that were open."""
    moved = await messages.move_messages(tx, message_ids, state=MessageState.MATCHED, reason="")
    return sorted(message.id for message in moved)


async def leave_unmatched(tx: Tx, message_ids: Sequence[int], *, reason: str) -> list[int]:
    """Say that nothing waits for these yet; they are kept where a person sees them, until something does."""
    moved = await messages.move_messages(tx, message_ids, state=MessageState.UNMATCHED, reason=reason[:500])
    return sorted(message.id for message in moved)


async def dismiss_messages(tx: Tx, message_ids: Sequence[int], *, reason: str) -> list[int]:
    """Put messages aside, by a person's decision; returns those that were open."""
    moved = await messages.move_messages(tx, message_ids, state=MessageState.REJECTED, reason=reason)
    tx.emit(MessageDismissed(message.subject, message.id, message.partner, reason) for message in moved)
    return sorted(message.id for message in moved)


async def assign_message(tx: Tx, message_id: int, *, correlation: str, reason: str) -> None:
    """Say, as a person, what a message is about; it is then told as if it had just come."""
    moved = await messages.assign_message(tx, message_id, correlation=correlation, reason=reason)
    if moved is None:
        raise Conflict([Problem("message_closed", "Somebody has dealt with this message; load the list again.")])
    tx.emit(MessageReceived(moved.subject, moved.id, moved.partner, moved.type, moved.correlation))


def _content(body: bytes) -> Content:
    plain = read_json(body)
    content = parse(Content, plain)
    if has_bad_values(plain):
        raise Refused([Problem("value_unusable", "A text or number cannot be kept; send another.")])
    return content


async def _turn_away(tx: Tx, gate: messages.Gate, partner_code: str, reason: str, *, status: int) -> Receipt:
    _log.warning("message turned away", partner=partner_code, reason=reason)
    await messages.count_turned_away(tx, gate.partner_id, reason)
    return Receipt(status, "")


async def _keep_rejected(tx: Tx, gate: messages.Gate, message_id: str, reason: str, *, sent_at_seconds: int) -> Receipt:
    arrived = await messages.add_message(
        tx,
        partner_id=gate.partner_id,
        message_id=message_id,
        kind="",
        correlation=None,
        outputs={},
        origin=None,
        state=MessageState.REJECTED,
        reason=reason.encode("utf-8", "replace").decode().replace("\x00", "")[:500],
        sent_at_seconds=sent_at_seconds,
    )
    return Receipt(422, message_id, is_duplicate=arrived.deliveries > 1)


async def _keep(
    tx: Tx, gate: messages.Gate, partner_code: str, message_id: str, content: Content, *, sent_at_seconds: int
) -> Receipt:
    found = await messages.origins(tx, content.correlation, partner_id=gate.partner_id) if content.correlation else []
    origin = found[0] if found else None
    if origin is not None and origin.partner_id != gate.partner_id:
        return await _turn_away(tx, gate, partner_code, "foreign", status=401)

    arrived = await messages.add_message(
        tx,
        partner_id=gate.partner_id,
        message_id=message_id,
        kind=content.type,
        correlation=content.correlation,
        outputs=content.outputs,
        origin=origin,
        state=MessageState.RECEIVED if origin else MessageState.UNMATCHED,
        reason="" if origin else "Nothing is known that it answers.",
        sent_at_seconds=sent_at_seconds,
    )
    if arrived.deliveries > 1:
        return Receipt(422 if arrived.state == MessageState.REJECTED else 200, message_id, is_duplicate=True)
    subject = (
        Subject(origin.subject_kind, origin.subject_id, origin.subject_label, origin.account_id)
        if origin
        else messages.message_subject(arrived.id, message_id)
    )
    tx.emit(MessageReceived(subject, arrived.id, partner_code, content.type, content.correlation))
    return Receipt(200, message_id)
