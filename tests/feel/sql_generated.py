"""Expressions, tests, tables and rows made at random, for holding FEEL in Python against FEEL in SQL."""

from __future__ import annotations

import datetime as std
from collections.abc import Callable
from decimal import Decimal

from hypothesis import strategies as st

from orderloom.feel.literal import quoted
from orderloom.feel.sql import Column

Text = st.SearchStrategy[str]
COLUMNS = {
    "amount": Column(("sample", "amount"), "numeric(12,2)"),
    "price": Column("price", "numeric(14,4)"),
    "any size": Column("any %size", "numeric"),
    "count": Column("count", "integer"),
    "segment": Column("segment", "text"),
    "customer.name": Column('customer "name"', "varchar"),
    "is new": Column("is new", "boolean"),
    "placed": Column("placed", "date"),
    "due": Column("due", "date"),
    "started": Column("started", "timestamp"),
    "seen": Column("seen", "timestamptz"),
    "effort": Column("effort", "interval"),
    "opens": Column("opens", "time"),
}
# Few different characters, so that texts often equal, contain and precede one another.
_letters = st.sampled_from(["a", "b", "A", "ä", "é", "e\u0301", "ß", "Z", " ", "%", "'", "\\", '"', "𝄞", "\uffff", "Ω"])
texts = st.lists(_letters, max_size=4).map("".join)
cents = st.one_of(st.integers(-500, 500), st.integers(-(10**12) + 1, 10**12 - 1)).map(lambda n: Decimal(n) / 100)
_fine = st.integers(-(10**14) + 1, 10**14 - 1).map(lambda n: Decimal(n).scaleb(-4))
_any_size = st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=60).map(tuple),
    st.integers(-60, 40),
)
_days = st.one_of(
    st.dates(std.date(2024, 2, 20), std.date(2024, 3, 5)), st.dates(std.date(1, 1, 1), std.date(9999, 12, 31))
)
_moments = st.datetimes(std.datetime(1900, 1, 1), std.datetime(2200, 1, 1))
_spans = st.timedeltas(std.timedelta(days=-1000), std.timedelta(days=1000))
STORED: dict[str, tuple[str, st.SearchStrategy[object]]] = {
    "amount": ("numeric", cents),
    "price": ("numeric", st.one_of(cents.map(lambda n: n if abs(n) < 10**10 else Decimal(1)), _fine)),
    "any size": ("numeric", _any_size),
    "count": ("integer", st.one_of(st.integers(-5, 5), st.integers(-(2**31), 2**31 - 1))),
    "segment": ("text", texts),
    "customer.name": ("text", texts),
    "is new": ("boolean", st.booleans()),
    "placed": ("date", _days),
    "due": ("date", _days),
    "started": ("timestamp", _moments),
    "seen": ("timestamptz", _moments.map(lambda moment: moment.replace(tzinfo=std.UTC))),
    "effort": ("interval", _spans),
    "opens": ("time", st.times()),
}
_maybe = {name: st.one_of(st.none(), values, values, values) for name, (_, values) in STORED.items()}
rows = st.lists(st.fixed_dictionaries(_maybe), min_size=1, max_size=40)
NUMBER, STRING, TRUTH, DAY, LOCAL, MOMENT, SPAN, TIME = (
    "number",
    "string",
    "truth",
    "day",
    "local",
    "moment",
    "span",
    "time",
)
ORDERED = (NUMBER, STRING, DAY, LOCAL, MOMENT, SPAN, TIME)
_NAMES = {
    NUMBER: ["amount", "price", "count"], STRING: ["segment", "customer.name"], TRUTH: ["is new"],
    DAY: ["placed", "due"], LOCAL: ["started"], MOMENT: ["seen"], SPAN: ["effort"], TIME: ["opens"],
}  # fmt: skip


def _number(number: Decimal) -> str:
    return f"{number:f}" if number >= 0 else f"(-{abs(number):f})"


