"""The search over everything, over HTTP: for programs, below the box, and as a page."""

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from tests.orders import given


@pytest.fixture
async def order(database):
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        return await given.order(tx, po_number="PO <b>77</b>")


async def test_a_program_gets_what_was_found_by_kind(order, as_role):
    client = await as_role("order_manager")
    answer = await client.get("/api/search", params={"text": "a\u0308ngstrom"})

    found = {group["kind"]: group["found"] for group in answer.json()["items"]}
    assert set(found) == {"order", "customer"}
    assert found["order"][0]["number"] == order.number


async def test_a_number_opens_what_has_it_and_other_text_lists_what_matches(order, browser_of):
    browser = await browser_of("order_manager")
    by_number = await browser.get("/search", params={"text": order.number.lower()})
    by_name = await browser.get("/search", params={"text": "ström"})
    nothing = await browser.get("/search", params={"text": "no such thing"})

    assert (by_number.status_code, by_number.headers["location"]) == (303, f"/orders/{order.number}")
    assert f'href="/orders/{order.number}"' in by_name.text
    assert "PO &lt;b&gt;77&lt;/b&gt;" in by_name.text
    assert "Nothing that you may see" in nothing.text


async def test_below_the_box_there_is_only_what_was_found(order, browser_of):
    browser = await browser_of("order_manager")
    part = await browser.get("/search", params={"text": order.number}, headers={"hx-request": "true"})

    assert part.status_code == 200
    assert f'href="/orders/{order.number}"' in part.text
    assert "<html" not in part.text


async def test_who_may_see_no_customer_finds_none(order, database, browser_of):
    browser = await browser_of("sales")
    answer = await browser.get("/search", params={"text": "ström"})

    assert order.number not in answer.text
    assert "Nothing that you may see" in answer.text
