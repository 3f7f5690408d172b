"""Reading an expression: text to tokens to a typed tree, with the column of every mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NoReturn, cast

from orderloom.feel.minimal_tree import (
    Among,
    Arithmetic,
    Both,
    Bound,
    Calculate,
    Choose,
    Compare,
    Comparison,
    Constant,
    Either,
    Expression,
    Name,
    Not,
    Range,
)

MAX_LENGTH = 2_000
MAX_DEPTH = 40
MAX_TERMS = 500
MAX_DIGITS = 34
WORDS = frozenset({"and", "or", "not", "in", "between", "if", "then", "else", "true", "false", "null"})
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>\d+(?:\.(?!\.)\d+)?|\.\d+)
      | (?P<text>"(?:[^"\\\n]|\\.)*")
      | (?P<name>[^\W\d]\w*(?:\.(?!\.)[^\W\d]\w*)*)
      | (?P<sign>\.\.|!=|<=|>=|\*\*|[=<>+\-*/()\[\],])
    """,
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}

Kind = Literal["number", "text", "name", "word", "sign", "end"]


class ConditionError(ValueError):
    """Text that is not an expression; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"Column {column}: {message}")
        self.message = message
        self.column = column


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text."""

    kind: Kind
    text: str
    column: int


def parse_tree(text: str) -> Expression:
    """Read the whole text as one expression, or raise `ConditionError`."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(f"A condition has at most {MAX_LENGTH} characters; shorten it.", MAX_LENGTH + 1)
    return _Reader(_tokens(text)).whole()


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            _refuse_character(text, place)
        kind = match.lastgroup
        if kind != "space":
            found = match.group()
            tokens.append(Token("word" if found in WORDS else cast(Kind, kind), found, place + 1))
        place = match.end()
    tokens.append(Token("end", "", len(text) + 1))
    return tokens


def _refuse_character(text: str, place: int) -> NoReturn:
    character = text[place]
    if character == '"':
        raise ConditionError("The text in quotes has no end; close it on the same line.", place + 1)
    if character == "'":
        raise ConditionError('Texts stand in double quotes, as in "jumpered".', place + 1)
    if character in "&|!":
        raise ConditionError("Write “and”, “or”, “not(...)” or “!=” here.", place + 1)
    raise ConditionError(f"The character “{character}” has no meaning here; remove it.", place + 1)


class _Reader:
    """Recursive descent over the tokens; every level of nesting is counted."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Expression:
        if not self._now.text:
            raise ConditionError("The condition is empty; write one or leave the field out.", 1)
        result = self._expression()
        if self._now.text:
            self._unexpected("The condition should end here, or go on with “and” or “or”")
        return result

    @property
    def _now(self) -> Token:
        return self._tokens[self._place]

    def _take(self) -> Token:
        token = self._tokens[self._place]
        self._place += 1
        return token

    def _accept(self, *texts: str) -> Token | None:
        token = self._now
        if token.kind in ("sign", "word") and token.text in texts:
            self._place += 1
            return token
        return None

    def _expect(self, text: str, why: str) -> None:
        if self._accept(text) is None:
            self._unexpected(f"“{text}” is missing {why}")

    def _unexpected(self, message: str) -> NoReturn:
        token = self._now
        if token.text == "=" and self._place and self._tokens[self._place - 1].text == "=":
            raise ConditionError("Write a single “=” to compare.", token.column)
        found = f"; found “{token.text}”" if token.text else ""
        raise ConditionError(f"{message}{found}.", token.column)

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError(f"Nested more than {MAX_DEPTH} deep; split the condition.", self._now.column)
        result = self._choice() if self._accept("if") else self._either()
        self._depth -= 1
        return result

    def _choice(self) -> Expression:
        condition = self._expression()
        self._expect("then", "after the condition of “if”")
        then = self._expression()
        self._expect("else", "after “then”")
        return Choose(condition, then, self._expression())

    def _either(self) -> Expression:
        left = self._both()
        while self._accept("or"):
            left = Either(left, self._counted(self._both))
        return left

    def _both(self) -> Expression:
        left = self._comparison()
        while self._accept("and"):
            left = Both(left, self._counted(self._comparison))
        return left

    def _counted(self, read: Callable[[], Expression]) -> Expression:
        # A long flat chain makes a deep tree to the left; this bounds it as depth bounds brackets.
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise ConditionError(f"More than {MAX_TERMS} terms; split the condition.", self._now.column)
        return read()

    def _comparison(self) -> Expression:
        left = self._sum()
        if (token := self._now).kind == "sign" and token.text in _COMPARISONS:
            self._place += 1
            return Compare(cast(Comparison, token.text), left, self._sum())
        if self._accept("between"):
            low = self._sum()
            self._expect("and", "between the two ends of “between”")
            return Among(left, (Range(low, self._sum(), True, True),))
        if self._accept("in"):
            return Among(left, self._tests())
        return left

    def _tests(self) -> tuple[Expression | Range | Bound, ...]:
        if self._now.text == "(" and not self._is_range():
            self._take()
            tests = [self._test()]
            while self._accept(","):
                tests.append(self._counted_test())
            self._expect(")", "after the list of values")
            return tuple(tests)
        return (self._test(),)

    def _counted_test(self) -> Expression | Range | Bound:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise ConditionError(f"More than {MAX_TERMS} values; split the condition.", self._now.column)
        return self._test()

    def _is_range(self) -> bool:
        depth = 0
        for token in self._tokens[self._place :]:
            if token.kind != "sign":
                continue
            if token.text in "([" and depth >= 0:
                depth += 1
            elif token.text in ")]":
                depth -= 1
                if depth == 0:
                    return False
            elif depth == 1 and token.text == "..":
                return True
            elif depth == 1 and token.text == ",":
                return False
        return False

    def _test(self) -> Expression | Range | Bound:
        token = self._now
        if token.kind == "sign" and token.text in _COMPARISONS:
            self._take()
            return Bound(cast(Comparison, token.text), self._sum())
        if token.text in ("[", "]") or (token.text == "(" and self._is_range()):
            return self._range()
        return self._sum()

    def _range(self) -> Range:
        low_included = self._take().text == "["
        low = self._sum()
        self._expect("..", "between the two ends of a range")
        high = self._sum()
        closing = self._accept("]", ")", "[")
        if closing is None:
            self._unexpected("“]” or “)” is missing at the end of a range")
        return Range(low, high, low_included, closing.text == "]")

    def _sum(self) -> Expression:
        left = self._product()
        while token := self._accept("+", "-"):
            left = Calculate(cast(Arithmetic, token.text), left, self._counted(self._product))
        return left

    def _product(self) -> Expression:
        left = self._power()
        while token := self._accept("*", "/"):
            left = Calculate(cast(Arithmetic, token.text), left, self._counted(self._power))
        return left

    def _power(self) -> Expression:
        left = self._signed()
        while self._accept("**"):
            left = Calculate("**", left, self._counted(self._signed))
        return left

    def _signed(self) -> Expression:
        negative = False
        while self._accept("-"):
            negative = not negative
        inner = self._primary()
        return Calculate("-", Constant(Decimal(0)), inner) if negative else inner

    def _primary(self) -> Expression:
        token = self._take()
        match token.kind:
            case "number":
                return self._number(token)
            case "text":
                return Constant(_unescaped(token))
            case "name":
                return self._name(token)
            case "word" if token.text in ("true", "false", "null"):
                return Constant({"true": True, "false": False, "null": None}[token.text])
            case "word" if token.text == "not":
                return Not(self._negated())
        if token.text == "(":
            inner = self._expression()
            self._expect(")", "to close the bracket")
            return inner
        self._place -= 1
        self._unexpected("A value or a name is missing here")

    def _number(self, token: Token) -> Constant:
        if len(token.text) > MAX_DIGITS:
            raise ConditionError(f"A number has at most {MAX_DIGITS} digits.", token.column)
        return Constant(Decimal(token.text))

    def _name(self, token: Token) -> Name:
        if self._now.text == "(":
            raise ConditionError(f"The function “{token.text}” is not known here.", token.column)
        return Name(token.text)

    def _negated(self) -> Expression:
        if self._now.text == "(":
            self._take()
            inner = self._expression()
            self._expect(")", "to close “not(”")
            return inner
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError(f"Nested more than {MAX_DEPTH} deep; split the condition.", self._now.column)
        inner = self._comparison()
        self._depth -= 1
        return inner


def _unescaped(token: Token) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match.group(1) not in _ESCAPES:
            raise ConditionError(f"The escape “\\{match.group(1)}” is not known.", token.column + match.start() + 1)
        return _ESCAPES[match.group(1)]

    return re.sub(r"\\(.)", replaced, token.text[1:-1])


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The same expression with some of its names replaced."""
    result = text
    for token in reversed(_tokens(text)):
        if token.kind == "name" and token.text in names:
            start = token.column - 1
            result = result[:start] + names[token.text] + result[start + len(token.text) :]
    return result
