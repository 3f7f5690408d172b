"""Mail on the wire, against a real SMTP server: every way in which a server says yes, no or nothing."""

from __future__ import annotations

import asyncio
import time

import pytest

from orderloom.base.refusals import Refused
from orderloom.gateway.mail import Handed, MailServer, hand_over, mail_server
from tests.messages.server import certificate, listening

CONTENT = b"From: a@example.com\r\nSubject: Hello\r\n\r\nText\r\n.leading dot\r\n"


async def handed(url: str) -> Handed:
    return await hand_over(mail_server(url), sender="a@example.com", recipient="b@example.com", content=CONTENT)


def test_an_address_names_server_port_encryption_and_log_in() -> None:
    assert mail_server("smtps://loom:p%40ss@mail.example.com") == MailServer(
        "mail.example.com", 465, "tls", "loom", "p@ss"
    )
    assert (mail_server("smtp://m.example").port, mail_server("smtp://m.example").security) == (587, "starttls")
    assert mail_server("smtp+plain://m.example:2525?timeout=3").timeout_seconds == 3
    assert "p@ss" not in repr(mail_server("smtps://loom:p%40ss@mail.example.com"))
    for absurd in ("mail.example.com", "http://mail.example.com", "smtp://"):
        with pytest.raises(Refused, match="ORDERLOOM_SMTP_URL"):
            mail_server(absurd)


async def test_a_message_arrives_as_it_is() -> None:
    async with listening() as mailbox:
        answer = await handed(f"smtp+plain://127.0.0.1:{mailbox.port}")

    assert answer == Handed("accepted", 250, "Taken as 42")
    [envelope] = mailbox.got
    assert (envelope.mail_from, envelope.rcpt_tos) == ("a@example.com", ["b@example.com"])
    assert envelope.content == CONTENT


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_it_is_encrypted_and_the_certificate_is_checked(scheme: str) -> None:
    async with listening(tls=scheme == "smtps", starttls=scheme == "smtp") as mailbox:
        url = f"{scheme}://localhost:{mailbox.port}"
        distrusted = await handed(url)
        trusted = await handed(f"{url}?ca={certificate()[0]}")

    assert (distrusted.outcome, trusted.outcome) == ("postponed", "accepted")
    assert "certificate" in distrusted.reply.lower()
    assert mailbox.encrypted == [True]


async def test_a_server_without_encryption_gets_nothing_unless_the_address_says_so() -> None:
    async with listening() as mailbox:
        answer = await handed(f"smtp://127.0.0.1:{mailbox.port}")

    assert answer.outcome == "postponed"
    assert mailbox.got == []


async def test_it_logs_in_and_a_wrong_password_is_nobodys_refusal() -> None:
    async with listening(log_in=True) as mailbox:
        right = await handed(f"smtp+plain://loom:p%40ss%3Aword@127.0.0.1:{mailbox.port}")
        wrong = await handed(f"smtp+plain://loom:guess@127.0.0.1:{mailbox.port}")

    assert (right.outcome, wrong.outcome) == ("accepted", "postponed")
    assert "let us in" in wrong.reply and "guess" not in wrong.reply


@pytest.mark.parametrize(
    ("command", "reply", "outcome"),
    [
        ("MAIL", "451 Busy", "postponed"), ("RCPT", "450 Greylisted", "postponed"), ("DATA", "452 Full", "postponed"),
        ("MAIL", "550 Not you", "refused"), ("RCPT", "550 5.1.1 Nobody here", "refused"),
        ("DATA", "554 Spam", "refused"), ("RCPT", "421 Going down", "postponed"),
    ],
)  # fmt: skip
async def test_4xx_is_for_later_and_5xx_is_for_good(command: str, reply: str, outcome: str) -> None:
    async with listening(**{command: reply}) as mailbox:
        answer = await handed(f"smtp+plain://127.0.0.1:{mailbox.port}")

    assert (answer.outcome, str(answer.code), mailbox.got) == (outcome, reply[:3], [])
    assert reply[4:] in answer.reply


async def test_a_break_before_the_message_is_for_later_and_one_in_it_is_unknown() -> None:
    async with listening(RCPT="drop") as early, listening(DATA="drop") as late:
        before = await handed(f"smtp+plain://127.0.0.1:{early.port}")
        within = await handed(f"smtp+plain://127.0.0.1:{late.port}")

    assert (before.outcome, within.outcome) == ("postponed", "unknown")
    assert len(late.got) == 1, "it had arrived, and nobody could know"


async def test_a_slow_server_is_not_waited_for_for_ever() -> None:
    async with listening(RCPT=5.0) as slow, listening(DATA=5.0) as slower:
        begun = time.monotonic()
        early, late = await asyncio.gather(
            handed(f"smtp+plain://127.0.0.1:{slow.port}?timeout=0.3"),
            handed(f"smtp+plain://127.0.0.1:{slower.port}?timeout=0.3"),
        )

    assert (early.outcome, late.outcome) == ("postponed", "unknown")
    assert time.monotonic() - begun < 3


async def test_nobody_at_the_address_is_for_later() -> None:
    async with listening() as mailbox:
        port = mailbox.port
    answer = await handed(f"smtp+plain://127.0.0.1:{port}")

    assert answer.outcome == "postponed" and answer.reply
