"""Replies by e-mail: signed by the approver's domain, unambiguous, once; every hostile one is refused."""

from __future__ import annotations

import smtplib
from asyncio import to_thread
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import dkim
import pytest
from nacl.encoding import Base64Encoder
from nacl.signing import SigningKey

from orderloom.approvals.commands import recall_request, send_notices, tell_asked
from orderloom.approvals.receiving import MailTaken, receive_mail
from orderloom.approvals.reply import Said, said_in
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.mail import mail_server
from orderloom.gateway.received import read_mail
from orderloom.messages.channels import EmailChannel
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.worker.mail_entrance import listening_for_mail
from tests.approvals.cast import Cast, enter, offer, submit
from tests.approvals.given import policy
from tests.messages.server import listening

SENDER = Address("Orders", addr_spec="orders@tessellane.example")
DOORS = Doors("https://orders.example.com", bytes(32), "answers@tessellane.example")
KEY = SigningKey(bytes(range(32)))
RECORD = b"v=DKIM1; k=ed25519; p=" + KEY.verify_key.encode(Base64Encoder)
OTHER = SigningKey(bytes(32))
HEADERS = [b"from", b"to", b"subject", b"date", b"in-reply-to"]


def keys(name: bytes, timeout: int) -> bytes | None:
    """The records of the test's own domains: both have the same key."""
    return RECORD if name.startswith((b"mail._domainkey.example.com", b"mail._domainkey.evil.test")) else None


def signed(
    mail: EmailMessage, *, domain: str = "example.com", key: SigningKey = KEY, include: list[bytes] | None = None,
    length: bool = False,
) -> bytes:  # fmt: skip
    content = mail.as_bytes(policy=SMTP)
    signature = dkim.sign(
        content, b"mail", domain.encode(), key.encode(Base64Encoder), include_headers=include or HEADERS,
        signature_algorithm=b"ed25519-sha256", length=length, linesep=b"\r\n",
    )  # fmt: skip
    return bytes(signature) + content


@dataclass(frozen=True)
class Desk:
    """A request that Max was mailed about, and the mail that he got."""

    database: Database
    cast: Cast
    request_id: int
    mail: EmailMessage

    def reply(self, text: str, *, sender: str = "Max <max@example.com>", **headers: str) -> EmailMessage:
        mail = EmailMessage()
        told = {
            "From": sender, "To": str(self.mail["Reply-To"]), "Subject": f"Re: {self.mail['Subject']}",
            "In-Reply-To": str(self.mail["Message-ID"]), "Date": "Mon, 23 Nov 2026 12:00:00 +0000",
        } | headers  # fmt: skip
        for name, value in told.items():
            mail[name.replace("_", "-")] = value
        mail.set_content(text)
        return mail

    async def take(self, content: bytes, *, envelope_from: str | None = "max@example.com") -> MailTaken:
        return await receive_mail(self.database, content, envelope_from=envelope_from, lookup=keys)

    async def verdicts(self) -> list[str]:
        async with transaction(self.database, SYSTEM) as tx:
            return await tx.values("SELECT channel || ' ' || verdict || ' ' || comment FROM approvals.verdict")

    async def answers(self) -> list[str]:
        async with transaction(self.database, SYSTEM) as tx:
            return await tx.values("SELECT title FROM messages.message WHERE letter = 'approval_reply' ORDER BY id")


@pytest.fixture
async def desk(database: Database) -> Desk:
    return await mailed(database)


async def mailed(database: Database, *, subjects: int = 1, **more: object) -> Desk:
    async with transaction(database, SYSTEM) as tx:
        cast = await enter(tx, policy(**more))
        found = [await submit(tx, cast.sue, offer(subject=number, amount="12400")) for number in range(1, subjects + 1)]
        await tell_asked(tx, [(one.request_id or 0, "manager") for one in found])
        await send_notices(tx)
    async with listening() as mailbox:
        channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
        await Postman(database, {"email": channel}, doors=DOORS).turn()
        return Desk(database, cast, found[0].request_id or 0, mailbox.mails[0])


