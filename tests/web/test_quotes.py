"""Quotes over the API and on pages: versions, rights, costs, conversion, customers' links."""

import re

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.orders.commands import ConversionDraft, convert_quotes
from orderloom.quotes.reads import quote_page
from tests.quotes import given

CONTENT = {"lines": [{"line": "1", "product": "CABLE", "quantity": 10}]}


@pytest.fixture
async def shop(database):
    async with transaction(database, SYSTEM) as tx:
        return await given.world(tx)


@pytest.fixture
async def seller(as_role, shop):
    """Somebody who sees every account and writes quotes and orders."""
    return await as_role("order_manager")


async def begin(client, **more):
    answer = await client.post("/api/quotes", json={"customer": "C-1", "content": CONTENT, **more})
    assert answer.status_code == 201, answer.text
    return answer


async def send(client, made):
    number = made.json()["head"]["number"]
    answer = await client.post(f"/api/quotes/{number}/send", headers={"if-match": made.headers["etag"]})
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_quote_is_written_as_a_whole_by_who_has_seen_it(seller):
    made = await begin(seller)
    path = made.headers["location"] + "/content"
    lines = {"lines": [{"line": "1", "product": "CABLE", "quantity": 20}]}

    missing = await seller.put(path, json=lines)
    good = await seller.put(path, json=lines, headers={"if-match": made.headers["etag"]})
    stale = await seller.put(path, json=lines, headers={"if-match": made.headers["etag"]})

    assert (missing.status_code, good.status_code, stale.status_code) == (428, 200, 412)
    assert good.json()["shown"]["charges"][0]["net"] == 50


async def test_what_is_wrong_is_told_with_its_pointer(seller):
    answer = await seller.post(
        "/api/quotes", json={"customer": "C-1", "content": {"lines": [{"line": "1", "product": "NONE"}]}}
    )

    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["problems"]] == ["/lines/0/product"]


async def test_the_list_the_page_and_versions_side_by_side_are_read(seller):
    made = await send(seller, await begin(seller))
    number = made.json()["head"]["number"]
    await seller.post(f"/api/quotes/{number}/revise")
    now = await seller.get(f"/api/quotes/{number}")
    more = {"lines": [{"line": "1", "product": "CABLE", "quantity": 4}, {"line": "2", "product": "CABLE"}]}
    await seller.put(f"/api/quotes/{number}/content", json=more, headers={"if-match": now.headers["etag"]})

    listed = (await seller.get("/api/quotes", params={"text": "angst"})).json()["items"]
    compared = (await seller.get(f"/api/quotes/{number}/compare", params={"before": 1, "after": 2})).json()
    old = (await seller.get(f"/api/quotes/{number}", params={"version": 1})).json()

    assert [(row["number"], row["version"]) for row in listed] == [(number, 2)]
    assert [(line["line"], line["change"]) for line in compared["lines"]] == [("1", "changed"), ("2", "added")]
    assert old["shown"]["lines"][0]["quantity"] == 10


async def test_the_page_of_who_may_not_see_costs_has_no_trace_of_them(seller, as_role, browser_of):
    made = await begin(seller)
    number = made.json()["head"]["number"]
    refused = await seller.get(f"/api/quotes/{number}/margins")
    admin = await as_role("admin")
    margins = (await admin.get(f"/api/quotes/{number}/margins")).json()["items"]
    pages = {
        role: (await (await browser_of(role)).get(f"/quotes/{number}")).text for role in ("order_manager", "admin")
    }

    assert refused.status_code == 403
    assert [(row["cost"], row["percent"]) for row in margins] == [(15, 40)]
    assert ("Margin" in pages["admin"], "40 %" in pages["admin"]) == (True, True)
    assert "Margin" not in pages["order_manager"]
    assert "40 %" not in pages["order_manager"]
    assert "cost" not in made.text.replace("cost_centre", "")


async def test_a_quote_becomes_an_order_once_for_each_key(seller):
    made = await send(seller, await begin(seller))
    path = f"/api/quotes/{made.json()['head']['number']}/convert"
    half = {"key": "k", "lines": [{"line": "1", "quantity": 5}]}

    first, again = await seller.post(path, json=half), await seller.post(path, json=half)
    too_much = await seller.post(path, json={**half, "key": "l", "lines": [{"line": "1", "quantity": 6}]})
    rest = await seller.post(path, json={})
    order = (await seller.get(f"/api/orders/{rest.json()['order_number']}")).json()

    assert [answer.status_code for answer in (first, again, too_much, rest)] == [200, 200, 409, 200]
    assert (first.json()["order_number"], again.json()["is_new"]) == (again.json()["order_number"], False)
    assert (order["header"]["state"] != "draft", order["header"]["one_time_total"]) == (True, 12.5)


