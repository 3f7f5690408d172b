"""Regular expressions: XPath's syntax and nothing else, and back-references that no pattern can make run away."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.feel import evaluate
from orderloom.feel.backreferences import remembering
from orderloom.feel.limits import FeelLimit
from orderloom.feel.run import Run


def matches(text: str, pattern: str, flags: str = "") -> object:
    return evaluate("matches(text, pattern, flags)", {"text": text, "pattern": pattern, "flags": flags})


def replaced(text: str, pattern: str, replacement: str) -> object:
    given = {"text": text, "pattern": pattern, "replacement": replacement}
    return evaluate("replace(text, pattern, replacement)", given)


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "expected"),
    [
        ("abab", r"^(ab)\1$", "", True),
        ("abac", r"^(ab)\1$", "", False),
        ("'x'", r"""^(['"]).*\1$""", "", True),
        ("'x\"", r"""^(['"]).*\1$""", "", False),
        ("aA", r"(a)\1", "", False),
        ("aA", r"(a)\1", "i", True),
        ("aB", r"(A)b|\\1", "i", True),
        ("abcdefghijj", r"(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\10$", "", True),
        ("aa1", r"(a)\11", "", True),
        ("b", r"^(a)?b\1$", "", True),
        ("x\nyy", r"^(y)\1$", "", False),
        ("x\nyy", r"^(y)\1$", "m", True),
        ("a\na", r"(a).\1", "", False),
        ("a\na", r"(a).\1", "s", True),
        ("aa", r"( a ) \1", "x", True),
        ("a\\1", r"(a)\1", "q", False),
        ("x(a)\\1", r"(a)\1", "q", True),
        ("77", r"^(\d)\1$", "", True),
        ("ee", r"^([a-z-[b-d]])\1$", "", True),
        ("aaaa", r"^(a{2})\1$", "", True),
        ("aaa", r"^(a{2})\1$", "", False),
        ("éé", r"^(\p{L})\1$", "", True),
    ],
)
def test_a_back_reference_is_what_its_group_matched(text: str, pattern: str, flags: str, expected: bool) -> None:
    assert matches(text, pattern, flags) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        r"\1", r"(a\1)", r"(a)\2", r"\1(a)", r"(a)[\1]", r"(a)\0", r"(a)\1**", r"(a)\1{2,1}", r"(a)\1{5000}",
        r"(a)\1)", r"((a)\1", r"(?=a)(a)\1", r"(a)\1]", r"(a)\1[]", r"(a)\1{", r"*(a)\1", r"(a)\1\b",
    ],
)  # fmt: skip
def test_a_reference_to_no_closed_group_or_a_pattern_that_is_none_gives_null(pattern: str) -> None:
    assert matches("aaaa", pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["a}", "a]", "[]a]", "[^]a]", "a{,2}", "a{x}", r"\p{Greek}", r"\pL", r"\p{^L}", "[[:alpha:]]", "a{2}{3}", "(?i)a"],
)
def test_what_another_dialect_knows_and_xpath_does_not_gives_null(pattern: str) -> None:
    assert matches("a", pattern) is None


def test_replace_and_split_know_back_references() -> None:
    assert replaced("aabbcd", r"(.)\1", "<$1>") == "<a><b>cd"
    assert replaced("aabb", r"(a)?\1", "-") is None  # It matches the empty text.
    assert evaluate("split(x, y)", {"x": "a--b==c-=d", "y": r"(-|=)\1"}) == ["a", "b", "c-=d"]


def test_split_by_a_pattern_that_matches_nothing_is_null() -> None:
    assert evaluate('split("abc", "")') is None
    assert evaluate('split("abc", "b*")') is None


def test_spaces_of_the_flag_x_are_gone_before_the_pattern_is_read() -> None:
    assert matches("hello world", "hello\\ s world", "x") is True
    assert matches("hello world", "hello[ ]world", "x") is True


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("a" * 2_000 + "b", r"^(a+)+\1$"),
        ("a" * 2_000, r"(a*)*(a*)*\1\2b"),
        ("a" * 90_000, r"(.*)(.*)(.*)\3x"),
        ("ab" * 40_000, r"(.)\1"),
        ("a" * 60, r"((a|a)+)+\1b"),
    ],
)
def test_a_pattern_that_would_run_away_is_refused_by_the_steps(text: str, pattern: str) -> None:
    with pytest.raises(FeelLimit) as refused:
        matches(text, pattern)
    assert refused.value.limit == "steps"


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", r"\w"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "??", "*?", "+?", "{2}", "{1,2}", "{1,}"])).map(
            lambda parts: f"(?:{parts[0]}){parts[1]}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(PATTERNS, PATTERNS, st.text("ab\n", max_size=8))
def test_the_places_found_are_those_that_another_engine_finds(group: str, rest: str, text: str) -> None:
    pattern = f"(?:({group})\\1)(?:{rest})"

    def single(atom: str) -> object:
        known = re.compile(atom)
        return lambda character: known.fullmatch(character) is not None

    found = remembering(pattern, "", single)  # type: ignore[arg-type]
    assert found is not None
    try:
        ours = [(start, end) for start, end, _ in found.found(text, Run())]
    except FeelLimit:
        return  # It runs away; the other engine might not come back.
    theirs: list[tuple[int, int]] = []
    place = 0
    known = re.compile(re.sub(r"\$", r"\\Z", pattern))
    while place <= len(text) and (match := known.search(text, place)) is not None:
        theirs.append(match.span())
        place = max(match.end(), match.start() + 1)
    assert ours == theirs
