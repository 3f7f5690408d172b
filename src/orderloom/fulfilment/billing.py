"""What is charged and what holds it back: gates, triggers, and the check that bundles are billed as they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orderloom.base.refusals import Problem
from orderloom.catalog.rules import Item
from orderloom.catalog.types import ChargeRule, Gate, StepName
from orderloom.fulfilment.graph import Body, Graph
from orderloom.fulfilment.roles import ANCHOR, lines_with_role
from orderloom.fulfilment.types import BundleBilling, Charge


def billing_of(graph: Graph) -> dict[str, BundleBilling]:
    """How each bundle of the order is billed, by its line."""
    found: dict[str, BundleBilling] = {}
    for line, body in graph.offered.items():
        billing = graph.catalogue.offerings[body.name].billing
        assert body.item is not None
        if billing is None or body.item.action not in ("add", "modify"):
            continue
        names = (billing.gate, billing.step, *billing.gates)
        absent = [name for name in names if name not in body.steps]
        if absent:
            message = f"The step “{absent[0]}” that bills line {line} is not in the plan; change its condition."
            graph.problems.append(Problem("gate_missing", message, f"/items/{body.item.position}"))
            continue
        keys = {name: f"{body.key}/{name}" for name in names}
        found[line] = BundleBilling(
            line, billing, keys[billing.gate], tuple(keys[gate] for gate in billing.gates), keys[billing.step]
        )
    return found


def charges_of(graph: Graph, billing: Mapping[str, BundleBilling]) -> tuple[tuple[Charge, ...], list[Problem]]:
    """Every charge with its gates; a charge that nothing holds back, or whose gate is missing, is a problem."""
    charges: list[Charge] = []
    problems = list(graph.problems)
    graph.problems.clear()
    numbers = {step.key: step.number for step in graph.steps}
    for item in graph.items.values():
        if item.action not in ("add", "modify"):
            continue
        bundle = next((billing[line] for line in (item.line, *item.bundles) if line in billing), None)
        for rule in graph.prepared.charges_of(item.product):
            found = _charge(graph, item, rule, bundle, numbers)
            if isinstance(found, Charge):
                charges.append(found)
            else:
                problems.append(found)
    return tuple(charges), problems


def _charge(
    graph: Graph, item: Item, rule: ChargeRule, bundle: BundleBilling | None, numbers: Mapping[str, int]
) -> Charge | Problem:
    own: dict[str, None] = {}
    for gate in rule.gates:
        keys = _gate_keys(graph, item, gate)
        if not keys and item.asset is not None:
            continue  # what the customer has already was delivered once
        if not keys:
            message = f"The gate “{gate.step}” of line {item.line}'s charge is not in the plan; mend the catalogue."
            return Problem("gate_missing", message, f"/items/{item.position}")
        own |= dict.fromkeys(keys)
    shared: tuple[str, ...] = ()
    is_independent = rule.is_independent or (bundle is not None and bundle.billing.policy == "independent" and own)
    if bundle is not None and not is_independent:
        shared = bundle.gates
    if not own and not shared:
        message = f"Nothing holds the charge for line {item.line} back; give it a gate, or sell it in its bundle."
        return Problem("charge_ungated", message, f"/items/{item.position}")
    gates = tuple(sorted({*own, *shared}, key=numbers.__getitem__))
    trigger = bundle.gate if bundle is not None and shared else None
    outlasts = bundle is not None and bundle.billing.policy == "anchor" and _outlasts(graph, own, bundle, numbers)
    return Charge(
        line=item.line,
        rule=rule,
        gates=gates,
        own_gates=tuple(own),
        trigger=trigger,
        effective_steps=_effective(graph, item, rule, bundle, tuple(own)),
        by_itself=trigger is None or outlasts,
    )


def _outlasts(graph: Graph, own: Iterable[str], bundle: BundleBilling, numbers: Mapping[str, int]) -> bool:
    """Whether some of a charge's own gates may still be open when its bundle is billed."""
    return any(not _is_before(graph, numbers[key], numbers[bundle.step]) for key in own)


def _gate_keys(graph: Graph, item: Item, gate: Gate) -> list[str]:
    bodies: list[Body] = list(graph.by_line.get((gate.step.owner, item.line), ()))
    if gate.in_bundle or (not bodies and not gate.step.is_spec):
        bodies = list(graph.by_bundle.get((gate.step.owner, item.bundles[0]), ()))
    return [f"{body.key}/{gate.step.step}" for body in bodies if gate.step.step in body.steps]


