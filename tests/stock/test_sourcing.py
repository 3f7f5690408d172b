"""Sourcing: one warehouse when it can, a split in order of preference when it must."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orderloom.stock.sourcing import Demand, source, source_lots

WAREHOUSES = ("East", "West")


def demand(line: str, goods: str, quantity: int) -> Demand:
    return Demand(line, goods, Decimal(quantity))


def free(**by_goods: tuple[int, int]) -> dict[str, dict[str, Decimal]]:
    return {g: {"East": Decimal(e), "West": Decimal(w)} for g, (e, w) in by_goods.items()}


def rows(allocations) -> list[tuple[str, str, int]]:
    return [(a.line, a.warehouse, int(a.quantity)) for a in allocations]


def test_the_worked_order_is_split():
    found = source_lots(
        [demand("1.1", "SPL", 10), demand("1.3", "CON", 30)], free(SPL=(6, 8), CON=(160, 20)), WAREHOUSES
    )
    assert rows(found) == [("1.1", "East", 6), ("1.1", "West", 4), ("1.3", "East", 30)]


def test_one_warehouse_that_has_everything_is_preferred():
    found = source_lots(
        [demand("1.1", "SPL", 10), demand("1.3", "CON", 30)], free(SPL=(6, 24), CON=(160, 60)), WAREHOUSES
    )
    assert {a.warehouse for a in found} == {"West"}


def test_a_rest_stays_unallocated():
    assert rows(source_lots([demand("1", "SPL", 10)], free(SPL=(3, 4)), WAREHOUSES)) == [
        ("1", "East", 3),
        ("1", "West", 4),
    ]
    assert source_lots([demand("1", "XYZ", 1)], free(SPL=(3, 4)), WAREHOUSES) == []


def test_two_lines_of_the_same_goods_do_not_get_it_twice():
    found = source_lots([demand("1", "SPL", 4), demand("2", "SPL", 4)], free(SPL=(5, 3)), WAREHOUSES)
    assert rows(found) == [("1", "East", 4), ("2", "East", 1), ("2", "West", 3)]


def test_lines_may_be_given_as_a_table():
    found = source({"1": ("SPL", Decimal(7))}, free(SPL=(5, 3)))
    assert [(a.attributes, int(a.quantity)) for a in found] == [({"warehouse": "East"}, 5), ({"warehouse": "West"}, 2)]


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9)), max_size=6),
    st.fixed_dictionaries({g: st.tuples(st.integers(0, 12), st.integers(0, 12)) for g in "ab"}),
)
def test_never_more_than_wanted_nor_than_there_is(wanted, stock):
    demands = [demand(str(n), goods, quantity) for n, (goods, quantity) in enumerate(wanted)]
    found = source_lots(demands, free(**stock), WAREHOUSES)
    for each in demands:
        assert sum(a.quantity for a in found if a.line == each.line) <= each.quantity
    for goods, (east, west) in stock.items():
        lines = {d.line for d in demands if d.goods == goods}
        taken = {w: sum(a.quantity for a in found if a.line in lines and a.warehouse == w) for w in WAREHOUSES}
        assert taken["East"] <= east
        assert taken["West"] <= west
        total = sum(d.quantity for d in demands if d.goods == goods)
        assert sum(taken.values()) == min(total, east + west)