_small = st.one_of(st.integers(-3, 12).map(Decimal), cents.filter(lambda n: abs(n) < 1000))
_LITERALS: dict[str, Text] = {
    NUMBER: _small.map(_number),
    STRING: texts.map(quoted),
    TRUTH: st.sampled_from(["true", "false"]),
    DAY: _days.filter(lambda day: 2 < day.year < 9998).map(lambda day: f'@"{day.isoformat()}"'),
    LOCAL: _moments.map(lambda moment: f'date and time("{moment.isoformat()}")'),
    MOMENT: st.builds(
        lambda moment, zone: f'@"{moment.isoformat()}{zone}"',
        _moments,
        st.sampled_from(["Z", "+02:00", "-11:30", "@Europe/Paris", "@America/New_York"]),
    ),
    SPAN: st.sampled_from(["P0D", "P1D", "-P3DT4H", "PT0.000001S", "P400D", "-PT1M"]).map('duration("{}")'.format),
    TIME: st.times().map(lambda time: f'time("{time.isoformat()}")'),
}
_MONTHS = ["P0M", "P1M", "-P1M", "P13M", "-P3Y", "P11M"]


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int = 3) -> str:
    """The text of an expression of a kind; now and then of another, or null."""
    if draw(st.integers(0, 40)) == 0:
        kind = draw(st.sampled_from([NUMBER, STRING, TRUTH, DAY, SPAN]))
    if depth == 0 or draw(st.integers(0, 5)) == 0:
        choice = draw(st.integers(0, 11))
        if choice == 0:
            return "null"
        return draw(_LITERALS[kind]) if choice < 4 else draw(st.sampled_from(_NAMES[kind]))
    if draw(st.integers(0, 9)) == 0:
        condition, then, otherwise = (draw(expressions(k, depth - 1)) for k in (TRUTH, kind, kind))
        return f"(if {condition} then {then} else {otherwise})"
    return draw(st.sampled_from(_MADE[kind]))(draw, depth - 1)


def _template(text: str, *kinds: str) -> Callable[[st.DrawFn, int], str]:
    """A construct whose parts are expressions of these kinds."""
    return lambda draw, depth: text.format(*(draw(expressions(kind, depth)) for kind in kinds))


def _rounding(draw: st.DrawFn, depth: int) -> str:
    name = draw(
        st.sampled_from(["round up", "round down", "round half up", "round half down", "floor", "ceiling", "decimal"])
    )
    return f"{name}({draw(expressions(NUMBER, depth))}, {draw(st.integers(-2, 3))})"


def _rounded_quotient(draw: st.DrawFn, _depth: int) -> str:
    one, two = (
        draw(st.sampled_from(["amount", "count", "amount - 3", "7"])),
        draw(st.sampled_from(["amount", "count", "3", "-8"])),
    )
    return f"{draw(st.sampled_from(['round half up', 'decimal']))}({one} / {two}, {draw(st.integers(0, 3))})"


def _compared(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.sampled_from(ORDERED))
    other = kind if draw(st.integers(0, 12)) else draw(st.sampled_from([*ORDERED, TRUTH]))
    sign = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    return f"({draw(expressions(kind, depth))} {sign} {draw(expressions(other, depth))})"


def _quotient_compared(draw: st.DrawFn, _depth: int) -> str:
    one, two = (
        draw(st.sampled_from(["amount", "count", "(amount - 10)"])),
        draw(st.sampled_from(["amount", "count", "3", "(count + 1)"])),
    )
    factor = draw(st.sampled_from(["", " * 100", " * 0.1"]))
    sign = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    other = draw(st.sampled_from(["0", "1", "0.5", "-2", "33.3", "amount", "null", "count"]))
    return f"({one} / {two}{factor} {sign} {other})"


def _any_size_compared(draw: st.DrawFn, _depth: int) -> str:
    sign = draw(st.sampled_from(["=", "!=", "<", ">="]))
    return (
        f"(any size {sign} {draw(st.one_of(_any_size.map(_number), st.sampled_from(['any size', 'amount', 'count'])))})"
    )


def _among(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.sampled_from([*ORDERED, TRUTH]))
    return f"({draw(expressions(kind, depth))} in ({draw(tests(kind, depth))}))"


@st.composite
def tests(draw: st.DrawFn, kind: str, depth: int = 1) -> str:
    """Unary tests, separated by commas."""
    return ", ".join(draw(_one_test(kind, depth)) for _ in range(draw(st.integers(1, 3))))


@st.composite
def _one_test(draw: st.DrawFn, kind: str, depth: int) -> str:
    end = draw(expressions(kind, min(depth, 1)))
    match draw(st.integers(0, 7)):
        case 0 | 1:
            return f"{draw(st.sampled_from(['<', '<=', '>', '>=']))} {end}" if kind != TRUTH else end
        case 2 | 3 if kind != TRUTH:
            brackets = draw(st.sampled_from(["[]", "()", "[)", "(]"]))
            return f"{brackets[0]}{end}..{draw(expressions(kind, min(depth, 1)))}{brackets[1]}"
        case 4:
            return f"[{end}, {draw(expressions(kind, 0))}]"
        case 5:
            return f"? = {end}"
        case 6:
            return draw(expressions(TRUTH, min(depth, 1)))
    return end


