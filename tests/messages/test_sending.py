"""From a draft to a mailbox: queued, sent by a worker, and every outcome visible."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from pathlib import Path

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM, Actor, Subject
from orderloom.documents.commands import request_documents
from orderloom.documents.rendering import render_due
from orderloom.documents.types import DocumentDraft
from orderloom.gateway.mail import mail_server
from orderloom.messages import reads
from orderloom.messages.channels import EmailChannel, FolderChannel
from orderloom.messages.commands import record_bounces, send_again, send_messages, stop_deliveries
from orderloom.messages.sending import Postman
from orderloom.messages.states import BACK_OFF_SECONDS
from orderloom.messages.types import Delivered, MessageDraft, Parcel, Recipient
from orderloom.messages.verify import INVARIANTS
from tests.documents import given as papers
from tests.messages.server import listening

SENDER = Address("Orders", addr_spec="orders@tessellane.example")
SUBJECT = Subject("order", 7, "SO-2026-000123")
DRAFT = MessageDraft(
    SUBJECT, (Recipient("ann@example.com", "Ann"),), "order_confirmation", "de", {"number": "SO-1", "customer": "Ann"}
)


@dataclass
class Told:
    """A channel that answers what it is told, and keeps what it got: the interface's second provider."""

    outcome: Delivered = field(default_factory=lambda: Delivered("accepted", 250, "OK"))
    seconds: float = 0
    got: list[Parcel] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, parcel: Parcel) -> Delivered:
        self.got.append(parcel)
        self.begun.set()
        await asyncio.sleep(self.seconds)
        return self.outcome


async def queued(database: Database, *drafts: MessageDraft) -> list[int]:
    async with transaction(database, SYSTEM) as tx:
        return await send_messages(tx, drafts or [DRAFT])


async def states(database: Database, message_id: int) -> list[str]:
    async with transaction(database, SYSTEM) as tx:
        return [one["state"] for one in (await reads.message(tx, message_id)).deliveries]


