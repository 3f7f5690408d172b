"""The form of a change set: only what differs from the order is wished."""

from dataclasses import replace
from decimal import Decimal

import pytest

from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.catalog.reads import load_catalogue
from orderloom.orders.reads import stored_orders
from orderloom.web.change_form import ChangeForm, free_line, line_fields, wish_of
from orderloom.web.change_view import differences, graph_of, spoken, sums
from tests.orders import given

SITES = [{"place": "S1", "quantity": 6}, {"place": "S2", "quantity": 4}]


@pytest.fixture
async def kit(tx):
    """An order of ten kits whose splicers go to two sites, with its catalogue."""
    await given.world(tx)
    head, splicer, *rest = given.KIT
    order = await given.order(tx, (head, {**splicer, "ship_groups": SITES}, *rest), submit=True)
    [stored] = await stored_orders(tx, [order.id])
    return stored, await load_catalogue(tx, stored.catalogue_version_id)


def as_it_is(order, **more):
    """What a browser sends of a form in which nothing was touched, with fields touched."""
    form = {"revision": order.revision, "reason": "wish", "ship_to": order.ship_to, "bill_to": order.bill_to}
    form["quantity"] = {item.line: f"{item.quantity}" for item in order.items if not item.ship_groups}
    form["group"] = {
        f"{item.line}|{place}": f"{group.quantity}"
        for item in order.items
        for place, group in enumerate(item.ship_groups)
    }
    form["characteristic"] = {
        f"{item.line}|{name}": str(value) for item in order.items for name, value in item.characteristics.items()
    }
    form["place"] = {item.line: item.place for item in order.items if item.place}
    for name, value in more.items():
        form[name] = {**form.get(name, {}), **value} if isinstance(value, dict) else value
    return parse(ChangeForm, {name: value for name, value in form.items() if value is not None})


def wished(kit, **more):
    order, catalogue = kit
    return wish_of(as_it_is(order, **more), order, catalogue)


async def test_a_form_in_which_nothing_was_touched_wishes_for_nothing(kit):
    assert wished(kit).is_empty


async def test_quantities_places_and_sites_are_wished_as_they_should_be(kit):
    draft = wished(kit, quantity={"1.2": "24"}, group={"1.1|1": "2"}, place={"1.3": "S2"}, ship_to="S2")

    by_line = {line.line: line for line in draft.lines}
    assert by_line["1.2"].quantity == Decimal(24)
    assert [(group.place, group.quantity) for group in by_line["1.1"].ship_groups] == [("S1", 6), ("S2", 2)]
    assert by_line["1.3"].place == "S2"
    assert (draft.ship_to, draft.bill_to, set(by_line)) == ("S2", None, {"1.1", "1.2", "1.3"})


async def test_a_site_that_gets_nothing_is_left_out_and_none_at_all_is_refused(kit):
    [line] = wished(kit, group={"1.1|1": "0"}).lines
    assert [group.place for group in line.ship_groups] == ["S1"]
    with pytest.raises(Refused, match=r"tick “Remove”"):
        wished(kit, group={"1.1|0": "0", "1.1|1": "0"})


async def test_lines_are_taken_out_exchanged_closed_and_added(kit):
    draft = wished(
        kit,
        remove={"1.2": "yes"},
        remainder={"1.1": "yes"},
        exchange={"1.3": "CABLE"},
        add={"1|product": "CABLE", "1|quantity": "2", "1|characteristics": "colour = red", "2|quantity": "1"},
    )

    assert draft.remove == ("1.2",)
    assert [(line.line, line.cancel_remainder) for line in draft.lines] == [("1.1", True)]
    [exchange] = draft.exchange
    assert (exchange.line, exchange.by.line, exchange.by.product, exchange.by.relies_on) == (
        "1.3",
        "1.3",
        "CABLE",
        ("1.1",),
    )
    [new] = draft.add
    assert (new.line, new.parent, new.quantity, new.characteristics) == ("2", None, 2, {"colour": "red"})


async def test_characteristics_keep_their_kind_and_an_emptied_one_is_taken_away(kit):
    order, catalogue = kit
    items = tuple(
        replace(item, characteristics={"speed": 100, "fast": True, "note": "x"}) if item.line == "1.3" else item
        for item in order.items
    )
    order = replace(order, items=items)
    form = as_it_is(order, characteristic={"1.3|speed": "250", "1.3|fast": "no"})
    form = replace(
        form, characteristic={name: text for name, text in form.characteristic.items() if "note" not in name}
    )

    [line] = wish_of(form, order, catalogue).lines
    assert line.characteristics == {"speed": 250, "fast": False, "note": None}
    [fields] = [row for row in line_fields(order, catalogue, most=10) if row.item.line == "1.3"]
    assert {one.name: (one.value, one.choices) for one in fields.characteristics}["fast"][0] == "yes"


async def test_a_form_of_another_revision_and_what_is_no_number_are_refused(kit):
    with pytest.raises(Refused, match="open it again"):
        wished(kit, revision=2)
    with pytest.raises(Refused, match="no number"):
        wished(kit, quantity={"1.2": "many"})


def test_the_number_of_a_new_line_is_behind_the_last():
    assert free_line(None, ["1", "1.1", "2"]) == "3"
    assert free_line("1", ["1", "1.1", "1.4", "1.4.9", "10"]) == "1.5"
    assert free_line("1.4", ["1", "1.1", "1.4"]) == "1.4.1"


def test_values_are_told_as_people_read_them():
    rows = differences(
        [
            {"line": "1", "field": "", "before": "Modem", "after": None},
            {"line": "2", "field": "characteristics", "before": {"a": "1", "b": True}, "after": {"b": True, "c": "2"}},
            {"line": "3", "field": "ship_groups", "before": [{"place": "S1", "quantity": "4"}], "after": []},
        ]
    )
    assert [(row.line, row.what, row.before, row.after) for row in rows] == [
        ("1", "Removed", "Modem", "–"),
        ("2", "a", "1", "–"),
        ("2", "c", "–", "2"),
        ("3", "Goes to", "4 → S1", "–"),
    ]
    assert spoken(False) == "no"


def test_sums_name_what_is_paid_once_by_period_and_as_a_fee():
    side = {"one_time": "49", "tax": "0", "recurring": {"month": "89"}, "recurring_tax": {"month": "4.5"}}
    found = sums({"before": side, "after": {**side, "recurring": {"month": "79"}}, "fees": "15"})

    assert [(one.what, one.difference) for one in found] == [
        ("Once", 0),
        ("Each month", -10),
        ("Tax on that", 0),
        ("Fees for going back", 15),
    ]


def test_a_picture_marks_what_comes_and_fades_what_goes():
    def step(title, effect, state="blocked"):
        return {"title": title, "owner": "internal", "type": "auto", "effect": effect, "state": state, "lines": []}

    plan = {
        "steps": [step("a", "kept", "done"), step("b", "added"), step("c", "withdrawn")],
        "edges": [[0, 1, "FS"], [0, 2, "FS"]],
    }
    graph = graph_of(plan)

    assert [(one.step.icon, one.step.faded, one.step.tone) for one in graph.steps] == [
        ("gear", False, "done"),
        ("plus", False, "waiting"),
        ("minus", True, "cancelled"),
    ]
    assert [one.edge.faded for one in graph.edges] == [False, True]
    assert graph_of(None) is None
