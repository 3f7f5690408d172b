"""Kits, gates, effective dates and periods, without a database; the worked orders are the oracles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal as D
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.billing import rules
from orderloom.billing.rules import Gate, KitArrival
from orderloom.billing.states import CHARGE, SUBSCRIPTION, TRIGGER, before

PER_KIT = {11: D(1), 12: D(1), 13: D(3)}


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("delivered", "kits"),
    [
        ({}, 0),
        ({11: D(6), 13: D(30)}, 0),
        ({11: D(10), 13: D(30)}, 0),
        ({11: D(10), 12: D(10), 13: D(30)}, 10),
        ({11: D(10), 12: D(6), 13: D(30)}, 6),
        ({11: D(10), 12: D(10), 13: D(29)}, 9),
    ],
)
def test_complete_kits_are_the_least_of_the_parts(delivered, kits):
    assert rules.complete_kits(delivered, PER_KIT) == kits


def test_a_kit_without_goods_is_never_complete():
    assert rules.complete_kits({1: D(1)}, {}) == 0


def test_kits_are_effective_with_the_delivery_that_completed_them():
    arrivals = [KitArrival(11, D(6), at(3)), KitArrival(13, D(30), at(3)), KitArrival(11, D(4), at(4))]
    assert rules.next_kits(arrivals, PER_KIT, ordered=D(10), released=D(0)) is None

    short = [*arrivals, KitArrival(12, D(6), at(8))]
    assert rules.next_kits(short, PER_KIT, ordered=D(10), released=D(0)) == rules.KitsComplete(D(6), at(8))

    rest = [*short, KitArrival(12, D(4), at(9))]
    assert rules.next_kits(rest, PER_KIT, ordered=D(10), released=D(6)) == rules.KitsComplete(D(10), at(9))
    assert rules.next_kits(rest, PER_KIT, ordered=D(10), released=D(10)) is None


def test_more_than_ordered_is_never_billed():
    arrivals = [KitArrival(11, D(12), at(3))]
    found = rules.next_kits(arrivals, {11: D(1)}, ordered=D(10), released=D(0))

    assert found == rules.KitsComplete(D(10), at(3))


@given(st.lists(st.tuples(st.sampled_from([11, 12, 13]), st.integers(1, 9), st.integers(1, 28)), max_size=30))
def test_increments_add_up_to_the_complete_kits_whatever_the_order_of_arrivals(arrived):
    arrivals = [KitArrival(item, D(quantity), at(day)) for item, quantity, day in arrived]
    released = D(0)
    for known in range(len(arrivals) + 1):
        found = rules.next_kits(arrivals[:known], PER_KIT, ordered=D(10), released=released)
        if found:
            assert found.complete > released
            released = found.complete
    total: dict[int, D] = {}
    for arrival in arrivals:
        total[arrival.item] = total.get(arrival.item, D(0)) + arrival.quantity
    assert released == min(rules.complete_kits(total, PER_KIT), D(10))


def gate(step: str, day: int | None = None, **changes) -> Gate:
    fields = {"decides_date": False, "waives": False, "quantity": None, "outcome": "met" if day else None}
    return Gate(step=step, met_at=at(day) if day else None, **{**fields, **changes})


def test_a_trigger_is_ready_when_every_gate_is_met():
    assert rules.settle([gate("T18", 5), gate("T19")]) == "armed"
    assert rules.settle([gate("T18", 5), gate("T19", 5)]) == "ready"


def test_a_skipped_gate_counts_as_met_unless_it_waives():
    assert rules.settle([gate("T10", 3, outcome="skipped"), gate("T18")]) == "armed"
    assert rules.settle([gate("T10", 3, outcome="skipped"), gate("T18", 5)]) == "ready"
    assert rules.settle([gate("T10", 3, outcome="skipped", waives=True), gate("T18")]) == "waived"


def test_the_installation_is_effective_on_the_day_of_the_visit():
    found = rules.increments([gate("T10", 3, decides_date=True), gate("T18", 5), gate("T19", 6)], D(1))

    assert found == [rules.Increment("all", D(1), at(3))]


def test_without_a_deciding_gate_the_latest_one_counts():
    assert rules.increments([gate("T18", 5), gate("T19", 6)], D(2)) == [rules.Increment("all", D(2), at(6))]


def test_a_lease_is_effective_site_by_site():
    gates = [
        gate("T08", 3, decides_date=True, quantity=D(4)),
        gate("T12", 7, decides_date=True, quantity=D(2)),
        gate("T16", 20),
    ]

    assert rules.increments(gates, D(6)) == [
        rules.Increment("T08", D(4), at(3)),
        rules.Increment("T12", D(2), at(7)),
    ]


def test_releasing_what_is_not_ready_is_a_bug():
    with pytest.raises(AssertionError):
        rules.increments([gate("T18")], D(1))


def test_the_effective_day_is_that_of_the_account():
    moment = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)

    assert rules.effective_on(moment, ZoneInfo("Asia/Tokyo")) == date(2026, 11, 6)
    assert rules.effective_on(moment, ZoneInfo("America/New_York")) == date(2026, 11, 5)


@pytest.mark.parametrize(
    ("started", "number", "period", "expected"),
    [
        (date(2026, 1, 31), 1, "month", date(2026, 2, 28)),
        (date(2026, 1, 31), 2, "month", date(2026, 3, 31)),
        (date(2026, 11, 15), 2, "month", date(2027, 1, 15)),
        (date(2024, 2, 29), 1, "year", date(2025, 2, 28)),
        (date(2024, 2, 29), 4, "year", date(2028, 2, 29)),
    ],
)
def test_periods_keep_the_day_of_the_first(started, number, period, expected):
    assert rules.period_start(started, number, period) == expected


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(0, 50), st.sampled_from(["month", "year"]))
def test_periods_join_without_gap(started, charged, period):
    due = rules.periods_due(started, period, charged=charged, until=date(2035, 1, 1))

    assert all(one.end == two.start for one, two in pairwise(due))
    assert [each.number for each in due] == list(range(charged, charged + len(due)))


def test_periods_are_charged_in_advance_until_the_end():
    due = rules.periods_due(date(2026, 11, 5), "month", charged=1, until=date(2027, 1, 5))
    assert [each.start for each in due] == [date(2026, 12, 5), date(2027, 1, 5)]

    ended = rules.periods_due(date(2026, 11, 5), "month", charged=1, until=date(2027, 1, 5), ended_on=date(2027, 1, 5))
    assert [each.start for each in ended] == [date(2026, 12, 5)]


def test_an_amount_is_rounded_once():
    assert rules.amount(D(3), D("0.335"), cent=D("0.01")) == D("1.01")
    assert rules.amount(D(3), D("33.5"), cent=D(1)) == D(101)


def test_every_state_of_a_table_is_a_row_of_it():
    for table in (TRIGGER, CHARGE, SUBSCRIPTION):
        assert {after for later in table.values() for after in later} <= table.keys()
    assert before(TRIGGER, "released") == ["ready"]
