"""Verbs with consequences: begin, write, price, send, accept, lose, draw."""

from orderloom.quotes.commands.approving import Approval, approval_of, ask_approval
from orderloom.quotes.commands.completeness import sending_problems
from orderloom.quotes.commands.customer import answer_question, ask_question, digest_of, end_links, make_link
from orderloom.quotes.commands.document import request_quote_document, send_offer
from orderloom.quotes.commands.draw import draw_quantities, note_order
from orderloom.quotes.commands.life import (
    accept_quote,
    confirm_needs,
    decline_quote,
    expire_quotes,
    lose_quote,
    send_quote,
)
from orderloom.quotes.commands.writing import (
    copy_quote,
    create_quote,
    lock_draft,
    preview_reprice,
    reprice_quotes,
    revise_quote,
    write_content,
)

__all__ = [
    "Approval",
    "accept_quote",
    "answer_question",
    "approval_of",
    "ask_approval",
    "ask_question",
    "confirm_needs",
    "copy_quote",
    "create_quote",
    "decline_quote",
    "digest_of",
    "draw_quantities",
    "end_links",
    "expire_quotes",
    "lock_draft",
    "lose_quote",
    "make_link",
    "note_order",
    "preview_reprice",
    "reprice_quotes",
    "request_quote_document",
    "revise_quote",
    "send_offer",
    "send_quote",
    "sending_problems",
    "write_content",
]
