"""Changing a confirmed order at the desk, in a real Chromium."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orderloom.base.parsing import parse
from orderloom.base.transaction import Database
from orderloom.fulfilment.commands import place_orders
from orderloom.orders.types import OrderDraft
from tests.browser.world import administrator
from tests.stories.workshop import Workshop

pytestmark = pytest.mark.browser
ORDERS = Path(__file__).parents[2] / "demo" / "orders"


def placed(desk, name):
    draft = parse(OrderDraft, json.loads((ORDERS / f"{name}.json").read_text()))
    [order] = desk.do(lambda tx: place_orders(tx, [draft]))
    return order


@pytest.fixture
def order(desk):
    return placed(desk, "A-triple-play")


def carry_out(desk):
    """Everything happens that needs nobody: partners do their work, and what they are to tell is not told yet."""

    async def run():
        async with Database(desk.database_url, desk.house, size=4) as database:
            shop = Workshop(database)
            await shop.work()
            await shop.worker.stop()

    with ThreadPoolExecutor(1) as thread:  # Playwright's own loop runs in this one
        thread.submit(lambda: asyncio.run(run())).result()


def draft_without_voice(page, order):
    page.goto(f"/orders/{order.number}")
    page.get_by_role("link", name="Change", exact=True).click()
    page.get_by_label("Why").fill("The customer wants no telephone")
    page.get_by_label("Remove line 1.3").check()
    page.get_by_role("button", name="Preview change").first.click()
    page.wait_for_url(f"**/orders/{order.number}/changes/*")


def test_an_order_is_changed_in_flight_and_its_plan_is_seen_to_change(page, desk, order, log_in):
    log_in(administrator())
    watching = page.context.new_page()
    watching.goto(f"/orders/{order.number}/plan")
    expect(watching.locator("[data-live]")).to_have_attribute("data-state", "on")
    expect(watching.locator(".plan .node.state-cancelled")).to_have_count(0)
    watching.evaluate("window.same = true")
    draft_without_voice(page, order)
    expect(page.get_by_text("Removed")).to_be_visible()
    expect(page.locator(".plan .node.fades")).to_have_count(3)
    expect(page.get_by_role("row", name="Create SIP account Withdrawn")).to_be_visible()
    page.get_by_role("button", name="Apply change").click()
    page.wait_for_url(f"**/orders/{order.number}/plan")
    expect(page.get_by_text("The change is applied; this is revision 2.")).to_be_visible()

    expect(watching.locator(".plan .node.state-cancelled")).to_have_count(3)
    assert watching.evaluate("window.same")  # it was never loaded again
    page.get_by_role("link", name="Changes", exact=True).click()
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    expect(page.get_by_role("row", name="1.3 Removed Voice (port-in)")).to_be_visible()


def test_a_change_that_has_become_stale_says_what_moved_and_is_previewed_again(page, desk, order, log_in):
    log_in(administrator())
    draft_without_voice(page, order)
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "on")
    carry_out(desk)
    notice = page.get_by_role("status").filter(has_text="moved on since this preview")
    expect(notice).to_contain_text("Reserve modem + STB: done now")
    expect(page.get_by_role("button", name="Apply change")).to_have_count(0)
    page.get_by_role("button", name="Preview again").click()
    expect(page.get_by_text("This is what the change would do now.")).to_be_visible()
    expect(notice).to_have_count(0)
    page.get_by_role("button", name="Give up").click()
    expect(page.get_by_text("The change is given up")).to_be_visible()


def test_what_going_back_costs_is_accepted_by_a_tick(page, desk, order, log_in):
    log_in(administrator())
    carry_out(desk)
    page.goto(f"/orders/{order.number}/changes/new")
    page.get_by_label("Why").fill("No television after all")
    page.get_by_label("Remove line 1.2").check()
    page.get_by_label("Remove line 1.5").check()
    page.get_by_role("button", name="Preview change").first.click()
    expect(page.get_by_role("heading", name="Points of no return that this goes back over")).to_be_visible()
    tick = page.get_by_label("The customer accepts the fees")
    page.get_by_role("button", name="Apply change").click()  # the browser itself asks for the tick
    expect(tick).to_be_visible()
    tick.check()
    page.get_by_role("button", name="Apply change").click()
    page.wait_for_url(f"**/orders/{order.number}/plan")
    expect(page.get_by_text("The change is applied; this is revision 2.")).to_be_visible()


def test_past_a_hard_point_of_no_return_a_follow_on_order_is_offered(page, desk, log_in):
    order = placed(desk, "B-wholesale-kit")
    log_in(administrator())
    carry_out(desk)
    page.goto(f"/orders/{order.number}/changes/new")
    page.get_by_label("Why").fill("Only eight are needed")
    page.get_by_label("Quantity of line 1", exact=True).fill("8")
    page.get_by_role("button", name="Preview change").first.click()
    expect(page.get_by_role("alert").locator("..").get_by_text("past its point of no return").first).to_be_visible()
    expect(page.get_by_role("button", name="Apply change")).to_have_count(0)
    page.get_by_role("button", name="Draft a follow-on order").click()
    expect(page.get_by_text("This order is a draft; look it over and submit it.")).to_be_visible()
