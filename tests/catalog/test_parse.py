"""Reading catalogues: what is understood, and that every mistake is told at once with file, place and reason."""

# ruff: noqa: E501 - the catalogues here are written as people write them

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.base.refusals import Refused
from orderloom.catalog.parse import parse_catalogue, read_catalogue
from orderloom.catalog.shape import CATALOGUE, catalogue_schema
from orderloom.catalog.text import canonical
from orderloom.catalog.types import After, AfterSignal, Catalogue, Hours, HoursBy
from tests.fulfilment.worlds import CATALOGUES, DEMO, catalogue

GOOD = """
catalogue: demo
version: 3
names: {DC-East: East}
order:
  steps:
    check: {name: Check, type: auto, hours: [0.5, 1, 2], yields: [status]}
rules:
- {from: Line, make: Access, copy: {down: speed}, set: {profile: "P-{down}"}, if: speed > 10}
- {from: Access, make: Port}
specs:
  Access:
    kind: service
    per: order+place
    when: status != "fine"
    steps:
      work: {name: "Work at {place}", type: manual, queue: field, hours: {by: place, A: [1, 2, 3], else: [2, 3, 4]}, undo: undo it}
      wait: {name: Wait, type: event, by: customer, after: work SS +48h, hours: [1, 1, 1], signals: live}
  Port: {kind: resource}
links:
- {first: Access.work, then: Access.wait, same: [item, place], type: FF +30m, note: so it is}
offerings:
  Bundle:
    steps:
      all: {name: All, type: milestone, after: {signal: live}}
      bill: {name: Bill, type: auto, after: [all, {signal: live}], hours: [0, 0, 0]}
    billing: {policy: together, gate: all, step: bill}
charges:
- {for: Bundle, type: oneTime, amount: "5.00", effective: all}
- {for: Line, type: recurring, amount: 1.00/month, effective: Access.wait, gates: [Access.wait, {step: Access.work, same: bundle}], waived: skipped}
"""


def problems_of(text: str, source: str = "x.yaml") -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        parse_catalogue(text, source)
    assert all(problem.message.endswith((".", "?")) for problem in caught.value.problems)
    return [(problem.code, problem.pointer) for problem in caught.value.problems]


def test_a_catalogue_is_understood():
    found = parse_catalogue(GOOD, "good.yaml")
    assert (found.code, found.version, list(found.products)) == ("demo", 3, ["Line", "Bundle"])
    work, wait = found.specs["Access"].sections["add"]
    assert work.hours == HoursBy("place", {"A": Hours(3600, 7200, 10800)}, Hours(7200, 10800, 14400))
    assert wait.after == (After("work", "SS", 172_800),)
    assert wait.when is not None
    assert wait.when.text == 'status != "fine"'
    assert (found.links[0].type, found.links[0].lag_seconds, found.links[0].same) == ("FF", 1800, ("item", "place"))
    assert found.offerings["Bundle"].steps[1].after == (After("all"), AfterSignal("live"))
    assert found.offerings["Bundle"].billing.gates == ("all",)
    assert found.charges[1].waived_when_skipped
    assert found.spec_order == ("Access", "Port")


@pytest.mark.parametrize("code", CATALOGUES.values())
def test_a_catalogue_survives_being_kept_as_json(code):
    first = catalogue(code)
    again = read_catalogue(json.loads(canonical(first.document)))
    assert canonical(again.document) == canonical(first.document)
    assert again.specs == first.specs
    assert again.products == first.products
    assert again.charges == first.charges
    from_json = parse_catalogue(json.dumps(first.document, default=float), "c.json")
    assert from_json.links == first.links


def test_the_demo_sells_sixty_products():
    found = [catalogue(code) for code in CATALOGUES.values()]
    assert sum(len(c.products) for c in found) >= 60
    assert len({code for c in found for code in c.products}) == sum(len(c.products) for c in found)
    assert {path.stem for path in (DEMO / "catalog").glob("*.yaml")} == {c.code for c in found} | {"projects"}