def _effective(
    graph: Graph, item: Item, rule: ChargeRule, bundle: BundleBilling | None, own: tuple[str, ...]
) -> tuple[str, ...]:
    """The steps whose date makes the charge effective: named ones, else the charge's own gates."""
    named = rule.effective_step
    if isinstance(named, StepName):
        keys = _gate_keys(graph, item, Gate(named)) or _gate_keys(graph, item, Gate(named, in_bundle=True))
        return tuple(keys) or own
    if named is not None and bundle is not None:
        body = graph.offered[bundle.line]
        if named in body.steps:
            return (f"{body.key}/{named}",)
    return own or ((bundle.gate,) if bundle is not None else ())


def together_problems(graph: Graph, billing: Mapping[str, BundleBilling]) -> Iterator[Problem]:
    """Policy `together` is checked: every mandatory step of the bundle must be finished before it is billed."""
    together = {line: b for line, b in billing.items() if b.billing.policy == "together"}
    if not together:
        return
    numbers = {step.key: step.number for step in graph.steps}
    member = [
        frozenset(line for line in step.body.around if line in together) if step.body.name != "order" else frozenset()
        for step in graph.steps
    ]
    finished = _finishing_before(graph, {numbers[b.step]: line for line, b in together.items()}, member)
    after = {line: _reachable(graph, numbers[b.step]) for line, b in together.items()}
    for step in graph.steps:
        if step.template.optional:
            continue
        for line in sorted(member[step.number] - finished[step.number]):
            if step.number in after[line] or _is_before(graph, step.number, numbers[together[line].step]):
                continue
            item = graph.items[line]
            message = (
                f"“{step.key}” need not be complete when line {line} is billed, although its policy is together; "
                "give it a signal, or make it optional."
            )
            yield Problem("billed_too_early", message, f"/items/{item.position}")


def anchor_problems(graph: Graph, billing: Mapping[str, BundleBilling]) -> Iterator[Problem]:
    """Policy `anchor` is checked: the mandatory steps behind the main part come before the bundle's billing.

    What is behind other parts only may come later.
    """
    numbers = {step.key: step.number for step in graph.steps}
    for line, found in billing.items():
        if found.billing.policy != "anchor":
            continue
        pointer = f"/items/{graph.items[line].position}"
        lines = lines_with_role(graph.items, line, ANCHOR)
        if not lines:
            message = f"Line {line} is billed when its anchor is live, but no part has that role; order one that has."
            yield Problem("anchor_missing", message, pointer)
            continue
        bill = numbers[found.step]
        after = _reachable(graph, bill)
        for step in graph.steps:
            if step.template.optional or step.body.name == "order" or lines.isdisjoint(step.body.lines):
                continue
            if step.number not in after and not _is_before(graph, step.number, bill):
                message = (
                    f"“{step.key}” need not be complete when line {line} is billed, although it is behind its anchor; "
                    "give it a signal that the gate waits for, or make it optional."
                )
                yield Problem("billed_too_early", message, pointer)


def _finishing_before(graph: Graph, bills: Mapping[int, str], member: list[frozenset[str]]) -> list[frozenset[str]]:
    """For each step, the bundles whose billing it surely precedes, looking along the bundle's own steps."""
    finished: list[frozenset[str]] = [frozenset()] * len(graph.steps)
    for number in range(len(graph.steps) - 1, -1, -1):
        own = member[number]
        if not own:
            continue
        reached: frozenset[str] = frozenset({bills[number]}) if number in bills else frozenset()
        for then, kind, _ in graph.out[number]:
            if kind in ("FS", "FF") and len(reached) < len(own):
                reached |= finished[then] & own
        finished[number] = reached
    return finished


def _reachable(graph: Graph, number: int) -> set[int]:
    """A step and what comes after it."""
    found = {number}
    pending = [number]
    while pending:
        for then, _, _ in graph.out[pending.pop()]:
            if then not in found:
                found.add(then)
                pending.append(then)
    return found


def _is_before(graph: Graph, number: int, bill: int) -> bool:
    """Whether a step is finished before another starts, along any path; the exact and slower question."""
    pending = [(number, False)]
    seen = set(pending)
    while pending:
        current, is_start = pending.pop()
        if current == bill and current != number:
            return True
        for then, kind, _ in graph.out[current]:
            if current != number and not is_start and kind[0] == "S":
                continue
            if current == number and kind[0] == "S":
                continue
            state = (then, kind[1] == "S")
            if state not in seen:
                seen.add(state)
                pending.append(state)
    return False
