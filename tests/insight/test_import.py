"""Importing past invoices: every row accounted for, written whole or not at all, twice the same."""

import csv
import gzip
import lzma
from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.insight.commands import import_history
from orderloom.insight.reads.imports import account_rows, import_record
from orderloom.insight.sheets import xlsx_file
from orderloom.insight.verify import INVARIANTS
from tests.insight import given


def rows_of_file():
    with given.HISTORY.open(newline="", encoding="utf-8") as content:
        return list(csv.reader(content))[1:]


async def breaches(tx):
    return [(one.name, await tx.all(one.sql)) for one in INVARIANTS if await tx.all(one.sql)]


async def reasons(tx, report, outcome):
    return {row.row: row.reasons for row in await account_rows(tx, report.id, outcome=outcome, limit=1_000)}


async def number_of(tx, report, row):
    return await tx.value(
        "SELECT number FROM insight.import_row WHERE import_id = %(id)s AND row = %(row)s",
        {"id": report.id, "row": row},
    )


async def test_every_row_is_accounted_for(tx):
    report = await given.history(tx)

    rows = rows_of_file()
    assert report.rows == len(rows) == sum(report.outcomes.values())
    refused = await reasons(tx, report, "refused")
    assert [reason for row in sorted(refused) for reason in refused[row] if reason in REFUSED] == list(REFUSED)
    assert report.documents == {"adjustment": 1, "credit_note": 3, "invoice": 69, "write_off": 2}
    assert report.reasons["stock_write_off"] == 2
    assert report.reasons["said_twice"] == report.outcomes["merged"] == 2
    assert (report.reasons["code_capitalised"], report.reasons["country_differs"]) == (1, 2)
    assert report.reasons["description_filled"] == 2
    assert report.reasons["no_customer"] == sum(not row[6] for row in rows)
    assert await breaches(tx) == []


REFUSED = (
    "number_missing", "product_missing", "quantity_unreadable", "quantity_zero", "date_unreadable", "date_to_come",
    "price_unreadable", "customer_differs", "cells_too_many",
)  # fmt: skip


async def test_the_ledger_adds_up_to_the_file(tx):
    report = await given.history(tx)

    refused = await reasons(tx, report, "refused")
    taken = [row for place, row in enumerate(rows_of_file(), start=1) if place not in refused]
    assert await tx.value("SELECT sum(net) FROM insight.document") == sum(Decimal(r[3]) * Decimal(r[5]) for r in taken)
    assert await tx.value("SELECT sum(copies) FROM insight.line") == len(taken)


async def test_what_was_refused_is_kept_as_it_stood(tx):
    report = await given.history(tx)

    [row] = [
        row for row in await account_rows(tx, report.id, outcome="refused") if "quantity_unreadable" in row.reasons
    ]
    assert row.cells[:4] == ["3013", "TM10", "CERAMIC TILE MATT 10CM", "six"]


async def test_the_same_file_again_changes_nothing(tx):
    first = await given.history(tx)
    before = await given.ledger(tx)
    second = await given.history(tx)

    assert (second.id, second.is_new) == (first.id, False)
    assert await given.ledger(tx) == before


async def test_the_same_rows_in_another_file_change_nothing(tx, tmp_path):
    await given.history(tx)
    before = await given.ledger(tx)
    part = given.table(tmp_path, rows_of_file()[10:40])
    report = await given.history(tx, part)

    assert report.outcomes == {"unchanged": 30}
    assert await given.ledger(tx) == before


async def test_a_dry_run_accounts_for_the_rows_and_writes_no_invoice(tx):
    report = await import_history(tx, given.HISTORY, given.MAPPING, dry_run=True)

    assert (await import_record(tx, report.id)).state == "tried"
    assert report.outcomes == (await given.history(tx)).outcomes
    assert await tx.value("SELECT count(*) FROM insight.history_import") == 1


async def test_a_dry_run_alone_leaves_no_invoice_customer_or_product(tx):
    await import_history(tx, given.HISTORY, given.MAPPING, dry_run=True)

    for table in ("document", "line", "customer", "product", "customer_day"):
        assert await tx.value(f"SELECT count(*) FROM insight.{table}") == 0


@pytest.mark.parametrize(
    ("known", "outcome", "net"),
    [
        ("refuse", {"refused": 2}, "30"),
        ("replace", {"corrected": 2}, "35"),
        ("add", {"unchanged": 1, "corrected": 1}, "45"),
    ],
)
async def test_a_known_invoice_with_other_content_is_treated_as_the_mapping_says(tx, tmp_path, known, outcome, net):
    await given.history(tx, given.table(tmp_path, [given.row("7", "A", 20), given.row("7", "B", 10)]))
    changed = given.table(tmp_path, [given.row("7", "A", 20), given.row("7", "B", 15)], name="changed.csv")
    report = await given.history(tx, changed, known_invoices=known, most_refused=100)

    assert report.outcomes == outcome
    assert await tx.value("SELECT net FROM insight.document WHERE number = '7'") == Decimal(net)
    assert await breaches(tx) == []


async def test_rows_that_say_the_same_may_count_once(tx, tmp_path):
    file = given.table(tmp_path, [given.row("7", "A", 2), given.row("7", "A", 2)])
    report = await given.history(tx, file, repeated_rows="once")

    assert (report.outcomes, report.reasons["counted_once"]) == ({"imported": 1, "merged": 1}, 1)
    assert await tx.value("SELECT quantity FROM insight.document") == 2


