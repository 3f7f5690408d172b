"""Tables as YAML and CSV: text as written, and every mistake at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel.mistakes import Mistaken
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.tabular import read_csv, read_yaml, write_csv, write_yaml
from orderloom.feel.written import written

YAML = """\
table: Carrier
hit policy: F
inputs:
  - expression: country
    type: string
  - {expression: weight, type: number}
outputs:
  - {name: carrier, type: string, default: post}
notes: [why]
rules:
  - [NO, "<= 20", North Post, they fly]
  - ["not(NO, SE)", "-", "\\"land\\"", ]
  - ["-", "-", null, last]
"""
CSV = """\
table;Discount
hit policy;C+
locale;de
column;input;input;output
name;total;since;discount
type;number;date;number
rule;>= 1.234,50;-;2,5
rule;[1.000..2.000];< date("2026-01-01");1
"""


def test_a_word_in_a_text_column_stays_a_word() -> None:
    table = read_yaml(YAML)
    assert [[c.text for c in (*r.tests, *r.answers)] for r in table.rules] == [
        ['"NO"', "<= 20", '"North Post"'],
        ['not("NO", "SE")', "-", '"land"'],
        ["-", "-", "null"],
    ]
    assert table.outputs[0].default == written('"post"')
    assert [r.notes for r in table.rules] == [("they fly",), (), ("last",)]
    assert table.hit_policy is HitPolicy.FIRST


def test_cells_know_their_line_and_column() -> None:
    table = read_yaml(YAML)
    place = table.rules[0].tests[1].place
    assert YAML.splitlines()[place.line - 1][place.column - 1 :].startswith("<= 20")


def test_numbers_are_read_by_the_declared_locale() -> None:
    table = read_csv(CSV)
    assert [[c.text for c in (*r.tests, *r.answers)] for r in table.rules] == [
        [">= 1234.50", "-", "2.5"],
        ["[1000..2000]", '< date("2026-01-01")', "1"],
    ]


def test_a_decimal_comma_without_a_locale_is_refused_with_its_place() -> None:
    with pytest.raises(Mistaken) as refused:
        read_csv(CSV.replace("locale;de\n", ""))
    assert [(m.line, m.column, m.code) for m in refused.value.mistakes] == [(6, 13, "number"), (6, 20, "number")]


def test_a_number_that_the_locale_does_not_write_so_is_refused() -> None:
    with pytest.raises(Mistaken) as refused:
        read_csv(CSV.replace("1.234,50", "1,234.50"))
    assert [(m.line, m.column) for m in refused.value.mistakes] == [(7, 9)]


def test_all_mistakes_come_at_once() -> None:
    text = "table: x\nhit policy: Z\nprice: 1\ninputs: [a]\noutputs: [b]\nrules:\n  - [1]\n  - [1, 2, 3]\n"
    with pytest.raises(Mistaken) as refused:
        read_yaml(text)
    assert [(m.line, m.code) for m in refused.value.mistakes] == [
        (2, "hit-policy"),
        (3, "key"),
        (7, "rule-length"),
        (8, "rule-length"),
    ]


def test_mistakes_of_the_form_do_not_hide_those_within_cells() -> None:
    rows = '  - ["1,5", 1]\n  - ["> 5 +", 2]\n  - ["\\"a\\"", 1 +]\n  - ["2,5", 3]\n'
    head = "table: x\nhit policy: U\ninputs:\n  - {expression: n, type: number}\noutputs: [b]\nrules:\n"
    with pytest.raises(Mistaken) as refused:
        read_yaml(head + rows)
    assert [(m.line, m.code) for m in refused.value.mistakes] == [
        (7, "number"),
        (8, "syntax"),
        (9, "wrong-type"),
        (9, "syntax"),
        (10, "number"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [*x]",
        "- 1",
        "table: !!python/object:os.system x",
        "table: [",
        "a: " + "[" * 50,
        "",
        "\x00",
        'a: "\\UFFFFFFFF"',
        'a: "\\U00110000"',
    ],
)
def test_what_is_no_plain_yaml_is_refused(text: str) -> None:
    with pytest.raises(Mistaken):
        read_yaml(text)


def test_a_name_in_a_text_column_stays_a_name() -> None:
    table = read_yaml(YAML.replace("[NO,", "[(home country),"))
    rewritten = read_csv(write_csv(table))
    assert rewritten.rules[0].tests[0].text == "(home country)"
    named = Table("", (Input(written("a"), "string"),), (Output(),), (Rule((written("not(b, c)"),), (written("1"),)),))
    assert read_yaml(write_yaml(named)).rules[0].tests[0].text == "not((b), (c))"


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=12).map(
    lambda text: '"' + text.replace("\\", "").replace('"', "") + '"'
) | st.sampled_from(["-", "<= 10", '"NO"', "not(1, 2)", "[1..5)", "1.50", '"a\nb"', '"true"', "null"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    inputs = draw(st.integers(0, 3))
    outputs = draw(st.integers(1, 2))
    cells = CELLS.map(written)
    rule = st.builds(
        Rule, st.tuples(*[cells] * inputs), st.tuples(*[cells] * outputs), st.tuples(st.sampled_from(["", "NO", "1,5"]))
    )
    return Table(
        draw(st.sampled_from(["Limits", "yes", "1.0", "a, b"])),
        tuple(Input(written(f"in {n}"), draw(st.sampled_from(["", "number"]))) for n in range(inputs)),
        tuple(Output(f"out{n}", "", draw(st.none() | cells), draw(st.none() | cells)) for n in range(outputs)),
        tuple(draw(st.lists(rule, max_size=4))),
        draw(st.sampled_from(HitPolicy)),
        ("why",),
    )


@given(tables())
def test_a_written_table_is_read_as_it_was(table: Table) -> None:
    assert read_yaml(write_yaml(table)) == table
    assert read_csv(write_csv(table)) == table
