"""The built-in functions, by the examples of the standard (clause 10.3.4) and its words on errors."""

from __future__ import annotations

import pytest

from orderloom.feel import evaluate
from orderloom.feel.builtins import BUILTINS
from orderloom.feel.literal import literal
from orderloom.feel.names import BUILTIN_NAMES

CONVERSION = """
date("2012-12-25") - date("2012-12-24") | duration("P1D")
date(date and time("2012-12-25T11:00:00Z")) | date("2012-12-25")
date(2012, 12, 25) | date("2012-12-25")
date(2012, 13, 25) | null
date("2012-12-25T10:00:00") | null
date("12-12-25") | null
date("+2012-12-25") | null
date("02012-12-25") | null
date("-2012-12-25").year | -2012
date("2012-12-25Z") | null
date(null) | null
date(1) | null
date() | null
date(from: "2012-12-25") | date("2012-12-25")
date(year: 2012, month: 12, day: 25) | date("2012-12-25")
date(year: 2012, month: 12) | null
date and time("2012-12-24T23:59:00") | @"2012-12-24T23:59:00"
date and time("2012-12-24") | @"2012-12-24T00:00:00"
date and time(date("2012-12-24"), time("T23:59:00")) | null
date and time(date("2012-12-24"), time("23:59:00")) | @"2012-12-24T23:59:00"
date and time(@"2017-01-01T23:59:01@Europe/Paris", time("10:00:00")) | @"2017-01-01T10:00:00"
date and time("2012-12-24T24:00:00") | null
date and time("2012-12-24T23:60:00") | null
date and time("2012-12-24T23:59:00+15:00") | null
date and time("2012-12-24T23:59:00@Nowhere/None") | null
date and time("2012-12-24 23:59:00") | null
date and time(2012, 12, 24, 23, 59, 0) | @"2012-12-24T23:59:00"
date and time(@"2012-12-24") | @"2012-12-24T00:00:00Z"
time("23:59:00z") | @"23:59:00Z"
time("23:59:00@Etc/UTC").timezone | "Etc/UTC"
time("11:45:30.123456789+02:00") | @"11:45:30.123456789+02:00"
time("11:45") | null
time("25:00:00") | null
time(23, 59, 0) | @"23:59:00"
time(14, 30, 0, duration("PT1H")) | @"14:30:00+01:00"
time(14, 30, 0, null) | @"14:30:00"
time(24, 0, 0) | null
time(date and time("2012-12-25T11:00:00Z")) | @"11:00:00Z"
time(@"2012-12-25") | @"00:00:00Z"
number("1 000,0", " ", ",") | 1000
number("1,000.5", ",", ".") | 1000.5
number("1000", null, null) | 1000
number("1.5", null, null) | 1.5
number("abc", null, null) | null
number("1,5", ",", ",") | null
number("1", "x", ".") | null
number(from: "1.000,5", grouping separator: ".", decimal separator: ",") | 1000.5
string(1.1) | "1.1"
string(1.10) | "1.1"
string(-0.5) | "-0.5"
string(1e3) | "1000"
string(null) | null
string("a") | "a"
string(true) | "true"
string(date("2012-12-25")) | "2012-12-25"
string(@"2012-12-25T10:00:00.500Z") | "2012-12-25T10:00:00.5Z"
string(@"P1DT0H") | "P1D"
string(@"PT0S") | "PT0S"
string(@"P0M") | "P0M"
string(@"-P14M") | "-P1Y2M"
string([1, "a", null]) | "[1, \\"a\\", null]"
string({a: "foo"}) | "{a: \\"foo\\"}"
duration("P2DT20H14M") | @"P2DT20H14M"
duration("P1Y2M") | @"P1Y2M"
duration("P26M") | @"P2Y2M"
duration("P1Y2D") | null
duration("P") | null
duration("PT") | null
duration("P1DT") | null
duration("P1H") | null
duration("-PT1.5S") | @"-PT1.5S"
years and months duration(date("2011-12-22"), date("2013-08-24")) | @"P1Y8M"
years and months duration(date("2013-08-24"), date("2011-12-22")) | @"-P1Y8M"
years and months duration(date("2020-01-31"), date("2020-02-29")) | @"P0M"
years and months duration(from: @"2020-01-01", to: @"2021-01-01") | @"P1Y"
years and months duration(null, @"2021-01-01") | null
is(@"2012-12-25", @"23:00:50") | false
is(@"2012-12-25", @"2012-12-25") | true
is(@"23:00:50z", @"23:00:50") | false
is(@"23:00:50z", @"23:00:50+00:00") | true
is(1, 1.0) | true
is(null, null) | true
is(1, "1") | false
"""

