"""Bundles that are not billed together: each part at its own gate, or all when the main part is live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orderloom.base.refusals import Refused
from orderloom.fulfilment.commands import PlacedOrder, cancel_items
from tests.stories.conftest import Story
from tests.stories.test_changes import apply, drafted, previewed
from tests.stories.test_worked_orders import day

pytestmark = pytest.mark.slow
CHEAPER = {"one_time": 140, "reason": "a good neighbour"}
YAML = {"content-type": "application/yaml"}

GARDEN = """
catalogue: gardens
version: 1
title: Gardens
currency: USD

products:
- code: GARDEN
  name: Garden
  kind: service
  prices: [{one_time: 90.00}]
  components:
  - {product: POND, role: anchor}
  - {product: HEDGE}
  - {product: ADVICE}
- {code: POND, name: Pond, kind: service, class: work, prices: [{one_time: 400.00}]}
- {code: HEDGE, name: Hedge, kind: service, class: work, prices: [{one_time: 150.00}]}
- {code: ADVICE, name: Advice, kind: fee, class: fee, prices: [{one_time: 20.00}]}

order:
  steps:
    check: {name: Check the order, type: auto, hours: [0.01, 0.02, 1]}

rules:
- {from: Pond, make: Dig, set: {what: Pond}}
- {from: Hedge, make: Dig, set: {what: Hedge}}
- {from: fee, nothing: true, reason: only a charge}

specs:
  Dig:
    kind: workOrder
    steps:
      dig: {name: "Dig {what}", type: manual, queue: field-dispatch, hours: [1, 4, 8], signals: live}

offerings:
  Garden:
    steps:
      ready: {name: MILESTONE garden is ready, type: milestone, after: {signal: live}}
      bill: {name: Release billing, type: auto, do: billing.release, after: ready, hours: [0.01, 0.02, 1]}
    billing: {policy: independent, gate: ready, step: bill}

