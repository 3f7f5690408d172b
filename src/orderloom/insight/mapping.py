"""Which column of a file is which field, and what the words of a file mean; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache

from babel import Locale

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.insight.types import Columns, FileMapping

FIELDS = tuple(one.name for one in fields(Columns))
NEEDED = {
    "number": "the invoice number",
    "product": "the product's code",
    "quantity": "the quantity",
    "date": "the invoice date",
}
USUAL_NAMES: Mapping[str, frozenset[str]] = {
    "number": frozenset({"invoiceno", "invoice", "invoicenumber", "invoiceid", "number", "documentno", "document"}),
    "product": frozenset({"stockcode", "product", "productcode", "sku", "item", "itemcode", "itemno", "code"}),
    "description": frozenset({"description", "productname", "itemname", "text", "productdescription"}),
    "quantity": frozenset({"quantity", "qty", "units"}),
    "date": frozenset({"invoicedate", "date", "issuedon", "issued", "documentdate"}),
    "unit_price": frozenset({"unitprice", "price", "netprice"}),
    "amount": frozenset({"amount", "net", "netamount", "linetotal", "total", "lineamount"}),
    "customer": frozenset({"customerid", "customer", "customerno", "customernumber", "account", "accountnumber"}),
    "customer_name": frozenset({"customername", "name", "company"}),
    "country": frozenset({"country", "countrycode", "shiptocountry"}),
    "currency": frozenset({"currency", "currencycode"}),
}
COUNTRY_NAMES = {"uk": "GB", "great britain": "GB", "usa": "US", "eire": "IE", "rsa": "ZA", "czech republic": "CZ"}


def places_of(head: Sequence[str], mapping: FileMapping) -> dict[str, int]:
    """The place of each field's column in the head of a file.

    A column that the mapping names must be there; the others are found by their usual names. Refused is a file in
    which a needed field cannot be found, which has a column twice, or which has neither prices nor amounts.
    """
    names = [name.strip() for name in head]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    problems = [Problem("column_twice", f"The column “{name}” stands twice; keep one of them.") for name in twice]
    found: dict[str, int] = {}
    for field in FIELDS:
        named = getattr(mapping.columns, field)
        if named is not None and named not in names:
            message = f"The file has no column “{named}”; its columns are {', '.join(names[:30])}."
            problems.append(Problem("column_missing", message, f"/columns/{field}"))
        elif named is not None:
            found[field] = names.index(named)
    taken = set(found.values())
    for field in FIELDS:
        usual = [place for place, name in enumerate(names) if _plain(name) in USUAL_NAMES[field] and place not in taken]
        if field not in found and usual:
            found[field] = usual[0]
            taken.add(usual[0])
    refuse_if_any([*problems, *_lacking(found, mapping, names)])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _lacking(found: Mapping[str, int], mapping: FileMapping, names: Sequence[str]) -> list[Problem]:
    head = f"the file's columns are {', '.join(name for name in names[:30] if name) or 'none'}"
    lacking = [
        Problem("column_unknown", f"Say which column holds {what}: {head}.", f"/columns/{field}")
        for field, what in NEEDED.items()
        if field not in found
    ]
    if "unit_price" not in found and "amount" not in found:
        message = f"Say which column holds the price or the amount: {head}."
        lacking.append(Problem("column_unknown", message, "/columns/unit_price"))
    if "currency" not in found and mapping.currency is None:
        message = "Say the currency, or which column holds it."
        lacking.append(Problem("currency_unknown", message, "/currency"))
    return lacking


def with_columns(mapping: FileMapping, head: Sequence[str], places: Mapping[str, int]) -> FileMapping:
    """The mapping with every column that was found, as it is kept with the import."""
    return replace(mapping, columns=Columns(**{field: head[place].strip() for field, place in places.items()}))


def country_of(name: str, mapping: FileMapping) -> str:
    """The ISO code of a country; what no country is called stays as it stands, empty for one that is not known."""
    if name in mapping.countries:
        return mapping.countries[name]
    plain = " ".join(name.split())
    if re.fullmatch(r"[A-Z]{2}", plain):
        return plain
    return COUNTRY_NAMES.get(plain.lower()) or _codes().get(plain.lower()) or plain[:60]


@cache
def _codes() -> dict[str, str]:
    names = Locale("en").territories
    return {name.lower(): code for code, name in names.items() if re.fullmatch(r"[A-Z]{2}", code)}


REASONS: Mapping[str, str] = {
    # refused
    "number_missing": "The row has no invoice number.",
    "product_missing": "The row has no product code.",
    "quantity_unreadable": "The quantity is no number; check the column and the decimal sign.",
    "quantity_zero": "The quantity is nothing.",
    "price_unreadable": "The price is no number; check the column and the decimal sign.",
    "amount_unreadable": "The amount is no number; check the column and the decimal sign.",
    "date_unreadable": "The date cannot be read; say in the mapping whether years, days or months come first.",
    "date_to_come": "The date lies in the future.",
    "currency_unreadable": "The currency is no three-letter code.",
    "cells_too_many": "The row has more cells than the head; quote cells that hold separators.",
    "text_too_long": "A cell is longer than 500 characters.",
    "customer_differs": "Another row gives this invoice to another customer.",
    "currency_differs": "Another row has this invoice in another currency.",
    "invoice_known": "An earlier import brought this invoice with other content; say what to do with known invoices.",
    # merged
    "said_twice": "Another row says exactly the same; its quantity was added there.",
    "counted_once": "Another row says exactly the same; it counts once.",
    # corrected
    "spaces_trimmed": "Spaces that say nothing were taken out.",
    "code_capitalised": "The product's code is written in capitals.",
    "description_filled": "The description was empty and is the product's usual one.",
    "moment_differs": "The time is that of the invoice's first row.",
    "country_differs": "The country is that of the invoice's first row.",
    "replaces_earlier": "The invoice replaces what an earlier import brought.",
    "added_to_known": "The row was added to an invoice that an earlier import brought.",
    # worth knowing
    "no_customer": "The row names no customer.",
    "no_description": "The product has no description anywhere.",
    "price_zero": "The price is nothing.",
    "stock_write_off": "A negative quantity at no price outside of a credit note: stock that was written off.",
    "negative_quantity": "A negative quantity outside of a credit note.",
    "negative_price": "The price is negative.",
    "not_goods": "The code stands for postage, fees or the like, not for goods.",
    "country_unknown": "The country is not known.",
}
"""Why something became of a row, as a sentence."""
_ORDER = list(REASONS)
REFUSING = frozenset(_ORDER[: _ORDER.index("said_twice")])
CORRECTING = frozenset(_ORDER[_ORDER.index("spaces_trimmed") : _ORDER.index("no_customer")])
