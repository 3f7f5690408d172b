"""Requests from their submission to their end, on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orderloom.approvals.commands import (
    add_approver,
    answer_question,
    ask_requester,
    decide_requests,
    delegate,
    hand_over,
    override_request,
    preview_submission,
    publish_policies,
    reassign_step,
    recall_request,
    replace_leavers,
    retire_policies,
)
from orderloom.approvals.events import ApprovalAsked, ApprovalDecided
from orderloom.approvals.reactions import tell_who_is_asked
from orderloom.approvals.reads import count_waiting, list_requests, request_page
from orderloom.approvals.types import ApproverDraft, DelegationDraft, State, VerdictDraft
from orderloom.approvals.verify import INVARIANTS
from orderloom.base.refusals import Conflict, Forbidden, NotFound, Refused, Stale
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM, Actor
from orderloom.processes.events import TaskOpened
from orderloom.processes.types import StepId
from orderloom.work.commands import complete_tasks, start_tasks
from orderloom.work.types import TaskCompletion
from tests.approvals.cast import enter, offer, say, submit
from tests.approvals.given import policy
from tests.stock.given import account


async def open_steps(tx: Tx, request_id: int) -> list[str]:
    tx.actor = SYSTEM
    return [step.name for step in (await request_page(tx, request_id)).steps if step.state == "open"]


async def broken(tx: Tx) -> list[str]:
    return [text for one in INVARIANTS for text in await tx.values(one.sql)]


async def test_what_needs_nobody_is_kept_and_asks_nobody(tx: Tx) -> None:
    cast = await enter(tx)

    found = await submit(tx, cast.sue, offer(discount="5"))

    assert (found.request_id, found.state) == (None, None)
    assert await tx.value("SELECT inputs->>'discount' FROM approvals.submission") == "5"


async def test_a_chain_runs_to_its_approval_and_says_so(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(discount="20", margin="10"))
    assert found.request_id is not None and found.state is State.OPEN
    assert await open_steps(tx, found.request_id) == ["manager"]

    first = await say(tx, cast.max, found.request_id)
    assert (first.is_step_decided, first.state) == (True, State.OPEN)
    assert await open_steps(tx, found.request_id) == ["finance"]
    second = await say(tx, cast.fay, found.request_id)
    assert (second.is_step_decided, second.state) == (False, State.OPEN)
    last = await say(tx, cast.flo, found.request_id)

    assert last.state is State.APPROVED
    decided = [event for event in tx.events if isinstance(event, ApprovalDecided)]
    assert [(event.subject.label, event.after) for event in decided] == [("QU-1", "approved")]
    assert await broken(tx) == []


async def test_the_chain_is_shown_before_it_is_asked(tx: Tx) -> None:
    cast = await enter(tx)
    tx.actor = cast.sue

    preview = await preview_submission(tx, offer(discount="35", margin="10"))

    assert preview.asks
    assert [(step.name, [who.name for who in step.candidates], step.after) for step in preview.steps] == [
        ("vp", ["Vera"], ()),
        ("finance", ["Fay", "Finn", "Flo"], ("vp",)),
    ]
    assert await tx.value("SELECT count(*) FROM approvals.submission") == 0


async def test_a_refusal_needs_a_comment_and_ends_the_request(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(margin="10"))
    assert found.request_id is not None

    with pytest.raises(Refused, match="Say why"):
        await say(tx, cast.max, found.request_id, "reject", comment=" ")
    decided = await say(tx, cast.max, found.request_id, "reject", comment="too cheap")

    assert decided.state is State.REJECTED
    assert await open_steps(tx, found.request_id) == []
    assert [event.reason for event in tx.events if isinstance(event, ApprovalDecided)] == ["too cheap"]
    assert await broken(tx) == []


async def test_without_veto_one_refusal_of_three_refuses_nothing(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(discount="5", margin="10"))
    assert found.request_id is not None

    first = await say(tx, cast.fay, found.request_id, "reject", comment="no")
    assert first.state is State.OPEN
    await say(tx, cast.finn, found.request_id)
    last = await say(tx, cast.flo, found.request_id)

    assert last.state is State.APPROVED
    assert await broken(tx) == []


async def test_who_asks_or_edited_never_decides(tx: Tx) -> None:
    cast = await enter(tx)
    edited = replace(offer(discount="5", margin="10"), requesters=(cast.fay.user_id or 0,))
    found = await submit(tx, cast.sue, edited)
    assert found.request_id is not None

    names = [who["name"] for who in (await request_page(tx, found.request_id)).steps[0].candidates]
    assert names == ["Finn", "Flo"]
    for requester in (cast.sue, cast.fay):
        with pytest.raises(Forbidden, match="You asked for this"):
            await say(tx, requester, found.request_id)


async def test_a_chain_that_cannot_end_is_refused_when_it_is_asked_for(tx: Tx) -> None:
    cast = await enter(tx)

    with pytest.raises(Refused, match="needs 1 to decide and nobody may"):
        await submit(tx, cast.vera, offer(discount="20"))
    with pytest.raises(Refused, match="needs 1 to decide and nobody may"):
        await submit(tx, cast.vera, offer(discount="40"))
    assert await tx.value("SELECT count(*) FROM approvals.request") == 0


async def test_inputs_that_do_not_fit_are_refused(tx: Tx) -> None:
    cast = await enter(tx)

    with pytest.raises(Refused, match="reads “discount” as number"):
        await submit(tx, cast.sue, replace(offer(), inputs={"discount": "a lot"}))


async def test_submitting_the_same_again_changes_nothing(tx: Tx) -> None:
    cast = await enter(tx)
    first = await submit(tx, cast.sue, offer())

    assert await submit(tx, cast.sue, offer()) == first
    assert await tx.value("SELECT count(*) FROM approvals.request") == 1


async def test_other_content_makes_the_open_request_void(tx: Tx) -> None:
    cast = await enter(tx)
    first = await submit(tx, cast.sue, offer(discount="20"))
    assert first.request_id is not None
    second = await submit(tx, cast.sue, offer(discount="25"))

    assert second.request_id != first.request_id
    assert (await request_page(tx, first.request_id)).request.state == "void"
    with pytest.raises(Conflict, match="is void"):
        await say(tx, cast.max, first.request_id)
    assert await broken(tx) == []


async def test_a_verdict_is_for_what_was_shown(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.max

    with pytest.raises(Stale, match="not what you were shown"):
        await decide_requests(tx, [(found.request_id, VerdictDraft("approve", "0" * 64))])


async def test_a_second_verdict_is_told_who_decided(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    await say(tx, cast.max, found.request_id)

    with pytest.raises(Conflict, match="is approved: Max approved on"):
        await say(tx, cast.max, found.request_id)


async def test_a_later_step_waits_for_the_one_before(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(discount="20", margin="10"))
    assert found.request_id is not None

    with pytest.raises(Conflict, match="other steps come first"):
        await say(tx, cast.fay, found.request_id)
    with pytest.raises(Forbidden, match="not among those"):
        await say(tx, cast.vera, found.request_id)


# After a change


async def approved(tx: Tx, cast: object, **figures: str) -> None:
    assert hasattr(cast, "sue")
    found = await submit(tx, cast.sue, offer(**figures))
    assert found.request_id is not None
    for who in ("max", "vera", "fay", "finn"):
        try:
            await say(tx, getattr(cast, who), found.request_id)
        except (Forbidden, Conflict):
            continue
    assert (await request_page(tx, found.request_id)).request.state == "approved"


async def test_only_what_got_worse_is_asked_again(tx: Tx) -> None:
    cast = await enter(tx)
    await approved(tx, cast, discount="20", margin="10")

    again = await submit(tx, cast.sue, offer(discount="18", margin="9"))

    assert again.request_id is not None
    steps = (await request_page(tx, again.request_id)).steps
    assert [(step.name, step.state, step.kept_from is not None) for step in steps] == [
        ("manager", "kept", True),
        ("finance", "open", False),
    ]
    await say(tx, cast.fay, again.request_id)
    assert (await say(tx, cast.finn, again.request_id)).state is State.APPROVED
    assert await broken(tx) == []


async def test_what_got_better_is_approved_at_once(tx: Tx) -> None:
    cast = await enter(tx)
    await approved(tx, cast, discount="20", margin="10")

    again = await submit(tx, cast.sue, offer(discount="15", margin="12"))

    assert again.state is State.APPROVED
    assert await broken(tx) == []


async def test_going_back_to_what_was_approved_asks_nobody(tx: Tx) -> None:
    cast = await enter(tx)
    await approved(tx, cast, discount="20")
    worse = await submit(tx, cast.sue, offer(discount="25"))
    assert worse.state is State.OPEN

    back = await submit(tx, cast.sue, offer(discount="20"))

    assert back.state is State.APPROVED


async def test_small_steps_upward_are_compared_with_what_was_approved(tx: Tx) -> None:
    cast = await enter(tx)
    await approved(tx, cast, discount="20")
    await submit(tx, cast.sue, offer(discount="21"))

    again = await submit(tx, cast.sue, offer(discount="20.5"))

    assert again.state is State.OPEN


async def test_another_currency_asks_everything_again(tx: Tx) -> None:
    cast = await enter(tx)
    await approved(tx, cast, discount="20")

    assert (await submit(tx, cast.sue, offer(discount="20", currency="USD"))).state is State.OPEN


async def test_splitting_under_a_limit_is_flagged(tx: Tx) -> None:
    table = (
        policy()
        .table.replace("expression: terms days", "expression: amount")
        .replace('"> 30", finance', '"> 1000", finance')
    )
    cast = await enter(tx, replace(policy(), table=table))
    account_id = await account(tx)
    one = offer(discount="5", amount="900")
    subject = replace(one.subject, account_id=account_id)
    await submit(tx, cast.sue, replace(one, subject=subject))
    other = replace(offer(discount="5", amount="800", subject=2), subject=replace(subject, id=2, label="QU-2"))
    tx.actor = cast.sue

    preview = await preview_submission(tx, other)

    assert preview.warnings == (
        "With 1 more for this customer in the last 14 days it comes to 1700, which would need approval as one.",
    )


# Besides verdicts


async def test_a_request_is_recalled_by_who_asked(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.max
    with pytest.raises(Forbidden, match="Only who asked"):
        await recall_request(tx, found.request_id, reason="no")
    tx.actor = cast.sue
    await recall_request(tx, found.request_id, reason="a mistake")
    await recall_request(tx, found.request_id, reason="a mistake")

    assert (await request_page(tx, found.request_id)).request.state == "recalled"
    tx.actor = SYSTEM
    assert await broken(tx) == []


async def test_a_question_stops_the_clock_until_it_is_answered(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    due = tx.now + timedelta(hours=8)
    await tx.execute("UPDATE processes.step SET due = %(due)s WHERE state = 'ready'", {"due": due})
    tx.actor = cast.max
    await ask_requester(tx, found.request_id, question="Why so much?")
    with pytest.raises(Conflict, match="waits for an answer"):
        await say(tx, cast.max, found.request_id)
    await tx.execute("UPDATE approvals.question SET asked_at = asked_at - interval '3 hours'")
    tx.actor = cast.sue
    await answer_question(tx, found.request_id, answer="They buy a hundred.")

    page = await request_page(tx, found.request_id)
    assert page.steps[0].due == due + timedelta(hours=3)
    assert [(q.asked_by, q.answer) for q in page.questions] == [("Max", "They buy a hundred.")]
    assert (await say(tx, cast.max, found.request_id)).state is State.APPROVED


async def test_one_more_may_be_asked(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.max
    assert await add_approver(tx, found.request_id, ApproverDraft("vera@example.com", "a big one")) == "extra 1"

    assert (await say(tx, cast.max, found.request_id)).state is State.OPEN
    assert (await say(tx, cast.vera, found.request_id)).state is State.APPROVED
    assert await broken(tx) == []


async def test_a_step_is_given_to_somebody_else_but_never_to_who_asked(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.max
    with pytest.raises(Forbidden, match="asked for this"):
        await reassign_step(tx, found.request_id, ApproverDraft("sue@example.com", "you know it"))
    await reassign_step(tx, found.request_id, ApproverDraft("vera@example.com", "on holiday"))

    with pytest.raises(Forbidden, match="not among those"):
        await say(tx, cast.max, found.request_id)
    assert (await say(tx, cast.vera, found.request_id)).state is State.APPROVED


async def test_an_override_is_on_record_and_never_for_an_own_request(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    content = (await request_page(tx, found.request_id)).request.content
    tx.actor = replace(cast.sue, permissions=frozenset({"approvals.override"}))
    with pytest.raises(Forbidden, match="asked for this yourself"):
        await override_request(tx, found.request_id, VerdictDraft("approve", content, comment="I may"))
    tx.actor = cast.otto
    with pytest.raises(Refused, match="Say why"):
        await override_request(tx, found.request_id, VerdictDraft("approve", content))
    await override_request(tx, found.request_id, VerdictDraft("approve", content, comment="Max is ill"))

    tx.actor = SYSTEM
    page = await request_page(tx, found.request_id)
    assert (page.request.state, page.steps[0].state) == ("approved", "overridden")
    assert [entry.entry["kind"] for entry in page.log] == ["requested", "override", "approved"]
    assert await broken(tx) == []


async def test_a_delegate_decides_for_the_time_it_was_given(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.max
    await delegate(
        tx, DelegationDraft("vera@example.com", tx.now - timedelta(hours=1), tx.now + timedelta(days=7), ("quote",))
    )
    tx.actor = cast.vera
    assert await count_waiting(tx) == 1
    assert [row.number for row in await list_requests(tx)] == [found.number]

    assert (await say(tx, cast.vera, found.request_id)).state is State.APPROVED
    (verdict,) = (await request_page(tx, found.request_id)).steps[0].verdicts
    assert (verdict["candidate"], verdict["decided_by"]) == ("Max", "Vera")
    assert await broken(tx) == []


async def test_a_delegate_of_who_asks_may_not_decide(tx: Tx) -> None:
    cast = await enter(tx)
    tx.actor = cast.sue
    await delegate(tx, DelegationDraft("fay@example.com", tx.now, tx.now + timedelta(days=1)))

    found = await submit(tx, cast.sue, offer(discount="5", margin="10"))

    assert found.request_id is not None
    assert [who["name"] for who in (await request_page(tx, found.request_id)).steps[0].candidates] == ["Finn", "Flo"]


async def test_delegations_go_in_no_circle(tx: Tx) -> None:
    cast = await enter(tx)
    span = (tx.now, tx.now + timedelta(days=3))
    tx.actor = cast.max
    await delegate(tx, DelegationDraft("vera@example.com", *span))
    tx.actor = cast.vera
    await delegate(tx, DelegationDraft("fay@example.com", *span))
    tx.actor = cast.fay

    with pytest.raises(Refused, match="come back to its giver through Max, Vera"):
        await delegate(tx, DelegationDraft("max@example.com", tx.now + timedelta(days=1), tx.now + timedelta(days=2)))
    await delegate(tx, DelegationDraft("max@example.com", span[1], span[1] + timedelta(days=2)))


async def test_when_somebody_leaves_their_manager_is_asked(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None and cast.max.user_id is not None

    await replace_leavers(tx, [cast.max.user_id])

    assert (await request_page(tx, found.request_id)).request.waits_for == ["Vera"]
    assert (await say(tx, cast.vera, found.request_id)).state is State.APPROVED


async def test_where_no_manager_is_left_who_may_override_is_asked(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(discount="40"))
    assert found.request_id is not None and cast.vera.user_id is not None

    await replace_leavers(tx, [cast.vera.user_id])

    assert (await request_page(tx, found.request_id)).request.waits_for == ["Otto"]


async def test_all_that_waits_for_somebody_moves_in_one_act(tx: Tx) -> None:
    cast = await enter(tx)
    for subject in range(1, 6):
        await submit(tx, cast.sue, offer(subject=subject))
    tx.actor = cast.max

    assert await hand_over(tx, cast.max.user_id or 0, "vera@example.com", reason="I leave") == 5
    assert await count_waiting(tx) == 0
    tx.actor = cast.vera
    assert await count_waiting(tx) == 5


async def test_a_step_of_a_chain_is_not_completed_as_a_task(tx: Tx) -> None:
    cast = await enter(tx)
    await submit(tx, cast.sue, offer())
    process_id = await tx.value("SELECT process_id FROM approvals.request")

    with pytest.raises(Refused, match="on the page of its request"):
        await complete_tasks(tx, [TaskCompletion(process_id, 0)])
    tx.actor = replace(cast.max, permissions=frozenset({"work.do", "work.assign"}))
    with pytest.raises(Refused, match="on the page of its request"):
        await start_tasks(tx, [StepId(process_id, 0)])


async def test_who_is_asked_is_told_when_the_step_opens(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    opened = [event for event in tx.events if isinstance(event, TaskOpened)]

    await tell_who_is_asked(tx, opened)

    (asked,) = [event for event in tx.events if isinstance(event, ApprovalAsked)]
    assert (asked.number, asked.step, asked.user_ids) == (found.number, "manager", (cast.max.user_id,))


async def test_strangers_see_no_request(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    tx.actor = cast.flo
    assert await list_requests(tx, view="all") == []
    with pytest.raises(NotFound):
        await request_page(tx, found.request_id)
    tx.actor = Actor("user", "Auditor", 999, frozenset({"approvals.read"}), all_accounts=True)
    assert [row.number for row in await list_requests(tx, view="all")] == [found.number]


# Policies


async def test_a_changed_policy_is_a_new_version_and_what_runs_keeps_its_own(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert [one.number for one in await publish_policies(tx, [policy()])] == [1]

    assert [one.number for one in await publish_policies(tx, [policy(name="Other")])] == [2]

    version = await tx.value(
        """
        SELECT version.number FROM approvals.policy_version AS version
          JOIN approvals.request ON request.version_id = version.id
         WHERE request.id = %(id)s
        """,
        {"id": found.request_id},
    )
    assert version == 1


async def test_one_policy_decides_about_a_kind(tx: Tx) -> None:
    await enter(tx)
    with pytest.raises(Refused, match="discounts decides about quote already"):
        await publish_policies(tx, [policy(code="other")])
    assert await retire_policies(tx, ["discounts"]) == ["discounts"]
    await publish_policies(tx, [policy(code="other")])


# Evidence


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ("UPDATE approvals.entry SET entry = replace(entry, 'fine', 'gone') WHERE number = 2", "does not follow"),
        ("DELETE FROM approvals.entry WHERE number = 1", "does not follow"),
        ("UPDATE approvals.entry SET number = CASE number WHEN 1 THEN 9 ELSE number END", "does not follow"),
        ("DELETE FROM approvals.entry", "has no log"),
        ("UPDATE approvals.verdict SET comment = 'never'", "is not the one in the log"),
        ("UPDATE approvals.verdict SET content_hash = decode(repeat('ab', 32), 'hex')", "is for other content"),
        ("UPDATE approvals.request SET requesters = requesters || (SELECT decided_by FROM approvals.verdict)",
         "asked and decided"),
        ("UPDATE approvals.step SET decision = 'dropped'", "is dropped"),
        ("UPDATE approvals.step SET needed = 3", "too few approvals"),
        ("UPDATE approvals.step SET decision = NULL", "is still asked"),
    ],
)  # fmt: skip
async def test_what_somebody_changes_is_found(tx: Tx, change: str, name: str) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer())
    assert found.request_id is not None
    await say(tx, cast.max, found.request_id, comment="fine")
    assert await broken(tx) == []

    await tx.execute(change)  # type: ignore[arg-type]

    assert any(name in text for text in await broken(tx)), await broken(tx)


async def test_a_request_that_nobody_can_decide_is_found(tx: Tx) -> None:
    cast = await enter(tx)
    await submit(tx, cast.sue, offer())
    await tx.execute("UPDATE approvals.candidate SET is_active = false")

    assert any("nobody is left" in text for text in await broken(tx))
