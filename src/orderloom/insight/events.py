"""Facts of past invoices."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class HistoryImported(Event):
    """Past invoices came in from a file; what became of its rows, by outcome."""

    file: str
    source: str
    rows: int
    imported: int
    refused: int
