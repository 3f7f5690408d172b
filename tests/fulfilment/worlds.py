"""The demo catalogues and the worked orders, and ways to vary them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

from orderloom.base.parsing import parse_json
from orderloom.catalog.parse import parse_catalogue
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.types import Facts, Plan, Sourced
from orderloom.orders.types import ItemDraft, OrderDraft

DEMO = Path(__file__).parents[2] / "demo"
CATALOGUES = {
    "A-triple-play": "home-broadband",
    "B-wholesale-kit": "wholesale-kits",
    "C-saas-hardware": "point-of-sale",
}
SPLIT = Facts(
    sourced=(
        Sourced("1.1", Decimal(6), {"warehouse": "DC-East"}),
        Sourced("1.1", Decimal(4), {"warehouse": "DC-West"}),
        Sourced("1.3", Decimal(30), {"warehouse": "DC-East"}),
    )
)
FACTS = {"A-triple-play": Facts(), "B-wholesale-kit": SPLIT, "C-saas-hardware": Facts()}


@cache
def catalogue(code: str) -> Catalogue:
    """A catalogue of the demo."""
    path = DEMO / "catalog" / f"{code}.yaml"
    return parse_catalogue(path.read_text(), str(path))


def order(name: str) -> OrderDraft:
    """A worked order of the demo."""
    return parse_json(OrderDraft, (DEMO / "orders" / f"{name}.json").read_bytes())


def catalogue_of(name: str) -> Catalogue:
    """The catalogue of a worked order."""
    return catalogue(CATALOGUES[name])


def without(draft: OrderDraft, *lines: str) -> OrderDraft:
    """The order without some lines, and without relations to them."""
    items = tuple(
        replace(item, relies_on=tuple(other for other in item.relies_on if other not in lines))
        for item in draft.items
        if item.line not in lines
    )
    return replace(draft, items=items)


def changed(draft: OrderDraft, line: str, change: Callable[[ItemDraft], ItemDraft]) -> OrderDraft:
    """The order with one line changed."""
    return replace(draft, items=tuple(change(item) if item.line == line else item for item in draft.items))


def renumbered(draft: OrderDraft, root: str, **other: str) -> list[ItemDraft]:
    """The items under another top line, to sell a bundle twice."""

    def line(old: str) -> str:
        return root + old[1:]

    return [
        replace(
            item,
            line=line(item.line),
            parent=line(item.parent) if item.parent else None,
            relies_on=tuple(line(o) for o in item.relies_on),
            place=other.get("place", item.place) if item.place else None,
        )
        for item in draft.items
    ]


def twice(draft: OrderDraft, *, place: str | None = None) -> OrderDraft:
    """The same bundle two times in one order."""
    second = renumbered(draft, "2", **({"place": place} if place else {}))
    return replace(draft, items=(*draft.items, *second))


def titled_edges(plan: Plan) -> list[tuple[str, str, str, int]]:
    """Dependencies by title: first, then, type, lag in hours."""
    return sorted(
        (plan.steps[e.first].title, plan.steps[e.then].title, e.type, e.lag_seconds // 3600)
        for e in plan.shape.edges
        if e.kind == "plan"
    )


def keyed_edges(plan: Plan) -> set[tuple[str, str, str, int, str]]:
    """Dependencies by key."""
    return {(plan.steps[e.first].key, plan.steps[e.then].key, e.type, e.lag_seconds, e.kind) for e in plan.shape.edges}


def before(plan: Plan, title: str) -> set[str]:
    """Titles of the direct predecessors of the steps with this title."""
    return {
        plan.steps[e.first].title for e in plan.shape.edges if e.kind == "plan" and plan.steps[e.then].title == title
    }


def count(plan: Plan, title: str) -> int:
    """How many steps have this title."""
    return sum(step.title == title for step in plan.steps)


def specs(plan: Plan) -> list[str]:
    """Specs of all things."""
    return sorted(thing.spec.name for thing in plan.things)


def keys(steps: Iterable[int], plan: Plan) -> list[str]:
    """Step keys of numbers."""
    return [plan.steps[number].key for number in steps]
