"""A tax rate is missing when something is to be billed: a person sees it, adds it, and what waited is invoiced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from orderloom.cli.main import main
from orderloom.fulfilment.commands import bill_what_is_taxed_now
from tests.stories.conftest import Story
from tests.stories.test_billing_policies import dig, invoices, plant

pytestmark = pytest.mark.slow
RATE = {"country": "US", "category": "standard", "percent": 7.5, "valid_from": "2020-01-01", "name": "Sales tax"}


async def forget_rates(story: Story) -> None:
    async def work(tx: Any) -> None:
        await tx.execute("DELETE FROM catalog.tax_rate WHERE category = 'standard'")

    await story.do(work)


async def later(story: Story) -> int:
    """What a worker does each minute."""
    count: int = await story.do(bill_what_is_taxed_now)
    return count


async def test_what_has_no_billing_step_waits_on_hold_and_goes_on_with_the_rate(story: Story) -> None:
    order = await plant(story)
    await forget_rates(story)
    await dig(story, order, "Hedge")

    [hold] = [one for one in (await story.get(f"/api/orders/{order.number}"))["holds"] if not one["released_at"]]
    assert (hold["code"], hold["blocks"], hold["item_id"]) == ("tax", "billing", None)
    assert hold["reason"].startswith("There is no rate for the tax category “standard” in “US” on ")
    [waiting] = (await story.get("/api/invoices/waiting"))["items"]
    assert (waiting["order"], waiting["amount"], waiting["problem"]) == (order.number, 150, hold["reason"])
    assert await story.ask("SELECT reaction, error FROM base.job") == []
    assert await later(story) == 0
    assert await invoices(story, order) == []

    api = await story.as_user("cato")
    wrong = await api.post("/api/tax-rates", json={"rates": [{**RATE, "valid_to": "2019-01-01"}]})
    assert wrong.json()["problems"][0]["code"] == "tax_rates_overlap"
    answer = await api.post("/api/tax-rates", json={"rates": [RATE]})
    assert (answer.status_code, answer.json()) == (200, {"new": 1})
    assert (await story.get("/api/invoices/waiting"))["items"][0]["problem"] == "It is invoiced within a minute."
    assert await later(story) == 1

    assert await invoices(story, order) == [["1.2"]]
    assert (await story.get("/api/invoices/waiting"))["items"] == []
    assert [one["release_reason"] for one in (await story.get(f"/api/orders/{order.number}"))["holds"]] == [
        "the tax rate is known now"
    ]
    assert await later(story) == 0
    await dig(story, order, "Pond")
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_billing_step_stands_in_fallout_and_is_tried_again_with_the_rate(story: Story, tmp_path: Path) -> None:
    order = await story.order("B-wholesale-kit")
    await forget_rates(story)
    await story.finish(order, days=3)

    [failed] = (await story.get("/api/fallout", who="nora"))["items"]
    assert failed["title"].startswith("Release billing")
    assert failed["error"].startswith("There is no rate for the tax category “standard” in “US” on ")
    assert await story.states([order]) == ["held"]
    assert await later(story) == 0

    rates = tmp_path / "rates.csv"
    rates.write_text("country,category,percent,valid_from,name\nUS,standard,7.5,2020-01-01,Sales tax\n")
    await load(story, rates)
    assert await later(story) == 2  # the kits that were billed as they became complete, and the step

    assert await story.states([order]) == ["completed"]
    assert len(await invoices(story, order)) == 1
    story.verify()


async def load(story: Story, file: Path) -> None:
    """`orderloom import tax-rates FILE`, in a thread of its own, as it runs a loop of its own."""
    import asyncio

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ORDERLOOM_DATABASE_URL", story.database.url)
        assert await asyncio.to_thread(main, ["import", "tax-rates", str(file)]) in (0, None)


async def test_what_recurs_is_billed_for_everybody_else_when_one_lacks_a_rate(story: Story) -> None:
    one = await story.order("A-triple-play")
    other = await story.order("C-saas-hardware")
    await story.finish(one, other)
    before = len(await invoices(story, one)), len(await invoices(story, other))

    async def forget(tx: Any) -> None:
        await tx.execute(
            """
            DELETE FROM catalog.tax_rate
             WHERE category IN (SELECT tax_category FROM billing.trigger WHERE order_id = %(other)s)
               AND category NOT IN (SELECT tax_category FROM billing.trigger WHERE order_id = %(one)s)
            """,
            {"one": one.id, "other": other.id},
        )

    await story.do(forget)
    await story.move(days=31)
    await story.clockwork()

    assert (len(await invoices(story, one)), len(await invoices(story, other))) == (before[0] + 1, before[1])
    assert await story.ask("SELECT count(*) FROM orders.hold WHERE code = 'tax'") == [(0,)]  # both have ended
    assert {row["order"] for row in (await story.get("/api/invoices/waiting"))["items"]} == {other.number}
    story.verify()
