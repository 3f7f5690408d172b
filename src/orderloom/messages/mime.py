"""A parcel as an Internet message (RFC 5322): text and HTML side by side, files behind them."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from orderloom.messages.types import Parcel, Recipient

_POLICY: Final = SMTP.clone(cte_type="7bit")


def message_id(parcel: Parcel, *, sender: Address) -> str:
    """The same for every recipient and every attempt."""
    return f"<{parcel.token}@{sender.domain}>"


def internet_message(parcel: Parcel, *, sender: Address) -> bytes:
    """The whole message, the same bytes for every attempt."""
    mail = EmailMessage(policy=_POLICY)
    everybody = (parcel.recipient, *parcel.others)
    mail["From"] = sender
    mail["To"] = [_address(one) for one in everybody if one.role == "to"]
    copied = [_address(one) for one in everybody if one.role == "cc"]
    if copied:
        mail["Cc"] = copied
    mail["Subject"] = parcel.title
    if parcel.reply_to:
        mail["Reply-To"] = Address(addr_spec=parcel.reply_to)
    mail["Date"] = format_datetime(parcel.created_at)
    mail["Message-ID"] = message_id(parcel, sender=sender)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Orderloom-Subject"] = f"{parcel.subject.kind} {parcel.subject.id}"
    mail.set_content(parcel.text)
    mail.add_alternative(parcel.html, subtype="html")
    for enclosure in parcel.enclosures:
        kind, _, subtype = enclosure.media_type.partition("/")
        mail.add_attachment(enclosure.content, maintype=kind, subtype=subtype, filename=enclosure.name)
    _fix_boundaries(mail, parcel.token)
    return mail.as_bytes()


def _address(recipient: Recipient) -> Address:
    return Address(recipient.name, addr_spec=recipient.address)


def _fix_boundaries(mail: EmailMessage, token: str) -> None:
    """Boundaries from the token instead of chance, so that a repeat is the same message."""
    for place, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"={token}.{place}=")