STRINGS = """
substring("foobar", 3) | "obar"
substring("foobar", 3, 3) | "oba"
substring("foobar", -2, 1) | "a"
substring("foobar", 0) | null
substring("foobar", 7) | null
substring("\\U01F40Eab", 2) | "ab"
substring(string: "foobar", start position: 3) | "obar"
substring("foobar", "3") | null
substring(["foobar"], 3) | "obar"
string length("foo") | 3
string length("\\U01F40Eab") | 3
string length("") | 0
upper case("aBc4") | "ABC4"
lower case("aBc4") | "abc4"
substring before("foobar", "bar") | "foo"
substring before("foobar", "xyz") | ""
substring before("foobar", "") | ""
substring after("foobar", "ob") | "ar"
substring after("", "a") | ""
substring after("foobar", "") | "foobar"
replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") | "[1=ab][2=]cd"
replace("a.b", ".", "x") | "xxx"
replace("a.b", "\\\\.", "x") | "axb"
replace("AbA", "a", "x", "i") | "xbx"
replace("abc", "b", "\\\\$") | "a$c"
replace("abc", "b", "$") | null
replace("abc", "x*", "-") | null
replace("abc", "[", "-") | null
replace("a.b", ".", "$1", "q") | "a$1b"
contains("foobar", "of") | false
contains("foobar", "ob") | true
contains("foobar", null) | null
starts with("foobar", "fo") | true
ends with("foobar", "r") | true
matches("foobar", "^fo*b") | true
matches("foobar", "^Fo*b") | false
matches("foobar", "^Fo*b", "i") | true
matches("a\\nb", "a.b") | false
matches("a\\nb", "a.b", "s") | true
matches("a\\nb", "^b$", "m") | true
matches("ab", "a b", "x") | true
matches("foobar", "(") | null
matches("foobar", "o", "z") | null
matches("é1", "^\\\\w\\\\d$") | true
matches("a-b", "^[\\\\W\\\\D]+$") | true
matches(" x", "^[\\\\S]$") | false
matches("x.y", "^[^\\\\s.]\\\\.\\\\S$") | true
split("John Doe", "\\\\s") | ["John", "Doe"]
split("a;b;c;;", ";") | ["a", "b", "c", "", ""]
string join(["a", "b", "c"], "_and_") | "a_and_b_and_c"
string join(["a", "b", "c"], "") | "abc"
string join(["a", "b", "c"], null) | "abc"
string join(["a"], "X") | "a"
string join(["a", null, "c"], "X") | "aXc"
string join([], "X") | ""
string join(["a", 1], "X") | null
string join(["a", "b"]) | "ab"
"""

