"""Quotes are begun, rewritten, priced anew, copied and revised."""

from dataclasses import replace
from decimal import Decimal

import pytest
from psycopg.errors import IntegrityError

from orderloom.base.refusals import Conflict, Refused, Stale
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.commands import import_prices
from orderloom.catalog.price_list import PriceDraft
from orderloom.quotes.commands import (
    copy_quote,
    create_quote,
    preview_reprice,
    reprice_quotes,
    revise_quote,
    send_quote,
    write_content,
)
from orderloom.quotes.events import QuoteCreated, QuoteMoved, QuotePriced
from orderloom.quotes.reads import content_of, quote_page, stored_version
from orderloom.quotes.types import CopyDraft, QuoteDraft
from tests.catalog import given as catalog
from tests.quotes import given


async def shown(tx, quote, version=None):
    return (await quote_page(tx, quote.id, version=version)).shown


def net_of(stored, line, kind="one_time"):
    return next(charge.net for charge in stored.charges if (charge.line, charge.kind) == (line, kind))


def codes(refusal):
    return {(problem.code, problem.pointer) for problem in refusal.value.problems}


async def test_a_new_quote_is_a_draft_with_its_prices_and_its_authors_credit(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])

    quote = await given.quote(tx, title="Cable for the dock")

    stored = await shown(tx, quote)
    assert (quote.state, quote.number[:2], quote.currency, quote.active_version) == ("draft", "Q-", "USD", 1)
    assert (net_of(stored, "1"), stored.version.totals[0].gross) == (Decimal("25.00"), Decimal("26.88"))
    assert [(credit.payee, credit.percent) for credit in stored.credits] == [("ann@x.example", 100)]
    assert tx.events[-1] == QuoteCreated(quote.subject, "sales")


async def test_the_waterfall_is_stored_step_by_step_with_who_and_why(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])

    quote = await given.quote(tx, ({**given.CABLE[0], "given": [given.by_hand(5)]},))

    steps = (await shown(tx, quote)).steps
    assert [(step.kind, step.amount, step.who, step.reason) for step in steps] == [
        ("list", Decimal("25.00"), "", ""),
        ("discount", Decimal("-1.25"), "Ann", "competition"),
    ]


async def test_everything_that_is_wrong_is_told_at_once_where_it_stands(tx):
    await given.world(tx)
    lines = (
        {"line": "A", "kind": "section", "title": ""},
        {"line": "1", "product": "CABEL"},
        {"line": "1", "product": "CABLE", "given": [given.by_hand(120)]},
        {"line": "2", "product": "CABLE", "parent": "9"},
        {"line": "3", "product": "CABLE", "chosen": False},
        {"line": "4", "product": "CABLE", "alternative": "reel"},
        {"line": "5", "product": "CABLE", "alternative": "reel"},
    )

    with pytest.raises(Refused) as refusal:
        await given.quote(tx, lines, valid_until="2020-01-01", shared=[{**given.by_hand(1), "section": "Z"}])

    assert codes(refusal) == {
        ("title_missing", "/lines/0/title"), ("line_double", "/lines/2/line"), ("not_optional", "/lines/4/chosen"),
        ("percent_too_large", "/lines/2/given/0/value"), ("parent_unknown", "/lines/3/parent"),
        ("alternative_double", "/lines/6/chosen"), ("section_unknown", "/shared/0/section"),
        ("validity_over", "/valid_until"),
    }  # fmt: skip


async def test_an_unknown_product_and_an_unknown_reason_are_refused_by_line(tx):
    await given.world(tx)
    section = {"line": "A", "kind": "section", "title": "Cables"}

    with pytest.raises(Refused) as unknown:
        await given.quote(tx, (section, {"line": "1", "product": "CABEL"}))
    with pytest.raises(Refused) as unreasoned:
        await given.quote(tx, (section, {**given.CABLE[0], "given": [given.by_hand(5, "because")]}))

    assert codes(unknown) == {("product_unknown", "/lines/1/product")}
    assert codes(unreasoned) == {("reason_missing", "/lines/1/given/0/reason")}


