"""Confirmed orders are changed in flight: the change drills of the worked orders, over the API."""

from __future__ import annotations

from typing import Any

import pytest

from orderloom.base.jobs import run_jobs
from orderloom.fulfilment.commands import PlacedOrder
from orderloom.partner_simulator.behaviour import Rule
from tests.stories.conftest import Story
from tests.stories.test_worked_orders import lines

pytestmark = pytest.mark.slow
WITHOUT_S2 = {
    "reason": "the second site is not opened",
    "lines": [
        {"line": "1.2", "quantity": 4},
        {"line": "1.3", "ship_groups": [{"place": "S1", "quantity": 4}]},
    ],
}
STAGED_LATER = Rule({"answer": "later", "event_seconds": [3600, 3600]}, partner="WMS", operation="stage")


async def drafted(story: Story, order: PlacedOrder, wishes: dict[str, Any]) -> str:
    """Draft a change; the path under which it is previewed and applied."""
    change = await story.post(f"/api/orders/{order.number}/changes", wishes, then_work=False)
    assert change["state"] == "drafted"
    return f"/api/orders/{order.number}/changes/{change['number']}"


async def previewed(story: Story, path: str) -> dict[str, Any]:
    seen: dict[str, Any] = (await story.post(f"{path}/preview", then_work=False))["effects"]
    return seen


def effects(seen: dict[str, Any], effect: str) -> list[str]:
    return sorted(step["title"] for step in seen["steps"] if step["effect"] == effect)


async def apply(story: Story, path: str, body: dict[str, Any] | None = None, *, status: int = 200) -> Any:
    """Apply a change as it was last seen."""
    api = await story.as_user("ada")
    tag = (await api.get(path)).headers["etag"]
    answer = await api.post(f"{path}/apply", json=body or {}, headers={"if-match": tag})
    assert answer.status_code == status, answer.text
    return answer.json()


async def codes(answer: Any) -> list[str]:
    return [problem["code"] for problem in answer["problems"]]


async def staged(story: Story) -> PlacedOrder:
    """The point-of-sale order: licences granted, terminals of both sites staged, nothing shipped yet."""
    story.partners(STAGED_LATER)
    order = await story.order("C-saas-hardware")
    await story.work()
    await story.move(hours=2)
    for site, count in (("S1", 4), ("S2", 2)):
        serials = [f"{site}-{number}" for number in range(count)]
        picked = {"line": "1.3", "sku": "TRM-6", "quantity": count, "serials": serials}
        await story.tell(order, f"Stage terminals {site}", settle=False, lines=[picked])
    await run_jobs(story.database)
    states = await story.steps(order)
    assert (states["Stage terminals S2"], states["Ship S2"], states["Grant licences"]) == ("done", "ready", "done")
    return order


async def test_c_a_site_is_dropped_before_its_terminals_are_shipped(story: Story) -> None:
    order = await staged(story)
    numbers = await steps_by_key(story, order)

    path = await drafted(story, order, WITHOUT_S2)
    seen = await previewed(story, path)
    assert (seen["refusals"], seen["fees"]) == ([], [])
    assert effects(seen, "undone") == ["Stage terminals S2"]
    assert effects(seen, "amended") == ["Amend: Grant licences (quantity 6 to 4)"]
    assert effects(seen, "added") == effects(seen, "redone") == []
    assert seen["money"]["before"]["recurring"] == {"month": "342"}
    assert seen["money"]["after"]["recurring"] == {"month": "268"}
    assert seen["stock"] == [{"sku": "TRM-6", "from": "", "to": "S2", "before": "2", "after": "0"}]

    applied = await apply(story, path)
    assert (applied["state"], applied["revision"]) == ("applied", 2)
    assert await apply(story, path) == applied  # applying twice is applying once
    after = await steps_by_key(story, order)
    kept = {key: number for key, number in numbers.items() if "SiteShipment/S2" not in key}
    assert kept.items() <= after.items()
    await story.work()
    states = await story.steps(order)
    assert (states["wipe and restock"], states["Amend: Grant licences (quantity 6 to 4)"]) == ("done", "done")

    story.partners()
    await story.finish(order)
    assert await story.states([order]) == ["completed"]
    assert [line[:4] for line in await lines(story, order) if line[0] in ("1.2", "1.3")] == [
        ("1.2", "Terminal licence", 4, 60),
        ("1.3", "Terminal lease", 4, 88),
    ]
    sides = await story.get(f"/api/orders/{order.number}/revisions/compare", before=1, after=2)
    assert [(one["line"], one["field"]) for one in sides if one["field"] == "quantity"] == [
        ("1.2", "quantity"),
        ("1.3", "quantity"),
    ]
    story.verify()


