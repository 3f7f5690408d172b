"""Quotes become orders: whole, by line, in parts; once for each request, and never more than was quoted."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from orderloom.base.refusals import Conflict, NotFound, Refused
from orderloom.base.transaction import in_transaction, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.orders.commands import ConversionDraft, convert_quotes
from orderloom.orders.reads import order_page, paid_prices, quote_of
from orderloom.orders.verify import INVARIANTS
from orderloom.quotes.commands import accept_quote, lose_quote, revise_quote
from orderloom.quotes.pricing import unit_price_of
from orderloom.quotes.reads import quote_page
from orderloom.quotes.rules import part_of
from orderloom.quotes.types import AcceptanceDraft, Choice, DrawLine, LossDraft
from orderloom.quotes.verify import INVARIANTS as QUOTE_INVARIANTS
from tests.quotes import given

FIVE = (DrawLine("1", Decimal(5)),)


async def convert(tx, quote, **wish):
    [converted] = await convert_quotes(tx, {quote.id: ConversionDraft(**wish)})
    return converted


async def assert_sound(tx):
    for invariant in (*INVARIANTS, *QUOTE_INVARIANTS):
        assert await tx.all(invariant.sql) == [], invariant.name


async def test_a_quote_becomes_an_order_with_its_prices_its_version_and_the_link(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0], "prices.discount")
    lines = (
        {"line": "S", "kind": "section", "title": "Cables"},
        {**given.CABLE[0], "quantity": 3, "given": [given.by_hand("11.1")], "requested_on": "2027-05-01"},
    )
    quote = await given.quote(tx, lines, sent=True, po_number="PO 7", requested_on="2027-06-01", terms="net-14")

    converted = await convert(tx, quote)

    page = await order_page(tx, converted.order_id)
    [item] = page.items
    assert (round(item.quantity * item.one_time, 2), item.price_origin) == (Decimal("6.67"), "quote")
    assert (page.header.one_time_total, page.header.po_number, page.header.terms) == (Decimal("6.67"), "PO 7", "net-14")
    assert [(credit.payee, credit.percent) for credit in page.credits] == [("ann@x.example", 100)]
    linked = await quote_of(tx, converted.order_id)
    assert (linked.number, linked.version) == (quote.number, 1)
    shown = await quote_page(tx, quote.id)
    assert (shown.head.state, [order.order_number for order in shown.orders]) == ("converted", [converted.order_number])
    await assert_sound(tx)


async def test_options_that_were_left_out_are_not_ordered(tx):
    await given.world(tx)
    lines = (
        *given.CABLE,
        {"line": "2", "product": "CABLE", "optional": True},
        {"line": "3", "product": "CABLE", "optional": True},
    )
    quote = await given.quote(tx, lines, sent=True)
    await accept_quote(tx, quote.id, AcceptanceDraft(1, "Ruth", Choice(("3",))))

    converted = await convert(tx, quote)

    assert [item.line for item in (await order_page(tx, converted.order_id)).items] == ["1", "3"]
    assert (await quote_page(tx, quote.id)).head.state == "converted"


async def test_half_a_bundle_takes_half_of_each_part(tx):
    await given.world(tx)
    quote = await given.quote(tx, given.KIT, sent=True)

    first = await convert(tx, quote, lines=(DrawLine("1", Decimal(4)),))
    rest = await convert(tx, quote)

    quantities = [
        [(item.line, item.quantity) for item in (await order_page(tx, one.order_id)).items] for one in (first, rest)
    ]
    assert quantities == [
        [("1", 4), ("1.1", 4), ("1.2", 12), ("1.3", 4)],
        [("1", 6), ("1.1", 6), ("1.2", 18), ("1.3", 6)],
    ]
    await assert_sound(tx)


async def test_parts_of_an_uneven_price_cost_together_what_was_quoted(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    lines = ({**given.CABLE[0], "quantity": 7, "given": [given.by_hand("3.33")]},)
    quote = await given.quote(tx, lines, sent=True)
    net = (await quote_page(tx, quote.id)).shown.charges[0].net

    orders = [await convert(tx, quote, lines=(DrawLine("1", Decimal(n)),), key=str(n)) for n in (1, 2, 4)]

    totals = [(await order_page(tx, one.order_id)).header.one_time_total for one in orders]
    assert sum(totals) == net == Decimal("16.92")
    await assert_sound(tx)


@examples(
    st.decimals(0, 10**6, places=2),
    st.lists(st.integers(1, 50), min_size=1, max_size=12),
    st.sampled_from(["1", "0.01", "0.001"]),
)
def test_however_a_line_is_split_its_parts_cost_what_it_costs(net, parts, cent):
    quoted, cent = Decimal(sum(parts)), Decimal(cent)
    net = net.quantize(cent)
    taken = [
        part_of(net, quoted=quoted, before=Decimal(sum(parts[:place])), taken=Decimal(part), cent=cent)
        for place, part in enumerate(parts)
    ]

    assert sum(taken) == net
    assert all(
        (unit_price_of(amount, Decimal(part)) * part).quantize(cent) == amount
        for amount, part in zip(taken, parts, strict=True)
    )


async def test_terms_go_with_the_bundle_into_the_order(tx):
    await given.world(tx)
    terms = {"minimum_months": 24, "notice_days": 30, "termination_fee": 99}
    quote = await given.quote(tx, ({**given.KIT[0], "terms": terms}, *given.KIT[1:]), sent=True)

    page = await order_page(tx, (await convert(tx, quote)).order_id)

    assert page.items[0].attributes == terms
    assert page.items[1].attributes == {}


async def test_a_blanket_quote_is_called_off_in_parts(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True, type="blanket")

    orders = [await convert(tx, quote, lines=FIVE, key=key, requested_on=None) for key in ("June", "July")]

    assert [(await order_page(tx, one.order_id)).header.type for one in orders] == ["call_off", "call_off"]
    with pytest.raises(Conflict):
        await convert(tx, quote, lines=FIVE, key="August")


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"lines": (DrawLine("9"),)}, "line_unknown"),
        ({"lines": (DrawLine("1"), DrawLine("1"))}, "line_double"),
        ({"lines": (DrawLine("1", Decimal(11)),)}, "more_than_quoted"),
        ({"lines": ()}, "lines_missing"),
    ],
)
async def test_what_cannot_be_converted_is_refused_with_the_reason(tx, wish, code):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)

    with pytest.raises(Refused) as refusal:
        await convert(tx, quote, **wish)

    assert refusal.value.problems[0].code == code


async def test_a_draft_and_a_lost_quote_are_not_converted(tx):
    await given.world(tx)
    draft, lost = await given.quote(tx), await given.quote(tx)
    await lose_quote(tx, lost.id, LossDraft("price"))

    for quote in (draft, lost):
        with pytest.raises(Conflict):
            await convert(tx, quote)


async def test_what_is_on_order_is_not_revised_any_more(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    await convert(tx, quote, lines=FIVE)

    with pytest.raises(Conflict):
        await revise_quote(tx, quote.id)


async def test_a_stranger_converts_nothing(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    tx.actor = Actor("user", "Stranger", permissions=frozenset({"*"}), team_ids=(7,))

    with pytest.raises(NotFound):
        await convert(tx, quote)


async def test_the_database_itself_keeps_to_what_was_quoted(tx):
    await given.world(tx)
    await given.quote(tx, sent=True)

    with pytest.raises(CheckViolation):
        await tx.execute("UPDATE quotes.line SET converted = quantity + 1")


async def test_the_last_price_of_a_customer_comes_first(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    for percent in (1, 2):
        await convert(tx, await given.quote(tx, ({**given.CABLE[0], "given": [given.by_hand(percent)]},), sent=True))

    paid = await paid_prices(tx, account_id=world.account_id, product_code="CABLE")

    assert [row.one_time * row.quantity for row in paid] == [Decimal("24.50"), Decimal("24.75")]


async def at_once(database, quote, wishes):
    """Every wish in a transaction of its own, all at the same time."""

    async def one(wish):
        try:
            return (await in_transaction(database, SYSTEM, lambda tx: convert(tx, quote, **wish))).order_number
        except Conflict as refusal:
            return refusal.problems[0].code

    return await asyncio.gather(*(one(wish) for wish in wishes))


@pytest.fixture
async def ten(database):
    """A quote of ten that was sent."""
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        return await given.quote(tx, sent=True)


async def test_twenty_people_who_press_convert_make_one_order(database, ten):
    told = await at_once(database, ten, [{}] * 20)

    async with transaction(database, SYSTEM) as tx:
        assert len(set(told)) == 1
        assert await tx.value("SELECT count(*) FROM orders.sales_order") == 1
        await assert_sound(tx)


async def test_of_three_at_once_who_ask_for_five_of_ten_exactly_two_succeed(database, ten):
    told = await at_once(database, ten, [{"lines": FIVE, "key": key} for key in "abc"])

    async with transaction(database, SYSTEM) as tx:
        assert sorted(word[:3] for word in told) == ["SO-", "SO-", "quo"]
        assert len(set(told)) == 3
        assert await tx.values("SELECT converted FROM quotes.line") == [10]
        await assert_sound(tx)


async def test_a_key_that_comes_ten_times_at_once_counts_once(database, ten):
    told = await at_once(database, ten, [{"lines": FIVE, "key": "the same"}] * 10)

    async with transaction(database, SYSTEM) as tx:
        assert len(set(told)) == 1
        assert await tx.values("SELECT converted FROM quotes.line") == [5]
