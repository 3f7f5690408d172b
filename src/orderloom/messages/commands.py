"""What people and rooms have messages do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.messages import store
from orderloom.messages.addresses import MOST_RECIPIENTS, is_one_line, wire_address
from orderloom.messages.bounces import returned
from orderloom.messages.doors import PLACE
from orderloom.messages.events import DeliveryMoved, MessageQueued
from orderloom.messages.letters import values_of, write
from orderloom.messages.reads import delivery_ids, message_with_key
from orderloom.messages.states import REPEATABLE, STOPPABLE
from orderloom.messages.types import MessageDraft, PaperMail, Recipient
from orderloom.parties.commands import LinkDraft, promise_links
from orderloom.parties.commands.access import PASSWORD_LINK
from orderloom.parties.reads import resolve_users


async def send_messages(tx: Tx, drafts: Sequence[MessageDraft]) -> list[int]:
    """Queue messages and return the id of each, in the order of the drafts; a worker sends them soon after.

    All or nothing. Refused: no or too many recipients, what is no address, and any text that would break a line in a
    header. A draft whose key has been used is the message that it made.
    """
    refuse_if_any([problem for place, draft in enumerate(drafts) for problem in _problems(draft, f"/{place}")])
    return [await _send(tx, draft) for draft in drafts]


async def send_paper(
    tx: Tx,
    mail: PaperMail,
    document: Subject,
    *,
    subject: Subject,
    letter: str,
    language: str,
    customer: str,
    sender: str,
    link: str = "",
    links: tuple[int, ...] = (),
) -> int:
    """Send a document by e-mail as soon as it is made, with the letter in its language; return the message."""
    draft = MessageDraft(
        subject=subject,
        recipients=mail.to,
        letter=letter,
        language=language,
        values={"number": subject.label, "customer": customer, "sender": sender},
        note=mail.note,
        attachments=(document,),
        key=mail.key,
        link=link,
        links=links,
    )
    refuse_if_any(_problems(draft, ""))
    return await _send(tx, draft)


async def _send(tx: Tx, draft: MessageDraft) -> int:
    written = draft.written or write(
        draft.letter, language=draft.language, values=draft.values, note=draft.note, link=draft.link
    )
    message_id = await store.add_message(tx, draft, written)
    if message_id is None:
        known = await message_with_key(tx, draft.key or "")
        assert known is not None, "only a key that was used keeps a message from being written"
        return known
    addresses = [_address(draft, recipient) for recipient in draft.recipients]
    await store.add_attachments(tx, message_id, draft.attachments)
    await store.add_deliveries(tx, message_id, draft, addresses)
    tx.emit(MessageQueued(draft.subject, message_id, draft.channel, draft.letter, written.title, tuple(addresses)))
    tx.wake_worker()
    return message_id


def _address(draft: MessageDraft, recipient: Recipient) -> str:
    return wire_address(recipient.address) or "" if draft.channel == "email" else recipient.address.strip()


def _problems(draft: MessageDraft, pointer: str) -> list[Problem]:
    problems = []
    if not draft.recipients:
        problems.append(Problem("recipient_missing", "Say who gets it; give an e-mail address.", f"{pointer}/to"))
    if len(draft.recipients) > MOST_RECIPIENTS:
        message = f"A message goes to {MOST_RECIPIENTS} recipients at most; send several."
        problems.append(Problem("recipients_too_many", message, f"{pointer}/to"))
    for recipient in draft.recipients:
        if draft.channel == "email" and wire_address(recipient.address) is None:
            message = f"“{recipient.address[:100]}” is not an e-mail address; give one like name@example.com."
            problems.append(Problem("address_absurd", message, f"{pointer}/to"))
        if not is_one_line(recipient.name):
            problems.append(
                Problem("name_has_line_break", "A name has one line; take the others out.", f"{pointer}/to")
            )
    missing = set() if draft.written else values_of(draft.letter) - draft.values.keys()
    assert not missing, f"the letter {draft.letter} names {sorted(missing)}"
    if not all(is_one_line(value) for value in draft.values.values()):
        message = "A name or number in this message has a line break; take it out where it is written."
        problems.append(Problem("value_has_line_break", message, f"{pointer}/values"))
    return problems


async def send_again(tx: Tx, delivery_ids: Sequence[int], *, reason: str) -> list[int]:
    """Send what was refused, bounced, given up or has an unknown outcome once more, with the same Message-ID.

    Returns those that are queued now; others stay as they are. What was refused for want of its file waits for it.
    """
    moved = await store.move(tx, delivery_ids, before=REPEATABLE, after="queued", reply=reason)
    return _told(tx, moved)


async def stop_deliveries(tx: Tx, delivery_ids: Sequence[int], *, reason: str) -> list[int]:
    """Do not send what is still queued or waiting; return those that are stopped now."""
    return _told(tx, await store.move(tx, delivery_ids, before=STOPPABLE, after="cancelled", reply=reason))


async def record_bounces(tx: Tx, delivery_ids: Sequence[int], *, reply: str) -> list[int]:
    """Note that what was sent came back; return those that count as bounced now."""
    return _told(tx, await store.move(tx, delivery_ids, before=("sent", "unknown"), after="bounced", reply=reply))


async def take_bounce(tx: Tx, content: bytes) -> list[int]:
    """Read mail that came back and note the deliveries that it tells of; return those that count as bounced now.

    Mail that is no notification about a message of ours changes nothing.
    """
    bounced = []
    for one in returned(content):
        ids = await delivery_ids(tx, token=one.token, address=one.address)
        bounced += await record_bounces(tx, ids, reply=one.reply)
    return bounced


def _told(tx: Tx, moved: Sequence[store.Moved]) -> list[int]:
    tell(tx, moved)
    tx.wake_worker()
    return [one.id for one in moved]


def tell(tx: Tx, moved: Sequence[store.Moved]) -> None:
    """Tell of deliveries that moved; a pause between two attempts is no news."""
    tx.emit(
        DeliveryMoved(one.subject, one.message_id, one.id, one.address, one.before, one.after, one.reply)
        for one in moved
        if (one.before, one.after) != ("sending", "queued")
    )


async def send_password_link(tx: Tx, login: str, *, lifetime: timedelta) -> bool:
    """Send an active user a link to set a password with; False where nobody active has this login."""
    user = (await resolve_users(tx, [login])).get(login.lower())
    if user is None or not user.is_active:
        return False
    links = await promise_links(tx, [LinkDraft(PASSWORD_LINK, user.id, lifetime=lifetime)])
    until = format_datetime(
        tx.now + lifetime,
        "d MMM yyyy, HH:mm zzz",
        tzinfo=ZoneInfo(user.time_zone),
        locale=user.locale.replace("-", "_"),
    )
    draft = MessageDraft(
        Subject("user", user.id, user.login),
        (Recipient(user.login, user.name),),
        "password",
        language=user.locale,
        values={"name": user.name, "until": until},
        link=f"{PLACE}/set-password/~1",
        links=tuple(links),
    )
    await send_messages(tx, [draft])
    return True
