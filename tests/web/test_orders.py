"""Orders over HTTP: taken, simulated, imported, stopped, cancelled, and shown."""

import json
from pathlib import Path

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_world import load_world

ORDERS = Path(__file__).parents[2] / "demo" / "orders"
TRIPLE_PLAY = json.loads((ORDERS / "A-triple-play.json").read_text())
KITS = json.loads((ORDERS / "B-wholesale-kit.json").read_text())


@pytest.fixture
async def world(database, monkeypatch):
    monkeypatch.setenv("ORDERLOOM_ALLOW_PRIVATE_PARTNERS", "1")
    async with transaction(database, SYSTEM) as tx:
        await load_world(tx, partners_url="http://127.0.0.1:9", master="x" * 32)


@pytest.fixture
async def manager(world, as_role):
    return await as_role("order_manager")


async def test_an_order_is_taken_and_planned_at_once(manager):
    placed = await manager.post("/api/orders", json=TRIPLE_PLAY)
    order = await manager.get(placed.headers["location"])
    plan = await manager.get(placed.headers["location"] + "/plan")

    assert placed.status_code == 201
    assert order.json()["header"]["number"] == placed.json()["number"]
    assert [item["line"] for item in order.json()["items"]] == ["1", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6"]
    assert (len(plan.json()["steps"]), len(plan.json()["edges"])) == (20, 29)
    assert order.headers["etag"]


async def test_a_simulation_writes_nothing_and_says_the_same_twice(manager):
    first = await manager.post("/api/orders/simulate", json=TRIPLE_PLAY)
    second = await manager.post("/api/orders/simulate", json=TRIPLE_PLAY)

    assert first.status_code == 200
    assert first.content == second.content
    assert (len(first.json()["fulfilment_items"]), len(first.json()["steps"])) == (12, 20)
    assert (await manager.get("/api/orders")).json()["items"] == []


async def test_the_problems_of_an_order_are_listed_and_nothing_is_written(manager):
    items = [{"line": "1", "product": "no such thing", "quantity": 0}, {"line": "1", "product": "Fusion splicer"}]
    answer = await manager.post("/api/orders", json={"customer": "nobody", "items": items})

    assert answer.status_code == 422
    assert "/items/0/quantity" in {problem["pointer"] for problem in answer.json()["problems"]}
    assert (await manager.get("/api/orders")).json()["items"] == []


async def test_many_orders_come_in_one_a_line_and_bad_lines_stop_nobody(manager):
    lines = [TRIPLE_PLAY, {"customer": "nobody", "items": []}, KITS, "not an order", TRIPLE_PLAY]
    body = "\n".join(json.dumps(line) for line in lines) + "\n\n"
    answer = await manager.post("/api/orders/import", content=body, headers={"content-type": "application/x-ndjson"})
    told = {line["line"]: line for line in map(json.loads, answer.text.splitlines())}

    assert answer.status_code == 200
    assert {number for number, line in told.items() if "order" in line} == {1, 3, 5}
    assert all(told[number]["problems"] for number in (2, 4))
    assert len((await manager.get("/api/orders")).json()["items"]) == 3


async def test_a_hold_stands_until_somebody_with_the_right_lifts_it(manager, as_role):
    path = (await manager.post("/api/orders", json=TRIPLE_PLAY)).headers["location"]
    held = await manager.post(path + "/holds", json={"code": "credit", "reason": "Over the limit"})
    [hold] = [one for one in held.json()["holds"] if one["released_at"] is None]
    release = f"{path}/holds/{hold['id']}/release"
    refused = await manager.post(release, json={"reason": "It is fine"})
    lifted = await (await as_role("billing")).post(release, json={"reason": "They have paid"})

    assert held.status_code == 201
    assert refused.status_code == 403
    assert lifted.json()["holds"][0]["released_by"] == "billing"


async def test_a_cancelled_order_leaves_no_step_open(manager):
    path = (await manager.post("/api/orders", json=TRIPLE_PLAY)).headers["location"]
    cancelled = await manager.post(path + "/cancel", json={"reason": "Ordered by mistake"})
    steps = (await manager.get(path + "/plan")).json()["steps"]

    assert cancelled.status_code == 200
    assert {step["state"] for step in steps} <= {"cancelled", "skipped", "done"}


async def test_a_salesperson_sees_the_orders_of_their_accounts_only(manager, as_role):
    path = (await manager.post("/api/orders", json=TRIPLE_PLAY)).headers["location"]
    seller = await as_role("sales")

    assert (await seller.get("/api/orders")).json()["items"] == []
    for below in ("", "/plan", "/timeline"):
        assert (await seller.get(path + below)).status_code == 404
    assert (await seller.post(path + "/holds", json={"code": "manual", "reason": "Because"})).status_code == 404


NOWHERE = ("SO-2026-999999", "999999", "%00", "x" * 200, "9" * 30, "🧵", "..%2f..")


async def test_an_order_that_is_not_there_is_not_found(manager):
    said = {reference: (await manager.get(f"/api/orders/{reference}")).status_code for reference in NOWHERE}

    assert {reference: status for reference, status in said.items() if status not in {404, 422}} == {}


PAGES = ["", "/plan", "/steps", "/timeline", "/billing"]


NUMBERED = ("/api/customers/{}", "/api/products/{}", "/api/invoices/{}", "/api/tasks/{}/1", "/api/tasks/1/{}")


async def test_an_absurd_number_is_not_found(as_role):
    admin = await as_role("admin")
    paths = [path.format(number) for path in NUMBERED for number in (2**31, 2**63, 10**40)]

    said = {path: (await admin.get(path)).status_code for path in paths}

    assert said == dict.fromkeys(paths, 404)


async def test_every_page_of_an_order_shows_it(manager, browser_of):
    number = (await manager.post("/api/orders", json=KITS)).json()["number"]
    browser = await browser_of("admin")
    for below in PAGES:
        page = await browser.get(f"/orders/{number}{below}")
        assert page.status_code == 200, page.text
        assert "Harbourline" in page.text
        assert "style=" not in page.text
        assert "onclick" not in page.text
    listed = await browser.get("/orders")
    assert number in listed.text
    found = await browser.get("/orders", params={"text": number})
    assert (found.status_code, found.headers["location"]) == (303, f"/orders/{number}")


async def test_every_list_opens_for_who_may(manager, browser_of):
    placed = (await manager.post("/api/orders", json=TRIPLE_PLAY)).json()
    step = f"{placed['process_id']}/1"
    customer = (await manager.get("/api/customers")).json()["items"][0]["id"]
    product = (await manager.get("/api/products")).json()["items"][0]["id"]
    browser = await browser_of("admin")
    for path in (
        "/tasks", "/tasks?view=all", "/tasks?view=mine", "/fallout", "/customers", f"/customers/{customer}",
        "/products", f"/products/{product}", "/stock", "/stock/shipments", "/invoices", "/partners", "/partners/SQ",
        "/partners/messages", f"/steps/{step}", f"/fallout/{step}",
    ):  # fmt: skip
        page = await browser.get(path)
        assert page.status_code == 200, (path, page.text[:2000])


async def test_names_stand_as_text_whatever_is_in_them(manager, browser_of):
    name = '<script>alert(1)</script> "quoted" =1+1 شركة'
    opened = await manager.post("/api/customers", json={"name": name})
    page = await (await browser_of("admin")).get(f"/customers/{opened.json()['id']}")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


async def test_customers_and_stock_come_in_by_csv_with_a_dry_run(manager, as_role):
    admin = await as_role("admin")
    head = {"content-type": "text/csv"}
    rows = "external_id,name,country\nnew-1,Neue Firma,DE\n"
    dry = await admin.post("/api/customers/import?dry_run=true", content=rows, headers=head)
    bad = await admin.post("/api/customers/import", content="colour,external_id\nred,x\n", headers=head)
    real = await admin.post("/api/customers/import", content=rows, headers=head)
    stock = await admin.post("/api/stock/import", content="sku;warehouse;on_hand\nNOPE;DC-East;x\n", headers=head)

    assert (dry.json()["created"], real.json()["created"]) == (1, 1)
    assert bad.status_code == 422
    assert {"/0/on_hand"} <= {problem["pointer"] for problem in stock.json()["problems"]}


async def test_the_header_of_a_draft_is_edited_by_who_has_seen_it(manager):
    draft = (await manager.post("/api/orders/drafts", json=KITS | {"note": "first", "attributes": {"a": 1}})).json()
    path = f"/api/orders/{draft['number']}"
    seen = (await manager.get(path)).headers["etag"]
    edit = {"po_number": "P-77", "priority": "urgent", "promised_on": "2027-01-15"}

    missing = await manager.put(f"{path}/header", json=edit)
    good = await manager.put(f"{path}/header", json=edit, headers={"if-match": seen})
    stale = await manager.put(f"{path}/header", json=edit, headers={"if-match": seen})
    unknown = await manager.put(f"{path}/header", json=edit | {"currency": "EUR"}, headers={"if-match": "*"})

    assert [answer.status_code for answer in (missing, good, stale, unknown)] == [428, 200, 412, 422]
    header = good.json()["header"]
    assert (header["po_number"], header["priority"], header["promised_on"]) == ("P-77", "urgent", "2027-01-15")
    assert (header["note"], header["attributes"]) == (None, {})
    assert good.headers["etag"] != seen


async def test_the_header_of_a_released_order_takes_a_change(manager):
    placed = (await manager.post("/api/orders", json=KITS)).json()
    path = f"/api/orders/{placed['number']}"

    refused = await manager.put(f"{path}/header", json={"priority": "urgent"}, headers={"if-match": "*"})

    assert (refused.status_code, refused.json()["problems"][0]["code"]) == (409, "order_released")
    assert (await manager.get(path)).json()["header"]["priority"] == "standard"


async def test_the_plan_is_shown_over_time_with_what_is_to_come(manager, browser_of):
    placed = (await manager.post("/api/orders", json=TRIPLE_PLAY)).json()
    steps = (await manager.get(f"/api/orders/{placed['number']}/plan")).json()["steps"]
    coming = (await manager.get(f"/api/orders/{placed['number']}/projection")).json()["items"]
    page = (await (await browser_of("order_manager")).get(f"/orders/{placed['number']}/gantt")).text

    assert [one["number"] for one in coming] == [step["number"] for step in steps if step["state"] != "done"]
    assert all(one["start"] <= one["finish"] for one in coming)
    assert page.count('class="planned"') == len(steps)
    assert page.count('class="projected"') == len(coming)
    assert 'class="promise"' in page