_MADE: dict[str, list[Callable[[st.DrawFn, int], str]]] = {
    NUMBER: [
        _template("({} + {})", NUMBER, NUMBER),
        _template("({} - {})", NUMBER, NUMBER),
        _template("({} * {})", NUMBER, NUMBER),
        _template("({} / 4)", NUMBER),
        _template("({} / (1 - 1))", NUMBER),
        _template("-({})", NUMBER),
        _template("abs({})", NUMBER),
        _template("modulo({}, {})", NUMBER, NUMBER),
        _rounding,
        _rounded_quotient,
        _template("({} ** 2)", NUMBER),
        _template("string length({})", STRING),
        _template("min({}, {})", NUMBER, NUMBER),
        _template("max({}, {})", NUMBER, NUMBER),
        _template("({}).year", DAY),
        _template("({}).weekday", DAY),
        _template("({}).hour", LOCAL),
        _template("({}).second", LOCAL),
        _template("({}).days", SPAN),
        _template("({}).hours", SPAN),
        _template("({}).seconds", SPAN),
        _template("({}).minutes", SPAN),
        _template("day of year({})", DAY),
        _template("week of year({})", DAY),
        _template("years and months duration({}, {}).years", DAY, DAY),
        _template("years and months duration({}, {}).months", LOCAL, DAY),
    ],
    STRING: [
        _template("({} + {})", STRING, STRING),
        _template("substring({}, {})", STRING, NUMBER),
        _template("substring({}, 1, {})", STRING, NUMBER),
        _template("substring({}, -2, count)", STRING),
        _template("substring before({}, {})", STRING, STRING),
        _template("substring after({}, {})", STRING, STRING),
        _template("string({})", NUMBER),
        _template("string({})", TRUTH),
        _template("string({})", STRING),
        _template("day of week({})", DAY),
        _template("month of year({})", DAY),
    ],
    TRUTH: [
        _compared,
        _compared,
        _quotient_compared,
        _any_size_compared,
        _among,
        _among,
        _template("({} and {})", TRUTH, TRUTH),
        _template("({} or {})", TRUTH, TRUTH),
        _template("({} and {} and {})", TRUTH, TRUTH, TRUTH),
        _template("not({})", TRUTH),
        _template("({} between {} and {})", NUMBER, NUMBER, NUMBER),
        _template("({} between {} and {})", DAY, DAY, DAY),
        _template("contains({}, {})", STRING, STRING),
        _template("starts with({}, {})", STRING, STRING),
        _template("ends with({}, {})", STRING, STRING),
        _template("odd({})", NUMBER),
        _template("even({})", NUMBER),
        _template("({} instance of number)", NUMBER),
        _template("({} instance of string)", NUMBER),
        _template("({} = null)", STRING),
        _template("is({}, {})", STRING, STRING),
        _template("before({}, {})", DAY, DAY),
        _template('(years and months duration({}, {}) > @"P13M")', DAY, DAY),
    ],
    DAY: [
        _template("({} + {})", DAY, SPAN),
        _template('({} - duration("P40DT1S"))', DAY),
        _template("date({})", LOCAL),
        *(_template(f'({{}} + duration("{months}"))', DAY) for months in _MONTHS),
        _template("max({}, {})", DAY, DAY),
    ],
    LOCAL: [
        _template('({} + duration("P1DT1H"))', LOCAL),
        *(_template(f'({{}} - duration("{months}"))', LOCAL) for months in _MONTHS),
    ],
    MOMENT: [_template('({} + duration("P1DT1H"))', MOMENT), _template('({} - duration("PT90M"))', MOMENT)],
    SPAN: [
        _template("({} - {})", DAY, DAY),
        _template("({} - {})", LOCAL, LOCAL),
        _template("({} - {})", MOMENT, MOMENT),
        _template("({} - {})", MOMENT, DAY),
        _template("({} + {})", SPAN, SPAN),
        _template("-({})", SPAN),
        _template("abs({})", SPAN),
        _template("({} - {})", TIME, TIME),
        _template("({} - {})", DAY, LOCAL),
    ],
    TIME: [_template('({} + duration("PT23H"))', TIME), _template("time({})", LOCAL)],
}
kinds = st.sampled_from([NUMBER, STRING, TRUTH, TRUTH, DAY, LOCAL, MOMENT, SPAN, TIME])
anything = kinds.flatmap(expressions)
