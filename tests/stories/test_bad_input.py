"""What bad input gets: every problem with a code, a sentence and a pointer; nothing is written; no traceback."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.stories.conftest import ORDERS, Story

pytestmark = pytest.mark.slow
JSON = {"content-type": "application/json"}
TABLES = ("orders.sales_order", "orders.item", "processes.process", "billing.trigger", "assets.asset", "gateway.call")


def order(name: str = "B-wholesale-kit", **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((ORDERS / f"{name}.json").read_text())
    return body | changes


def with_item(position: int, /, **changes: Any) -> dict[str, Any]:
    body = order()
    body["items"][position] |= changes
    return body


def without_item(position: int) -> dict[str, Any]:
    body = order()
    del body["items"][position]
    return body


def credits(*percents: Any) -> list[dict[str, Any]]:
    people = ("maya@tessellane.example", "luis@tessellane.example", "jonas@tessellane.example")
    return [{"payee": who, "percent": percent} for who, percent in zip(people, percents, strict=False)]


def single(**changes: Any) -> dict[str, Any]:
    return order(items=[{"line": "1", "product": "METER"} | changes])


BAD: dict[str, tuple[Any, set[str], str]] = {
    "an unknown field": (order(colour="red"), {"/colour"}, ""),
    "an unknown field in an item": (with_item(1, colour="red"), {"/items/1/colour"}, ""),
    "an unknown customer": (order(customer="nobody"), {"/customer"}, "customer_unknown"),
    "an unknown product": (with_item(1, product="Flying carpet"), {"/items/1/product"}, "product_unknown"),
    "a number where a word belongs": (
        with_item(1, characteristics={"sku": 7}),
        {"/items/1/characteristics/sku"},
        "",
    ),
    "a word where a truth belongs": (
        with_item(1, characteristics={"sku": "SPL-1", "serialTracked": "perhaps"}),
        {"/items/1/characteristics/serialTracked"},
        "",
    ),
    "an unknown characteristic": (with_item(1, characteristics={"wings": 2}), {"/items/1/characteristics/wings"}, ""),
    "a mandatory part left out": (without_item(2), {"/items/0"}, ""),
    "too few of a part": (with_item(3, quantity=29), {"/items/3/quantity"}, "quantity_per_bundle"),
    "a part that the bundle does not have": (
        with_item(3, product="METER", characteristics={}),
        {"/items/3/product"},
        "",
    ),
    "an item that is its own parent": (with_item(1, parent="1.1"), {"/items/1/parent"}, ""),
    "items that are each other's parents": (
        order(
            items=[
                {"line": "1", "product": "KIT-SPLICE", "parent": "2"},
                {"line": "2", "product": "KIT-SPLICE", "parent": "1"},
            ]
        ),
        {"/items/0/parent", "/items/1/parent"},
        "",
    ),
    "a parent that is not there": (with_item(1, parent="9"), {"/items/1/parent"}, ""),
    "a line that stands twice": (with_item(2, line="1.1"), {"/items/2/line"}, ""),
    "items that rely on each other": (
        order(
            items=[
                {"line": "1", "product": "METER", "relies_on": ["2"]},
                {"line": "2", "product": "OTDR", "relies_on": ["1"]},
            ]
        ),
        {"/items/0/relies_on"},
        "",
    ),
    "an item that relies on itself": (single(relies_on=["1"]), {"/items/0/relies_on/0"}, ""),
    "an item that relies on nothing there": (single(relies_on=["7"]), {"/items/0/relies_on/0"}, ""),
    "no quantity": (single(quantity=0), {"/items/0/quantity"}, ""),
    "less than nothing": (single(quantity=-1), {"/items/0/quantity"}, ""),
    "an absurd quantity": (single(quantity=10**12), {"/items/0/quantity"}, ""),
    "a quantity with seven decimals": (single(quantity="1.0000001"), {"/items/0/quantity"}, ""),
    "a truth for a quantity": (single(quantity=True), {"/items/0/quantity"}, ""),
    "a price finer than a cent": (
        single(price={"one_time": "9.999", "reason": "friend"}),
        {"/items/0/price/one_time"},
        "amount_too_fine",
    ),
    "a price below zero": (single(price={"one_time": -5, "reason": "friend"}), {"/items/0/price/one_time"}, ""),
    "a price without a reason": (single(price={"one_time": 5}), {"/items/0/price/reason"}, ""),
    "another currency than the account's": (order(currency="EUR"), {"/currency"}, "currency_mismatch"),
    "a currency that is none": (order(currency="XQX"), {"/currency"}, "currency_unknown"),
    "credits of 99.99 %": (order(credits=credits(50, "49.99")), {"/credits"}, "credits_not_hundred"),
    "credits of 110 % on an item": (single(credits=credits(60, 50)), {"/items/0/credits"}, "credits_not_hundred"),
    "a credit for nobody": (
        order(credits=[{"payee": "ghost@tessellane.example", "percent": 100}]),
        {"/credits/0/payee"},
        "payee_unknown",
    ),
    "a place that nobody knows": (with_item(0, place="MOON"), {"/items/0/place"}, "place_unknown"),
    "a NUL in a text": (order(note="a\x00b"), {"/note"}, ""),
    "no items": (order(items=[]), {"/items"}, ""),
    "a list for an order": ([], {""}, ""),
    "a word for an order": ("order", {""}, ""),
}

RAW: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 422),
    "half of a document": (b'{"customer": "harbourline", "items": [', 422),
    "a key that stands twice": (b'{"customer": "harbourline", "customer": "omalley", "items": []}', 422),
    "text that is not UTF-8": (b'{"customer": "\xff\xfe"}', 422),
    "a lone surrogate": (b'{"customer": "\\ud800", "items": [{"line": "1", "product": "METER"}]}', 422),
    "an infinite quantity": (
        b'{"customer": "harbourline", "items": [{"line": "1", "product": "METER", "quantity": Infinity}]}',
        422,
    ),
    "a quantity of 1e400": (
        b'{"customer": "harbourline", "items": [{"line": "1", "product": "METER", "quantity": 1e400}]}',
        422,
    ),
    "a quantity that is not a number": (
        b'{"customer": "harbourline", "items": [{"line": "1", "product": "METER", "quantity": NaN}]}',
        422,
    ),
    "a number of a million digits": (b'{"customer": ' + b"9" * 1_000_000 + b"}", 422),
    "nesting ten thousand deep": (b'{"note": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 422),
    "an unclosed nesting": (b"[" * 100_000, 422),
    "fifty megabytes": (b'{"note": "' + b"x" * 50_000_000 + b'"}', 413),
}


async def counted(story: Story) -> list[int]:
    return [(await story.ask(f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES]


def look(answer: httpx.Response, status: int) -> list[dict[str, str]]:
    """The problems of an answer that is as a refusal should be."""
    assert answer.status_code == status, answer.text[:600]
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "Traceback" not in answer.text
    problems: list[dict[str, str]] = answer.json()["problems"]
    assert problems
    for problem in problems:
        assert problem["code"], problem
        assert problem["message"][0].isupper() or not problem["message"][0].isalpha(), problem
        assert problem["message"].rstrip()[-1] in ".)", problem
        assert "pointer" in problem
    return problems


async def test_a_wrong_order_is_refused_with_every_problem_and_nothing_is_written(story: Story) -> None:
    api = await story.as_user("ada")
    before = await counted(story)
    wrong = []
    for name, (body, pointers, code) in BAD.items():
        for path in ("/api/orders", "/api/orders/drafts"):
            problems = look(await api.post(path, json=body), 422)
            found = {problem["pointer"] for problem in problems}
            codes = {problem["code"] for problem in problems}
            if not pointers <= found or (code and code not in codes):
                wrong.append((name, path, pointers - found, problems))
    assert wrong == []
    assert await counted(story) == before
    story.verify()


async def test_a_simulation_refuses_the_same(story: Story) -> None:
    api = await story.as_user("ada")
    wrong = []
    for name in ("an unknown product", "too few of a part", "an item that is its own parent", "no quantity"):
        body, pointers, _ = BAD[name]
        problems = look(await api.post("/api/orders/simulate", json=body), 422)
        if not pointers <= {problem["pointer"] for problem in problems}:
            wrong.append((name, problems))
    assert wrong == []


async def test_many_mistakes_are_all_told_at_once(story: Story) -> None:
    body = order(customer="nobody", credits=credits(10))
    body["items"][1] |= {"product": "Flying carpet"}
    body["items"][2] |= {"parent": "9"}

    problems = look(await (await story.as_user("ada")).post("/api/orders", json=body), 422)

    assert {"/customer", "/credits", "/items/1/product", "/items/2/parent"} <= {p["pointer"] for p in problems}


async def test_what_is_no_document_is_refused(story: Story) -> None:
    api = await story.as_user("ada")
    before = await counted(story)
    for name, (content, status) in RAW.items():
        answer = await api.post("/api/orders", content=content, headers=JSON)
        assert answer.status_code == status, (name, answer.text[:300])
        look(answer, status)
    assert await counted(story) == before


async def test_a_page_of_yesterday_changes_nothing(story: Story) -> None:
    api = await story.as_user("maya")
    drafted = await api.post("/api/orders/drafts", json=order())
    number = drafted.json()["number"]

    answer = await api.post(f"/api/orders/{number}/submit", headers={"if-match": '"17"'})

    assert "page" in look(answer, 412)[0]["message"] or "again" in look(answer, 412)[0]["message"]
    assert await story.ask("SELECT state FROM orders.sales_order") == [("draft",)]


async def test_bad_catalogues_are_refused_with_the_place(story: Story) -> None:
    cato = await story.as_user("cato")
    head = "catalogue: odd\nversion: 1\ntitle: Odd\ncurrency: USD\nproducts:\n"
    bundle = "- {code: %s, name: %s, kind: good, components: [{product: %s}]}\n"
    loop = head + bundle % ("A1", "A one", "B1") + bundle % ("B1", "B one", "A1")
    own = head + bundle % ("A1", "A one", "A1")
    before = await story.ask("SELECT count(*) FROM catalog.version")
    for text in (loop, own, "products: [", "catalogue: odd\n" * 2, head + "- {code: X, wings: 2}\n", "x: &a [*a]"):
        answer = await cato.post(
            "/api/catalogues/import?name=odd.yaml", content=text.encode(), headers={"content-type": "application/yaml"}
        )
        problems = look(answer, 422)
        assert any("odd.yaml" in problem["pointer"] + problem["message"] for problem in problems), problems
    assert await story.ask("SELECT count(*) FROM catalog.version") == before
