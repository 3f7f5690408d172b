"""The outbox: asking for work, asking again, sending again, withdrawing; partners and their keys."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.base.refusals import Conflict, NotFound, Refused
from orderloom.base.transaction import Database, Tx
from orderloom.gateway.commands import (
    cancel,
    close_circuit,
    enqueue,
    register_partner,
    resend,
    rotate_secret,
    update_partner,
)
from orderloom.gateway.events import CallAnswered, CallCancelled, CallResent, PartnerChanged
from orderloom.gateway.reads import call_counts, call_list, call_page, partner_list, replies
from orderloom.gateway.sending import run_calls
from orderloom.gateway.types import PartnerDraft, PartnerSecrets

from . import given
from .conftest import Partners


async def test_asking_for_the_same_work_twice_writes_one_call(tx: Tx) -> None:
    await given.partner(tx)
    first = await enqueue(tx, [given.draft("1:1"), given.draft("1:2")])
    second = await enqueue(tx, [given.draft("1:2"), given.draft("1:3"), given.draft("1:1")])

    assert second == [first[1], second[1], first[0]]
    assert [line.key for line in await call_list(tx, partner="SQ")] == ["1:3", "1:2", "1:1"]


async def test_an_unknown_partner_refuses_the_batch_and_names_its_place(tx: Tx) -> None:
    await given.partner(tx)
    with pytest.raises(Refused) as refused:
        await enqueue(tx, [given.draft(), given.draft(partner="NOBODY")])
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("partner_unknown", "/1/partner")]


async def test_numbers_go_out_exactly_as_they_were_given(tx: Tx) -> None:
    await given.partner(tx)
    [call_id] = await enqueue(tx, [given.draft(payload={"price": Decimal("0.10"), "n": 12345678901234567890})])
    body = await tx.value("SELECT payload::text FROM gateway.call WHERE id = %(id)s", {"id": call_id})
    assert '"price": 0.10' in body
    assert "12345678901234567890" in body


async def test_an_answer_that_is_there_is_told_again(tx: Tx) -> None:
    await given.partner(tx)
    [call_id] = await enqueue(tx, [given.draft()])
    await tx.execute("UPDATE gateway.call SET state = 'answered', status = 200, attempts = 1, tries = 1,"
                     " reply = '{\"a\": 1}', ended_at = base.now()")  # fmt: skip

    assert await enqueue(tx, [given.draft()]) == [call_id]

    assert [type(event) for event in tx.events].count(CallAnswered) == 1
    with pytest.raises(Refused, match="other work"):
        await enqueue(tx, [given.draft(payload={"other": True})])
    assert [reply.reply for reply in await replies(tx, [call_id])] == [{"a": 1}]


async def test_what_ended_without_success_is_sent_again_under_the_same_key(tx: Tx) -> None:
    await given.partner(tx)
    [call_id] = await enqueue(tx, [given.draft()])
    await tx.execute("UPDATE gateway.call SET state = 'unknown', attempts = 2, tries = 2, ended_at = base.now()")

    await enqueue(tx, [given.draft()])

    page = await call_page(tx, call_id)
    assert (page.call.state, page.call.attempts) == ("queued", 2)


async def test_what_was_refused_is_asked_again_under_a_new_key(database: Database, partners: Partners) -> None:
    partners.behave(("qualify", {"refuse": 1.0, "times": 1}))
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())
    async with given.wire() as wire:
        await run_calls(database, wire, "w1")
        assert [call_id] == await given.committed_calls(database, given.draft())
        await run_calls(database, wire, "w1")

    assert (await given.call_row(database, call_id))["state"] == "answered"
    assert partners.effect_counts() == {"12:3": 0, "12:3/2": 1}


async def test_a_changed_payload_goes_out_under_a_new_key(database: Database, partners: Partners) -> None:
    partners.behave(("qualify", {"refuse": 1.0, "times": 1}))
    await given.committed_partner(database, endpoint=partners.endpoint())
    [call_id] = await given.committed_calls(database, given.draft())
    async with given.wire() as wire:
        await run_calls(database, wire, "w1")
        assert [call_id] == await given.committed_calls(database, given.draft(payload={"edited": True}))
        await run_calls(database, wire, "w1")

    assert (await given.call_row(database, call_id))["state"] == "answered"
    assert partners.effect_counts() == {"12:3": 0, "12:3/2": 1}


async def test_a_person_sends_again_and_withdraws_with_a_reason(tx: Tx) -> None:
    await given.partner(tx)
    first, second = await enqueue(tx, [given.draft("1:1"), given.draft("1:2")])
    await tx.execute(
        "UPDATE gateway.call SET state = 'exhausted', attempts = 1, tries = 1, ended_at = base.now() WHERE id = %(id)s",
        {"id": first},
    )

    assert await resend(tx, [first, second], reason="line repaired") == [first]
    assert await cancel(tx, [first, second], reason="order cancelled") == [first, second]
    assert await cancel(tx, [first, second], reason="order cancelled") == []

    assert [type(event) for event in tx.events if not isinstance(event, CallResent)][-2:] == [CallCancelled] * 2
    assert (await call_page(tx, first)).reason == "order cancelled"
    assert await call_counts(tx) == []


async def test_a_call_that_is_being_sent_cannot_be_withdrawn(tx: Tx) -> None:
    await given.partner(tx)
    [call_id] = await enqueue(tx, [given.draft()])
    await tx.execute("UPDATE gateway.call SET state = 'sending', attempts = 1, lease_owner = 'w',"
                     " lease_until = clock_timestamp()")  # fmt: skip
    assert await cancel(tx, [call_id], reason="too late") == []


async def test_a_partner_is_registered_once_and_its_keys_are_shown_once(tx: Tx) -> None:
    draft = PartnerDraft(code="WMS", name="Warehouse", endpoint="https://wms.example/api/")
    secrets = await register_partner(tx, draft)
    assert secrets.outgoing.startswith("whsec_")
    assert secrets.outgoing != secrets.incoming
    with pytest.raises(Conflict):
        await register_partner(tx, draft)
    with pytest.raises(Refused, match="base64"):
        await register_partner(tx, PartnerDraft("X", "X", "https://x.example"), PartnerSecrets("weak", ""))

    [line] = await partner_list(tx)
    assert (line.code, line.circuit, line.queued, line.error_rate) == ("WMS", "closed", 0, 0.0)
    assert secrets.outgoing not in str(line)


@pytest.mark.parametrize(
    "endpoint",
    ["ftp://x.example", "https://", "https://user:pw@x.example", "https://x.example/?a=b", "https://x.example/#a",
     "https://x.example:99999/", "https://[::1", "https://x.example/a b", "https://ö.example"],
)  # fmt: skip
async def test_an_address_that_is_none_is_refused(tx: Tx, endpoint: str) -> None:
    with pytest.raises(Refused):
        await register_partner(tx, PartnerDraft("WMS", "Warehouse", endpoint))


async def test_a_code_of_a_webhook_is_not_for_partners(tx: Tx) -> None:
    with pytest.raises(Refused, match="webhook-"):
        await register_partner(tx, PartnerDraft("webhook-1", "Mine", "https://x.example"))


async def test_a_change_is_told_with_what_was_before(tx: Tx) -> None:
    await given.partner(tx)
    changed = PartnerDraft("SQ", "SQ", "https://new.example", max_in_flight=3)
    await update_partner(tx, changed)
    await update_partner(tx, changed)

    [event] = [event for event in tx.events if isinstance(event, PartnerChanged)]
    assert event.before == {"endpoint": "http://127.0.0.1:9/SQ", "max_in_flight": 10}
    assert event.after == {"endpoint": "https://new.example", "max_in_flight": 3}
    with pytest.raises(NotFound):
        await update_partner(tx, PartnerDraft("NOBODY", "x", "https://new.example"))
    assert await close_circuit(tx, ["SQ"]) == []


async def test_a_new_key_for_what_goes_out_is_used_beside_the_old_one(database: Database, partners: Partners) -> None:
    await given.committed_partner(database, endpoint=partners.endpoint())
    from orderloom.base.transaction import in_transaction
    from orderloom.base.types import SYSTEM

    await in_transaction(database, SYSTEM, lambda tx: rotate_secret(tx, "SQ", direction="out"))
    [call_id] = await given.committed_calls(database, given.draft())
    async with given.wire() as wire:
        await run_calls(database, wire, "w1")

    assert (await given.call_row(database, call_id))["state"] == "answered", "the partner still knows the old key only"