async def test_a_file_that_is_mostly_wrong_is_refused_whole_with_its_worst_reasons(tx, tmp_path):
    file = given.table(tmp_path, [given.row(str(n), on="31/12/2011") for n in range(20)])
    with pytest.raises(Refused) as refused:
        await given.history(tx, file)

    assert refused.value.problems[0].code == "too_many_refused"
    assert "20 of 20 rows: The date cannot be read" in refused.value.problems[0].message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"InvoiceNo,StockCode,Quantity\n1,A,1\n", "column_unknown"),
        (b"InvoiceNo,InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n", "column_twice"),
        (b'InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n1,"A,1,2011-01-01,2\n', "csv_malformed"),
        (b"InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n1,\xff,1,2011-01-01,2\n", "text_not_utf8"),
        (lzma.compress(b"InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n" * 999)[:-30], "file_damaged"),
        (gzip.compress(b"InvoiceNo,StockCode,Quantity,InvoiceDate,Price\n" * 999)[:-9], "file_damaged"),
        (b"PK\x03\x04 no spreadsheet", "file_damaged"),
    ],
)
async def test_a_bad_file_is_refused_and_nothing_of_it_written(tx, tmp_path, content, code):
    file = tmp_path / "bad"
    file.write_bytes(content)
    async with tx.savepoint():
        with pytest.raises(Refused) as refused:
            async with tx.savepoint():
                await given.history(tx, file)

    assert code in [problem.code for problem in refused.value.problems]
    assert await tx.value("SELECT count(*) FROM insight.history_import") == 0


async def test_killed_half_way_and_started_again_is_clean(database):
    async def kill(progress):
        if progress.stage == "summing":
            with psycopg.connect(database.url, autocommit=True) as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'half'"
                    " AND datname = current_database()"
                )

    with pytest.raises(psycopg.OperationalError):
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("SET application_name = 'half'")
            await import_history(tx, given.HISTORY, given.MAPPING, told=lambda progress: run(kill(progress)))
    async with transaction(database, SYSTEM) as tx:
        assert (await given.ledger(tx))["documents"] == []
        report = await given.history(tx)
        assert report.is_new
        assert await breaches(tx) == []


def run(coroutine):
    """Run a coroutine that waits for nothing."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


async def test_a_spreadsheet_says_what_the_same_csv_says(tx, tmp_path):
    rows = [["7", "A", "Ärmel", Decimal("2.5"), Decimal("40603.5"), Decimal("1.20"), "1", "Germany"]]
    sheet = tmp_path / "rows.xlsx"
    sheet.write_bytes(xlsx_file(given.HEAD, rows))
    report = await given.history(tx, sheet)

    assert report.outcomes == {"imported": 1}
    found = await tx.one("SELECT issued_at, quantity, net, country FROM insight.document")
    assert (found[0].isoformat(), *found[1:]) == ("2011-03-01T12:00:00+00:00", Decimal("2.5"), Decimal("3"), "DE")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, lambda content: content])
async def test_a_file_may_be_compressed(tx, tmp_path, pack):
    file = tmp_path / "history"
    file.write_bytes(pack(given.HISTORY.read_bytes()))

    assert (await given.history(tx, file)).documents["invoice"] == 69


async def test_dates_and_decimals_are_read_as_the_mapping_says(tx, tmp_path):
    head = ("Invoice", "SKU", "Qty", "Date", "Net", "Customer", "Currency")
    file = given.table(tmp_path, [["1", "A", "2", "03.04.2011 10:00", "1.234,50", "9", "EUR"]], head=head)
    await import_history(
        tx, file, replace(given.MAPPING, dates="day_first", decimals="comma", currency=None, source="other")
    )

    found = await tx.one("SELECT currency, issued_on::text, net, quantity FROM insight.document")
    assert found == ("EUR", "2011-04-03", Decimal("1234.50"), Decimal(2))


async def test_customers_are_linked_to_accounts_by_their_external_id(tx):
    account = await tx.value("INSERT INTO parties.account (number, name) VALUES ('AC-1', 'Tile Ltd') RETURNING id")
    await tx.execute(
        "INSERT INTO parties.external_id (source, external_id, account_id) VALUES ('crm', '17001', %(account)s)",
        {"account": account},
    )
    await given.history(tx, customer_source="crm")

    linked = await tx.all("SELECT label, account_id FROM insight.customer WHERE account_id IS NOT NULL")
    assert linked == [("17001", account)]


@pytest.mark.slow
@pytest.mark.skipif(
    not given.REAL.exists(), reason="the real file is not here; docs/how-to/past-invoices.md tells where"
)
async def test_the_real_file_is_accounted_for_as_it_is_described(tx):
    report = await given.history(tx, given.REAL, source="online-retail")

    assert (report.rows, sum(report.outcomes.values())) == (541_909, 541_909)
    assert report.outcomes.get("refused", 0) == 0
    assert report.documents == {"adjustment": 3, "credit_note": 3_836, "invoice": 20_725, "write_off": 1_336}
    assert sum(report.documents.values()) == 25_900
    said = {name: report.reasons[name] for name in ("no_customer", "stock_write_off", "price_zero", "said_twice")}
    assert said == {"no_customer": 135_080, "stock_write_off": 1_336, "price_zero": 2_515, "said_twice": 5_268}
    assert await tx.value("SELECT count(*) FROM insight.customer") == 4_372
    assert await tx.value("SELECT max(line_count) FROM insight.document") <= 1_114
    assert await tx.value("SELECT sum(net) FROM insight.document") == Decimal("9747747.934")
    lines = await tx.value("SELECT sum(copies) FROM insight.line JOIN insight.document ON id = document_id"
                           " WHERE number = '573585'")  # fmt: skip
    assert lines == 1_114
    assert await breaches(tx) == []
