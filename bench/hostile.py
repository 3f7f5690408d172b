"""Expressions, cells and models of strangers: each is refused or ends within 100 ms and 50 MB, in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from html import escape

MOST_MILLISECONDS = 100.0
MOST_MEGABYTES = 50.0
LONG = "a" * 2_000
EXPRESSIONS = (
    # Loops and lists
    "for a in 1..1000, b in 1..1000 return a * b",
    "for a in 1..1000000000 return a",
    "for a in -999999999999..999999999999 return null",
    'for day in @"0001-01-01"..@"9999-12-31" return day.year',
    "some a in 1..100000, b in 1..100000 satisfies a = -1",
    "every a in [1..99999], b in [1..99999] satisfies a > 0",
    "for i in 1..2000 return partial",
    "count(for i in 1..40000 return [i, i, i, i, i, i])",
    "[[1, 2, 3], [4, 5, 6]][some x in 1..100000 satisfies x = item]",
    "sort(for i in 1..40000 return -i, function(a, b) a < b)",
    "sort(for i in 1..3000 return -i, function(a, b) count(for j in 1..300 return j) < 0)",
    "count(distinct values(for i in 1..20000 return i))",
    "distinct values(for i in 1..3000 return {a: i})",
    "union(for i in 1..3000 return [i], for i in 1..3000 return [-i])",
    "mode(for i in 1..50000 return i)",
    "stddev(for i in 1..50000 return i / 3)",
    "flatten(for i in 1..20000 return [[i]])",
    "list replace(for i in 1..30000 return i, function(a, b) true, 1)",
    "index of(for i in 1..2000 return [1, 2, 3], [1, 2, 3])",
    "(for i in 1..2000 return [i, {a: i}]) = (for i in 1..2000 return [i, {a: i}])",
    "{a: for i in 1..5000 return i, b: concatenate(a, a, a, a, a, a, a, a), c: concatenate(b, b, b, b, b, b)}.c",
    # Texts and patterns
    '"' + "a" * 50 + '"' + " + x" * 50,
    'string join(for i in 1..50000 return "aaaaaaaaaaaaaaaaaaaa")',
    "{a: x + x, b: a + a, c: b + b, d: c + c, e: d + d, f: e + e}.f",
    f'matches("{LONG}b", "(a+)+$")',
    f'matches("{LONG}", "{"(a|a)*" * 50}$")',
    f'matches("{LONG}", "a{{1000}}{{1000}}")',
    'matches("x", "((a{100}){100}){100}")',
    f'matches(x, "{"(.*)" * 100}b")',
    'matches(x, "^(a+)+\\\\1$b")',
    'matches(x, "(.*)(.*)(.*)\\\\3y")',
    'replace(x, "(b)?(a*?)\\\\2c|d", "$1")',
    'matches(x, "' + "(a{9})" * 140 + '\\\\1")',
    'split(x, "(.)\\\\1")',
    f'matches(x, "({"[a-z-[q]]" * 90})\\\\1")',
    'matches("x", "(((((a{9}){9}){9}){9}){9})\\\\1")',
    'replace("' + "a" * 5_000 + '", "a", "' + "b" * 3_000 + '")',
    'replace(x, "(a)(a)(a)", "$3$2$1$3$2$1$3$2$1$3$2$1")',
    'split(x, "a*?")',
    "upper case(x + x)",
    "string([x, x, x, x, x, x, x, x])",
    # Numbers and times
    "9 ** 9 ** 9 ** 9",
    "exp(99999)",
    "modulo(10 ** 6000, 3)",
    "decimal(1 / 3, 6000)",
    "string(10 ** 6144)",
    'number("' + "9" * 9_000 + '", null, null)',
    "1" * 9_000 + " ** 2",
    '@"999999999-12-31" + duration("P999999999D")',
    'duration("P' + "9" * 5_000 + 'Y")',
    "for i in 1..50000 return 1.0000001 ** 99999999.5",
    "for i in 1..50000 return log(i + 0.1)",
    "for i in 1..50000 return exp(i / 777)",
    "for i in 1..50000 return modulo(10 ** 5000, i)",
    'for i in 1..50000 return range("[1..5]")',
    "for i in 1..50000 return date and time(string(i))",
    'for i in 1..50000 return @"2020-03-29T01:30:00@Europe/Paris" + i * @"PT1H"',
    'for i in 1..50000 return @"2020-03-29T01:30:00@Europe/Paris" < @"2020-03-29T01:30:00@Europe/Berlin"',
    "for i in 1..50000 return i instance of context<a: number, b: number, c: list<number>>",
    "sort(for i in 1..50000 return i, log)",
    "list replace(for i in 1..50000 return 10 ** 5000, modulo, 7)",
    # Functions
    "{f: function(x) f(x) + f(x), r: f(1)}.r",
    "{f: function(n) if n = 0 then 0 else f(n - 1), r: f(100000)}.r",
    "(function(f) f(f))(function(f) f(f))",
    "{f: function(n) for i in 1..n return f(n - 1), r: f(12)}.r",
    "{f: function(g) function(h) g(h), r: f(f)(f)(f)(f)}.r",
    # Text that is hard to read
    "(" * 5_000,
    "[" * 49 + "]" * 49,
    "{a: " * 49 + "1" + "}" * 49,
    "-" * 4_000 + "1",
    "not(" * 45 + "true" + ")" * 45,
    "if true then " * 600 + "1" + " else 2" * 600,
    "1" + " + 1" * 1_200,
    "true" + " and true" * 1_200,
    "a" + ".a" * 2_000,
    "a" + "[1]" * 2_000,
    "a b " * 2_000,
    "x instance of " + "list<" * 2_000 + "number" + ">" * 2_000,
    "function(" + ", ".join(f"p{n}" for n in range(1_000)) + ") 1",
    "/*" * 4_000,
    '"' + "\\" * 9_000,
    "\U0001f40e" * 9_000,
)
CELLS = (
    ", ".join(f"[{n}..{n + 1}]" for n in range(1_000)),
    "not(" * 500 + "1" + ")" * 500,
    "for i in 1..1000, j in 1..1000 return ? + i + j",
    "some i in 1..100000, j in 1..100000 satisfies ? = -1",
)


def _model(*decisions: str) -> str:
    inner = "".join(decisions)
    namespace = "https://www.omg.org/spec/DMN/20211108/MODEL/"
    return f'<definitions xmlns="{namespace}" namespace="n" name="n">{inner}</definitions>'


def _decision(name: str, text: str, *requires: str) -> str:
    needed = "".join(
        f'<informationRequirement><requiredDecision href="#{r}"/></informationRequirement>' for r in requires
    )
    boxed = f"<literalExpression><text>{escape(text)}</text></literalExpression>"
    return f'<decision id="{name}" name="{name}"><variable name="{name}"/>{needed}{boxed}</decision>'


MODELS = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><definitions>&b;</definitions>',
    "<a>" * 50_000,
    "<definitions " + " ".join(f'a{n}="1"' for n in range(5_000)) + "/>",
    _model("<decision><literalExpression>" * 90),
    _model(_decision("a", "1"), *(_decision(f"a{n}", "a + a", "a") for n in range(300))),
    _model(
        _decision("d0", '"aaaaaaaa"'), *(_decision(f"d{n}", f"d{n - 1} + d{n - 1}", f"d{n - 1}") for n in range(1, 40))
    ),
    _model(_decision("a", "for i in 1..1000, j in 1..1000 return i")),
    _model(_decision("a", "b", "b"), _decision("b", "a", "a")),
)
# A process that is forked for each has the modules and no memory of the others.
_MEASURE = """
import json, os, resource, sys, time
from orderloom.feel import check, evaluate, load_dmn
from orderloom.feel.table import Input, Output, Rule, Table
from orderloom.feel.written import written

