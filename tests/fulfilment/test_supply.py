"""Where goods come from, and who gets those that come in."""

from __future__ import annotations

from decimal import Decimal

from orderloom.base.types import Subject
from orderloom.fulfilment.supply import ShortStep, locate, share_supply
from orderloom.processes.types import StepId
from orderloom.stock.sourcing import Demand
from orderloom.stock.types import Requirement

D = Decimal


def need(thing: int, quantity: int, *, sku: str = "BOX", warehouse: str = "", line: str = "1") -> Requirement:
    return Requirement(Subject("fulfilment_item", thing, "x"), 1, 1, line, sku, warehouse, D(quantity))


def found(
    needs: list[Requirement], claimed: dict[tuple[int, str, str], Decimal], **free: int
) -> list[tuple[object, ...]]:
    stock = {"BOX": {warehouse: D(quantity) for warehouse, quantity in free.items()}}
    located = locate(needs, claimed, stock)
    return [(each.requirement.warehouse, each.requirement.quantity, each.now, each.missing) for each in located]


def test_one_warehouse_that_has_all_serves_all() -> None:
    assert found([need(1, 3)], {}, east=2, west=5) == [("west", 3, 3, 0)]


def test_what_no_warehouse_has_is_missing_where_the_rest_comes_from() -> None:
    assert found([need(1, 5)], {}, east=2, west=1) == [("east", 4, 2, 2), ("west", 1, 1, 0)]
    assert found([need(1, 5)], {}, east=0, west=0) == [("east", 5, 0, 5)]
    assert found([need(1, 5)], {}) == [("none", 5, 0, 5)]


def test_what_a_thing_has_already_is_not_looked_for_again() -> None:
    has = {(1, "1", "east"): D(2), (2, "1", "west"): D(9)}

    assert found([need(1, 5)], has, east=0, west=3) == [("west", 3, 3, 0), ("east", 2, 0, 0)]
    assert found([need(1, 2)], has, east=7) == [("east", 2, 0, 0)]
    assert found([need(1, 5, warehouse="east")], has, east=1, west=9) == [("east", 5, 1, 2)]


def test_two_things_never_count_the_same_goods() -> None:
    free = {"BOX": {"east": D(3)}}

    first = locate([need(1, 2)], {}, free)
    second = locate([need(2, 2)], {}, free)

    assert ([each.now for each in first], [each.now for each in second]) == ([D(2)], [D(1)])
    assert free == {"BOX": {"east": D(0)}}


def test_goods_go_in_the_order_given_and_a_part_is_taken() -> None:
    waiting = [ShortStep(StepId(1, 1), (need(1, 2),)), ShortStep(StepId(2, 1), (need(2, 2),))]

    supply = share_supply(waiting, {}, {"BOX": {"east": D(3)}})

    assert [(each.subject.id, each.quantity) for each in supply.claims] == [(1, 2), (2, 1)]
    assert supply.satisfied == (StepId(1, 1),)


def test_who_looks_for_sources_waits_until_all_is_there_and_then_comes_before_the_younger() -> None:
    sourcing = ShortStep(StepId(1, 1), demands=(Demand("1", "BOX", D(4)),))
    younger = ShortStep(StepId(2, 1), (need(2, 2),))

    few = share_supply([sourcing, younger], {}, {"BOX": {"east": D(3)}})
    enough = share_supply([sourcing, younger], {}, {"BOX": {"east": D(3), "west": D(2)}})

    assert (few.satisfied, len(few.claims)) == ((StepId(2, 1),), 1)
    assert (enough.satisfied, [each.quantity for each in enough.claims]) == ((StepId(1, 1),), [1])


def test_a_step_that_lacks_nothing_is_left_alone() -> None:
    supply = share_supply([ShortStep(StepId(1, 1), (need(1, 2),))], {(1, "1", "east"): D(2)}, {"BOX": {"east": D(9)}})

    assert supply == share_supply([], {}, {})
