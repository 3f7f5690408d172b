"""Changing a confirmed order: the form, the preview, applying it, and the history of revisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import Stale
from orderloom.catalog.reads import load_catalogue
from orderloom.fulfilment.change_picture import Moved, moved_since
from orderloom.fulfilment.commands import apply_change, draft_follow_on, preview_change
from orderloom.fulfilment.foresee import basis_of
from orderloom.orders.change import OPEN_STATES, Change, ChangeState, Preview
from orderloom.orders.commands import draft_change, withdraw_change
from orderloom.orders.reads import change_of, changes_of, previews_of, revisions_of, stored_orders
from orderloom.orders.revisions import compare
from orderloom.orders.states import LIVE
from orderloom.parties.reads.account import AccountPage, account_page
from orderloom.processes.reads import steps_of
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.changes import CHANGE, seen_order
from orderloom.web.call import Call
from orderloom.web.change_form import ChangeForm, line_fields, standing, wish_of
from orderloom.web.change_view import EFFECTS, counts, dates, differences, graph_of, step_rows, sums
from orderloom.web.plan import order_plan
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("page")
LINES_SHOWN = 100
MOVED_SHOWN = 20
PRODUCTS_SHOWN = 500
TITLES: Mapping[ChangeState, str] = {
    "drafted": "Drafted",
    "previewed": "Previewed",
    "applied": "Applied",
    "withdrawn": "Given up",
    "stale": "Out of date",
}


@strict
@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """Two revisions to hold side by side; without them the last two."""

    before: Annotated[int, Field(ge=1)] | None = None
    after: Annotated[int, Field(ge=1)] | None = None


@routes.get("/orders/{reference:str}/changes", permission="orders.read", query=HistoryQuery)
async def changes_page(call: Call, reference: str, query: HistoryQuery) -> Page:
    """The changes of an order, who saw which preview, and any two revisions side by side."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    changes = await changes_of(call.tx, order_id)
    revisions = await revisions_of(call.tx, order_id)
    numbers = [row.number for row in revisions]
    before = query.before or (numbers[-2] if len(numbers) > 1 else 1)
    after = query.after or (numbers[-1] if numbers else 1)
    if numbers and not {before, after} <= set(numbers):
        raise not_there()
    content = {row.number: row.content for row in revisions}
    return Page(
        "orders/changes.html",
        {
            "order": order,
            "changes": changes,
            "previews": await previews_of(call.tx, [change.id for change in changes]),
            "revisions": revisions,
            "sides": (before, after),
            "rows": differences(compare(content[before], content[after])) if numbers else [],
            "titles": TITLES,
            "may_change": may_change(call, order.state),
        },
    )


def may_change(call: Call, state: str) -> bool:
    return call.actor.may("orders.write") and state in LIVE


@strict
@dataclass(frozen=True, slots=True)
class FormQuery:
    """From which line on the form shows lines, when there are many."""

    begin: Annotated[int, Field(ge=0, le=1_000_000)] = 0


@routes.get("/orders/{reference:str}/changes/new", permission="orders.write", query=FormQuery)
async def change_form_page(call: Call, reference: str, query: FormQuery) -> Page:
    """The order as a form: what becomes different is the change."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    catalogue = await load_catalogue(call.tx, order.catalogue_version_id)
    account = await account_page(call.tx, order.account_id) if call.actor.may("parties.read") else None
    lines = standing(order)
    return Page(
        "orders/change_form.html",
        {
            "order": order,
            "lines": line_fields(order, catalogue, most=LINES_SHOWN, begin=query.begin),
            "all_lines": lines,
            "begin": query.begin,
            "next": query.begin + LINES_SHOWN if len(lines) > query.begin + LINES_SHOWN else None,
            "places": places_of(order.places, account),
            "billing_accounts": [one for one in account.billing_accounts if one.currency == order.currency]
            if account
            else [],
            "products": sorted(catalogue.products.values(), key=lambda one: one.name)[:PRODUCTS_SHOWN],
        },
    )


def places_of(known: Mapping[str, Any], account: AccountPage | None) -> dict[str, str]:
    """The places that may be named, those of the order first."""
    found = {code: ", ".join(filter(None, [*place.lines, place.city])) for code, place in known.items()}
    for place in account.places if account else ():
        found.setdefault(place.code, ", ".join(filter(None, [place.street, place.city])))
    return found


@routes.post("/orders/{reference:str}/changes", permission="orders.write", body=ChangeForm)
async def draft_by_form(call: Call, reference: str, body: ChangeForm) -> SeeOther:
    """Write a change down and preview it at once; the order stays untouched."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    catalogue = await load_catalogue(call.tx, order.catalogue_version_id)
    change = await draft_change(call.tx, order_id, wish_of(body, order, catalogue))
    await preview_change(call.tx, order_id, change.number)
    return SeeOther(home_of(order.number, change.number))


def home_of(number: str, change: int) -> str:
    return f"/orders/{number}/changes/{change}"


@strict
@dataclass(frozen=True, slots=True)
class PreviewQuery:
    """Which preview to look at; without it the last, or the one that was applied."""

    preview: Annotated[int, Field(ge=1)] | None = None


