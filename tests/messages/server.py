"""A real SMTP server in the test's own loop, which keeps what it gets and misbehaves when told to."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """What the server keeps, and how it answers: by command, a reply, `drop` or a number of seconds to wait."""

    answers: dict[str, str | float] = field(default_factory=dict)
    got: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    port: int = 0

    @property
    def mails(self) -> list[EmailMessage]:
        return [message_from_bytes(envelope.content, policy=default) for envelope in self.got]  # type: ignore[arg-type, misc]

    async def _answer(self, command: str, server: SMTP, good: str) -> str:
        answer = self.answers.get(command, good)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return good
        if answer == "drop":
            assert server.transport is not None
            server.transport.close()
        return answer

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        envelope.mail_from = address
        return await self._answer("MAIL", server, "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return await self._answer("RCPT", server, "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await self._answer("DATA", server, "250 Taken as 42")
        if answer.startswith("250") or self.answers.get("DATA") == "drop":
            self.got.append(envelope)
            self.encrypted.append(session.ssl is not None or self.answers.get("tls") == "always")
        return answer


@cache
def certificate() -> tuple[Path, Path]:
    """A certificate of our own for `localhost`, and its key."""
    folder = Path(mkdtemp(prefix="orderloom-tls-"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
         folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "cert.pem", folder / "key.pem"


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate())
    return context


def _knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"loom", b"p@ss:word")
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def listening(
    *, tls: bool = False, starttls: bool = False, log_in: bool = False, **answers: str | float
) -> AsyncIterator[Mailbox]:
    """A server on a free port for as long as the block lasts."""
    mailbox = Mailbox(answers={**answers, **({"tls": "always"} if tls else {})})
    options: dict[str, Any] = {"hostname": "mx.test", "timeout": 30}
    if starttls:
        options |= {"tls_context": server_context(), "require_starttls": True}
    if log_in:
        options |= {"authenticator": _knows, "auth_required": True, "auth_require_tls": False}

    def factory() -> SMTP:
        return SMTP(mailbox, **options)

    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=server_context() if tls else None)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
