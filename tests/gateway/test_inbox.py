"""Messages of partners: genuine ones count once, others are turned away."""

from __future__ import annotations

import time

import pytest

from orderloom.base.refusals import Conflict
from orderloom.base.transaction import Tx
from orderloom.gateway.commands import enqueue, rotate_secret
from orderloom.gateway.events import MessageDismissed, MessageReceived
from orderloom.gateway.inbox import (
    assign_message,
    dismiss_messages,
    leave_unmatched,
    messages_waiting,
    open_messages,
    receive,
    settle_messages,
)
from orderloom.gateway.reads import inbox_list, open_message_count
from orderloom.gateway.types import REPLY_LIMIT

from . import given


async def test_a_message_about_a_known_call_is_told_with_the_calls_subject(tx: Tx) -> None:
    await given.partner(tx)
    await enqueue(tx, [given.draft()])

    receipt = await receive(tx, "SQ", *given.message())

    assert (receipt.status, receipt.is_duplicate) == (200, False)
    [event] = [event for event in tx.events if isinstance(event, MessageReceived)]
    assert (event.subject, event.partner, event.correlation) == (given.ORDER, "SQ", "12:3")
    [message] = await open_messages(tx, [event.message_id])
    assert message.outputs == {"lineStatus": "free"}
    assert await settle_messages(tx, [message.id]) == [message.id]
    assert await settle_messages(tx, [message.id]) == []
    assert await open_message_count(tx) == 0


async def test_a_message_that_comes_twice_counts_once_and_is_answered_200_again(tx: Tx) -> None:
    await given.partner(tx)
    await receive(tx, "SQ", *given.message())
    again = await receive(tx, "SQ", *given.message())

    assert (again.status, again.is_duplicate) == (200, True)
    assert sum(isinstance(event, MessageReceived) for event in tx.events) == 1


async def test_an_early_message_is_kept_until_its_step_waits(tx: Tx) -> None:
    await given.partner(tx)
    await receive(tx, "SQ", *given.message())
    [line] = await inbox_list(tx)
    assert (line.state, line.subject_id) == ("unmatched", None)

    assert await messages_waiting(tx, ["other"]) == []
    [message] = await messages_waiting(tx, ["12:3", "12:4"])
    assert (message.partner, message.type) == ("SQ", "qualify")
    assert await leave_unmatched(tx, [message.id], reason="still blocked") == []
    assert await settle_messages(tx, [message.id]) == [message.id]
    assert await messages_waiting(tx, ["12:3"]) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"secret": given.partner_secrets("another master", "SQ").incoming}, "forged"),
        ({"secret": given.partner_secrets(given.MASTER, "WMS").incoming}, "forged"),
        ({"secret": given.partner_secrets(given.MASTER, "SQ").outgoing}, "forged"),
        ({"at": time.time() - 1000}, "stale"),
        ({"at": time.time() + 1000}, "stale"),
    ],
)
async def test_forged_foreign_reflected_and_stale_messages_are_turned_away(
    tx: Tx, changes: dict[str, object], reason: str
) -> None:
    await given.partner(tx)
    await given.partner(tx, "WMS")

    receipt = await receive(tx, "SQ", *given.message(**changes))  # type: ignore[arg-type]

    assert receipt.status == 401
    assert await tx.all("SELECT reason, times FROM gateway.turned_away") == [(reason, 1)]
    assert await tx.value("SELECT count(*) FROM gateway.message") == 0


async def test_a_changed_body_and_missing_headers_are_turned_away(tx: Tx) -> None:
    await given.partner(tx)
    headers, body = given.message()
    assert (await receive(tx, "SQ", headers, body + b" ")).status == 401
    assert (await receive(tx, "SQ", {}, body)).status == 401
    assert (await receive(tx, "NOBODY", headers, body)).status == 401
    assert (await receive(tx, "SQ", {k.upper(): v for k, v in headers.items()}, body)).status == 200


async def test_a_partner_cannot_speak_about_another_partners_call(tx: Tx) -> None:
    await given.partner(tx)
    await given.partner(tx, "WMS")
    await enqueue(tx, [given.draft()])

    assert (await receive(tx, "WMS", *given.message("WMS"))).status == 401
    assert await tx.values("SELECT reason FROM gateway.turned_away") == ["foreign"]


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[]", b'{"outputs": {}}', b'{"type": "x", "unknown": 1}', b'{"type": "x", "type": "y"}',
     b'{"type": "a\\u0000b"}', b'{"type": "x", "outputs": {"n": 1e999999}}',
     b'{"type": "x", "outputs": {"s": "\\ud800"}}',
     b'{"type": "x", "outputs": {"n": NaN}}', b"[" * 10_000, b'{"type": "x", "correlation": ""}', b"\xff"],
)  # fmt: skip
async def test_a_genuine_message_that_is_none_is_kept_as_rejected(tx: Tx, body: bytes) -> None:
    await given.partner(tx)
    assert (await receive(tx, "SQ", *given.message(content=body))).status == 422
    assert (await receive(tx, "SQ", *given.message(content=body))).is_duplicate
    assert await tx.all("SELECT state, reason <> '' FROM gateway.message") == [("rejected", True)]
    assert not [event for event in tx.events if isinstance(event, MessageReceived)]


async def test_a_message_that_is_too_long_is_turned_away_unread(tx: Tx) -> None:
    await given.partner(tx)
    assert (await receive(tx, "SQ", *given.message(content=b" " * (REPLY_LIMIT + 1)))).status == 413


async def test_both_keys_hold_while_a_partner_changes_over(tx: Tx) -> None:
    await given.partner(tx)
    fresh = await rotate_secret(tx, "SQ", direction="in")
    assert (await receive(tx, "SQ", *given.message(message_id="msg_old"))).status == 200
    assert (await receive(tx, "SQ", *given.message(message_id="msg_new", secret=fresh))).status == 200
    await rotate_secret(tx, "SQ", direction="in", old_valid_seconds=0)
    assert (await receive(tx, "SQ", *given.message(message_id="msg_late", secret=fresh))).status == 401


async def test_a_person_says_what_a_message_is_about_or_puts_it_aside(tx: Tx) -> None:
    await given.partner(tx)
    await enqueue(tx, [given.draft()])
    await receive(tx, "SQ", *given.message(content={"type": "qualify", "correlation": "typo"}))
    await receive(tx, "SQ", *given.message(message_id="msg_2", content={"type": "advert"}))
    [advert, typo] = await inbox_list(tx)

    await assign_message(tx, typo.id, correlation="12:3", reason="read by phone")
    assert await dismiss_messages(tx, [advert.id], reason="not for us") == [advert.id]

    told = [event for event in tx.events if isinstance(event, MessageReceived)][-1]
    assert (told.subject, told.correlation) == (given.ORDER, "12:3")
    assert sum(isinstance(event, MessageDismissed) for event in tx.events) == 1
    with pytest.raises(Conflict):
        await assign_message(tx, advert.id, correlation="12:3", reason="again")