async def test_a_salesperson_sees_the_quotes_of_their_teams_accounts_only(seller, as_role, browser_of):
    number = (await begin(seller)).json()["head"]["number"]
    stranger = await as_role("sales")

    assert (await stranger.get("/api/quotes")).json()["items"] == []
    assert (await stranger.get(f"/api/quotes/{number}")).status_code == 404
    assert (await stranger.post(f"/api/quotes/{number}/revise")).status_code == 404
    page = await (await browser_of("sales")).get(f"/quotes/{number}")
    assert page.status_code == 404


async def test_who_may_not_write_quotes_does_not(as_role, shop):
    auditor = await as_role("auditor")

    assert (await auditor.post("/api/quotes", json={"customer": "C-1"})).status_code == 403
    assert (await (await as_role("warehouse")).get("/api/quotes")).status_code == 403


async def test_the_same_idempotency_key_begins_one_quote(seller):
    body = {"customer": "C-1", "content": CONTENT}
    answers = [await seller.post("/api/quotes", json=body, headers={"idempotency-key": "q"}) for _ in range(2)]

    assert answers[0].json() == answers[1].json()
    assert len((await seller.get("/api/quotes")).json()["items"]) == 1


async def test_predicted_delivery_and_past_prices_stand_beside_a_quote(seller):
    made = await send(seller, await begin(seller))
    number = made.json()["head"]["number"]
    predicted = (await seller.get(f"/api/quotes/{number}/predicted")).json()
    await seller.post(f"/api/quotes/{number}/convert", json={})
    history = (await seller.get("/api/quotes/history", params={"customer": "C-1", "product": "CABLE"})).json()

    assert predicted["promise"] is not None
    assert "1" in predicted["lines"]
    assert [row["one_time"] for row in history["ordered"]] == [2.5]
    assert [row["unit_price"] for row in history["offered"]] == [2.5]


async def test_the_form_of_the_whole_takes_several_discounts_credits_and_where_it_goes(browser_of, database):
    lines = ({"line": "A", "kind": "section", "title": "Cables"}, *given.CABLE)
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        quote = await given.quote(tx, lines)
    person = await browser_of("admin")
    page = (await person.get(f"/quotes/{quote.number}")).text
    csrf, stamp = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "stamp")]
    form = {
        "csrf": csrf, "stamp": stamp, "ship_to": "S2", "effect.0": "percent_off", "value.0": "3", "reason.0": "volume",
        "effect.1": "amount_off", "value.1": "1", "reason.1": "competition", "section.1": "A", "effect.2": "",
        "payee.0": "ann@x.example", "percent.0": "60", "payee.1": "bob@x.example", "percent.1": "40", "payee.2": "",
    }  # fmt: skip
    told = await person.post(f"/quotes/{quote.number}/header", data=form)
    async with transaction(database, SYSTEM) as tx:
        shown = (await quote_page(tx, quote.id)).shown

    assert told.status_code == 303
    assert shown.version.ship_to == "S2"
    assert [(one.effect, one.section) for one in shown.version.shared] == [("percent_off", None), ("amount_off", "A")]
    assert [(one.payee, one.percent) for one in shown.credits] == [("ann@x.example", 60), ("bob@x.example", 40)]
    again = (await person.get(f"/quotes/{quote.number}")).text
    assert 'name="effect.2"' in again and "S2" in again


async def test_a_line_takes_several_discounts_and_a_half_row_is_refused(browser_of, database):
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        quote = await given.quote(tx)
    person = await browser_of("admin")
    home = f"/quotes/{quote.number}"
    page = (await person.get(home)).text
    csrf, stamp = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "stamp")]
    base = {"csrf": csrf, "stamp": stamp, "quantity": "10", "kind": "item", "effect.0": "percent_off"}
    half = await person.post(f"{home}/lines/1", data=base)
    rows = {"value.0": "5", "reason.0": "volume", "effect.1": "free_units", "value.1": "1", "reason.1": "competition"}
    told = await person.post(f"{home}/lines/1", data=base | rows)
    async with transaction(database, SYSTEM) as tx:
        [line] = (await quote_page(tx, quote.id)).shown.lines

    assert (half.status_code, "Say how much" in half.text, told.status_code) == (422, True, 303)
    assert [(one.effect, one.value) for one in line.given] == [("percent_off", 5), ("free_units", 1)]
    assert 'name="effect.2"' in (await person.get(f"{home}/lines/1")).text


async def test_what_binds_the_customer_stands_on_the_pages_of_quote_and_order(browser_of, database):
    bound = {"terms": {"minimum_months": 24, "notice_days": 30, "termination_fee": "77.70"}}
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        quote = await given.quote(tx, ({**given.KIT[0], **bound}, *given.KIT[1:]), sent=True)
        [order] = await convert_quotes(tx, {quote.id: ConversionDraft()})
    person = await browser_of("admin")
    for page in (f"/quotes/{quote.number}", f"/orders/{order.order_number}"):
        shown = (await person.get(page)).text
        said = re.search(r"24 months at least, 30 days.{1,6} notice, .{0,60}", shown)
        assert said is not None and "77.70" in said[0], (page, re.findall(r".{40}months at least.{60}", shown))
