"""Queries shaped for screens and API: list and page of quotes, versions, what customers see, past prices."""

from orderloom.quotes.reads.listing import QuoteFilter, QuoteRow, list_quotes
from orderloom.quotes.reads.page import (
    AcceptanceRow,
    LinkRow,
    OfferedPrice,
    QuestionRow,
    QuotePage,
    lost_reasons,
    margins_of,
    offered_prices,
    open_link,
    price_reasons,
    questions_of,
    quote_behind,
    quote_page,
)
from orderloom.quotes.reads.stored import (
    LineRow,
    StoredVersion,
    content_of,
    head_of,
    heads,
    quote_id_of,
    stored_version,
)
from orderloom.quotes.reads.walked import PricedQuoteFilter, priced_quotes

__all__ = [
    "AcceptanceRow",
    "LineRow",
    "LinkRow",
    "OfferedPrice",
    "PricedQuoteFilter",
    "QuestionRow",
    "QuoteFilter",
    "QuotePage",
    "QuoteRow",
    "StoredVersion",
    "content_of",
    "head_of",
    "heads",
    "list_quotes",
    "lost_reasons",
    "margins_of",
    "offered_prices",
    "open_link",
    "price_reasons",
    "priced_quotes",
    "questions_of",
    "quote_behind",
    "quote_id_of",
    "quote_page",
    "stored_version",
]
