"""What people do at the desk, in a real Chromium."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orderloom.base.parsing import parse
from orderloom.base.types import Subject
from orderloom.cli.demo_world import people
from orderloom.fulfilment.commands import hold_orders, place_orders
from orderloom.orders.order import HoldDraft
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import fail_steps, start_processes
from orderloom.processes.types import Failure, Node, ProcessDraft

pytestmark = pytest.mark.browser
ORDERS = Path(__file__).parents[2] / "demo" / "orders"
STATE = "SELECT state FROM processes.step WHERE process_id = %(id)s"
EVIDENCE = "SELECT evidence FROM processes.step_log WHERE process_id = %(id)s AND to_state = 'done'"
LISTS = [
    "/orders", "/tasks", "/fallout", "/customers", "/products", "/prices",
    "/stock", "/stock/pick-lists", "/stock/shipments",
    "/invoices", "/partners", "/settings", "/settings/users", "/settings/users/1", "/settings/roles",
]  # fmt: skip
FORM = [
    {"name": "reading", "label": "Meter reading", "type": "number", "required": True},
    {"name": "outcome", "label": "Outcome", "type": "choice", "options": ["good", "bad"], "required": True},
]


@pytest.fixture
def order(desk):
    draft = parse(OrderDraft, json.loads((ORDERS / "A-triple-play.json").read_text()))
    [placed] = desk.do(lambda tx: place_orders(tx, [draft]))
    return placed


@pytest.fixture
def administrator(log_in):
    log_in(next(person.login for person in people() if "administrat" in person.about.lower()))


def test_the_wrong_password_says_what_to_do_and_keeps_the_name(page):
    page.goto("/log-in")
    page.get_by_label("E-mail").fill("somebody@example.com")
    page.get_by_label("Password").fill("wrong")
    with page.expect_response(lambda answer: answer.status == 401):
        page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("check both")
    expect(page.get_by_label("E-mail")).to_have_value("somebody@example.com")


def test_an_order_is_found_by_its_number_and_its_plan_is_drawn(page, order, administrator):
    page.keyboard.press("/")
    page.keyboard.type(order.number)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)
    page.get_by_role("link", name="Plan", exact=True).click()
    expect(page.locator(".plan .node")).to_have_count(20)
    expect(page.locator(".plan .edge")).to_have_count(29)
    page.get_by_role("button", name="Fit").click()
    page.locator(".plan a").first.click()
    expect(page.locator("#step")).to_contain_text("Validate + credit check")


def test_everything_is_found_from_the_keyboard_while_typing(page, order, administrator):
    page.goto("/settings")
    page.keyboard.press("Control+k")
    page.keyboard.type("oko")
    hits = page.locator("#found a.hit")
    expect(hits.filter(has_text="Okonkwo").first).to_be_visible()
    expect(page.locator("#found h2").first).to_have_text("Orders")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    page.keyboard.type("nkwo")
    expect(hits.filter(has_text=order.number)).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)


def test_the_keys_are_listed(page, administrator):
    page.goto("/orders")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("find anything")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_the_list_is_walked_by_keyboard(page, order, administrator):
    page.goto("/orders")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.number)


def test_a_page_moves_by_itself_when_somebody_holds_the_order(page, desk, order, administrator):
    page.goto(f"/orders/{order.number}")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "on")
    desk.do(lambda tx: hold_orders(tx, [HoldDraft(order.id, "credit", "Over the limit by 300 USD")]))

    expect(page.get_by_text("Over the limit by 300 USD").first).to_be_visible()


def test_a_hold_is_placed_and_lifted(page, order, administrator):
    page.goto(f"/orders/{order.number}")
    page.get_by_text("Status", exact=True).click()
    page.get_by_role("button", name="Put on hold").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill("The customer asked us to wait")
    dialog.get_by_role("button", name="Put on hold").click()
    expect(page.get_by_role("status").filter(has_text="The hold stands")).to_be_visible()
    page.get_by_text("Status", exact=True).click()
    page.get_by_role("button", name="Release: Stopped by hand").click()
    page.get_by_role("dialog").get_by_label("Why it can be lifted").fill("They called back")
    page.get_by_role("dialog").get_by_role("button", name="Release hold").click()
    expect(page.get_by_text("The hold is lifted.")).to_be_visible()


def task_for(desk, order):
    node = Node("work.task", "person", params={"form": FORM})
    draft = ProcessDraft(
        Subject("order", order.id, order.number),
        (node,),
        (),
        ("read",),
        ("Read the meter",),
        queues=("field-dispatch",),
    )
    [process_id] = desk.do(lambda tx: start_processes(tx, [draft]))
    return process_id


def test_a_task_is_taken_started_and_completed_with_its_form(page, desk, order, administrator):
    process_id = task_for(desk, order)
    page.goto("/tasks?view=all")
    page.get_by_role("link", name="Read the meter").click()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("The task is yours.")).to_be_visible()
    page.get_by_role("button", name="Start work").click()
    expect(page.get_by_text("Work has started.")).to_be_visible()
    page.get_by_label("Meter reading").fill("12.5")
    page.get_by_label("Outcome").select_option("good")
    page.get_by_role("button", name="Complete task").click()
    page.wait_for_url("**/tasks")
    state = desk.do(
        lambda tx: tx.value("SELECT state FROM processes.step WHERE process_id = %(id)s", {"id": process_id})
    )

    assert state == "done"


def test_a_failed_step_is_seen_and_completed_with_evidence(page, desk, order, administrator):
    process_id = task_for(desk, order)
    desk.do(lambda tx: fail_steps(tx, [Failure(process_id, 0, "data", "The carrier rejected the postcode")]))
    page.goto("/fallout")
    page.get_by_role("link", name="Read the meter").click()
    expect(page.get_by_text("The carrier rejected the postcode").first).to_be_visible()
    page.get_by_label("How you know, for the audit trail").fill("The customer sent a photograph")
    page.get_by_role("button", name="Complete with evidence").click()
    page.wait_for_url(f"**/orders/{order.number}/plan")
    moved = desk.do(
        lambda tx: tx.value(
            "SELECT evidence FROM processes.step_log WHERE process_id = %(id)s AND to_state = 'done'",
            {"id": process_id},
        )
    )

    assert moved == "The customer sent a photograph"


def test_who_may_not_sees_neither_place_nor_page(page, log_in):
    log_in(next(person.login for person in people() if "warehouse" in person.about.lower()))
    expect(page.get_by_role("link", name="Stock")).to_be_visible()
    expect(page.get_by_role("link", name="Invoices")).to_have_count(0)
    answer = page.request.get("/invoices")

    assert answer.status == 403


@pytest.mark.parametrize("path", LISTS)
def test_no_page_is_wider_than_a_phone(page, order, administrator, path):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_description_of_the_api_opens_without_another_origin(page):
    page.goto("/api/docs")
    expect(page.locator("[data-path]").first).to_be_visible()
    simulate = page.locator("[data-path='/api/orders/simulate']")
    page.mouse.move(600, 500)
    for _ in range(100):  # what is far from the window is not drawn
        if simulate.count():
            break
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(50)
    expect(simulate).to_be_visible()


def test_the_header_of_a_draft_is_edited_before_it_is_released(page, desk, administrator):
    draft = parse(OrderDraft, json.loads((ORDERS / "B-wholesale-kit.json").read_text()))
    [drafted] = desk.do(lambda tx: place_orders(tx, [draft], submit=False))
    page.goto(f"/orders/{drafted.number}")

    page.get_by_role("button", name="Edit header").click()
    page.get_by_label("Purchase order").fill("P-77")
    page.get_by_label("Priority").select_option("urgent")
    page.get_by_role("button", name="Save header").click()

    expect(page.get_by_text("P-77")).to_be_visible()
    page.get_by_role("button", name="Submit order").click()
    expect(page.get_by_role("button", name="Edit header")).to_have_count(0)
