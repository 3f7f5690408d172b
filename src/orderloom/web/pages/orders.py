"""The orders, and one order with its items, plan, timeline and invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from orderloom.base.fields import LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.base.transaction import Tx
from orderloom.billing import reads as billing
from orderloom.catalog.price_words import STEP_NAMES, step_words
from orderloom.catalog.reads import COST_RIGHT
from orderloom.fulfilment.commands import (
    accept_cancellations,
    cancel_orders,
    deny_cancellations,
    edit_header,
    reject_orders,
    release_holds,
    request_cancellations,
    submit_orders,
)
from orderloom.fulfilment.projecting import projected_steps
from orderloom.fulfilment.views import COUNTED_MOST, View, orders_in, totals_in
from orderloom.gateway.reads import CallPage, call_page
from orderloom.insight.sheets import csv_file, xlsx_file
from orderloom.orders.order import HeaderEdit
from orderloom.orders.reads import ItemRow, OrderPage, hold_codes, order_margins, order_page, quote_of, waterfalls_of
from orderloom.orders.reads.mail import reader_of
from orderloom.orders.states import LIVE, TITLES, moves_from
from orderloom.orders.types import Priority
from orderloom.processes.reads import step_history
from orderloom.stock import reads as stock
from orderloom.web.answers import Page, SeeOther, Sent
from orderloom.web.api.orders import (
    CANCELLATION,
    STATES,
    HoldWish,
    OrderQuery,
    order_named,
    orders_matching,
    place_hold,
)
from orderloom.web.call import Call
from orderloom.web.inputs import Why
from orderloom.web.order_columns import columns_of
from orderloom.web.pages.documents import papers_context
from orderloom.web.paging import cursor_of, place_of
from orderloom.web.plan import (
    DRAWN_MOST,
    OrderPlan,
    calls_of_step,
    item_quantities,
    order_plan,
    order_timeline,
    plan_steps,
    seen_step,
)
from orderloom.web.plan_gantt import Gantt, Reader, gantt
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes
from orderloom.web.table_files import sent_file

routes = Routes("page")
STEPS_SHOWN = 500
UNRELEASED = ("draft", "submitted", "held")
VIEWS: dict[View, str] = {
    "drafts": "Drafts",
    "on_hold": "On hold",
    "in_fulfilment": "In fulfilment",
    "in_jeopardy": "In jeopardy",
    "fallout": "Fallout",
    "to_deliver": "To deliver",
    "to_bill": "To bill",
    "done": "Done",
}


@routes.get("/orders", permission="orders.read", query=OrderQuery)
async def orders_page(call: Call, query: OrderQuery) -> Page | SeeOther:
    """The orders that the person sees; a number that is one order's opens it."""
    rows, following = await orders_matching(call, query)
    typed = (query.text or "").strip().upper()
    if len(rows) == 1 and typed == rows[0].number and not call.partial:
        return SeeOther(f"/orders/{rows[0].number}")
    context = {
        "rows": rows,
        "query": query,
        "kept": kept_of(query),
        "next": following,
        "states": STATES,
        "titles": TITLES,
        "views": VIEWS,
        "columns": columns_of(None),
        "totals": [] if query.cursor else await totals_in(call.tx, query.view, query.wanted()),
    }
    return Page("orders/orders.html", context)


def kept_of(query: OrderQuery) -> dict[str, Any]:
    """The query as it stands in an address, without its place."""
    usual = asdict(OrderQuery())
    said = {name: value for name, value in asdict(query).items() if value != usual[name] and name != "cursor"}
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in said.items()}


@routes.get("/orders/files/{name:str}", permission="orders.read", query=OrderQuery)
async def orders_file(call: Call, name: str, query: OrderQuery) -> Sent:
    """The orders that match, with the columns that are shown, as CSV or XLSX in which no cell is executed."""
    if name not in {"orders.csv", "orders.xlsx"}:
        raise not_there()
    rows = await orders_in(call.tx, query.view, query.wanted(), sort=query.sort, limit=COUNTED_MOST)
    if len(rows) == COUNTED_MOST:
        refuse("too_many_rows", f"A file may have {COUNTED_MOST - 1:,} orders; filter the list first.")
    columns = columns_of(None)
    head, cells = [column.title for column in columns], [[column.cell(row) for column in columns] for row in rows]
    return sent_file(name, xlsx_file(head, cells, title="Orders") if name.endswith("xlsx") else csv_file(head, cells))


@routes.get("/orders/{reference:str}", permission="orders.read")
async def order_overview(call: Call, reference: str) -> Page:
    """One order: its items."""
    return await shown(call, reference, "items")


@routes.get("/orders/{reference:str}/plan", permission="orders.read")
async def order_plan_page(call: Call, reference: str) -> Page:
    """One order: its plan as a graph."""
    return await shown(call, reference, "plan")


@routes.get("/orders/{reference:str}/gantt", permission="orders.read")
async def order_gantt_page(call: Call, reference: str) -> Page:
    """One order: its plan over time."""
    return await shown(call, reference, "gantt")


