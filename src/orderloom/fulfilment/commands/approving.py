"""Orders that a policy wants approved stand still until they are, and go on by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderloom.approvals.commands import submit_for_approval
from orderloom.approvals.reads import decides_about, newest_outcomes
from orderloom.approvals.types import State, Submission
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.fulfilment.commands.holding import hold_orders, release_holds
from orderloom.orders.order import SUBJECT, HoldDraft
from orderloom.orders.reads import active_holds
from orderloom.orders.reads.approval import OrderFacts, approval_facts

WAITING, REFUSED = "approval", "approval_refused"


async def ask_approval(tx: Tx, order_ids: Sequence[int]) -> dict[int, str]:
    """Ask for the approvals that orders need and hold those that wait, in this transaction; why they wait, by id.

    Nothing happens while no policy decides about orders. Refused: a chain that cannot end.
    """
    if not order_ids or not await decides_about(tx, SUBJECT):
        return {}
    facts = await approval_facts(tx, order_ids)
    submitted = await submit_for_approval(tx, [_submission(one) for one in facts])
    waiting = {one.subject.id: f"Waits for approval, {one.number}." for one in submitted if one.state == State.OPEN}
    await hold_orders(tx, [HoldDraft(order_id, WAITING, reason) for order_id, reason in waiting.items()])
    return waiting


async def follow_approvals(tx: Tx, order_ids: Sequence[int]) -> None:
    """Make the holds of orders what became of their newest submission: let go, wait, or stand refused."""
    outcomes = await newest_outcomes(tx, SUBJECT, order_ids)
    holds = [hold for hold in await active_holds(tx, order_ids) if hold.code in (WAITING, REFUSED)]
    drafts: list[HoldDraft] = []
    lifted: dict[str, list[int]] = {}
    for order_id, outcome in outcomes.items():
        wanted = {"open": WAITING, "rejected": REFUSED, "recalled": REFUSED}.get(outcome.state or "")
        if wanted == REFUSED:
            drafts.append(HoldDraft(order_id, REFUSED, f"{outcome.number} was {outcome.state}: {outcome.reason}"[:500]))
        elif wanted == WAITING:
            drafts.append(HoldDraft(order_id, WAITING, f"Waits for approval, {outcome.number}."))
        why = f"{outcome.number} is {outcome.state}" if outcome.state else "No approval is needed any more."
        lifted.setdefault(why, []).extend(h.id for h in holds if h.order_id == order_id and h.code != wanted)
    if drafts:
        await hold_orders(tx, drafts)
    for why, ids in lifted.items():
        if ids:
            await release_holds(tx, ids, reason=why)


def _submission(one: OrderFacts) -> Submission:
    inputs: Mapping[str, object] = {
        "amount": Decimal(one.amount),
        "one time": Decimal(one.one_time),
        "recurring": Decimal(one.recurring),
        "lines": Decimal(one.lines),
        "manual prices": Decimal(one.manual_prices),
        "currency": one.currency,
        "segment": one.segment,
        "country": one.country,
        "channel": one.channel,
        "terms": one.terms,
        "customer": one.account,
    }
    identity = {
        "customer": f"{one.account} {one.account_name}",
        "billing account": one.billing_account or "",
        "currency": one.currency,
        "terms": one.terms or "",
    }
    subject = Subject(SUBJECT, one.id, one.number, one.account_id)
    return Submission(subject, inputs, identity, shown={"lines": one.items})
