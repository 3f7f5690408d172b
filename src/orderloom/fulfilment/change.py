"""What a customer's change does to a running plan: pure, from both plans and the steps as they are.

Kept steps keep their identity. What is gone and has begun is taken back; what is changed is amended or
done anew, as the catalogue says (`onChange`). A hard point of no return refuses the change, a soft one costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, Protocol

from orderloom.catalog.types import StepTemplate
from orderloom.fulfilment.compile import sku_of
from orderloom.fulfilment.difference import Change
from orderloom.fulfilment.schedule import incoming
from orderloom.fulfilment.types import Dependency, FulfilmentItem, Plan
from orderloom.processes.types import Edge, EdgeKind, Node, State, Step

Response = Literal["keep", "ignore", "amend", "redo"]
_STRENGTH: tuple[Response, ...] = ("keep", "ignore", "amend", "redo")
EXTRA = ("undo ", "was ", "amend ")
GOODS_KINDS = frozenset(
    {
        "stock.pick",
        "stock.pick_and_ship",
        "stock.ship",
        "stock.deliver",
        "purchase.send",
        "purchase.acknowledge",
        "purchase.notify",
        "purchase.deliver",
    }
)
"""What is done to goods cannot be done a little differently: it is taken back and done anew."""
CLAIM = "stock.reserve"


class Running(Protocol):
    """A process as it stands: node, step and number belong together by place."""

    @property
    def nodes(self) -> Sequence[Node]: ...
    @property
    def edges(self) -> Sequence[Edge]: ...
    @property
    def steps(self) -> Sequence[Step]: ...


@dataclass(frozen=True, slots=True)
class Amended:
    """A step that was carried out, and whose partner must be told what is different."""

    number: int
    key: str
    title: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fee:
    """What it costs to go back over a soft point of no return; no amount where the catalogue names none."""

    key: str
    title: str
    lines: tuple[str, ...]
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the change cannot be, and the lines that stand in its way."""

    code: str
    message: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Assessment:
    """What to write. Numbers are rows of the process, places are steps of the new plan.

    `again` gives for a place the row that it repeats. `withdrawn` rows have not begun, `taken_back` ones
    have; both give up their keys, as do the `retired` ones that ended before.
    """

    kept: tuple[str, ...]
    adapted: tuple[Change, ...]
    added: tuple[int, ...]
    again: Mapping[int, int]
    withdrawn: tuple[int, ...]
    taken_back: tuple[int, ...]
    retired: tuple[int, ...]
    amended: tuple[Amended, ...]
    skipped: tuple[str, ...]
    added_edges: tuple[tuple[Dependency, EdgeKind], ...]
    removed_edges: tuple[tuple[Dependency, EdgeKind], ...]
    forgotten: frozenset[str]
    fees: tuple[Fee, ...]
    refusals: tuple[Refusal, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the plan stays as it is."""
        return not (
            self.adapted
            or self.added
            or self.withdrawn
            or self.taken_back
            or self.amended
            or self.added_edges
            or self.removed_edges
        )


@dataclass(slots=True)
class _Work:
    running: Running
    old: Plan
    new: Plan
    currency: str
    live: dict[str, Step]
    numbers: dict[str, int]
    undone: set[int]
    again: dict[str, Step] = field(default_factory=dict)
    amended: list[Amended] = field(default_factory=list)
    fees: dict[str, Fee] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def node(self, step: Step) -> Node:
        return self.running.nodes[step.number]


def is_extra(key: str) -> bool:
    """Steps that no plan knows: they take something back, amend it, were given up, or bring the rest of a delivery."""
    return key.startswith(EXTRA) or " rest " in key


def assess(running: Running, old: Plan, new: Plan, *, currency: str) -> Assessment:
    """Compare a running process with the plan that the changed order calls for."""
    work = _Work(
        running,
        old,
        new,
        currency,
        live={step.key: step for step in running.steps if not is_extra(step.key)},
        numbers=new.numbers(),
        undone={int(step.params["undoes"]) for step in running.steps if step.params and "undoes" in step.params},
    )
    gone = [step for key, step in work.live.items() if key not in work.numbers]
    for step in gone:
        _look_back(work, step)
    _respond_to_things(work)
    _reach_again(work)
    return _written(work, gone)


# -- points of no return


def has_begun(step: Step) -> bool:
    """Whether work on it has started, so that somebody outside may know of it."""
    if step.state == State.FAILED:
        return step.started_at is not None and step.error_class != "business"
    if step.mode == "event":
        return step.state == State.DONE or bool(step.counted)
    return step.state in (State.RUNNING, State.DONE) or (
        step.state == State.WAITING and step.started_at is not None and step.mode != "timer"
    )


def _is_past(node: Node, step: Step) -> bool:
    """Whether its point of no return is reached: at the start of work, at the completion of an event."""
    if node.point_of_no_return == "none":
        return False
    if step.state == State.FAILED:
        return step.started_at is not None and step.error_class == "unknown"
    return step.state == State.DONE if step.mode == "event" else has_begun(step)


def _look_back(work: _Work, step: Step) -> None:
    """Refuse to take back what is past a hard point of no return, and note what a soft one costs."""
    node = work.node(step)
    if step.number in work.undone or not _is_past(node, step):
        return
    lines = _lines_of(work.old, step.key)
    if node.point_of_no_return == "hard":
        message = f"“{step.title}” is past its point of no return; keep {_spoken(lines)}, or place a follow-on order."
        work.refusals.append(Refusal("past_point_of_no_return", message, lines))
        return
    template = _template(work.old, step.key)
    amount = template.fees.get(work.currency, Decimal(0)) if template else Decimal(0)
    work.fees[step.key] = Fee(step.key, step.title, lines, amount)


def _template(plan: Plan, key: str) -> StepTemplate | None:
    number = plan.numbers().get(key)
    return plan.steps[number].template if number is not None else None


def _lines_of(plan: Plan, key: str) -> tuple[str, ...]:
    number = plan.numbers().get(key)
    return plan.steps[number].lines if number is not None else ()


def _spoken(lines: Sequence[str]) -> str:
    return f"line {lines[0]}" if len(lines) == 1 else f"lines {', '.join(lines)}" if lines else "it"


# -- things that stay and are different


def _respond_to_things(work: _Work) -> None:
    before = {thing.key: thing for thing in work.old.things}
    steps: dict[str, list[Step]] = {}
    for planned in work.new.steps:
        if planned.thing is not None and planned.key in work.live:
            steps.setdefault(work.new.things[planned.thing].key, []).append(work.live[planned.key])
    for thing in work.new.things:
        if thing.key in before:
            _respond(work, before[thing.key], thing, steps.get(thing.key, []))


def _respond(work: _Work, before: FulfilmentItem, after: FulfilmentItem, steps: Sequence[Step]) -> None:
    answer = response(before, after)
    if answer in ("keep", "ignore") and _contents(work.old, before) != _contents(work.new, after):
        answer = "amend"
    begun = [step for step in steps if has_begun(step)]
    if answer in ("keep", "ignore") or not begun:
        return
    for step in begun:
        _look_back(work, step)
    if answer == "redo" or any(work.node(step).kind in GOODS_KINDS for step in begun):
        work.again |= {step.key: step for step in begun}
        return
    told = _told(before, after)
    for step in begun:
        if work.node(step).kind == CLAIM or (step.mode == "auto" and step.partner is not None):
            work.amended.append(Amended(step.number, step.key, _amend_title(step, *told), *told))


def response(before: FulfilmentItem, after: FulfilmentItem) -> Response:
    """What a thing's difference asks for: the strongest of what is said of each characteristic that differs.

    A quantity that differs is amended. Who else shares the thing is no difference.
    """
    if before.place != after.place or before.action != after.action:
        return "redo"
    answers: list[Response] = ["keep"]
    for name in sorted({*before.characteristics, *after.characteristics}):
        if before.characteristics.get(name) != after.characteristics.get(name):
            answers.append(_on_change(name, before, after))
    if _goods(before) != _goods(after):
        answers.append("amend")
    return max(answers, key=_STRENGTH.index)


def _on_change(name: str, before: FulfilmentItem, after: FulfilmentItem) -> Response:
    said: list[Response] = [
        copy.on_change
        for because in (*after.because, *before.because)
        for copy in because.rule.copies
        if copy.target == name
    ]
    if said:
        return max(said, key=_STRENGTH.index)
    return "amend" if name in after.spec.collects else "redo"


def _goods(thing: FulfilmentItem) -> dict[tuple[str, str, tuple[tuple[str, str], ...]], Decimal]:
    together: dict[tuple[str, str, tuple[tuple[str, str], ...]], Decimal] = {}
    for lot in thing.lots:
        key = (lot.line, lot.place or "", tuple(sorted(lot.attributes.items())))
        together[key] = together.get(key, Decimal(0)) + lot.quantity
    return together


def _contents(plan: Plan, thing: FulfilmentItem) -> set[tuple[str, str]]:
    """Which goods of which line are inside; an exchange puts others in under the same line."""
    if thing.spec.kind not in ("shipment", "purchaseOrder"):
        return set()
    return {(lot.line, sku_of(plan.items[lot.line])) for lot in thing.lots}


def _told(before: FulfilmentItem, after: FulfilmentItem) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is different, before and after."""
    was: dict[str, Any] = {}
    now: dict[str, Any] = {}
    old_quantity, new_quantity = _quantity(before), _quantity(after)
    if old_quantity != new_quantity:
        was["quantity"], now["quantity"] = old_quantity, new_quantity
    for name in sorted({*before.characteristics, *after.characteristics}):
        if before.characteristics.get(name) != after.characteristics.get(name):
            was[name], now[name] = before.characteristics.get(name), after.characteristics.get(name)
    return was, now


def _quantity(thing: FulfilmentItem) -> Decimal:
    return sum((lot.quantity for lot in thing.lots), Decimal(0))


def _amend_title(step: Step, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    differences = ", ".join(f"{name} {_short(was[name])} to {_short(now[name])}" for name in was)
    return f"Amend: {step.title} ({differences})"[:1000] if differences else f"Amend: {step.title}"[:1000]


def _short(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else "nothing" if value is None else str(value)[:60]


# -- what has to be reached again


def _reach_again(work: _Work) -> None:
    """Milestones that were reached without what is new now are reached again; what is billed stays billed."""
    fresh = {step.key for step in work.new.steps if step.key not in work.live} | set(work.again)
    closed = {key for bundle in work.new.billing for key in (*bundle.gates, bundle.step)}
    per_unit = {bundle.line for bundle in work.new.billing if bundle.billing.policy == "perCompleteUnit"}
    for number, planned in enumerate(work.new.steps):
        step = work.live.get(planned.key)
        if step is None or planned.key in work.again:
            continue
        if _is_open_again(work, number, step):
            work.again[planned.key] = step
            fresh.add(planned.key)
        if step.state != State.DONE or not _waits_for(work, number, fresh):
            continue
        if planned.key in closed and planned.item not in per_unit:
            message = f"“{step.title}” is done, and what follows is billed; order what is new as a follow-on."
            work.refusals.append(Refusal("billed", message, planned.lines))
        elif step.mode == "pass" and work.node(step).wait_for is None:
            work.again[planned.key] = step
            fresh.add(planned.key)


def _is_open_again(work: _Work, number: int, step: Step) -> bool:
    """Whether it was skipped by a condition that is undecided or true now."""
    planned = work.new.steps[number]
    was_skipped = step.state == State.SKIPPED and step.sub_reason == "condition"
    return was_skipped and planned.template.when is not None and planned.decided is not False


def _waits_for(work: _Work, number: int, fresh: set[str]) -> bool:
    return any(
        edge.kind == "plan"
        and edge.type in ("FS", "FF")
        and work.new.steps[edge.first].key in fresh
        and not work.new.steps[edge.first].template.optional
        for edge in incoming(work.new.shape)[number]
    )


# -- what is written


def _written(work: _Work, gone: Sequence[Step]) -> Assessment:
    dropped = [*gone, *work.again.values()]
    rows = sorted({row.number: row for row in (*dropped, *_belongings(work, dropped))}.values(), key=_last_first)
    open_rows = [row for row in rows if row.is_open or row.state == State.DONE]
    withdrawn = [row for row in open_rows if _may_withdraw(row)]
    taken_back = [row for row in open_rows if not _may_withdraw(row) and row.number not in work.undone]
    kept = [step for key, step in work.live.items() if key in work.numbers and key not in work.again]
    added_edges, removed_edges = _edges(work, {step.key for step in kept})
    return Assessment(
        kept=tuple(step.key for step in kept),
        adapted=tuple(_adapted(work, kept)),
        added=tuple(n for n, step in enumerate(work.new.steps) if step.key not in work.live or step.key in work.again),
        again={work.numbers[key]: step.number for key, step in work.again.items()},
        withdrawn=tuple(row.number for row in withdrawn),
        taken_back=tuple(row.number for row in taken_back),
        retired=tuple(row.number for row in rows),
        amended=tuple(_with_successors(work, amended) for amended in work.amended if amended.key not in work.again),
        skipped=tuple(
            step.key
            for step in kept
            if step.state in (State.BLOCKED, State.READY) and work.new.steps[work.numbers[step.key]].is_born_skipped
        ),
        added_edges=added_edges,
        removed_edges=removed_edges,
        forgotten=frozenset(step.key for step in dropped),
        fees=tuple(work.fees.values()),
        refusals=tuple(dict.fromkeys(work.refusals)),
    )


def _last_first(row: Step) -> int:
    return -row.number


def _belongings(work: _Work, dropped: Sequence[Step]) -> Iterator[Step]:
    """What amends a dropped step or brings its rest, and has not ended."""
    stems = {step.key for step in dropped}
    for step in work.running.steps:
        stem = step.key.removeprefix("amend ").split(" rest ")[0].split(" #")[0]
        if is_extra(step.key) and step.key.startswith(("amend ", *stems)) and stem in stems and step.is_open:
            yield step


def _may_withdraw(row: Step) -> bool:
    """Whether it can go without a trace: nothing of it has happened outside."""
    if row.state == State.WAITING:
        return row.sub_reason not in ("reply", "finish") and not row.counted
    if row.state == State.FAILED:
        return row.started_at is None
    return row.state not in (State.RUNNING, State.DONE)


def _adapted(work: _Work, kept: Sequence[Step]) -> Iterator[Change]:
    for step in kept:
        planned = work.new.steps[work.numbers[step.key]]
        if step.is_open and (step.expected != planned.expected or step.title != planned.title):
            yield Change(step.key, planned.expected, planned.title)


def _with_successors(work: _Work, amended: Amended) -> Amended:
    """Whoever waits for the step and has not begun waits for its amendment too."""
    keys = [step.key for step in work.new.steps]
    then = tuple(
        keys[edge.then]
        for edge in work.new.shape.edges
        if keys[edge.first] == amended.key and edge.kind == "plan" and edge.type == "FS"
    )
    return Amended(amended.number, amended.key, amended.title, amended.before, amended.after, then)


_Edges = tuple[tuple[Dependency, EdgeKind], ...]


def _edges(work: _Work, kept: set[str]) -> tuple[_Edges, _Edges]:
    keys = [step.key for step in work.new.steps]
    wanted = dict.fromkeys(
        (Dependency(keys[e.first], keys[e.then], e.type, e.lag_seconds), e.kind) for e in work.new.shape.edges
    )
    rows = [step.key for step in work.running.steps]
    known = dict.fromkeys(
        (Dependency(rows[e.first], rows[e.then], e.type, e.lag_seconds), e.kind)
        for e in work.running.edges
        if rows[e.first] in kept and rows[e.then] in kept
    )
    added = tuple(edge for edge in wanted if edge not in known)
    removed = tuple(edge for edge in known if edge not in wanted)
    return added, removed
