"""Which column is which, and what the examples of the how-to mean."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.catalog.text import read_values
from orderloom.insight.mapping import CORRECTING, REASONS, REFUSING, country_of, places_of
from orderloom.insight.types import Columns, FileMapping

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "past-invoices.md"
PLAIN = FileMapping(source="shop", currency="EUR")


def test_columns_are_found_by_their_usual_names():
    head = ["Invoice No", "SKU", "Qty", "Invoice Date", "Price", "Customer ID", "Country"]

    assert places_of(head, PLAIN) == {
        "number": 0, "product": 1, "quantity": 2, "date": 3, "unit_price": 4, "customer": 5, "country": 6,
    }  # fmt: skip


def test_a_column_that_is_named_comes_before_what_a_name_suggests():
    mapping = FileMapping(source="shop", currency="EUR", columns=Columns(product="Code", number="Item"))

    assert places_of(["Item", "Code", "Qty", "Date", "Price"], mapping)["number"] == 0


def test_every_column_that_is_lacking_is_told_at_once():
    with pytest.raises(Refused) as refused:
        places_of(["a", "b"], FileMapping(source="shop"))

    assert [problem.pointer for problem in refused.value.problems] == [
        "/columns/number", "/columns/product", "/columns/quantity", "/columns/date", "/columns/unit_price", "/currency",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("United Kingdom", "GB"),
        ("EIRE", "IE"),
        ("DE", "DE"),
        ("germany ", "DE"),
        ("Channel Islands", "Channel Islands"),
    ],
)
def test_countries_are_known_by_name(said, code):
    assert country_of(said, PLAIN) == code


def test_the_mapping_says_what_a_country_is_called():
    assert country_of("Unspecified", FileMapping(source="shop", countries={"Unspecified": ""})) == ""


def test_no_reason_both_refuses_and_corrects():
    assert not REFUSING & CORRECTING
    assert {"invoice_known", "cells_too_many"} <= REFUSING <= REASONS.keys()


def test_the_mappings_of_the_how_to_are_what_an_import_reads():
    blocks = re.findall(r"^```yaml\n(.*?)^```$", HOW_TO.read_text(), re.S | re.M)
    first, second = (parse(FileMapping, read_values(block, "how-to")) for block in blocks)

    assert (first.source, second.kinds["C"]) == ("shop", "credit_note")
    named = [one.name for kind in (FileMapping, Columns) for one in fields(kind)]
    assert [name for name in named if f"{name}:" not in blocks[0] and name not in ("amount", "currency")] == []
