"""FEEL by the tables of the standard (DMN 1.3 to 1.5, clause 10): each expression beside the literal that it gives."""

from __future__ import annotations

import datetime as std

import pytest

from orderloom.feel import evaluate
from orderloom.feel.limits import FeelLimit
from orderloom.feel.literal import literal

CONTEXT = {
    "n": None,
    "Mary's age": 40,
    "a": 1,
    "a-b": 7,
    "date": "2020-01-31",
    "applicant": {"first name": "Ann", "monthly income": 1000, "age": 17},
    "loans": [{"id": 1, "total amount": 10}, {"id": 2, "total amount": 20}, {"id": 3, "total amount": 30}],
}

# Tables 49 and 50: conjunction and disjunction.
LOGIC = """
true and true | true
true and false | false
true and null | null
false and null | false
null and false | false
null and null | null
true and "x" | null
false and "x" | false
true or null | true
null or true | true
false or null | null
false or "x" | null
false or false | false
not(true) | false
not(null) | null
not(1) | null
true and false or true | true
not(n = 1) | true
n = 1 or a = 1 | true
"""

# Table 53 and those around it: equality and order.
COMPARISON = """
null = null | true
null != null | false
n = 1 | false
1 = null | false
n != 1 | true
1 = 1.00 | true
1 = "1" | null
true = "true" | null
1 != "1" | null
"a" = "a" | true
"a" < "b" | true
"Z" < "a" | true
"é" > "z" | true
true < false | null
1 < null | null
null < null | null
[1, 2] = [1, 2] | true
[1, 2] = [2, 1] | false
[1, 2] = [1, 2, 3] | false
[] = [] | true
[null] = [null] | true
{a: 1, b: 2} = {b: 2, a: 1} | true
{a: 1} = {a: 1, b: 2} | false
{a: 1} = {a: 2} | false
[1] < [2] | null
[1..5] = [1..5] | true
[1..5] = [1..5) | false
@"2020-01-01" = @"2020-01-01" | true
@"2020-01-01" = @"2020-01-01T00:00:00" | null
@"2020-01-01" < @"2020-01-02" | true
@"2020-01-01T10:00:00Z" = @"2020-01-01T11:00:00+01:00" | true
@"2020-01-01T10:00:00Z" < @"2020-01-01T10:00:01Z" | true
@"2020-01-01T10:00:00Z" = @"2020-01-01T10:00:00" | false
@"2020-01-01T10:00:00Z" < @"2020-01-01T10:00:00" | null
@"10:00:00Z" < @"10:30:00+01:00" | false
@"PT1H" = @"PT60M" | true
@"P1Y" = @"P12M" | true
@"P1Y" < @"P13M" | true
@"P1D" < @"PT25H" | true
@"P1Y" < @"P400D" | null
5 between 1 and 5 | true
0 between 1 and 5 | false
n between 1 and 5 | null
5 between 1 and n | null
10 between 1 and n | null
0 between 1 and n | false
"b" between "a" and "c" | true
@"2020-06-01" between @"2020-01-01" and @"2020-12-31" | true
"""

