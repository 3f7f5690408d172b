"""The API of orders: capture, read, stop, cancel, and the plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import astuple, dataclass
from decimal import Decimal
from typing import Annotated, Any, get_args

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands import (
    PlacedOrder,
    accept_cancellations,
    cancel_orders,
    deny_cancellations,
    edit_header,
    hold_orders,
    place_orders,
    reject_orders,
    release_holds,
    request_cancellations,
    simulate_order,
    submit_orders,
)
from orderloom.fulfilment.projecting import ProjectedStep, projected_steps
from orderloom.fulfilment.simulate import as_json
from orderloom.fulfilment.views import Total, View, orders_in, totals_in
from orderloom.orders.order import HeaderEdit, HoldDraft
from orderloom.orders.reads import (
    NEWEST,
    ItemWaterfall,
    OrderFilter,
    OrderPage,
    OrderPlace,
    OrderRow,
    OrderSort,
    order_id_of,
    order_margins,
    order_page,
    place_in,
    waterfalls_of,
)
from orderloom.orders.states import State
from orderloom.orders.types import OrderDraft
from orderloom.parties.policy import require
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Search, Why, WhyText
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.plan import Happening, OrderPlan, order_plan, order_timeline
from orderloom.web.preconditions import require_match, seen_version
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
STATES: tuple[State, ...] = get_args(State)


@strict
@dataclass(frozen=True, slots=True)
class OrderQuery:
    """Which orders to list."""

    text: Search | None = None
    state: State | None = None
    account_id: Annotated[int, Field(ge=1)] | None = None
    channel: Annotated[str, Field(max_length=100)] | None = None
    external_id: Annotated[str, Field(max_length=100)] | None = None
    product_code: Annotated[str, Field(max_length=100)] | None = None
    on_hold: bool | None = None
    view: View | None = None
    sort: OrderSort = NEWEST
    cursor: Cursor | None = None
    limit: Limit = LIMIT

    def wanted(self) -> OrderFilter:
        """What is asked for, but for the view."""
        return OrderFilter(
            states=(self.state,) if self.state else (),
            account_id=self.account_id,
            text=self.text,
            channel=self.channel,
            external_id=self.external_id,
            product_code=self.product_code,
            is_on_hold=self.on_hold,
        )


async def orders_matching(call: Call, query: OrderQuery) -> tuple[list[OrderRow], str | None]:
    """One page of the orders that the actor sees."""
    place = place_of(query.cursor, str, int)
    after = OrderPlace(*place) if place else None
    rows = await orders_in(call.tx, query.view, query.wanted(), sort=query.sort, after=after, limit=query.limit + 1)
    return cut(rows, query.limit, lambda row: astuple(place_in(query.sort, row)))


async def order_named(tx: Tx, reference: str) -> int:
    """The order with this number, external id or id; 404 where the actor does not see it."""
    if reference.isascii() and reference.isdecimal() and len(reference) < 19:
        return int(reference)
    if len(reference) > 100:
        raise not_there()
    return await order_id_of(tx, reference)


@routes.post("/orders", permission="orders.write", body=OrderDraft, returns=PlacedOrder, status=201)
async def place_order(call: Call, body: OrderDraft) -> Answer:
    """Take an order and commit the customer to it; it is planned at once.

    The same order under the same external id answers 200 with the first one, marked as existing.
    """
    [placed] = await place_orders(call.tx, [body])
    return _taken(placed)


def _taken(placed: PlacedOrder) -> Answer:
    return Answer(placed, status=200 if placed.existing else 201, location=f"/api/orders/{placed.number}")


@routes.post("/orders/drafts", permission="orders.write", body=OrderDraft, returns=PlacedOrder, status=201)
async def draft_order(call: Call, body: OrderDraft) -> Answer:
    """Write an order down without committing the customer; the same draft again answers with the first one."""
    [drafted] = await place_orders(call.tx, [body], submit=False)
    return _taken(drafted)


@routes.post("/orders/simulate", permission="orders.read", body=OrderDraft)
async def simulate(call: Call, body: OrderDraft) -> Any:
    """Plan an order without side effects: items, fulfilment items, steps, dependencies, dates, billing, and why."""
    return as_json(await simulate_order(call.tx, body))


@routes.get("/orders", permission="orders.read", query=OrderQuery, returns=(Rows, OrderRow))
async def read_orders(call: Call, query: OrderQuery) -> Rows:
    """Orders by what they wait for (`view`), by state, customer or text; the newest first, or sorted otherwise."""
    return Rows(*await orders_matching(call, query))


@routes.get("/orders/totals", permission="orders.read", query=OrderQuery, returns=(Rows, Total))
async def read_totals(call: Call, query: OrderQuery) -> Rows:
    """What the orders that match come to, by currency; nothing where they are ten thousand or more."""
    return Rows(await totals_in(call.tx, query.view, query.wanted()))


@routes.get("/orders/{reference:str}", permission="orders.read", returns=OrderPage)
async def read_order(call: Call, reference: str) -> Answer:
    """One order by number, external id or id: header, items, ship groups, credits, holds and places."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    return Answer(page, version=page.header.version)


