"""Expressions of strangers end within 100 ms and 50 MB, by a value or by a refusal that names a limit."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal

import pytest

from orderloom.feel import evaluate

HOSTILE = [
    "for a in 1..1000, b in 1..1000 return a * b",
    "some a in 1..100000, b in 1..100000 satisfies a = -1",
    '"' + "a" * 50 + '"' + " + x" * 50,
    "9 ** 9 ** 9 ** 9",
    "(" * 5_000,
    "[" * 49 + "]" * 49,
    "-" * 4_000 + "1",
    "not(" * 45 + "true" + ")" * 45,
    'string join(for i in 1..50000 return "aaaaaaaaaaaaaaaaaaaa")',
    'matches("' + "a" * 2_000 + 'b", "(a+)+$")',
    'matches("' + "a" * 2_000 + '", "' + "(a|a)*" * 50 + '$")',
    'replace("' + "a" * 5_000 + '", "a", "' + "b" * 3_000 + '")',
    "sort(for i in 1..40000 return -i, function(a, b) a < b)",
    "{f: function(x) f(x) + f(x), r: f(1)}.r",
    "count(distinct values(for i in 1..20000 return i))",
    "mode(for i in 1..50000 return i)",
    "flatten(for i in 1..20000 return [[i]])",
    "for i in 1..2000 return partial",
    "exp(99999)",
    "modulo(10 ** 6000, 3)",
    '@"999999999-12-31" + duration("P999999999D")',
]
# Measured in a process of its own: what others left in memory is no business of these.
_MEASURE = """
import json, resource, sys, time
from orderloom.feel import evaluate
evaluate("sort([2, 1], function(a, b) a < b)")
found = []
for text in json.load(sys.stdin):
    start = time.process_time()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        evaluate(text, {"x": "a" * 90_000})
        told = "value"
    except Exception as error:
        told = type(error).__name__
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found.append((told, (time.process_time() - start) * 1000, megabytes))
print(json.dumps(found))
"""


def test_hostile_expressions_end_within_their_time_and_memory() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    for text, (told, milliseconds, megabytes) in zip(HOSTILE, json.loads(run.stdout), strict=True):
        assert told in ("value", "FeelLimit", "FeelError"), (text[:60], told)
        assert milliseconds < 100, (text[:60], milliseconds)
        assert megabytes < 50, (text[:60], megabytes)


@pytest.mark.parametrize("digits", ["1234567890123456789012345678901234", "-1234567890123456789012345678901234"])
def test_the_size_of_a_number_keeps_all_its_digits(digits: str) -> None:
    assert evaluate("abs(x)", {"x": Decimal(digits)}) == Decimal(digits.lstrip("-"))
