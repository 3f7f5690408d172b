"""A quote on paper: what was offered, in the customer's language, with prices or without a trace of any."""

from __future__ import annotations

import json
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.documents.reads import document_of, sheet_of
from orderloom.documents.render import render
from orderloom.messages.reads import message, messages
from orderloom.messages.types import PaperMail, Recipient
from orderloom.parties.commands import tell_links
from orderloom.quotes.commands import digest_of, lose_quote, request_quote_document, revise_quote, send_offer
from orderloom.quotes.reads import head_of, open_link, quote_behind
from orderloom.quotes.types import LossDraft
from tests.quotes import given

TERMS = {"minimum_months": 24, "notice_days": 30, "termination_fee": "77.70"}
LINES = (
    {"line": "A", "kind": "section", "title": "Cables"},
    {**given.KIT[0], "terms": TERMS},
    *given.KIT[1:],
    {"line": "2", "product": "CABLE", "quantity": 3, "optional": True, "chosen": False},
    {"line": "3", "product": "CABLE", "quantity": 10, "given": [given.by_hand(5)], "requested_on": "2030-02-01"},
    {"line": "N", "kind": "note", "title": "Drums are taken back."},
)
MAIL = PaperMail((Recipient("ann@example.com", "Ann"),))
MARKS = "\u2068\u2069"


async def sheet_for(tx: Tx, quote_id: int, **how: object) -> tuple[dict[str, object], str]:
    """What the paper says, and its words and metadata as another library reads them from the PDF."""
    document_id = await request_quote_document(tx, quote_id, **how)  # type: ignore[arg-type]
    document = await document_of(tx, document_id, kind="quote", subject_id=quote_id)
    sheet = await sheet_of(tx, document_id)
    pdf = PdfReader(BytesIO(render(sheet, at=document.requested_at).pdf))
    said = "\n".join(page.extract_text() for page in pdf.pages) + str(pdf.metadata) + str(pdf.xmp_metadata)
    bare: dict[str, object] = json.loads("".join(c for c in json.dumps(sheet, ensure_ascii=False) if c not in MARKS))
    return bare, said


def number_of(amount: str) -> Decimal:
    return Decimal(amount.replace(",", ""))


async def test_the_paper_has_sections_options_apart_terms_and_totals_that_add_up(tx: Tx) -> None:
    await given.world(tx)
    quote = await given.quote(tx, LINES, sent=True, title="Cabling", note="As agreed on the phone.")
    sheet, said = await sheet_for(tx, quote.id, language="en")

    [section] = sheet["sections"]  # type: ignore[misc]
    by_number = {line["number"]: line for line in section["lines"]}
    assert section["title"] == "Cables"
    assert by_number["2"]["standing"] == "Optional: not in the total"
    assert by_number["1.1"]["depth"] == 1
    assert "minimum term 24 months, 30 days’ notice, 77.70 USD to leave early" in by_number["1"]["details"]
    assert by_number["3"]["day"] == "Feb 1, 2030"
    taken = [line for number, line in by_number.items() if number != "2"]
    [net] = [total["amount"] for total in sheet["totals"] if total["label"] == "Net"]  # type: ignore[attr-defined]
    assert sum(number_of(charge["amount"]) for line in taken for charge in line["charges"]) == number_of(net)
    assert quote.number in said and "As agreed on the phone." in said and "Drums are taken back." in said


async def test_without_prices_no_amount_is_anywhere_neither_the_fee_to_leave_early(tx: Tx) -> None:
    await given.world(tx)
    quote = await given.quote(tx, LINES, sent=True)
    sheet, said = await sheet_for(tx, quote.id, language="en", with_prices=False)

    assert not {"currency", "totals", "taxes"} & sheet.keys()
    for trace in ("USD", "77.70", "leave early", "With tax", "7.5", "%"):
        assert trace not in said + json.dumps(sheet), trace
    assert "minimum term 24 months" in said


async def test_the_customers_language_holds_where_none_is_named(tx: Tx) -> None:
    await given.world(tx)
    await tx.execute("UPDATE parties.account SET language = 'de' WHERE number = 'C-1'")
    quote = await given.quote(tx, sent=True)
    sheet, said = await sheet_for(tx, quote.id)

    assert (sheet["title"], "Gültig bis" in said) == ("Angebot", True)


async def test_a_version_that_was_not_sent_is_not_put_on_paper_and_an_older_one_stays_what_it_was(tx: Tx) -> None:
    await given.world(tx)
    quote = await given.quote(tx)
    with pytest.raises(Refused) as refused:
        await request_quote_document(tx, quote.id)
    assert refused.value.problems[0].code == "quote_not_sent"

    await send_offer(tx, quote.id, MAIL)
    first = await request_quote_document(tx, quote.id)
    await revise_quote(tx, quote.id)
    assert await request_quote_document(tx, quote.id, version=1) == first
    with pytest.raises(Refused):
        await request_quote_document(tx, quote.id)


async def test_sending_by_mail_offers_the_draft_once_and_its_link_is_the_readers_alone(tx: Tx) -> None:
    await given.world(tx)
    quote = await given.quote(tx)
    mail = PaperMail(MAIL.to, note="See page 2", key="once-and-only")
    message_id = await send_offer(tx, quote.id, mail, linked=True)
    again = await send_offer(tx, quote.id, mail, linked=True)

    [row] = await messages(tx, subject=("quote", quote.id))
    shown = await message(tx, message_id)
    links = await tx.value("SELECT links FROM messages.message WHERE id = %(id)s", {"id": message_id})
    assert await tx.value("SELECT count(*) FROM quotes.link WHERE token_hash IS NOT NULL") == 0, (
        "nobody knows a token yet"
    )
    tokens = await tell_links(tx, links, key=bytes(32))
    token = tokens[links[0]]
    assert (again, row.id, (await head_of(tx, quote.id)).state) == (message_id, message_id, "sent")
    assert token not in str(shown) and "[link]" in shown.body
    assert (await quote_behind(tx, digest_of(token)) or (0,))[0] == quote.id

    await send_offer(tx, quote.id, MAIL, linked=True)
    assert await quote_behind(tx, digest_of(token)) is not None, "a second mail leaves the first one's link open"


@pytest.mark.parametrize(
    ("mail", "linked", "code"),
    [
        (PaperMail(MAIL.to, with_prices=False), True, "link_shows_prices"),
        (PaperMail((Recipient("nobody"),)), False, "address_absurd"),
        (PaperMail((Recipient("a@example.com", "Ann\r\nBcc: eve@example.com"),)), False, "name_has_line_break"),
    ],
)
async def test_what_cannot_go_out_is_refused(tx: Tx, mail: PaperMail, linked: bool, code: str) -> None:
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    with pytest.raises(Refused) as refused:
        await send_offer(tx, quote.id, mail, linked=linked)
    assert refused.value.problems[0].code == code


async def test_what_was_lost_is_not_sent(tx: Tx) -> None:
    await given.world(tx)
    quote = await given.quote(tx, sent=True)
    await lose_quote(tx, quote.id, LossDraft("price"))
    with pytest.raises(Refused) as refused:
        await send_offer(tx, quote.id, MAIL)
    assert refused.value.problems[0].code == "quote_state"
    assert await open_link(tx, quote.id) is None
