"""Sharing scarce stock and matching invoices, without a database."""

from __future__ import annotations

from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from orderloom.base.types import Subject
from orderloom.stock import rules
from orderloom.stock.states import PICK_LIST, PURCHASE_ORDER, RESERVATION, SHIPMENT, before
from orderloom.stock.types import Requirement, VendorInvoiceLine

THING = Subject("fulfilment_item", 1, "Ship")


def wanted(quantity: int, sku: str = "A", warehouse: str = "E", item: int = 1) -> Requirement:
    return Requirement(THING, 1, item, "1", sku, warehouse, D(quantity))


def test_what_is_there_is_given_and_the_rest_is_short():
    shares = rules.share_out([wanted(6), wanted(5, item=2)], held=[D(0), D(0)], free={("A", "E"): D(8)})

    assert [grant.quantity for grant in shares.grants] == [6, 2]
    assert [(short.requirement.order_item_id, short.missing) for short in shares.short] == [(2, 3)]


def test_what_is_held_already_is_not_given_again():
    shares = rules.share_out([wanted(6)], held=[D(6)], free={("A", "E"): D(8)})

    assert shares == rules.Shares((), ())


def test_a_place_without_a_balance_has_nothing():
    shares = rules.share_out([wanted(1)], held=[D(0)], free={})

    assert shares.short[0].missing == 1


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20), st.sampled_from("AB")), max_size=8),
    st.integers(0, 30),
    st.integers(0, 30),
)
def test_never_more_than_is_free_and_nothing_is_lost(asked, free_a, free_b):
    requirements = [wanted(q, sku=sku, item=i) for i, (q, _, sku) in enumerate(asked)]
    held = [D(h) for _, h, _ in asked]
    free = {("A", "E"): D(free_a), ("B", "E"): D(free_b)}

    shares = rules.share_out(requirements, held=held, free=free)

    for sku in "AB":
        given_out = sum((g.quantity for g in shares.grants if g.requirement.sku == sku), D(0))
        assert given_out <= free[(sku, "E")]
    granted = {g.requirement.order_item_id: g.quantity for g in shares.grants}
    missing = {s.requirement.order_item_id: s.missing for s in shares.short}
    for requirement, has in zip(requirements, held, strict=True):
        item = requirement.order_item_id
        assert granted.get(item, D(0)) + missing.get(item, D(0)) == max(requirement.quantity - has, D(0))


def line(**changes) -> rules.PurchasedLine:
    fields = {
        "id": 1, "purchase_order_id": 1, "line": "1", "quantity": D(10), "unit_cost": D("80.00"), "over_percent": D(0),
        "under_percent": D(0), "notified": D(10), "delivered": D(10), "closed_short": D(0), "invoiced": D(0),
    }  # fmt: skip
    return rules.PurchasedLine(**{**fields, **changes})


def test_an_invoice_for_what_was_ordered_and_came_matches():
    invoiced = [VendorInvoiceLine("1", D(10), D("80.00"))]

    assert rules.match([line()], invoiced, ordered_currency="USD", invoice_currency="USD") == []


def test_a_dearer_price_and_goods_that_did_not_come_are_differences():
    invoiced = [VendorInvoiceLine("1", D(10), D("81.00")), VendorInvoiceLine("9", D(1), D(1))]

    found = rules.match([line(delivered=D(6))], invoiced, ordered_currency="USD", invoice_currency="USD")

    assert [(d.line, d.kind, d.expected, d.invoiced) for d in found] == [
        ("1", "quantity", 6, 10),
        ("1", "price", D("80.00"), D("81.00")),
        ("9", "unknown_line", None, 1),
    ]


def test_what_was_invoiced_before_is_not_paid_twice():
    invoiced = [VendorInvoiceLine("1", D(5), D("80.00"))]

    found = rules.match([line(invoiced=D(8))], invoiced, ordered_currency="USD", invoice_currency="USD")

    assert [(d.kind, d.expected, d.invoiced) for d in found] == [("quantity", 2, 5)]


def test_another_currency_is_the_only_difference_told():
    assert [d.kind for d in rules.match([line()], [], ordered_currency="USD", invoice_currency="EUR")] == ["currency"]


def test_enough_has_come_within_the_tolerance():
    assert not rules.is_delivered(line(delivered=D(9)))
    assert rules.is_delivered(line(delivered=D(9), under_percent=D(10)))
    assert rules.is_delivered(line(delivered=D(6), closed_short=D(4)))
    assert rules.notice_limit(line(over_percent=D(10))) == 11


def test_every_state_of_a_table_is_a_row_of_it():
    for table in (RESERVATION, PICK_LIST, SHIPMENT, PURCHASE_ORDER):
        assert {after for later in table.values() for after in later} <= table.keys()
    assert before(SHIPMENT, "delivered") == ["shipped"]
