"""Where mail comes in: a small SMTP server for answers and bounces, behind the mail server of the house."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from orderloom.approvals.receiving import receive_mail
from orderloom.base.transaction import Database
from orderloom.gateway.received import MAIL_BYTES, Lookup, look_up

RECIPIENTS_MOST: Final = 5
CONNECTIONS_MOST: Final = 20
TIMEOUT_SECONDS: Final = 60
_log = structlog.get_logger()


class Entrance:
    """Takes mail for our own addresses and hands it in before it says that it has it; relays nothing."""

    def __init__(self, database: Database, addresses: frozenset[str], lookup: Lookup) -> None:
        self.database = database
        self.addresses = addresses
        self.lookup = lookup
        self.room = asyncio.Semaphore(CONNECTIONS_MOST)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if address.strip("<>").lower() not in self.addresses:
            return "550 5.1.1 Nobody has this address here"
        if len(envelope.rcpt_tos) >= RECIPIENTS_MOST:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        try:
            async with self.room:
                taken = await receive_mail(
                    self.database, content, envelope_from=envelope.mail_from or "", lookup=self.lookup
                )
        except (psycopg.Error, TimeoutError, OSError) as error:
            _log.warning("mail not taken", error=str(error))
            return "451 4.3.0 Try again later"
        _log.info("mail taken", reply=taken.reply, problem=taken.problem, bounced=len(taken.bounced))
        return "250 Taken"


@asynccontextmanager
async def listening_for_mail(
    database: Database, addresses: frozenset[str], *, host: str, port: int, lookup: Lookup = look_up
) -> AsyncIterator[int]:
    """Take mail for these addresses as long as the block lasts; gives the port, a free one for 0."""
    entrance = Entrance(database, addresses, lookup)

    def factory() -> SMTP:
        return SMTP(
            entrance, hostname="orderloom", data_size_limit=MAIL_BYTES, timeout=TIMEOUT_SECONDS, ident="Orderloom"
        )

    server = await asyncio.get_running_loop().create_server(factory, host, port, reuse_port=True)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