charges:
- {for: Garden, type: oneTime}
- {for: Pond, type: oneTime, gates: [Dig.dig]}
- {for: Hedge, type: oneTime, gates: [Dig.dig]}
- {for: Advice, type: oneTime}
"""
ANCHORED = GARDEN.replace("policy: independent", "policy: anchor").replace(
    "{signal: live}", "{signal: live, role: anchor}"
)
ITEMS = [
    {"line": "1", "product": "GARDEN"},
    {"line": "1.1", "parent": "1", "product": "POND", "role": "anchor"},
    {"line": "1.2", "parent": "1", "product": "HEDGE"},
    {"line": "1.3", "parent": "1", "product": "ADVICE"},
]


async def plant(story: Story, text: str = GARDEN) -> PlacedOrder:
    """Publish the catalogue of gardens and order one of everything."""
    cato = await story.as_user("cato")
    answer = await cato.post("/api/catalogues/import?name=gardens.yaml", content=text.encode(), headers=YAML)
    assert answer.status_code == 201, answer.text
    placed = await story.post("/api/orders", {"customer": "lantern-books", "items": ITEMS})
    return PlacedOrder(placed["id"], placed["number"], placed["state"], placed["process_id"], hold=placed["hold"])


async def dig(story: Story, order: PlacedOrder, what: str) -> None:
    """Somebody does one of the two pieces of work."""
    step = await story.step(order, f"Dig {what}")
    path = f"/api/tasks/{step['process_id']}/{step['number']}"
    await story.post(f"{path}/start", then_work=False)
    await story.post(f"{path}/complete", {"outputs": {}})


async def invoices(story: Story, order: PlacedOrder) -> list[list[str]]:
    """The charged lines of each invoice of the order, the oldest invoice first."""
    rows = await story.ask(
        """
        SELECT array_agg(line.line ORDER BY line.line)
          FROM billing.invoice
          JOIN billing.invoice_line AS line ON line.invoice_id = invoice.id AND line.charge_id IS NOT NULL
         WHERE invoice.order_id = %(order)s
         GROUP BY invoice.id
         ORDER BY invoice.id
        """,
        order=order.id,
    )
    return [row[0] for row in rows]


async def hold(story: Story, order: PlacedOrder, **more: Any) -> str:
    """Stop the billing of an order or a line; the path that releases it."""
    body = {"code": "dispute", "reason": "they disagree", **more}
    page = await story.post(f"/api/orders/{order.number}/holds", body, who="nora")
    return f"/api/orders/{order.number}/holds/{max(row['id'] for row in page['holds'])}/release"


async def test_two_independent_parts_are_invoiced_each_on_its_own_day(story: Story) -> None:
    order = await plant(story)
    assert await invoices(story, order) == []

    await dig(story, order, "Hedge")
    first = await story.now()
    assert await invoices(story, order) == [["1.2"]]
    await story.move(days=3)
    assert await invoices(story, order) == [["1.2"]]
    await dig(story, order, "Pond")
    second = await story.now()

    assert second - first > timedelta(days=2)
    # The pond has a gate of its own; the garden's price and the advice have the bundle's.
    charged = await story.ask(
        """
        SELECT trigger.line, charge.amount, charge.effective_on, charge.state
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
         ORDER BY trigger.line
        """
    )
    assert charged == [
        ("1", 90, day(second), "invoiced"),
        ("1.1", 400, day(second), "invoiced"),
        ("1.2", 150, day(first), "invoiced"),
        ("1.3", 20, day(second), "invoiced"),
    ]
    assert (await invoices(story, order))[0] == ["1.2"]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_billing_hold_keeps_a_ready_part_back_until_it_is_released(story: Story) -> None:
    order = await plant(story)
    release_hedge = await hold(story, order, line="1.2")
    await dig(story, order, "Hedge")
    assert await story.ask("SELECT line FROM billing.trigger WHERE state = 'ready'") == [("1.2",)]
    assert await invoices(story, order) == []

    await dig(story, order, "Pond")
    assert await invoices(story, order) == [["1.1"]]  # the hold on a part stops the bundle's own price too
    await story.post(release_hedge, {"reason": "they agree"}, who="billie")

    assert sorted(line for invoice in await invoices(story, order) for line in invoice) == ["1", "1.1", "1.2", "1.3"]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_hold_on_the_whole_order_keeps_independent_parts_back_too(story: Story) -> None:
    order = await plant(story)
    release = await hold(story, order)
    await dig(story, order, "Pond")
    await dig(story, order, "Hedge")
    assert await story.ask("SELECT count(*) FROM billing.charge") == [(0,)]

    await story.post(release, {"reason": "they agree"}, who="billie")

    assert sorted(line for invoice in await invoices(story, order) for line in invoice) == ["1", "1.1", "1.2", "1.3"]
    story.verify()


async def test_what_is_cancelled_before_its_gate_is_never_charged(story: Story) -> None:
    order = await plant(story)
    await dig(story, order, "Hedge")
    await story.post(f"/api/orders/{order.number}/cancel", {"reason": "no garden after all"}, who="nora")

    assert [line for invoice in await invoices(story, order) for line in invoice] == ["1.2"]
    assert await story.ask("SELECT count(*) FROM billing.charge WHERE state = 'open'") == [(0,)]
    story.verify()


async def test_a_bundle_with_an_anchor_is_billed_when_the_anchor_is_live(story: Story) -> None:
    text = GARDEN.replace("policy: independent", "policy: anchor").replace(
        "{signal: live}", "{signal: live, role: anchor}"
    )
    order = await plant(story, text)
    await dig(story, order, "Pond")
    billed = await story.now()
    assert await invoices(story, order) == [["1", "1.1", "1.3"]]
    assert await story.states([order]) == ["in_progress"]
    await story.move(days=2)
    await dig(story, order, "Hedge")

    assert await invoices(story, order) == [["1", "1.1", "1.3"], ["1.2"]]
    effective = await story.ask("SELECT DISTINCT effective_on FROM billing.charge ORDER BY 1")
    assert effective == [(day(billed),), (day(await story.now()),)]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_other_parts_wait_for_the_anchor_even_when_they_are_done_before(story: Story) -> None:
    text = GARDEN.replace("policy: independent", "policy: anchor").replace(
        "{signal: live}", "{signal: live, role: anchor}"
    )
    order = await plant(story, text)
    await dig(story, order, "Hedge")
    assert await invoices(story, order) == []

    await dig(story, order, "Pond")

    assert sorted(line for invoice in await invoices(story, order) for line in invoice) == ["1", "1.1", "1.2", "1.3"]
    story.verify()


async def billed(story: Story, *orders: PlacedOrder) -> list[tuple[str, float, float]]:
    """Line, quantity and amount of everything that was charged."""
    return await story.ask(
        """
        SELECT trigger.line, charge.quantity, charge.amount
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
         WHERE trigger.order_id = ANY(%(ids)s)
           AND charge.state = 'invoiced'
         ORDER BY charge.id
        """,
        ids=[order.id for order in orders],
    )


async def test_what_is_raised_between_its_gate_and_its_invoice_is_billed_in_full(story: Story) -> None:
    order = await plant(story)
    release = await hold(story, order, line="1.2")
    await dig(story, order, "Hedge")
    path = await drafted(
        story, order, {"reason": "two hedges", "lines": [{"line": "1.2", "quantity": 2, "price": CHEAPER}]}
    )
    seen = await previewed(story, path)
    assert (seen["refusals"], seen["money"]["after"]["one_time"]) == ([], "790")
    await apply(story, path)
    assert await billed(story, order) == []

    await story.post(release, {"reason": "they agree"}, who="billie")
    assert await billed(story, order) == [("1.2", 2, 280)]
    story.verify()


async def test_what_is_raised_after_its_invoice_is_billed_by_the_order_that_is_offered_instead(story: Story) -> None:
    order = await plant(story)
    await dig(story, order, "Hedge")
    path = await drafted(story, order, {"reason": "two hedges", "lines": [{"line": "1.2", "quantity": 2}]})
    seen = await previewed(story, path)
    assert [one["code"] for one in seen["refusals"]] == ["billed"]
    await apply(story, path, status=409)

    change = await story.post(f"{path}/follow-on")
    api, instead = await story.as_user(), f"/api/orders/{change['follow_on']}"
    tag = (await api.get(instead)).headers["etag"]
    answer = await api.post(f"{instead}/submit", json={}, headers={"if-match": tag})
    assert answer.status_code < 300, answer.text
    await story.work()
    [(id_, number, process)] = await story.ask(
        "SELECT order_id, number, process_id FROM fulfilment.plan JOIN orders.sales_order ON id = order_id "
        "WHERE number = %(number)s", number=change["follow_on"],
    )  # fmt: skip
    more = PlacedOrder(id_, number, "in_progress", process)
    await dig(story, order, "Pond")
    await dig(story, more, "Hedge")

    assert [row for row in await billed(story, order, more) if row[0] == "1.2"] == [("1.2", 1, 150), ("1.2", 1, 150)]
    story.verify()


async def test_a_part_without_which_the_rest_costs_more_goes_by_a_change_that_shows_it(story: Story) -> None:
    cato = await story.as_user("cato")
    rule = "promotions: [{code: whole, percent_off: 10, scope: header, when: total > 600}]"
    published = await cato.post("/api/prices/publish?name=whole.yaml", content=rule.encode(), headers=YAML)
    assert published.status_code < 300, published.text
    order = await plant(story)
    [(hedge,)] = await story.ask("SELECT id FROM orders.item WHERE line = '1.2'")

    with pytest.raises(Refused) as refused:
        await story.do(lambda tx: cancel_items(tx, order.id, [hedge], reason="no room for it"))
    assert {problem.code for problem in refused.value.problems} == {"bundle_repriced"}
    message = "Without 1.2 line 1.1 costs 400.00 instead of 360.00 USD; propose a change instead"
    assert any(problem.message.startswith(message) for problem in refused.value.problems)

    path = await drafted(story, order, {"reason": "no room for it", "remove": ["1.2"]})
    money = (await previewed(story, path))["money"]
    assert (money["before"]["one_time"], money["after"]["one_time"]) == ("594", "510")
    await apply(story, path)
    await dig(story, order, "Pond")
    assert sorted(await billed(story, order)) == [("1", 1, 90), ("1.1", 1, 400), ("1.3", 1, 20)]
    story.verify()