@dataclass(frozen=True, slots=True)
class ChargeMargin:
    """What a charge of a line cost us and what is left of it."""

    line: str
    kind: str
    net: Decimal
    cost: Decimal
    margin: Decimal
    percent: Decimal


@routes.get("/orders/{reference:str}/prices", permission="orders.read", returns=(Rows, ItemWaterfall))
async def read_prices(call: Call, reference: str) -> Rows:
    """How the lines of an order came to their prices: the steps of each charge from list to net."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    return Rows((await waterfalls_of(call.tx, [page.header.id])).get(page.header.id, []))


@routes.get("/orders/{reference:str}/margins", permission="catalog.cost", returns=(Rows, ChargeMargin))
async def read_margins(call: Call, reference: str) -> Rows:
    """Cost and margin of each charge of an order whose cost is known, as they were on the day of the capture."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    require(call.actor, "orders.read")
    margins = await order_margins(call.tx, page.header.id)
    return Rows(
        [
            ChargeMargin(line, kind, margin.net, margin.cost, margin.amount, margin.percent)
            for (line, kind), margin in margins.lines.items()
        ]
    )


@routes.get("/orders/{reference:str}/plan", permission="orders.read", returns=OrderPlan)
async def read_plan(call: Call, reference: str) -> OrderPlan:
    """The plan of an order: steps with their state, and dependencies."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    plan = await order_plan(call.tx, page.header.id)
    if plan is None:
        raise not_there()
    return plan


@routes.get("/orders/{reference:str}/projection", permission="orders.read", returns=(Rows, ProjectedStep))
async def read_projection(call: Call, reference: str) -> Rows:
    """When the open steps of an order will begin and end as things stand now, by number."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    return Rows(await projected_steps(call.tx, page.header.id))


@routes.get("/orders/{reference:str}/timeline", permission="orders.read", returns=(Rows, Happening))
async def read_timeline(call: Call, reference: str) -> Rows:
    """What happened to an order and its steps, the latest first."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    plan = await order_plan(call.tx, page.header.id)
    return Rows(await order_timeline(call.tx, page.header.id, plan.header.process_id if plan else None))


@routes.post("/orders/{reference:str}/submit", permission="orders.write", returns=OrderPage, matches=True)
async def submit_order(call: Call, reference: str) -> Answer:
    """Commit the customer to a draft."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    require_match(call.if_match, page.header.version)
    await submit_orders(call.tx, [page.header.id])
    page = await order_page(call.tx, page.header.id)
    return Answer(page, version=page.header.version)


