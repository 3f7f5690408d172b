"""The API of quotes: write, price, send, compare, convert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, get_args

from pydantic import Field

from orderloom.approvals.reads import RequestRow
from orderloom.approvals.types import Preview, Submitted
from orderloom.base.fields import Code, LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands import submit_orders
from orderloom.orders.commands import ConversionDraft, ConvertedQuote, convert_quotes, preview_repricing
from orderloom.orders.reads import PaidPrice, paid_prices
from orderloom.orders.repricing import PriceDifference
from orderloom.parties.policy import require
from orderloom.parties.reads import resolve_customers
from orderloom.quotes import commands
from orderloom.quotes.compare import Comparison, compare
from orderloom.quotes.reads import (
    OfferedPrice,
    QuoteFilter,
    QuotePage,
    QuoteRow,
    head_of,
    list_quotes,
    margins_of,
    offered_prices,
    quote_id_of,
    quote_page,
    stored_version,
)
from orderloom.quotes.states import State
from orderloom.quotes.types import AcceptanceDraft, Content, CopyDraft, LossDraft, QuoteDraft
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Search
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.preconditions import seen_version
from orderloom.web.predicted import Predicted, predicted_delivery
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
STATES: tuple[State, ...] = get_args(State)
QUOTE = "/quotes/{reference:str}"
COST_RIGHT = "catalog.cost"


@strict
@dataclass(frozen=True, slots=True)
class QuoteQuery:
    """Which quotes to list."""

    text: Search | None = None
    state: State | None = None
    account_id: Annotated[int, Field(ge=1)] | None = None
    mine: bool = False
    needs_right: bool = False
    templates: bool = False
    cursor: Cursor | None = None
    limit: Limit = LIMIT


@strict
@dataclass(frozen=True, slots=True)
class VersionQuery:
    """Which version to show; without one, the active one."""

    version: Annotated[int, Field(ge=1)] | None = None


@strict
@dataclass(frozen=True, slots=True)
class Sides:
    """Two versions of a quote."""

    before: Annotated[int, Field(ge=1)]
    after: Annotated[int, Field(ge=1)]


@strict
@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A customer, by number, and a product, by code."""

    customer: Code
    product: Code


@strict
@dataclass(frozen=True, slots=True)
class Comment:
    """Why somebody stands up for prices."""

    comment: Text


@strict
@dataclass(frozen=True, slots=True)
class AnswerText:
    """What we answer a customer."""

    answer: Annotated[LongText, Field(min_length=1)]


@strict
@dataclass(frozen=True, slots=True)
class ConversionWish(ConversionDraft):
    """The same, and whether the customer is committed and the order planned at once."""

    submit: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """What a customer was offered and has ordered a product at, the last first."""

    ordered: list[PaidPrice]
    offered: list[OfferedPrice]


@dataclass(frozen=True, slots=True)
class CustomerLink:
    """A customer's way in; told once."""

    path: str
    expires_at: Any


@dataclass(frozen=True, slots=True)
class QuoteApproval:
    """Whether somebody has to decide before the draft may go: whom sending would ask, and the newest request."""

    asks: bool
    preview: Preview | None
    request: RequestRow | None
    problem: str


@dataclass(frozen=True, slots=True)
class MarginRow:
    """Cost and margin of a charge."""

    line: str
    kind: str
    net: Any
    cost: Any
    margin: Any
    percent: Any


async def quotes_matching(call: Call, query: QuoteQuery) -> tuple[list[QuoteRow], str | None]:
    """One page of the quotes that the actor sees, the newest first."""
    place = place_of(query.cursor, int)
    wanted = QuoteFilter(
        states=(query.state,) if query.state else (),
        account_id=query.account_id,
        owner_id=call.actor.user_id if query.mine else None,
        text=query.text,
        is_template=query.templates,
        needs_right=query.needs_right,
    )
    rows = await list_quotes(call.tx, wanted, before=place[0] if place else None, limit=query.limit + 1)
    return cut(rows, query.limit, lambda row: (row.id,))


async def quote_named(tx: Tx, reference: str) -> int:
    """The quote with this number or id; 404 where the actor does not see it."""
    if reference.isascii() and reference.isdecimal() and len(reference) < 19:
        return int(reference)
    if len(reference) > 100:
        raise not_there()
    return await quote_id_of(tx, reference)


async def answered(call: Call, quote_id: int) -> Answer:
    page = await quote_page(call.tx, quote_id)
    return Answer(page, version=page.head.stamp, location=f"/api/quotes/{page.head.number}")


@routes.post("/quotes", permission="quotes.write", body=QuoteDraft, returns=QuotePage, status=201)
async def create_quote(call: Call, body: QuoteDraft) -> Answer:
    """Begin a quote, or a template, priced now."""
    return await answered(call, (await commands.create_quote(call.tx, body)).id)


