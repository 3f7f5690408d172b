"""Files for people: what is written is read back, and no cell executes."""

import csv
import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from orderloom.insight.sheets import csv_file, xlsx_file
from orderloom.insight.tables import open_table

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    " =1",
    '=HYPERLINK("http://x")',
    "<b>",
    "Ünïcode دلو",
    'quote " and , comma',
    "\x00\x01",
]


@pytest.mark.parametrize("text", NASTY[:7])
def test_a_cell_that_a_spreadsheet_would_calculate_is_a_text(text):
    [_, [cell]] = list(csv.reader(io.StringIO(csv_file(["a"], [[text]]).decode("utf-8-sig"), newline="")))

    assert cell == f"'{text}"


def test_numbers_stay_numbers():
    assert csv_file(["a", "b", "c"], [[Decimal("-1.50"), -3, date(2011, 2, 3)]]).endswith(b"-1.50,-3,2011-02-03\r\n")


def test_a_workbook_holds_texts_and_no_formula(tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(xlsx_file(["=a", "b"], [[text, Decimal("-1.5")] for text in NASTY], title="a/b:[c]"))
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    with open_table(file) as table:
        rows = list(table.rows)

    assert "<f>" not in sheet
    assert table.head == ["=a", "b"]
    assert [row[0] for row in rows[:10]] == NASTY[:10]
    assert {row[1] for row in rows} == {"-1.5"}
