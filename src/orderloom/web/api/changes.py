"""The API of changes: draft, preview, apply, withdraw; and revisions side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.fulfilment.commands import apply_change, draft_follow_on, preview_change
from orderloom.orders.change import Change, ChangeDraft, Preview, RevisionRow
from orderloom.orders.commands import draft_change, withdraw_change
from orderloom.orders.reads import change_of, changes_of, order_page, previews_of, revisions_of
from orderloom.orders.revisions import compare
from orderloom.web.answers import Answer, Rows
from orderloom.web.api.orders import order_named
from orderloom.web.call import Call
from orderloom.web.preconditions import require_match
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
CHANGE = "/orders/{reference:str}/changes/{number:int}"


@strict
@dataclass(frozen=True, slots=True)
class Application:
    """How a change is applied: whether what it costs to go back over soft points of no return is accepted."""

    accept_fees: bool = False


@strict
@dataclass(frozen=True, slots=True)
class Sides:
    """Two revisions of an order."""

    before: Annotated[int, Field(ge=1)]
    after: Annotated[int, Field(ge=1)]


async def seen_order(call: Call, reference: str) -> int:
    """The order, when the actor sees it."""
    return (await order_page(call.tx, await order_named(call.tx, reference))).header.id


@routes.post("/orders/{reference:str}/changes", permission="orders.write", body=ChangeDraft, returns=Change, status=201)
async def draft(call: Call, reference: str, body: ChangeDraft) -> Answer:
    """Write down a wish to alter a confirmed order; the order stays untouched."""
    order_id = await seen_order(call, reference)
    change = await draft_change(call.tx, order_id, body)
    return Answer(change, version=change.version, location=f"/api/orders/{reference}/changes/{change.number}")


@routes.get("/orders/{reference:str}/changes", permission="orders.read", returns=(Rows, Change))
async def read_changes(call: Call, reference: str) -> Rows:
    """The changes of an order, the newest first."""
    return Rows(await changes_of(call.tx, await seen_order(call, reference)))


@routes.get(CHANGE, permission="orders.read", returns=Change)
async def read_change(call: Call, reference: str, number: int) -> Answer:
    """One change of an order."""
    change = await change_of(call.tx, await seen_order(call, reference), number)
    return Answer(change, version=change.version)


@routes.get(f"{CHANGE}/previews", permission="orders.read", returns=(Rows, Preview))
async def read_previews(call: Call, reference: str, number: int) -> Rows:
    """What was previewed of a change, by whom and when, the last first."""
    change = await change_of(call.tx, await seen_order(call, reference), number)
    return Rows(await previews_of(call.tx, [change.id]))


@routes.post(f"{CHANGE}/preview", permission="orders.write", returns=Preview)
async def preview(call: Call, reference: str, number: int) -> Preview:
    """Everything that a change would do now: lines, money, tax, stock, steps, dates, points of no return."""
    return await preview_change(call.tx, await seen_order(call, reference), number)


@routes.post(f"{CHANGE}/apply", permission="orders.write", body=Application, returns=Change, matches=True)
async def apply(call: Call, reference: str, number: int, body: Application) -> Answer:
    """Make the order what its last preview said, whole or not at all."""
    order_id = await seen_order(call, reference)
    change = await change_of(call.tx, order_id, number)
    if change.state != "applied":
        require_match(call.if_match, change.version)
    applied = await apply_change(call.tx, order_id, number, accept_fees=body.accept_fees)
    return Answer(applied, version=applied.version)


@routes.post(f"{CHANGE}/withdraw", permission="orders.write", returns=Change)
async def withdraw(call: Call, reference: str, number: int) -> Answer:
    """Give a change up before it is applied."""
    change = await withdraw_change(call.tx, await seen_order(call, reference), number)
    return Answer(change, version=change.version)


@routes.post(f"{CHANGE}/follow-on", permission="orders.write", returns=Change)
async def follow_on(call: Call, reference: str, number: int) -> Answer:
    """Write down, as a draft, the order that may be placed instead of a change that cannot be."""
    change = await draft_follow_on(call.tx, await seen_order(call, reference), number)
    return Answer(change, version=change.version)


@routes.get("/orders/{reference:str}/revisions", permission="orders.read", returns=(Rows, RevisionRow))
async def read_revisions(call: Call, reference: str) -> Rows:
    """The states of an order by number; none while it has never been changed."""
    return Rows(await revisions_of(call.tx, await seen_order(call, reference)))


@routes.get("/orders/{reference:str}/revisions/compare", permission="orders.read", query=Sides)
async def compare_revisions(call: Call, reference: str, query: Sides) -> Any:
    """Where two revisions of an order differ, header first, then line by line."""
    rows = {row.number: row for row in await revisions_of(call.tx, await seen_order(call, reference))}
    if query.before not in rows or query.after not in rows:
        raise not_there()
    return compare(rows[query.before].content, rows[query.after].content)