@routes.get(CHANGE, permission="orders.read", query=PreviewQuery)
async def change_page(call: Call, reference: str, number: int, query: PreviewQuery) -> Page:
    """One change: everything that it would do, or has done."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    change = await change_of(call.tx, order_id, number)
    previews = await previews_of(call.tx, [change.id])
    shown = chosen(previews, change, query.preview)
    context: dict[str, Any] = {
        "order": order,
        "change": change,
        "previews": previews,
        "shown": shown,
        "is_last": shown is not None and shown is previews[0],
        "is_open": change.state in OPEN_STATES,
        "titles": TITLES,
        "may_change": may_change(call, order.state),
        "moved": await moved_of(call, order_id, change, shown),
        "effect_titles": EFFECTS,
    }
    return Page("orders/change.html", context | (shown_effects(shown.effects) if shown else {}))


def chosen(previews: list[Preview], change: Change, wanted: int | None) -> Preview | None:
    """The preview that is asked for; else the one that was applied; else the last."""
    if wanted is not None:
        found = next((one for one in previews if one.id == wanted), None)
        if found is None:
            raise not_there()
        return found
    applied = next((one for one in previews if one.accepted), None) if change.state == "applied" else None
    return applied or (previews[0] if previews else None)


@dataclass(frozen=True, slots=True)
class Since:
    """What has moved since a preview: other revisions and steps, as far as they are known one by one."""

    revisions: int
    steps: list[Moved]


async def moved_of(call: Call, order_id: int, change: Change, shown: Preview | None) -> Since | None:
    """What has moved since the preview of a change that is still open; None when it holds."""
    if shown is None or change.state not in OPEN_STATES:
        return None
    [order] = await stored_orders(call.tx, [order_id])
    plan = await order_plan(call.tx, order_id)
    steps = await steps_of(call.tx, plan.header.process_id) if plan else []
    if shown.basis == basis_of(order.revision, steps):
        return None
    stood = shown.effects.get("standing")
    moved = moved_since(stood, steps) if stood is not None else []
    return Since(order.revision - shown.revision, moved[:MOVED_SHOWN])


def shown_effects(effects: Mapping[str, Any]) -> dict[str, Any]:
    """What a preview says, as the page draws it."""
    rows = step_rows(effects)
    return {
        "lines": differences(effects["lines"]),
        "prices": effects.get("prices", ()),
        "needs": effects.get("needs", ()),
        "sums": sums(effects["money"]),
        "stock": effects["stock"],
        "rows": rows,
        "counts": counts(rows) if effects.get("plan") else {},
        "graph": graph_of(effects.get("plan")),
        "dates": dates(effects["dates"]),
        "fees": effects["fees"],
        "refusals": effects["refusals"],
        "follow_on": effects.get("follow_on"),
    }


@routes.post(f"{CHANGE}/preview", permission="orders.write")
async def preview_by_form(call: Call, reference: str, number: int) -> SeeOther:
    """Say anew what the change would do."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    await preview_change(call.tx, order_id, number)
    return SeeOther(home_of(order.number, number), "This is what the change would do now.")


@strict
@dataclass(frozen=True, slots=True)
class ApplyForm:
    """Which preview is applied, and whether its fees are accepted."""

    preview: Annotated[int, Field(ge=1)]
    accept_fees: bool = False


@routes.post(f"{CHANGE}/apply", permission="orders.write", body=ApplyForm)
async def apply_by_form(call: Call, reference: str, number: int, body: ApplyForm) -> SeeOther:
    """Make the order what the preview on the page said, or show what has moved since."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    home = home_of(order.number, number)
    change = await change_of(call.tx, order_id, number)
    last = await previews_of(call.tx, [change.id])
    if change.state != "applied" and last and last[0].id != body.preview:
        return SeeOther(home, "Nothing was applied: somebody has previewed the change again. This is what it does now.")
    try:
        applied = await apply_change(call.tx, order_id, number, accept_fees=body.accept_fees)
    except Stale:
        return SeeOther(home, "Nothing was applied: the order has moved on since the preview.")
    return SeeOther(f"/orders/{order.number}/plan", f"The change is applied; this is revision {applied.revision}.")


@routes.post(f"{CHANGE}/withdraw", permission="orders.write")
async def withdraw_by_form(call: Call, reference: str, number: int) -> SeeOther:
    """Give the change up."""
    order_id = await seen_order(call, reference)
    [order] = await stored_orders(call.tx, [order_id])
    await withdraw_change(call.tx, order_id, number)
    return SeeOther(f"/orders/{order.number}/changes", "The change is given up; the order was never touched by it.")


@routes.post(f"{CHANGE}/follow-on", permission="orders.write")
async def follow_on_by_form(call: Call, reference: str, number: int) -> SeeOther:
    """Write the follow-on order down as a draft."""
    change = await draft_follow_on(call.tx, await seen_order(call, reference), number)
    return SeeOther(f"/orders/{change.follow_on}", "This order is a draft; look it over and submit it.")
