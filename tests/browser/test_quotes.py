"""What salespeople and customers do with quotes, in a real Chromium."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from orderloom.approvals.commands import decide_requests
from orderloom.approvals.reads import list_requests
from orderloom.approvals.types import VerdictDraft
from orderloom.base.jobs import run_jobs
from orderloom.cli.demo_approving import publish_demo_policies
from orderloom.quotes.commands import make_link, send_quote
from orderloom.quotes.reads import quote_page
from tests.quotes import given

pytestmark = pytest.mark.browser
MAYA = "maya@tessellane.example"
METERS = ({"line": "1", "product": "METER", "quantity": 10},)


def test_a_salesperson_quotes_discounts_too_much_is_stopped_and_converts_half(page, log_in):
    log_in(MAYA)
    page.goto("/quotes")
    page.get_by_role("link", name="New quote").click()
    page.get_by_label("Customer, by number or external id").fill("harbourline")
    page.get_by_role("button", name="Begin quote").click()
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Product, by code or name").fill("METER")
    page.locator("#editor").get_by_label("Quantity").fill("10")
    page.get_by_role("button", name="Save and price").click()
    expect(page.get_by_role("status").filter(has_text="written and priced")).to_be_visible()

    page.get_by_role("button", name="Edit line 1").click()
    page.locator("#editor").get_by_label("Price or discount by hand").select_option("percent_off")
    page.locator("#editor").get_by_label("How much").fill("22")
    page.locator("#editor").get_by_label("Reason").select_option("competition")
    page.get_by_role("button", name="Save and price").click()
    expect(page.get_by_text("prices.discount").first).to_be_visible()
    expect(page.get_by_role("button", name="Send quote")).to_be_disabled()
    expect(page.locator(".notice").first).to_contain_text("ask somebody with the right")

    page.get_by_role("button", name="Edit line 1").click()
    page.locator("#editor").get_by_label("How much").fill("8")
    page.get_by_role("button", name="Save and price").click()
    expect(page.get_by_text("Needs a right")).to_have_count(0)
    page.get_by_role("button", name="Send quote").click()
    page.get_by_role("button", name="Only mark as sent").click()
    expect(page.locator(".head .state")).to_have_text("Sent")
    page.get_by_role("button", name="Convert to order").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Optical power meter").fill("5")
    dialog.get_by_role("button", name="Convert these quantities").click()
    page.wait_for_url("**/orders/SO-*")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Harbourline")
    page.get_by_role("link", name="Q-").click()
    expect(page.locator("tr", has_text="Optical power meter").first).to_contain_text("5")
    expect(page.get_by_text("Orders from this quote")).to_be_visible()


def test_who_has_the_right_confirms_and_the_quote_can_go(page, desk, log_in):
    log_in(MAYA)
    page.goto("/quotes/new")
    page.get_by_label("Customer, by number or external id").fill("harbourline")
    page.get_by_role("button", name="Begin quote").click()
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Product, by code or name").fill("METER")
    page.locator("#editor").get_by_label("Price or discount by hand").select_option("percent_off")
    page.locator("#editor").get_by_label("How much").fill("15")
    page.locator("#editor").get_by_label("Reason").select_option("volume")
    page.get_by_role("button", name="Save and price").click()
    expect(page.get_by_text("Needs a right").first).to_be_visible()
    address = page.url
    page.context.clear_cookies()
    log_in("ada@tessellane.example")
    page.goto(address)
    page.get_by_role("button", name="Confirm these prices").click()
    page.get_by_label("Why they may stand").fill("They buy a lot")
    page.get_by_role("button", name="Confirm prices").click()
    expect(page.get_by_text("Confirmed by")).to_be_visible()
    page.get_by_role("button", name="Send quote").click()
    page.get_by_role("button", name="Only mark as sent").click()
    expect(page.locator(".head .state")).to_have_text("Sent")


def test_a_discount_beyond_the_limit_is_submitted_approved_and_goes_at_once(page, desk, log_in):
    desk.do(publish_demo_policies)
    quote = desk.do(lambda tx: drafted(tx, 15))
    log_in(MAYA)
    page.goto(f"/quotes/{quote}")
    expect(page.locator(".head .state").nth(1)).to_have_text("Needs approval")
    chain = page.locator("section", has_text="Before it can go")
    expect(chain).to_contain_text("Sales lead")
    expect(chain).to_contain_text("more than ten per cent off")
    expect(chain).to_contain_text("Nora")
    expect(page.get_by_role("button", name="Send quote")).to_be_disabled()
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.locator(".head .state").nth(1)).to_have_text("Waits for approval")

    desk.do(lambda tx: decided(tx, quote))
    desk.run(run_due)
    expect(page.get_by_role("button", name="Send quote")).to_be_enabled(timeout=2_000)
    expect(page.get_by_text("Confirmed by AP-")).to_be_visible()
    page.get_by_role("button", name="Send quote").click()
    page.get_by_role("button", name="Only mark as sent").click()
    expect(page.locator(".head .state")).to_have_text("Sent")


async def run_due(database):
    """What the worker does, as long as there is something to do."""
    while await run_jobs(database):
        pass


async def drafted(tx, percent):
    """A draft of Maya's for METERs, this far below the list."""
    maya = await tx.value("SELECT id FROM parties.user WHERE login = %(login)s", {"login": MAYA})
    tx.actor = given.salesperson(maya)
    line = {**METERS[0], "given": [given.by_hand(percent)]}
    return (await given.quote(tx, (line,), customer="harbourline")).number


async def decided(tx, number):
    """Nora approves what waits for her."""
    nora = await tx.value("SELECT id FROM parties.user WHERE login = 'nora@tessellane.example'")
    tx.actor = replace(tx.actor, user_id=nora)
    [row] = [one for one in await list_requests(tx) if one.subject_label == number]
    verdict = VerdictDraft("approve", row.content, None, "They buy for three sites.")
    await decide_requests(tx, [(row.id, verdict)])


@pytest.fixture
def offer(desk):
    """A quote of the small world that was sent, and its customer's link."""

    async def make(tx):
        lines = (*METERS, {"line": "2", "product": "CLEANER", "quantity": 5, "optional": True, "chosen": False})
        quote = await given.quote(tx, lines, customer="harbourline", title="Test sets for the pier")
        await send_quote(tx, quote.id)
        return quote.id, (await make_link(tx, quote.id)).token

    return desk.do(make)


def test_a_customer_asks_chooses_and_accepts_on_a_phone(page, desk, offer):
    quote_id, token = offer
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/offers/{token}")
    expect(page.get_by_text("Test sets for the pier")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_text("Ask a question").click()
    page.locator("#ask-name").fill("Ruth Abernathy")
    page.get_by_label("Your question").fill("Do they come with batteries?")
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_text("Do they come with batteries?")).to_be_visible()

    before = page.locator("#total").inner_text()
    page.get_by_label("One-click cleaner").check()
    page.get_by_role("button", name="Work out the total").click()
    expect(page.get_by_label("One-click cleaner")).to_be_checked()
    assert page.locator("#total").inner_text() != before
    page.locator("#yes-name").fill("Ruth Abernathy")
    page.get_by_label("I accept this offer").check()
    page.get_by_role("button", name="Accept the offer").click()
    expect(page.get_by_text("Accepted by Ruth Abernathy")).to_be_visible()

    kept = desk.do(lambda tx: quote_page(tx, quote_id))
    assert (kept.head.state, kept.acceptance.chosen) == ("accepted", ["1", "2"])