@routes.get("/orders/{reference:str}/steps", permission="orders.read")
async def order_steps_page(call: Call, reference: str) -> Page:
    """One order: its plan as a table."""
    return await shown(call, reference, "steps")


@routes.get("/orders/{reference:str}/timeline", permission="orders.read")
async def order_timeline_page(call: Call, reference: str) -> Page:
    """One order: what happened."""
    return await shown(call, reference, "timeline")


@routes.get("/orders/{reference:str}/billing", permission="orders.read")
async def order_billing_page(call: Call, reference: str) -> Page:
    """One order: what is charged, why not yet, and its invoices."""
    return await shown(call, reference, "billing")


@routes.get("/orders/{reference:str}/documents", permission="orders.read")
async def order_documents_page(call: Call, reference: str) -> Page:
    """One order: what was made of it on paper."""
    return await shown(call, reference, "documents")


async def shown(call: Call, reference: str, tab: str) -> Page:
    """The order with what the tab needs; a live page asks for the same again."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    plan = await order_plan(call.tx, page.header.id)
    context: dict[str, Any] = {
        "page": page,
        "header": page.header,
        "plan": plan,
        "tab": tab,
        "titles": TITLES,
        "moves": [move for move in moves_from(page.header.state) if call.actor.may(move.permission or "")],
        "standing": [hold for hold in page.holds if hold.released_at is None],
        "hold_codes": await hold_codes(call.tx) if call.actor.may("orders.write") else [],
        "sees_billing": call.actor.may("billing.read"),
        "quote": await quote_of(call.tx, page.header.id) if call.actor.may("quotes.read") else None,
        "may_change": call.actor.may("orders.write") and page.header.state in LIVE,
        "may_edit": call.actor.may("orders.write") and plan is None and page.header.state in UNRELEASED,
    }
    return Page("orders/order.html", {**context, **await tab_context(call, page, plan, tab)})


async def tab_context(call: Call, page: OrderPage, plan: OrderPlan | None, tab: str) -> dict[str, Any]:
    order_id = page.header.id
    if tab == "items":
        return {
            "depths": depths(page.items),
            "waterfalls": (await waterfalls_of(call.tx, [order_id])).get(order_id, []),
            "margins": (await order_margins(call.tx, order_id)).lines if call.actor.may(COST_RIGHT) else None,
            "step_names": STEP_NAMES,
            "step_words": step_words,
            "counts": plan.counts() if plan else {},
            "goods": await item_quantities(call.tx, order_id) if call.actor.may("stock.read") else {},
            "shipments": await stock.shipments(call.tx, order_ids=[order_id]) if call.actor.may("stock.read") else [],
        }
    if tab in ("plan", "gantt", "steps"):
        return await plan_context(call, order_id, plan, tab)
    if tab == "timeline":
        return {"happenings": await order_timeline(call.tx, order_id, plan.header.process_id if plan else None)}
    if tab == "documents":
        return await documents_context(call, order_id)
    if tab == "billing" and call.actor.may("billing.read"):
        return await billing_context(call, order_id, plan)
    return {}


async def plan_context(call: Call, order_id: int, plan: OrderPlan | None, tab: str) -> dict[str, Any]:
    """The plan as a graph, over time, or as a table."""
    if tab == "plan":
        return {"graph": plan.graph() if plan else None}
    return {"gantt": await gantt_of(call, order_id, plan)} if tab == "gantt" else steps_context(call, plan)


async def gantt_of(call: Call, order_id: int, plan: OrderPlan | None) -> Gantt | None:
    """The plan over time; None before there is one, and where it has too many steps to be told apart."""
    if plan is None or not 0 < len(plan.steps) <= DRAWN_MOST:
        return None
    return gantt(
        plan.steps,
        await projected_steps(call.tx, order_id),
        promised=plan.header.promised_at,
        now=call.tx.now,
        reader=Reader(ZoneInfo(call.visitor.time_zone), call.visitor.locale.replace("-", "_")),
    )


async def documents_context(call: Call, order_id: int) -> dict[str, Any]:
    return {
        **await papers_context(call, "order", order_id),
        "shipments": await stock.shipments(call.tx, order_ids=[order_id]),
        "reader": await reader_of(call.tx, order_id) if call.actor.may("messages.write") else None,
    }


async def billing_context(call: Call, order_id: int, plan: OrderPlan | None) -> dict[str, Any]:
    """What is charged, why not yet, and the invoices."""
    return {
        "titles_of_steps": {step.key: step.title for step in plan.steps} if plan else {},
        "triggers": await billing.triggers_of_orders(call.tx, [order_id]),
        "charges": await billing.charges_of_orders(call.tx, [order_id]),
        "invoices": await billing.invoices(call.tx, order_ids=[order_id]),
    }


def steps_context(call: Call, plan: OrderPlan | None) -> dict[str, Any]:
    """One page of the plan as a table."""
    first = place_of(call.arguments.get("cursor"), int)
    begin = first[0] if first else 0
    more = plan is not None and len(plan.steps) > begin + STEPS_SHOWN
    return {
        "rows": plan.steps[begin : begin + STEPS_SHOWN] if plan else [],
        "begin": begin,
        "next": cursor_of([begin + STEPS_SHOWN] if more else None),
    }


def depths(items: Sequence[ItemRow]) -> dict[int, int]:
    """How deep each item stands in the tree."""
    found: dict[int, int] = {}
    for item in items:
        found[item.id] = found.get(item.parent_id, -1) + 1 if item.parent_id is not None else 0
    return found


@routes.get("/steps/{process_id:int}/{number:int}", permission="orders.read")
async def step_page(call: Call, process_id: int, number: int) -> Page:
    """One step: why it is there, what was done, request and reply, and where to act."""
    owner = await seen_step(call.tx, process_id, number)
    [step] = await plan_steps(call.tx, process_id, [number])
    context = {
        "step": step,
        "owner": owner,
        "moves": await step_history(call.tx, process_id, number, limit=100),
        "calls": await wire_of(call.tx, process_id, number) if sees_wire(call) else [],
    }
    return Page("orders/step_panel.html" if call.partial else "orders/step.html", context)


def sees_wire(call: Call) -> bool:
    return call.actor.may("gateway.read") or call.actor.may("fulfilment.repair")


async def wire_of(tx: Tx, process_id: int, number: int) -> list[CallPage]:
    """The calls of a step with request and reply."""
    return [await call_page(tx, call_id) for call_id in await calls_of_step(tx, process_id, number)]


@routes.post("/orders/{reference:str}/submit", permission="orders.write")
async def submit_by_form(call: Call, reference: str) -> SeeOther:
    """Commit the customer to a draft."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await submit_orders(call.tx, [page.header.id])
    return SeeOther(f"/orders/{page.header.number}", "The order is submitted.")