MISTAKES = [
    ("version: 3", "version: nought", "number_expected", "/version"),
    ("version: 3", "version: 0", "number_range", "/version"),
    ("names: {", "nams: {", "field_unknown", "/nams"),
    ("make: Access", "make: Acess", "spec_unknown", "/rules/0/make"),
    ("make: Access,", "make: Access, use: Port,", "rule_verb", "/rules/0"),
    ("if: speed > 10", "if: speed >", "condition", "/rules/0/if"),
    ("if: speed > 10", "optional: true", "rule_optional", "/rules/0/optional"),
    ('"P-{down}"', '"P-{down"', "template", "/rules/0/set/profile"),
    ('"P-{down}"', '"P-{not a name}"', "template", "/rules/0/set/profile"),
    ("- {from: Access, make: Port}", "- {from: Access, make: Port}\n- {from: Port, make: Access}", "rules_cyclic", "/rules/1"),
    ("- {from: Access, make: Port}", "- {from: Access, make: Port}\n- {from: Port, use: Access}", "rule_use", "/rules/2/from"),
    ("kind: service", "kind: sevice", "word_unknown", "/specs/Access/kind"),
    ("type: manual", "type: hands", "word_unknown", "/specs/Access/steps/work/type"),
    ("per: order+place", "per: order place", "text_form", "/specs/Access/per"),
    ('status != "fine"', 'sttus != "fine"', "fact_untold", "/specs/Access/when"),
    ('status != "fine"', "status == 1", "condition", "/specs/Access/when"),
    ("[1, 2, 3]", "[3, 2, 1]", "hours_order", "/specs/Access/steps/work/hours/A"),
    ("[1, 2, 3]", "[1, 2]", "list_length", "/specs/Access/steps/work/hours/A"),
    ("[1, 2, 3]", "[1, 2, .inf]", "number_expected", "/specs/Access/steps/work/hours/A/2"),
    ("[1, 2, 3]", "[-1, 2, 3]", "number_range", "/specs/Access/steps/work/hours/A/0"),
    (", hours: [1, 1, 1], signals", ", signals", "hours_missing", "/specs/Access/steps/wait/hours"),
    ("after: work SS +48h", "after: worc", "step_unknown", "/specs/Access/steps/wait/after"),
    ("after: work SS +48h", "after: work XY", "text_form", "/specs/Access/steps/wait/after"),
    ("after: work SS +48h", "after: {signal: live}", "signal_misplaced", "/specs/Access/steps/wait/after"),
    ("after: work SS +48h", "after: wait", "steps_cyclic", "/specs/Access/steps/wait/after"),
    ("undo: undo it", "completes: wait", "completes_timer", "/specs/Access/steps/work/completes"),
    ("first: Access.work", "first: Access.werk", "step_unknown", "/links/0/first"),
    ("then: Access.wait", "then: Nothing.wait", "spec_unknown", "/links/0/then"),
    ("then: Access.wait, s", "then: Access.work, s", "link_self", "/links/0/then"),
    ("same: [item, place]", "same: [item, plaice]", "word_unknown", "/links/0/same/1"),
    ("type: FF +30m", "type: FX", "text_form", "/links/0/type"),
    ("gate: all,", "gate: al,", "gate_unknown", "/offerings/Bundle/billing/gate"),
    ("policy: together", "policy: whenever", "word_unknown", "/offerings/Bundle/billing/policy"),
    ("gates: [Access.wait,", "gates: [Access.whine,", "gate_unknown", "/charges/1/gates/0"),
    ("effective: Access.wait", "effective: Access.whine", "step_unknown", "/charges/1/effective"),
    ("effective: all", "effective: al", "step_unknown", "/charges/0/effective"),
    ("effective: all", "effective: all, policy: independent", "charge_ungated", "/charges/0/gates"),
    ("amount: \"5.00\", ", "", "amount_missing", "/charges/0/amount"),
    ("Port: {kind: resource}", "Port: {kind: resource}\n  Spare: {kind: resource}", "spec_unused", "/specs/Spare"),
    ("Port: {kind: resource}", "Port: {kind: resource}\n  order: {kind: resource}", "name_reserved", "/specs/order"),
    ("catalogue: demo", "catalogue: [demo]", "text_expected", "/catalogue"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "pointer"), MISTAKES, ids=[f"{m[2]} {m[3]}" for m in MISTAKES])
def test_each_mistake_is_told_with_its_place(old, new, code, pointer):
    assert old in GOOD
    assert (code, f"x.yaml#{pointer}") in problems_of(GOOD.replace(old, new, 1))


def test_all_mistakes_are_told_at_once():
    text = (
        GOOD.replace("make: Port", "make: Prot").replace("type: manual", "type: hands").replace("gate: all", "gate: x")
    )
    found = {pointer for _, pointer in problems_of(text)}
    assert found >= {
        "x.yaml#/rules/1/make",
        "x.yaml#/specs/Access/steps/work/type",
        "x.yaml#/offerings/Bundle/billing/gate",
    }


