"""The quotes, and one quote: write, price, send, compare, convert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.fields import Code, Text
from orderloom.base.parsing import strict
from orderloom.base.transaction import Tx
from orderloom.catalog.reads import effective_offers, list_products, stamped_catalogues
from orderloom.orders.commands import ConversionDraft
from orderloom.parties.reads import UserRow, list_users, mail_reader
from orderloom.parties.reads.account import account_page
from orderloom.quotes import commands
from orderloom.quotes.compare import compare
from orderloom.quotes.quote import NewCharge
from orderloom.quotes.reads import (
    QuoteFilter,
    QuotePage,
    StoredVersion,
    content_of,
    list_quotes,
    lost_reasons,
    margins_of,
    open_link,
    price_reasons,
    quote_page,
    stored_version,
)
from orderloom.quotes.reads.stored import StepRow
from orderloom.quotes.rules import Subtotal, subtotals
from orderloom.quotes.states import TITLES, moves_from
from orderloom.quotes.types import AcceptanceDraft, CopyDraft, DrawLine, LineDraft, LossDraft, QuoteDraft
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.quotes import (
    COST_RIGHT,
    STATES,
    AnswerText,
    Comment,
    QuoteQuery,
    Sides,
    VersionQuery,
    converted,
    differences_of,
    history_of,
    quote_named,
    quotes_matching,
)
from orderloom.web.call import Call
from orderloom.web.pages.documents import papers_context
from orderloom.web.predicted import predicted_delivery
from orderloom.web.problems import not_there
from orderloom.web.quote_form import (
    HeaderForm,
    LineForm,
    next_number,
    parts_of,
    with_header,
    with_line,
    with_new_line,
    without_line,
)
from orderloom.web.routes import Routes

routes = Routes("page")
QUOTE = "/quotes/{reference:str}"
PRODUCTS_SHOWN = 500
PEOPLE_SHOWN = 200
EFFECTS = {
    "percent_off": "per cent off",
    "unit_off": "off each unit",
    "amount_off": "off the line",
    "unit_price": "price of a unit",
    "free_units": "units for nothing",
}


@routes.get("/quotes", permission="quotes.read", query=QuoteQuery)
async def quotes_page(call: Call, query: QuoteQuery) -> Page | SeeOther:
    """The quotes that the person sees; a number that is one quote's opens it."""
    rows, following = await quotes_matching(call, query)
    typed = (query.text or "").strip().upper()
    if len(rows) == 1 and typed == rows[0].number and not call.partial:
        return SeeOther(f"/quotes/{rows[0].number}")
    return Page(
        "quotes/quotes.html",
        {"rows": rows, "query": query, "next": following, "states": STATES, "titles": TITLES},
    )


@strict
@dataclass(frozen=True, slots=True)
class NewQuote:
    """Who a quote is for, and the template that it begins with."""

    customer: Code | None = None
    template: Code | None = None
    title: Annotated[str, Field(max_length=200)] = ""
    blanket: bool = False


@routes.get("/quotes/new", permission="quotes.write", query=NewQuote)
async def new_quote_page(call: Call, query: NewQuote) -> Page:
    """Ask who the quote is for."""
    templates = await list_quotes(call.tx, QuoteFilter(is_template=True))
    return Page("quotes/new.html", {"query": query, "templates": templates})


@routes.post("/quotes", permission="quotes.write", body=NewQuote)
async def create_by_form(call: Call, body: NewQuote) -> SeeOther:
    """Begin a quote, empty or from a template."""
    if body.template is not None:
        source = await quote_named(call.tx, body.template)
        head = await commands.copy_quote(call.tx, source, CopyDraft(customer=body.customer))
    else:
        draft = QuoteDraft(customer=body.customer, type="blanket" if body.blanket else "sales")
        head = await commands.create_quote(call.tx, draft)
    return SeeOther(f"/quotes/{head.number}")


