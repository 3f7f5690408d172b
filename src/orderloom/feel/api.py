"""The functions of the room: evaluate, and check, whatever was written in FEEL."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from decimal import InvalidOperation
from functools import lru_cache
from typing import overload

from orderloom.feel.compile import Compiled, Inputs, compiled
from orderloom.feel.decide import decided
from orderloom.feel.dmn.check import check_model
from orderloom.feel.dmn.model import Model
from orderloom.feel.emit import Options
from orderloom.feel.evidence import asked, decided_in
from orderloom.feel.findings import check_table
from orderloom.feel.limits import STANDARD, FeelError, Limits, placed
from orderloom.feel.mistakes import Mistake
from orderloom.feel.parse import STANDARD_SCOPE, parse_expression
from orderloom.feel.quick import SLOW
from orderloom.feel.run import Run
from orderloom.feel.scope import Scope, members_of
from orderloom.feel.soundness import Soundness
from orderloom.feel.table import Table
from orderloom.feel.tree import Expression, Tests
from orderloom.feel.types import ANY, Type
from orderloom.feel.values import outward

_UNUSUAL = (KeyError, InvalidOperation)
"""What a quick table raises over an input that is not there, or is no number."""


@overload
def evaluate(
    what: Model, context: str, decision: Mapping[str, object] | None = None, *, now: std.datetime | None = None,
    limits: Limits = STANDARD,
) -> object: ...  # fmt: skip


@overload
def evaluate(
    what: str | Expression | Table | Model, context: Mapping[str, object] | None = None, decision: str | None = None,
    *, now: std.datetime | None = None, limits: Limits = STANDARD,
) -> object: ...  # fmt: skip


def evaluate(
    what: str | Expression | Table | Model,
    context: Mapping[str, object] | str | None = None,
    decision: str | Mapping[str, object] | None = None,
    *,
    now: std.datetime | None = None,
    limits: Limits = STANDARD,
) -> object:
    """The value of an expression, of a table, or of a model's decision, service or knowledge by its name or id.

    Errors inside FEEL give null, as the standard says. A text that is not FEEL raises `FeelError` with its line and
    column, a table with mistakes `Mistaken` with all of them, and what would cost too much `FeelLimit`. A model without
    a decision gives all its decisions by name; the decision may also stand before the context. Values are None, bool,
    Decimal, str, `datetime`'s classes, `Months`, `Range`, lists and dicts; dates that `datetime` cannot hold are those
    of `orderloom.feel.values`.
    """
    if what.__class__ is Table and context.__class__ is dict and (quick := what.made.quick) is not None:
        try:
            found = quick(context)
        except _UNUSUAL:
            found = SLOW
        if found is not SLOW:
            return found
    given, decision = asked(context, decision)
    run = Run(limits, now=now)
    if isinstance(what, Table):
        return decided(what, given, run)
    if isinstance(what, Model):
        return decided_in(what, given, decision=decision, run=run)
    if isinstance(what, str):
        function = _compiled(what, tuple(sorted(given)), tuple(sorted(members_of(given))), limits)
    else:
        function = compiled(what, Options(known=frozenset(given)))
    return outward(function(Inputs(given), run))


def check(what: str | Expression | Table | Model, *, types: Mapping[str, Type] | None = None) -> list[Mistake]:
    """Every mistake, in the order of the text; for an expression, `types` are its names (none: any name may be one)."""
    if isinstance(what, Model):
        return check_model(what)
    if isinstance(what, Table):
        return check_table(what, types)
    if not isinstance(what, str):
        return wrongs_of(what, "", types)
    try:
        tree = parse_expression(what, Scope(types or (), outer=STANDARD_SCOPE))
    except FeelError as error:
        return [Mistake(error.line, error.column, "syntax", error.message)]
    return wrongs_of(tree, what, types)


def wrongs_of(
    tree: Expression | Tests, text: str, names: Mapping[str, Type] | None, *, types: Mapping[str, Type] | None = None
) -> list[Mistake]:
    """What is wrong with a tree of this text, by the types of the names and the named types."""
    soundness = Soundness(names, types or {})
    if isinstance(tree, Tests):
        soundness.tests(tree, ANY)
    else:
        soundness.expression(tree)
    found = [
        Mistake(place["line"], place["column"], wrong.code, wrong.sentence)
        for wrong in soundness.wrongs
        for place in (placed(text, wrong.at),)
    ]
    return sorted(found)


@lru_cache(maxsize=1024)
def _compiled(text: str, names: tuple[str, ...], members: tuple[str, ...], limits: Limits) -> Compiled:
    scope = Scope(names, members=members, outer=STANDARD_SCOPE)
    return compiled(parse_expression(text, scope, limits=limits), Options(known=frozenset(names)))
