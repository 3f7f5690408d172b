"""The life of a quote: rights that prices need, sent, accepted, declined, expired, lost."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from orderloom.base.refusals import Conflict, Forbidden, NotFound, Refused
from orderloom.base.types import Actor
from orderloom.quotes.commands import (
    accept_quote,
    confirm_needs,
    decline_quote,
    expire_quotes,
    lose_quote,
    revise_quote,
    send_quote,
    write_content,
)
from orderloom.quotes.events import QuoteMoved, QuoteNeedConfirmed
from orderloom.quotes.reads import QuoteFilter, list_quotes, quote_page
from orderloom.quotes.rules import expires_at
from orderloom.quotes.types import AcceptanceDraft, Choice, LossDraft
from tests.quotes import given

OPTIONS = (
    {"line": "1", "product": "CABLE", "quantity": 10},
    {"line": "2", "product": "CABLE", "quantity": 4, "optional": True, "chosen": False},
    {"line": "3", "product": "CABLE", "quantity": 2, "alternative": "spare"},
    {"line": "4", "product": "CABLE", "quantity": 8, "alternative": "spare", "chosen": False},
)


def deep(percent, reason="competition"):
    return ({**given.CABLE[0], "given": [given.by_hand(percent, reason)]},)


async def test_beyond_the_limit_a_quote_waits_for_a_named_right_and_cannot_be_sent(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    quote = await given.quote(tx, deep(25))

    needs = (await quote_page(tx, quote.id)).shown.needs
    with pytest.raises(Refused) as refusal:
        await send_quote(tx, quote.id)

    assert [(need.needed_right, need.percent, need.allowed) for need in needs] == [("prices.discount", 25, 10)]
    assert refusal.value.problems[0].code == "right_needed"
    assert "prices.discount" in refusal.value.problems[0].message


async def test_the_limit_holds_whichever_way_the_discount_is_given(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    ways = [
        {"effect": "unit_off", "value": "0.50"},
        {"effect": "amount_off", "value": 5},
        {"effect": "unit_price", "value": 2},
        {"effect": "free_units", "value": 2},
    ]

    for way in ways:
        quote = await given.quote(tx, ({**given.CABLE[0], "given": [{**way, "reason": "volume"}]},))
        assert len((await quote_page(tx, quote.id)).shown.open_needs) == 1, way
    shared = await given.quote(tx, shared=[{"effect": "amount_off", "value": 5, "reason": "volume"}])
    assert len((await quote_page(tx, shared.id)).shown.open_needs) == 1


async def test_who_has_the_right_confirms_and_then_it_is_sent(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    quote = await given.quote(tx, deep(25))
    with pytest.raises(Forbidden):
        await confirm_needs(tx, quote.id, comment="Please")

    tx.actor = given.salesperson(world.user_ids[1], "prices.discount")
    confirmed = await confirm_needs(tx, quote.id, comment="They buy a lot")
    tx.actor = given.salesperson(world.user_ids[0])
    sent = await send_quote(tx, quote.id)

    assert (confirmed, sent.state) == (["prices.discount"], "sent")
    assert QuoteNeedConfirmed(quote.subject, 1, "prices.discount", "They buy a lot") in tx.events


async def test_a_confirmation_holds_while_what_was_confirmed_stays_the_same(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    quote = await given.quote(tx, deep(25))
    tx.actor = given.salesperson(world.user_ids[1], "prices.discount")
    await confirm_needs(tx, quote.id, comment="Yes")
    tx.actor = given.salesperson(world.user_ids[0])

    await write_content(tx, quote.id, given.content(deep(25), note="Only words"), seen=None)
    same = (await quote_page(tx, quote.id)).shown.open_needs
    await write_content(tx, quote.id, given.content(deep(26)), seen=None)
    more = (await quote_page(tx, quote.id)).shown.open_needs

    assert (len(same), len(more)) == (0, 1)


async def test_a_line_that_is_not_complete_is_not_sent(tx):
    await given.world(tx)
    quote = await given.quote(tx, ({"line": "A", "kind": "section", "title": "x"}, {"line": "1", "product": "LINE"}))

    with pytest.raises(Refused) as refusal:
        await send_quote(tx, quote.id)

    assert refusal.value.problems[0].pointer == "/lines/1/characteristics/down"


async def test_an_empty_quote_is_not_sent(tx):
    await given.world(tx)
    quote = await given.quote(tx, ())

    with pytest.raises(Refused) as refusal:
        await send_quote(tx, quote.id)

    assert refusal.value.problems[0].code == "lines_missing"


async def test_a_yes_keeps_who_said_it_and_which_options(tx):
    await given.world(tx)
    quote = await given.quote(tx, OPTIONS, sent=True)

    accepted = await accept_quote(
        tx, quote.id, AcceptanceDraft(1, "Ruth Abernathy", Choice(("2", "4"))), by_customer=True
    )

    page = await quote_page(tx, quote.id)
    assert accepted.state == "accepted"
    assert (page.acceptance.name, page.acceptance.chosen) == ("Ruth Abernathy", ["1", "2", "4"])
    assert page.shown.version.totals[0].net == Decimal("55.00")
    assert tx.events[-1] == QuoteMoved(quote.subject, "sent", "accepted", 1)


@pytest.mark.parametrize(
    ("picked", "code"), [(("1",), "not_a_choice"), (("3", "4"), "alternative_unclear"), ((), "alternative_unclear")]
)
async def test_a_choice_that_cannot_be_made_is_refused(tx, picked, code):
    await given.world(tx)
    quote = await given.quote(tx, OPTIONS, sent=True)

    with pytest.raises(Refused) as refusal:
        await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth", Choice(picked)))

    assert code in {problem.code for problem in refusal.value.problems}


async def test_accepting_twice_is_accepting_once(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)

    await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth"))
    told = len(tx.events)
    again = await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth"))

    assert (again.state, len(tx.events)) == ("accepted", told)


async def test_a_version_that_is_not_active_any_more_is_not_accepted_and_the_newer_one_is_named(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    await revise_quote(tx, quote.id)
    await send_quote(tx, quote.id)

    with pytest.raises(Conflict) as refusal:
        await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth"))

    assert "version 2" in refusal.value.problems[0].message


async def test_a_no_keeps_its_reason_and_can_be_answered_with_a_new_version(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)

    declined = await decline_quote(tx, quote.id, version=1, name="Ruth", reason="Too dear")
    revised = await revise_quote(tx, quote.id)

    assert (declined.state, declined.state_note) == ("declined", "Ruth: Too dear")
    assert (revised.state, revised.active_version) == ("draft", 2)


async def test_an_offer_expires_at_the_end_of_its_last_day_where_the_customer_is(tx):
    assert expires_at(datetime(2027, 3, 31).date(), "Asia/Tokyo") == datetime(2027, 3, 31, 15, tzinfo=UTC)
    assert expires_at(datetime(2027, 3, 27).date(), "Europe/Berlin") == datetime(2027, 3, 27, 23, tzinfo=UTC)
    assert expires_at(datetime(2027, 3, 28).date(), "Europe/Berlin") == datetime(2027, 3, 28, 22, tzinfo=UTC)
    await given.world(tx)
    quote, other = await given.quote(tx, sent=True), await given.quote(tx, sent=True)
    await tx.execute("UPDATE quotes.quote SET expires_at = base.now() WHERE id = %(id)s", {"id": quote.id})
    await tx.execute(
        "UPDATE quotes.quote SET expires_at = base.now() + interval '1 second' WHERE id = %(id)s", {"id": other.id}
    )

    with pytest.raises(Conflict):
        await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth"))
    expired = [await expire_quotes(tx), await expire_quotes(tx)]

    assert expired == [1, 0]
    assert [(await quote_page(tx, one.id)).head.state for one in (quote, other)] == ["expired", "sent"]
    assert tx.events[-1] == QuoteMoved(quote.subject, "sent", "expired", 1)


async def test_a_new_version_of_an_expired_offer_is_valid_again(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    tx.now += timedelta(days=40)
    await expire_quotes(tx)

    revised = await revise_quote(tx, quote.id)

    assert revised.expires_at > tx.now
    assert (await send_quote(tx, quote.id)).state == "sent"


async def test_a_lost_quote_says_why_by_a_code(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)

    with pytest.raises(Refused) as refusal:
        await lose_quote(tx, quote.id, LossDraft("bad_luck"))
    lost = await lose_quote(tx, quote.id, LossDraft("competitor", "The other shop was faster"))

    assert "competitor" in refusal.value.problems[0].message
    assert (lost.state, lost.lost_reason, lost.state_note) == ("lost", "competitor", "The other shop was faster")


async def test_a_quote_is_seen_by_those_whose_teams_cover_its_account_and_templates_by_all(tx):
    await given.world(tx)
    quote = await given.quote(tx)
    template = await given.quote(tx, template=True, currency="USD")
    tx.actor = Actor("user", "Stranger", permissions=frozenset({"quotes.read", "quotes.write"}), team_ids=(7,))

    with pytest.raises(NotFound):
        await quote_page(tx, quote.id)
    with pytest.raises(NotFound):
        await send_quote(tx, quote.id)

    assert await list_quotes(tx) == []
    assert [row.id for row in await list_quotes(tx, QuoteFilter(is_template=True))] == [template.id]


async def test_the_list_finds_by_text_state_and_missing_rights(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    plain, waiting = await given.quote(tx, sent=True), await given.quote(tx, deep(25))

    found = {
        name: [row.id for row in await list_quotes(tx, wanted)]
        for name, wanted in {
            "all": QuoteFilter(),
            "sent": QuoteFilter(states=("sent",)),
            "text": QuoteFilter(text="angstrom"),
            "needs": QuoteFilter(needs_right=True),
            "mine": QuoteFilter(owner_id=world.user_ids[0]),
            "none": QuoteFilter(text="%"),
        }.items()
    }

    both = [waiting.id, plain.id]
    assert found == {"all": both, "sent": [plain.id], "text": both, "needs": [waiting.id], "mine": both, "none": []}
