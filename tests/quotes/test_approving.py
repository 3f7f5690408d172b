"""Quotes that a policy wants approved: stopped, submitted, decided, and compared with what was approved last."""

from __future__ import annotations

from typing import Any

import pytest

from orderloom.approvals.commands import decide_requests, publish_policies
from orderloom.approvals.reads import request_page
from orderloom.approvals.types import PolicyDraft, VerdictDraft
from orderloom.base.parsing import parse
from orderloom.base.refusals import Conflict, Refused
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM, Actor
from orderloom.catalog.commands import publish_prices
from orderloom.catalog.price_drafts import PricesDraft
from orderloom.parties.commands import set_managers
from orderloom.quotes.commands import (
    approval_of,
    ask_approval,
    confirm_needs,
    preview_reprice,
    reprice_quotes,
    send_quote,
    write_content,
)
from orderloom.quotes.commands.approving import follow_approvals
from orderloom.quotes.quote import Head
from orderloom.quotes.reads import head_of, quote_page
from tests.quotes import given

POLICY = {
    "code": "quote-discounts",
    "name": "Discounts on quotes",
    "subject": "quote",
    "inputs": [{"name": "discount", "worse": "higher"}, {"name": "below floor", "worse": "higher"}],
    "table": (
        "table: Discounts\nhit policy: C\ninputs:\n- {expression: discount, type: number}\n"
        "- {expression: below floor, type: number}\noutputs:\n- {name: step, type: string}\nnotes: [why]\nrules:\n"
        "- ['> 10', '-', manager, more than ten per cent off]\n- ['-', '> 0', manager, below the floor]\n"
    ),
    "steps": [{"name": "manager", "label": "Sales lead", "who": [{"manager": 1}]}],
}


def deep(percent: float, quantity: int = 10) -> tuple[dict[str, Any], ...]:
    return ({**given.CABLE[0], "quantity": quantity, "given": [given.by_hand(percent)]},)


@pytest.fixture
async def selling(tx: Tx) -> tuple[Actor, Actor]:
    """Ann, who sells, and Bob, her manager, with the policy in force."""
    world = await given.world(tx)
    await set_managers(tx, {"ann@x.example": "bob@x.example"})
    await publish_policies(tx, [parse(PolicyDraft, POLICY)])
    ann, bob = world.user_ids
    tx.actor = given.salesperson(ann)
    return tx.actor, given.salesperson(bob, "approvals.read")


async def decide(tx: Tx, quote: Head, verdict: str, by: Actor, comment: str = "") -> None:
    """Bob decides, and the house reacts."""
    came, tx.actor = tx.actor, by
    approval = await approval_of(tx, quote)
    assert approval is not None and approval.request is not None
    shown = await request_page(tx, approval.request.id)
    draft = VerdictDraft(verdict, shown.request.content, None, comment)  # type: ignore[arg-type]
    await decide_requests(tx, [(shown.request.id, draft)])
    tx.actor = SYSTEM
    await follow_approvals(tx, [event for event in tx.events if type(event).__name__ == "ApprovalDecided"])
    tx.actor = came


async def test_beyond_the_limit_the_chain_is_shown_then_asked_then_lets_the_quote_go(tx: Tx, selling: Any) -> None:
    _, bob = selling
    quote = await given.quote(tx, deep(15))
    before = await approval_of(tx, quote)
    assert before is not None and before.asks and not before.waits
    [step] = before.preview.steps
    assert ([who.login for who in step.candidates], step.reasons[0].note) == (
        ["bob@x.example"], "more than ten per cent off",
    )  # fmt: skip
    with pytest.raises(Refused) as stopped:
        await send_quote(tx, quote.id)
    assert [one.code for one in stopped.value.problems] == ["approval_needed"]

    submitted = await ask_approval(tx, quote.id)
    again = await ask_approval(tx, quote.id)
    assert (submitted.number, submitted.state) == (again.number, "open")
    waiting = await approval_of(tx, quote)
    assert waiting is not None and waiting.waits and waiting.request is not None
    with pytest.raises(Refused, match="waits for Sales lead"):
        await send_quote(tx, quote.id)

    await decide(tx, quote, "approve", bob)

    needs = (await quote_page(tx, quote.id)).shown.needs
    assert [need.confirmed_by for need in needs] == [submitted.number]
    assert (await send_quote(tx, quote.id)).state == "sent"
    asked = await tx.values("SELECT number FROM approvals.request WHERE subject_id = %(id)s", {"id": quote.id})
    assert asked == [submitted.number], "what was approved as it is asks nobody twice, not even on paper"


