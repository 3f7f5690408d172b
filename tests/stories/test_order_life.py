"""What time, the catalogue and the customer do to an order: jeopardy, mended rules, months, one site, imports again."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import ORDERS, Story
from tests.stories.test_worked_orders import day, lines

pytestmark = pytest.mark.slow
CATALOGUES = ORDERS.parent / "catalog"
YAML = {"content-type": "application/yaml"}


async def jeopardy(story: Story) -> list[str]:
    rows = await story.ask("SELECT payload FROM base.event WHERE type = 'fulfilment.jeopardy_changed' ORDER BY id")
    return [payload["after"] for (payload,) in rows]


async def test_jeopardy_rises_for_a_step_that_never_moves_and_the_wake_up_is_noticed(story: Story) -> None:
    story.partners(*story.silence("CARRIER"))
    order = await story.order("A-triple-play")
    await story.work()
    plan = (await story.get(f"/api/orders/{order.number}/plan"))["header"]
    assert plan["jeopardy"] == "none"

    for _ in range(30):
        await story.move(hours=12)
        await story.clockwork()

    raised = await jeopardy(story)
    assert raised == ["low", "medium", "high"]
    overdue = await story.ask("SELECT payload FROM base.event WHERE type = 'processes.step_overdue' ORDER BY id")
    assert "delivered" in " ".join(payload["key"] for (payload,) in overdue)
    after = (await story.get(f"/api/orders/{order.number}/plan"))["header"]
    assert (after["jeopardy"], after["projected_at"] > plan["projected_at"]) == ("high", True)

    await story.tell(order, "Delivery confirmed")
    await story.finish(order)
    assert await story.states([order]) == ["completed"]
    assert (await story.get(f"/api/orders/{order.number}/plan"))["header"]["jeopardy"] == "none"
    story.verify()


async def imported(story: Story, text: str) -> None:
    cato = await story.as_user("cato")
    answer = await cato.post("/api/catalogues/import?name=wholesale-kits.yaml", content=text.encode(), headers=YAML)
    assert answer.status_code == 201, answer.text


async def test_an_uncovered_leaf_holds_the_order_and_the_mended_catalogue_lets_it_go(story: Story) -> None:
    story.partners()
    whole = (CATALOGUES / "wholesale-kits.yaml").read_text()
    rule = "- {from: course, make: Course}\n"
    assert rule in whole
    narrow = "- {from: course, make: Course, if: quantity > 100}\n"
    await imported(story, whole.replace("version: 1\n", "version: 2\n", 1).replace(rule, narrow))

    order = await story.order(
        "B-wholesale-kit",
        items=[
            {"line": "1", "product": "TRAINING-SPLICE", "quantity": 2},
            {"line": "2", "product": "METER", "quantity": 1},
        ],
    )
    await story.work()

    assert order.process_id is None
    assert order.hold is not None and "line 1" in order.hold.lower()
    page = await story.get(f"/api/orders/{order.number}")
    [hold] = page["holds"]
    assert (page["header"]["state"] in ("held", "submitted"), hold["code"]) == (True, "uncovered")
    assert "Splicing course" in hold["reason"] or "1" in hold["reason"]
    path = f"/api/orders/{order.number}/holds/{hold['id']}/release"
    assert await story.refused(path, {"reason": "go on"}, who="maya", status=403) == ["hold_right_missing"]

    await story.post(path, {"reason": "is it better now?"}, who="cato")  # it is not
    holds = (await story.get(f"/api/orders/{order.number}"))["holds"]
    [again] = [row for row in holds if row["released_at"] is None]
    assert again["code"] == "uncovered"

    await imported(story, whole.replace("version: 1\n", "version: 3\n", 1))
    path = f"/api/orders/{order.number}/holds/{again['id']}/release"
    await story.post(path, {"reason": "the rule is there now"}, who="cato")
    assert await story.do_tasks(order, who="helen") == ["Hold the course"]

    assert await story.states([order]) == ["completed"]
    # Nothing bundles the two: the meter was invoiced when it had arrived, the course when it was held.
    assert [line[1:4] for line in await lines(story, order)] == [
        ("Optical power meter", 1, 189),
        ("Splicing course (one day)", 2, 1024),  # 640 each, and 20 % less for trade that buys goods with it
    ]
    story.verify()


async def test_what_recurs_is_charged_and_invoiced_month_by_month(story: Story) -> None:
    story.partners()
    order = await story.order("A-triple-play")
    await story.work()
    await story.finish(order)
    assert len(await monthly(story)) == 1

    for _ in range(70):
        await story.move(days=1)
        await story.clockwork()

    periods = await monthly(story)
    assert len(periods) == 3
    assert [begin for begin, _ in periods[1:]] == [end for _, end in periods[:-1]]
    assert {begin.day for begin, _ in periods} <= {periods[0][0].day, 28, 29, 30}
    billed = [(net, on) for line, _, _, net, on in await lines(story, order) if line == "1"]
    assert billed == [(89, begin) for begin, _ in periods]
    story.verify()


async def monthly(story: Story) -> list[tuple[date, date]]:
    return await story.ask(
        "SELECT DISTINCT period_start, period_end FROM billing.charge WHERE period_start IS NOT NULL ORDER BY 1"
    )  # type: ignore[return-value]


async def test_a_month_begins_where_the_account_is_and_not_in_london(story: Story) -> None:
    story.partners()
    order = await story.order("A-triple-play", items=internet_only())
    await story.work()
    await story.finish(order)
    [(next_on,)] = await story.ask("SELECT DISTINCT next_on FROM billing.subscription")
    now = await story.now()
    # Half past midnight in London on that day is the evening before in New York.
    seconds = (next_on.toordinal() - now.date().toordinal()) * 86_400 - (now.hour * 60 + now.minute) * 60 + 1800
    await story.move(seconds=seconds)
    await story.clockwork()
    assert (await story.now()).date() == next_on
    assert len(await monthly(story)) == 1

    await story.move(hours=6)
    await story.clockwork()
    assert len(await monthly(story)) == 2
    assert (await monthly(story))[1][0] == next_on == day(await story.now())
    story.verify()


def internet_only() -> list[dict[str, Any]]:
    return [{"line": "1", "product": "NET-SOLO-50", "place": "ADDR-7"}]


async def one_site(story: Story, place: str) -> list[dict[str, Any]]:
    """The items of the point-of-sale order with all terminals at one site."""
    items: list[dict[str, Any]] = json.loads((ORDERS / "C-saas-hardware.json").read_text())["items"]
    return [
        {**item, "ship_groups": [{"place": place, "quantity": 6}]} if item["line"] == "1.3" else item for item in items
    ]


async def test_one_site_gets_one_parcel_and_one_lease(story: Story) -> None:
    story.partners()
    order = await story.order("C-saas-hardware", items=await one_site(story, "S2"))
    await story.work()
    await story.finish(order)

    titles = set(await story.steps(order))
    assert "Ship S2" in titles
    assert "Ship S1" not in titles
    assert "Terminals S2 enrolled (6/6)" in titles
    assert [line[:4] for line in await lines(story, order) if line[0] == "1.3"] == [("1.3", "Terminal lease", 6, 132)]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_an_order_that_is_sent_again_is_taken_once(story: Story) -> None:
    story.partners()
    api = await story.as_user("ada")
    body = json.loads((ORDERS / "B-wholesale-kit.json").read_text()) | {"external_id": "WEB-1"}
    key = {"idempotency-key": "order-web-1"}

    first = await api.post("/api/orders", json=body, headers=key)
    again = await api.post("/api/orders", json=body, headers=key)
    other = await api.post("/api/orders", json=body | {"note": "changed"}, headers=key)
    without_key = await api.post("/api/orders", json=body | {"items": list(reversed(body["items"]))})
    with_another = await api.post("/api/orders", json=body, headers={"idempotency-key": "order-web-1-again"})
    fewer = [item | {"quantity": 9} if item["line"] == "1" else item for item in body["items"][:-1]]
    changed = await api.post("/api/orders", json=body | {"items": fewer, "note": "other"})
    foreign = await (await story.as_user("jonas")).post("/api/orders", json=body | {"note": "other"})

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (other.status_code, other.json()["problems"][0]["code"]) == (422, "idempotency_key_reused")
    for answer in (without_key, with_another):
        assert (answer.status_code, answer.json()) == (200, first.json() | {"existing": True})
        assert answer.headers["location"] == first.headers["location"]
    [problem] = changed.json()["problems"]
    assert (changed.status_code, problem["code"], problem["pointer"]) == (409, "external_id_taken", "/external_id")
    number, last = first.json()["number"], body["items"][-1]["line"]
    assert problem["message"] == (
        f"The external id WEB-1 is that of {number} already, and this is another order: note was not given and is"
        f" other; quantity of line 1 was 10 and is 9; line {last} is missing. Change {number}, or send another id."
    )
    assert foreign.status_code == 409, foreign.text
    assert "another order" not in foreign.text  # Jonas does not see this customer's orders, nor what they say
    assert await story.ask("SELECT count(*) FROM orders.sales_order") == [(1,)]


async def test_an_order_that_is_sent_several_times_at_once_is_taken_once(story: Story) -> None:
    story.partners()
    api = await story.as_user("ada")
    body = json.loads((ORDERS / "B-wholesale-kit.json").read_text()) | {"external_id": "WEB-2"}

    answers = await asyncio.gather(*(api.post("/api/orders", json=body) for _ in range(6)))

    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201], [a.text for a in answers]
    assert len({answer.json()["number"] for answer in answers}) == 1
    assert await story.ask("SELECT count(*) FROM processes.process") == [(1,)]


async def test_a_file_of_orders_that_is_imported_again_changes_nothing(story: Story) -> None:
    story.partners()
    bodies = [
        json.loads((ORDERS / f"{name}.json").read_text()) | {"external_id": f"FILE-{name}"}
        for name in ("A-triple-play", "B-wholesale-kit", "C-saas-hardware")
    ]
    text = "\n".join(json.dumps(body) for body in bodies).encode()
    api = await story.as_user("ada")
    kind = {"content-type": "application/x-ndjson"}

    first = await api.post("/api/orders/import", content=text, headers=kind)
    again = await api.post("/api/orders/import", content=text, headers=kind)

    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert await story.ask("SELECT count(*) FROM orders.sales_order") == [(3,)]
    assert await story.ask("SELECT count(*) FROM processes.process") == [(3,)]
    numbers = [json.loads(line)["order"]["number"] for line in first.text.splitlines()]
    existing = [json.loads(line)["order"] for line in again.text.splitlines()]
    assert [(order["number"], order["existing"]) for order in existing] == [(number, True) for number in numbers]
    await story.work()
    story.verify()


async def test_a_draft_is_nobodys_work_until_it_is_submitted(story: Story) -> None:
    story.partners()
    api = await story.as_user("maya")
    draft = await api.post("/api/orders/drafts", json=json.loads((ORDERS / "B-wholesale-kit.json").read_text()))
    number = draft.json()["number"]
    await story.work()
    assert await story.ask("SELECT count(*) FROM processes.process") == [(0,)]

    page = await api.get(f"/api/orders/{number}")
    stale = await api.post(f"/api/orders/{number}/submit", headers={"if-match": '"999"'})
    missing = await api.post(f"/api/orders/{number}/submit")
    good = await api.post(f"/api/orders/{number}/submit", headers={"if-match": page.headers["etag"]})
    await story.work()

    assert (missing.status_code, stale.status_code, good.status_code) == (428, 412, 200)
    placed = PlacedOrder(draft.json()["id"], number, "submitted")
    assert await story.states([placed]) == ["completed"]
    story.verify()