@routes.get("/quotes", permission="quotes.read", query=QuoteQuery, returns=(Rows, QuoteRow))
async def read_quotes(call: Call, query: QuoteQuery) -> Rows:
    """Quotes, the newest first."""
    return Rows(*await quotes_matching(call, query))


@routes.get("/quotes/history", permission="quotes.read", query=HistoryQuery, returns=History)
async def read_history(call: Call, query: HistoryQuery) -> History:
    """What a customer was offered and has ordered a product at, the last first."""
    customer = (await resolve_customers(call.tx, [query.customer])).get(query.customer)
    if customer is None:
        raise not_there()
    return await history_of(call, customer.account_id, query.product)


async def history_of(call: Call, account_id: int, product: str) -> History:
    ordered = []
    if call.actor.may("orders.read"):
        ordered = await paid_prices(call.tx, account_id=account_id, product_code=product)
    return History(ordered, await offered_prices(call.tx, account_id=account_id, product_code=product))


@routes.get(QUOTE, permission="quotes.read", query=VersionQuery, returns=QuotePage)
async def read_quote(call: Call, reference: str, query: VersionQuery) -> Answer:
    """One quote by number or id: lines, prices with their waterfalls, needs, versions, questions, orders."""
    page = await quote_page(call.tx, await quote_named(call.tx, reference), version=query.version)
    return Answer(page, version=page.head.stamp)


@routes.put(QUOTE + "/content", permission="quotes.write", body=Content, returns=QuotePage, matches=True)
async def write_quote(call: Call, reference: str, body: Content) -> Answer:
    """Write what the draft version says, as a whole; its prices stay those of the moment it was priced for."""
    quote_id = await quote_named(call.tx, reference)
    await commands.write_content(call.tx, quote_id, body, seen=seen_version(call.if_match))
    return await answered(call, quote_id)


@routes.get(QUOTE + "/reprice", permission="quotes.read", returns=(Rows, PriceDifference))
async def preview_reprice(call: Call, reference: str) -> Rows:
    """What pricing the draft for now would change, and by which steps."""
    return Rows(list(await differences_of(call.tx, await quote_named(call.tx, reference))))


async def differences_of(tx: Tx, quote_id: int) -> tuple[PriceDifference, ...]:
    """What pricing one draft for now would change; of what is not a draft nothing would."""
    found = await preview_repricing(tx, quote_ids=[quote_id])
    refuse_if_any([problem for one in found for problem in one.problems])
    return tuple(difference for one in found for difference in one.differences)


@routes.post(QUOTE + "/reprice", permission="quotes.write", returns=QuotePage, matches=True)
async def reprice_quote(call: Call, reference: str) -> Answer:
    """Price the draft for now."""
    quote_id = await quote_named(call.tx, reference)
    seen = seen_version(call.if_match)
    await commands.reprice_quotes(call.tx, [quote_id], seen={} if seen is None else {quote_id: seen})
    return await answered(call, quote_id)


@routes.post(QUOTE + "/confirm", permission="quotes.read", body=Comment, returns=QuotePage)
async def confirm_quote(call: Call, reference: str, body: Comment) -> Answer:
    """Stand up for prices that need a right; it takes the right that each need names."""
    quote_id = await quote_named(call.tx, reference)
    await commands.confirm_needs(call.tx, quote_id, comment=body.comment)
    return await answered(call, quote_id)


@routes.get(QUOTE + "/approval", permission="quotes.read", returns=QuoteApproval)
async def read_approval(call: Call, reference: str) -> QuoteApproval:
    """What sending the draft would take by the policies about quotes, and the newest request for it."""
    head = await head_of(call.tx, await quote_named(call.tx, reference))
    approval = await commands.approval_of(call.tx, head)
    if approval is None:
        return QuoteApproval(False, None, None, "")
    return QuoteApproval(approval.asks, approval.preview, approval.request, approval.problem)


@routes.post(QUOTE + "/approval", permission="quotes.write", returns=Submitted, matches=True)
async def ask_approval(call: Call, reference: str) -> Submitted:
    """Submit the draft for approval; the same content again changes nothing, and what is covered asks nobody."""
    quote_id = await quote_named(call.tx, reference)
    return await commands.ask_approval(call.tx, quote_id, seen=seen_version(call.if_match))


@routes.post(QUOTE + "/send", permission="quotes.write", returns=QuotePage, matches=True)
async def send_quote(call: Call, reference: str) -> Answer:
    """Freeze the active version and offer it to the customer."""
    quote_id = await quote_named(call.tx, reference)
    await commands.send_quote(call.tx, quote_id, seen=seen_version(call.if_match))
    return await answered(call, quote_id)


