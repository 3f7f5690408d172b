"""What may stand on an order: every problem of an item tree, with its pointer."""

# ruff: noqa: E501 - one mistake a line

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.catalog.rules import item_problems, item_tree, natural
from orderloom.orders.types import ItemDraft, ShipGroupDraft
from tests.fulfilment.worlds import CATALOGUES, catalogue, catalogue_of, changed, order, without

A, B, C = CATALOGUES


def problems(name: str, draft) -> list[tuple[str, str]]:
    return [(p.code, p.pointer) for p in item_problems(catalogue_of(name), draft.items)]


@pytest.mark.parametrize("name", CATALOGUES)
def test_the_worked_orders_are_sound(name):
    assert not problems(name, order(name))


ITEM_MISTAKES = [
    (A, "1.2", {"product": "IPTV Famly"}, "product_unknown", "/items/2/product"),
    (A, "1.2", {"line": "1.1"}, "line_double", "/items/2/line"),
    (A, "1.2", {"parent": "9"}, "parent_unknown", "/items/2/parent"),
    (A, "1.2", {"parent": "1.2"}, "item_cyclic", "/items/2/parent"),
    (A, "1", {"parent": "1.2"}, "item_cyclic", "/items/0/parent"),
    (A, "1.2", {"parent": "1.1"}, "not_a_bundle", "/items/2/parent"),
    (A, "1.2", {"quantity": Decimal(0)}, "quantity_range", "/items/2/quantity"),
    (A, "1.2", {"quantity": Decimal(-1)}, "quantity_range", "/items/2/quantity"),
    (A, "1.2", {"quantity": Decimal("Infinity")}, "quantity_range", "/items/2/quantity"),
    (A, "1.2", {"quantity": Decimal("NaN")}, "quantity_range", "/items/2/quantity"),
    (A, "1.2", {"quantity": Decimal(10) ** 12}, "quantity_range", "/items/2/quantity"),
    (A, "1.4", {"quantity": Decimal("1.5")}, "quantity_decimals", "/items/4/quantity"),
    (A, "1.4", {"unit": "kg"}, "unit_mismatch", "/items/4/unit"),
    (A, "1.2", {"relies_on": ("1.9",)}, "relies_on_unknown", "/items/2/relies_on/0"),
    (A, "1.2", {"relies_on": ("1.2",)}, "relies_on_self", "/items/2/relies_on/0"),
    (A, "1.1", {"characteristics": {"downMbps": "fast"}}, "characteristic_type", "/items/1/characteristics/downMbps"),
    (A, "1.1", {"characteristics": {"downMbps": True}}, "characteristic_type", "/items/1/characteristics/downMbps"),
    (A, "1.1", {"characteristics": {"downMbps": 101}}, "characteristic_type", "/items/1/characteristics/downMbps"),
    (A, "1.1", {"characteristics": {"dwnMbps": 100}}, "characteristic_unknown", "/items/1/characteristics/dwnMbps"),
    (A, "1.1", {"role": "guest"}, "role_mismatch", "/items/1/role"),
    (A, "1.2", {"product": "KIT-SPLICE"}, "product_unknown", "/items/2/product"),
    (A, "1.2", {"product": "NET-SOLO-50"}, "part_unknown", "/items/2/product"),
    (B, "1.3", {"quantity": Decimal(29)}, "quantity_per_bundle", "/items/3/quantity"),
    (C, "1.3", {"ship_groups": (ShipGroupDraft("S1", Decimal(5)),)}, "ship_groups_sum", "/items/3/ship_groups"),
    (C, "1.3", {"ship_groups": (ShipGroupDraft("S1", Decimal(-6)),)}, "quantity_range", "/items/3/ship_groups/0/quantity"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "line", "change", "code", "pointer"), ITEM_MISTAKES, ids=[f"{m[3]} {m[4]}" for m in ITEM_MISTAKES]
)
def test_each_mistake_is_told_with_its_pointer(name, line, change, code, pointer):
    assert (code, pointer) in problems(name, changed(order(name), line, lambda item: replace(item, **change)))


def test_broken_cardinality_is_told():
    assert problems(A, without(order(A), "1.1", "1.2", "1.3")) == [("cardinality", "/items/0")]
    draft = order(A)
    two = replace(draft, items=(*draft.items, ItemDraft("1.9", "VDSL-50", parent="1")))
    assert ("cardinality", "/items/0") in problems(A, two)
    assert ("cardinality", "/items/0") in problems(B, without(order(B), "1.2"))


def test_all_problems_come_at_once():
    draft = changed(order(A), "1.1", lambda i: replace(i, role="guest", characteristics={"x": 1}))
    draft = changed(draft, "1.5", lambda i: replace(i, quantity=Decimal(0)))
    assert {pointer for _, pointer in problems(A, draft)} == {
        "/items/1/role",
        "/items/1/characteristics/x",
        "/items/5/quantity",
    }


def test_a_circle_of_parents_is_found_and_not_followed():
    items = [ItemDraft("1", "HOMEMAX-3", parent="2"), ItemDraft("2", "HOMEMAX-3", parent="1")]
    assert {p.code for p in item_problems(catalogue("home-broadband"), items)} == {"item_cyclic"}


def test_lines_come_in_natural_order_below_their_parents():
    draft = order(A)
    tree = item_tree(catalogue_of(A), draft.items[::-1])
    assert list(tree) == ["1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]
    assert tree["1.4"].place == "ADDR-7"
    assert tree["1.4"].bundles == ("1",)
    assert tree["1"].children == ("1.1", "1.2", "1.3", "1.4", "1.5", "1.6")


def test_the_place_comes_from_line_bundle_or_header():
    items = [ItemDraft("1", "POS-24"), ItemDraft("1.1", "TENANT", parent="1", place="S9")]
    tree = item_tree(catalogue("point-of-sale"), items, ship_to="S1")
    assert (tree["1"].place, tree["1.1"].place) == ("S1", "S9")


def test_defaults_fill_characteristics():
    tree = item_tree(catalogue("home-broadband"), [ItemDraft("1", "NET-SOLO-50")])
    assert tree["1"].characteristics == {"downMbps": 50, "upMbps": 10}


@given(st.lists(st.text(max_size=6), unique=True))
def test_natural_order_is_total_and_tells_lines_apart(lines):
    assert len({natural(line) for line in lines}) == len(lines)
    assert sorted(lines, key=natural) == sorted(lines[::-1], key=natural)


def test_numbers_in_lines_count_as_numbers():
    assert sorted(["1.10", "1.2", "1", "10", "2"], key=natural) == ["1", "1.2", "1.10", "2", "10"]
