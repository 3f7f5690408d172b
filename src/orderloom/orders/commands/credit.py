"""The credit check as a step: an order over the limit of who pays for it is put on hold."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Call, Done, NotNow, Outcome
from orderloom.billing.reads import credit_exposure
from orderloom.orders.commands.hold import place_holds
from orderloom.orders.order import HoldDraft
from orderloom.orders.rules import CreditVerdict, Exposure, credit_verdict
from orderloom.orders.store import credit as store
from orderloom.parties.sales_credits import plain


async def check_credit(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    """Compare what each billing account owes or will owe, this order included, with its limit.

    An order that does not fit gets a `credit` hold, and its step waits for a person; once somebody
    with the right has released the hold, the check lets the order pass.
    """
    payers = await store.payers(tx, [call.subject.id for call in calls])
    exposures = await credit_exposure(tx, sorted({payer.billing_account_id for payer in payers}))
    problems: dict[int, list[Problem]] = {}
    for payer in payers:
        owed = exposures[payer.billing_account_id]
        verdict = credit_verdict(
            None if payer.is_excused else payer.credit_limit,
            Exposure(open=owed.armed + payer.amount, unbilled=owed.unbilled, unpaid=owed.open_invoices),
        )
        if not verdict.is_allowed:
            problems.setdefault(payer.order_id, []).append(_exceeded(payer, verdict))
    await place_holds(
        tx, [HoldDraft(order_id, "credit", found[0].message) for order_id, found in sorted(problems.items())]
    )
    return [_outcome(problems.get(call.subject.id, [])) for call in calls]


def _exceeded(payer: store.Payer, verdict: CreditVerdict) -> Problem:
    limit = plain(verdict.limit) if verdict.limit is not None else "0"
    return Problem(
        "credit_exceeded",
        f"{payer.billing_account} owes or will owe {plain(verdict.exposure)} {payer.currency}, which is"
        f" {plain(verdict.excess)} over its limit of {limit}; raise it, have invoices paid, or release the hold.",
    )


def _outcome(problems: Sequence[Problem]) -> Outcome:
    return NotNow(tuple(problems)) if problems else Done({"credit": "ok"})