@routes.post(QUOTE + "/revise", permission="quotes.write", returns=QuotePage)
async def revise_quote(call: Call, reference: str) -> Answer:
    """Begin the next version of a quote that was sent."""
    quote_id = await quote_named(call.tx, reference)
    await commands.revise_quote(call.tx, quote_id)
    return await answered(call, quote_id)


@routes.post(QUOTE + "/accept", permission="quotes.write", body=AcceptanceDraft, returns=QuotePage)
async def accept_quote(call: Call, reference: str, body: AcceptanceDraft) -> Answer:
    """Keep a customer's yes that came some other way than by their link."""
    quote_id = await quote_named(call.tx, reference)
    await commands.accept_quote(call.tx, quote_id, body)
    return await answered(call, quote_id)


@routes.post(QUOTE + "/lose", permission="quotes.write", body=LossDraft, returns=QuotePage)
async def lose_quote(call: Call, reference: str, body: LossDraft) -> Answer:
    """Close a quote that will not be taken, with the code of the reason."""
    quote_id = await quote_named(call.tx, reference)
    await commands.lose_quote(call.tx, quote_id, body)
    return await answered(call, quote_id)


@routes.post(QUOTE + "/copy", permission="quotes.write", body=CopyDraft, returns=QuotePage, status=201)
async def copy_quote(call: Call, reference: str, body: CopyDraft) -> Answer:
    """Begin another quote that says the same, at the prices of now: for a customer, or as a template."""
    copied = await commands.copy_quote(call.tx, await quote_named(call.tx, reference), body)
    return await answered(call, copied.id)


@routes.post(QUOTE + "/convert", permission="quotes.write", body=ConversionWish, returns=ConvertedQuote)
async def convert_quote(call: Call, reference: str, body: ConversionWish) -> ConvertedQuote:
    """Make an order of what is left, of chosen lines, or of part quantities; the same key counts once."""
    return await converted(call, await quote_named(call.tx, reference), body, submit=body.submit)


async def converted(call: Call, quote_id: int, draft: ConversionDraft, *, submit: bool) -> ConvertedQuote:
    require(call.actor, "orders.write")
    [order] = await convert_quotes(call.tx, {quote_id: draft})
    if submit and order.is_new:
        await submit_orders(call.tx, [order.order_id])
    return order


@routes.get(QUOTE + "/compare", permission="quotes.read", query=Sides, returns=Comparison)
async def compare_versions(call: Call, reference: str, query: Sides) -> Comparison:
    """Where two versions of a quote differ, line by line."""
    head = (await quote_page(call.tx, await quote_named(call.tx, reference))).head
    before = await stored_version(call.tx, head.id, query.before)
    return compare(before, await stored_version(call.tx, head.id, query.after))


@routes.get(QUOTE + "/predicted", permission="quotes.read", returns=Predicted)
async def read_predicted(call: Call, reference: str) -> Predicted:
    """When the lines would be there if they were ordered now."""
    return await predicted_delivery(call.tx, await quote_page(call.tx, await quote_named(call.tx, reference)))


@routes.get(QUOTE + "/margins", permission=COST_RIGHT, query=VersionQuery, returns=(Rows, MarginRow))
async def read_margins(call: Call, reference: str, query: VersionQuery) -> Rows:
    """Cost and margin of each charge whose cost is known."""
    head = (await quote_page(call.tx, await quote_named(call.tx, reference))).head
    margins = await margins_of(call.tx, head.id, query.version or head.active_version)
    return Rows([MarginRow(line, kind, m.net, m.cost, m.amount, m.percent) for (line, kind), m in margins.items()])


@routes.post(QUOTE + "/link", permission="quotes.write", returns=CustomerLink, status=201, told_once=True)
async def make_link(call: Call, reference: str) -> CustomerLink:
    """A new way in for the customer, in place of every older one; it is told once."""
    made = await commands.make_link(call.tx, await quote_named(call.tx, reference))
    return CustomerLink(f"/offers/{made.token}", made.expires_at)


@routes.delete(QUOTE + "/link", permission="quotes.write", status=204)
async def end_link(call: Call, reference: str) -> None:
    """Close every way in to a quote."""
    await commands.end_links(call.tx, await quote_named(call.tx, reference))


@routes.post(
    QUOTE + "/questions/{question_id:int}/answer", permission="quotes.write", body=AnswerText, returns=QuotePage
)
async def answer_question(call: Call, reference: str, question_id: int, body: AnswerText) -> Answer:
    """Answer a customer's question; they see it on their page."""
    quote_id = await quote_named(call.tx, reference)
    await commands.answer_question(call.tx, quote_id, question_id, answer=body.answer)
    return await answered(call, quote_id)
