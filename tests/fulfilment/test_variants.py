"""Variants of the worked orders that nobody worked out, as an expert would draw them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from orderloom.base.refusals import Refused
from orderloom.catalog.parse import parse_catalogue, read_catalogue
from orderloom.fulfilment.difference import difference
from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.types import Fact, Facts, Installed, Sourced
from orderloom.orders.types import ItemDraft, OrderDraft, ShipGroupDraft
from tests.fulfilment.worlds import (
    SPLIT,
    before,
    catalogue,
    catalogue_of,
    changed,
    count,
    order,
    specs,
    twice,
    without,
)

A, B, C = "A-triple-play", "B-wholesale-kit", "C-saas-hardware"


def plan(name, draft, facts=None):
    return build_plan(catalogue_of(name), draft, facts or Facts())


def refused(name, draft, facts=None) -> list[str]:
    with pytest.raises(Refused) as caught:
        plan(name, draft, facts)
    return [problem.code for problem in caught.value.problems]


def test_without_voice_there_is_no_number_and_the_rest_stays():
    found = plan(A, without(order(A), "1.3"))
    assert len(found.things) == 9
    assert len(found.steps) == 17
    assert before(found, "MILESTONE all bundle services active") == {
        "MILESTONE Internet active",
        "Enable multicast + TV entitlement",
        "STB registered",
    }
    assert next(t for t in found.things if t.spec.name == "DSLAMPort").sources == ("1.1", "1.2")


def test_without_television_there_is_one_line_in_the_parcel():
    found = plan(A, without(order(A), "1.2", "1.5"))
    assert "CFS-IPTV" not in specs(found)
    assert next(t for t in found.things if t.spec.name == "ShippingOrder").label == "ShippingOrder(MDM-9)"
    assert count(found, "Reserve modem") == 1
    assert before(found, "MILESTONE all bundle services active") == {
        "MILESTONE Internet active",
        "Number port cut-over",
    }


def test_a_new_number_is_assigned_and_nothing_is_ported():
    found = plan(A, changed(order(A), "1.3", lambda item: replace(item, characteristics={})))
    assert len(found.steps) == 19
    assert count(found, "Port-in request accepted") == count(found, "Number port cut-over") == 0
    assert before(found, "Assign number from pool") == {"Create SIP account"}
    assert "Assign number from pool" in before(found, "MILESTONE all bundle services active")


def test_two_set_top_boxes_are_counted():
    found = plan(A, changed(order(A), "1.5", lambda item: replace(item, quantity=Decimal(2))))
    assert next(step for step in found.steps if step.title == "STB registered").expected == 2
    assert len(found.steps) == 20


def test_two_bundles_at_one_place_share_parcel_and_visit_but_not_line_and_bill():
    found = plan(A, twice(order(A)))
    assert specs(found).count("RFS-DSLLine") == specs(found).count("DSLAMPort") == 2
    assert specs(found).count("ShippingOrder") == specs(found).count("TruckRoll") == 1
    assert count(found, "Release billing") == 2
    assert count(found, "Validate + credit check") == 1
    assert count(found, "Customer books appointment") == 1
    parcel = next(t for t in found.things if t.spec.name == "ShippingOrder")
    assert parcel.sources == ("1.4", "1.5", "2.4", "2.5")
    ports = [t.sources for t in found.things if t.spec.name == "DSLAMPort"]
    assert ports == [("1.1", "1.2", "1.3"), ("2.1", "2.2", "2.3")]


def test_two_bundles_at_two_places_share_nothing():
    found = plan(A, twice(order(A), place="ADDR-8"))
    assert specs(found).count("ShippingOrder") == specs(found).count("TruckRoll") == 2
    assert len(found.steps) == 1 + 2 * 19


def test_the_visit_of_two_lines_runs_when_one_line_needs_it():
    found = plan(A, twice(order(A)))
    visit = next(n for n, s in enumerate(found.steps) if s.template.name == "visit")
    when = found.shape.nodes[visit].when
    names = [s.params["facts_as"]["lineStatus"] for s in found.steps if s.template.name == "qualify"]
    assert when == f'({names[0]} != "jumpered") or ({names[1]} != "jumpered")'
    told = (
        Fact("lineStatus", "jumpered", "CFS-BroadbandAccess/1.1/qualify"),
        Fact("lineStatus", "bare", "CFS-BroadbandAccess/2.1/qualify"),
    )
    assert _visits(twice(order(A)), told) == [True]
    assert _visits(twice(order(A)), told[:1]) == [None]
    both = (told[0], replace(told[1], value="jumpered"))
    assert _visits(twice(order(A)), both) == [False]


def test_each_place_asks_its_own_line():
    told = (Fact("lineStatus", "jumpered", "1.1"), Fact("lineStatus", "bare", "2.1"))
    assert _visits(twice(order(A), place="ADDR-8"), told) == [False, True]


def _visits(draft, told):
    found = plan(A, draft, Facts(told=told))
    return [s.decided for s in found.steps if s.template.name == "visit"]


def test_a_known_line_status_decides_the_visit_at_birth():
    found = plan(A, order(A), Facts(told=(Fact("lineStatus", "jumpered", "1.1", "pre-sale check"),)))
    assert {s.template.name for s in found.steps if s.is_born_skipped} == {"book", "visit"}
    assert len(found.steps) == 20
    assert found.variables["lineStatus"] == "jumpered"


def test_television_without_internet_is_refused():
    assert "use_missing" in refused(A, _television_alone())


def test_television_uses_the_line_that_is_installed():
    facts = Facts(installed=(Installed("DSLAMPort", "ADDR-7"), Installed("CFS-BroadbandAccess", "ADDR-7")))
    found = plan(A, _television_alone(), facts)
    assert specs(found) == ["CFS-IPTV", "DSLAMPort", "RFS-MulticastProfile", "ShippingOrder"]
    port = next(t for t in found.things if t.spec.name == "DSLAMPort")
    assert (port.is_installed, port.action, port.sources) == (True, "none", ("2",))
    assert not any(s.thing is not None and found.things[s.thing].is_installed for s in found.steps)


def _television_alone() -> OrderDraft:
    return OrderDraft(
        customer="x",
        ship_to="ADDR-7",
        items=(ItemDraft("2", "IPTV Family"), ItemDraft("3", "VDSL modem (rental)", characteristics={})),
        catalogue="home-broadband",
    )


def test_all_kits_from_one_warehouse_are_one_shipment():
    facts = Facts(
        sourced=tuple(
            Sourced(line, q, {"warehouse": "DC-West"}) for line, q in (("1.1", Decimal(10)), ("1.3", Decimal(30)))
        )
    )
    found = plan(B, order(B), facts)
    assert (len(found.things), len(found.steps)) == (3, 15)
    assert before(found, "MILESTONE first complete kits") == {"Delivered West", "Drop-ship delivered (POD)"}
    assert before(found, "MILESTONE all kits complete") == {"Delivered West", "Drop-ship delivered (POD)"}


def test_unsourced_kits_stand_as_one_provisional_shipment():
    found = plan(B, order(B))
    shipment = next(t for t in found.things if t.spec.name == "WarehouseShipment")
    assert shipment.open_attributes == ("warehouse",)
    assert [line.quantity for line in shipment.lines] == [10, 30]
    assert all(s.is_provisional for s in found.steps if s.thing is not None and found.things[s.thing] is shipment)


def test_an_unsourced_rest_stays_one_provisional_lot():
    facts = Facts(sourced=SPLIT.sourced[:1])
    found = plan(B, order(B), facts)
    lots = {t.key: {x.line: x.quantity for x in t.lines} for t in found.things if t.spec.name == "WarehouseShipment"}
    assert lots == {
        "WarehouseShipment/CUST-1+DC-East": {"1.1": 6},
        "WarehouseShipment/CUST-1+?": {"1.1": 4, "1.3": 30},
    }


def test_a_delivery_is_indispensable_only_for_kits_that_need_it():
    facts = Facts(
        sourced=(
            Sourced("1.1", Decimal(5), {"warehouse": "DC-East"}),
            Sourced("1.1", Decimal(5), {"warehouse": "DC-West"}),
            Sourced("1.3", Decimal(15), {"warehouse": "DC-East"}),
            Sourced("1.3", Decimal(15), {"warehouse": "DC-West"}),
        )
    )
    found = plan(B, order(B), facts)
    assert before(found, "MILESTONE first complete kits") == {"Drop-ship delivered (POD)"}
    assert before(found, "MILESTONE all kits complete") == {
        "Delivered East",
        "Delivered West",
        "Drop-ship delivered (POD)",
    }


def test_one_site_is_one_shipment():
    draft = changed(order(C), "1.3", lambda i: replace(i, ship_groups=(ShipGroupDraft("S1", Decimal(6)),)))
    found = plan(C, draft)
    assert (len(found.things), len(found.steps)) == (4, 14)
    assert count(found, "Terminals S1 enrolled (6/6)") == 1


def test_three_sites_are_three_shipments():
    groups = tuple(ShipGroupDraft(place, Decimal(2)) for place in ("S1", "S2", "S3"))
    found = plan(C, changed(order(C), "1.3", lambda i: replace(i, ship_groups=groups)))
    assert (len(found.things), len(found.steps)) == (6, 22)
    assert len(before(found, "Acceptance signed (or deemed by timer)")) == 4


def test_a_dropped_site_is_withdrawn_by_key():
    from tests.fulfilment.test_difference import standing_of

    old = plan(C, order(C))
    draft = changed(order(C), "1.3", lambda i: replace(i, quantity=Decimal(4), ship_groups=i.ship_groups[:1]))
    draft = changed(draft, "1.2", lambda i: replace(i, quantity=Decimal(4)))
    changes = difference(*standing_of(old), plan(C, draft))
    assert len(changes.withdrawn) == 4
    assert all(key.startswith("SiteShipment/S2/") for key in changes.withdrawn)
    assert not changes.added
    assert not changes.conflicts


def test_a_leaf_without_a_rule_holds_the_order_with_its_name():
    document = dict(catalogue("point-of-sale").document)
    document["rules"] = [r for r in document["rules"] if r["from"] != "session"]
    document["specs"] = [spec for spec in document["specs"] if spec["spec"] != "OnboardingSession"]
    document["links"] = [x for x in document["links"] if "OnboardingSession" not in x["then"]]
    document["charges"] = [x for x in document["charges"] if "OnboardingSession" not in str(x.get("gates"))]
    found = build_plan(read_catalogue(document), order(C))
    assert [(hold.code, hold.line) for hold in found.holds] == [("item_uncovered", "1.4")]
    assert "Onboarding session" in found.holds[0].message


def test_a_fee_needs_nothing_and_says_why():
    draft = order(A)
    found = plan(A, replace(draft, items=(*draft.items, ItemDraft("1.7", "Moving fee", parent="1"))))
    assert not found.holds
    assert found.nothing == {"1.7": "a charge only"}
    assert next(c for c in found.charges if c.line == "1.7").gates == ("item/1/allActive", "item/1/inventory")


def test_an_order_without_a_place_is_refused_with_the_line():
    draft = changed(order(B), "1", lambda item: replace(item, place=None))
    assert set(refused(B, draft)) == {"place_missing"}
    assert plan(B, replace(draft, ship_to="CUST-2")).things


def test_together_is_checked_and_not_assumed():
    text = (
        "{catalogue: t, version: 1, rules: [{from: Thing, make: S}],"
        " specs: {S: {kind: service, steps: {a: {name: A, type: auto, hours: [1, 1, 1], signals: live},"
        " b: {name: B, type: auto, hours: [1, 1, 1]}}}},"
        " offerings: {Box: {steps: {all: {name: All, type: milestone, after: {signal: live}},"
        " bill: {name: Bill, type: auto, after: all, hours: [0, 0, 0]}},"
        " billing: {policy: together, gate: all, step: bill}}},"
        " charges: [{for: Box, type: oneTime, amount: '1.00'}]}"
    )
    draft = OrderDraft(customer="x", items=(ItemDraft("1", "Box"), ItemDraft("1.1", "Thing", parent="1")))
    with pytest.raises(Refused) as caught:
        build_plan(parse_catalogue(text), draft)
    assert [p.code for p in caught.value.problems] == ["billed_too_early"]
    assert "S/1.1/b" in caught.value.problems[0].message


ANCHORED = (
    "{catalogue: t, version: 1, products: ["
    "{code: Box, name: Box, kind: service, components: [{product: Heart, role: anchor}, {product: Bow}]},"
    " {code: Heart, name: Heart, kind: service}, {code: Bow, name: Bow, kind: service}],"
    " rules: [{from: Heart, make: S}, {from: Bow, make: T}],"
    " specs: {S: {kind: service, steps: {a: {name: A, type: auto, hours: [1, 1, 1], signals: live},"
    " b: {name: B, type: auto, hours: [1, 1, 1], signals: live}}},"
    " T: {kind: service, steps: {c: {name: C, type: auto, hours: [9, 9, 9], signals: live}}}},"
    " offerings: {Box: {steps: {live: {name: Live, type: milestone, after: {signal: live, role: anchor}},"
    " bill: {name: Bill, type: auto, after: live, hours: [0, 0, 0]}},"
    " billing: {policy: anchor, gate: live, step: bill}}},"
    " charges: [{for: Box, type: oneTime, amount: '1.00'}, {for: Heart, type: oneTime, amount: '1.00', gates: [S.a]},"
    " {for: Bow, type: oneTime, amount: '1.00', gates: [T.c]}]}"
)
BOX = (ItemDraft("1", "Box"), ItemDraft("1.1", "Heart", parent="1"), ItemDraft("1.2", "Bow", parent="1"))


def test_a_bundle_with_an_anchor_is_billed_when_the_anchor_is_live():
    text = ANCHORED
    found = build_plan(parse_catalogue(text), OrderDraft(customer="x", items=BOX))

    assert before(found, "Live") == {"A", "B"}
    # The box and its anchor are released by the billing step; the bow when it is there and the box is billable.
    assert [(charge.line, set(charge.gates), charge.by_itself) for charge in found.charges] == [
        ("1", {"item/1/live"}, False),
        ("1.1", {"item/1/live", "S/1.1/a"}, False),
        ("1.2", {"item/1/live", "T/1.2/c"}, True),
    ]


def test_what_is_behind_the_anchor_is_checked_and_not_assumed():
    text = ANCHORED.replace("hours: [1, 1, 1], signals: live}}}", "hours: [1, 1, 1]}}}")
    with pytest.raises(Refused) as caught:
        build_plan(parse_catalogue(text), OrderDraft(customer="x", items=BOX))
    assert [(p.code, p.pointer) for p in caught.value.problems] == [("billed_too_early", "/items/0")]
    assert "S/1.1/b" in caught.value.problems[0].message


def test_a_bundle_without_its_anchor_is_not_billed_by_it():
    text = ANCHORED
    with pytest.raises(Refused) as caught:
        build_plan(parse_catalogue(text), OrderDraft(customer="x", items=(BOX[0], BOX[2])))
    assert [p.code for p in caught.value.problems] == ["anchor_missing"]


def test_a_role_that_no_part_has_is_refused_with_the_catalogue():
    text = ANCHORED.replace("role: anchor}, {product", "role: ankor}, {product")
    with pytest.raises(Refused) as caught:
        parse_catalogue(text)
    assert {(p.code, p.pointer) for p in caught.value.problems} == {
        ("role_unknown", "/offerings/Box/steps/live/after"),
        ("anchor_missing", "/offerings/Box/billing/policy"),
    }


def test_a_line_to_disconnect_without_steps_for_it_is_held():
    draft = OrderDraft(
        customer="x",
        ship_to="ADDR-7",
        catalogue="wholesale-kits",
        items=(ItemDraft("1", "TRAINING-SPLICE", action="delete"),),
    )
    found = build_plan(catalogue("wholesale-kits"), draft)
    assert {hold.code for hold in found.holds} == {"action_uncovered"}
    assert not found.charges


def test_reliance_without_effect_is_a_warning():
    draft = changed(order(A), "1.6", lambda item: replace(item, relies_on=("1.4",)))
    assert plan(A, draft).warnings == ("Line 1.6 relies on line 1.4, but no step waits because of it.",)


def test_nested_bundles_signal_to_both():
    text = (
        "{catalogue: t, version: 1, rules: [{from: Thing, make: S}],"
        " specs: {S: {kind: service, steps: {a: {name: A, type: auto, hours: [1, 1, 1], signals: live}}}},"
        " offerings: {Box: {steps: {all: {name: 'All', type: milestone, after: {signal: live}, signals: live}}},"
        " Crate: {steps: {done: {name: Done, type: milestone, after: {signal: live}}}}}}"
    )
    draft = OrderDraft(
        customer="x",
        items=(
            ItemDraft("1", "Crate"),
            ItemDraft("1.1", "Box", parent="1"),
            ItemDraft("1.1.1", "Thing", parent="1.1"),
            ItemDraft("1.2", "Thing", parent="1"),
        ),
    )
    found = build_plan(parse_catalogue(text), draft)
    assert sorted(before(found, "Done")) == ["A", "All"]
    assert [e.first for e in found.shape.edges if found.steps[e.then].key == "item/1.1/all"] == [
        found.number_of("S/1.1.1/a")
    ]
