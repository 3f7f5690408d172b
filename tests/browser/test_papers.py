"""A confirmation made and sent from the order's page, in a real Chromium, over a folder in place of a server."""

import json
import os
import re
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path

import pytest
from playwright.sync_api import expect

from orderloom.base.parsing import parse
from orderloom.documents.rendering import render_due
from orderloom.fulfilment.commands import place_orders
from orderloom.messages.channels import FolderChannel
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.orders.types import OrderDraft
from tests.browser.world import administrator
from tests.quotes import given as quotes

pytestmark = pytest.mark.browser
ORDERS = Path(__file__).parents[2] / "demo" / "orders"
PHOTOGRAPHS = os.environ.get("ORDERLOOM_TEST_PHOTOGRAPHS")


@pytest.fixture
def order(desk):
    draft = parse(OrderDraft, json.loads((ORDERS / "B-wholesale-kit.json").read_text()))
    [order] = desk.do(lambda tx: place_orders(tx, [draft]))
    return order


def work(desk, folder):
    """The worker makes what was asked for and sends what is due."""

    async def run(database):
        await render_due(database)
        sender = Address("Tessellane", addr_spec="orders@tessellane.example")
        await Postman(database, {"email": FolderChannel(folder, sender)}, doors=Doors(desk.url, bytes(32))).turn()

    desk.run(run)


def address(dialog):
    """Where the mail goes to, once the dialog has put the cursor there."""
    field = dialog.locator("#send-to")
    expect(field).to_be_focused()
    return field


def photograph(page, name):
    if PHOTOGRAPHS:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{PHOTOGRAPHS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1440, "height": 900})


def test_a_document_is_asked_for_seen_as_it_is_made_and_downloaded(page, desk, order, log_in, tmp_path):
    log_in(administrator())
    page.goto(f"/orders/{order.number}/documents")
    page.get_by_role("button", name="Make a document").click()
    photograph(page, "ask")
    page.get_by_label("Language").locator("visible=true").select_option(label="日本語")
    page.get_by_role("button", name="Make document").click()
    page.wait_for_url(re.compile(r"/documents/\d+$"))
    expect(page.get_by_text("Being made", exact=True)).to_be_visible()
    work(desk, tmp_path)

    expect(page.get_by_role("link", name="Download")).to_be_visible()
    picture = page.locator("img.sheet").first
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 700
    photograph(page, "document")
    with page.expect_download() as told:
        page.get_by_role("link", name="Download").click()
    assert told.value.suggested_filename == f"order-confirmation-{order.number}-ja.pdf"
    assert Path(told.value.path()).read_bytes().startswith(b"%PDF-")


def test_the_confirmation_is_sent_from_the_page_and_its_way_is_seen(page, desk, order, log_in, tmp_path):
    log_in(administrator())
    page.goto(f"/orders/{order.number}/documents")
    page.get_by_role("button", name="Send by e-mail").click()
    photograph(page, "send")
    dialog = page.get_by_role("dialog")
    address(dialog).fill("ines@möbelhaus.example")
    dialog.get_by_label("Note").fill("Please check <b>line 2</b>.")
    page.get_by_role("button", name="Send", exact=True).click()
    page.wait_for_url(re.compile(r"/messages/\d+$"))
    expect(page.get_by_text("Waits for its document")).to_be_visible()
    photograph(page, "waiting")
    work(desk, tmp_path)

    expect(page.get_by_text("no server was spoken to").first).to_be_visible()
    expect(page.get_by_text("Please check <b>line 2</b>.")).to_be_visible()
    photograph(page, "sent")
    [file] = tmp_path.glob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["To"].addresses[0].addr_spec == "ines@xn--mbelhaus-n4a.example"
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]
    page.goto("/messages")
    photograph(page, "messages")
    page.goto(f"/orders/{order.number}/documents")
    photograph(page, "documents")
    expect(page.get_by_role("row", name=re.compile("ines@möbelhaus"))).to_be_visible()


def test_a_quote_is_sent_from_its_page_and_accepted_by_the_link_in_the_mail(page, desk, log_in, tmp_path):
    lines = ({"line": "1", "product": "METER", "quantity": 10},)
    quote = desk.do(lambda tx: quotes.quote(tx, lines, customer="harbourline", title="Test sets for the pier"))
    log_in(administrator())
    page.goto(f"/quotes/{quote.number}")
    page.get_by_role("button", name="Send quote").click()
    dialog = page.get_by_role("dialog")
    address(dialog).fill("ruth@harbourline.example")
    dialog.get_by_label("Note").fill("As we said on the phone.")
    dialog.get_by_role("button", name="Send by e-mail").click()
    page.wait_for_url(re.compile(r"/messages/\d+$"))
    work(desk, tmp_path)
    expect(page.get_by_text("Sent", exact=True).first).to_be_visible()
    [file] = tmp_path.glob("**/*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=default)
    [link] = re.findall(r"https?://\S+", mail.get_body(("plain",)).get_content())
    assert link not in page.content()

    page.context.clear_cookies()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(link)
    page.locator("#yes-name").fill("Ruth Abernathy")
    page.get_by_label("I accept this offer").check()
    page.get_by_role("button", name="Accept the offer").click()
    expect(page.get_by_text("Accepted by Ruth Abernathy")).to_be_visible()
