"""Drafts are priced anew, one or many: the differences first, then those that are chosen; what is locked never is."""

from __future__ import annotations

from decimal import Decimal as D

from orderloom.base.types import SYSTEM
from orderloom.catalog.price_asked import GivenDraft
from orderloom.orders.commands import Chosen, preview_repricing, reprice_drafts, submit_orders
from orderloom.orders.events import OrderRepriced
from orderloom.orders.reads import DraftFilter, active_holds, drafts_of, order_page
from orderloom.orders.types import ItemDraft, PriceDraft
from orderloom.orders.verify import INVARIANTS
from orderloom.quotes.commands import send_quote
from orderloom.quotes.reads import quote_page
from tests.orders.test_change_prices import TIERS
from tests.orders.test_prices import LIMITS, captured, publish, steps_of
from tests.quotes import given as quotes

DEARER = TIERS.replace("unit_price: 85", "unit_price: 90")
AGREED = PriceDraft(one_time=D("80.00"), reason="Framework 2026")


def choice(one, **more) -> Chosen:
    return Chosen(one.kind, one.id, more.get("basis", one.basis))


async def assert_sound(tx):
    for invariant in INVARIANTS:
        assert await tx.all(invariant.sql) == [], invariant.name


async def test_an_order_draft_shows_what_would_change_line_by_line_and_why_before_anything_is_written(tx):
    await publish(tx, TIERS)
    given = (GivenDraft("loyalty", percent_off=D(10)),)
    items = (ItemDraft("1", "CABLE", quantity=D(20), discounts=given), ItemDraft("2", "CABLE", price=AGREED))
    order = await captured(tx, *items, discounts=(GivenDraft("loyalty", amount_off=D("10.00")),))
    before = await steps_of(tx, order)
    await publish(tx, DEARER)

    [one] = await preview_repricing(tx, order_ids=[order.id])

    assert [(row.line, row.before, row.after) for row in one.differences] == [
        ("1", D("1520.50"), D("1610.47")),
        ("2", D("79.50"), D("79.53")),
    ], "10.00 are shared by what the lines cost now"
    assert one.differences[0].why[:2] == (
        "List price tiers/CABLE: 1700.00 → 1800.00 (version 1 → 2)",
        "Discount by hand Orderloom: -170.00 → -180.00",
    )
    assert await steps_of(tx, order) == before, "nothing was written"

    [outcome] = await reprice_drafts(tx, [choice(one)])

    assert (outcome.outcome, outcome.once) == ("priced", one.total("one_time"))
    page = await order_page(tx, order.id)
    assert page.header.one_time_total == D("1690.00")
    assert [step[0] for step in await steps_of(tx, order)] == ["list", "discount", "header"]
    assert page.items[1].price_origin == "manual"
    assert [event.after for event in tx.events if isinstance(event, OrderRepriced)] == [page.header.one_time_total]
    await assert_sound(tx)
    assert [one.outcome for one in await reprice_drafts(tx, [choice(one)])] == ["same"]


async def test_the_standard_list_alone_is_priced_anew_too(tx):
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(4)))
    await tx.execute("UPDATE catalog.price SET one_time = 3 WHERE one_time = 2.5")

    [one] = await preview_repricing(tx, order_ids=[order.id])
    await reprice_drafts(tx, [choice(one)])

    assert [(row.before, row.after) for row in one.differences] == [(D("10.00"), D("12.00"))]
    assert (await order_page(tx, order.id)).header.one_time_total == D("12.00")
    await assert_sound(tx)


async def test_what_a_customer_is_committed_to_is_locked_and_what_moved_on_is_left(tx):
    await publish(tx, TIERS)
    drafts = [await captured(tx, ItemDraft("1", "CABLE", quantity=D(20))) for _ in range(3)]
    await publish(tx, DEARER)
    found = await preview_repricing(tx, order_ids=[draft.id for draft in drafts])
    await submit_orders(tx, [drafts[0].id])
    locked = await steps_of(tx, drafts[0])

    outcomes = await reprice_drafts(tx, [choice(found[0]), choice(found[1], basis="another"), choice(found[2])])

    assert [one.outcome for one in outcomes] == ["locked", "moved", "priced"]
    assert await steps_of(tx, drafts[0]) == locked
    assert await preview_repricing(tx, order_ids=[drafts[0].id]) == []


async def test_a_draft_that_cannot_be_priced_any_more_says_why_and_stays(tx):
    await publish(tx, TIERS)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(13)))
    await publish(tx, DEARER + "terms: [{product: CABLE, multiple: 5, otherwise: round_up}]")

    [one] = await preview_repricing(tx, order_ids=[order.id])
    [outcome] = await reprice_drafts(tx, [choice(one)])

    assert [problem.code for problem in one.problems] == ["quantity_not_sold"]
    assert (outcome.outcome, "15" in outcome.message) == ("refused", True)
    assert (await order_page(tx, order.id)).header.one_time_total == D("1105.00")


async def test_a_hold_for_a_price_goes_with_the_price(tx):
    await publish(tx, TIERS + LIMITS.replace("unit_price: 1.8", "unit_price: 90"))
    tx.actor = quotes.salesperson(1, "orders.write")
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(20)))
    assert [hold.code for hold in await active_holds(tx, [order.id])] == ["price_floor"]
    await publish_as_system(tx, DEARER)

    [one] = await preview_repricing(tx, order_ids=[order.id])
    await reprice_drafts(tx, [choice(one)])

    assert await active_holds(tx, [order.id]) == []


async def publish_as_system(tx, text):
    who, tx.actor = tx.actor, SYSTEM
    await publish(tx, text)
    tx.actor = who


async def test_quotes_and_orders_are_found_and_priced_together_and_a_sent_quote_is_locked(tx):
    world = await quotes.world(tx)
    tx.actor = quotes.salesperson(world.user_ids[0], "*")
    draft, sent = [await quotes.quote(tx, ({**quotes.CABLE[0], "quantity": 3},)) for _ in range(2)]
    await tx.execute("UPDATE catalog.price SET one_time = one_time * 2")
    found = {one.id: one for one in await preview_repricing(tx, quote_ids=[draft.id, sent.id])}
    await send_quote(tx, sent.id, seen=None)

    drafts = await drafts_of(tx, DraftFilter(product=quotes.CABLE[0]["product"]))
    outcomes = {one.id: one for one in await reprice_drafts(tx, [choice(one) for one in found.values()])}

    assert draft.id in drafts.quote_ids
    assert sent.id not in drafts.quote_ids
    assert (outcomes[draft.id].outcome, outcomes[sent.id].outcome) == ("priced", "locked")
    [difference] = found[draft.id].differences
    assert difference.after == 2 * difference.before
    assert (await quote_page(tx, draft.id)).shown.charges[0].net == difference.after
    assert (await quote_page(tx, sent.id)).shown.charges[0].net == difference.before