@routes.get(QUOTE, permission="quotes.read", query=VersionQuery)
async def quote_overview(call: Call, reference: str, query: VersionQuery) -> Page:
    """One quote: what it says and costs, what it waits for, what became of it."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference), version=query.version)
    is_active = page.shown.version.number == page.head.active_version
    may_write = call.actor.may("quotes.write")
    edits = may_write and is_active and page.head.state == "draft"
    sees_cost = call.actor.may(COST_RIGHT)
    link = await open_link(call.tx, page.head.id) if may_write else None
    approval = await commands.approval_of(call.tx, page.head) if is_active else None
    asks = approval is not None and approval.asks
    return Page(
        "quotes/quote.html",
        {
            "page": page,
            "head": page.head,
            "version": page.shown.version,
            "money": charges_by_line(page.shown),
            "steps": steps_by_charge(page.shown),
            "subtotals": {one.line: one for one in section_sums(page.shown)},
            "depths": depths(page.shown),
            "margins": await margins_of(call.tx, page.head.id, page.shown.version.number) if sees_cost else {},
            "sees_cost": sees_cost,
            "is_active": is_active,
            "edits": edits,
            "places": await places_of(call.tx, page) if edits else [],
            "payees": await payees_of(call.tx) if edits else [],
            "may_write": may_write,
            "may_order": may_write and call.actor.may("orders.write"),
            "moves": {move.name for move in moves_from(page.head.state)} if may_write and is_active else set(),
            "approval": approval,
            "confirmable": [] if asks else [n for n in page.shown.open_needs if call.actor.may(n.needed_right)],
            "is_stopped": asks or (bool(page.shown.open_needs) and not (approval and approval.preview.steps)),
            "titles": TITLES,
            "effects": EFFECTS,
            "reasons": await price_reasons(call.tx),
            "lost_reasons": await lost_reasons(call.tx),
            "link": link,
            "may_mail": may_write and call.actor.may("messages.write"),
            "reader": await mail_reader(call.tx, page.head.account_id) if may_write and page.head.account_id else None,
            **await papers_context(call, "quote", page.head.id),
        },
    )


def charges_by_line(stored: StoredVersion) -> dict[str, dict[str, NewCharge]]:
    """What each line costs, once and each period."""
    found: dict[str, dict[str, NewCharge]] = {}
    for charge in stored.charges:
        found.setdefault(charge.line, {})[charge.kind] = charge
    return found


def steps_by_charge(stored: StoredVersion) -> dict[str, list[StepRow]]:
    """The waterfalls of each line, one after the other."""
    found: dict[str, list[StepRow]] = {}
    for step in stored.steps:
        found.setdefault(step.line, []).append(step)
    return found


def section_sums(stored: StoredVersion) -> tuple[Subtotal, ...]:
    return subtotals(stored.lines, stored.charges)


def depths(stored: StoredVersion) -> dict[str, int]:
    """How deep each line stands in its bundle."""
    found: dict[str, int] = {}
    parents = {line.line: line.parent for line in stored.lines}
    for line in stored.lines:
        depth, above = 0, line.parent
        while above is not None and depth < 5:
            depth, above = depth + 1, parents.get(above)
        found[line.line] = depth
    return found


@routes.get(QUOTE + "/delivery", permission="quotes.read")
async def delivery_part(call: Call, reference: str) -> Page:
    """Predicted delivery beside the requested dates."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    return Page("quotes/delivery.html", {"page": page, "predicted": await predicted_delivery(call.tx, page)})


@strict
@dataclass(frozen=True, slots=True)
class LineQuery:
    """What kind of line is to be added."""

    kind: Annotated[str, Field(pattern="^(item|section|note)$")] = "item"


@routes.get(QUOTE + "/lines/{line:str}", permission="quotes.write", query=LineQuery)
async def line_form(call: Call, reference: str, line: str, query: LineQuery) -> Page:
    """The form of one line, or of a new one, with what this customer paid before."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    content = content_of(page.shown)
    known = next((one for one in content.lines if one.line == line), None)
    if known is None and line != "new":
        raise not_there()
    shown = known or LineDraft(line="new", kind=query.kind)  # type: ignore[arg-type]
    return Page(
        "quotes/line.html",
        {
            "page": page,
            "head": page.head,
            "line": shown,
            "is_new": known is None,
            "name": next((one.product_name for one in page.shown.lines if one.line == line), None),
            "products": await list_products(call.tx, limit=PRODUCTS_SHOWN) if known is None else [],
            "places": await places_of(call.tx, page),
            "effects": EFFECTS,
            "reasons": await price_reasons(call.tx),
            "history": await history_for(call, page, shown.product),
        },
    )


async def places_of(tx: Tx, page: QuotePage) -> list[str]:
    if page.head.account_id is None or not tx.actor.may("parties.read"):
        return []
    return [place.code for place in (await account_page(tx, page.head.account_id)).places]


async def payees_of(tx: Tx) -> list[UserRow]:
    """Whom a sale may be credited to; nobody is named to who may not see people, and log-ins can be typed."""
    return await list_users(tx, is_active=True, limit=PEOPLE_SHOWN) if tx.actor.may("parties.read") else []


async def history_for(call: Call, page: QuotePage, product: str | None) -> Any:
    if product is None or page.head.account_id is None:
        return None
    return await history_of(call, page.head.account_id, product)


@strict
@dataclass(frozen=True, slots=True)
class ProductQuery:
    """A product, as it is being typed."""

    product: Annotated[str, Field(max_length=200)] = ""


@routes.get(QUOTE + "/history", permission="quotes.read", query=ProductQuery)
async def history_part(call: Call, reference: str, query: ProductQuery) -> Page:
    """The last price and the history of this customer and product, while typing."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    return Page("quotes/history.html", {"history": await history_for(call, page, query.product or None)})