LISTS = """
list contains([1, 2, 3], 2) | true
list contains([1, null], null) | true
list contains([1, 2], "1") | false
count([1, 2, 3]) | 3
count([]) | 0
count([1, [2, 3]]) | 2
count(1) | 1
count(null) | null
min([1, 2, 3]) | 1
min(1, 2, 3) | 1
min([]) | null
min(["b", "a"]) | "a"
min([1, "a"]) | null
min(null) | null
max(1, 2, 3) | 3
max([]) | null
max([@"2020-01-01", @"2021-01-01"]) | @"2021-01-01"
sum([1, 2, 3]) | 6
sum(1, 2, 3) | 6
sum([]) | null
sum(["a"]) | null
sum([@"PT1H", @"PT30M"]) | @"PT1H30M"
mean([1, 2, 3]) | 2
mean([]) | null
all([false, null, true]) | false
all(true) | true
all([true]) | true
all([]) | true
all(0) | null
all([true, null]) | null
any([false, null, true]) | true
any(false) | false
any([]) | false
any(0) | null
any([false, null]) | null
sublist([4, 5, 6], 1, 2) | [4, 5]
sublist([4, 5, 6], 2) | [5, 6]
sublist([4, 5, 6], -2) | [5, 6]
sublist([4, 5, 6], 0) | null
sublist([4, 5, 6], 4) | null
append([1], 2, 3) | [1, 2, 3]
append(1, 2) | [1, 2]
append([1], null) | [1, null]
concatenate([1, 2], [3]) | [1, 2, 3]
concatenate(list: [1]) | [1]
concatenate([1, 2], 3) | [1, 2, 3]
insert before([1, 3], 1, 2) | [2, 1, 3]
insert before([1, 3], -1, 2) | [1, 2, 3]
insert before([1, 3], 3, 2) | null
remove([1, 2, 3], 2) | [1, 3]
remove([1, 2, 3], -1) | [1, 2]
remove([1], 2) | null
reverse([1, 2, 3]) | [3, 2, 1]
index of([1, 2, 3, 2], 2) | [2, 4]
index of([1, null], null) | [2]
union([1, 2], [2, 3]) | [1, 2, 3]
distinct values([1, 2, 3, 2, 1.0, "1", null, null, [1], [1]]) | [1, 2, 3, "1", null, [1]]
flatten([[1, 2], [[3]], 4]) | [1, 2, 3, 4]
product([2, 3, 4]) | 24
product([]) | null
median(8, 2, 5, 3, 4) | 4
median([6, 1, 2, 3]) | 2.5
median([]) | null
stddev(2, 4, 7, 5) | 2.081665999466132735282297706979931
stddev([47]) | null
mode(6, 3, 9, 6, 6) | [6]
mode([6, 1, 9, 6, 1]) | [1, 6]
mode([]) | []
list replace([2, 4, 7, 8], 3, 6) | [2, 4, 6, 8]
list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5) | [5, 5, 7, 8]
list replace([2], 2, 6) | null
sort(list: [3, 1, 4, 5, 2], precedes: function(x, y) x < y) | [1, 2, 3, 4, 5]
sort([3, 1, 2]) | [1, 2, 3]
sort([{a: 2}, {a: 1}], function(x, y) x.a < y.a).a | [1, 2]
"""

NUMBERS = """
decimal(1/3, 2) | 0.33
decimal(1.5, 0) | 2
decimal(2.5, 0) | 2
decimal(1265, -2) | 1300
decimal(1, null) | null
floor(1.5) | 1
floor(-1.56, 1) | -1.6
floor(n: 1.5) | 1
floor(1.5, null) | null
ceiling(1.5) | 2
ceiling(-1.56, 1) | -1.5
ceiling(-0.5) | 0
round up(5.5, 0) | 6
round up(-5.5, 0) | -6
round up(1.121, 2) | 1.13
round up(1e-40, 2) | 0.01
round down(5.5, 0) | 5
round down(-1.126, 2) | -1.12
round half up(5.5, 0) | 6
round half up(-5.5, 0) | -6
round half up(1.125, 2) | 1.13
round half down(5.5, 0) | 5
round half down(1.126, 2) | 1.13
abs(-10) | 10
abs(@"-PT5H") | @"PT5H"
abs("x") | null
modulo(12, 5) | 2
modulo(-12, 5) | 3
modulo(12, -5) | -3
modulo(-12, -5) | -2
modulo(10.1, 4.5) | 1.1
modulo(-10.1, 4.5) | 3.4
modulo(10.1, -4.5) | -3.4
modulo(1, 0) | null
sqrt(16) | 4
sqrt(-1) | null
log(10) | 2.302585092994045684017991454684364
log(0) | null
exp(5) | 148.4131591025766034211155800405523
odd(5) | true
odd(2) | false
even(-2) | true
even(2.5) | null
odd(1e40) | false
"""

TIMES = """
day of year(date(2019, 9, 17)) | 260
day of week(date(2019, 9, 17)) | "Tuesday"
month of year(date(2019, 9, 17)) | "September"
week of year(date(2019, 9, 17)) | 38
week of year(date(2003, 12, 29)) | 1
week of year(date(2004, 1, 4)) | 1
week of year(date(2005, 1, 1)) | 53
week of year(date(2005, 1, 3)) | 1
day of year(@"2020-12-31T10:00:00Z") | 366
day of year("2020") | null
"""

