"""The life of an order: submit, reject, cancel, record, edit the header."""

from __future__ import annotations

import pytest

from orderloom.base.refusals import NotFound, Refused, Stale
from orderloom.base.types import Actor
from orderloom.orders.commands import (
    accept_cancellations,
    cancel_orders,
    deny_cancellations,
    finish_cancellations,
    record_states,
    reject_orders,
    submit_orders,
    update_header,
)
from orderloom.orders.events import (
    HeaderChanged,
    ItemStateChanged,
    OrderCancellationDenied,
    OrderCancellationRequested,
    OrderCancelled,
    OrderRejected,
    OrderStateChanged,
    OrderSubmitted,
)
from orderloom.orders.order import HeaderEdit, ItemResult, OrderResult
from orderloom.orders.reads import order_page
from orderloom.orders.rollup import Progress
from tests.orders import given


@pytest.fixture
async def world(tx):
    return await given.world(tx)


async def placed(tx, *, submit=True, items=given.CABLE):
    order = await given.order(tx, items, submit=submit)
    tx.events.clear()
    return order


async def state_of(tx, order):
    page = await order_page(tx, order.id)
    return page.header.state, {item.state for item in page.items}


async def test_submitting_twice_tells_the_world_once(tx, world):
    order = await placed(tx, submit=False)

    first = await submit_orders(tx, [order.id])
    second = await submit_orders(tx, [order.id])

    assert (first, second) == ([order.id], [])
    assert tx.events == [OrderSubmitted(order.subject)]
    assert await state_of(tx, order) == ("submitted", {"submitted"})


async def test_one_cancelled_order_refuses_the_batch(tx, world):
    good, gone = await placed(tx, submit=False), await placed(tx, submit=False)
    await cancel_orders(tx, [gone.id], reason="Typing mistake")

    with pytest.raises(Refused) as refused:
        await submit_orders(tx, [good.id, gone.id])

    assert [(problem.code, problem.pointer) for problem in refused.value.problems] == [("state_wrong", "/1")]
    assert await state_of(tx, good) == ("draft", {"draft"})


async def test_who_does_not_see_an_order_cannot_submit_it(tx, world):
    order = await placed(tx, submit=False)
    tx.actor = Actor("user", "ann@x.example", permissions=frozenset({"orders.write"}), team_ids=(1,))

    with pytest.raises(NotFound):
        await submit_orders(tx, [order.id])


async def test_a_rejected_order_has_ended(tx, world):
    order = await placed(tx)

    assert await reject_orders(tx, [order.id], reason="Export ban") == [order.id]
    assert await reject_orders(tx, [order.id], reason="Export ban") == []
    assert tx.events == [OrderRejected(order.subject, before="submitted", reason="Export ban")]
    assert await state_of(tx, order) == ("rejected", {"rejected"})
    with pytest.raises(Refused):
        await cancel_orders(tx, [order.id], reason="Too late")


async def test_a_draft_is_cancelled_at_once_and_an_order_under_way_is_assessed(tx, world):
    draft, order = await placed(tx, submit=False), await placed(tx)

    outcome = await cancel_orders(tx, [draft.id, order.id], reason="No budget")
    again = await cancel_orders(tx, [draft.id, order.id], reason="No budget")

    assert (outcome.cancelled, outcome.requested) == ([draft.id], [order.id])
    assert (again.cancelled, again.requested) == ([], [])
    assert tx.events == [
        OrderCancelled(draft.subject, before="draft", reason="No budget"),
        OrderCancellationRequested(order.subject, before="submitted", reason="No budget"),
    ]


async def test_an_accepted_cancellation_is_finished_when_everything_is_undone(tx, world):
    order = await placed(tx)
    await cancel_orders(tx, [order.id], reason="No budget")

    assert await accept_cancellations(tx, [order.id]) == [order.id]
    assert (await state_of(tx, order))[0] == "cancelling"
    assert await finish_cancellations(tx, [order.id]) == [order.id]

    assert await state_of(tx, order) == ("cancelled", {"cancelled"})
    assert (await order_page(tx, order.id)).header.state_reason == "No budget"


async def test_a_denied_cancellation_goes_back_to_where_the_order_stood(tx, world):
    order = await placed(tx)
    await record_states(tx, orders=[OrderResult(order.id, "held")])
    await cancel_orders(tx, [order.id], reason="No budget")
    await record_states(tx, orders=[OrderResult(order.id, "completed")])
    assert (await state_of(tx, order))[0] == "assessing_cancellation"

    await deny_cancellations(tx, [order.id], reason="Already shipped")

    assert (await state_of(tx, order))[0] == "held"
    assert tx.events[-1] == OrderCancellationDenied(order.subject, after="held", reason="Already shipped")


async def test_recorded_states_are_told_with_every_state_on_the_way(tx, world):
    order = await placed(tx)
    item_id = order.item_ids["1"]
    results = {
        "items": [ItemResult(item_id, "completed")],
        "orders": [OrderResult(order.id, "completed", Progress(1, 1))],
    }

    await record_states(tx, **results)
    await record_states(tx, **results)

    assert tx.events == [
        ItemStateChanged(order.subject, item_id=item_id, line="1", before="submitted", after="completed"),
        OrderStateChanged(order.subject, before="submitted", after="in_progress", parts_done=1, parts_total=1),
        OrderStateChanged(order.subject, before="in_progress", after="completed", parts_done=1, parts_total=1),
    ]
    assert await state_of(tx, order) == ("completed", {"completed"})
    assert (await order_page(tx, order.id)).header.ended_at == tx.now


async def test_an_end_is_never_left(tx, world):
    order = await placed(tx)
    await record_states(tx, orders=[OrderResult(order.id, "failed")])
    tx.events.clear()

    await record_states(tx, orders=[OrderResult(order.id, "in_progress")])

    assert tx.events == []
    assert (await state_of(tx, order))[0] == "failed"


async def test_a_header_is_edited_only_by_who_has_read_its_newest_version(tx, world):
    order = await given.order(tx, po_number="PO-1")
    tx.events.clear()

    version = await update_header(tx, order.id, HeaderEdit(po_number="PO-2", note="Call first"), version=1)

    assert version == 2
    assert tx.events == [
        HeaderChanged(
            order.subject,
            before={"po_number": "PO-1", "note": None},
            after={"po_number": "PO-2", "note": "Call first"},
        )
    ]
    with pytest.raises(Stale):
        await update_header(tx, order.id, HeaderEdit(), version=1)
    with pytest.raises(NotFound):
        await update_header(tx, 0, HeaderEdit(), version=1)
