"""Steps and what they wait for: from things to a graph in canonical order."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from functools import partial
from typing import Literal

from orderloom.base.refusals import Problem
from orderloom.catalog.rules import Item
from orderloom.catalog.template import Template, field_of
from orderloom.catalog.types import (
    After,
    AfterSignal,
    Hours,
    Link,
    Same,
    Scalar,
    Spec,
    StepTemplate,
)
from orderloom.fulfilment.decompose import goods_of
from orderloom.fulfilment.joining import Edges, bypassed, join
from orderloom.fulfilment.prepared import EdgeKey, Prepared
from orderloom.fulfilment.roles import lines_with_role
from orderloom.fulfilment.types import Facts, FulfilmentItem, Kits, PlannedStep, Reason, Shape

OPENING = "the order's own steps come first"


@dataclass(slots=True, eq=False)
class Body:
    """What steps belong to: a thing, something sold, or the order as a whole.

    `bundles` are those directly around its lines; `around` are all of them, outer ones too.
    """

    name: str
    key: str
    thing: FulfilmentItem | None
    number: int | None
    item: Item | None
    lines: tuple[str, ...]
    bundles: tuple[str, ...]
    around: tuple[str, ...]
    places: tuple[str | None, ...]
    roots: tuple[str, ...]
    steps: dict[str, int] = field(default_factory=dict)
    context: dict[str, Scalar] | None = None


@dataclass(slots=True, eq=False)
class Step:
    """A step while the graph grows. `number` is its place in the finished order."""

    template: StepTemplate
    body: Body
    is_present: bool
    number: int = -1
    wait_for: str | None = None
    when: str | None = None
    decided: bool | None = None
    expected: int | None = None
    reads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    facts_as: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Made of content, never of sequence."""
        return f"{self.body.key}/{self.template.name}"