CONTEXTS = """
get value({key1: "value1"}, "key1") | "value1"
get value({key1: "value1"}, "other") | null
get value({x: 1, y: {z: 0}}, ["y", "z"]) | 0
get entries({key1: "value1"}) | [{key: "key1", value: "value1"}]
context([{key: "a", value: 1}, {key: "b", value: 2}]) | {a: 1, b: 2}
context([{key: "a", value: 1}, {key: "a", value: 2}]) | null
context([{key: "a"}]) | null
context put({x: 1}, "y", 2) | {x: 1, y: 2}
context put({x: 1, y: {z: 0}}, ["y", "z"], 2) | {x: 1, y: {z: 2}}
context put({x: 1}, [], 2) | null
context merge([{x: 1}, {y: 2}]) | {x: 1, y: 2}
context merge([{x: 1}, {x: 2}]) | {x: 2}
"""

RANGES = """
before(1, 10) | true
before(10, 1) | false
before(1, [1..10]) | false
before(1, (1..10]) | true
before([1..10], 10) | false
before([1..10), 10) | true
before([1..10], [15..20]) | true
before([1..10), [10..20]) | true
before([1..10], [10..20]) | false
after(10, 5) | true
after(12, [1..10]) | true
after([11..20], 12) | false
after((11..20], 11) | true
after([11..20], [1..11)) | true
meets([1..5], [5..10]) | true
meets([1..5), [5..10]) | false
met by([5..10], [1..5]) | true
overlaps([1..5], [3..8]) | true
overlaps([1..5], [6..8]) | false
overlaps([1..5), [5..8]) | false
overlaps before([1..5], [3..8]) | true
overlaps before([1..5), [1..5]) | false
overlaps before([1..5], (1..5]) | true
overlaps before([1..5], [1..5]) | false
overlaps after([3..8], [1..5]) | true
overlaps after((1..5], [1..5)) | true
overlaps after([1..5], [1..5]) | false
finishes(10, [1..10]) | true
finishes(10, [1..10)) | false
finishes([5..10], [1..10]) | true
finishes([5..10), [1..10]) | false
finished by([1..10], 10) | true
finished by([1..10], [5..10]) | true
includes([1..10], 5) | true
includes((1..10], 1) | false
includes([1..10], [4..6]) | true
includes([1..10), [1..10]) | false
includes([1..10], [1..10)) | true
during(5, [1..10]) | true
during([4..6], [1..10]) | true
starts(1, [1..10]) | true
starts(1, (1..10]) | false
starts([1..5], [1..10]) | true
starts((1..5], [1..10]) | false
started by([1..10], 1) | true
started by([1..10], [1..5]) | true
coincides(5, 5) | true
coincides(3, 4) | false
coincides([1..5], [1..5]) | true
coincides([1..5], [1..5)) | false
before(1, "a") | null
before(null, 1) | null
before(point: 1, range: [2..3]) | true
meets(range1: [1..5], range2: [5..10]) | true
range("[1..5)") | [1..5)
range("[1..") | null
range("(..5]").end | 5
range("[\\"a\\"..\\"c\\"]") | ["a".."c"]
range("[@\\"2020-01-01\\"..@\\"2020-12-31\\"]").start | @"2020-01-01"
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [tuple(part.strip() for part in line.rsplit(" | ", 1)) for line in table.strip().splitlines()]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [r for table in (CONVERSION, STRINGS, LISTS, NUMBERS, TIMES, CONTEXTS, RANGES) for r in rows(table)],
)
def test_a_function_gives_what_the_standard_says(text: str, expected: str) -> None:
    assert literal(evaluate(text)) == literal(evaluate(expected))


def test_every_name_of_the_language_has_a_function() -> None:
    assert set(BUILTIN_NAMES) == set(BUILTINS)


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_wrong_arguments_give_null_and_never_an_error(name: str) -> None:
    for count in range(9):
        for argument in ("null", '"x"', "1", "[]", "[null]", "{}", '@"P1D"', "[1..2]", "function(x) x"):
            evaluate(f"{name}({', '.join([argument] * count)})")
    assert evaluate(f"{name}(no such parameter: 1)") is None
