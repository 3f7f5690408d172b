"""What orders do to what is installed: nothing that is needed is ever taken away, and in the end nothing is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.base.refusals import Refused
from orderloom.fulfilment.facts import facts_of, plain_facts
from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.types import Facts, Installed, Plan
from orderloom.orders.types import Action, ItemDraft, OrderDraft
from tests.fulfilment.worlds import catalogue, order

HOME = catalogue("home-broadband")
TRIPLE = order("A-triple-play")
PARTS = ("1.1", "1.2", "1.3", "1.4", "1.5")


def asset(line: str) -> str:
    return f"AS-{line}"


def installed() -> tuple[Installed, ...]:
    """What the worked order leaves behind: services and resources with the products that use them."""
    plan = build_plan(HOME, TRIPLE)
    return tuple(
        Installed(
            thing.spec.name,
            thing.place,
            f"{thing.spec.name}@{thing.place}" if "place" in thing.spec.per else f"SO-1/{thing.key}",
            users=tuple(asset(line) for line in thing.sources),
            known=thing.characteristics,
        )
        for thing in plan.things
        if thing.spec.kind in ("service", "resource")
    )


def acting(action: Action, *lines: str, **changes: object) -> OrderDraft:
    """An order that does this to parts of the worked one; the bundle stands around them."""
    items = [
        replace(item, asset=asset(item.line), action=action, relies_on=(), **changes)  # type: ignore[arg-type]
        for item in TRIPLE.items
        if item.line in lines
    ]
    bundle = replace(TRIPLE.items[0], action="none", asset=asset("1"))
    return replace(TRIPLE, type="change", items=(bundle, *items))


def ended(plan: Plan) -> set[str]:
    return {thing.realized.key for thing in plan.things if thing.realized and thing.action == "delete"}


def without(base: Sequence[Installed], gone: set[str], keys: set[str]) -> tuple[Installed, ...]:
    return tuple(
        replace(one, users=tuple(user for user in one.users if user not in gone)) for one in base if one.key not in keys
    )


@given(st.permutations(PARTS), st.lists(st.booleans(), min_size=len(PARTS), max_size=len(PARTS)))
@settings(max_examples=60, deadline=None)
def test_disconnecting_in_any_order_takes_nothing_that_is_needed_and_all_in_the_end(
    order_of: list[str], together: list[bool]
) -> None:
    groups: list[list[str]] = []
    for line, joins in zip(order_of, together, strict=True):
        if joins and groups:
            groups[-1].append(line)
        else:
            groups.append([line])
    base = installed()
    for group in groups:
        gone = {asset(line) for line in group}
        plan = build_plan(HOME, acting("delete", *group), Facts(installed=base))
        taken = ended(plan)
        assert taken == {one.key for one in base if set(one.users) <= gone}
        for thing in plan.things:
            if thing.realized is not None and thing.action == "none":
                assert set(thing.needed_by) == set(thing.realized.users) - gone != set()
        turned_off = [step.key for step in plan.steps if step.key.endswith("/turnOff")]
        assert len(turned_off) == sum(1 for key in taken if key.startswith("DSLAMPort"))
        base = without(base, gone, taken)
    assert base == ()


def test_the_last_user_takes_the_port_along_even_where_another_product_brought_it() -> None:
    base = without(installed(), {"AS-1.1", "AS-1.3"}, set())
    base = tuple(one for one in base if one.users)
    plan = build_plan(HOME, acting("delete", "1.2"), Facts(installed=base))
    assert any(key.startswith("DSLAMPort@") for key in ended(plan))
    assert any(step.title == "Turn off DSLAM port" for step in plan.steps)


def test_what_only_leaving_products_need_is_refused_with_their_names() -> None:
    base = tuple(
        replace(one, users=tuple(user for user in one.users if user != "AS-1.3"), leaving=("AS-1.2",))
        if one.spec == "DSLAMPort"
        else one
        for one in installed()
    )
    with pytest.raises(Refused) as refused:
        build_plan(HOME, acting("delete", "1.1"), Facts(installed=base))
    [problem] = refused.value.problems
    assert (problem.code, "AS-1.2" in problem.message) == ("resource_contested", True)


def test_a_new_product_does_not_settle_on_what_is_going() -> None:
    going = tuple(replace(one, leaving=one.users) for one in installed())
    television = ItemDraft("1", "IPTV-FAMILY", place="ADDR-7")
    with pytest.raises(Refused) as refused:
        build_plan(HOME, replace(TRIPLE, items=(television,)), Facts(installed=going))
    assert "use_missing" in {problem.code for problem in refused.value.problems}


def test_a_suspended_product_rests_alone() -> None:
    plan = build_plan(HOME, acting("suspend", "1.1"), Facts(installed=installed()))
    actions = {thing.spec.name: thing.action for thing in plan.things}
    assert (actions["CFS-BroadbandAccess"], actions["DSLAMPort"]) == ("suspend", "none")
    assert [step.title for step in plan.steps] == ["Validate + credit check", "Bar internet access"]


def test_a_change_touches_only_what_differs() -> None:
    line = ItemDraft("1", "NET-FLEX", place="ADDR-7")
    first = build_plan(HOME, replace(TRIPLE, items=(line,)))
    base = tuple(
        Installed(thing.spec.name, thing.place, thing.key, users=("AS-1",), known=thing.characteristics)
        for thing in first.things
        if thing.spec.kind in ("service", "resource")
    )
    same = replace(line, action="modify", asset="AS-1")
    faster = replace(same, characteristics={"downMbps": Decimal(250)})
    for item, expected in ((same, set()), (faster, {"CFS-BroadbandAccess", "RFS-DSLLine"})):
        plan = build_plan(HOME, replace(TRIPLE, items=(item,)), Facts(installed=base))
        assert {thing.spec.name for thing in plan.things if thing.action != "none"} == expected


def test_facts_of_what_is_installed_are_kept_as_they_were() -> None:
    facts = Facts(installed=installed())
    assert facts_of(plain_facts(facts)) == facts
