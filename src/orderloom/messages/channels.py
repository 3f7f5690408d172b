"""The channels that carry messages: e-mail over SMTP, and a folder in place of a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path

from orderloom.base.refusals import refuse
from orderloom.gateway.mail import MailServer, hand_over
from orderloom.messages.addresses import is_one_line, wire_address
from orderloom.messages.mime import internet_message
from orderloom.messages.types import Delivered, Parcel

DEFAULT_SENDER = "Orderloom <orderloom@localhost.localdomain>"


def sender_of(text: str) -> Address:
    """The sender that a setting names, as `Name <address>`; refused where it is none."""
    name, typed = parseaddr(text)
    address = wire_address(typed)
    if address is None or not is_one_line(text):
        refuse("sender_absurd", f"ORDERLOOM_MAIL_FROM is “{text}”; give it as Orders <orders@example.com>.")
    return Address(name, addr_spec=address)


@dataclass(frozen=True, slots=True)
class EmailChannel:
    """E-mail over one SMTP server, one recipient at a time, so that each has an outcome of their own."""

    server: MailServer
    sender: Address

    async def deliver(self, parcel: Parcel) -> Delivered:
        content = internet_message(parcel, sender=self.sender)
        handed = await hand_over(
            self.server, sender=self.sender.addr_spec, recipient=parcel.recipient.address, content=content
        )
        return Delivered(handed.outcome, handed.code, handed.reply)


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """Messages as files in a folder: for development and demos, where nobody must get any mail."""

    folder: Path
    sender: Address

    async def deliver(self, parcel: Parcel) -> Delivered:
        content = internet_message(parcel, sender=self.sender)
        path = self.folder / f"{parcel.delivery_id:08d}.eml"
        await asyncio.to_thread(self._write, path, content)
        return Delivered("accepted", None, f"Written to {path.name}; no server was spoken to.")

    def _write(self, path: Path, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