class Graph:
    """The graph of one order while it grows."""

    def __init__(
        self,
        prepared: Prepared,
        items: Mapping[str, Item],
        header: Mapping[str, Scalar],
        facts: Facts,
        things: tuple[FulfilmentItem, ...],
    ) -> None:
        self.prepared = prepared
        self.catalogue = prepared.catalogue
        self.items = items
        self.header = header
        self.facts = facts
        self.things = things
        self.problems: list[Problem] = []
        self.kits: list[Kits] = []
        self.reasons: list[Reason] = []
        self.steps: list[Step] = []
        self.bodies: list[Body] = []
        self.by_line: dict[tuple[str, str], list[Body]] = {}
        self.by_bundle: dict[tuple[str, str], list[Body]] = {}
        self.offered: dict[str, Body] = {}
        self.told_variables: dict[str, Scalar] = {}
        self._by_place: dict[tuple[str, str], list[Body]] = {}
        self._by_root: dict[tuple[str, str], list[Body]] = {}
        self._by_name: dict[str, list[Body]] = {}
        self._edges: Edges = {}
        self._relied: set[tuple[str, str]] = set()
        self._signals: dict[tuple[str, str], list[int]] = {}
        self._lots: dict[str, dict[str, Decimal]] = {}
        self._quantities: dict[tuple[str, str], Decimal] | None = None
        self.into: list[list[tuple[int, str, int]]] = []
        self.out: list[list[tuple[int, str, int]]] = []
        self._sorted_edges: list[EdgeKey] = []

    def grow(self, kit_carriers: KitCarriers) -> None:
        """Steps, edges and canonical order; `kit_carriers` says which deliveries a milestone of kits waits for."""
        self._add_bodies()
        for body in self.bodies:
            self._add_steps(body)
        for body in self.bodies:
            self._add_siblings(body)
        for link in self.catalogue.links:
            self._add_link(link)
        self._add_signals(kit_carriers)
        if not self.problems:
            absent = [number for number, step in enumerate(self.steps) if not step.is_present]
            self._edges = bypassed(self._edges, absent)
            self._open()
            self._sort()

    # -- bodies and steps

    def _add_bodies(self) -> None:
        if self.catalogue.order_steps:
            lines = tuple(self.items)
            self.bodies.append(Body("order", "order", None, None, None, lines, (), (), (), ()))
        roots: dict[str, tuple[str, ...]] = {}
        for number, thing in enumerate(self.things):
            if thing.is_installed:
                continue
            root = tuple(dict.fromkeys(r for parent in thing.parents for r in roots[parent])) or (thing.key,)
            roots[thing.key] = root
            lines = thing.sources
            around = tuple(dict.fromkeys(b for line in lines for b in self.items[line].bundles))
            nearest = tuple(dict.fromkeys(self.items[line].bundles[0] for line in lines))
            places = tuple(dict.fromkeys(lot.place for lot in thing.lots)) or (thing.place,)
            self._index(Body(thing.spec.name, thing.key, thing, number, None, lines, nearest, around, places, root))
        for item in self.items.values():
            if item.product.code in self.catalogue.offerings and item.action != "none":
                own = (item.line,)
                around = item.bundles if item.bundles[0] == item.line else (item.line, *item.bundles)
                body = Body(
                    item.product.code, f"item/{item.line}", None, None, item, own, around[:1], around, (item.place,), ()
                )
                self.offered[item.line] = body
                self._index(body)

    def _index(self, body: Body) -> None:
        self.bodies.append(body)
        name = body.name
        self._by_name.setdefault(name, []).append(body)
        for line in body.lines:
            self.by_line.setdefault((name, line), []).append(body)
        for bundle in body.around:
            self.by_bundle.setdefault((name, bundle), []).append(body)
        for place in body.places:
            self._by_place.setdefault((name, place or ""), []).append(body)
        for root in body.roots:
            self._by_root.setdefault((name, root), []).append(body)

    def _templates(self, body: Body) -> Sequence[StepTemplate]:
        if body.thing is not None:
            return body.thing.spec.sections.get(body.thing.action, ())
        if body.item is not None:
            return self.catalogue.offerings[body.name].steps_for(body.item.action)
        return self.catalogue.order_steps

    def _add_steps(self, body: Body) -> None:
        outside = tuple(dict.fromkeys((*body.around, *body.lines))) if body.item is None else body.around[1:]
        for template in self._templates(body):
            present = True
            if template.condition is not None:
                present = template.condition.evaluate(self.context(body)) is True
            if template.only_for:
                present = present and any(item.product.code in template.only_for for item in self.items.values())
            number = len(self.steps)
            body.steps[template.name] = number
            step = Step(template, body, present)
            self.steps.append(step)
            if not present:
                continue
            step.expected = self._expected(template, body)
            if template.signals is not None:
                for bundle in outside:
                    self._signals.setdefault((bundle, template.signals), []).append(number)

    def context(self, body: Body) -> dict[str, Scalar]:
        """What conditions and titles of a body may read."""
        if body.context is None:
            context: dict[str, Scalar] = dict(self.header)
            if body.thing is not None:
                thing = body.thing
                context.update(place=thing.place, quantity=thing.quantity, action=thing.action)
                lines = thing.lines
                if lines:
                    context.update(goods_of(lines, self.items, self.catalogue.names))
                context.update(thing.characteristics)
            elif body.item is not None:
                item = body.item
                context.update(place=item.place, quantity=item.quantity, action=item.action, **item.characteristics)
            body.context = context
        return body.context

    def title(self, template: Template, body: Body) -> str:
        """A title with its fields filled in."""
        if not template.fields:
            return template.text
        return template.filled(partial(field_of, self.context(body), self.catalogue.names))

    def _expected(self, template: StepTemplate, body: Body) -> int | None:
        if template.counts_quantity:
            whole = body.thing or body.item
            quantity = whole.quantity if whole else Decimal(1)
        elif template.counts_product is not None:
            quantity = max(
                Decimal(1), sum((self._quantity(b, template.counts_product) for b in body.bundles), Decimal(0))
            )
        else:
            return None
        return int(quantity.to_integral_value(ROUND_CEILING))

    def _quantity(self, bundle: str, product: str) -> Decimal:
        if self._quantities is None:
            self._quantities = {}
            for item in self.items.values():
                for around in item.bundles:
                    key = (around, item.product.code)
                    self._quantities[key] = self._quantities.get(key, Decimal(0)) + item.quantity
        return self._quantities.get((bundle, product), Decimal(0))

    # -- edges

    def add_edge(self, first: int, then: int, kind: str, lag: int, reason: Reason) -> None:
        """One step waits for another; of two lags between the same ends the longer counts."""
        if first != then:
            join(self._edges, (first, then, kind), lag, reason)

    def _add_siblings(self, body: Body) -> None:
        for name, number in body.steps.items():
            template = self.steps[number].template
            assert template.name == name
            for after in template.after:
                if isinstance(after, After):
                    self.add_edge(body.steps[after.step], number, after.type, after.lag_seconds, template)

    def _add_link(self, link: Link) -> None:
        for body in self._by_name.get(link.then.owner, ()):
            number = body.steps.get(link.then.step)
            if number is None:
                continue
            if link.condition is not None and link.condition.evaluate(self.context(body)) is not True:
                continue
            found = self._found(link, body)
            for first in found:
                self.add_edge(first.steps[link.first.step], number, link.type, link.lag_seconds, link)
            if not found and link.needed and not self._is_installed(link.first.owner, body):
                self._refuse_link(link, body)

    def _found(self, link: Link, body: Body) -> list[Body]:
        name, step = link.first.owner, link.first.step
        for same in link.same:
            found = [other for other in self._related(same, name, body) if step in other.steps]
            if found:
                return found
        return []

    def _related(self, same: Same, name: str, body: Body) -> Iterable[Body]:
        match same:
            case "item":
                return _all(self.by_line, name, body.lines)
            case "tree":
                return _all(self._by_root, name, body.roots)
            case "place":
                return _all(self._by_place, name, [place or "" for place in body.places if place])
            case "order":
                return self._by_name.get(name, ())
            case "bundle":
                return self._in_bundle(name, body)
            case "reliesOn":
                return self._relied_on(name, body)

    def _in_bundle(self, name: str, body: Body) -> Iterable[Body]:
        found = _all(self.by_bundle, name, body.bundles)
        if found or body.around == body.bundles:
            return found
        return _all(self.by_bundle, name, body.around)

    def _relied_on(self, name: str, body: Body) -> Iterable[Body]:
        found: dict[str, Body] = {}
        for line in body.lines:
            for other in self.items[line].relies_on:
                for relied in self.by_line.get((name, other), ()):
                    found[relied.key] = relied
                    self._relied.add((line, other))
        return found.values()

    def _is_installed(self, name: str, body: Body) -> bool:
        return any(i.spec == name and (i.place is None or i.place in body.places) for i in self.facts.installed)

    def _refuse_link(self, link: Link, body: Body) -> None:
        line = body.lines[0] if body.thing is None else (body.thing.makers or body.lines)[0]
        item = self.items[line]
        message = (
            f"{item.product.name} (line {line}) needs “{link.first.owner}”, which is neither ordered nor installed; "
            "order what brings it, or say in relies_on which line does."
        )
        self.problems.append(Problem("link_missing", message, f"/items/{item.position}"))

    def _add_signals(self, kit_carriers: KitCarriers) -> None:
        for body in self.offered.values():
            assert body.item is not None
            for number in body.steps.values():
                step = self.steps[number]
                for after in step.template.after:
                    if not isinstance(after, AfterSignal):
                        continue
                    carriers: Sequence[int] = self._signals.get((body.item.line, after.signal), [])
                    if after.role is not None:
                        lines = lines_with_role(self.items, body.item.line, after.role)
                        carriers = [n for n in carriers if not lines.isdisjoint(self.steps[n].body.lines)]
                    if after.kits is not None:
                        carriers = kit_carriers(self, body.item, step, after.kits, carriers)
                    for carrier in carriers:
                        self.add_edge(carrier, number, "FS", 0, f"signal {after.signal} in the bundle")

    def _open(self) -> None:
        """The last steps of the order open every step that nothing else precedes."""
        own = {n for n, step in enumerate(self.steps) if step.body.name == "order" and step.body.thing is None}
        own = {n for n in own if self.steps[n].is_present and self.steps[n].body.item is None}
        if not own:
            return
        led = {first for first, then, _ in self._edges if then in own}
        last = sorted(own - led)
        started = {then for _, then, kind in self._edges if kind in ("FS", "SS")}
        for number, step in enumerate(self.steps):
            if step.is_present and number not in own and number not in started:
                for first in last:
                    self.add_edge(first, number, "FS", 0, OPENING)

    # -- canonical order

    def _sort(self) -> None:
        """Number the steps so that predecessors come first, stable; refuse a circle."""
        completions = self._completions()
        followers: list[list[int]] = [[] for _ in self.steps]
        waiting = [0] * len(self.steps)
        pairs = [(first, then) for first, then, _ in self._edges]
        for first, then in (*pairs, *completions):
            followers[first].append(then)
            waiting[then] += 1
        ready = [n for n, step in enumerate(self.steps) if step.is_present and not waiting[n]]
        heapq.heapify(ready)
        order: list[Step] = []
        while ready:
            number = heapq.heappop(ready)
            step = self.steps[number]
            step.number = len(order)
            order.append(step)
            for follower in followers[number]:
                waiting[follower] -= 1
                if not waiting[follower]:
                    heapq.heappush(ready, follower)
        circle = [step for step in self.steps if step.is_present and step.number < 0]
        if circle:
            names = ", ".join(f"“{self.title(s.template.title, s.body)}”" for s in circle[:6])
            message = f"These steps wait for each other in a circle: {names}; change the links of the catalogue."
            self.problems.append(Problem("plan_cyclic", message, ""))
        else:
            self._number(order, completions)

    def _completions(self) -> list[tuple[int, int]]:
        found = []
        for number, step in enumerate(self.steps):
            if step.template.completes is not None and step.is_present:
                sibling = step.body.steps[step.template.completes]
                if self.steps[sibling].is_present:
                    found.append((number, sibling))
        return found

    def _number(self, order: list[Step], completions: Iterable[tuple[int, int]]) -> None:
        place = [step.number for step in self.steps]
        rows: list[tuple[EdgeKey, Reason]] = [
            ((place[first], place[then], kind, lag, "plan"), reason)
            for (first, then, kind), (lag, reason) in self._edges.items()
        ]
        for timer, sibling in completions:
            rows.append(((place[timer], place[sibling], "FS", 0, "completes"), self.steps[timer].template))
        rows.sort(key=lambda row: (row[0][1], row[0][0], row[0][2], row[0][4]))
        self._sorted_edges = [key for key, _ in rows]
        self.reasons = [reason for _, reason in rows]
        for body in self.bodies:
            body.steps = {name: place[number] for name, number in body.steps.items() if place[number] >= 0}
        self.steps = order
        self.into = [[] for _ in order]
        self.out = [[] for _ in order]
        for first, then, kind, lag, role in self._sorted_edges:
            if role == "plan":
                self.into[then].append((first, kind, lag))
                self.out[first].append((then, kind, lag))

    # -- the finished graph

    def shape(self) -> Shape:
        """The shape that all orders of this structure share."""
        served = {line for body in self.bodies if body.name != "order" for line in body.lines}
        return self.prepared.shape([self._node(step, served) for step in self.steps], self._sorted_edges)

    def _node(self, step: Step, served: Container[str]) -> int:
        tells, hours = self._may_end_an_item(step, served), self._hours(step)
        spec = _spec(step)
        return self.prepared.node(step.template, hours, spec, wait_for=step.wait_for, when=step.when, tells=tells)

    def _may_end_an_item(self, step: Step, served: Container[str]) -> bool:
        """Whether the state of a leaf may change to its end with this step: none of the next ones serves it.

        The steps of the order as a whole come before all others, so they end only what nothing else serves.
        """
        lines = [line for line in step.body.lines if not self.items[line].children]
        if step.body.name == "order":
            lines = [line for line in lines if line not in served]
        if not lines:
            return False
        after = {id(body): body for body in (self.steps[then].body for then, _, _ in self.out[step.number])}
        if len(lines) == 1:
            return not any(lines[0] in body.lines for body in after.values())
        return not {line for body in after.values() for line in body.lines}.issuperset(lines)

    def _hours(self, step: Step) -> Hours:
        hours = step.template.hours
        if isinstance(hours, Hours):
            return hours
        value = self.context(step.body).get(hours.attribute)
        return hours.choices.get(str(value), hours.otherwise)

    def planned(self) -> Iterator[PlannedStep]:
        """This order's own part of every step, in canonical order."""
        for step in self.steps:
            body, template = step.body, step.template
            yield PlannedStep(
                key=step.key,
                title=self.title(template.title, body),
                template=template,
                item=body.item.line if body.item else None,
                thing=body.number,
                lines=body.lines,
                expected=step.expected,
                decided=step.decided,
                is_provisional=body.thing is not None and bool(body.thing.open_attributes),
                reads=step.reads,
                params={"facts_as": step.facts_as} if step.facts_as else {},
            )

    def lots_of(self, thing: FulfilmentItem) -> Mapping[str, Decimal]:
        """How much of each line goes through a thing."""
        known = self._lots.get(thing.key)
        if known is None:
            known = {}
            for lot in thing.lots:
                known[lot.line] = known.get(lot.line, Decimal(0)) + lot.quantity
            self._lots[thing.key] = known
        return known

    def variables(self) -> dict[str, object]:
        """What the process knows from the start: facts told already, and the counts of kits."""
        variables: dict[str, object] = dict(self.told_variables)
        for kits in self.kits:
            variables[kits.ordered_variable] = int(kits.quantity)
            variables[kits.complete_variable] = 0
        return variables

    def warnings(self) -> Iterator[str]:
        """Relations that say something and do nothing."""
        for item in self.items.values():
            for other in item.relies_on:
                if (item.line, other) not in self._relied and item.action == "add":
                    yield f"Line {item.line} relies on line {other}, but no step waits because of it."


KitCarriers = Callable[[Graph, Item, Step, int | Literal["all"], Sequence[int]], Sequence[int]]


def _all(index: Mapping[tuple[str, str], list[Body]], name: str, values: Iterable[str]) -> list[Body]:
    found: dict[int, Body] = {}
    for value in values:
        for body in index.get((name, value), ()):
            found[id(body)] = body
    return list(found.values())


def _spec(step: Step) -> Spec | None:
    return step.body.thing.spec if step.body.thing else None
