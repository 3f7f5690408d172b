"""The life of an order: submit, reject, cancel, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.refusals import NotFound, Problem, Refused, Stale
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.orders.commands.document import want_confirmations
from orderloom.orders.commands.installed import refuse_taken_assets
from orderloom.orders.events import (
    HeaderChanged,
    ItemStateChanged,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
    OrderRejected,
    OrderStateChanged,
    OrderSubmitted,
)
from orderloom.orders.order import SUBJECT, HeaderEdit, ItemMoved, ItemResult, Moved, OrderResult
from orderloom.orders.rollup import Progress
from orderloom.orders.states import (
    ACCEPT_CANCELLATION,
    DISCARD,
    FINISH_CANCELLATION,
    LIVE,
    REJECT,
    REQUEST_CANCELLATION,
    SUBMIT,
    TITLES,
    Move,
    steps_between,
)
from orderloom.orders.store import header
from orderloom.orders.store import life as store


async def submit_orders(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Commit the customers to these orders; return those that were still drafts.

    All or nothing: one problem refuses the batch. Submitting an order again changes nothing and
    tells nobody, so callers may retry freely.
    """
    await _refuse_unless(tx, order_ids, SUBMIT, also=(*LIVE, "completed", "partial", "failed"))

    await refuse_taken_assets(tx, order_ids)
    submitted = await store.move(tx, order_ids, SUBMIT)
    await store.move_items(tx, [order.id for order in submitted], before=["draft"], after="submitted")
    tx.emit(OrderSubmitted(order.subject) for order in submitted)
    await want_confirmations(tx, [order.id for order in submitted])
    return [order.id for order in submitted]


async def _refuse_unless(tx: Tx, order_ids: Sequence[int], verb: Move, *, also: Sequence[str] = ()) -> None:
    """Refuse orders that the actor does not see or that stand where the verb makes no sense; locks the rest."""
    standing = {order.id: order for order in await store.standing(tx, order_ids)}
    if len(standing) < len(set(order_ids)):
        raise NotFound([Problem("order_unknown", "There is no such order that you may see; look in the list.")])
    problems = []
    for place, order_id in enumerate(order_ids):
        order = standing[order_id]
        if order.state not in verb.before and order.state not in also:
            problems.append(
                Problem(
                    "state_wrong",
                    f"{order.number} is “{TITLES[order.state].lower()}”; {verb.name.replace('_', ' ')} is possible for:"
                    f" {', '.join(TITLES[state].lower() for state in verb.before)}.",
                    f"/{place}" if len(order_ids) > 1 else "",
                )
            )
    if problems:
        raise Refused(problems)