ARITHMETIC = """
0.1 + 0.2 | 0.3
1 - 1.5 | -0.5
2 * 3.5 | 7
10 / 4 | 2.5
1 / 3 | 0.3333333333333333333333333333333333
2 / 3 | 0.6666666666666666666666666666666667
1 / 0 | null
2 ** 3 | 8
2 ** 3 ** 2 | 64
-2 ** 2 | 4
2 ** -1 | 0.5
2 ** 0.5 | 1.414213562373095048801688724209698
0 ** 0 | 1
0 ** -1 | null
0 ** -2.5 | null
(0 ** -2) instance of number | false
(-8) ** 0.5 | null
10 ** 6144 = 1e6144 | true
10 ** 6145 | null
1e3 | 1000
1.5E-2 | 0.015
.5 + 1 | 1.5
-a | -1
--a | 1
-(1 + 2) | -3
1 + null | null
1 + "a" | null
"a" + "b" | "ab"
"a" - "b" | null
"a" + null | null
true + 1 | null
[1] + 1 | null
1 - 2 - 3 | -4
8 / 4 / 2 | 1
1 + 2 * 3 | 7
(1 + 2) * 3 | 9
@"P1D" + @"PT1H" | @"P1DT1H"
@"P1Y" + @"P1M" | @"P1Y1M"
@"P1Y" + @"P1D" | null
@"P1D" - @"P2D" | @"-P1D"
@"P1D" * 2.5 | @"P2DT12H"
2 * @"P1M" | @"P2M"
@"P1Y" / 2 | @"P6M"
@"P1Y" / @"P6M" | 2
@"P1D" / @"PT6H" | 4
@"P1D" / 0 | null
@"P1D" * @"P1D" | null
-@"P1D" | @"-P1D"
@"2020-01-31" + @"P1M" | @"2020-02-29"
@"2020-02-29" + @"P1Y" | @"2021-02-28"
@"2020-03-31" - @"P1M" | @"2020-02-29"
@"P1M" + @"2020-01-31" | @"2020-02-29"
@"2020-01-31" + @"P1D" | @"2020-02-01"
@"2020-01-31" + @"PT36H" | @"2020-02-01"
@"2020-01-31" - @"PT1H" | @"2020-01-30"
@"2020-01-31" - @"2020-01-01" | @"P30D"
@"2020-01-01" - @"2020-01-31" | @"-P30D"
@"2020-01-01" + @"2020-01-01" | null
@"2020-01-01T10:00:00" + @"PT15H" | @"2020-01-02T01:00:00"
@"2020-01-01T10:00:00Z" - @"2020-01-01T10:00:00+01:00" | @"PT1H"
@"2020-01-01T10:00:00Z" - @"2020-01-01T10:00:00" | null
@"2020-01-02T10:00:00" - @"2020-01-01" | @"P1DT10H"
@"10:00:00" + @"PT15H" | @"01:00:00"
@"10:00:00" - @"PT11H" | @"23:00:00"
@"10:00:00" - @"09:30:00" | @"PT30M"
@"10:00:00Z" - @"10:00:00+02:00" | @"PT2H"
@"2021-03-28T01:30:00@Europe/Paris" + @"PT1H" | @"2021-03-28T03:30:00@Europe/Paris"
@"2021-03-27T12:00:00@Europe/Paris" + @"P1M" | @"2021-04-27T12:00:00@Europe/Paris"
"""

