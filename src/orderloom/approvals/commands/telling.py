"""Those who are asked are told: one message for all that waits for somebody at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from orderloom.approvals.letter import ASKED, REMINDED, asked_message
from orderloom.approvals.reads.ask import Ask, asks_of
from orderloom.approvals.store import notice as store
from orderloom.approvals.store.notice import Notice
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.messages.commands import send_messages
from orderloom.messages.types import MessageDraft, Recipient
from orderloom.parties.commands import LinkDraft, promise_links

LINK, LIST_LINK = "approval", "approval_list"
LINK_LIFETIME = timedelta(days=7)
NOTICES_A_TURN = 200


async def tell_asked(tx: Tx, asks: Sequence[tuple[int, str]], *, reminds: bool = False) -> int:
    """Have everybody told who may decide these steps (request, name), those too who decide for them; return how many.

    Each is told once of a step, and once more for each reminder.
    """
    return await store.add(tx, asks, reminds=reminds) if asks else 0


async def send_notices(tx: Tx, *, limit: int = NOTICES_A_TURN) -> int:
    """Send what is due, all of one person in one message; return how many notices that were.

    What has been decided meanwhile is told to nobody any more.
    """
    due = sorted(await store.claim(tx, limit=limit), key=lambda one: (one.user_id, one.request_id, one.step))
    asks = await asks_of(tx, [(one.request_id, one.step, one.user_id) for one in due])
    told = {(ask.request_id, ask.step, ask.user_id): ask for ask in asks if ask.is_open and ask.is_active}
    waiting = [one for one in due if (one.request_id, one.step, one.user_id) in told]
    for _, group in groupby(waiting, key=lambda one: one.user_id):
        notices = list(group)
        mine = [told[key] for key in dict.fromkeys((one.request_id, one.step, one.user_id) for one in notices)]
        await _send(tx, mine, notices)
    return len(due)


async def _send(tx: Tx, asks: Sequence[Ask], notices: Sequence[Notice]) -> None:
    reader = asks[0]
    reminds = all(one.round for one in notices)
    drafts = [_link(ask) for ask in asks]
    if len(asks) == 1:
        links = await promise_links(tx, drafts)
        subject = reader.request
    else:
        links = await promise_links(tx, [LinkDraft(LIST_LINK, reader.user_id, lifetime=LINK_LIFETIME)])
        await promise_links(tx, drafts, within=links[0])
        subject = Subject("user", reader.user_id, reader.user_name)
    written = asked_message(asks, until=tx.now + LINK_LIFETIME, reminds=reminds)
    draft = MessageDraft(
        subject,
        (Recipient(reader.login, reader.user_name),),
        REMINDED if reminds else ASKED,
        written=written,
        links=tuple(links),
    )
    (message_id,) = await send_messages(tx, [draft])
    await store.set_message(tx, notices, message_id)


def _link(ask: Ask) -> LinkDraft:
    """The right to decide this content of this step once, as this person."""
    params = {"step": ask.step, "content": ask.content}
    return LinkDraft(LINK, ask.user_id, ask.request, params, LINK_LIFETIME)
