"""The credit check as a step."""

from __future__ import annotations

import pytest

from orderloom.base.types import Call, Done, NotNow
from orderloom.orders.commands import release_holds
from orderloom.orders.commands.credit import check_credit
from orderloom.orders.reads import active_holds
from tests.orders import given


@pytest.fixture
async def world(tx):
    return await given.world(tx)


def call(order) -> Call:
    return Call(1, 1, 1, "orders.credit_check", "order/credit", "Credit check", order.subject, {}, {})


async def limit(tx, amount):
    await tx.execute("UPDATE parties.billing_account SET credit_limit = %(amount)s", {"amount": amount})


async def test_without_a_limit_every_order_passes(tx, world):
    order = await given.order(tx, given.KIT, submit=True)

    assert await check_credit(tx, [call(order)]) == [Done({"credit": "ok"})]


async def test_an_order_over_the_limit_is_held_and_one_that_fits_passes(tx, world):
    small, large = await given.order(tx, submit=True), await given.order(tx, given.KIT, submit=True)
    await limit(tx, 100)

    passed, stopped = await check_credit(tx, [call(small), call(large)])

    assert isinstance(passed, Done)
    assert isinstance(stopped, NotNow)
    assert "11700 over its limit of 100" in stopped.problems[0].message
    assert [(hold.order_id, hold.code) for hold in await active_holds(tx, [small.id, large.id])] == [
        (large.id, "credit")
    ]


async def test_a_released_credit_hold_lets_the_order_pass(tx, world):
    order = await given.order(tx, given.KIT, submit=True)
    await limit(tx, 100)
    await check_credit(tx, [call(order)])
    await check_credit(tx, [call(order)])
    (hold,) = await active_holds(tx, [order.id])

    await release_holds(tx, [hold.id], reason="Approved by finance")

    assert await check_credit(tx, [call(order)]) == [Done({"credit": "ok"})]