STRUCTURES = """
[1, 2, 3][1] | 1
[1, 2, 3][-1] | 3
[1, 2, 3][-3] | 1
[1, 2, 3][0] | null
[1, 2, 3][4] | null
[1, 2, 3][1.5] | null
[][1] | null
[1, 2, 3][item >= 2] | [2, 3]
[1, 2, 3][item > 5] | []
[1, 2, 3][null] | []
[1, null, 3][item = null] | [null]
1[1] | 1
1[item > 0] | [1]
1[2] | null
null[1] | null
[1, 2, 3][a] | 1
[1, 2, 3][a + 1] | 2
loans[id = 2] | [{id: 2, "total amount": 20}]
loans[id = 2].total amount | [20]
loans[total amount > 10].id | [2, 3]
loans.id | [1, 2, 3]
loans[item.id > a].id | [2, 3]
loans[-1].total amount | 30
loans[id > 1][total amount > 20].id | [3]
loans.missing | [null, null, null]
applicant.first name | "Ann"
applicant.missing | null
n.missing | null
"text".missing | null
applicant[age < 18].first name | ["Ann"]
Mary's age + 1 | 41
a-b | 7
a - b | 7
{a: 1, b: a + 1} | {a: 1, b: 2}
{a: 1, b: a + 1}.b | 2
{"a b": 1}.a b | 1
{first name: "x", greeting: "hi " + first name}.greeting | "hi x"
{a: {b: {c: 5}}}.a.b.c | 5
[{a: {b: 1}}, {a: {b: 2}}].a.b | [1, 2]
[{a: [1, 2]}, {a: [3]}].a | [[1, 2], [3]]
if true then 1 else 2 | 1
if null then 1 else 2 | 2
if "x" then 1 else 2 | 2
if a = 1 then "one" else if a = 2 then "two" else "many" | "one"
for i in [1, 2] return i + 1 | [2, 3]
for i in 1..3 return i | [1, 2, 3]
for i in 3..1 return i | [3, 2, 1]
for i in -1..1 return i | [-1, 0, 1]
for i in 1..2, j in 1..2 return i * 10 + j | [11, 12, 21, 22]
for i in [[1, 2], [3]], j in i return j | [1, 2, 3]
for i in 0..4 return if i = 0 then 1 else i * partial[-1] | [1, 1, 2, 6, 24]
for i in [1..3] return i | [1, 2, 3]
for i in (1..3) return i | [2]
for d in @"2020-01-30"..@"2020-02-01" return d | [@"2020-01-30", @"2020-01-31", @"2020-02-01"]
for i in 1 return i | [1]
for i in null return i | null
for i in [] return i | []
for i in 1.5..3 return i | null
some i in [1, 2] satisfies i > 1 | true
some i in [1, 2] satisfies i > 2 | false
some i in [1, null] satisfies i > 2 | null
some i in [] satisfies true | false
every i in [1, 2] satisfies i > 0 | true
every i in [1, 2] satisfies i > 1 | false
every i in [1, null] satisfies i > 1 | false
every i in [2, null] satisfies i > 1 | null
every i in [] satisfies false | true
some x in [1, 2], y in [2, 3] satisfies x = y | true
every x in [1, 2], y in [2, 3] satisfies x < y | false
(function(x, y) x - y)(3, 1) | 2
(function(x, y) x - y)(y: 3, x: 1) | -2
(function(x, y) x - y)(1) | null
(function(x) x)(z: 1) | null
(function(x: number) x)("a") | null
(function(x: number) x)([5]) | 5
(function(x: list<number>) x)(5) | [5]
(function(d: date and time) d)(@"2020-01-01") | @"2020-01-01T00:00:00Z"
(function() 5)() | 5
{add: function(x) function(y) x + y, r: add(1)(2)}.r | 3
{f: function(k) if k < 2 then 1 else k * f(k - 1), r: f(5)}.r | 120
n(1) | null
date(date).day | 31
{count: 2, c: count([1, 2, 3])}.c | 3
{max: function(x) 0, m: max([1, 2])}.m | 0
abs(-1) | 1
"""

TESTS = """
5 in [1..5] | true
5 in [1..5) | false
1 in (1..5] | false
1 in ]1..5] | false
5 in [1..5[ | false
5 in ]1..9[ | true
5 in (1, 5) | true
5 in (< 5) | false
5 in (<= 5) | true
5 in < 6 | true
5 in (< 3, > 4) | true
5 in [1, 5] | true
5 in [[1..3], [4..6]] | true
5 in ([1..3], [4..6]) | true
5 in (1, [4..6]) | true
5 in "a" | null
5 in (null) | false
null in (null) | true
null in [1..5] | null
"b" in ["a".."c"] | true
@"2020-05-05" in [@"2020-01-01"..@"2020-12-31"] | true
5 in [a..9] | true
5 in (a + 4) | true
(5 in (1, 2)) = false | true
5 instance of number | true
"a" instance of string | true
true instance of boolean | true
null instance of number | false
null instance of Any | false
null instance of Null | true
5 instance of Any | true
@"2020-01-01" instance of date | true
@"2020-01-01T00:00:00" instance of date and time | true
@"2020-01-01T00:00:00" instance of date | false
@"10:00:00" instance of time | true
@"P1D" instance of days and time duration | true
@"P1Y" instance of years and months duration | true
@"P1Y" instance of days and time duration | false
[1, 2] instance of list<number> | true
[1, "a"] instance of list<number> | false
[1, "a"] instance of list<Any> | true
[1] instance of list | true
[] instance of list<number> | true
{a: 1} instance of context<a: number> | true
{a: 1, b: 2} instance of context<a: number> | true
{a: "x"} instance of context<a: number> | false
{b: 1} instance of context<a: number> | false
{a: 1} instance of context | true
[1..2] instance of range<number> | true
["a".."b"] instance of range<number> | false
(function(x: number) x) instance of function<number> -> Any | true
abs instance of function | true
1 instance of function | false
[1..5].start | 1
[1..5].end | 5
[1..5).end included | false
(1..5].start included | false
(< 5).end | 5
(< 5).start | null
(>= 5).start included | true
(= 5).start | 5
"""