def tried(kind, text):
    if kind == "expression":
        return evaluate(text, {"x": "a" * 90_000})
    if kind == "cell":
        cells = (written(text),)
        table = Table("t", (Input(written("x")),), (Output(),), (Rule(cells, (written("1"),)),))
        return evaluate(table, {"x": 5})
    model = load_dmn(text)
    check(model)
    return evaluate(model, {})

def measured(kind, text):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    try:
        tried(kind, text)
        told = "value"
    except Exception as error:
        told = type(error).__name__
    milliseconds = (time.process_time() - start) * 1000
    return told, milliseconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

def forked(kind, text):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(measured(kind, text)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        told = answers.read()
    os.waitpid(child, 0)
    return json.loads(told or '["the process ended", 1e9, 1e9]')

measured("expression", "sort([2, 1], function(a, b) a < b)[1] + number(\\"1\\", null, null)")
measured("expression", "matches(\\"a\\", \\"a\\")")
measured("model", sys.argv[1])
measured("cell", "> 1")
print(json.dumps([forked(kind, text) for kind, text in json.load(sys.stdin)]))
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one hostile text: a value or the name of its refusal, and what it cost."""

    text: str
    told: str
    milliseconds: float
    megabytes: float

    @property
    def is_met(self) -> bool:
        refused = self.told in ("value", "FeelError", "FeelLimit", "Mistaken")
        return refused and self.milliseconds < MOST_MILLISECONDS and self.megabytes < MOST_MEGABYTES


def attempts() -> list[Attempt]:
    """Every hostile text tried once, in processor time and peak memory beyond what the process had."""
    wanted = [("expression", text) for text in EXPRESSIONS]
    wanted += [("cell", text) for text in CELLS] + [("model", text) for text in MODELS]
    run = subprocess.run(
        [sys.executable, "-c", _MEASURE, _model(_decision("a", "1 +"))],
        input=json.dumps(wanted),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return [Attempt(text, *found) for (_, text), found in zip(wanted, json.loads(run.stdout), strict=True)]