async def test_the_word_approve_from_the_approver_counts_once(desk: Desk) -> None:
    content = signed(desk.reply("Approve\n\nBest regards,\nMax\n\n> Sue asks for your approval"))

    taken = [await desk.take(content), await desk.take(content)]

    assert "nothing but “approve”" in desk.mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert taken == [MailTaken(reply="decided")] * 2
    assert await desk.verdicts() == ["email approve "]
    assert await desk.answers() == ["Your reply counts: QU-1"]


async def test_the_same_signature_counts_once_whatever_stands_around_it(desk: Desk) -> None:
    content = signed(desk.reply("approve"), include=[b"from", b"to", b"subject", b"date"])
    elsewhere = b"X-Hop: 1\r\nReceived: by mail.example.com\r\n" + content.replace(b"References:", b"X-References:")

    assert [await desk.take(content), await desk.take(elsewhere)] == [MailTaken(reply="decided")] * 2
    assert await desk.verdicts() == ["email approve "]
    assert len(await desk.answers()) == 1


async def test_a_refusal_has_its_reason(desk: Desk) -> None:
    await desk.take(signed(desk.reply("Reject because 20 % is too much\nfor them")))

    assert await desk.verdicts() == ["email reject 20 % is too much\nfor them"]


@pytest.mark.parametrize(
    "text",
    ["Approve if they pay in advance", "yes", "approve\nreject because of x", "reject", "", "> approve",
     "approve\n> quoted\nno, wait", "<b>approve</b>", "I do not approve", "approve approve reject"],
)  # fmt: skip
async def test_what_could_be_meant_otherwise_decides_nothing_and_is_told(desk: Desk, text: str) -> None:
    taken = await desk.take(signed(desk.reply(text)))

    assert taken.reply == "unclear" and taken.problem
    assert await desk.verdicts() == []
    assert await desk.answers() == ["Your reply does not count: QU-1"]


HOSTILE = {
    "without a signature": (lambda desk: desk.reply("approve").as_bytes(policy=SMTP), "no DKIM signature"),
    "of another domain": (lambda desk: signed(desk.reply("approve"), domain="evil.test"), "signed by evil.test"),
    "of a look-alike domain": (
        lambda desk: signed(desk.reply("approve", sender="max@example.com.evil.test"), domain="evil.test"),
        "address that was asked",
    ),
    "by another key": (lambda desk: signed(desk.reply("approve"), key=OTHER), "does not hold"),
    "changed on its way": (
        lambda desk: signed(desk.reply("reject because no")).replace(b"reject because no", b"approve"),
        "does not hold",
    ),
    "with a longer text than was signed": (
        lambda desk: signed(desk.reply("approve"), length=True) + b"\r\nmore\r\n",
        "only a part of the text",
    ),
    "for another's request": (
        lambda desk: signed(desk.reply("approve", sender="Fay <fay@example.com>")),
        "address that was asked",
    ),
    "with two senders": (
        lambda desk: signed(desk.reply("approve", sender="max@example.com, fay@example.com")),
        "address that was asked",
    ),
    "with a second sender put before": (
        lambda desk: b"From: evil@evil.test\r\n" + signed(desk.reply("approve")),
        "address that was asked",
    ),
    "with another subject put before": (
        lambda desk: b"Subject: Re: (AP-2026-000000)\r\n" + signed(desk.reply("approve")),
        "address that was asked",
    ),
    "replayed from another request": (
        lambda desk: signed(desk.reply("approve", Subject="Re: Approve QU-7 (AP-2020-000001)")),
        "does not name",
    ),
    "with an unsigned subject": (
        lambda desk: signed(desk.reply("approve"), include=[b"from", b"to", b"date"]),
        "does not cover the subject",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_reply_is_not_believed(desk: Desk, name: str) -> None:
    make, why = HOSTILE[name]

    taken = await desk.take(make(desk))

    assert taken.reply == "not_believed" and why in taken.problem, taken
    assert await desk.verdicts() == []
    assert await desk.answers() == [], "who did not write it is not written to"


@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"List_Id": "<x.example.com>"},
     {"X_Autoreply": "yes"}, {"List_Unsubscribe": "<mailto:x@example.com>"}],
)  # fmt: skip
async def test_automatic_mail_decides_nothing(desk: Desk, headers: dict[str, str]) -> None:
    assert (await desk.take(signed(desk.reply("approve", **headers)))).reply == "not_a_person"
    assert (await desk.verdicts(), await desk.answers()) == ([], [])


