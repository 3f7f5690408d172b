"""From armed triggers to charges: no charge before its gates, each exactly once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D

import psycopg
import pytest

from orderloom.base.refusals import Refused
from orderloom.billing import commands, reads
from orderloom.billing.events import TriggerMoved, TriggerReleased
from orderloom.billing.types import GateDraft, GateMark, UnitsComplete
from orderloom.billing.verify import INVARIANTS
from tests.billing import given


async def assert_sound(tx) -> None:
    for invariant in INVARIANTS:
        assert await tx.values(invariant.sql) == [], invariant.name


async def states(tx) -> list[tuple[str, str]]:
    return [(row.line, row.state) for row in await reads.triggers_of_orders(tx, [1])]


def met(step: str, at: datetime, **changes) -> GateMark:
    return GateMark(order_id=1, step=step, at=at, **changes)


async def test_a_charge_waits_for_every_gate_and_is_effective_on_the_day_that_counts(tx):
    payer = await given.payer(tx)
    armed = await commands.arm_triggers(tx, [given.price(payer)])
    visit = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)

    assert (await commands.mark_gates(tx, [met("visit", visit)])).ready_ids == ()
    with pytest.raises(Refused) as refused:
        await commands.release_triggers(tx, armed.trigger_ids)
    assert "allActive" in refused.value.problems[0].message

    marked = await commands.mark_gates(tx, [met("allActive", visit + timedelta(days=2))])
    assert marked.ready_ids == armed.trigger_ids
    released = await commands.release_triggers(tx, armed.trigger_ids)

    assert len(released.charge_ids) == 1
    charge = (await reads.charges_of_orders(tx, [1]))[0]
    assert (charge.amount, charge.effective_on, charge.state) == (D("49.00"), date(2026, 11, 4), "open")
    assert await states(tx) == [("1.6", "released")]
    assert [type(event) for event in tx.events] == [TriggerMoved, TriggerReleased]
    await assert_sound(tx)


async def test_arming_marking_and_releasing_twice_change_nothing(tx):
    payer = await given.payer(tx)
    draft = given.price(payer)
    armed = await commands.arm_triggers(tx, [draft])
    assert await commands.arm_triggers(tx, [draft]) == commands.triggering.Armed(())
    for _ in range(2):
        await commands.mark_gates(tx, [met("visit", tx.now), met("allActive", tx.now)])

    first = await given.release_ready(tx, [1])
    second = await commands.release_triggers(tx, armed.trigger_ids)

    assert (len(first.charge_ids), second.charge_ids) == (1, ())
    assert len(await reads.charges_of_orders(tx, [1])) == 1
    await assert_sound(tx)


async def test_a_visit_that_was_not_needed_waives_the_installation(tx):
    payer = await given.payer(tx)
    await commands.arm_triggers(tx, [given.price(payer), given.monthly(payer)])

    marked = await commands.mark_gates(tx, [met("visit", tx.now, outcome="skipped")])

    assert len(marked.waived_ids) == 1
    assert await states(tx) == [("1.6", "waived"), ("1", "armed")]


async def test_a_price_without_a_gate_is_refused_with_everything_else_that_is_wrong(tx):
    payer = await given.payer(tx)

    with pytest.raises(Refused) as refused:
        await commands.arm_triggers(
            tx,
            [
                given.price(payer, gates=()),
                given.price(payer, currency="EUR", order_item_id=17),
                given.price(payer, billing_account_id=0, order_item_id=18),
                given.monthly(payer, period=None),
                given.price(payer),
            ],
        )

    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("gate_missing", "/0/gates"),
        ("currency_mismatch", "/1/currency"),
        ("billing_account_unknown", "/2/billing_account_id"),
        ("period_missing", "/3/period"),
        ("price_twice", "/4/price"),
    ]


async def test_an_armed_trigger_follows_a_new_plan(tx):
    payer = await given.payer(tx)
    draft = given.price(payer)
    armed = await commands.arm_triggers(tx, [draft])
    await commands.mark_gates(tx, [met("visit", tx.now)])

    more = replace(draft, unit_price=D("59.00"), gates=(draft.gates[0], GateDraft("allActive/2")))
    changed = await commands.arm_triggers(tx, [more])

    assert (changed.trigger_ids, changed.changed_ids) == ((), armed.trigger_ids)
    row = (await reads.triggers_of_orders(tx, [1]))[0]
    assert [(gate["step"], gate["outcome"]) for gate in row.gates] == [("allActive/2", None), ("visit", "met")]
    assert row.unit_price == D("59.00")

    fewer = replace(draft, gates=(draft.gates[0],))
    await commands.arm_triggers(tx, [fewer])
    assert await states(tx) == [("1.6", "ready")]


async def test_what_is_ready_and_not_charged_yet_still_follows(tx):
    payer = await given.payer(tx)
    draft = given.price(payer)
    [trigger_id] = (await commands.arm_triggers(tx, [draft])).trigger_ids
    await commands.mark_gates(tx, [met("visit", tx.now), met("allActive", tx.now)])

    more = replace(draft, quantity=D(3), unit_price=D("40.00"))
    assert (await commands.arm_triggers(tx, [more])).changed_ids == (trigger_id,)
    assert await states(tx) == [("1.6", "ready")]
    await commands.arm_triggers(tx, [replace(more, gates=(*draft.gates, GateDraft("second visit")))])
    assert await states(tx) == [("1.6", "armed")]
    await commands.mark_gates(tx, [met("second visit", tx.now)])
    await given.release_ready(tx, [1])

    assert [(row.quantity, row.amount) for row in await reads.charges_of_orders(tx, [1])] == [(3, D("120.00"))]
    assert (await commands.arm_triggers(tx, [replace(more, quantity=D(4))])).changed_ids == ()
    await assert_sound(tx)


async def test_what_is_done_anew_is_waited_for_anew(tx):
    payer = await given.payer(tx)
    armed = await commands.arm_triggers(tx, [given.price(payer), given.price(payer, line="1.7", order_item_id=17)])
    await commands.mark_gates(tx, [met("visit", tx.now), met("allActive", tx.now)])
    await commands.release_triggers(tx, armed.trigger_ids[1:])

    assert await commands.open_gates(tx, 1, ["visit"]) == [armed.trigger_ids[0]]
    assert await commands.open_gates(tx, 1, ["visit"]) == []

    assert await states(tx) == [("1.6", "armed"), ("1.7", "released")]
    assert await commands.open_gates(tx, 1, []) == []
    assert (await commands.mark_gates(tx, [met("visit", tx.now)])).ready_ids == armed.trigger_ids[:1]
    await assert_sound(tx)


async def test_a_counting_gate_is_met_by_its_last_event(tx):
    payer = await given.payer(tx)
    await commands.arm_triggers(tx, [given.price(payer, gates=(GateDraft("enrolled", count=4),))])

    assert (await commands.mark_gates(tx, [met("enrolled", tx.now, count=3)])).ready_ids == ()
    assert len((await commands.mark_gates(tx, [met("enrolled", tx.now, count=4)])).ready_ids) == 1


async def test_a_lease_starts_site_by_site(tx):
    payer = await given.payer(tx, zone="UTC")
    gates = (
        GateDraft("delivered/S1", decides_date=True, quantity=D(4)),
        GateDraft("delivered/S2", decides_date=True, quantity=D(2)),
        GateDraft("accept"),
    )
    lease = given.monthly(payer, quantity=D(6), unit_price=D("22.00"), gates=gates)
    armed = await commands.arm_triggers(tx, [lease])
    one, two = tx.now - timedelta(days=9), tx.now - timedelta(days=4)
    await commands.mark_gates(tx, [met("delivered/S1", one), met("delivered/S2", two), met("accept", tx.now)])

    released = await commands.release_triggers(tx, armed.trigger_ids)

    assert len(released.subscription_ids) == 2
    charges = await reads.charges_of_orders(tx, [1])
    assert [(c.quantity, c.amount, c.effective_on) for c in charges] == [
        (4, D("88.00"), one.date()),
        (2, D("44.00"), two.date()),
    ]
    await assert_sound(tx)


async def test_kits_are_charged_as_they_become_complete(tx):
    payer = await given.payer(tx)
    trigger_id = (await commands.arm_triggers(tx, [given.kits(payer)])).trigger_ids[0]
    with pytest.raises(Refused):
        await commands.release_units(tx, [UnitsComplete(trigger_id, D(6), tx.now)])
    await commands.mark_gates(tx, [met("firstKits", tx.now)])
    assert (await given.release_ready(tx, [1])).charge_ids == ()

    for complete in (6, 6, 0, 12):
        await commands.release_units(tx, [UnitsComplete(trigger_id, D(complete), tx.now)])

    charges = await reads.charges_of_orders(tx, [1])
    assert [(charge.quantity, charge.amount) for charge in charges] == [(6, D("7080.00")), (4, D("4720.00"))]
    assert await states(tx) == [("1", "released")]
    events = [event for event in tx.events if isinstance(event, TriggerReleased)]
    assert [(event.before, event.after, event.ordered) for event in events] == [(0, 6, 10), (6, 10, 10)]
    await assert_sound(tx)


async def test_kits_that_are_ordered_more_are_charged_too_even_when_all_were(tx):
    payer = await given.payer(tx)
    [trigger_id] = (await commands.arm_triggers(tx, [given.kits(payer)])).trigger_ids
    await commands.mark_gates(tx, [met("firstKits", tx.now)])
    for ordered, complete in ((10, 10), (12, 11), (11, 11), (10, 12), (13, 13)):
        await commands.arm_triggers(tx, [replace(given.kits(payer), quantity=D(ordered))])
        await commands.release_units(tx, [UnitsComplete(trigger_id, D(complete), tx.now)])

    charges = await reads.charges_of_orders(tx, [1])
    assert [charge.quantity for charge in charges] == [10, 1, 2]
    assert sum(charge.amount for charge in charges) == 13 * D("1180.00")
    assert await states(tx) == [("1", "released")]
    await assert_sound(tx)


async def test_the_database_refuses_more_than_was_ordered(tx):
    payer = await given.payer(tx)
    trigger_id = (await commands.arm_triggers(tx, [given.kits(payer)])).trigger_ids[0]

    with pytest.raises(psycopg.errors.CheckViolation):
        async with tx.savepoint():
            await tx.execute(
                "UPDATE billing.trigger SET state = 'ready', released = 11 WHERE id = %(id)s", {"id": trigger_id}
            )


async def test_a_prepaid_service_keeps_its_share_of_the_kit(tx):
    payer = await given.payer(tx)
    draft = given.price(
        payer, price_kind="prepaid", quantity=D(10), unit_price=D(0), allocated=D("1200.00"),
        gates=(GateDraft("activate", count=10),),
    )  # fmt: skip
    await commands.arm_triggers(tx, [draft])
    await commands.mark_gates(tx, [met("activate", tx.now, count=10)])
    await given.release_ready(tx, [1])

    assert await tx.one("SELECT amount, allocated FROM billing.charge") == (D("0.00"), D("1200.00"))


async def test_a_subscription_charges_each_month_once_in_advance(tx):
    payer = await given.payer(tx, zone="UTC")
    armed = await commands.arm_triggers(tx, [given.monthly(payer)])
    start = tx.now - timedelta(hours=1)
    await commands.mark_gates(tx, [met("allActive", start)])
    await commands.release_triggers(tx, armed.trigger_ids)
    assert len(await reads.charges_of_orders(tx, [1])) == 1

    day = (await reads.subscriptions(tx, order_ids=[1]))[0].next_on
    assert await commands.bill_recurring(tx, day - timedelta(days=1)) == []
    assert len(await commands.bill_recurring(tx, day)) == 1
    assert await commands.bill_recurring(tx, day) == []

    charges = await reads.charges_of_orders(tx, [1])
    assert charges[0].period_end == charges[1].period_start == day
    await assert_sound(tx)


async def test_a_late_release_charges_the_months_that_have_begun(tx):
    payer = await given.payer(tx, zone="UTC")
    armed = await commands.arm_triggers(tx, [given.monthly(payer)])
    await commands.mark_gates(tx, [met("allActive", tx.now - timedelta(days=70))])

    released = await commands.release_triggers(tx, armed.trigger_ids)

    assert len(released.charge_ids) == 3
    await assert_sound(tx)


async def test_a_cancelled_item_voids_what_is_not_invoiced_and_names_what_is(tx):
    payer = await given.payer(tx)
    await commands.arm_triggers(tx, [given.price(payer), given.monthly(payer), given.kits(payer)])
    await commands.mark_gates(tx, [met("visit", tx.now), met("allActive", tx.now)])
    await given.release_ready(tx, [1])
    await commands.issue_invoices(tx, order_ids=[1])

    reversed_ = await commands.reverse_items(tx, [16, 10, 20], reason="customer cancelled")
    again = await commands.reverse_items(tx, [16, 10, 20], reason="customer cancelled")

    assert len(reversed_.trigger_ids) == 3
    assert len(reversed_.to_credit_charge_ids) == 2
    assert again.trigger_ids == ()
    assert [row.state for row in await reads.subscriptions(tx, order_ids=[1])] == ["ended"]
    await assert_sound(tx)


async def test_a_price_can_be_waived_until_it_is_charged(tx):
    payer = await given.payer(tx)
    armed = await commands.arm_triggers(tx, [given.price(payer)])

    assert await commands.waive_triggers(tx, armed.trigger_ids, reason="goodwill") == list(armed.trigger_ids)
    assert await commands.waive_triggers(tx, armed.trigger_ids, reason="goodwill") == []