async def reject_orders(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Refuse to take these orders, for good; return those that were not rejected before."""
    await _refuse_unless(tx, order_ids, REJECT, also=(REJECT.after,))

    rejected = await store.move(tx, order_ids, REJECT, reason=reason)
    await store.move_items(tx, [order.id for order in rejected], before=["draft", "submitted"], after="rejected")
    tx.emit(OrderRejected(order.subject, before=order.before, reason=reason) for order in rejected)
    return [order.id for order in rejected]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a wish to cancel has led to, by order id: drafts are gone at once, the rest is being assessed."""

    cancelled: list[int]
    requested: list[int]


async def cancel_orders(tx: Tx, order_ids: Sequence[int], *, reason: str) -> Cancelled:
    """Cancel drafts, and ask for the cancellation of what is under way.

    All or nothing: refuses orders that have ended. Whoever carries an order out accepts or denies,
    undoes what has been done and finishes. Asking again changes nothing and tells nobody.
    """
    both = Move(REQUEST_CANCELLATION.name, (*DISCARD.before, *REQUEST_CANCELLATION.before), "cancelled")
    await _refuse_unless(tx, order_ids, both, also=("assessing_cancellation", "cancelling", "cancelled"))

    discarded = await store.move(tx, order_ids, DISCARD, reason=reason)
    requested = await store.move(tx, order_ids, REQUEST_CANCELLATION, reason=reason)
    await store.move_items(tx, [order.id for order in discarded], before=["draft"], after="cancelled")
    tx.emit(OrderCancelled(order.subject, before=order.before, reason=reason) for order in discarded)
    tx.emit(OrderCancellationRequested(order.subject, before=order.before, reason=reason) for order in requested)
    return Cancelled([order.id for order in discarded], [order.id for order in requested])


async def accept_cancellations(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Say that the orders can be cancelled: what was done for them is being undone."""
    moved = await store.move(tx, order_ids, ACCEPT_CANCELLATION)
    tx.emit(OrderStateChanged(order.subject, before=order.before, after=order.after) for order in moved)
    return [order.id for order in moved]


async def deny_cancellations(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Say that the orders are past the point of no return; they go on from where they stood."""
    moved = await store.deny_cancellation(tx, order_ids, reason=reason)
    tx.emit(OrderCancellationDenied(order.subject, after=order.after, reason=reason) for order in moved)
    return [order.id for order in moved]


async def finish_cancellations(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Say that everything is undone; items that live are cancelled, those that have ended keep their end."""
    moved = await store.move(tx, order_ids, FINISH_CANCELLATION)
    ids = [order.id for order in moved]
    await store.move_items(tx, ids, before=[*sorted(LIVE), "assessing_cancellation", "cancelling"], after="cancelled")
    tx.emit(OrderCancelled(order.subject, before=order.before) for order in moved)
    return ids


async def record_states(tx: Tx, *, items: Sequence[ItemResult] = (), orders: Sequence[OrderResult] = ()) -> None:
    """Write what items and orders have been rolled up to; for the room that carries them out.

    Idempotent. A state to which no legal way leads is left out: an end is never left, and an order
    whose cancellation is being assessed or carried out waits for that to be settled. Every state on the
    way is told.
    """
    moved_items = await store.record_items(tx, items) if items else []
    moved = await store.record_orders(tx, {result.order_id: result.state for result in orders}) if orders else []
    subjects = {order.id: order.subject for order in moved}
    missing = {item.order_id for item in moved_items} - subjects.keys()
    if missing:
        subjects |= {order.id: order.subject for order in await store.subjects(tx, sorted(missing))}
    tx.emit(_item_changed(item, subjects[item.order_id]) for item in moved_items)
    progress = {result.order_id: result.progress for result in orders}
    for order in moved:
        _tell_way(tx, order, progress.get(order.id))


def _item_changed(item: ItemMoved, subject: Subject) -> ItemStateChanged:
    return ItemStateChanged(subject, item_id=item.id, line=item.line, before=item.before, after=item.after)


def _tell_way(tx: Tx, order: Moved, progress: Progress | None) -> None:
    before = order.before
    for after in steps_between(order.before, order.after) or ():
        tx.emit(
            OrderStateChanged(
                order.subject,
                before=before,
                after=after,
                parts_done=progress.done if progress else None,
                parts_total=progress.total if progress else None,
            )
        )
        before = after
    if order.after == "cancelled":
        tx.emit(OrderCancelled(order.subject, before=order.before))


async def follow_catalogues(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Have orders that are not planned yet follow the catalogue as it is now; return those whose version changed."""
    moved = await store.pin_current(tx, order_ids)
    tx.emit(
        HeaderChanged(
            Subject(SUBJECT, order_id, number, account_id),
            before={"catalogue_version_id": str(before)},
            after={"catalogue_version_id": str(after)},
        )
        for order_id, number, account_id, before, after in moved
    )
    return [order_id for order_id, *_ in moved]


async def update_header(tx: Tx, order_id: int, fields: HeaderEdit, *, version: int | None) -> int:
    """Overwrite the fields of a header that need no revision; return the header's new version.

    Refuses (412) when the header has changed since `version` was read; None stands for any.
    """
    standing = await store.standing(tx, [order_id])
    if not standing:
        raise NotFound([Problem("order_unknown", "There is no such order that you may see; look in the list.")])
    edited = await header.edit(tx, order_id, fields, version=standing[0].version if version is None else version)
    if edited is None:
        raise Stale(
            [Problem("order_changed", f"{standing[0].number} has changed since you read it; load it again and repeat.")]
        )
    names = [name for name in edited.before if edited.before[name] != edited.after[name]]
    tx.emit(
        HeaderChanged(
            Subject(SUBJECT, order_id, edited.number, edited.account_id),
            before={name: edited.before[name] for name in names},
            after={name: edited.after[name] for name in names},
        )
    )
    return edited.version