async def test_mail_without_a_return_address_decides_nothing(desk: Desk) -> None:
    assert (await desk.take(signed(desk.reply("approve")), envelope_from="")).reply == "not_a_person"


async def test_a_second_reply_after_the_first_is_late(desk: Desk) -> None:
    await desk.take(signed(desk.reply("approve")))

    taken = await desk.take(signed(desk.reply("reject because I changed my mind")))

    assert taken.reply == "refused" and "used this link" in taken.problem
    assert await desk.verdicts() == ["email approve "]


async def test_a_reply_to_what_was_recalled_is_refused(desk: Desk) -> None:
    async with transaction(desk.database, desk.cast.sue) as tx:
        await recall_request(tx, desk.request_id, reason="not needed")

    assert (await desk.take(signed(desk.reply("approve")))).reply == "refused"


async def test_above_the_limit_a_reply_asks_for_a_log_in(database: Database) -> None:
    desk = await mailed(database, log_in_above="10000")

    taken = await desk.take(signed(desk.reply("approve")))

    assert taken.reply == "refused" and "log in" in taken.problem
    assert await desk.verdicts() == []


async def test_a_reply_to_a_list_is_unclear(database: Database) -> None:
    desk = await mailed(database, subjects=2)

    assert (await desk.take(signed(desk.reply("approve")))).reply == "unclear"
    assert await desk.verdicts() == []


async def test_strange_mail_is_let_go(desk: Desk) -> None:
    for content in (b"", b"\0\xff", b"From: a@b.c\r\n\r\napprove", b"Subject: =?utf-8?q?=ff?=\r\nFrom: =??=\r\n\r\n"):
        assert await desk.take(content) == MailTaken()


async def test_replies_come_in_over_smtp_and_nothing_is_relayed(desk: Desk) -> None:
    addresses = frozenset({"answers@tessellane.example"})
    async with listening_for_mail(desk.database, addresses, host="127.0.0.1", port=0, lookup=keys) as port:

        def deliver(to: str) -> None:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as server:
                server.sendmail("max@example.com", [to], signed(desk.reply("approve")))

        with pytest.raises(smtplib.SMTPRecipientsRefused):
            await to_thread(deliver, "somebody@elsewhere.example")
        assert await desk.verdicts() == []
        await to_thread(deliver, "answers@tessellane.example")

    assert await desk.verdicts() == ["email approve "]


def test_a_signature_of_a_domain_above_the_sender_holds() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = "max@eu.example.com", "a@b.example", "x", "now"
    mail.set_content("approve")

    assert read_mail(signed(mail), lookup=keys).doubt == ""


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("APPROVED!", "approve"), ("I approve.\n\nSent from my phone", "approve"), 
     ("approve\r\n\r\nMax Power\r\n", "approve"),
     ("Refused: too cheap", "reject"), ("reject - no margin\n-- \nMax", "reject"), ("approve?", None),
     ("reject because\n\n", None), ("Not approved", None), ("On holiday until Monday", None)],
)  # fmt: skip
def test_what_a_text_says(text: str, verdict: str | None) -> None:
    assert said_in(text, name="Max Power").verdict == verdict


def test_an_unclear_text_says_why() -> None:
    assert said_in("approve, but later") == Said(None, unclear="It says more than “approve”, which may be a condition.")