async def steps_by_key(story: Story, order: PlacedOrder) -> dict[str, int]:
    rows = await story.ask("SELECT key, number FROM processes.step WHERE process_id = %(id)s", id=order.process_id)
    return dict(rows)  # type: ignore[arg-type]


async def test_c_after_shipping_the_change_is_refused_whole_and_a_return_is_offered(story: Story) -> None:
    story.partners(*story.silence("MDM", "PS", "PORTAL", "CARRIER"))
    order = await story.order("C-saas-hardware")
    await story.work()
    before = await story.get(f"/api/orders/{order.number}")

    path = await drafted(story, order, WITHOUT_S2)
    seen = await previewed(story, path)
    assert [one["code"] for one in seen["refusals"]] == ["past_point_of_no_return"]
    assert await codes(await apply(story, path, status=409)) == ["past_point_of_no_return", "follow_on_offered"]
    assert (await story.get(f"/api/orders/{order.number}"))["items"] == before["items"]

    change = await story.post(f"{path}/follow-on")
    returned = await story.get(f"/api/orders/{change['follow_on']}")
    assert (returned["header"]["type"], returned["header"]["state"]) == ("return", "draft")
    assert [(item["product_code"], item["action"], float(item["quantity"])) for item in returned["items"]] == [
        ("LICENCE", "delete", 2),
        ("TERMINAL", "delete", 2),
    ]
    story.verify()


async def test_a_preview_is_stale_once_a_step_has_started_and_changes_are_serialised(story: Story) -> None:
    order = await staged(story)
    first = await drafted(story, order, WITHOUT_S2)
    second = await drafted(story, order, {"reason": "fewer licences", "lines": [{"line": "1.2", "quantity": 5}]})
    await previewed(story, first)
    await previewed(story, second)
    await apply(story, second)
    assert (await story.get(first))["state"] == "stale"
    assert await codes(await apply(story, first, status=412)) == ["preview_stale"]

    seen = await previewed(story, first)  # against what is really there now
    assert effects(seen, "amended") == ["Amend: Grant licences (quantity 5 to 4)"]
    await story.work()  # the terminals are shipped meanwhile
    assert await codes(await apply(story, first, status=412)) == ["preview_stale"]
    withdrawn = await story.post(f"{first}/withdraw", then_work=False)
    assert withdrawn["state"] == "withdrawn"
    story.verify()


async def test_a_line_that_was_taken_out_can_come_back(story: Story) -> None:
    story.partners(*story.silence("NP", "FSM", "CARRIER", "ACS", "IPTV"))
    order = await story.order("A-triple-play")
    await story.work()
    before = await story.get(f"/api/orders/{order.number}/plan")
    path = await drafted(story, order, {"reason": "no telephone", "remove": ["1.3"]})
    voice = ["Create SIP account", "Number port cut-over", "Port-in request accepted"]
    assert effects(await previewed(story, path), "withdrawn") == voice
    await apply(story, path)
    await story.work()

    voice_again = {
        "line": "1.3",
        "parent": "1",
        "product": "Voice (port-in)",
        "relies_on": ["1.1"],
        "characteristics": {"portIn": "+15551230000"},
    }
    path = await drafted(story, order, {"reason": "a telephone after all", "add": [voice_again]})
    assert effects(await previewed(story, path), "added") == voice
    await apply(story, path)
    await story.work()
    await story.tell(order, "Port-in request accepted")
    await story.tell(order, "Customer books appointment")
    await story.tell(order, "Delivery confirmed")
    await story.move(hours=50)
    await story.do_tasks(order)
    await story.tell(order, "Customer connects")
    await story.tell(order, "STB registered")

    assert await story.states([order]) == ["completed"]
    assert [line[:4] for line in await lines(story, order)] == [
        ("1", "HomeMax Triple Play", 1, 89),
        ("1.4", "VDSL modem (rental)", 1, 0),
        ("1.5", "Set-top box (rental)", 1, 0),
        ("1.6", "Technician install", 1, 49),
    ]
    after = await steps_by_key(story, order)
    assert {
        step["key"]: step["number"] for step in before["steps"] if "1.3" not in step["key"]
    }.items() <= after.items()
    story.verify()