@routes.post(QUOTE + "/lines/{line:str}", permission="quotes.write", body=LineForm)
async def save_line(call: Call, reference: str, line: str, body: LineForm) -> SeeOther:
    """Write one line and price the quote."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    content = content_of(page.shown)
    if line == "new":
        number = next_number(content)
        content = with_new_line(content, body, await parts_for(call.tx, body, number), number)
    else:
        content = with_line(content, line, body)
    await commands.write_content(call.tx, page.head.id, content, seen=body.stamp)
    return SeeOther(f"/quotes/{page.head.number}", "The line is written and priced.")


async def parts_for(tx: Tx, form: LineForm, number: str) -> list[LineDraft]:
    """The parts that come with a bundle."""
    if form.kind != "item" or form.product is None:
        return []
    offers = (await effective_offers(tx, [form.product], at=tx.now)).get(form.product, ())
    if not offers:
        return []
    stamp = {offers[0].version_id: (offers[0].content_hash, offers[0].version)}
    product = (await stamped_catalogues(tx, stamp))[offers[0].version_id].product(offers[0].code)
    return parts_of(product, number, form.quantity, {}) if product else []


@strict
@dataclass(frozen=True, slots=True)
class Stamp:
    """How the page saw the quote."""

    stamp: Annotated[int, Field(ge=1)]


@routes.post(QUOTE + "/lines/{line:str}/remove", permission="quotes.write", body=Stamp)
async def remove_line(call: Call, reference: str, line: str, body: Stamp) -> SeeOther:
    """Take a line out, with all that is part of it."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    await commands.write_content(call.tx, page.head.id, without_line(content_of(page.shown), line), seen=body.stamp)
    return SeeOther(f"/quotes/{page.head.number}", f"Line {line} is taken out.")


@routes.post(QUOTE + "/header", permission="quotes.write", body=HeaderForm)
async def save_header(call: Call, reference: str, body: HeaderForm) -> SeeOther:
    """Write what belongs to the whole quote."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    content = with_header(content_of(page.shown), body)
    await commands.write_content(call.tx, page.head.id, content, seen=body.stamp)
    return SeeOther(f"/quotes/{page.head.number}", "The quote is written and priced.")


@routes.get(QUOTE + "/reprice", permission="quotes.read")
async def reprice_page(call: Call, reference: str) -> Page:
    """What pricing the draft for now would change."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    changes = await differences_of(call.tx, page.head.id)
    names = {line.line: line.product_name for line in page.shown.lines}
    return Page("quotes/reprice.html", {"page": page, "head": page.head, "changes": changes, "names": names})


@routes.post(QUOTE + "/reprice", permission="quotes.write", body=Stamp)
async def reprice_by_form(call: Call, reference: str, body: Stamp) -> SeeOther:
    """Price the draft for now."""
    quote_id = await quote_named(call.tx, reference)
    [head] = await commands.reprice_quotes(call.tx, [quote_id], seen={quote_id: body.stamp})
    return SeeOther(f"/quotes/{head.number}", "The quote has the prices of now.")


@routes.post(QUOTE + "/confirm", permission="quotes.read", body=Comment)
async def confirm_by_form(call: Call, reference: str, body: Comment) -> SeeOther:
    """Stand up for prices that need a right."""
    quote_id = await quote_named(call.tx, reference)
    await commands.confirm_needs(call.tx, quote_id, comment=body.comment)
    return SeeOther(f"/quotes/{reference}", "The prices are confirmed.")


@routes.post(QUOTE + "/approval", permission="quotes.write", body=Stamp)
async def ask_approval_by_form(call: Call, reference: str, body: Stamp) -> SeeOther:
    """Submit the draft for approval."""
    submitted = await commands.ask_approval(call.tx, await quote_named(call.tx, reference), seen=body.stamp)
    said = f"{submitted.number} is asked for; the quote can go once it is approved."
    if submitted.state != "open":
        said = "What was approved before covers this; the quote can go."
    return SeeOther(f"/quotes/{reference}", said)


@routes.post(QUOTE + "/send", permission="quotes.write", body=Stamp)
async def send_by_form(call: Call, reference: str, body: Stamp) -> SeeOther:
    """Offer the quote to the customer."""
    head = await commands.send_quote(call.tx, await quote_named(call.tx, reference), seen=body.stamp)
    return SeeOther(f"/quotes/{head.number}", "The quote is sent; make a link for the customer to give them the page.")


