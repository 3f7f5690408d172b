"""Why: the value, what was read to get it, which rules matched, and which cell refused each of the others."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from orderloom.feel.compile import Inputs, compiled
from orderloom.feel.decide import program_of
from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.engine import Member
from orderloom.feel.dmn.model import Model
from orderloom.feel.dmn.session import DecisionTrace, Session
from orderloom.feel.emit import Options
from orderloom.feel.language import Values
from orderloom.feel.limits import STANDARD, FeelLimit, Limits
from orderloom.feel.literal import literal
from orderloom.feel.parse import STANDARD_SCOPE, parse_expression
from orderloom.feel.run import Run
from orderloom.feel.scope import scope_of
from orderloom.feel.table import Table
from orderloom.feel.trace import Refusal, RuleTrace, TableTrace, TracedRun
from orderloom.feel.tree import Expression
from orderloom.feel.values import Callee, outward


@dataclass(frozen=True, slots=True)
class Explanation:
    """The evidence of one evaluation; the same question over the same inputs gives the same evidence.

    `inputs` are only those that were read, so that a change of any other leaves the evidence as it is. `decisions`
    are those that the goal read, what is needed first; `tables` those of a table or of knowledge asked alone.
    """

    value: object
    inputs: Mapping[str, object]
    tables: tuple[TableTrace, ...] = ()
    decisions: tuple[DecisionTrace, ...] = ()
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """The same for storing: every value as a literal of FEEL."""
        return {
            "value": literal(self.value),
            "inputs": _literals(self.inputs),
            "tables": [_table(table) for table in self.tables],
            "decisions": [
                {
                    "decision": trace.name,
                    "value": literal(trace.value),
                    "read": _literals(trace.read),
                    "tables": [_table(table) for table in trace.tables],
                    "problems": list(trace.problems),
                }
                for trace in self.decisions
            ],
            "problems": list(self.problems),
        }


def explain(
    what: str | Expression | Table | Model,
    context: Mapping[str, object] | str | None = None,
    decision: str | Mapping[str, object] | None = None,
    *,
    now: std.datetime | None = None,
    limits: Limits = STANDARD,
) -> Explanation:
    """Evaluate, slowly, and tell why: as `evaluate`, with the same arguments, value and refusals."""
    given, decision = asked(context, decision)
    run = TracedRun(limits, now=now, notes=[])
    run.tables = []
    if isinstance(what, Model):
        return _of_model(what, given, decision, run)
    inputs = Inputs(given)
    if isinstance(what, Table):
        value = run.traced(program_of(what), cast(Values, inputs))
    else:
        scope = scope_of(given, outer=STANDARD_SCOPE)
        tree = parse_expression(what, scope, limits=limits) if isinstance(what, str) else what
        value = compiled(tree, Options(known=frozenset(given), notes=True))(inputs, run)
    read = {name: value for name, value in inputs.items() if name in given}
    return Explanation(outward(value), _outward(read), _tables(run), (), _problems(run))


def asked(
    context: Mapping[str, object] | str | None, decision: str | Mapping[str, object] | None
) -> tuple[Mapping[str, object], str | None]:
    """The inputs and the name of a decision, which may also stand before them."""
    if isinstance(context, str) or isinstance(decision, Mapping):
        context, decision = decision, context
    assert not isinstance(context, str) and not isinstance(decision, Mapping), "one name and one context"
    return context or {}, decision


def decided_in(model: Model, context: Mapping[str, object], *, decision: str | None, run: Run) -> object:
    """The value of a decision, a decision service or a knowledge model, by its name or id.

    Without one it is a context of the values of all decisions. `LookupError` if the model has none of that name.
    """
    goal = _goal(model, decision)
    session = Session(model.engine, context, run)
    try:
        if goal is not None:
            return outward(session.called(goal))
        members = [m for m in model.engine.members.values() if isinstance(m.node, boxed.Decision)]
        return {member.name: outward(session.value(member)) for member in members}
    except RecursionError:
        raise FeelLimit("recursion", "The evaluation goes too deep.") from None


def _goal(model: Model, decision: str | None) -> Member | None:
    if decision is None:
        return None
    goal = model.engine.find(decision)
    if goal is None:
        raise LookupError(f"The model “{model.name}” has no decision “{decision}”.")
    return goal


def _of_model(model: Model, context: Mapping[str, object], decision: str | None, run: TracedRun) -> Explanation:
    session = Session(model.engine, context, run)
    goal = _goal(model, decision)
    if goal is not None:
        goals = [goal]
        value = session.called(goal)
    else:
        goals = [m for m in model.engine.members.values() if isinstance(m.node, boxed.Decision)]
        value = {member.name: session.value(member) for member in goals}
    reached = _reached(session, goals)
    seen = [(member, trace) for member, trace in session.traces.items() if member in reached]
    inputs = {member.name: trace.value for member, trace in seen if isinstance(member.node, boxed.InputData)}
    if goal is not None and not isinstance(goal.node, boxed.Decision | boxed.InputData):
        function = session.value(goal)
        names = function.parameters if isinstance(function, Callee) else ()
        inputs |= {name: context[name] for name in names if name in context}
    decisions = tuple(_shown(trace) for member, trace in seen if isinstance(member.node, boxed.Decision))
    problems = (*(problem for _, trace in seen for problem in trace.problems), *_problems(run))
    return Explanation(outward(value), _outward(inputs), _tables(run), decisions, problems)


def _reached(session: Session, goals: list[Member]) -> set[Member]:
    """What the goals read, and what that read; a service that was read brings all that it worked out."""
    reached: set[Member] = set()
    pending = list(goals)
    while pending:
        member = pending.pop()
        if member in reached:
            continue
        reached.add(member)
        if isinstance(member.node, boxed.Service):
            pending += [inner for inner in session.traces if inner in session.within.get(member, ())]
        trace = session.traces.get(member)
        bindings = member.engine.bindings(member.node)
        if trace is not None and isinstance(member.node, boxed.Decision):
            bindings = [b for b in bindings if (b.prefix or b.member.name) in trace.read]
        pending += [binding.member for binding in bindings]
    return reached


def _shown(trace: DecisionTrace) -> DecisionTrace:
    read = {name: value for name, value in trace.read.items() if not isinstance(value, Callee)}
    tables = tuple(_shown_table(table) for table in trace.tables)
    return DecisionTrace(trace.name, outward(trace.value), _outward(read), tables, trace.problems)


def _shown_table(table: TableTrace) -> TableTrace:
    rules = tuple(RuleTrace(trace.rule, _shown_refusal(trace.refusal)) for trace in table.rules)
    return TableTrace(table.name, outward(table.value), rules)


def _shown_refusal(refusal: Refusal | None) -> Refusal | None:
    return replace(refusal, value=outward(refusal.value)) if refusal is not None else None


def _tables(run: TracedRun) -> tuple[TableTrace, ...]:
    return tuple(_shown_table(table) for table in run.tables)


def _problems(run: Run) -> tuple[str, ...]:
    return tuple(sentence for _, sentence in run.notes or ())


def _outward(values: Mapping[str, object]) -> dict[str, object]:
    return {name: outward(values[name]) for name in sorted(values)}


def _literals(values: Mapping[str, object]) -> dict[str, str]:
    return {name: literal(value) for name, value in values.items()}


def _table(table: TableTrace) -> dict[str, object]:
    rules: list[dict[str, object]] = []
    for trace in table.rules:
        refusal = trace.refusal
        if refusal is None:
            rules.append({"rule": trace.rule, "matched": True})
            continue
        refused = {"input": refusal.expression, "cell": refusal.cell, "value": literal(refusal.value)}
        rules.append({"rule": trace.rule, "matched": False, "refused": refused})
    return {"table": table.name, "value": literal(table.value), "rules": rules}
