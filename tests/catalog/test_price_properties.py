"""What holds of every price: sums, order, monotony, tax; and that a thousand lines take no time."""

from __future__ import annotations

import gc
import time
from decimal import Decimal as D

from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.base.money import cent
from orderloom.catalog.exact import Exact
from orderloom.catalog.margin_walk import margin_walk
from orderloom.catalog.price import price
from orderloom.catalog.price_book import (
    Book,
    Cost,
    DiscountLimit,
    Floor,
    Option,
    PriceList,
    Promotion,
    Schedule,
    Step,
)
from orderloom.catalog.price_types import (
    AmountOff,
    Effect,
    Line,
    PercentOff,
    Place,
    Shared,
    TaxTerms,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.priced import PriceStep
from orderloom.catalog.tax import TaxRate, tax_table
from orderloom.catalog.tiers import AllUnits, Graduated, PerUnit, Scale, Tier, amount_of
from tests.catalog.price_given import TIERS, book, by_hand, context, on_all, steps_sum

MONEY = st.decimals(D("0.01"), D(5000), places=2)
PERCENT = st.decimals(D(0), D(100), places=3)
QUANTITY = st.decimals(D("0.001"), D(500), places=3)
CURRENCY = st.sampled_from(["USD", "JPY", "KWD"])
YARDSTICK_SECONDS = 0.050  # on the quiet machine on which a tenth of a second was measured
UNSURE = 1.15
"""So far apart are two runs of either on a machine that does other things beside; alone it takes 0.09 seconds."""
TREE = tax_table([TaxRate("DE", "standard", D(19)), TaxRate("DE", "standard", D("2.5"), name="Levy")])
HERE = Place("DE")


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    tiers = tuple(
        Tier(above, draw(MONEY), draw(st.sampled_from([D(0), D("1.50")])))
        for above in sorted({D(0), *draw(st.lists(QUANTITY, max_size=3))})
    )
    return draw(st.sampled_from([PerUnit(tiers[0].unit_price), AllUnits(tiers), Graduated(tiers)]))


EFFECTS: st.SearchStrategy[Effect] = st.one_of(
    st.builds(PercentOff, PERCENT), st.builds(UnitOff, st.just(D("0.001"))), st.builds(UnitPriceOf, MONEY)
)


@st.composite
def quotes(draw: st.DrawFn) -> tuple[list[Line], Book, str]:
    currency = draw(CURRENCY)
    prices = {f"P{place}": draw(scales()) for place in range(3)}
    lines = []
    for place in range(draw(st.integers(1, 6))):
        effects = draw(st.lists(EFFECTS, max_size=2, unique_by=lambda effect: isinstance(effect, UnitPriceOf)))
        hands = tuple(by_hand(effect) for effect in effects)
        lines.append(Line(str(place), f"P{draw(st.integers(0, 2))}", draw(QUANTITY), given=hands))
    rules = book(
        prices,
        currency=currency,
        taxes=TREE,
        schedules=(Schedule("volume", (Step(D(0), D(1)), Step(D(9), draw(PERCENT))), kind="graduated"),),
        promotions=(Promotion("sale", PercentOff(draw(PERCENT))), Promotion("p", PercentOff(D(3)), stage="partner")),
    )
    return lines, rules, currency


@st.composite
def shared_discounts(draw: st.DrawFn) -> tuple[Shared, ...]:
    return tuple(on_all(PercentOff(percent)) for percent in draw(st.lists(PERCENT, max_size=2)))


@given(quotes(), shared_discounts(), st.booleans(), st.sampled_from(["line", "total"]))
@settings(max_examples=150, deadline=None)
def test_waterfalls_totals_and_taxes_sum(
    quote: tuple[list[Line], Book, str], shared: tuple[Shared, ...], includes_tax: bool, rounding: str
) -> None:
    lines, rules, currency = quote
    lists = tuple(PriceList("all", currency, each.prices, includes_tax=includes_tax) for each in rules.lists)
    rules = Book(lists, taxes=rules.taxes, schedules=rules.schedules, promotions=rules.promotions)
    here = context(
        currency, shared=shared, place=HERE, prices_include_tax=includes_tax, tax=TaxTerms(rounding=rounding)
    )

    priced = price(lines, rules, here)

    charges = [charge for line in priced.lines for charge in line.charges]
    for charge in charges:
        assert steps_sum(charge) == charge.net
        assert charge.gross == charge.net + charge.tax
        assert charge.tax == sum(tax.tax for tax in charge.taxes)
        assert charge.net == charge.net.quantize(cent(currency))
        assert charge.net >= 0
        assert 0 <= charge.given_percent <= 100
    assert sum(total.net for total in priced.totals) == sum(charge.net for charge in charges)
    assert sum(total.gross for total in priced.totals) == sum(charge.gross for charge in charges)
    assert sum(tax.tax for tax in priced.taxes) == sum(charge.tax for charge in charges)
    for walk in margin_walk([priced]):
        assert walk.list_amount + sum(leak.amount for leak in walk.leaks) == walk.net


@given(quotes(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_lines_does_not_matter_where_nothing_is_shared(
    quote: tuple[list[Line], Book, str], random
) -> None:  # type: ignore[no-untyped-def]
    lines, rules, currency = quote
    shuffled = lines[:]
    random.shuffle(shuffled)

    one, other = price(lines, rules, context(currency)), price(shuffled, rules, context(currency))

    assert {line.id: line.charges for line in one.lines} == {line.id: line.charges for line in other.lines}
    assert one.totals == other.totals


@given(quotes())
@settings(max_examples=60, deadline=None)
def test_the_order_of_lines_moves_a_shared_total_by_no_cent(quote: tuple[list[Line], Book, str]) -> None:
    lines, rules, currency = quote
    here = context(currency, shared=(on_all(PercentOff(D("7.5"))),))

    assert price(lines, rules, here).totals == price(lines[::-1], rules, here).totals


@given(st.lists(MONEY, min_size=1, max_size=8), CURRENCY, st.integers(0, 100))
@settings(max_examples=100, deadline=None)
def test_a_shared_amount_is_taken_whole_and_from_no_line_more_than_it_costs(
    prices: list[D], currency: str, percent: int
) -> None:
    rules = book({f"P{place}": PerUnit(each) for place, each in enumerate(prices)}, currency=currency)
    lines = [Line(str(place), f"P{place}") for place in range(len(prices))]
    before = sum(total.net for total in price(lines, rules, context(currency)).totals)
    off = Exact(D(before) * percent, D(100)).rounded(cent(currency))
    if not before:
        return

    priced = price(lines, rules, context(currency, shared=(on_all(AmountOff(off)),)))

    assert priced.problems == ()
    assert sum(total.net for total in priced.totals) == before - off
    assert all(charge.net >= 0 for line in priced.lines for charge in line.charges)


@given(st.lists(MONEY, min_size=1, max_size=6), MONEY)
@settings(max_examples=60, deadline=None)
def test_the_parts_of_a_bundle_share_in_exactly_its_net(weights: list[D], amount: D) -> None:
    parts = {f"P{place}": Option(f"o{place}", is_included=True, weight=weight) for place, weight in enumerate(weights)}
    lines = [Line("0", "KIT"), *(Line(f"0.{place}", code, parent="0") for place, code in enumerate(parts))]

    priced = price(lines, book({"KIT": PerUnit(amount)}, options={"KIT": parts}), context())

    shares = [share.amount for line in priced.lines for share in line.shares]
    assert len(shares) == len(weights)
    assert sum(shares) == priced.totals[0].net


@given(QUANTITY, QUANTITY, st.lists(MONEY, min_size=1, max_size=4))
def test_slice_by_slice_more_never_costs_less(one: D, more: D, prices: list[D]) -> None:
    scale = Graduated(tuple(Tier(D(place * 7), unit_price) for place, unit_price in enumerate(prices)))

    before, after = amount_of(scale, Exact(one)), amount_of(scale, Exact(one + more))

    assert before is not None
    assert after is not None
    assert before.less_than(after)


@given(quotes(), PERCENT, PERCENT)
@settings(max_examples=60, deadline=None)
def test_a_greater_discount_never_costs_more(quote: tuple[list[Line], Book, str], one: D, other: D) -> None:
    lines, rules, currency = quote
    less, more = sorted([one, other])

    small = price(lines, rules, context(currency, shared=(on_all(PercentOff(less)),)))
    large = price(lines, rules, context(currency, shared=(on_all(PercentOff(more)),)))

    assert sum(total.net for total in large.totals) <= sum(total.net for total in small.totals)


@given(MONEY, st.integers(1, 3), st.integers(1, 40))
def test_a_third_of_a_box_thrice_is_a_box(amount: D, parts: int, boxes: int) -> None:
    third = Exact(D(parts), D(3))

    assert third.times(amount).times(D(3 * boxes), D(parts)).rounded(D("0.000001")) == amount * boxes


def test_a_thousand_lines_are_priced_in_less_than_a_tenth_of_a_second() -> None:
    scales: list[Scale] = [AllUnits(TIERS), Graduated(TIERS), PerUnit(D("9.99"))]
    products = [f"P{number}" for number in range(300)]
    rules = book(
        {code: scales[place % 3] for place, code in enumerate(products)},
        taxes=TREE,
        schedules=(Schedule("volume", (Step(D(0), D(2)), Step(D(10), D(5)))),),
        promotions=tuple(Promotion(code, PercentOff(D(3)), products=frozenset({code})) for code in products[:20]),
        limits=(DiscountLimit("", D(10)),),
        floors={code: (Floor("USD", D("0.5")),) for code in products},
        costs={code: (Cost(D(1), "USD"),) for code in products},
    )
    lines = [
        Line(str(number), products[number % 300], D(number % 120 + 1), given=(by_hand(PercentOff(D(5))),))
        for number in range(1000)
    ]
    here = context(place=HERE, tax=TaxTerms(rounding="total"), shared=(on_all(PercentOff(D(3))),), may_see_cost=True)

    seconds, yardstick = [], []
    gc.freeze()  # What other tests left behind is not to be searched for garbage here.
    for _ in range(7):
        began = time.thread_time()
        assert len(price(lines, rules, here).lines) == 1000
        seconds.append(time.thread_time() - began)
        yardstick.append(_yardstick())

    gc.unfreeze()
    assert min(seconds) < 0.1 * max(min(yardstick) / YARDSTICK_SECONDS, 1) * UNSURE


def _yardstick() -> float:
    """Seconds of the processor for a fixed piece of work of the same nature, which a busy machine does as slowly."""
    began = time.thread_time()
    kept = []
    for number in range(20_000):
        amount = D(number)
        more = (amount * D("1.07")).quantize(D("0.01"))
        kept.append((str(number), PriceStep("list", more - amount, amount), {"line": number, "amount": more}))
    found = {name: step for name, step, _ in kept}
    assert sum(found[name].amount for name in found)
    return time.thread_time() - began
