"""The small world: its data can be loaded, its stream of orders is repeatable, its history runs through the program."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random

import httpx
from hypothesis import given
from hypothesis import strategies as st

from orderloom.base.parsing import parse
from orderloom.cli import demo_world
from orderloom.cli.demo_build import wanted_orders
from orderloom.cli.demo_orders import DAYS, Fate, order_stream
from orderloom.cli.demo_partners import partners_at_hand
from orderloom.cli.demo_run import Happening, Timeline, drawn_hours
from orderloom.gateway.signatures import signed_headers, why_not_genuine
from orderloom.parties.postal import address_problems
from orderloom.parties.types import LegalEntityDraft
from orderloom.partner_simulator.world import partner_secrets

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
    stream = wanted_orders(UNTIL, 300)

    assert len(stream) == 300
    assert len({wanted.draft.external_id for wanted in stream}) == 300
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
    for entry in demo_world.read_demo("company.yaml")["legal_entities"]:
        assert address_problems(parse(LegalEntityDraft, entry).address) == []


def test_what_comes_first_happens_first_and_equals_keep_their_order():
    timeline = Timeline()
    happened: list[str] = []

    def note(word: str) -> Happening:
        async def happen() -> None:
            happened.append(word)

        return happen

    for hours, word in ((5, "late"), (1, "first"), (1, "second"), (30, "tomorrow")):
        timeline.add(UNTIL + timedelta(hours=hours), note(word))
    for happening in timeline.take(UNTIL + timedelta(hours=6)):
        asyncio.run(happening())

    assert happened == ["first", "second", "late"]
    assert timeline.next_at == UNTIL + timedelta(hours=30)


@given(st.tuples(st.floats(0, 400), st.floats(0, 400), st.floats(0, 400)).map(sorted), st.integers())
def test_durations_lie_between_optimistic_and_pessimistic(hours: list[float], seed: int):
    low, _, high = hours

    assert low <= drawn_hours(Random(seed), hours) <= high


async def test_partners_at_hand_accept_work_over_http_and_tell_the_outcome_later():
    async with partners_at_hand("master", seed=1) as partners:
        async with httpx.AsyncClient(trust_env=False) as http:
            body = b'{"lines": [{"sku": "SPL-1", "quantity": 1}]}'
            keys = partner_secrets("master", "WMS")
            signed = signed_headers([keys.outgoing], message_id="m1", timestamp=int(time.time()), body=body)
            headers = {**signed, "Idempotency-Key": "1:7", "Orderloom-Correlation": "step-7"}
            reply = await http.post(f"{partners.url}/WMS/pick", content=body, headers=headers)

        (letter,) = partners.collect()
        assert (reply.status_code, letter.partner, letter.correlation) == (202, "WMS", "step-7")
        assert why_not_genuine([keys.incoming], letter.headers(), letter.body, now=time.time()) is None
        assert partners.collect() == []
