"""A verdict by reply: taken only from the person who was asked, and only where it cannot be meant otherwise."""

from __future__ import annotations

from html import escape

from orderloom.approvals.commands.linked import decide_by_found, linked_by
from orderloom.approvals.commands.telling import LINK
from orderloom.approvals.reads.ask import Ask
from orderloom.approvals.reply import said_in
from orderloom.approvals.store import reply as store
from orderloom.approvals.store.reply import Outcome, Reply
from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM
from orderloom.gateway.received import ReceivedMail
from orderloom.messages.commands import send_messages
from orderloom.messages.doors import PLACE
from orderloom.messages.letters import Written
from orderloom.messages.types import MessageDraft, Recipient
from orderloom.parties.commands import link_with
from orderloom.parties.reads.people import users_by_id

ANSWER = "approval_reply"


async def take_mail_reply(tx: Tx, mail: ReceivedMail) -> Reply | None:
    """Act on mail that answers a message of ours which asks for a verdict; none where it answers no such message.

    Whatever is unclear, not believed or late is kept with why, and told to the person who was asked if it is from them.
    The same mail again changes nothing and gives the same answer.
    """
    before = await store.known(tx, mail.identity)
    if before is not None:
        return before
    answered = await store.answered_message(tx, mail.tokens) if mail.tokens else None
    if answered is None:
        return None
    link = await link_with(tx, answered.links[0])
    ask = (await linked_by(tx, link)).ask if link.purpose == LINK else None
    asked = (await users_by_id(tx, [link.user_id or 0])).get(link.user_id or 0)
    outcome, problem, said = await _judge(tx, mail, answered.links[0], ask, asked.login if asked else "")
    reply = Reply("email", mail.sender[:320], outcome, problem, said)
    await store.add(
        tx,
        reply,
        digest=mail.identity,
        message_id=answered.message_id,
        request_id=ask.request_id if ask else None,
        user_id=link.user_id,
    )
    if ask is not None and outcome in ("decided", "refused", "unclear"):
        await _answer(tx, ask, reply)
    return reply


async def _judge(  # noqa: PLR0911 - one return for each judgement
    tx: Tx, mail: ReceivedMail, link_id: int, ask: Ask | None, asked_login: str
) -> tuple[Outcome, str, str]:
    """What becomes of the mail, why, and what it says."""
    if mail.machine:
        return "not_a_person", mail.machine, ""
    if mail.sender != asked_login:
        return "not_believed", "It is not from the address that was asked.", ""
    if mail.doubt:
        return "not_believed", mail.doubt, ""
    if ask is None:
        return "unclear", "The message asks about several requests; open its list and decide each.", mail.text
    if ask.number not in mail.subject:
        return "not_believed", f"Its subject does not name {ask.number}, so it may answer something else.", ""
    said = said_in(mail.text, name=ask.user_name)
    if said.verdict is None:
        return "unclear", said.unclear, mail.text
    try:
        async with tx.savepoint():
            link = await link_with(tx, link_id)
            await decide_by_found(tx, link, verdict=said.verdict, comment=said.comment)
    except Refused as refused:
        return "refused", refused.problems[0].message, mail.text
    finally:
        tx.actor = SYSTEM
    return "decided", "", mail.text


async def _answer(tx: Tx, ask: Ask, reply: Reply) -> None:
    """Tell the person what became of their reply; who forged it in their name cannot keep that from them."""
    if reply.outcome == "decided":
        title = f"Your reply counts: {ask.subject_label}"
        text = f"Your reply is your verdict on {ask.subject_label} ({ask.number}). If it was not you, tell us at once."
    else:
        title = f"Your reply does not count: {ask.subject_label}"
        text = f"{reply.problem}\nNothing was decided on {ask.subject_label} ({ask.number})."
        text += "\nAnswer with nothing but “approve”, or with “reject because …”; or decide on its page."
    url = f"{PLACE}/approvals/{ask.request_id}"
    html = f'<p style="white-space: pre-line">{escape(text)}</p><p><a href="{url}">{escape(ask.number)}</a></p>'
    written = Written(title, f"{text}\n\n{url}\n", html)
    recipient = Recipient(ask.login, ask.user_name)
    await send_messages(tx, [MessageDraft(ask.request, (recipient,), ANSWER, written=written)])
