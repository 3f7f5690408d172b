"""Reading FEEL: text to tokens to a typed tree, with the line and column of every mistake."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import cast

from orderloom.feel.lex import text_of
from orderloom.feel.limits import STANDARD, FeelError, FeelLimit, Limits, placed
from orderloom.feel.names import BUILTIN_NAMES, BUILTIN_TYPES
from orderloom.feel.operators import number_of
from orderloom.feel.reader import COMPARISONS, Reader
from orderloom.feel.scope import Scope
from orderloom.feel.times import temporal
from orderloom.feel.tree import (
    Among,
    Argument,
    Arithmetic,
    Between,
    Both,
    Bound,
    Calculate,
    Call,
    Choose,
    Compare,
    Comparison,
    Constant,
    Either,
    Entries,
    Entry,
    Expression,
    Filter,
    For,
    Function,
    InstanceOf,
    Interval,
    Items,
    Iteration,
    Name,
    Negate,
    Parameter,
    Path,
    Quantified,
    Quantifier,
    Span,
    Test,
    Tests,
    TypeName,
)

STANDARD_SCOPE = Scope(BUILTIN_NAMES, types=BUILTIN_TYPES)
_LITERALS = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_TEXT = re.compile(r'"[^"\\]*"')
# Binding strength, from the loosest; the standard's order (clause 10.3.1.2, rule 2 and below).
_OR, _AND, _COMPARE, _SUM, _PRODUCT, _POWER, _NEGATE, _INSTANCE = range(1, 9)
_STRENGTH = {
    "or": _OR, "and": _AND, "=": _COMPARE, "!=": _COMPARE, "<": _COMPARE, "<=": _COMPARE, ">": _COMPARE, ">=": _COMPARE,
    "between": _COMPARE, "in": _COMPARE, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER,
    "instance": _INSTANCE,
}  # fmt: skip


def parse_expression(text: str, scope: Scope = STANDARD_SCOPE, *, limits: Limits = STANDARD) -> Expression:
    """Read the whole text as one expression, or raise `FeelError`.

    Names with spaces or signs are read as the scope knows them, the longest first; the scope should have
    `STANDARD_SCOPE` outside. A name that it does not know is the whole run of words.
    """
    simple = _simple(text, limits)
    return simple if simple is not None else _Reader(text, scope, limits).whole()


def parse_tests(text: str, scope: Scope = STANDARD_SCOPE, *, limits: Limits = STANDARD) -> Tests:
    """Read the whole text as unary tests: `-`, `not(...)`, or tests separated by commas, where `?` is the value."""
    simple = _simple(text, limits)
    return Tests((simple,)) if simple is not None else _Reader(text, scope, limits).whole_tests()


def parse_type(text: str, scope: Scope = STANDARD_SCOPE, *, limits: Limits = STANDARD) -> TypeName:
    """Read the whole text as the name of a type, such as `list<number>`."""
    return _Reader(text, scope, limits).whole_type()


def _simple(text: str, limits: Limits) -> Constant | None:
    """Most cells of tables are one number or one text; those need no reader."""
    stripped = text.strip()
    if len(text) <= min(limits.characters, 1_000):
        if _TEXT.fullmatch(stripped):
            return Constant(stripped[1:-1])
        if _NUMBER.fullmatch(stripped) and stripped[0] != "-":
            return Constant(number_of(stripped))
    return None


class _Reader(Reader):
    """Precedence climbing over the tokens; every level of nesting is counted."""

    def whole(self) -> Expression:
        if self._now.kind == "end":
            raise FeelError("The expression is empty; write one or leave the field out.")
        result = self._expression()
        self._expect_end("The expression should end here, or go on with “and” or “or”")
        return result

    def whole_tests(self) -> Tests:
        first = self._now
        if first.kind == "end":
            raise FeelError("The cell is empty; write “-” where every value passes.")
        if first.text == "-" and self._tokens[1].kind == "end":
            return Tests((), anything=True)
        if first.text == "not" and self._peek_sign(1, "(") and (negated := self._negated_tests()) is not None:
            return negated
        tests = self._tests()
        self._expect_end("The tests should end here, or go on after a comma")
        return Tests(tests)

    def _negated_tests(self) -> Tests | None:
        """The tests within `not(...)` if that is the whole cell; it may also begin an expression."""
        try:
            self._place = 2
            tests = self._tests()
            self._expect(")", "to close “not(”")
            self._expect_end("The tests should end here")
        except FeelError:
            self._place = self._depth = self._filters = self._range_ends = 0
            return None
        return Tests(tests, negated=True)

    # Expressions

    def _expression(self, strength: int = _OR) -> Expression:
        self._depth += 1
        if self._depth > self._limits.depth:
            raise FeelLimit(
                "depth",
                f"Nested more than {self._limits.depth} deep; split the expression.",
                **placed(self._text, self._now.at),
            )
        result = self._climbed(self._operand(), strength)
        self._depth -= 1
        return result

    def _climbed(self, result: Expression, strength: int) -> Expression:
        links = 0
        while (found := self._operator_strength()) >= strength:
            # Sums and products of any length are folded; every other chain is a tree as deep as it is long.
            links += found not in (_OR, _AND, _SUM, _PRODUCT, _POWER)
            self._refuse_chain(links)
            result = self._operation(result, found)
        return result

    def _operator_strength(self) -> int:
        token = self._tokens[self._place]
        return _STRENGTH.get(token.text, 0) if token.kind in ("sign", "word") else 0

    def _operation(self, left: Expression, strength: int) -> Expression:
        token = self._take()
        sign, at = token.text, token.at
        match strength:
            case 1 | 2:
                return self._junction(left, sign, at)
            case 3 if sign == "between":
                low = self._expression(_SUM)
                self._expect("and", "between the two ends of “between”")
                return Between(left, low, self._expression(_SUM), at=at)
            case 3 if sign == "in":
                return Among(left, self._listed_tests(), at=at)
            case 3:
                return Compare(cast(Comparison, sign), left, self._expression(_SUM), at=at)
            case 8:
                self._expect("of", "after “instance”")
                return InstanceOf(left, self._type(), at=at)
        return Calculate(cast(Arithmetic, sign), left, self._expression(strength + 1), at=at)

    def _junction(self, left: Expression, sign: str, at: int) -> Expression:
        strength = _STRENGTH[sign]
        terms = [left, self._expression(strength + 1)]
        while self._accept(sign):
            terms.append(self._expression(strength + 1))
        return Both(tuple(terms), at=at) if sign == "and" else Either(tuple(terms), at=at)

    def _operand(self) -> Expression:
        token = self._now
        if token.kind == "sign":
            if token.text == "-":
                return self._negation()
            return self._postfixed(self._bracketed())
        if token.kind == "word" and token.text in ("if", "for", "some", "every", "function") and not self._is_name():
            return self._construct()
        return self._postfixed(self._primary())

    def _negation(self) -> Expression:
        at = self._take().at
        inner = self._expression(_NEGATE)
        if isinstance(inner, Constant) and isinstance(inner.value, Decimal) and inner.value and inner.at == at + 1:
            return Constant(-inner.value, at=at)
        return Negate(inner, at=at)

    def _construct(self) -> Expression:
        token = self._take()
        match token.text:
            case "if":
                condition = self._expression()
                self._expect("then", "after the condition of “if”")
                then = self._expression()
                self._expect("else", "after “then”")
                return Choose(condition, then, self._expression(), at=token.at)
            case "function":
                return self._postfixed(self._function(token.at))
        outer = self._scope
        iterations = self._iterations()
        try:
            if token.text == "for":
                self._expect("return", "after the lists of “for”")
                self._scope = Scope(("partial",), outer=self._scope)
                return For(iterations, self._expression(), at=token.at)
            self._expect("satisfies", f"after the lists of “{token.text}”")
            return Quantified(cast(Quantifier, token.text), iterations, self._expression(), at=token.at)
        finally:
            self._scope = outer

    def _iterations(self) -> tuple[Iteration, ...]:
        found: list[Iteration] = []
        while True:
            at = self._now.at
            name = self._new_name("in")
            self._expect("in", "after the name")
            source = self._expression()
            if self._accept(".."):
                found.append(Iteration(name, Span(source, self._expression(), at=source.at), at=at))
            else:
                found.append(Iteration(name, source, at=at))
            self._scope = Scope((name,), outer=self._scope)
            if not self._accept(","):
                return tuple(found)

    def _function(self, at: int) -> Function:
        self._expect("(", "after “function”")
        parameters: list[Parameter] = []
        while not self._accept(")"):
            if parameters:
                self._expect(",", "between the parameters")
            start = self._now.at
            name = self._new_name(",", ":", ")")
            kind = self._type() if self._accept(":") else None
            parameters.append(Parameter(name, kind, at=start))
        outer = self._scope
        self._scope = Scope((parameter.name for parameter in parameters), outer=outer)
        external = self._now.text == "external" and not self._is_name() and self._accept("external") is not None
        body = self._expression()
        self._scope = outer
        return Function(tuple(parameters), body, external, at=at)

    # Brackets

    def _bracketed(self) -> Expression:
        token = self._take()
        match token.text:
            case "(":
                return self._parenthesized(token.at)
            case "[":
                return self._list_or_interval(token.at)
            case "]":
                low = self._expression()
                return self._interval(low, low_included=False, at=token.at)
            case "{":
                return self._context(token.at)
            case "@" if self._now.kind == "text":
                return Constant(temporal(text_of(self._take().text)), at=token.at)
        self._place -= 1
        self._unexpected("A value or a name is missing here")

    def _parenthesized(self, at: int) -> Expression:
        if self._now.text in COMPARISONS and self._now.kind == "sign":
            bound = self._bound()
            self._expect(")", "to close the bracket")
            return bound
        inner = self._inner()
        if self._now.text == "..":
            return self._interval(inner, low_included=False, at=at)
        self._expect(")", "to close the bracket")
        return inner

    def _inner(self) -> Expression:
        """An expression in brackets, where an outer range's end has no say about “[”."""
        ends, self._range_ends = self._range_ends, 0
        result = self._expression()
        self._range_ends = ends
        return result

    def _list_or_interval(self, at: int) -> Expression:
        if not self._opens_range(self._place) and self._accept("]"):
            return Items((), at=at)
        items = [self._inner()]
        if self._now.text == "..":
            return self._interval(items[0], low_included=True, at=at)
        while self._accept(","):
            items.append(self._inner())
        self._expect("]", "to close the list")
        return Items(tuple(items), at=at)

    def _opens_range(self, place: int) -> bool:
        """Whether a “]” begins a range: what follows it could not follow a list."""
        if self._tokens[place].text != "]":
            return False
        after = self._tokens[place + 1]
        return after.kind in ("number", "text") or after.text == "@" or self._runs_on(place + 1)

    def _interval(self, low: Expression, *, low_included: bool, at: int) -> Expression:
        self._expect("..", "between the two ends of a range")
        self._range_ends += 1
        high = self._expression()
        self._range_ends -= 1
        closing = self._accept("]", ")", "[")
        if closing is None:
            self._unexpected("“]” or “)” is missing at the end of a range")
        return Interval(low, high, low_included, closing.text == "]", at=at)

    def _context(self, at: int) -> Expression:
        entries: list[Entry] = []
        outer = self._scope
        self._scope = Scope(outer=outer)
        while not self._accept("}"):
            if entries:
                self._expect(",", "between the entries")
            start = self._now.at
            key = text_of(self._take().text) if self._now.kind == "text" else self._new_name(":")
            if any(entry.key == key for entry in entries):
                self._refuse(f"The context has two entries “{key[:40]}”; rename one.")
            self._expect(":", "after the name of the entry")
            entries.append(Entry(key, self._inner(), at=start))
            self._scope.add_name(key)
            self._own.add_member(key)
        self._scope = outer
        return Entries(tuple(entries), at=at)

    # Names, calls, paths, filters

    def _primary(self) -> Expression:
        token = self._now
        if token.kind == "number":
            self._place += 1
            return Constant(number_of(token.text), at=token.at)
        if token.kind == "text":
            self._place += 1
            return Constant(text_of(token.text), at=token.at)
        if token.kind != "word":
            self._unexpected("A value or a name is missing here")
        if token.text in _LITERALS and not self._is_name():
            self._place += 1
            return Constant(_LITERALS[token.text], at=token.at)
        return Name(self._known_name(), at=token.at)

    def _postfixed(self, result: Expression) -> Expression:
        links = 0
        while True:
            token = self._now
            self._refuse_chain(links)
            links += 1
            if token.kind != "sign" or token.text not in (".", "[", "("):
                return result
            if token.text == ".":
                self._place += 1
                result = Path(result, self._member(), at=token.at)
            elif token.text == "(":
                result = Call(result, self._arguments(), at=result.at)
            elif self._range_ends and self._closes_range():
                return result
            else:
                self._place += 1
                self._filters += 1
                condition = self._inner()
                self._filters -= 1
                self._expect("]", "to close the filter")
                result = Filter(result, condition, at=token.at)

    def _closes_range(self) -> bool:
        """Whether this “[” ends an open range: nothing that could begin an expression follows it."""
        after = self._tokens[self._place + 1]
        if after.kind == "sign":
            return after.text not in ("(", "[", "{", "@", "-", "]")
        return after.kind == "end" or after.text in (
            "and",
            "or",
            "then",
            "else",
            "return",
            "satisfies",
            "in",
            "between",
        )

    def _arguments(self) -> tuple[Argument, ...]:
        self._take()
        found: list[Argument] = []
        named = self._is_named()
        while not self._accept(")"):
            if found:
                self._expect(",", "between the arguments")
            at = self._now.at
            name = None
            if named:
                name = self._new_name(":")
                self._expect(":", "after the name of the argument")
            if self._now.kind == "sign" and self._now.text in COMPARISONS:
                found.append(Argument(self._bound(), name, at=at))
            else:
                found.append(Argument(self._inner(), name, at=at))
        return tuple(found)

    # Tests and types

    def _tests(self) -> tuple[Test, ...]:
        found = [self._test()]
        while self._accept(","):
            found.append(self._test())
        return tuple(found)

    def _listed_tests(self) -> tuple[Test, ...]:
        """What stands after `in`: one test, or several in brackets.

        A bracket may also open a range, as in `(1..5]`, or an expression, as in `(a + b) * c`.
        """
        if not self._peek_sign(0, "("):
            return (self._test(_SUM),)
        at = self._take().at
        ends, self._range_ends = self._range_ends, 0
        first = self._test()
        found = [first]
        if self._now.text == ".." and not isinstance(first, Bound):
            found = [self._interval(first, low_included=False, at=at)]
        else:
            while self._accept(","):
                found.append(self._test())
            self._expect(")", "after the list of values")
        self._range_ends = ends
        if len(found) == 1:
            return (self._climbed(self._postfixed(found[0]), _SUM),)
        return tuple(found)

    def _test(self, strength: int = _OR) -> Test:
        if self._now.kind == "sign" and self._now.text in COMPARISONS:
            return self._bound()
        return self._expression(strength)

    def _bound(self) -> Bound:
        token = self._take()
        return Bound(cast(Comparison, token.text), self._expression(_SUM), at=token.at)
