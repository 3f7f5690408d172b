"""Approvals over the API: a policy is published, a request decided, each by those who may."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
import pytest
import yaml

from orderloom.approvals.commands import submit_for_approval
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.parties.commands import set_managers
from orderloom.web.api.approvals import TRIAL_DAYS
from tests.approvals.cast import offer
from tests.approvals.given import document
from tests.web.conftest import MakeClient, user_with_role
from tests.web.test_settings import csrf_of


@pytest.fixture
async def request_id(database: Database, as_role: MakeClient) -> int:
    """A request of a salesperson that waits for the order manager."""
    admin = await as_role("admin")
    assert (await admin.put("/api/approval-policies", json=document())).status_code == 200
    sales = await user_with_role(database, "sales")
    await user_with_role(database, "order_manager")
    async with transaction(database, SYSTEM) as tx:
        await set_managers(tx, {"sales@example.com": "order_manager@example.com"})
    async with transaction(database, replace(SYSTEM, kind="user", user_id=sales)) as tx:
        (submitted,) = await submit_for_approval(tx, [offer()])
        assert submitted.request_id is not None
        return submitted.request_id


async def verdict(client: httpx.AsyncClient, request_id: int, **more: Any) -> httpx.Response:
    content = (await client.get(f"/api/approvals/{request_id}")).json()["request"]["content"]
    return await client.post(
        f"/api/approvals/{request_id}/verdict", json={"verdict": "approve", "content": content} | more
    )


async def test_the_one_who_is_asked_sees_and_decides(as_role: MakeClient, request_id: int) -> None:
    manager = await as_role("order_manager")
    (row,) = (await manager.get("/api/approvals")).json()["items"]

    decided = await verdict(manager, request_id)
    again = await verdict(manager, request_id)

    assert (row["id"], row["steps"], row["waits_for"]) == (request_id, ["Manager"], ["order_manager"])
    assert (decided.status_code, decided.json()["state"]) == (200, "approved")
    assert (again.status_code, again.json()["problems"][0]["code"]) == (409, "request_decided")
    assert (await manager.get("/api/approvals")).json()["items"] == []


async def test_who_asked_sees_it_and_may_not_decide(as_role: MakeClient, request_id: int) -> None:
    sales = await as_role("sales")
    asked = (await sales.get("/api/approvals?view=asked")).json()["items"]

    refused = await verdict(sales, request_id)

    assert [row["id"] for row in asked] == [request_id]
    assert (refused.status_code, refused.json()["problems"][0]["code"]) == (403, "own_request")


async def test_strangers_learn_nothing(as_role: MakeClient, request_id: int) -> None:
    warehouse = await as_role("warehouse")

    assert (await warehouse.get(f"/api/approvals/{request_id}")).status_code == 404
    answer = {"verdict": "approve", "content": "0" * 64}
    assert (await warehouse.post(f"/api/approvals/{request_id}/verdict", json=answer)).status_code == 404
    assert (await warehouse.get("/api/approvals?view=all")).json()["items"] == []


async def test_of_many_verdicts_each_is_for_itself(as_role: MakeClient, request_id: int) -> None:
    manager = await as_role("order_manager")
    content = (await manager.get(f"/api/approvals/{request_id}")).json()["request"]["content"]
    verdicts = [
        {"request_id": request_id, "verdict": "approve", "content": content},
        {"request_id": request_id + 99, "verdict": "approve", "content": content},
    ]

    found = (await manager.post("/api/approvals/verdicts", json={"verdicts": verdicts})).json()["items"]

    assert [(row["state"], row["refused"]) for row in found] == [
        ("approved", None),
        (None, "There is no such request for approval."),
    ]


async def test_a_question_is_answered_and_a_request_recalled(as_role: MakeClient, request_id: int) -> None:
    manager, sales = await as_role("order_manager"), await as_role("sales")
    asked = await manager.post(f"/api/approvals/{request_id}/question", json={"text": "Why?"})
    answered = await sales.post(f"/api/approvals/{request_id}/answer", json={"text": "They buy more."})
    recalled = await sales.post(f"/api/approvals/{request_id}/recall", json={"reason": "not needed"})

    assert asked.json()["request"]["question"] == "Why?"
    assert answered.json()["questions"][0]["answer"] == "They buy more."
    assert recalled.json()["request"]["state"] == "recalled"


async def test_a_policy_with_mistakes_is_refused_whole(as_role: MakeClient) -> None:
    admin = await as_role("admin")
    broken = document(flow=["manager"], table="table: T\nrules: []\n")

    refused = await admin.put("/api/approval-policies", json=broken)

    assert refused.status_code == 422
    assert {"flow_missing"} < {problem["code"] for problem in refused.json()["problems"]}
    assert (await admin.get("/api/approval-policies")).json()["items"] == []


async def test_a_policy_is_tried_on_what_was_asked(as_role: MakeClient, request_id: int) -> None:
    admin = await as_role("admin")
    stricter = document(table=document()["table"].replace("(10..30]", "(25..30]"))

    trial = (await admin.post("/api/approval-policies/try", json=stricter)).json()

    assert TRIAL_DAYS == 365
    assert (trial["submissions"], trial["needing_before"], trial["needing_after"]) == (1, 1, 0)
    assert trial["differences"][0]["before"] == ["manager"]


async def test_only_who_may_publishes(as_role: MakeClient) -> None:
    sales = await as_role("sales")

    assert (await sales.put("/api/approval-policies", json=document())).status_code == 403


async def test_a_delegation_is_made_listed_and_ended(as_role: MakeClient, request_id: int) -> None:
    manager = await as_role("order_manager")
    draft = {
        "delegate": "sales@example.com", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2999-01-01T00:00:00Z",
    }  # fmt: skip

    made = await manager.post("/api/approval-delegations", json=draft)
    rows = (await manager.get("/api/approval-delegations")).json()["items"]
    ended = await manager.post(f"/api/approval-delegations/{made.json()['id']}/end")

    assert (made.status_code, [row["delegate"] for row in rows]) == (201, ["sales"])
    assert ended.json()["ids"] == [made.json()["id"]]
    assert (await manager.get("/api/approval-delegations")).json()["items"] == []


async def test_managers_go_in_no_circle(as_role: MakeClient, request_id: int) -> None:
    admin = await as_role("admin")
    circle = {"managers": {"order_manager@example.com": "sales@example.com"}}

    refused = await admin.put("/api/managers", json=circle)

    assert refused.json()["problems"][0]["code"] == "manager_circle"


# Pages


async def post(browser: httpx.AsyncClient, path: str, came_from: str, **form: str) -> httpx.Response:
    csrf = csrf_of(await browser.get(came_from))
    return await browser.post(path, data={"csrf": csrf, **form})


async def test_who_is_asked_finds_it_ticks_it_and_approves(browser_of: MakeClient, request_id: int) -> None:
    browser = await browser_of("order_manager")
    page = await browser.get("/approvals")
    assert "more than ten per cent off" in (await browser.get(f"/approvals/{request_id}")).text
    content = re.search(rf'name="pick-{request_id}" value="([0-9a-f]+)"', page.text)
    assert content is not None

    empty = await post(browser, "/approvals", "/approvals", verdict="approve")
    done = await post(browser, "/approvals", "/approvals", verdict="approve", **{f"pick-{request_id}": content[1]})

    assert "Tick the requests" in empty.text
    assert done.status_code == 303
    page = await browser.get(f"/approvals/{request_id}")
    assert "Everybody who was asked has approved." in page.text


async def test_a_question_goes_to_and_fro_on_the_page(browser_of: MakeClient, request_id: int) -> None:
    manager, sales = await browser_of("order_manager"), await browser_of("sales")
    at = f"/approvals/{request_id}"

    await post(manager, f"{at}/question", at, text="Why so much?")
    asked = await sales.get(at)
    await post(sales, f"{at}/answer", at, text="They buy a hundred.")
    answered = await manager.get(at)

    assert "Why so much?" in asked.text and "Open question" in asked.text
    assert "They buy a hundred." in answered.text
    content = re.search(r'name="content" value="([0-9a-f]+)"', answered.text)
    assert content is not None
    refused = await post(manager, f"{at}/verdict", at, verdict="reject", content=content[1], comment="Too much.")
    assert refused.status_code == 303
    assert "Too much." in (await sales.get(at)).text


async def test_one_more_is_asked_and_the_request_taken_back_on_the_page(
    browser_of: MakeClient, request_id: int, database: Database
) -> None:
    await user_with_role(database, "billing")
    manager, sales = await browser_of("order_manager"), await browser_of("sales")
    at = f"/approvals/{request_id}"

    await post(manager, f"{at}/approvers", at, login="billing@example.com", reason="knows them")
    assert "Extra: billing" in (await manager.get(at)).text
    await post(sales, f"{at}/recall", at, reason="not needed")
    assert "Recalled" in (await sales.get(at)).text


async def test_a_policy_is_read_checked_tried_and_published_on_its_page(
    browser_of: MakeClient, request_id: int
) -> None:
    browser = await browser_of("admin")
    at = "/approvals/policies/discounts"
    page = await browser.get(at)
    stricter = yaml.safe_dump(document(name="Stricter"), sort_keys=False)

    tried = await post(browser, at, at, text=stricter, act="check")
    wrong = await post(browser, at, at, text=stricter.replace("finance, a thin", "nobody, a thin"), act="publish")
    unread = [
        await post(browser, at, at, text=text, act="check")
        for text in ('code: "\\UFFFFFFFF"', "code: 2026-13-45", "a: &a [1]\nb: *a", "a: [")
    ]
    published = await post(browser, at, at, text=stricter, act="publish")

    assert [answer.status_code for answer in unread] == [422] * 4
    assert "discounts" in (await browser.get("/approvals/policies")).text
    assert page.text.index("code: discounts") < page.text.index("name: Discounts") < page.text.index("subject: quote")
    assert "Would need approval" in tried.text
    assert (wrong.status_code, "asks for nobody, which is no step" in wrong.text) == (422, True)
    assert published.status_code == 303
    assert "Stricter" in (await browser.get(at)).text
