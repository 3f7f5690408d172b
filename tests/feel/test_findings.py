"""Overlaps, rules that never count and gaps: each shown by an example that is one, and none overlooked."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.feel import check
from orderloom.feel.analyse import Finding, Grid, gaps, grid_of, overlaps, unreachable
from orderloom.feel.compile import CompiledTests, Inputs, compiled_tests
from orderloom.feel.parse import parse_tests
from orderloom.feel.run import Run
from orderloom.feel.spans import Column, accepted, plain_constant
from orderloom.feel.table import HitPolicy, Output
from orderloom.feel.written import written
from tests.feel.test_decide import TEXT_TESTS, cells, table

ENDS = st.sampled_from(["0", "1", "2", "3"])
NUMBER_TESTS = st.one_of(
    ENDS,
    st.builds(lambda sign, end: f"{sign} {end}", st.sampled_from(["<", "<=", ">", ">=", "!="]), ENDS),
    st.builds(lambda a, low, high, b: f"{a}{low}..{high}{b}", st.sampled_from("[("), ENDS, ENDS, st.sampled_from("])")),
)
TRUTHS = st.sampled_from(["-", "true", "false", "not(true)", "true, false"])
ROWS = st.lists(st.tuples(cells(NUMBER_TESTS), cells(TEXT_TESTS), TRUTHS), min_size=1, max_size=5)
EVERY = list(
    product(
        [Decimal(n) / 2 for n in range(-1, 8)],
        ["", " ", "Z", "NO", "Na", "a", "aa", "b", "m", "new", "zz"],
        [True, False],
    )
)


def grid(rows: Sequence[Sequence[str]]) -> Grid:
    read = [[accepted(parse_tests(cell), plain_constant) for cell in row] for row in rows]
    kinds = (Decimal, str, bool)
    columns = [Column([row[place] for row in read], kind=kinds[place]) for place in range(3)]
    return grid_of(["n", "t", "b"], read, columns)


@cache
def passing(cell: str) -> CompiledTests:
    return compiled_tests(parse_tests(cell))


def matching(rows: Sequence[Sequence[str]], values: Sequence[object]) -> tuple[int, ...]:
    tests = [[passing(cell) for cell in row] for row in rows]
    return tuple(
        number
        for number, row in enumerate(tests, 1)
        if all(test(value, Inputs({}), Run()) is True for test, value in zip(row, values, strict=True))
    )


def shown(finding: Finding) -> list[object]:
    return [finding.example[name] for name in ("n", "t", "b")]


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_every_finding_is_shown_and_none_is_overlooked(rows: list[tuple[str, str, str]]) -> None:
    of = grid(rows)
    hits = [matching(rows, values) for values in EVERY]

    found_overlaps = list(overlaps(of))
    for finding in found_overlaps:
        assert set(finding.rules) <= set(matching(rows, shown(finding)))
    pairs = {(a, b) for found in hits for a in found for b in found if a < b}
    assert pairs <= {finding.rules for finding in found_overlaps}

    found_gaps = list(gaps(of))
    for finding in found_gaps:
        assert matching(rows, shown(finding)) == ()
    assert found_gaps or all(hits)

    never = {finding.rules[0] for finding in unreachable(of, HitPolicy.FIRST)}
    assert never.isdisjoint({found[0] for found in hits if found})


def sentences(policy: str, *rows: str, types: Sequence[str] = ("number", "string"), allowed: str = "") -> list[str]:
    outputs = [Output("", "string", written(allowed) if allowed else None)]
    return [
        f"{m.code}: {m.sentence}" for m in check(table(policy, ["a", "s"][: len(types)], outputs, *rows, types=types))
    ]


def test_the_sentences_say_where_and_show_an_example() -> None:
    assert sentences("U", '<= 10 | - | "x"', '>= 10 | "new" | "y"') == [
        'gap: No rule matches, for example for a = 11, s = "another".',
        'overlap: Rules 1 and 2 both match, for example for a = 10, s = "new"; the hit policy wants one.',
    ]


def test_under_any_only_contradictions_are_told() -> None:
    assert sentences("A", '<= 10 | - | "x"', '- | - | "x"') == []
    assert len(sentences("A", '<= 10 | - | "x"', '- | - | "y"')) == 1


def test_rules_that_always_yield_are_told() -> None:
    assert sentences("F", '<= 10 | - | "x"', '> 5 | - | "y"', '7 | "new" | "z"', '- | - | "w"') == [
        'unreachable: Rule 3 never decides: others always come first, for example for a = 7, s = "new".',
        'unreachable: Rule 4 never decides: others always come first, for example for a = 0, s = "another".',
    ]
    ranked = sentences("P", '- | - | "low"', '> 5 | - | "high"', allowed='"high", "low"')
    assert ranked == []
    hidden = sentences("P", '> 7 | - | "low"', '> 5 | - | "high"', '<= 5 | - | "high"', allowed='"high", "low"')
    assert [text.split(":")[0] for text in hidden] == ["unreachable"]


def test_values_that_are_not_allowed_are_no_gaps() -> None:
    assert sentences("U", 'true | "x"', 'false | "y"', types=["boolean"]) == []
    assert len(sentences("U", 'true | "x"', types=["boolean"])) == 1


def test_dates_and_durations_have_gaps_too() -> None:
    rows = '< @"2026-01-01" | "x"', '> @"2026-01-01" | "y"'
    assert sentences("U", *rows, types=["date"]) == ['gap: No rule matches, for example for a = @"2026-01-01".']
    rows = '<= @"2026-01-01" | "x"', '>= @"2026-01-02" | "y"'
    assert sentences("U", *rows, types=["date"]) == []
    rows = '< @"P1D" | "x"', '> @"P2D" | "y"'
    assert len(sentences("U", *rows, types=["days and time duration"])) > 0


@pytest.mark.parametrize(
    "rows",
    [['a + 1 | - | "x"'], ['- | starts with(?, "x") | "x"'], ['- | string length(?) > 2 | "x"']],
)
def test_what_is_no_constant_test_is_not_analysed(rows: list[str]) -> None:
    assert [text.split(":")[0] for text in sentences("U", *rows)] == ["not-analysed"]


def test_more_than_six_inputs_are_not_analysed() -> None:
    wide = table("U", [f"i{n}" for n in range(7)], [Output()], " | ".join(["1"] * 8))
    assert [mistake.code for mistake in check(wide)] == ["not-analysed"]


def test_a_table_with_too_many_combinations_says_so_in_time() -> None:
    rows = [" | ".join(f"!= {(n * 7 + c * 13) % 60}" for c in range(6)) + " | 1" for n in range(60)]
    rows = [row.replace("!= ", "> ", n % 6).replace("!= ", "< ", n % 4) for n, row in enumerate(rows)]
    found = check(table("F", [f"i{n}" for n in range(6)], [Output()], *rows, types=["number"] * 6))
    assert found
