"""The account of an import as a table: what became of each row, and why; pure."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.insight.mapping import FIELDS, REASONS

ACCOUNT_HEAD = ("row", "outcome", "invoice", "reasons", "explained", *FIELDS)


def account_line(
    row: int, outcome: str, number: str, reasons: Sequence[str], cells: Sequence[str] | None
) -> list[str | int]:
    """One line of the account; the cells stand in those that were refused."""
    explained = " ".join(REASONS.get(reason, reason) for reason in reasons)
    return [row, outcome, number, " ".join(reasons), explained, *(cells or ())]