@routes.post(QUOTE + "/link", permission="quotes.write")
async def link_by_form(call: Call, reference: str) -> Page:
    """A new link for the customer, shown once."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    made = await commands.make_link(call.tx, page.head.id)
    return Page("quotes/link.html", {"head": page.head, "made": made, "address": f"{call.home}/offers/{made.token}"})


@routes.post(QUOTE + "/revise", permission="quotes.write")
async def revise_by_form(call: Call, reference: str) -> SeeOther:
    """Begin the next version."""
    head = await commands.revise_quote(call.tx, await quote_named(call.tx, reference))
    said = f"Version {head.active_version} is yours to change; the one before can be accepted no more."
    return SeeOther(f"/quotes/{head.number}", said)


@strict
@dataclass(frozen=True, slots=True)
class AcceptForm:
    """Who said yes, some other way than by the link."""

    name: Annotated[Text, Field(min_length=2)]
    note: Annotated[str, Field(max_length=2_000)] = ""


@routes.post(QUOTE + "/accept", permission="quotes.write", body=AcceptForm)
async def accept_by_form(call: Call, reference: str, body: AcceptForm) -> SeeOther:
    """Note the customer's yes."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    draft = AcceptanceDraft(page.head.active_version, body.name, note=body.note)
    await commands.accept_quote(call.tx, page.head.id, draft)
    return SeeOther(f"/quotes/{page.head.number}", "The yes is noted.")


@routes.post(QUOTE + "/lose", permission="quotes.write", body=LossDraft)
async def lose_by_form(call: Call, reference: str, body: LossDraft) -> SeeOther:
    """Close the quote with a reason."""
    head = await commands.lose_quote(call.tx, await quote_named(call.tx, reference), body)
    return SeeOther(f"/quotes/{head.number}", "The quote is closed as lost.")


@strict
@dataclass(frozen=True, slots=True)
class CopyForm:
    """Whom a copy is for: nobody named means the same customer."""

    customer: Code | None = None
    template: bool = False


@routes.post(QUOTE + "/copy", permission="quotes.write", body=CopyForm)
async def copy_by_form(call: Call, reference: str, body: CopyForm) -> SeeOther:
    """Begin a copy, or a template."""
    draft = CopyDraft(None if body.template else body.customer, body.template)
    head = await commands.copy_quote(call.tx, await quote_named(call.tx, reference), draft)
    return SeeOther(f"/quotes/{head.number}", "This is the copy, at the prices of now.")


@routes.post(QUOTE + "/questions/{question_id:int}/answer", permission="quotes.write", body=AnswerText)
async def answer_by_form(call: Call, reference: str, question_id: int, body: AnswerText) -> SeeOther:
    """Answer a customer's question."""
    await commands.answer_question(call.tx, await quote_named(call.tx, reference), question_id, answer=body.answer)
    return SeeOther(f"/quotes/{reference}", "The customer sees your answer on their page.")


@strict
@dataclass(frozen=True, slots=True)
class ConvertForm:
    """All that is left, or a quantity of each line; the key makes the button count once."""

    key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    whole: bool = False
    po_number: Text | None = None
    quantity: Mapping[Annotated[str, Field(max_length=100)], Annotated[Decimal, Field(ge=0)]] | None = None


@routes.post(QUOTE + "/convert", permission="quotes.write", body=ConvertForm)
async def convert_by_form(call: Call, reference: str, body: ConvertForm) -> SeeOther:
    """Make an order, and go and see it."""
    lines = tuple(DrawLine(line, quantity) for line, quantity in (body.quantity or {}).items() if quantity > 0)
    draft = ConversionDraft(po_number=body.po_number)
    if not body.whole:
        draft = ConversionDraft(key=body.key, lines=lines, po_number=body.po_number)
    order = await converted(call, await quote_named(call.tx, reference), draft, submit=True)
    said = (
        "The order is placed at the quoted prices." if order.is_new else "This had become an order before; here it is."
    )
    return SeeOther(f"/orders/{order.order_number}", said)


@routes.get(QUOTE + "/compare", permission="quotes.read", query=Sides)
async def compare_page(call: Call, reference: str, query: Sides) -> Page:
    """Two versions side by side."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference))
    before = await stored_version(call.tx, page.head.id, query.before)
    after = await stored_version(call.tx, page.head.id, query.after)
    context = {"page": page, "head": page.head, "before": before, "after": after, "found": compare(before, after)}
    return Page("quotes/compare.html", context)
