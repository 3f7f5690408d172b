"""The life of a quote: confirmed, sent, accepted, declined, expired, lost."""

from __future__ import annotations

from orderloom.base.refusals import Conflict, Forbidden, Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.quotes.commands.approving import approved_problems, refuse_what_policies_decide
from orderloom.quotes.commands.completeness import sending_problems
from orderloom.quotes.commands.writing import lock_draft, lock_quote
from orderloom.quotes.events import QuoteMoved, QuoteNeedConfirmed
from orderloom.quotes.quote import Head
from orderloom.quotes.reads.page import lost_reasons
from orderloom.quotes.reads.stored import stored_version
from orderloom.quotes.rules import chosen_lines, pick_problems, totals_of
from orderloom.quotes.states import ACCEPT, DECLINE, EXPIRE, LOSE, SEND, Move
from orderloom.quotes.store import customer as customers
from orderloom.quotes.store import quote as store
from orderloom.quotes.store import version as versions
from orderloom.quotes.types import AcceptanceDraft, LossDraft

EXPIRED_AT_ONCE = 500


async def confirm_needs(tx: Tx, quote_id: int, *, comment: str, seen: int | None = None) -> list[str]:
    """Stand up for the prices of a draft, as far as one's rights go; the rights that were waited for.

    Refused when the actor has none of those that are missing, and where a policy has others decide.
    """
    head = await lock_draft(tx, quote_id, seen=seen)
    open_needs = (await stored_version(tx, head.id, head.active_version)).open_needs
    if not open_needs:
        return []
    await refuse_what_policies_decide(tx, head)
    rights = sorted({need.needed_right for need in open_needs})
    mine = [right for right in rights if tx.actor.may(right)]
    if not mine:
        message = f"This takes the right {' or '.join(rights)}; ask somebody who has it."
        raise Forbidden([Problem("right_missing", message)])
    given = sorted(
        set(
            await versions.confirm_needs(
                tx, head.id, head.active_version, rights=mine, by=tx.actor.name, comment=comment
            )
        )
    )
    await store.count_change(tx, head.id)
    tx.emit(QuoteNeedConfirmed(head.subject, head.active_version, right, comment) for right in given)
    return given


async def send_quote(tx: Tx, quote_id: int, *, seen: int | None = None) -> Head:
    """Freeze the active version and offer it to the customer.

    Refused while a right or an approval is missing, while lines are not complete enough to be ordered, and when its
    last day is over.
    """
    head = await lock_draft(tx, quote_id, seen=seen)
    waited = await approved_problems(tx, head)
    stored = await stored_version(tx, head.id, head.active_version)
    refuse_if_any(waited or await sending_problems(tx, head, stored))
    await versions.freeze(tx, [head.id])
    return await _move(tx, head, SEND)


async def _move(tx: Tx, head: Head, move: Move, *, note: str = "", lost_reason: str | None = None) -> Head:
    moved = await store.move(tx, [head.id], move, note=note, lost_reason=lost_reason)
    if not moved:
        message = f"{head.number} is {head.state} and cannot be {move.after}; look at it as it is now."
        raise Conflict([Problem("quote_state", message)])
    tx.emit(QuoteMoved(moved[0].subject, head.state, move.after, head.active_version, lost_reason or note))
    return moved[0]


async def accept_quote(
    tx: Tx,
    quote_id: int,
    draft: AcceptanceDraft,
    *,
    seen: int | None = None,
    link_id: int | None = None,
    by_customer: bool = False,
) -> Head:
    """Keep the customer's yes to the active version, with the options that they choose.

    Refused, with the newer one named, for a version that is not active any more; refused after the last
    day. Accepting again what is accepted changes nothing.
    """
    head = await lock_quote(tx, quote_id, seen=seen)
    _refuse_outdated(tx, head, draft.version)
    if head.state in ("accepted", "converted"):
        return head
    if head.state != "sent":
        raise Conflict([Problem("quote_state", f"{head.number} is {head.state}; only what was sent can be accepted.")])
    if head.expires_at <= tx.now:
        raise Conflict(
            [Problem("quote_expired", f"{head.number} was valid until {head.valid_until}; ask for a new one.")]
        )
    stored = await stored_version(tx, head.id, head.active_version)
    picked = None if draft.choice is None else list(draft.choice.lines)
    if picked is not None:
        refuse_if_any(pick_problems(stored.lines, picked))
    chosen = chosen_lines(stored.lines, picked)
    await versions.choose(
        tx, head.id, head.active_version, lines=sorted(chosen), totals=totals_of(stored.charges, chosen)
    )
    await customers.insert_acceptance(
        tx,
        head.id,
        head.active_version,
        name=draft.name,
        by_customer=by_customer,
        note=draft.note,
        chosen=sorted(chosen),
        link_id=link_id,
    )
    return await _move(tx, head, ACCEPT)


def _refuse_outdated(tx: Tx, head: Head, version: int) -> None:
    if version != head.active_version:
        newer = f"read version {head.active_version}, which took its place"
        message = f"Version {version} of {head.number} holds no more; {newer}."
        raise Conflict([Problem("version_outdated", message, "/version")])


async def decline_quote(tx: Tx, quote_id: int, *, version: int, name: str, reason: str) -> Head:
    """Keep the customer's no, with the reason; declining again changes nothing."""
    head = await lock_quote(tx, quote_id)
    _refuse_outdated(tx, head, version)
    if head.state == "declined":
        return head
    if not reason.strip():
        refuse("reason_missing", "Tell us why, in a few words.", "/reason")
    return await _move(tx, head, DECLINE, note=f"{name}: {reason}")


async def lose_quote(tx: Tx, quote_id: int, draft: LossDraft, *, seen: int | None = None) -> Head:
    """Close a quote that will not be taken, with the code of the reason."""
    head = await lock_quote(tx, quote_id, seen=seen)
    reasons = await lost_reasons(tx)
    if draft.reason not in reasons:
        refuse("lost_reason_unknown", f"Choose one of {', '.join(sorted(reasons))}.", "/reason")
    if head.is_template:
        refuse("template", "A template is offered to nobody and cannot be lost.")
    await customers.end_links(tx, head.id)
    return await _move(tx, head, LOSE, note=draft.note, lost_reason=draft.reason)


async def expire_quotes(tx: Tx, *, limit: int = EXPIRED_AT_ONCE) -> int:
    """Let offers expire whose last day is over where the customer is; return how many did."""
    moved = await store.move(tx, await store.due_to_expire(tx, limit=limit), EXPIRE)
    tx.emit(QuoteMoved(head.subject, "sent", "expired", head.active_version) for head in moved)
    return len(moved)
