"""What people who look after prices do with them, in a real Chromium; and what axe-core says of the pages."""

import pytest
from playwright.sync_api import expect

from orderloom.base.parsing import parse
from orderloom.catalog.commands import publish_prices
from orderloom.catalog.price_drafts import PricesDraft
from orderloom.catalog.text import read_values
from tests.browser.test_accessibility import AXE, findings
from tests.browser.world import administrator

pytestmark = pytest.mark.browser
RULES = """
lists: [{code: autumn, name: Autumn, currency: USD, rank: 50, prices: [
  {product: METER, one_time: {all_units: [{above: 0, unit_price: %s}, {above: 10, unit_price: 280}]}}]}]
promotions: [{code: harvest, percent_off: 5, products: [METER], when: quantity > 20}]
"""


def publish(desk, price: int) -> None:
    draft = parse(PricesDraft, read_values(RULES % price, "prices.yaml"))
    desk.do(lambda tx: publish_prices(tx, draft))


def test_prices_are_looked_up_tried_and_taken_into_drafts_after_the_differences_are_seen(page, desk, log_in):
    publish(desk, 310)
    log_in(administrator())
    page.goto("/quotes")
    page.get_by_role("link", name="New quote").click()
    page.get_by_label("Customer, by number or external id").fill("harbourline")
    page.get_by_role("button", name="Begin quote").click()
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Product, by code or name").fill("METER")
    page.locator("#editor").get_by_label("Quantity").fill("3")
    page.get_by_role("button", name="Save and price").click()
    expect(page.get_by_role("status").filter(has_text="written and priced")).to_be_visible()
    number = page.get_by_role("heading", level=1).inner_text().split()[0]
    publish(desk, 333)

    page.goto("/prices?kind=promotion&text=harvest")
    page.get_by_role("link", name="harvest").click()
    expect(page.locator("main")).to_contain_text("5 % off when quantity > 20")
    page.goto("/prices?kind=price&text=autumn")
    page.get_by_role("link", name="autumn/METER").click()
    expect(page.locator("main")).to_contain_text("333 above 0, 280 above 10")
    expect(page.locator("main")).to_contain_text("310 above 0")

    page.goto("/prices")
    page.get_by_label("Currency", exact=True).fill("USD")
    page.get_by_label("Product of line 1").fill("METER")
    page.get_by_label("Quantity of line 1").fill("30")
    page.get_by_role("button", name="Try the price").click()
    tried = page.locator("#tried")
    expect(tried.locator("tr", has_text="List price")).to_contain_text("8,400.00")
    expect(tried.locator("tr", has_text="harvest")).to_contain_text("420.00")
    expect(tried.locator("tfoot").first).to_contain_text("7,980.00")

    page.get_by_role("link", name="Price drafts anew").click()
    draft = page.locator("section.draft", has_text=number)
    expect(draft).to_contain_text("930.00 → 999.00")
    for box in page.get_by_role("checkbox", checked=True).all():
        if box.get_attribute("aria-label") != number:
            box.uncheck()
    page.get_by_role("button", name="Take the prices of now").click()
    expect(page.locator("tr", has_text=number)).to_contain_text("Priced anew")
    expect(page.locator("tr", has_text=number)).to_contain_text("69.00")
    page.goto("/prices/reprice")
    expect(page.locator("section.draft", has_text=number)).to_have_count(0)


@pytest.mark.slow
def test_the_pages_of_prices_keep_nobody_out(page, desk, log_in):
    if not AXE.exists():
        pytest.skip("axe-core is not installed; run make install")
    publish(desk, 310)
    log_in(administrator())
    tried = "/prices/try?currency=USD&product1=METER&quantity1=30&percent_off1=40&reason1=competition"
    paths = ("/prices", "/prices?kind=promotion", tried, "/prices/reprice", "/prices/walk")
    assert [one for path in paths for one in findings(page, path)] == []