PROPERTIES = """
@"2020-05-17".year | 2020
@"2020-05-17".month | 5
@"2020-05-17".day | 17
@"2020-05-17".weekday | 7
@"2020-05-18".weekday | 1
@"2020-05-17".hour | null
@"2020-05-17T10:20:30.5Z".second | 30.5
@"2020-05-17T10:20:30Z".hour | 10
@"2020-05-17T10:20:30Z".minute | 20
@"2020-05-17T10:20:30Z".time offset | @"PT0S"
@"2020-05-17T10:20:30Z".timezone | null
@"2020-05-17T10:20:30@Europe/Paris".timezone | "Europe/Paris"
@"2020-05-17T10:20:30@Europe/Paris".time offset | @"PT2H"
@"2020-05-17T10:20:30".time offset | null
@"10:20:30-05:30".time offset | @"-PT5H30M"
@"10:20:30".minute | 20
@"P1Y14M".years | 2
@"P1Y14M".months | 2
@"-P14M".months | -2
@"P1Y".days | null
@"P2DT25H61M61.5S".days | 3
@"P2DT25H61M61.5S".hours | 2
@"P2DT25H61M61.5S".minutes | 2
@"P2DT25H61M61.5S".seconds | 1.5
@"-P1DT2H".hours | -2
@"P1D".years | null
@"-999999999-12-31".year | -999999999
@"999999999-12-31" + @"P1D" | null
@"nonsense" | null
@"2020-02-30" | null
"a\\tb\\n\\"\\\\\\u0041\\U01F40E" | "a\\tb\\n\\"\\\\A🐎"
"\\uD83D\\uDC0E" | "🐎"
1 /* two */ + 1 // three | 2
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [tuple(part.strip() for part in line.rsplit("|", 1)) for line in table.strip().splitlines()]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [row for table in (LOGIC, COMPARISON, ARITHMETIC, STRUCTURES, TESTS, PROPERTIES) for row in rows(table)],
)
def test_an_expression_gives_what_the_standard_says(text: str, expected: str) -> None:
    assert literal(evaluate(text, CONTEXT)) == literal(evaluate(expected))


def test_a_value_is_spelled_as_one_literal_on_one_line() -> None:
    assert literal('"\\\n\r\t\0\x7f\ud83d🐎') == '"\\"\\\\\\n\\r\\t\\u0000\\u007F\\uD83D🐎"'
    assert literal({"a b": 1, "": None, "1x": True, "if": []}) == '{a b: 1, "": null, "1x": true, "if": []}'
    many = evaluate("for i in 1..50000 return i")
    assert literal(many).endswith(", 49999, 50000]")
    with pytest.raises(FeelLimit):
        literal(["x" * 100_000] * 1_000)


def test_the_clock_is_the_callers() -> None:
    now = std.datetime(2026, 5, 17, 10, 20, tzinfo=std.UTC)
    assert evaluate("now()", now=now) == now
    assert evaluate('today() + @"P1D"', now=now) == std.date(2026, 5, 18)
    assert evaluate("now()") is None


def test_values_come_out_in_the_classes_of_the_outside() -> None:
    assert evaluate('@"2020-01-31"') == std.date(2020, 1, 31)
    assert evaluate('@"10:20:30+01:00"') == std.time(10, 20, 30, tzinfo=std.timezone(std.timedelta(hours=1)))
    assert evaluate('@"P1DT2H"') == std.timedelta(days=1, hours=2)
    paris = evaluate('@"2020-07-01T10:20:30@Europe/Paris"')
    assert isinstance(paris, std.datetime) and paris.utcoffset() == std.timedelta(hours=2)
    assert evaluate('d + @"P1M"', {"d": std.date(2020, 1, 31)}) == std.date(2020, 2, 29)
    assert str(evaluate('@"-0044-03-15"')) == "Date(year=-44, month=3, day=15)"