async def test_a_line_is_changed_and_who_gave_what_before_keeps_their_name(tx):
    world = await given.world(tx)
    tx.actor = given.salesperson(world.user_ids[0])
    quote = await given.quote(tx, ({**given.CABLE[0], "given": [given.by_hand(5)]},))
    lines = ({**given.CABLE[0], "quantity": 20, "given": [given.by_hand(5)]},)

    tx.actor = replace(tx.actor, name="Bob")
    changed = await write_content(tx, quote.id, given.content(lines), seen=quote.stamp)

    stored = await shown(tx, quote)
    assert (changed.stamp, net_of(stored, "1"), stored.steps[1].who) == (2, Decimal("47.50"), "Ann")
    assert tx.events[-1] == QuotePriced(quote.subject, 1, Decimal("23.75"), Decimal("47.50"))


async def test_a_change_of_what_was_changed_meanwhile_is_stale(tx):
    await given.world(tx)
    quote = await given.quote(tx)
    await write_content(tx, quote.id, given.content(), seen=1)

    with pytest.raises(Stale):
        await write_content(tx, quote.id, given.content(), seen=1)


async def test_what_was_sent_keeps_its_cents_and_its_lines_whatever_is_published(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    before = await shown(tx, quote)

    await import_prices(tx, [PriceDraft("CABLE", "USD", one_time=Decimal("99.00"))])

    assert await shown(tx, quote) == before
    with pytest.raises(Conflict):
        await write_content(tx, quote.id, given.content(), seen=None)
    with pytest.raises(Conflict):
        await reprice_quotes(tx, [quote.id])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE quotes.line SET quantity = quantity + 1",
        "UPDATE quotes.charge SET net = net + 1, gross = gross + 1",
        "UPDATE quotes.price_step SET amount = 0",
        "DELETE FROM quotes.price_step",
    ],
)
async def test_the_database_itself_keeps_what_was_sent(tx, statement):
    await given.world(tx)
    await given.quote(tx, sent=True)

    with pytest.raises(IntegrityError):
        await tx.execute(statement)


async def test_a_draft_is_priced_anew_after_the_differences_were_shown(database):
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        quotes = [await given.quote(tx) for _ in range(3)]
    async with transaction(database, SYSTEM) as tx:
        await import_prices(tx, [PriceDraft("CABLE", "USD", one_time=Decimal("3.00"))])

    async with transaction(database, SYSTEM) as tx:
        await write_content(tx, quotes[0].id, given.content(), seen=None)
        preview = await preview_reprice(tx, quotes[0].id)
        await reprice_quotes(tx, [quote.id for quote in quotes])

        assert (net_of(preview.before, "1"), net_of(preview.after, "1")) == (Decimal("25.00"), Decimal("30.00"))
        assert [net_of(await shown(tx, quote), "1") for quote in quotes] == [Decimal("30.00")] * 3


async def test_options_count_when_they_are_chosen_and_of_alternatives_one(tx):
    await given.world(tx)
    lines = (
        {"line": "1", "product": "CABLE", "quantity": 10},
        {"line": "2", "product": "CABLE", "quantity": 4, "optional": True, "chosen": False},
        {"line": "3", "product": "CABLE", "quantity": 2, "alternative": "spare"},
        {"line": "4", "product": "CABLE", "quantity": 8, "alternative": "spare", "chosen": False},
    )

    stored = await shown(tx, await given.quote(tx, lines))

    assert stored.version.totals[0].net == Decimal("30.00")
    assert net_of(stored, "2") == Decimal("10.00")


