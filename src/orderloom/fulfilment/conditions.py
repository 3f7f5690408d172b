"""Run-time conditions while planning: who tells the facts that they read, and what is known already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter

from orderloom.base.refusals import Problem
from orderloom.catalog.types import Scalar
from orderloom.feel.conditions import Condition, renamed
from orderloom.feel.names import identifier
from orderloom.fulfilment.graph import Body, Graph, Step

Told = dict[tuple[str, str], Scalar]


@dataclass(slots=True)
class Tellers:
    """The steps that yield one fact, all of them and by what they are for; so nobody searches them all."""

    every: list[Step] = field(default_factory=list)
    by_line: dict[str, list[Step]] = field(default_factory=dict)
    by_bundle: dict[str, list[Step]] = field(default_factory=dict)

    def add(self, step: Step) -> None:
        """One more, in the order of the steps."""
        self.every.append(step)
        if step.body.name != "order":
            for line in step.body.lines:
                self.by_line.setdefault(line, []).append(step)
        for bundle in step.body.around:
            self.by_bundle.setdefault(bundle, []).append(step)


_NOBODY = Tellers()


def decide_conditions(graph: Graph) -> None:
    """Give every `when` its facts: what was told decides it, and otherwise a step before it must tell.

    A step whose related steps tell the fact several times over runs when one of them says so.
    """
    waiting = [step for step in graph.steps if step.template.when is not None]
    yielders = _yielders(graph)
    told: Told = {(fact.name, fact.about): fact.value for fact in graph.facts.told}
    for name, tellers in yielders.items():
        for step in tellers.every:
            if len(tellers.every) > 1:
                step.facts_as[name] = f"{name}_{identifier(step.key)}"
            known, value = _told_by(told, name, step)
            if known:
                graph.told_variables[step.facts_as.get(name, name)] = value
    for fact in graph.facts.told:
        if not fact.about and fact.name not in yielders:
            graph.told_variables[fact.name] = fact.value
    for step in waiting:
        assert step.template.when is not None
        _decide(graph, step, step.template.when, yielders, told)


def refuse_unordered_things(graph: Graph) -> None:
    """A provisional thing must wait for the step that tells what is open about it."""
    yielders = _yielders(graph)
    for body in graph.bodies:
        if body.thing is None or not body.thing.open_attributes:
            continue
        for name in body.thing.open_attributes:
            wanted = {step.number for step in yielders.get(name, _NOBODY).every}
            own = set(body.steps.values())
            for number in body.steps.values():
                if not any(first in own for first, _, _ in graph.into[number]) and not preceding(graph, number, wanted):
                    message = (
                        f"“{graph.steps[number].key}” could start before anything tells its {name}; "
                        "let a step that yields it come first."
                    )
                    graph.problems.append(Problem("provisional_unordered", message, _pointer(graph, body)))


def preceding(graph: Graph, number: int, wanted: set[int]) -> set[int]:
    """Which of the wanted steps come before this one; looks near by first and stops when it has them all."""
    found: set[int] = set()
    seen = {number}
    level = [number]
    while level and len(found) < len(wanted):
        above: list[int] = []
        for current in level:
            for first, _, _ in graph.into[current]:
                if first not in seen:
                    seen.add(first)
                    above.append(first)
                    if first in wanted:
                        found.add(first)
        level = above
    return found


def _yielders(graph: Graph) -> dict[str, Tellers]:
    yielders: dict[str, Tellers] = {}
    for step in graph.steps:
        for name in step.template.yields:
            yielders.setdefault(name, Tellers()).add(step)
    return yielders


def _decide(graph: Graph, step: Step, when: Condition, yielders: dict[str, Tellers], told: Told) -> None:
    tellers: dict[int, Step] = {}
    for name in sorted(when.names):
        for teller in _related(graph, step, yielders.get(name, _NOBODY)):
            tellers[teller.number] = teller
            step.reads[name] = (*step.reads.get(name, ()), teller.key)
    rows = [_context(when, step, told, [])]
    if tellers:
        rows = [_context(when, step, told, [tellers[number]]) for number in sorted(tellers)]
        if len({name for t in tellers.values() for name in t.template.yields if name in when.names}) > 1:
            rows = [_context(when, step, told, list(tellers.values()))]
    answers = [when.decide(row) for row in rows]
    step.decided = True if True in answers else None if None in answers else False
    step.when = _when_text(when, [tellers[number] for number in sorted(tellers)])
    if step.decided is None:
        missing = sorted(n for n in when.names if not step.reads.get(n) and all(n not in row for row in rows))
        for name in missing:
            message = (
                f"“{step.key}” asks for the fact “{name}”, but no step before it tells it; "
                "give the fact, or link a step that yields it."
            )
            graph.problems.append(Problem("fact_untold", message, _pointer(graph, step.body)))


def _related(graph: Graph, step: Step, tellers: Tellers) -> list[Step]:
    """Tellers that come before: of the same line, else of the same bundle, else whichever."""
    if not tellers.every:
        return []
    tiers: Iterable[list[Step]] = (
        _of(tellers.by_line, step.body.lines),
        _of(tellers.by_bundle, step.body.around),
        tellers.every,
    )
    for tier in tiers:
        if tier:
            found = preceding(graph, step.number, {y.number for y in tier})
            if found:
                return [y for y in tier if y.number in found]
    return []


def _of(steps: Mapping[str, list[Step]], names: Iterable[str]) -> list[Step]:
    """The steps under these names, each once, in the order of the steps."""
    found = {id(step): step for name in names for step in steps.get(name, ())}
    return sorted(found.values(), key=attrgetter("number"))


def _context(when: Condition, step: Step, told: Told, tellers: list[Step]) -> dict[str, Scalar]:
    context: dict[str, Scalar] = {}
    for name in when.names:
        for teller in [*(t for t in tellers if name in t.template.yields), step]:
            known, value = _told_by(told, name, teller)
            if known:
                context[name] = value
                break
    return context


def _told_by(told: Told, name: str, step: Step) -> tuple[bool, Scalar]:
    own = () if step.body.name == "order" else step.body.lines
    for about in (step.key, step.body.key, *own, ""):
        if (name, about) in told:
            return True, told[name, about]
    return False, None


def _when_text(when: Condition, tellers: list[Step]) -> str:
    """The condition in the names under which the process keeps the facts."""
    texts = [renamed(when.text, teller.facts_as) for teller in tellers]
    unique = list(dict.fromkeys(texts)) or [when.text]
    return unique[0] if len(unique) == 1 else " or ".join(f"({text})" for text in unique)


def _pointer(graph: Graph, body: Body) -> str:
    return f"/items/{graph.items[body.lines[0]].position}" if body.lines else ""
