"""Mail that comes in: who it is really from (DKIM, RFC 6376), whether a machine wrote it, and what a person wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from hashlib import sha256
from typing import Final

import dkim
from dkim.dnsplug import get_txt

Lookup = Callable[[bytes, int], bytes | None]
"""The TXT record of a name, within so many seconds; tests have their own."""

MAIL_BYTES: Final = 5_000_000
SIGNATURES_MOST: Final = 5
LOOKUP_SECONDS: Final = 5
TEXT_LONGEST: Final = 20_000
_LIST_HEADERS: Final = ("list-id", "list-unsubscribe", "list-post", "list-help", "x-autoreply", "x-autorespond",
                        "x-autoresponder", "x-loop", "feedback-id")  # fmt: skip
_BULK: Final = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_TOKEN: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@")


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail as it came in. `doubt` says why it is not believed to be from `sender`, `machine` why no person wrote it.

    `tokens` are the left parts of the Message-IDs that it answers; `text` is empty where it has no plain text.
    `identity` is the same for the same mail: for one that is believed it follows from the signature alone, so that a
    mail that is sent once more, with other headers around it, is still the same.
    """

    sender: str
    subject: str
    tokens: tuple[str, ...]
    text: str
    doubt: str
    machine: str
    identity: bytes


def look_up(name: bytes, timeout: int = LOOKUP_SECONDS) -> bytes | None:
    """The TXT record of a name, asked of the machine's resolver."""
    found = get_txt(name, timeout=timeout)
    return found if isinstance(found, bytes) else None


def read_mail(content: bytes, *, envelope_from: str | None = None, lookup: Lookup = look_up) -> ReceivedMail:
    """Read a mail and verify who it is from, asking `lookup` for the keys; never raises for what strangers sent."""
    mail = message_from_bytes(content, policy=default)
    if not isinstance(mail, EmailMessage) or len(content) > MAIL_BYTES:
        return ReceivedMail("", "", (), "", "It is too large.", "", sha256(content).digest())
    sender, doubt = _sender(mail)
    doubt, signed = (doubt, b"") if doubt else _doubt(content, sender, lookup)
    return ReceivedMail(
        sender=sender,
        subject=_header(mail, "subject")[:500],
        tokens=tuple(_TOKEN.findall(f"{_header(mail, 'in-reply-to')} {_header(mail, 'references')}".lower()))[-20:],
        text=_text(mail),
        doubt=doubt,
        machine=_machine(mail, envelope_from),
        identity=sha256(signed or content).digest(),
    )


def _sender(mail: EmailMessage) -> tuple[str, str]:
    """The one address of the one From header, in lower case; else why there is none."""
    names = [name.lower() for name, _ in mail.raw_items()]
    headers = [str(value) for name, value in mail.raw_items() if name.lower() == "from"]
    addresses = getaddresses(headers)
    if names.count("subject") > 1 or names.count("content-type") > 1:
        return "", "It has a header twice, so that two programs may read two mails."
    if len(headers) != 1 or len(addresses) != 1 or addresses[0][1].count("@") != 1:
        return "", "It does not have exactly one sender."
    return addresses[0][1].strip().lower(), ""


def _doubt(content: bytes, sender: str, lookup: Lookup) -> tuple[str, bytes]:
    """Why no signature vouches for the sender; empty where one of their domain or above does, then which."""
    try:
        check = dkim.DKIM(content, minkey=1024, timeout=LOOKUP_SECONDS)
    except dkim.DKIMException as error:
        return f"It cannot be read: {error}.", b""
    signatures = [value for name, value in check.headers if name.lower() == b"dkim-signature"]
    if not signatures:
        return "It carries no DKIM signature.", b""
    doubts = []
    for place, value in _few(signatures):
        doubts.append(_signature_doubt(check, place, value, sender, lookup))
        if not doubts[-1]:
            return "", b"".join(dkim.util.parse_tag_value(value)[b"b"].split())
    return doubts[0], b""


def _few(signatures: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return list(enumerate(signatures))[:SIGNATURES_MOST]


def _signature_doubt(check: dkim.DKIM, place: int, value: bytes, sender: str, lookup: Lookup) -> str:
    try:
        tags = dkim.util.parse_tag_value(value)
        if b"l" in tags:
            return "Its signature covers only a part of the text (l=)."
        signer = tags.get(b"d", b"").decode("ascii", "replace").lower().rstrip(".")
        domain = sender.rpartition("@")[2]
        if "." not in signer or not (domain == signer or domain.endswith("." + signer)):
            return f"It is signed by {signer or 'nobody'}, not by {domain}."
        if b"subject" not in [name.strip().lower() for name in tags.get(b"h", b"").split(b":")]:
            return "Its signature does not cover the subject."
        holds = check.verify(place, dnsfunc=lambda name, timeout=LOOKUP_SECONDS: lookup(name, timeout))
    except dkim.DKIMException as error:
        return f"Its signature does not hold: {error}."
    except Exception as error:  # whatever strangers write into a signature is no reason to fall over
        return f"Its signature cannot be checked: {type(error).__name__}."
    return "" if holds else "Its signature does not hold: the text or a header was changed, or the key is another."


def _machine(mail: EmailMessage, envelope_from: str | None) -> str:
    """Why this is no person's mail: a bounce, an automatic answer, or a list's (RFC 3834, RFC 2919)."""
    if envelope_from is not None and envelope_from.strip("<> ") == "":
        return "It has no return address, as a bounce has."
    if mail.get_content_type() == "multipart/report":
        return "It is a report of a mail server."
    if _header(mail, "auto-submitted").strip().lower() not in ("", "no"):
        return "It says that a program sent it (Auto-Submitted)."
    if _header(mail, "precedence").strip().lower() in _BULK:
        return "It says that it goes to many (Precedence)."
    named = next((name for name in _LIST_HEADERS if mail.get(name) is not None), None)
    return f"It comes from a list or an automaton ({named})." if named else ""


def _header(mail: EmailMessage, name: str) -> str:
    try:
        return str(mail.get(name, ""))
    except (MessageError, ValueError, IndexError, AttributeError):  # headers that Python's parser trips over
        return ""


def _text(mail: EmailMessage) -> str:
    """The plain text; of a mail that has none, nothing: HTML can show a person what a program does not read."""
    try:
        part = mail.get_body(("plain",))
        found = part.get_content() if part is not None else ""
    except (MessageError, LookupError, ValueError, AttributeError):
        return ""
    return found[:TEXT_LONGEST] if isinstance(found, str) else ""