@routes.post("/orders/{reference:str}/cancel", permission="orders.cancel", body=Why)
async def cancel_by_form(call: Call, reference: str, body: Why) -> SeeOther:
    """Cancel a draft, or ask for the cancellation of what is under way."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await cancel_orders(call.tx, [page.header.id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The order is being cancelled; what was done for it is undone.")


@routes.post(CANCELLATION, permission="orders.write", body=Why)
async def ask_by_form(call: Call, reference: str, body: Why) -> SeeOther:
    """Ask for an order's cancellation."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await request_cancellations(call.tx, [page.header.id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The cancellation is asked for; an order manager decides.")


@routes.post(f"{CANCELLATION}/accept", permission="orders.cancel", body=Why)
async def accept_by_form(call: Call, reference: str, body: Why) -> SeeOther:
    """Grant the cancellation that was asked for."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await accept_cancellations(call.tx, [page.header.id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The order is being cancelled; what was done for it is undone.")


@routes.post(f"{CANCELLATION}/deny", permission="orders.cancel", body=Why)
async def deny_by_form(call: Call, reference: str, body: Why) -> SeeOther:
    """Say no to the cancellation that was asked for."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await deny_cancellations(call.tx, [page.header.id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The cancellation is denied; the order goes on.")


@routes.post("/orders/{reference:str}/reject", permission="orders.write", body=Why)
async def reject_by_form(call: Call, reference: str, body: Why) -> SeeOther:
    """Refuse to take an order, for good, while nothing has begun."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await reject_orders(call.tx, [page.header.id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The order is rejected.")


@strict
@dataclass(frozen=True, slots=True)
class HeaderForm:
    """What a person may edit of a header, and the version that the page showed."""

    version: int
    po_number: Text | None = None
    priority: Priority = "standard"
    promised_on: date | None = None
    note: LongText | None = None


@routes.post("/orders/{reference:str}/header", permission="orders.write", body=HeaderForm)
async def edit_header_by_form(call: Call, reference: str, body: HeaderForm) -> SeeOther:
    """Change header fields of an order that is not released yet."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    edit = HeaderEdit(body.po_number, body.priority, body.promised_on, body.note, page.header.attributes)
    await edit_header(call.tx, page.header.id, edit, version=body.version)
    return SeeOther(f"/orders/{page.header.number}", "The header is changed.")


@routes.post("/orders/{reference:str}/holds", permission="orders.write", body=HoldWish)
async def hold_by_form(call: Call, reference: str, body: HoldWish) -> SeeOther:
    """Put a stop on an order or one of its items."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    await place_hold(call.tx, page, body)
    return SeeOther(f"/orders/{page.header.number}", "The hold stands; the steps that it stops wait.")


@routes.post("/orders/{reference:str}/holds/{hold_id:int}/release", permission="orders.read", body=Why)
async def release_by_form(call: Call, reference: str, hold_id: int, body: Why) -> SeeOther:
    """Lift a hold; each names the right that this takes."""
    page = await order_page(call.tx, await order_named(call.tx, reference))
    if hold_id not in {hold.id for hold in page.holds}:
        raise not_there()
    await release_holds(call.tx, [hold_id], reason=body.reason)
    return SeeOther(f"/orders/{page.header.number}", "The hold is lifted.")