async def test_bundles_bring_the_terms_of_their_product_unless_others_are_agreed(tx):
    await given.world(tx)
    text = catalog.SHOP.replace("version: 1", "version: 2").replace(
        "prices: [{currency: USD, one_time: 1180}]}",
        "prices: [{currency: USD, one_time: 1180}], terms: {minimum_months: 24, notice_days: 30, warranty: long}}",
    )
    await catalog.shop(tx, text)
    kit = given.KIT[0]

    usual = await shown(tx, await given.quote(tx, given.KIT))
    agreed = await shown(
        tx, await given.quote(tx, ({**kit, "terms": {"minimum_months": 6, "termination_fee": 99}}, *given.KIT[1:]))
    )

    assert usual.lines[0].terms == {"minimum_months": 24, "notice_days": 30}
    assert agreed.lines[0].terms == {"minimum_months": 6, "termination_fee": 99}


async def test_a_template_is_copied_for_a_customer(tx):
    await given.world(tx)
    template = await given.quote(tx, template=True, currency="USD", title="Starter")

    copy = await copy_quote(tx, template.id, CopyDraft(customer="C-1"))

    stored = await shown(tx, copy)
    assert (copy.is_template, copy.account_name, copy.copied_from_id) == (False, "Ängström & Co", template.id)
    assert (stored.version.title, net_of(stored, "1")) == ("Starter", Decimal("25.00"))
    with pytest.raises(Refused):
        await send_quote(tx, template.id)


async def test_a_copy_for_somebody_else_leaves_behind_what_was_given(tx):
    await given.world(tx)
    await tx.execute(
        """
        WITH other AS (INSERT INTO parties.account (number, name, country) VALUES ('C-2', 'Other', 'US') RETURNING id)
        INSERT INTO parties.billing_account (number, account_id, name, legal_entity_id, currency, is_default)
        SELECT 'BA-9', other.id, 'Main', entity.id, 'USD', true FROM other, parties.legal_entity AS entity
        """
    )
    quote = await given.quote(tx, ({**given.CABLE[0], "given": [given.by_hand(5)]},))

    same = await shown(tx, await copy_quote(tx, quote.id, CopyDraft()))
    other = await shown(tx, await copy_quote(tx, quote.id, CopyDraft(customer="C-2")))

    assert (net_of(same, "1"), net_of(other, "1")) == (Decimal("23.75"), Decimal("25.00"))


async def test_a_new_version_says_the_same_and_the_old_one_stays_as_it_was(tx):
    await given.world(tx)
    quote = await given.quote(tx, sent=True)

    revised = await revise_quote(tx, quote.id)
    await write_content(tx, quote.id, given.content(({**given.CABLE[0], "quantity": 5},)), seen=None)

    old, new = await shown(tx, quote, 1), await shown(tx, quote)
    assert (revised.state, revised.active_version) == ("draft", 2)
    assert (net_of(old, "1"), net_of(new, "1")) == (Decimal("25.00"), Decimal("12.50"))
    assert tx.events[-2] == QuoteMoved(quote.subject, "sent", "draft", 2)


async def test_what_is_read_can_be_written_again_and_is_the_same(tx):
    await given.world(tx)
    lines = (
        {"line": "A", "kind": "section", "title": "Kits"},
        {**given.KIT[0], "given": [given.by_hand(3)], "requested_on": "2027-01-01"},
        *given.KIT[1:],
        {"line": "N", "kind": "note", "title": "Delivered to the dock"},
    )
    quote = await given.quote(tx, lines, shared=[{**given.by_hand(2), "section": "A"}], requested_on="2027-02-01")
    before = await stored_version(tx, quote.id, 1)

    await write_content(tx, quote.id, content_of(before), seen=None)

    after = await stored_version(tx, quote.id, 1)
    assert content_of(after) == content_of(before)
    assert after.charges == before.charges
    assert after.version.totals == before.version.totals


async def test_a_quote_needs_a_customer_and_a_template_has_none(tx):
    await given.world(tx)

    with pytest.raises(Refused) as nobody:
        await create_quote(tx, QuoteDraft())
    with pytest.raises(Refused) as both:
        await create_quote(tx, QuoteDraft(customer="C-1", template=True))

    assert codes(nobody) | codes(both) == {("customer_missing", "/customer"), ("template_of_nobody", "/customer")}