def test_a_helpful_guess_is_made():
    with pytest.raises(Refused) as caught:
        parse_catalogue(GOOD.replace("make: Access", "make: Acess"))
    assert "did you mean “Access”?" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2", "key_double"),
        ("a: {b: 1, b: 2}", "key_double"),
        ("a: [1, 2", "yaml_malformed"),
        ("a: &x 1\nb: *x", "yaml_alias"),
        ("a: !!python/object:os.system {}", "yaml_malformed"),
        ("? [1]\n: 2", "key_form"),
        ("a: " + "[" * 60 + "]" * 60, "nesting_too_deep"),
        ("- 1", "fields_expected"),
        ("", "fields_expected"),
        ("\x00", "yaml_malformed"),
        ("a: 'x\ud800'", "yaml_malformed"),
    ],
)
def test_bad_yaml_is_refused_before_it_is_read(text, code):
    assert code in {found for found, _ in problems_of(text)}


def test_double_keys_in_json_are_refused():
    assert problems_of('{"catalogue": "a", "catalogue": "b"}', "x.json")[0][0] == "key_double"


PRODUCTS = """
catalogue: shop
version: 1
currency: USD
products:
- {code: BOX, name: Box, kind: good, groups: [{code: g, minimum: 1, maximum: 1}], components: [{product: PART, group: g, quantity: 2}]}
- {code: PART, name: Part, kind: good, characteristics: {size: {type: integer, choices: [1, 2], default: 1}}, prices: [{one_time: 9.90}]}
rules:
- {from: Part, make: Parcel}
specs:
  Parcel: {kind: shipment, steps: {send: {name: Send, type: callout, hours: [1, 1, 1]}}}
charges:
- {for: Part, type: oneTime, gates: [Parcel.send]}
"""


def test_products_and_bundles_are_understood():
    found = parse_catalogue(PRODUCTS)
    assert found.product("Part") is found.products["PART"]
    assert found.products["BOX"].components[0].quantity == Decimal(2)
    assert found.charges[0].amount == "9.90"


PRODUCT_MISTAKES = [
    ("product: PART,", "product: PRT,", "product_unknown", "/products/0/components/0/product"),
    ("group: g,", "group: h,", "group_unknown", "/products/0/components/0/group"),
    ("product: PART,", "product: BOX,", "bundle_cyclic", "/products/0/components"),
    ("minimum: 1, maximum: 1", "minimum: 2, maximum: 1", "cardinality", "/products/0/groups/0/maximum"),
    ("choices: [1, 2]", "choices: [1, two]", "choice_type", "/products/1/characteristics/size/choices/1"),
    ("default: 1", "default: 3", "default_type", "/products/1/characteristics/size/default"),
    ("9.90", "9.905", "decimals", "/products/1/prices/0/one_time"),
    ("one_time: 9.90", "one_time: 9.90, currency: XXQ", "currency_unknown", "/products/1/prices/0/currency"),
    ("one_time: 9.90", "recurring: 9.90", "period_missing", "/products/1/prices/0"),
    ("code: PART", "code: BOX", "product_double", "/products/1/code"),
    ("name: Part", "name: Box", "product_double", "/products/1/name"),
    ("name: Part, kind: good", "name: Part, kind: thing", "word_unknown", "/products/1/kind"),
    ("name: Part, kind: good", "name: Part, kind: good, unit: bushel", "unit_unknown", "/products/1/unit"),
    ("from: Part", "from: Prt", "source_unknown", "/rules/0/from"),
    ("for: Part", "for: Prt", "product_unknown", "/charges/0/for"),
]


@pytest.mark.parametrize(("old", "new", "code", "pointer"), PRODUCT_MISTAKES, ids=[m[2] for m in PRODUCT_MISTAKES])
def test_each_mistake_of_a_product_is_told(old, new, code, pointer):
    assert old in PRODUCTS
    assert (code, f"x.yaml#{pointer}") in problems_of(PRODUCTS.replace(old, new, 1))


def test_the_schema_is_published_and_names_every_section():
    schema = catalogue_schema()
    assert set(schema["properties"]) == set(CATALOGUE.fields)
    assert schema["additionalProperties"] is False
    json.dumps(schema)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.decimals(allow_nan=True),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SECTIONS = st.sampled_from(sorted(CATALOGUE.fields))


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(SECTIONS, VALUES))
def test_whatever_is_in_a_file_it_is_read_or_refused(document):
    try:
        found = read_catalogue({"catalogue": "x", "version": 1, **document})
    except Refused:
        return
    assert isinstance(found, Catalogue)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_mangled_catalogue_is_read_or_refused(data):
    document = json.loads(json.dumps(parse_catalogue(GOOD).document, default=float))
    for _ in range(data.draw(st.integers(1, 3))):
        place = document
        while isinstance(place, dict | list) and place:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            key = data.draw(st.sampled_from(list(keys)))
            if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
                place[key] = data.draw(VALUES)
                break
            place = place[key]
    try:
        read_catalogue(document)
    except Refused as refused:
        assert all(problem.message for problem in refused.problems)