@routes.post("/orders/{reference:str}/cancel", permission="orders.cancel", body=Why, returns=OrderPage)
async def cancel_order(call: Call, reference: str, body: Why) -> Answer:
    """Cancel a draft, or ask for the cancellation of what is under way; what was done for it is undone."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await cancel_orders(call.tx, [page.header.id], reason=body.reason)
    page = await order_page(call.tx, page.header.id)
    return Answer(page, version=page.header.version)


CANCELLATION = "/orders/{reference:str}/cancellation"


@routes.post(CANCELLATION, permission="orders.write", body=Why, returns=OrderPage)
async def request_cancellation(call: Call, reference: str, body: Why) -> Answer:
    """Ask for an order's cancellation; it goes on until somebody who may cancel has decided."""
    return await decided(call, reference, body, request_cancellations)


@routes.post(f"{CANCELLATION}/accept", permission="orders.cancel", body=Why, returns=OrderPage)
async def accept_cancellation(call: Call, reference: str, body: Why) -> Answer:
    """Grant the cancellation that was asked for; what was done for the order is undone."""
    return await decided(call, reference, body, accept_cancellations)


@routes.post(f"{CANCELLATION}/deny", permission="orders.cancel", body=Why, returns=OrderPage)
async def deny_cancellation(call: Call, reference: str, body: Why) -> Answer:
    """Say no to the cancellation that was asked for; the order goes on from where it stands."""
    return await decided(call, reference, body, deny_cancellations)


@routes.post("/orders/{reference:str}/reject", permission="orders.write", body=Why, returns=OrderPage)
async def reject_order(call: Call, reference: str, body: Why) -> Answer:
    """Refuse to take an order, for good, while nothing has begun."""
    return await decided(call, reference, body, reject_orders)


@routes.put(
    "/orders/{reference:str}/header", permission="orders.write", body=HeaderEdit, returns=OrderPage, matches=True
)
async def change_header(call: Call, reference: str, body: HeaderEdit) -> Answer:
    """Give the header of an order that is not released yet these fields as a whole; what is left out is emptied."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await edit_header(call.tx, page.header.id, body, version=seen_version(call.if_match))
    page = await order_page(call.tx, page.header.id)
    return Answer(page, version=page.header.version)


async def decided(call: Call, reference: str, why: Why, verb: Callable[..., Awaitable[object]]) -> Answer:
    """The order after what was decided about it."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await verb(call.tx, [page.header.id], reason=why.reason)
    page = await order_page(call.tx, page.header.id)
    return Answer(page, version=page.header.version)


@strict
@dataclass(frozen=True, slots=True)
class HoldWish:
    """A stop to place. Without a line it stops the whole order; what it blocks comes from its code."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    reason: WhyText
    line: Annotated[str, Field(max_length=100)] | None = None


@routes.post("/orders/{reference:str}/holds", permission="orders.write", body=HoldWish, returns=OrderPage, status=201)
async def hold_order(call: Call, reference: str, body: HoldWish) -> OrderPage:
    """Put a stop on an order or one of its items; its steps stand still at once."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await place_hold(call.tx, page, body)
    return await order_page(call.tx, page.header.id)


async def place_hold(tx: Tx, page: OrderPage, wish: HoldWish) -> None:
    by_line: Mapping[str, int] = {item.line: item.id for item in page.items}
    if wish.line is not None and wish.line not in by_line:
        raise not_there()
    item_id = by_line[wish.line] if wish.line is not None else None
    await hold_orders(tx, [HoldDraft(page.header.id, wish.code, wish.reason, item_id=item_id)])


@routes.post(
    "/orders/{reference:str}/holds/{hold_id:int}/release", permission="orders.read", body=Why, returns=OrderPage
)
async def release_hold(call: Call, reference: str, hold_id: int, body: Why) -> OrderPage:
    """Lift a hold. Each hold names the right that this takes."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    if hold_id not in {hold.id for hold in page.holds}:
        raise not_there()
    await release_holds(call.tx, [hold_id], reason=body.reason)
    return await order_page(call.tx, page.header.id)
