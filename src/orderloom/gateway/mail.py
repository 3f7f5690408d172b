"""Mail on the wire: one message handed to one recipient's server over SMTP, and what came of it. No database."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from orderloom.base.refusals import refuse

Security = Literal["tls", "starttls", "plain"]
Outcome = Literal["accepted", "postponed", "refused", "unknown"]
TIMEOUT_SECONDS: Final = 30.0
_SCHEMES: Final[dict[str, tuple[Security, int]]] = {
    "smtps": ("tls", 465),
    "smtp": ("starttls", 587),
    "smtp+plain": ("plain", 25),
}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over. Its password is never shown."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = ""
    timeout_seconds: float = TIMEOUT_SECONDS
    authority: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.security} {self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Handed:
    """What the server said. `unknown`: the message was on its way when the connection broke."""

    outcome: Outcome
    code: int | None
    reply: str


def mail_server(url: str) -> MailServer:
    """The server that an address names: `smtps://user:password@host:465`, `smtp://...` (STARTTLS), `smtp+plain://...`.

    `?timeout=10` gives seconds, `?ca=/path/ca.pem` an authority of one's own. Encryption is left out only where the
    address says so.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        refuse(
            "mail_address_absurd",
            "ORDERLOOM_SMTP_URL must look like smtps://user:password@mail.example.com:465, smtp://… for STARTTLS, "
            "or smtp+plain://… for a server without encryption.",
        )
    security, port = _SCHEMES[parts.scheme]
    extras = parse_qs(parts.query)
    return MailServer(
        host=parts.hostname,
        port=parts.port or port,
        security=security,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        timeout_seconds=float(extras.get("timeout", [TIMEOUT_SECONDS])[0]),
        authority=extras.get("ca", [""])[0],
    )


async def hand_over(server: MailServer, *, sender: str, recipient: str, content: bytes) -> Handed:
    """Hand one message to the server for one recipient; never raises for what the wire or the server does.

    A server that cannot be reached, is busy (4xx) or does not let us in leaves the message postponed; 5xx about sender,
    recipient or message refuses it. Where the content was on its way when the connection broke, nobody knows.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        timeout=server.timeout_seconds,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=_context(server),
    )
    try:
        return await _exchange(client, server, sender=sender, recipient=recipient, content=content)
    finally:
        client.close()


def _context(server: MailServer) -> ssl.SSLContext | None:
    if server.security == "plain":
        return None
    return ssl.create_default_context(cafile=str(Path(server.authority)) if server.authority else None)


async def _exchange(
    client: aiosmtplib.SMTP, server: MailServer, *, sender: str, recipient: str, content: bytes
) -> Handed:
    if said_no := await _introduced(client, server, sender=sender, recipient=recipient):
        return said_no
    try:
        answer = await client.data(content)
    except aiosmtplib.SMTPResponseException as error:
        return _answered(error.code, error.message)
    except (aiosmtplib.SMTPException, OSError) as error:
        return Handed("unknown", None, f"The connection broke while the message was on its way: {_spoken(error)}")
    await _part(client)
    return Handed("accepted", answer.code, answer.message)


async def _introduced(client: aiosmtplib.SMTP, server: MailServer, *, sender: str, recipient: str) -> Handed | None:
    """Come as far as the server asks for the message; else what it said. Nothing of the message is out until then."""
    try:
        await client.connect()
        if server.username:
            await client.login(server.username, server.password)
        await client.mail(sender)
        await client.rcpt(recipient)
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPRecipientRefused) as error:
        return _answered(error.code, error.message)
    except aiosmtplib.SMTPAuthenticationError as error:
        return Handed("postponed", error.code, f"The server does not let us in: {error.message}")
    except aiosmtplib.SMTPResponseException as error:
        return Handed("postponed", error.code, error.message)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return Handed("postponed", None, _spoken(error))
    return None


def _answered(code: int, message: str) -> Handed:
    return Handed("refused" if code >= 500 else "postponed", code, message)


def _spoken(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _part(client: aiosmtplib.SMTP) -> None:
    """Say goodbye; what the server says to that changes nothing any more."""
    try:
        await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        return