async def test_a_refusal_comes_back_with_its_comment_and_the_quote_stays(tx: Tx, selling: Any) -> None:
    _, bob = selling
    quote = await given.quote(tx, deep(15))
    await ask_approval(tx, quote.id)
    await decide(tx, quote, "reject", bob, "They pay late.")

    after = await approval_of(tx, quote)
    assert after is not None and after.request is not None
    assert (after.request.state, after.asks, "They pay late." in after.request.outcome) == ("rejected", True, True)
    with pytest.raises(Refused):
        await send_quote(tx, quote.id)
    assert (await head_of(tx, quote.id)).state == "draft"


async def test_only_what_is_worse_than_was_approved_asks_again(tx: Tx, selling: Any) -> None:
    _, bob = selling
    quote = await given.quote(tx, deep(18))
    await ask_approval(tx, quote.id)
    await decide(tx, quote, "approve", bob)

    await write_content(tx, quote.id, given.content(deep(19)), seen=None)
    worse = await approval_of(tx, await head_of(tx, quote.id))
    assert worse is not None and worse.asks
    await write_content(tx, quote.id, given.content(deep(16, quantity=12)), seen=None)
    better = await approval_of(tx, await head_of(tx, quote.id))
    assert better is not None and not better.asks and better.preview.steps[0].kept_from is not None
    assert (await quote_page(tx, quote.id)).shown.open_needs, "the right is for what was approved, to the cent"

    assert (await send_quote(tx, quote.id)).state == "sent", "what was approved before covers it"
    assert not (await quote_page(tx, quote.id)).shown.open_needs


async def test_a_verdict_on_what_the_quote_said_before_does_not_let_it_go(tx: Tx, selling: Any) -> None:
    _, bob = selling
    quote = await given.quote(tx, deep(12))
    await ask_approval(tx, quote.id)
    await write_content(tx, quote.id, given.content(deep(25)), seen=None)
    await decide(tx, quote, "approve", bob)

    assert (await quote_page(tx, quote.id)).shown.open_needs
    with pytest.raises(Refused):
        await send_quote(tx, quote.id)


async def test_new_list_prices_after_the_approval_ask_again_where_the_discount_became_deeper(
    tx: Tx, selling: Any
) -> None:
    _, bob = selling
    at = {"effect": "unit_price", "value": "2.10", "reason": "competition"}
    quote = await given.quote(tx, ({**given.CABLE[0], "given": [at]},))
    await ask_approval(tx, quote.id)
    await decide(tx, quote, "approve", bob)
    seller, tx.actor = tx.actor, SYSTEM
    dear = {
        "code": "dear",
        "name": "Dear",
        "currency": "USD",
        "rank": 5,
        "prices": [{"product": "CABLE", "one_time": 4}],
    }
    await publish_prices(tx, parse(PricesDraft, {"lists": [dear]}))
    tx.actor = seller
    assert (await preview_reprice(tx, quote.id)).after.charges

    await reprice_quotes(tx, [quote.id])
    after = await approval_of(tx, await head_of(tx, quote.id))
    assert after is not None and after.asks


async def test_nobody_stands_up_alone_for_what_a_policy_decides(tx: Tx, selling: Any) -> None:
    ann, _ = selling
    quote = await given.quote(tx, deep(15))
    tx.actor = given.salesperson(ann.user_id, "prices.discount", "prices.discount_any")
    with pytest.raises(Conflict, match="submit"):
        await confirm_needs(tx, quote.id, comment="I may")


async def test_what_no_policy_asks_about_goes_at_once_and_what_is_incomplete_asks_nobody(tx: Tx, selling: Any) -> None:
    small = await given.quote(tx, deep(5))
    approval = await approval_of(tx, small)
    assert approval is not None and not approval.asks
    assert (await send_quote(tx, small.id)).state == "sent"

    empty = await given.quote(tx, ())
    with pytest.raises(Refused) as refused:
        await ask_approval(tx, empty.id)
    assert [one.code for one in refused.value.problems] == ["lines_missing"]
