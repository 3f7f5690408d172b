"""How this process sends mail, as the settings say."""

from __future__ import annotations

from collections.abc import Mapping

from orderloom.base.refusals import refuse
from orderloom.cli.settings import Settings
from orderloom.gateway.mail import mail_server
from orderloom.messages.channels import DEFAULT_SENDER, EmailChannel, FolderChannel, sender_of
from orderloom.messages.types import Channel
from orderloom.worker.main import MailEntrance


def channels_of(settings: Settings) -> Mapping[str, Channel]:
    """The channels by name; none where neither a server nor the folder is set. A server needs a sender."""
    if settings.mail not in {"", "folder"}:
        refuse("mail_absurd", f"ORDERLOOM_MAIL is “{settings.mail}”; set it to folder, or to nothing.")
    if settings.mail == "folder":
        sender = sender_of(settings.mail_from or DEFAULT_SENDER)
        return {"email": FolderChannel(settings.home / "mail", sender)}
    if not settings.smtp_url:
        return {}
    if not settings.mail_from:
        refuse("sender_missing", "Set ORDERLOOM_MAIL_FROM beside ORDERLOOM_SMTP_URL, as Orders <orders@example.com>.")
    return {"email": EmailChannel(mail_server(settings.smtp_url), sender_of(settings.mail_from))}


def mail_entrance(settings: Settings) -> MailEntrance | None:
    """Where a worker takes answers and bounces, if anywhere."""
    if settings.mail_port is None:
        return None
    if not settings.reply_to:
        refuse("reply_to_missing", "Set ORDERLOOM_REPLY_TO beside ORDERLOOM_MAIL_PORT: the address that takes answers.")
    own = {settings.reply_to, sender_of(settings.mail_from or DEFAULT_SENDER).addr_spec}
    return MailEntrance(settings.host, settings.mail_port, frozenset(address.lower() for address in own))


def mail_told(settings: Settings) -> str:
    """Where mail goes, for a page; empty where it goes nowhere."""
    match channels_of(settings).get("email"):
        case FolderChannel(folder=folder):
            return f"files in {folder}"
        case EmailChannel(server=server):
            return f"{server.host}:{server.port}"
        case _:
            return ""
