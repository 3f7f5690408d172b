"""Holds: placed by whoever sees a reason, released by whoever has the right."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import Forbidden, NotFound, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.orders.events import HoldPlaced, HoldReleased
from orderloom.orders.order import Hold, HoldDraft
from orderloom.orders.states import TERMINAL
from orderloom.orders.store import hold as store


async def place_holds(tx: Tx, drafts: Sequence[HoldDraft]) -> list[Hold]:
    """Put stops on orders or items; return those that did not stand already.

    All or nothing. Several holds stand side by side, one of each code on each target, so placing one
    again changes nothing and tells nobody. An order that has ended takes no hold.
    """
    if not drafts:
        return []
    targets = await store.hold_targets(tx, drafts)
    if any(target.account_id is None for target in targets):
        raise NotFound([Problem("order_unknown", "There is no such order; look for it in the list.")])
    problems = []
    for place, (draft, target) in enumerate(zip(drafts, targets, strict=True)):
        pointer = f"/{place}" if len(drafts) > 1 else ""
        problems += [problem.below(pointer) for problem in _target_problems(draft, target)]
    refuse_if_any(problems)

    placed = await store.place(tx, drafts)
    tx.emit(HoldPlaced(hold.subject, hold.id, hold.code, hold.blocks, hold.reason, hold.item_id) for hold in placed)
    return placed


def _target_problems(draft: HoldDraft, target: store.HoldTarget) -> list[Problem]:
    problems = []
    if not target.code_exists:
        problems.append(Problem("hold_code_unknown", f"There is no hold “{draft.code}”; choose one.", "/code"))
    if not target.item_exists:
        problems.append(
            Problem("item_unknown", "The item is not one of this order; choose one of its items.", "/item_id")
        )
    if target.state in TERMINAL:
        problems.append(Problem("order_ended", "The order has ended; nothing is left to stop.", "/order_id"))
    return problems


async def release_holds(tx: Tx, hold_ids: Sequence[int], *, reason: str) -> list[Hold]:
    """Lift holds; return those that still stood.

    All or nothing: refuses (403) when one of them takes a permission that the actor lacks. Releasing
    a hold again changes nothing and tells nobody.
    """
    if len(await store.known(tx, hold_ids)) < len(set(hold_ids)):
        raise NotFound([Problem("hold_unknown", "There is no such hold; look at the order's page.")])
    standing = await store.standing(tx, hold_ids)
    denied = [
        Problem(
            "hold_right_missing",
            f"The hold “{hold.code}” on {hold.number} takes the permission {hold.release_permission}; ask somebody"
            " who has it.",
        )
        for hold in standing
        if not tx.actor.may(hold.release_permission)
    ]
    if denied:
        raise Forbidden(denied)

    released = set(await store.release(tx, [hold.id for hold in standing], reason=reason))
    lifted = [hold for hold in standing if hold.id in released]
    tx.emit(HoldReleased(hold.subject, hold.id, hold.code, hold.blocks, reason, hold.item_id) for hold in lifted)
    return lifted
