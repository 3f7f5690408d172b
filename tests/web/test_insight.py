"""Past invoices over HTTP: every page, figures as files, and a file that comes in."""

import json

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.insight.reads.figures import FIGURES
from tests.insight import given

MAPPING = json.dumps({"source": "shop", "currency": "GBP", "cut": ".0", "kinds": {"C": "credit_note"}})
PAGES = (
    "/insight", "/insight?period=week&country=GB", "/insight/movers?months=1&against=year", "/insight/seasons",
    "/insight/silent", "/insight/invoices?text=tile", "/insight/invoices?kind=credit_note&amount_to=0",
    "/insight/invoices/{document}", "/insight/customers/{customer}", "/insight/products/{product}", "/insight/imports",
    "/insight/imports/{history_import}", "/insight/imports/{history_import}?outcome=refused",
)  # fmt: skip


@pytest.fixture
async def history(database):
    async with transaction(database, SYSTEM) as tx:
        return await given.history(tx)


async def test_every_page_answers_with_and_without_a_history(as_role, database):
    clerk = await as_role("billing")
    for path in (
        "/insight",
        "/insight/movers",
        "/insight/seasons",
        "/insight/silent",
        "/insight/invoices",
        "/insight/imports",
    ):
        answer = await clerk.get(path)
        assert answer.status_code == 200, path
    assert "There are no past invoices yet" in (await clerk.get("/insight")).text

    async with transaction(database, SYSTEM) as tx:
        await given.history(tx)
        ids = {
            table: await tx.value(f"SELECT min(id) FROM insight.{table}")
            for table in ("document", "customer", "product", "history_import")
        }
    for path in PAGES:
        answer = await clerk.get(path.format(**ids))
        assert answer.status_code == 200, path


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
async def test_every_figure_can_be_had_as_a_file(as_role, history, suffix):
    clerk = await as_role("billing")
    for name in FIGURES:
        answer = await clerk.get(f"/insight/files/{name}.{suffix}")
        assert (answer.status_code, len(answer.content) > 50) == (200, True), name
        assert f'filename="{name}.{suffix}"' in answer.headers["content-disposition"]


async def test_a_figure_says_the_same_to_a_program(as_role, history):
    clerk = await as_role("billing")
    figure = (await clerk.get("/api/insight/figures/countries")).json()
    rows = figure["rows"]

    assert figure["total"][1] == pytest.approx(sum(row[1] for row in rows))
    assert (await clerk.get("/api/insight/figures/nonsense")).status_code == 404


async def test_a_file_comes_in_and_the_answer_tells_how_far_it_is(as_role):
    clerk = await as_role("billing")
    headers = {"content-type": "application/octet-stream"}
    body = given.HISTORY.read_bytes()
    answer = await clerk.post(
        "/api/insight/imports", params={"mapping": MAPPING, "name": "../history.csv"}, content=body, headers=headers
    )
    *_, last = [json.loads(line) for line in answer.text.splitlines()]

    assert (answer.status_code, last["report"]["file"], last["report"]["rows"]) == (200, "history.csv", 266)
    found = (await clerk.get("/api/insight/invoices", params={"text": "3006"})).json()
    assert [one["number"] for one in found["items"]] == ["3006"]
    account = await clerk.get(f"/insight/imports/{last['report']['id']}/account.csv?outcome=refused")
    assert account.text.count("\n") == 10


async def test_a_bad_file_is_told_and_leaves_nothing(as_role):
    clerk = await as_role("billing")
    headers = {"content-type": "application/octet-stream"}
    answer = await clerk.post(
        "/api/insight/imports", params={"mapping": MAPPING}, content=b"a,b\n1,2\n", headers=headers
    )

    assert json.loads(answer.text.splitlines()[-1])["problems"][0]["code"] == "column_unknown"
    assert (await clerk.get("/api/insight/imports")).json()["items"] == []


async def test_a_document_that_is_not_seen_is_not_there(as_role, history, database):
    sales = await as_role("sales")
    async with transaction(database, SYSTEM) as tx:
        document = await tx.value("SELECT min(id) FROM insight.document")
        customer = await tx.value("SELECT min(id) FROM insight.customer")

    assert (await sales.get(f"/insight/invoices/{document}")).status_code == 404
    assert (await sales.get(f"/insight/customers/{customer}")).status_code == 404
    assert (await sales.get("/api/insight/invoices")).json()["items"] == []
    assert (await sales.get("/insight/imports")).status_code == 403
