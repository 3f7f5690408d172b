"""The small world: its data can be loaded, its stream of orders is repeatable, its history runs through the program."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from orderloom.base.parsing import parse
from orderloom.cli import demo_world
from orderloom.cli.demo_orders import DAYS, Fate, order_stream
from orderloom.parties.postal import address_problems
from orderloom.parties.types import LegalEntityDraft

UNTIL = datetime(2026, 11, 20, 9, tzinfo=UTC)


def test_the_same_orders_come_every_time():
    customers = demo_world.stream_customers()

    first = order_stream(customers, until=UNTIL, count=300)
    second = order_stream(customers, until=UNTIL, count=300)

    assert first == second
    assert len(first) == 300


def test_orders_come_in_order_of_time_within_two_years():
    stream = order_stream(demo_world.stream_customers(), until=UNTIL, count=300)

    moments = [wanted.at for wanted in stream]
    assert moments == sorted(moments)
    assert UNTIL - timedelta(days=DAYS + 7) < moments[0] < moments[-1] < UNTIL


def test_every_business_and_every_fate_occurs():
    stream = order_stream(demo_world.stream_customers(), until=UNTIL, count=300)

    assert min(Counter(wanted.business for wanted in stream).values()) > 40
    assert {wanted.fate for wanted in stream} == set(Fate)


def test_the_parts_of_an_order_fit_together():
    for wanted in order_stream(demo_world.stream_customers(), until=UNTIL, count=300):
        lines = {item.line for item in wanted.draft.items}
        assert len(lines) == len(wanted.draft.items)
        assert all(item.parent is None or item.parent in lines for item in wanted.draft.items)
        assert all(line in lines for item in wanted.draft.items for line in item.relies_on)
        assert all(
            sum(group.quantity for group in item.ship_groups) == item.quantity
            for item in wanted.draft.items
            if item.ship_groups
        )
        assert sum(credit.percent for credit in wanted.draft.credits if credit.kind == "revenue") == 100


def test_there_are_forty_customers_on_six_continents():
    customers = demo_world.stream_customers()

    assert len(customers) == 40
    assert {"US", "BR", "DE", "KE", "JP", "AU"} <= {customer.country for customer in customers}


def test_our_companies_have_addresses_that_exist():
    for entry in demo_world._read("company.yaml")["legal_entities"]:
        assert address_problems(parse(LegalEntityDraft, entry).address) == []
