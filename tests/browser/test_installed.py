"""What a customer has is changed at the desk, in a real Chromium: television is disconnected, the port stays."""

import asyncio
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orderloom.base.parsing import parse
from orderloom.base.transaction import Database
from orderloom.fulfilment.commands import place_orders
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import complete_steps, count_events
from orderloom.processes.types import Completion, Count
from tests.browser.world import administrator
from tests.stories.workshop import Workshop

pytestmark = pytest.mark.browser
ORDERS = Path(__file__).parents[2] / "demo" / "orders"
TASKS = """
    SELECT process_id, number, expected IS NOT NULL
      FROM processes.step
     WHERE mode IN ('person', 'event')
       AND state IN ('ready', 'running', 'waiting')
    """


def carried_out(desk):
    """The worked order of a home, run to its end; the account's id."""
    draft = parse(OrderDraft, json.loads((ORDERS / "A-triple-play.json").read_text()))
    [order] = desk.do(lambda tx: place_orders(tx, [draft]))

    async def run():
        async with Database(desk.database_url, desk.house, size=4) as database:
            shop = Workshop(database)
            for _ in range(20):
                await shop.work()
                for letter in shop.wire.letters:
                    await shop.deliver(letter)
                shop.wire.letters.clear()
                rows = await shop.ask(TASKS)
                done = [Completion(process_id, number, {}) for process_id, number, counts in rows if not counts]
                seen = [Count(process_id, number, 1) for process_id, number, counts in rows if counts]
                await shop.do(lambda tx, done=done: complete_steps(tx, done))
                await shop.do(lambda tx, seen=seen: count_events(tx, seen))
                await shop.move(hours=12)
            await shop.worker.stop()

    with ThreadPoolExecutor(1) as thread:  # Playwright's own loop runs in this one
        thread.submit(lambda: asyncio.run(run())).result()
    state, account_id = desk.do(
        lambda tx: tx.all("SELECT state, account_id FROM orders.sales_order WHERE id = %(id)s", {"id": order.id})
    )[0]
    assert state == "completed"
    return account_id


def look(page, name):
    """Keep a picture for people, where they ask for one."""
    folder = os.environ.get("ORDERLOOM_PICTURES")
    if folder:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})


def test_television_is_disconnected_and_the_page_says_for_whom_the_port_stays(page, desk, log_in):
    account_id = carried_out(desk)
    log_in(administrator())
    page.goto(f"/customers/{account_id}")
    look(page, "customer")
    page.get_by_role("link", name="HomeMax Triple Play").click()
    look(page, "bundle")
    page.get_by_role("link", name="IPTV Family").click()
    page.get_by_text("Change what is installed").click()
    look(page, "menu")
    expect(page.locator(".panel").get_by_role("link", name="Move")).to_have_count(0)
    page.get_by_role("link", name="Disconnect").click()
    port = page.get_by_role("row").filter(has_text="DSLAMPort")
    expect(port).to_contain_text("stays")
    expect(port.get_by_role("link")).to_have_count(2)
    expect(page.get_by_role("row").filter(has_text="Remove TV entitlement")).to_be_visible()
    page.get_by_label("Why").fill("Nobody watches it")
    page.get_by_role("button", name="Preview").click()
    look(page, "disconnect")
    expect(page.get_by_label("Why")).to_have_value("Nobody watches it")
    page.get_by_role("button", name="Place the order").click()
    page.wait_for_url("**/orders/*")
    number = page.url.rsplit("/", 1)[-1]

    page.goto(f"/customers/{account_id}")
    page.get_by_role("link", name="IPTV Family").click()
    expect(page.get_by_text("Being changed by")).to_be_visible()
    expect(page.get_by_role("link", name=number).first).to_be_visible()
    expect(page.get_by_text("Change what is installed")).to_have_count(0)

    page.goto(f"/customers/{account_id}")
    page.get_by_role("link", name="HomeMax Triple Play").click()
    page.get_by_text("Change what is installed").click()
    page.get_by_role("link", name="Move").click()
    look(page, "move")
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".refusals")).to_contain_text("Say where it moves")
    expect(page.get_by_role("button", name="Place the order")).to_have_count(0)
