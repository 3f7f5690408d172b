"""Facts of documents; each is about what the document is of."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class DocumentRendered(Event):
    """A document was made; its hash is that of the PDF for ever."""

    document_id: int
    kind: str
    language: str
    with_prices: bool
    pages: int
    sha256: str


@dataclass(frozen=True, slots=True)
class DocumentRefused(Event):
    """A document could not be made, and why."""

    document_id: int
    kind: str
    language: str
    problem: str