async def make_due(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        await tx.execute("UPDATE messages.delivery SET due_at = clock_timestamp() WHERE state = 'queued'")


async def refuse_breaches(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        assert [await tx.values(invariant.sql) for invariant in INVARIANTS] == [[]] * len(INVARIANTS)


async def test_a_message_is_sent_once_over_a_real_server(database: Database) -> None:
    [message_id] = await queued(database)
    async with listening() as mailbox:
        channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
        postman = Postman(database, {"email": channel})
        assert [await postman.turn(), await postman.turn()] == [1, 0]

    [mail] = mailbox.mails
    assert mail["Subject"] == "Auftragsbestätigung SO-1"
    async with transaction(database, SYSTEM) as tx:
        page = await reads.message(tx, message_id)
        told = await tx.values("SELECT type FROM base.event WHERE type LIKE 'messages.%%' ORDER BY id", {})
    assert mail["Message-ID"] == f"<{page.token}@tessellane.example>"
    assert [(one["state"], one["code"], one["reply"]) for one in page.deliveries] == [("sent", 250, "Taken as 42")]
    assert [one.outcome for one in page.attempts] == ["accepted"]
    assert told == ["messages.message_queued", "messages.delivery_moved"]
    await refuse_breaches(database)


async def test_a_document_is_waited_for_and_goes_along_whole(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        [document_id] = await request_documents(tx, [DocumentDraft(SUBJECT, papers.paper())])
    [message_id] = await queued(database, replace(DRAFT, attachments=(Subject("document", document_id, "PDF"),)))
    async with listening() as mailbox:
        channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
        postman = Postman(database, {"email": channel})
        assert (await postman.turn(), await states(database, message_id)) == (0, ["waiting"])
        await render_due(database)
        assert await postman.turn() == 1

    [pdf] = [part for part in mailbox.mails[0].iter_attachments()]
    assert pdf.get_filename() == "order-confirmation-SO-2026-000123-en.pdf"
    assert pdf.get_content().startswith(b"%PDF-")
    await refuse_breaches(database)


async def test_a_document_that_will_never_be_made_ends_the_message_visibly(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        [document_id] = await request_documents(tx, [DocumentDraft(SUBJECT, papers.paper("\U00012000"))])
    [message_id] = await queued(database, replace(DRAFT, attachments=(Subject("document", document_id, "PDF"),)))
    await render_due(database)
    channel = Told()
    await Postman(database, {"email": channel}).turn()

    async with transaction(database, SYSTEM) as tx:
        [delivery] = (await reads.message(tx, message_id)).deliveries
        assert await send_again(tx, [delivery["id"]], reason="try") == [delivery["id"]]
    assert delivery["state"] == "refused" and "U+12000" in delivery["reply"]
    assert channel.got == []
    assert await states(database, message_id) == ["waiting"]


async def test_without_a_channel_messages_stay_queued(database: Database) -> None:
    [message_id] = await queued(database)
    assert await Postman(database, {}).turn() == 0
    assert await states(database, message_id) == ["queued"]


async def test_each_recipient_has_an_outcome_of_their_own(database: Database) -> None:
    both = (Recipient("ann@example.com"), Recipient("bob@example.com", role="cc"))
    [message_id] = await queued(database, replace(DRAFT, recipients=both))
    channel = Told()
    await Postman(database, {"email": channel}).turn()

    assert sorted(parcel.recipient.address for parcel in channel.got) == ["ann@example.com", "bob@example.com"]
    assert {parcel.others[0].address for parcel in channel.got} == {"ann@example.com", "bob@example.com"}
    assert len({parcel.token for parcel in channel.got}) == 1
    assert await states(database, message_id) == ["sent", "sent"]


async def test_a_busy_server_is_tried_again_with_growing_pauses_until_it_is_given_up(database: Database) -> None:
    [message_id] = await queued(database)
    channel = Told(Delivered("postponed", 450, "Greylisted"))
    postman = Postman(database, {"email": channel})
    assert [await postman.turn(), await postman.turn()] == [1, 0]
    async with transaction(database, SYSTEM) as tx:
        pause = await tx.value("SELECT extract(epoch FROM due_at - clock_timestamp()) FROM messages.delivery")
    for _ in range(len(BACK_OFF_SECONDS)):
        await make_due(database)
        await postman.turn()

    assert BACK_OFF_SECONDS[0] - 5 < pause <= BACK_OFF_SECONDS[0]
    assert len(channel.got) == len(BACK_OFF_SECONDS) + 1
    assert await states(database, message_id) == ["exhausted"]
    assert {parcel.token for parcel in channel.got} == {channel.got[0].token}


@pytest.mark.parametrize(("outcome", "state"), [("refused", "refused"), ("unknown", "unknown")])
async def test_what_was_refused_or_is_unknown_waits_for_a_person(database: Database, outcome: str, state: str) -> None:
    [message_id] = await queued(database)
    channel = Told(Delivered(outcome, 550, "Nobody here"))  # type: ignore[arg-type]
    postman = Postman(database, {"email": channel})
    await postman.turn()
    await make_due(database)
    assert (await postman.turn(), await states(database, message_id)) == (0, [state])

    channel.outcome = Delivered("accepted", 250, "OK")
    async with transaction(database, SYSTEM) as tx:
        [delivery] = (await reads.message(tx, message_id)).deliveries
        assert [row.id for row in await reads.messages(tx, troubled=True)] == [message_id]
        assert await send_again(tx, [delivery["id"]], reason="The address is right") == [delivery["id"]]
        assert await send_again(tx, [delivery["id"]], reason="twice") == []
    await postman.turn()
    assert await states(database, message_id) == ["sent"]


async def test_a_worker_that_vanishes_leaves_an_unknown_outcome_and_no_second_mail(database: Database) -> None:
    [message_id] = await queued(database)
    slow = Told(seconds=60)
    dying = asyncio.create_task(Postman(database, {"email": slow}, lease_seconds=0.2).turn())
    await slow.begun.wait()
    dying.cancel()
    await asyncio.sleep(0.3)
    heir = Told()
    await Postman(database, {"email": heir}).turn()

    assert heir.got == []
    assert await states(database, message_id) == ["unknown"]


async def test_two_workers_send_each_message_once(database: Database) -> None:
    await queued(database, *[replace(DRAFT, key=f"k{n}") for n in range(30)])
    channel = Told(seconds=0.02)
    postmen = [Postman(database, {"email": channel}, limit=7) for _ in range(3)]
    while sum(await asyncio.gather(*(postman.turn() for postman in postmen))):
        pass

    assert len(channel.got) == len({parcel.delivery_id for parcel in channel.got}) == 30


async def test_a_key_makes_a_message_once(database: Database) -> None:
    [first] = await queued(database, replace(DRAFT, key="order 7"))
    [again] = await queued(database, replace(DRAFT, key="order 7", note="other"))

    assert first == again


async def test_what_is_queued_can_be_stopped_and_what_is_sent_cannot(database: Database) -> None:
    [message_id] = await queued(database)
    async with transaction(database, SYSTEM) as tx:
        [delivery] = (await reads.message(tx, message_id)).deliveries
        assert await stop_deliveries(tx, [delivery["id"]], reason="Wrong customer") == [delivery["id"]]
        assert await stop_deliveries(tx, [delivery["id"]], reason="again") == []
        assert await record_bounces(tx, [delivery["id"]], reply="no such user") == []
    channel = Told()
    await Postman(database, {"email": channel}).turn()
    assert (channel.got, await states(database, message_id)) == ([], ["cancelled"])


async def test_a_bounce_is_visible(database: Database) -> None:
    [message_id] = await queued(database)
    await Postman(database, {"email": Told()}).turn()
    async with transaction(database, SYSTEM) as tx:
        [delivery] = (await reads.message(tx, message_id)).deliveries
        assert await record_bounces(tx, [delivery["id"]], reply="5.1.1 no such user") == [delivery["id"]]
    assert await states(database, message_id) == ["bounced"]


async def test_a_folder_takes_messages_in_place_of_a_server(database: Database, tmp_path: Path) -> None:
    [message_id] = await queued(database)
    await Postman(database, {"email": FolderChannel(tmp_path / "mail", SENDER)}).turn()

    [file] = (tmp_path / "mail").iterdir()
    assert b"Message-ID: <" in file.read_bytes()
    async with transaction(database, SYSTEM) as tx:
        [delivery] = (await reads.message(tx, message_id)).deliveries
    assert file.name in delivery["reply"] and "no server" in delivery["reply"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recipients": ()}, "recipient_missing"),
        ({"recipients": (Recipient("ann@example.com\nBcc: eve@example.com"),)}, "address_absurd"),
        ({"recipients": (Recipient("ann@example.com", "Ann\r\nBcc: eve@example.com"),)}, "name_has_line_break"),
        ({"recipients": tuple(Recipient(f"a{n}@example.com") for n in range(21))}, "recipients_too_many"),
        ({"values": {"number": "SO-1\r\nBcc: eve@example.com", "customer": "Ann"}}, "value_has_line_break"),
    ],
)
async def test_what_would_break_a_header_is_refused_and_nothing_is_written(
    database: Database, change: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await queued(database, DRAFT, replace(DRAFT, **change))  # type: ignore[arg-type]

    assert [problem.code for problem in refused.value.problems] == [code]
    assert refused.value.problems[0].pointer.startswith("/1/")
    async with transaction(database, SYSTEM) as tx:
        assert await reads.messages(tx) == []


async def test_messages_of_accounts_that_one_does_not_see_are_not_there(database: Database) -> None:
    [message_id] = await queued(database)
    async with transaction(database, Actor("user", "Eve", permissions=frozenset({"messages.read"}))) as tx:
        assert await reads.messages(tx) == []
        assert await reads.queued_count(tx) == 0
        with pytest.raises(Refused):
            await reads.message(tx, message_id)
