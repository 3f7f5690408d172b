"""Mail that came back: what a delivery status notification (RFC 3464) says about which of our messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from typing import Final

_TOKEN: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


@dataclass(frozen=True, slots=True)
class Returned:
    """A recipient who did not get it: the token of our message, the address, and what the server said."""

    token: str
    address: str
    reply: str


def returned(content: bytes) -> list[Returned]:
    """The recipients for whom delivery failed for good; empty for any other mail, and for a delay.

    Nothing is believed that does not name one of our Message-IDs, which nobody can guess.
    """
    mail = message_from_bytes(content, policy=compat32)
    token = _token(mail)
    if token is None:
        return []
    found = []
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            for block in blocks if isinstance(blocks, list) else []:
                if isinstance(block, Message) and str(block.get("Action", "")).strip().lower() == "failed":
                    found.append(_one(block, token))
    return [one for one in found if one.address]


def _token(mail: Message) -> str | None:
    for part in mail.walk():
        if part is mail:
            continue
        text = str(part.get("Message-ID", ""))
        if part.get_content_type() == "text/rfc822-headers":
            text = str(part.get_payload())
        if match := _TOKEN.search(text):
            return match[1]
    return None


def _one(block: Message, token: str) -> Returned:
    address = str(block.get("Final-Recipient", "")).rpartition(";")[2].strip()
    said = [str(block.get(name, "")).strip() for name in ("Status", "Diagnostic-Code")]
    return Returned(token, address, " ".join(" ".join(filter(None, said)).split())[:500])
