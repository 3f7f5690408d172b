"""Decided from a message: what is mailed, who may use a link, and every way in which one is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from email.headerregistry import Address

import pytest

from orderloom.approvals.commands import (
    decide_by_link,
    delegate,
    read_link,
    read_list_link,
    reassign_step,
    recall_request,
    send_notices,
    tell_asked,
)
from orderloom.approvals.reads import request_page
from orderloom.approvals.types import ApproverDraft, DelegationDraft, State
from orderloom.base.jobs import run_jobs
from orderloom.base.refusals import Conflict, NotFound, Refused
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.mail import mail_server
from orderloom.messages.channels import EmailChannel
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.parties.commands.links import tell_links
from orderloom.work.climbing import climb, put_ladders
from orderloom.work.types import RungDraft
from tests.approvals.cast import Cast, enter, offer, submit
from tests.approvals.given import policy
from tests.messages.server import listening

KEY = bytes(range(32))
SENDER = Address("Orders", addr_spec="orders@tessellane.example")


async def asked(tx: Tx, cast: Cast, *, step: str = "manager", **figures: str) -> int:
    """A request that Sue has made and whose first step is told."""
    found = await submit(tx, cast.sue, offer(**figures))
    assert found.request_id is not None
    await tell_asked(tx, [(found.request_id, step)])
    return found.request_id


async def mailed(tx: Tx) -> list[tuple[str, str, list[int]]]:
    """To whom something was mailed since, what, and the links in it."""
    await send_notices(tx)
    rows = await tx.all(
        """
        SELECT delivery.address, message.title || E'\\n' || message.body AS said, message.links
          FROM messages.message
          JOIN messages.delivery ON delivery.message_id = message.id
         ORDER BY message.id, delivery.address
        """
    )
    return [(address, said, links) for address, said, links in rows]


async def token_for(tx: Tx, login: str) -> str:
    """The token in the newest mail to somebody, as it would be sent."""
    links = [links for address, _, links in await mailed(tx) if address == login][-1]
    return (await tell_links(tx, links, key=KEY))[links[0]]


async def refusal_of(tx: Tx, token: str, **more: object) -> Refused:
    """How a verdict by this token is refused; nothing of the attempt stays."""
    with pytest.raises(Refused) as refused:
        async with tx.savepoint():
            await decide_by_link(tx, token, verdict="approve", **more)  # type: ignore[arg-type]
    tx.actor = SYSTEM
    return refused.value


async def verdicts(tx: Tx) -> Sequence[object]:
    return await tx.values("SELECT channel || ' ' || verdict FROM approvals.verdict ORDER BY at")


async def test_who_is_asked_gets_all_that_is_needed_and_decides_by_the_link(tx: Tx) -> None:
    cast = await enter(tx)
    request_id = await asked(tx, cast, discount="20", amount="12400")

    [(address, said, _)] = await mailed(tx)
    decided = await decide_by_link(tx, await token_for(tx, "max@example.com"), verdict="approve")

    assert address == "max@example.com"
    for words in ("QU-1", "Customer: AC-1", "Amount: 12,400.00 EUR", "Discount: 20", "More than ten per cent off",
                  "Discounts, margin and terms, version 1, rule 1", "Sue asks"):  # fmt: skip
        assert words in said, words
    assert (decided.request_id, decided.state) == (request_id, State.APPROVED)
    assert await verdicts(tx) == ["email approve"]


async def test_only_the_hash_of_a_token_is_kept_and_only_once_it_is_sent(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    await send_notices(tx)
    assert await tx.values("SELECT token_hash FROM parties.link") == [None]

    token = await token_for(tx, "max@example.com")

    assert len(token) == 4 + 43, "a prefix, and 256 bits"
    assert await tx.value("SELECT token_hash = sha256(convert_to(%(t)s, 'UTF8')) FROM parties.link", {"t": token})
    everything = await tx.values(
        "SELECT to_jsonb(link)::text FROM parties.link UNION ALL SELECT body || html FROM messages.message"
    )
    assert not any(token in text for text in everything)
    assert await token_for(tx, "max@example.com") == token, "a repeat is the same message"


async def test_reading_decides_nothing_however_often(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")

    seen = [await read_link(tx, token) for _ in range(3)]

    assert all(one.is_good for one in seen)
    assert await verdicts(tx) == []


async def test_a_link_decides_once(tx: Tx) -> None:
    cast = await enter(tx)
    await asked(tx, cast, discount="20", margin="10")
    token = await token_for(tx, "max@example.com")
    await decide_by_link(tx, token, verdict="approve")
    tx.actor = SYSTEM

    again = await refusal_of(tx, token)

    assert (again.status, again.problems[0].code) == (409, "link_used")
    assert await verdicts(tx) == ["email approve"]


async def test_a_refused_verdict_leaves_the_link_good(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")
    with pytest.raises(Refused, match="Say why"):
        async with tx.savepoint():
            await decide_by_link(tx, token, verdict="reject")
    tx.actor = SYSTEM

    decided = await decide_by_link(tx, token, verdict="reject", comment="too cheap")

    assert decided.state is State.REJECTED


async def test_forged_and_cut_tokens_find_nothing(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")

    for wrong in (token[:-1], token + "A", token.swapcase(), "oll_" + "A" * 43, "", "oll_\0"):
        assert (await refusal_of(tx, wrong)).status == 404
        with pytest.raises(NotFound):
            await read_link(tx, wrong)


async def test_an_expired_link_is_refused(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")
    await tx.execute("UPDATE parties.link SET expires_at = clock_timestamp() - interval '1 second'")

    assert (await read_link(tx, token)).is_over
    assert (await refusal_of(tx, token)).problems[0].code == "link_over"


async def test_other_content_makes_the_link_void(tx: Tx) -> None:
    cast = await enter(tx)
    await asked(tx, cast, discount="20")
    token = await token_for(tx, "max@example.com")
    await submit(tx, cast.sue, offer(discount="25"))

    seen = await read_link(tx, token)

    assert (seen.ask.state, seen.is_good) == ("void", False)
    assert (await refusal_of(tx, token)).status == 409
    assert await verdicts(tx) == []


async def test_a_link_made_for_other_content_of_the_same_request_is_refused(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")
    await tx.execute("UPDATE parties.link SET params = params || jsonb_build_object('content', repeat('0', 64))")

    assert not (await read_link(tx, token)).is_good
    assert (await refusal_of(tx, token)).status == 412


async def test_a_recalled_request_makes_the_link_void(tx: Tx) -> None:
    cast = await enter(tx)
    request_id = await asked(tx, cast)
    token = await token_for(tx, "max@example.com")
    tx.actor = cast.sue
    await recall_request(tx, request_id, reason="not needed")
    tx.actor = SYSTEM

    assert (await refusal_of(tx, token)).problems[0].code == "request_decided"


async def test_who_is_asked_no_more_cannot_use_their_link(tx: Tx) -> None:
    cast = await enter(tx)
    request_id = await asked(tx, cast)
    token = await token_for(tx, "max@example.com")
    tx.actor = cast.max
    await reassign_step(tx, request_id, ApproverDraft("vera@example.com", "away"))
    tx.actor = SYSTEM
    await tell_asked(tx, [(request_id, "manager")])

    assert (await refusal_of(tx, token)).problems[0].code == "not_asked"
    decided = await decide_by_link(tx, await token_for(tx, "vera@example.com"), verdict="approve")
    assert decided.state is State.APPROVED


async def test_who_has_left_cannot_use_their_link(tx: Tx) -> None:
    await asked(tx, await enter(tx))
    token = await token_for(tx, "max@example.com")
    await tx.execute("UPDATE parties.user SET is_active = false WHERE name = 'Max'")

    assert (await refusal_of(tx, token)).problems[0].code == "user_inactive"


async def test_above_the_limit_of_the_policy_the_very_person_has_to_be_logged_in(tx: Tx) -> None:
    cast = await enter(tx, policy(log_in_above="10000"))
    await asked(tx, cast, amount="10000.01")
    token = await token_for(tx, "max@example.com")

    for visitor in (None, cast.sue.user_id, cast.vera.user_id):
        refused = await refusal_of(tx, token, visitor_id=visitor)
        assert (refused.status, refused.problems[0].code) == (403, "log_in_needed")
    decided = await decide_by_link(tx, token, verdict="approve", visitor_id=cast.max.user_id)

    assert decided.state is State.APPROVED


async def test_at_the_limit_no_log_in_is_asked(tx: Tx) -> None:
    await asked(tx, await enter(tx, policy(log_in_above="10000")), amount="10000")

    decided = await decide_by_link(tx, await token_for(tx, "max@example.com"), verdict="approve")

    assert decided.state is State.APPROVED


async def test_several_waiting_are_one_message_and_each_has_its_own_token(tx: Tx) -> None:
    cast = await enter(tx)
    for number in (1, 2, 3):
        found = await submit(tx, cast.sue, offer(subject=number))
        await tell_asked(tx, [(found.request_id or 0, "manager")])
    token = await token_for(tx, "max@example.com")
    assert len(await mailed(tx)) == 1

    rows = await read_list_link(tx, token)
    await decide_by_link(tx, rows[1].token, verdict="approve")
    tx.actor = SYSTEM

    assert [row.ask.subject_label for row in rows] == ["QU-1", "QU-2", "QU-3"]
    assert len({row.token for row in rows} | {token}) == 4
    assert [row.is_good for row in await read_list_link(tx, token)] == [True, False, True]
    assert (await refusal_of(tx, token)).status == 404, "the list itself decides nothing"
    assert (await refusal_of(tx, rows[1].token)).status == 409


async def test_a_delegate_is_told_too_and_decides_in_the_givers_place(tx: Tx) -> None:
    cast = await enter(tx)
    tx.actor = cast.max
    draft = DelegationDraft("fay@example.com", tx.now - timedelta(hours=1), tx.now + timedelta(days=3))
    await delegate(tx, draft)
    tx.actor = SYSTEM
    await asked(tx, cast)

    assert [address for address, _, _ in await mailed(tx)] == ["max@example.com", "fay@example.com"]
    await decide_by_link(tx, await token_for(tx, "fay@example.com"), verdict="approve")

    assert await tx.all("SELECT candidate_id, decided_by FROM approvals.verdict") == [
        (cast.max.user_id, cast.fay.user_id)
    ]


async def test_who_asks_is_never_told_to_decide(tx: Tx) -> None:
    cast = await enter(tx)
    tx.actor = cast.max
    await delegate(tx, DelegationDraft("sue@example.com", tx.now - timedelta(hours=1), tx.now + timedelta(days=3)))
    tx.actor = SYSTEM
    found = await submit(tx, cast.sue, offer(discount="5", margin="10"))
    await tell_asked(tx, [(found.request_id or 0, "finance")])

    assert "sue@example.com" not in [address for address, _, _ in await mailed(tx)]


async def test_what_was_decided_meanwhile_is_told_to_nobody(tx: Tx) -> None:
    cast = await enter(tx)
    request_id = await asked(tx, cast)
    tx.actor = cast.sue
    await recall_request(tx, request_id, reason="not needed")
    tx.actor = SYSTEM

    assert await mailed(tx) == []


async def test_a_step_is_told_once_and_again_only_as_a_reminder(tx: Tx) -> None:
    cast = await enter(tx)
    request_id = await asked(tx, cast)
    await send_notices(tx)
    await tell_asked(tx, [(request_id, "manager")])
    assert len(await mailed(tx)) == 1

    await tell_asked(tx, [(request_id, "manager")], reminds=True)

    [_, (_, said, _)] = await mailed(tx)
    assert said.startswith("Reminder: Approve QU-1")


@pytest.mark.parametrize(("sees", "shown"), [(False, False), (True, True)])
async def test_the_margin_is_for_those_who_may_see_it(tx: Tx, *, sees: bool, shown: bool) -> None:
    cast = await enter(tx)
    if sees:
        await tx.execute("UPDATE parties.role SET permissions = '{catalog.cost}' WHERE code = 'overrider'")
        await tx.execute(
            """
            INSERT INTO parties.user_role (user_id, role_id)
            SELECT %(id)s, id FROM parties.role WHERE code = 'overrider'
            """,
            {"id": cast.max.user_id},
        )
    await asked(tx, cast, margin="17")

    [(_, said, _), *_] = await mailed(tx)

    assert ("Margin: 17" in said) == shown


async def test_the_mail_that_arrives_has_the_link_and_the_kept_one_has_not(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        cast = await enter(tx)
        await asked(tx, cast)
        await send_notices(tx)
    async with listening() as mailbox:
        channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
        await Postman(database, {"email": channel}).turn()
        assert mailbox.got == [], "without an address it waits"
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("UPDATE messages.delivery SET due_at = clock_timestamp()")
        doors = Doors("https://orders.example.com", KEY)
        assert await Postman(database, {"email": channel}, doors=doors).turn() == 1

    [mail] = mailbox.mails
    text, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))  # type: ignore[union-attr]
    [url] = set(re.findall(r"https://orders\.example\.com/decide/[\w-]+", text + html))
    assert "link.invalid" not in text + html
    assert mail["To"] == "Max <max@example.com>"
    async with transaction(database, SYSTEM) as tx:
        kept = await tx.value("SELECT body || html FROM messages.message")
        assert url.rpartition("/")[2] not in str(kept)
        assert (await read_link(tx, url.rpartition("/")[2])).is_good


async def test_somebody_elses_answer_to_the_same_step_is_told(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(discount="5", margin="10"))
    await tell_asked(tx, [(found.request_id or 0, "finance")])
    fay, finn, flo = [await token_for(tx, f"{name}@example.com") for name in ("fay", "finn", "flo")]
    for token in (fay, finn):
        await decide_by_link(tx, token, verdict="approve")
        tx.actor = SYSTEM

    late = await refusal_of(tx, flo)

    assert isinstance(late, Conflict) and " approved on " in late.problems[0].message


async def test_the_page_of_a_request_hides_margin_and_cost_from_who_may_not_see_them(tx: Tx) -> None:
    cast = await enter(tx)
    found = await submit(tx, cast.sue, offer(margin="10"))
    tx.actor = cast.max
    told = await request_page(tx, found.request_id or 0)
    tx.actor = SYSTEM
    whole = await request_page(tx, found.request_id or 0)

    assert "margin" not in told.snapshot["inputs"] and "margin" in whole.snapshot["inputs"]
    assert [reason["read"] for step in told.steps for reason in step.reasons] == [{"discount": "20"}, {}]
    assert [reason["note"] for step in told.steps for reason in step.reasons][-1] == "a thin margin"


async def test_a_submission_tells_who_is_asked_and_sets_their_clock_by_itself(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        cast = await enter(tx)
        await put_ladders(tx, {"approvals": [RungDraft(Decimal(0), "remind")]})
        await submit(tx, cast.sue, offer())
    while await run_jobs(database):
        pass
    async with transaction(database, SYSTEM) as tx:
        assert [address for address, _, _ in await mailed(tx)] == ["max@example.com"]
        assert await tx.values("SELECT act FROM work.alarm") == ["remind"]
        await tx.execute("UPDATE work.alarm SET at = at - interval '30 days'")
        await climb(tx)
    while await run_jobs(database):
        pass
    async with transaction(database, SYSTEM) as tx:
        assert len(await mailed(tx)) == 2, "the reminder"
