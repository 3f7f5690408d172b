"""What prices do besides the numbers: choice of list, hands on prices, limits, bundles, units, tax, cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from orderloom.catalog.margin_walk import margin_walk
from orderloom.catalog.price import price
from orderloom.catalog.price_book import (
    Book,
    ContractPrice,
    Cost,
    CostPlus,
    DiscountLimit,
    Floor,
    ListedPrice,
    Option,
    PriceList,
    Promotion,
    Schedule,
    Step,
    Terms,
    by_product,
)
from orderloom.catalog.price_differences import differences
from orderloom.catalog.price_types import (
    Agreed,
    AmountOff,
    BuyGet,
    FreeUnits,
    Line,
    PercentOff,
    Place,
    TaxTerms,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.tax import TaxRate, tax_table
from orderloom.catalog.tiers import PerUnit
from orderloom.catalog.units import Packing, QuantityRule
from orderloom.feel.conditions import parse
from tests.catalog.price_given import TODAY, book, by_hand, charge, codes, context, on_all, steps_sum, yearly

LADDER = (DiscountLimit("", D(10)), DiscountLimit("prices.manager", D(30)), DiscountLimit("prices.head", None))


def _list(code: str, amount: str, **more: object) -> PriceList:
    prices = {"A": (ListedPrice("A", PerUnit(D(amount))),)}
    return replace(PriceList(code, "USD", prices), **more)  # type: ignore[arg-type]


def test_the_most_special_list_that_fits_and_has_the_product_prices_it() -> None:
    lists = (
        _list("all", "10"),
        _list("school", "8", segments=frozenset({"school"})),
        _list("web", "9", channels=frozenset({"web"})),
        _list("old", "1", valid_until=TODAY),
        _list("gross", "2", includes_tax=True),
        replace(_list("empty", "3", rank=9), prices={}),
    )

    def rule(**more: object) -> str:
        return charge(price([Line("1", "A")], Book(lists), context(**more))).steps[0].rule

    assert rule() == "all/A"
    assert rule(segment="school") == "school/A"
    assert rule(channel="web") == "web/A"
    assert rule(channel="web", segment="school") == "school/A"
    assert rule(on=date(2026, 2, 28), segment="school", channel="web") == "school/A"
    assert rule(prices_include_tax=True) == "gross/A"


def test_a_contract_of_the_customer_wins_over_that_of_its_parent() -> None:
    def frame(customer: str, amount: int) -> ContractPrice:
        return ContractPrice(customer, customer, "A", "USD", ListedPrice("p", PerUnit(D(amount))))

    rules = book({"A": "100"}, contracts=by_product([frame("GROUP", 70), frame("ACME", 80), frame("OTHER", 1)]))

    assert charge(price([Line("1", "A")], rules, context(customers=("ACME", "GROUP")))).net == 80
    assert charge(price([Line("1", "A")], rules, context(customers=("NEW", "GROUP")))).net == 70


def test_a_contract_that_does_not_stack_is_the_last_word_of_the_rules() -> None:
    contract = ContractPrice("frame", "ACME", "A", None, percent_off=D(10), stacks=False)
    rules = book({"A": "100"}, contracts=by_product([contract]), promotions=(Promotion("spring", PercentOff(D(50))),))

    assert charge(price([Line("1", "A")], rules, context(customers=("ACME",)))).net == 90


def test_a_promotion_applies_where_its_condition_is_true_and_the_better_choice_wins() -> None:
    large = parse('quantity >= 10 and segment = "school"').evaluate
    rules = book(
        {"A": "10"},
        promotions=(
            Promotion("large", PercentOff(D(20)), condition=large),
            Promotion("spring", UnitOff(D(1))),
            Promotion("alone", PercentOff(D("25")), stacks=False),
        ),
    )

    few = price([Line("1", "A", D(9))], rules, context(segment="school"))
    many = price([Line("1", "A", D(10))], rules, context(segment="school"))

    assert [step.rule for step in charge(few).steps[1:]] == ["alone"]
    assert [step.rule for step in charge(many).steps[1:]] == ["large", "spring"]
    assert (charge(few).net, charge(many).net) == (D("67.50"), D(70))


def test_free_goods_come_by_rule_or_by_hand() -> None:
    rules = book({"A": "10"}, promotions=(Promotion("11th", BuyGet(D(10), D(1))),))
    lines = [Line("1", "A", D(23)), Line("2", "A", D(5), given=(by_hand(FreeUnits(D(2))),))]

    priced = price(lines, rules, context())

    assert charge(priced, "1").net == 210
    assert [step.kind for step in charge(priced, "2").steps] == ["list", "free_goods"]
    assert charge(priced, "2").net == 30


@pytest.mark.parametrize("quantity", [1, 10, 50, 500])
def test_a_negotiated_price_survives_a_change_of_quantity(quantity: int) -> None:
    given = by_hand(UnitPriceOf(D("9.5")))
    schedule = Schedule("volume", (Step(D(0), D(0)), Step(D(10), D(50))))

    priced = price([Line("1", "A", D(quantity), given=(given,))], book({"A": "12"}, schedules=(schedule,)), context())

    assert charge(priced).unit_price == D("9.5")
    assert priced.line("1").notes == ()


@pytest.mark.parametrize(
    ("agreed", "words"),
    [
        (Agreed(minimum=D(100)), "is for 100 or more, and the line has 5"),
        (Agreed(maximum=D(4)), "is for 4 at most, and the line has 5"),
        (Agreed(until=date(2026, 2, 28)), "ended on 2026-02-28"),
        (Agreed(currency="EUR"), "is in EUR, and this is in USD"),
        (Agreed(unit="barrel"), "is per barrel"),
    ],
)
def test_a_negotiated_price_that_lapsed_says_why(agreed: Agreed, words: str) -> None:
    given = by_hand(UnitPriceOf(D("9.5")), agreed=agreed)

    priced = price([Line("1", "A", D(5), given=(given,))], book({"A": "12"}), context())

    assert charge(priced).unit_price == 12
    assert words in priced.line("1").notes[0].message


def test_a_price_by_hand_needs_a_reason_that_the_house_knows() -> None:
    rules = book({"A": "10"}, reasons=frozenset({"loyalty"}))
    lines = [Line("1", "A", given=(by_hand(UnitPriceOf(D(9)), reason=" "), by_hand(PercentOff(D(1)), reason="mood")))]

    priced = price(lines, rules, context(shared=(on_all(AmountOff(D(1)), reason=""),)))

    assert codes(priced) == [
        ("reason_missing", "/lines/0/given/0/reason"),
        ("reason_missing", "/lines/0/given/1/reason"),
        ("reason_missing", "/shared/0/reason"),
    ]


WAYS = {
    "line": lambda percent: ([Line("1", "A", D(100), given=(by_hand(PercentOff(percent)),))], ()),
    "price": lambda percent: ([Line("1", "A", D(100), given=(by_hand(UnitPriceOf((100 - percent) / 10)),))], ()),
    "free goods": lambda percent: ([Line("1", "A", D(100), given=(by_hand(FreeUnits(percent)),))], ()),
    "group": lambda percent: ([Line("1", "A", D(100), group="g")], (on_all(PercentOff(percent), group="g"),)),
    "header": lambda percent: ([Line("1", "A", D(100))], (on_all(PercentOff(percent)),)),
    "header amount": lambda percent: ([Line("1", "A", D(100))], (on_all(AmountOff(10 * percent)),)),
    "option": lambda percent: (
        [Line("0", "SET"), Line("1", "A", D(100), parent="0", given=(by_hand(PercentOff(percent)),))],
        (),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_limit_holds_whichever_way_the_discount_is_given(way: str) -> None:
    def needs(percent: int, *rights: str) -> list[tuple[str, str]]:
        lines, shared = WAYS[way](D(percent))
        rules = book({"A": "10", "SET": "0"}, limits=LADDER)
        priced = price(lines, rules, context(shared=shared, rights=frozenset(rights)))
        assert priced.problems == ()
        return [(need.code, need.right) for need in priced.needs]

    assert needs(10) == []
    assert needs(11) == [("discount_limit", "prices.manager")]
    assert needs(31) == [("discount_limit", "prices.head")]
    assert needs(30, "prices.manager") == []
    assert needs(31, "prices.manager") == [("discount_limit", "prices.head")]
    assert needs(90, "prices.head") == []


def test_a_percentage_on_the_whole_stays_within_the_limit_although_its_shares_are_rounded() -> None:
    lines = [Line(str(place), "A") for place in range(7)]

    priced = price(lines, book({"A": "0.13"}, limits=LADDER), context(shared=(on_all(PercentOff(D(10))),)))

    assert priced.needs == ()


@pytest.mark.parametrize("way", WAYS)
def test_a_floor_holds_whichever_way_the_price_is_lowered(way: str) -> None:
    def lines_below(percent: int, *rights: str) -> list[tuple[str, ...]]:
        lines, shared = WAYS[way](D(percent))
        rules = book({"A": "10", "SET": "0"}, floors={"A": (Floor("USD", D(8)),)})
        return [need.lines for need in price(lines, rules, context(shared=shared, rights=frozenset(rights))).needs]

    assert lines_below(20) == []
    assert lines_below(21) == [("1",)]
    assert lines_below(21, "prices.below_floor") == []


def test_a_floor_is_converted_where_the_quote_is_in_another_currency() -> None:
    floors = {"A": (Floor("USD", D(8)),)}
    cheap = book({"A": "1000"}, currency="JPY", floors=floors, rates={("USD", "JPY"): D(150)})

    assert [need.code for need in price([Line("1", "A")], cheap, context("JPY")).needs] == ["floor"]
    assert price([Line("1", "A", given=(by_hand(UnitPriceOf(D(1200))),))], cheap, context("JPY")).needs == ()
    without_rate = price([Line("1", "A")], replace(cheap, rates={}), context("JPY"))
    assert [need.code for need in without_rate.needs] == ["floor"]


def test_only_a_promotion_that_may_undercuts_the_floor_and_only_by_itself() -> None:
    def needs(promotion: Promotion, *, by_rep: bool) -> int:
        rules = book({"A": "10"}, floors={"A": (Floor("USD", D(8)),)}, promotions=(promotion,))
        given = (by_hand(PercentOff(D(1))),) if by_rep else ()
        return len(price([Line("1", "A", given=given)], rules, context()).needs)

    assert needs(Promotion("sale", PercentOff(D(50))), by_rep=False) == 1
    assert needs(Promotion("sale", PercentOff(D(50)), may_undercut=True), by_rep=False) == 0
    assert needs(Promotion("sale", PercentOff(D(50)), may_undercut=True), by_rep=True) == 1


def _kit() -> Book:
    return book(
        {"KIT": "100", "A": "60", "B": "30", "C": "30", "EXTRA": "12"},
        options={
            "KIT": {
                "main": Option("kit-a", is_included=True),
                "B": Option("kit-b", is_included=True),
                "C": Option("kit-c", is_included=True),
                "EXTRA": Option("kit-extra", price=ListedPrice("x", PerUnit(D(9)))),
            }
        },
        floors={"A": (Floor("USD", D(40)),), "B": (Floor("USD", D(20)),), "C": (Floor("USD", D(20)),)},
        costs={"A": (Cost(D(30), "USD"),), "B": (Cost(D(10), "USD"),), "C": (Cost(D(5), "USD"),)},
    )


KIT_LINES = [
    Line("1", "KIT"),
    Line("1.1", "A", parent="1", role="main"),
    Line("1.2", "B", parent="1"),
    Line("1.3", "C", parent="1"),
    Line("1.4", "EXTRA", parent="1"),
]


def test_a_bundle_price_is_shared_among_its_parts_and_an_option_costs_what_it_costs_there() -> None:
    priced = price(KIT_LINES, _kit(), context(shared=(on_all(AmountOff(D("9.00"))),), may_see_cost=True))

    kit = charge(priced, "1").net
    shares = [priced.line(part).shares[0].amount for part in ("1.1", "1.2", "1.3")]
    assert kit == D("91.74")
    assert sum(shares) == kit
    assert shares == [D("45.87"), D("22.94"), D("22.93")]
    assert [step.kind for step in charge(priced, "1.4").steps] == ["list", "option", "header"]
    assert priced.line("1.1").is_included
    assert priced.margins is not None
    assert priced.margins.lines["1", "one_time"].cost == 45


def test_the_floor_of_a_bundle_is_that_of_its_parts() -> None:
    lines = [replace(KIT_LINES[0], given=(by_hand(UnitOff(D("20.01"))),)), *KIT_LINES[1:]]

    assert [need.lines for need in price(lines, _kit(), context()).needs] == [("1",)]
    assert price(KIT_LINES, _kit(), context()).needs == ()


def test_packagings_convert_exactly() -> None:
    terms = {"A": Terms(packings={"dozen": Packing(D(12)), "box": Packing(D(144))})}
    dozen = ListedPrice("A", PerUnit(D("100")), unit="dozen")
    rules = book({"A": dozen}, terms=terms)

    assert charge(price([Line("1", "A", D(3))], rules, context())).net == 25
    assert charge(price([Line("1", "A", D(1))], rules, context())).net == D("8.33")
    assert charge(price([Line("1", "A", D(2), unit="box")], rules, context())).net == 2400
    assert codes(price([Line("1", "A", unit="crate")], rules, context())) == [("unit_unknown", "/lines/0/unit")]


def test_measures_convert_by_their_definition() -> None:
    rules = book({"A": ListedPrice("A", PerUnit(D(1)), unit="m")}, terms={"A": Terms(unit="km")})

    assert charge(price([Line("1", "A", D("1"), unit="mi")], rules, context())).net == D("1609.34")


def test_a_quantity_that_is_not_sold_is_refused_or_rounded_up_as_declared() -> None:
    rule = QuantityRule(minimum=D(10), multiple=D(6))
    refusing = book({"A": "1"}, terms={"A": Terms(quantity=rule)})
    rounding = book({"A": "1"}, terms={"A": Terms(quantity=replace(rule, otherwise="round_up"))})

    refused = price([Line("1", "A", D(7))], refusing, context())
    rounded = price([Line("1", "A", D(13))], rounding, context())

    assert codes(refused) == [("quantity_not_sold", "/lines/0/quantity")]
    assert "next quantity that is sold is 12 each" in refused.problems[0].message
    assert (rounded.line("1").quantity, charge(rounded).net) == (18, 18)
    assert rounded.line("1").notes[0].code == "quantity_rounded_up"


def test_free_units_are_of_the_unit_of_the_line_and_of_what_is_sold() -> None:
    terms = {
        "A": Terms(packings={"dozen": Packing(D(12))}, quantity=QuantityRule(multiple=D(36), otherwise="round_up"))
    }
    line = Line("1", "A", D(5), unit="dozen", given=(by_hand(FreeUnits(D(2))),))

    priced = price([line], book({"A": "1"}, terms=terms), context())

    assert (priced.line("1").quantity, priced.line("1").unit) == (6, "dozen")
    assert charge(priced).net == 48


def test_a_discount_on_what_a_line_does_not_charge_is_refused() -> None:
    lines = [
        KIT_LINES[0],
        replace(KIT_LINES[1], given=(by_hand(PercentOff(D(5))),)),
        Line("2", "A", given=(by_hand(PercentOff(D(5)), kind="recurring"),)),
    ]

    assert codes(price(lines, _kit(), context())) == [
        ("nothing_to_discount", "/lines/1/given/0"),
        ("nothing_to_discount", "/lines/2/given/0"),
    ]


def test_an_included_part_that_gets_a_price_by_hand_is_charged_on_top() -> None:
    lines = [KIT_LINES[0], replace(KIT_LINES[1], given=(by_hand(UnitPriceOf(D(45))),)), *KIT_LINES[2:4]]

    priced = price(lines, _kit(), context())

    assert charge(priced, "1.1").net == 45
    assert [share.amount for line in priced.lines for share in line.shares] == [D(50), D(50)]


TAXES = tax_table(
    [
        TaxRate("DE", "standard", D(16), valid_until=date(2026, 1, 1)),
        TaxRate("DE", "standard", D(19), valid_from=date(2026, 1, 1)),
        TaxRate("US", "standard", D(5), name="Sales tax"),
        TaxRate("US", "standard", D(8), name="Sales tax", region="NY"),
        TaxRate("US", "standard", D(1), name="City tax", region="NY"),
        TaxRate("FR", "standard", D(20), treatment="reverse_charge"),
    ]
)


def test_tax_depends_on_place_category_and_date() -> None:
    def tax(place: Place, **more: object) -> D:
        return charge(price([Line("1", "A", place=place)], book({"A": "100"}, taxes=TAXES), context(**more))).tax

    assert tax(Place("DE")) == 19
    assert tax(Place("DE"), tax_on=date(2025, 12, 31)) == 16
    assert tax(Place("US", "CA")) == 5
    assert tax(Place("US", "NY")) == 9
    assert tax(Place("FR")) == 0
    assert tax(Place("DE"), tax=TaxTerms(treatment="exempt", reason="embassy")) == 0
    missing = price([Line("1", "A", place=Place("ZZ"))], book({"A": "100"}, taxes=TAXES), context())
    assert codes(missing) == [("tax_rate_missing", "/lines/0/tax_category")]


def test_tax_that_is_contained_is_the_last_step_and_an_exempt_customer_pays_the_rest() -> None:
    rules = Book((_list("gross", "119", includes_tax=True),), taxes=TAXES)
    here = context(prices_include_tax=True, place=Place("DE"))

    paid = charge(price([Line("1", "A")], rules, here))
    exempt = charge(price([Line("1", "A")], rules, replace(here, tax=TaxTerms(treatment="reverse_charge"))))

    assert (paid.net, paid.tax, paid.gross) == (100, 19, 119)
    assert [(step.kind, step.amount) for step in paid.steps] == [("list", 119), ("tax_included", -19)]
    assert (exempt.net, exempt.tax, exempt.gross) == (100, 0, 100)
    assert exempt.taxes[0].treatment == "reverse_charge"


def test_without_the_right_no_trace_of_cost_comes_out() -> None:
    rules = book(
        {"A": CostPlus(D("33.3"))},
        costs={"A": (Cost(D("77.77"), "USD"),)},
        floors={"A": (Floor(margin_percent=D("23.45")),)},
    )
    lines = [Line("1", "A", given=(by_hand(PercentOff(D(12))),))]

    blind, seeing = price(lines, rules, context()), price(lines, rules, context(may_see_cost=True))

    assert [need.code for need in blind.needs] == ["floor"]
    assert blind.margins is None
    assert not any(secret in repr(blind) for secret in ("77.77", "33.3", "23.45", "markup"))
    assert seeing.margins is not None
    assert seeing.margins.totals["one_time", None].cost == D("77.77")
    assert charge(blind).net == charge(seeing).net


def test_optional_lines_are_priced_but_are_in_no_total_and_no_shared_discount() -> None:
    lines = [Line("1", "A"), Line("2", "A", is_optional=True)]

    priced = price(lines, book({"A": "10"}), context(shared=(on_all(AmountOff(D(2))),)))

    assert (charge(priced, "1").net, charge(priced, "2").net) == (8, 10)
    assert priced.totals[0].net == 8


def test_a_line_may_cost_once_and_by_period_and_says_which_is_meant() -> None:
    both = ListedPrice("A", PerUnit(D(49)), PerUnit(D(89)), "month")
    vague = price([Line("1", "A", given=(by_hand(UnitPriceOf(D(1))),))], book({"A": both}), context())
    clear = price(
        [Line("1", "A", given=(by_hand(UnitPriceOf(D(80)), kind="recurring"),))], book({"A": both}), context()
    )

    assert codes(vague) == [("kind_missing", "/lines/0/given/0/kind")]
    assert [(total.kind, total.period, total.net) for total in clear.totals] == [
        ("one_time", None, 49),
        ("recurring", "month", 80),
    ]


def test_every_mistake_is_told_at_once() -> None:
    lines = [
        Line("1", "A", D(0)),
        Line("1", "B"),
        Line("3", "A", parent="9"),
        Line("4", "A", given=(by_hand(AmountOff(D(11))),)),
        Line("5", "A", given=(by_hand(UnitPriceOf(D(-1))),)),
    ]

    priced = price(lines, book({"A": "10"}), context(shared=(on_all(AmountOff(D(999))),)))

    assert set(codes(priced)) == {
        ("quantity_not_positive", "/lines/0/quantity"),
        ("line_double", "/lines/1/id"),
        ("price_missing", "/lines/1/product"),
        ("parent_unknown", "/lines/2/parent"),
        ("discount_exceeds", "/lines/3/given/0"),
        ("price_negative", "/lines/4/given/0"),
        ("discount_exceeds", "/shared/0"),
    }


def test_lines_that_are_part_of_themselves_are_refused() -> None:
    lines = [Line("1", "A", parent="2"), Line("2", "A", parent="1")]

    assert codes(price(lines, book({"A": "10"}), context())) == [
        ("parent_loop", "/lines/0/parent"),
        ("parent_loop", "/lines/1/parent"),
    ]


def test_pricing_anew_shows_what_changes_and_why() -> None:
    dearer = book({"A": ListedPrice("A", PerUnit(D(11)), version=2), "B": "5"})
    old = price([Line("1", "A", D(2)), Line("2", "B")], book({"A": "10", "B": "5"}), context())
    new = price([Line("1", "A", D(2)), Line("3", "B")], dearer, context())

    found = {each.line: each for each in differences(old, new)}

    assert [(each.line, each.change, each.change_of_net) for each in found.values()] == [
        ("1", "changed", 2),
        ("3", "added", 5),
        ("2", "removed", -5),
    ]
    (cause,) = found["1"].causes
    assert (cause.rule, cause.before, cause.after, cause.before_version, cause.after_version) == (
        "standard/A", 20, 22, 1, 2,
    )  # fmt: skip
    assert differences(old, old) == ()


def test_the_walk_from_list_to_net_says_where_the_margin_went() -> None:
    rules = book({"A": "10"}, costs={"A": (Cost(D(4), "USD"),)}, promotions=(Promotion("sale", PercentOff(D(10))),))
    quotes = [
        price([Line("1", "A", D(10), given=(by_hand(PercentOff(D(50)), who=who),))], rules, context(may_see_cost=True))
        for who in ("ann", "bob", "bob")
    ]

    (walk,) = margin_walk(quotes, by="who")

    assert [(leak.kind, leak.key, leak.amount, leak.lines) for leak in walk.leaks] == [
        ("discount", "bob", D("-90.00"), 2),
        ("discount", "ann", D("-45.00"), 1),
        ("promotion", "", D("-30.00"), 3),
    ]
    assert walk.list_amount + sum(leak.amount for leak in walk.leaks) == walk.net == 135
    assert walk.margin is not None
    assert walk.margin.amount == 15


def test_a_recurring_charge_of_another_period_is_compared_by_months() -> None:
    monthly = ContractPrice("frame", "ACME", "A", "USD", replace(yearly("90"), period="month"))
    rules = book({"A": yearly("1200")}, contracts=by_product([monthly]))

    found = charge(price([Line("1", "A")], rules, context(customers=("ACME",))))

    assert (found.period, found.list_amount, found.net) == ("month", 100, 90)
    assert steps_sum(found) == 90
