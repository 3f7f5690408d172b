"""Customers as rows of a table file: one row is an account with one place, one contact and one billing account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused
from orderloom.parties.types import AccountDraft

COLUMNS = {
    "name": "/name",
    "parent": "/parent",
    "country": "/country",
    "segment": "/segment",
    "language": "/language",
    "time_zone": "/time_zone",
    "legal_entity": "/billing_accounts/0/legal_entity",
    "currency": "/billing_accounts/0/currency",
    "terms_days": "/billing_accounts/0/terms_days",
    "tax_country": "/billing_accounts/0/tax_country",
    "tax_id": "/billing_accounts/0/tax_id",
    "tax_exempt": "/billing_accounts/0/is_tax_exempt",
    "credit_limit": "/billing_accounts/0/credit_limit",
    "invoice_email": "/billing_accounts/0/email",
    "place": "/addresses/0/code",
    "addressee": "/addresses/0/name",
    "company": "/addresses/0/company",
    "street": "/addresses/0/street",
    "city": "/addresses/0/city",
    "district": "/addresses/0/district",
    "area": "/addresses/0/area",
    "postal_code": "/addresses/0/postal_code",
    "contact": "/contacts/0/name",
    "contact_email": "/contacts/0/email",
    "contact_phone": "/contacts/0/phone",
}
"""Columns and where each stands in an account draft. `number`, `source` and `external_id` name the account."""

_NAMING = ("number", "source", "external_id")
_BY_POINTER = {pointer: column for column, pointer in COLUMNS.items()}
DEFAULT_SOURCE = "import"
FIRST_LINE = 2
"""Where the first row stands in a file: below its header."""


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A row that was understood: which account it means and what it says of it."""

    index: int
    number: str | None
    source: str
    external_id: str | None
    draft: AccountDraft
    given: frozenset[str]


def read_customer_rows(rows: Iterable[Mapping[str, str | None]]) -> tuple[list[CustomerRow], list[Problem]]:
    """Understand rows of text; the problems of those that are not understood name line and column.

    Empty cells are as if they were not there. A row needs a number or an external id, so that a
    file can be imported twice.
    """
    understood: list[CustomerRow] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        cells = {column.strip(): text.strip() for column, text in row.items() if column and text and text.strip()}
        wrong = _naming_problems(index, cells)
        try:
            draft = parse(AccountDraft, _nested(cells))
        except Refused as refused:
            wrong += [at_row(problem, index) for problem in refused.problems]
        if wrong:
            problems += wrong
            continue
        understood.append(
            CustomerRow(
                index,
                cells.get("number"),
                cells.get("source", DEFAULT_SOURCE),
                cells.get("external_id"),
                draft,
                frozenset(cells) - {*_NAMING},
            )
        )
    return understood, [*problems, *_double_problems(understood)]


def _naming_problems(index: int, cells: Mapping[str, str]) -> list[Problem]:
    problems = [
        _problem("column_unknown", "This column is not known; remove it or check its name.", index, column)
        for column in cells
        if column not in COLUMNS and column not in _NAMING
    ]
    if "number" not in cells and "external_id" not in cells:
        message = "Give a number or an external id, so that the file can be imported again."
        problems.append(_problem("customer_unnamed", message, index, "external_id"))
    return problems


def _nested(cells: Mapping[str, str]) -> dict[str, object]:
    """The draft that the cells make, before it is parsed."""
    draft: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    for column, text in cells.items():
        if column not in COLUMNS:
            continue
        _, first, *rest = COLUMNS[column].split("/")
        if rest:
            parts.setdefault(first, {})[rest[-1]] = text
        else:
            draft[first] = text
    if "addresses" in parts and "country" in cells:
        parts["addresses"]["country"] = cells["country"]
    if "external_id" in cells:
        draft["external_ids"] = {cells.get("source", DEFAULT_SOURCE): cells["external_id"]}
    return draft | {name: [part] for name, part in parts.items()}


def _double_problems(rows: Sequence[CustomerRow]) -> list[Problem]:
    seen: dict[tuple[str, str], int] = {}
    problems = []
    for row in rows:
        name = ("number", row.number) if row.number else (row.source, row.external_id or "")
        first = seen.setdefault(name, row.index)
        if first != row.index:
            message = f"This customer stands in line {first + FIRST_LINE} already; keep one of them."
            problems.append(_problem("customer_double", message, row.index, "number" if row.number else "external_id"))
    return problems


def at_row(problem: Problem, index: int) -> Problem:
    """A problem of a draft as a problem of its row: line and column instead of a pointer into the draft."""
    pointer = problem.pointer
    column = _BY_POINTER.get(pointer) or ("external_id" if pointer.startswith("/external_ids") else None)
    if column is None and pointer == "/addresses/0/country":
        column = "country"
    return _problem(problem.code, problem.message, index, column or pointer.strip("/").replace("/", "."))


def _problem(code: str, message: str, index: int, column: str) -> Problem:
    return Problem(code, f"Line {index + FIRST_LINE}, {column}: {message}", f"/rows/{index}/{column}")
