"""Models of this trade: decided, explained, checked, and saved as they were."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderloom.feel import check, evaluate, explain, load_dmn
from orderloom.feel.dmn.model import Model
from orderloom.feel.limits import FeelLimit
from orderloom.feel.mistakes import Mistaken
from orderloom.feel.table import Rule
from orderloom.feel.written import written
from tests.feel.dmn.xml import component, input_data, item, limited, literal, model, needs

HERE = Path(__file__).parent
APPROVAL = (HERE / "approval.dmn").read_text()
OFFER = (HERE / "offer.dmn").read_text()
ORDER = {
    "Customer": {"full name": "Ann", "segment": "key"},
    "Order Lines": [
        {"sku": "modem", "unit price": Decimal(2), "quantity": 3},
        {"sku": "router", "unit price": 5, "quantity": 1},
    ],
}


def codes(of: Model) -> list[tuple[int, str]]:
    return [(mistake.line, mistake.code) for mistake in check(of)]


# Decisions


@pytest.mark.parametrize(
    ("amount", "segment", "expected"),
    [
        (1000, "new", "nobody"),
        (5000, "key", "lead"),
        (5000, "new", "head"),
        (None, None, "head"),
        (9, "gone", "nobody"),
    ],
)
def test_a_table_decides(amount: object, segment: object, expected: str) -> None:
    loaded = load_dmn(APPROVAL)
    assert evaluate(loaded, {"Order Amount": amount, "Segment": segment}, decision="Approver") == expected
    assert evaluate(loaded, {"Order Amount": amount, "Segment": segment}, decision="approver") == expected


def test_every_boxed_expression_has_its_value() -> None:
    summary = evaluate(load_dmn(OFFER), ORDER, decision="Summary")
    assert isinstance(summary, dict)
    del summary["fn"]
    assert summary == {
        "who": "Ann",
        "greeting text": "Dear Ann",
        "rel": [{"unit price": Decimal(1), "b": Decimal("9.9")}, {"unit price": Decimal(2), "b": "x"}],
        "picked": ["x"],
        "cond": "small",
        "loop": [Decimal(2), Decimal(6)],
        "ev": True,
        "so": False,
        "fi": [{"sku": "router", "unit price": Decimal(5), "quantity": Decimal(1)}],
        "fnv": [Decimal("10.9"), None, Decimal(120), Decimal(720)],
        "sv": {"Net": Decimal("9.9"), "Discount Percent": Decimal(10)},
        "svn": {"Net": None, "Discount Percent": Decimal(10)},
        "li": [Decimal(1), True],
    }


def test_services_and_knowledge_are_asked_by_their_names() -> None:
    loaded = load_dmn(OFFER)
    assert evaluate(loaded, ORDER, decision="Pricing") == {"Net": Decimal("9.9"), "Discount Percent": Decimal(10)}
    assert evaluate(loaded, {"n": 5}, decision="fac") == 120
    with pytest.raises(LookupError):
        evaluate(loaded, {}, decision="Prizing")


def test_recursion_without_end_is_refused_by_name() -> None:
    with pytest.raises(FeelLimit) as refused:
        evaluate(load_dmn(OFFER), {}, decision="fac")
    assert refused.value.limit == "recursion"


def test_only_what_is_required_can_be_read() -> None:
    loaded = load_dmn(
        model(input_data("a", "number"), literal("b", "a"), literal("c", "a", needs("requiredInput", "a")))
    )
    assert evaluate(loaded, {"a": 1}) == {"b": None, "c": Decimal(1)}
    assert [mistake.code for mistake in check(loaded)] == ["unknown-name"]


def test_a_long_chain_of_decisions_costs_no_stack() -> None:
    chain = [literal("d0", "1")] + [
        literal(f"d{n}", f"d{n - 1} + 1", needs("requiredDecision", f"d{n - 1}")) for n in range(1, 2000)
    ]
    assert evaluate(load_dmn(model(*chain)), {}, decision="d1999") == 2000


def test_decisions_that_need_themselves_are_null_and_a_mistake() -> None:
    circle = [
        literal("a", "b", needs("requiredDecision", "b")),
        literal("b", "c", needs("requiredDecision", "c")),
        literal("c", "a", needs("requiredDecision", "a")),
        literal("d", "1"),
    ]
    loaded = load_dmn(model(*circle))
    assert evaluate(loaded, {}) == {"a": None, "b": None, "c": None, "d": Decimal(1)}
    assert codes(loaded) == [(2, "cycle"), (3, "cycle"), (4, "cycle")]


# Types


@pytest.mark.parametrize(
    ("type_name", "told", "expected"),
    [
        ("number", 5, Decimal(5)),
        ("number", "5", None),
        ("number", [5], Decimal(5)),
        ("number", [5, 6], None),
        ("tLevels", "low", ["low"]),
        ("tLevels", ["low", "high"], ["low", "high"]),
        ("tLevels", ["low", "middle"], None),
        ("tLevel", ["low"], "low"),
        ("tLevel", "middle", None),
        ("tPair", {"a": 1, "b": "x", "c": True}, {"a": Decimal(1), "b": "x", "c": True}),
        ("tPair", {"a": 1}, None),
        ("tPair", {"a": "1", "b": "x"}, None),
        ("tFew", ["low"], ["low"]),
        ("tFew", ["low", "high", "low"], None),
        ("Any", {"x": [1]}, {"x": [Decimal(1)]}),
    ],
)
def test_inputs_are_of_their_types_or_null(type_name: str, told: object, expected: object) -> None:
    definitions = (
        item("tLevel", "string", limited("allowedValues", '"low", "high"')),
        item("tLevels", "tLevel", is_list=True),
        item("tFew", "tLevel", limited("typeConstraint", "count(?) &lt; 3"), is_list=True),
        item("tPair", "", component("a", "number"), component("b", "string")),
    )
    text = model(*definitions, input_data("in", type_name), literal("out", "in", needs("requiredInput", "in")))
    assert evaluate(load_dmn(text.replace("20211108", "20230324")), {"in": told}, decision="out") == expected


def test_values_of_decisions_are_of_their_types_or_null() -> None:
    loaded = load_dmn(model(literal("a", '"x"', type_name="number"), literal("b", "[1]", type_name="number")))
    assert evaluate(loaded, {}) == {"a": None, "b": Decimal(1)}
    assert explain(loaded, {}, decision="a").problems == ("The value of “a” is no number.",)


def test_types_may_refer_to_themselves() -> None:
    node = item("tNode", "", component("children", "tNode", is_list=True))
    loaded = load_dmn(model(node, input_data("tree", "tNode"), literal("out", "tree", needs("requiredInput", "tree"))))
    good = {"children": [{"children": []}]}
    assert evaluate(loaded, {"tree": good}, decision="out") == good
    assert evaluate(loaded, {"tree": {"children": [{"child": []}]}}, decision="out") is None


def test_a_type_that_is_only_itself_is_a_mistake_and_any_value() -> None:
    circle = item("tA", "tB"), item("tB", "tA")
    loaded = load_dmn(model(*circle, input_data("in", "tA"), literal("out", "in", needs("requiredInput", "in"))))
    assert evaluate(loaded, {"in": 7}, decision="out") == 7
    assert codes(loaded) == [(2, "cycle"), (3, "cycle")]


# Imports


def test_imported_names_stand_behind_their_prefix() -> None:
    shared = model(
        item("tRate", "number", limited("allowedValues", "[0..100]")),
        input_data("base", "number"),
        literal("doubled", "base * 2", needs("requiredInput", "base"), type_name="number"),
        '<businessKnowledgeModel id="vat" name="with vat"><encapsulatedLogic><formalParameter name="net"/>'
        "<literalExpression><text>net * 1.19</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>",
        namespace="urn:example:shared",
    )
    main = model(
        '<import name="sh" namespace="urn:example:shared" importType="https://www.omg.org/spec/DMN/20211108/MODEL/"/>',
        input_data("rate", "sh.tRate"),
        literal(
            "gross",
            "sh.with vat(sh.doubled) + rate",
            needs("requiredDecision", "urn:example:shared#doubled"),
            needs("requiredKnowledge", "urn:example:shared#vat"),
            needs("requiredInput", "rate"),
        ),
    )
    loaded = load_dmn(main, imports=[load_dmn(shared)])
    assert check(loaded) == []
    assert evaluate(loaded, {"base": 10, "rate": 1}, decision="gross") == Decimal("24.80")
    assert evaluate(loaded, {"sh": {"base": 10}, "rate": 101}, decision="gross") is None
    assert codes(load_dmn(main))[0] == (2, "import-missing")


# Evidence


def test_the_evidence_names_the_first_cell_that_refused() -> None:
    loaded = load_dmn(APPROVAL)
    evidence = explain(loaded, {"Order Amount": 5000, "Segment": "new"}, decision="Approver")
    assert explain(loaded, "Approver", {"Order Amount": 5000, "Segment": "new"}) == evidence
    (table,) = evidence.decisions[0].tables
    assert table.matched == (3,)
    refused = [(rule.rule, rule.refusal.expression, rule.refusal.cell) for rule in table.rules if rule.refusal]
    assert refused == [(1, "Order Amount", "<= 1000"), (2, "Segment", 'not("new")')]


@given(st.sampled_from(["new", "key", "watch", "gone", None, 7]))
def test_an_input_that_was_not_read_changes_nothing_in_the_evidence(segment: object) -> None:
    loaded = load_dmn(APPROVAL)
    evidence = explain(loaded, {"Order Amount": 10, "Segment": segment, "Weather": segment}, decision="Approver")
    assert evidence.as_json() == explain(loaded, {"Order Amount": 10}, decision="Approver").as_json()
    assert evidence.inputs == {"Order Amount": 10}


def test_only_decisions_that_were_read_are_in_the_evidence() -> None:
    loaded = load_dmn(
        model(
            input_data("x", "number"),
            literal("dear", "x * 2", needs("requiredInput", "x")),
            literal("cheap", "1"),
            literal(
                "goal",
                "if cheap = 1 then 0 else dear",
                needs("requiredDecision", "dear"),
                needs("requiredDecision", "cheap"),
            ),
        )
    )
    evidence = explain(loaded, {"x": "no number"}, decision="goal")
    assert ([trace.name for trace in evidence.decisions], evidence.inputs, evidence.problems) == (
        ["cheap", "goal"],
        {},
        (),
    )


def test_the_evidence_has_the_value_of_the_evaluation() -> None:
    loaded = load_dmn(OFFER)
    for decision in ("Net", "Discount Percent", "Pricing"):
        assert explain(loaded, ORDER, decision=decision).value == evaluate(loaded, ORDER, decision=decision)


# Mistakes


def test_all_mistakes_come_at_once_with_their_places() -> None:
    broken = (
        APPROVAL.replace('not("new")', 'not("new"')
        .replace("<dmn:text>Order Amount</dmn:text>", "<dmn:text>Order Amonut</dmn:text>")
        .replace('name="Segment" typeRef="own:tSegment"', 'name="Segment" typeRef="own:tSegmnt"')
        .replace('href="#segment"', 'href="#segmant"')
        .replace('"nobody"', "7")
    )
    found = check(load_dmn(broken))
    assert [mistake.code for mistake in found] == [
        "unknown-type", "requirement-missing", "unknown-name", "unknown-name", "wrong-type", "not-analysed", "syntax",
    ]  # fmt: skip
    lines = broken.splitlines()
    for mistake in found:
        assert 0 < mistake.column <= len(lines[mistake.line - 1])
    assert lines[found[-1].line - 1][found[-1].column - 1 :].startswith("</dmn:text>")


def test_a_table_with_a_mistake_is_null_and_does_not_answer_from_the_rest() -> None:
    broken = load_dmn(APPROVAL.replace('not("new")', 'not("new"'))
    assert evaluate(broken, {"Order Amount": 5, "Segment": "key"}, decision="Approver") is None
    assert evaluate(load_dmn(model(literal("a", "1 +"), literal("b", "2"))), {}) == {"a": None, "b": Decimal(2)}


def test_a_sound_model_has_no_mistakes() -> None:
    assert check(load_dmn(APPROVAL)) == []
    assert check(load_dmn(OFFER)) == []


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE d [<!ENTITY x "y">]>' + model(),
        model("&x;"),
        "<definitions/>",
        model("<decision>"),
        "",
        "<a>" * 5000,
        model("<!--" + "x" * 9_000_000 + "-->"),
    ],
)
def test_what_is_no_model_is_refused(text: str) -> None:
    with pytest.raises(Mistaken) as refused:
        load_dmn(text)
    assert refused.value.mistakes[0].line == 1 or "decision" in text or "&x;" in text


# Saving


def test_a_model_is_saved_as_it_was() -> None:
    saved = load_dmn(APPROVAL).save().decode()
    assert ET.canonicalize(saved, with_comments=True) == ET.canonicalize(APPROVAL, with_comments=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_other_encodings_are_read_and_saved_as_utf_8(encoding: str) -> None:
    text = model(literal("größe", '"grün"')).replace(
        "<definitions", f'<?xml version="1.0" encoding="{encoding}"?><definitions', 1
    )
    loaded = load_dmn(text.encode(encoding))
    assert evaluate(loaded, {}, decision="größe") == "grün"
    assert ET.canonicalize(loaded.save().decode()) == ET.canonicalize(text.replace(encoding, "utf-8"))


def test_a_changed_cell_changes_its_text_alone() -> None:
    loaded = load_dmn(APPROVAL)
    table = loaded.tables["Approver"]
    first = replace(table.rules[0], tests=(written("<= 2000"), table.rules[0].tests[1]))
    changed = loaded.with_table("Approver", replace(table, rules=(first, *table.rules[1:])))
    assert changed.save().decode() == APPROVAL.replace("<![CDATA[<= 1000]]>", "&lt;= 2000")
    assert evaluate(changed, {"Order Amount": 1500, "Segment": "new"}, decision="Approver") == "nobody"


def test_rules_added_and_moved_leave_the_others_as_they_were() -> None:
    loaded = load_dmn(APPROVAL)
    table = loaded.tables["Approver"]
    added = replace(table.rules[0], tests=(written('<= "5"'), written("-")), notes=('a <b> & "c"',))
    wanted = replace(table, rules=(table.rules[1], added, *table.rules[2:]))
    saved = loaded.with_table("Approver", wanted).save().decode()
    assert load_dmn(saved).tables["Approver"] == wanted
    for kept in (
        '<dmn:rule id="rule2" desk:reviewed="2026-02-03">',
        'desk:wide="yes"',
        "urn:example:desk",
        "<dc:Bounds",
    ):
        assert kept in saved
    assert "rule1" not in saved


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1).map(str.strip)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=4), CELLS)
def test_any_text_of_a_changed_table_is_read_as_it_was_written(rows: list[tuple[str, ...]], label: str) -> None:
    loaded = load_dmn(APPROVAL)
    table = loaded.tables["Approver"]
    rules = tuple(Rule((written(a), written(b)), (written(c + "\n\r]]>&<" + c),), (note,)) for a, b, c, note in rows)
    inputs = (replace(table.inputs[0], label=label), table.inputs[1])
    changed = loaded.with_table("Approver", replace(table, inputs=inputs, rules=rules))
    assert changed.tables["Approver"].rules == rules
    assert changed.tables["Approver"].inputs == inputs


@pytest.mark.parametrize(
    ("version", "type_name"),
    [("20151101/dmn.xsd", "feel:number"), ("20180521/MODEL/", "number"), ("20230324/MODEL/", "number")],
)
def test_all_versions_of_the_standard_are_read(version: str, type_name: str) -> None:
    text = model(literal("a", '"1"', type_name=type_name), head='xmlns:feel="http://www.omg.org/spec/FEEL/20140401"')
    scheme = "http" if version < "2019" else "https"
    namespace = f"{scheme}://www.omg.org/spec/DMN/{version}"
    loaded = load_dmn(text.replace("https://www.omg.org/spec/DMN/20211108/MODEL/", namespace))
    assert evaluate(loaded, {}, decision="a") is None
    assert codes(loaded) == [(2, "wrong-type")]
