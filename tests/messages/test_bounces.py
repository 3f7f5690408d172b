"""Mail that came back, as real servers write it, and as somebody might forge it."""

from __future__ import annotations

import pytest

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.messages import reads
from orderloom.messages.bounces import Returned, returned
from orderloom.messages.commands import take_bounce
from orderloom.messages.sending import Postman
from tests.messages.test_sending import Told, queued, states

TOKEN = "0d9f9a3e-5b1f-4b53-9c5b-111111111111"


def notification(
    *, token: str = TOKEN, address: str = "ann@example.com", action: str = "failed", whole: bool = True
) -> bytes:
    original = f"Message-ID: <{token}@tessellane.example>\r\nSubject: Order\r\n"
    kind = "message/rfc822" if whole else "text/rfc822-headers"
    return (
        "From: MAILER-DAEMON@mx.test\r\nTo: orders@tessellane.example\r\nSubject: Undelivered\r\n"
        "MIME-Version: 1.0\r\nMessage-ID: <20261123.1@mx.test>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User\r\n unknown\r\n\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{original}\r\nBody\r\n--b--\r\n"
    ).encode()


@pytest.mark.parametrize("whole", [True, False])
def test_a_notification_names_message_recipient_and_reason(whole: bool) -> None:
    assert returned(notification(whole=whole)) == [
        Returned(TOKEN, "ann@example.com", "5.1.1 smtp; 550 5.1.1 User unknown")
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\x00", b"Subject: Out of office\r\n\r\nBack on Monday.\r\n", notification(action="delayed"),
        notification(token="somebody-else"), notification(address=""),
        f"Message-ID: <{TOKEN}@x.example>\r\n\r\nAction: failed\r\n".encode(),
    ],
)  # fmt: skip
def test_other_mail_and_delays_tell_of_nothing(content: bytes) -> None:
    assert returned(content) == []


async def test_what_came_back_is_bounced_once_and_only_for_its_recipient(database: Database) -> None:
    [message_id] = await queued(database)
    await Postman(database, {"email": Told()}).turn()
    async with transaction(database, SYSTEM) as tx:
        page = await reads.message(tx, message_id)
        assert await take_bounce(tx, notification(token=page.token, address="eve@example.com")) == []
        assert await take_bounce(tx, notification(address="ann@example.com")) == []
        [delivery] = page.deliveries
        assert await take_bounce(tx, notification(token=page.token, address="Ann@Example.com")) == [delivery["id"]]
        assert await take_bounce(tx, notification(token=page.token)) == []

    assert await states(database, message_id) == ["bounced"]
