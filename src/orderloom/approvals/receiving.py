"""The entrances' part: mail that came in over SMTP or a web hook is verified outside of any transaction, then taken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from orderloom.approvals.commands.replying import take_mail_reply
from orderloom.base.transaction import Database, Tx, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.received import Lookup, look_up, read_mail
from orderloom.messages.commands import take_bounce


@dataclass(frozen=True, slots=True)
class MailTaken:
    """What became of a mail: the deliveries that it tells to have bounced, or the outcome of a reply and why."""

    bounced: tuple[int, ...] = ()
    reply: str = "none"
    problem: str = ""


async def receive_mail(
    database: Database, content: bytes, *, envelope_from: str | None = None, lookup: Lookup = look_up
) -> MailTaken:
    """Take a mail: a bounce is noted, a reply acted on, all else is let go."""
    mail = await asyncio.to_thread(read_mail, content, envelope_from=envelope_from, lookup=lookup)

    async def work(tx: Tx) -> MailTaken:
        bounced = await take_bounce(tx, content)
        if bounced:
            return MailTaken(tuple(bounced))
        reply = await take_mail_reply(tx, mail)
        return MailTaken() if reply is None else MailTaken(reply=reply.outcome, problem=reply.problem)

    return await in_transaction(database, SYSTEM, work)
