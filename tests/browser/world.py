"""A day at the desk: one of everything that a page can show, and the addresses at which it is seen."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from orderloom.approvals.commands import retire_policies, send_notices, tell_asked
from orderloom.assets.reads import tree
from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.billing import commands as billing
from orderloom.cli.demo_approving import publish_demo_policies
from orderloom.cli.demo_history import load_past
from orderloom.cli.demo_world import people
from orderloom.fulfilment.commands import apply_change, hold_orders, place_orders, preview_change
from orderloom.orders.change import ChangeDraft
from orderloom.orders.commands import draft_change
from orderloom.orders.order import HoldDraft
from orderloom.orders.types import OrderDraft
from orderloom.parties.commands.links import tell_links
from orderloom.processes.commands import fail_steps, start_processes
from orderloom.processes.types import Failure, Node, ProcessDraft
from orderloom.quotes.commands import ask_question, make_link, revise_quote, write_content
from orderloom.stock import commands as stock
from orderloom.stock.types import Packing, PickedLine
from tests.approvals.cast import LINES, enter, offer, submit
from tests.billing import given as bills
from tests.billing.test_invoice import released
from tests.browser.serving import Desk
from tests.quotes import given as quotes
from tests.stock import given as shelves

ORDERS = Path(__file__).parents[2] / "demo" / "orders"
FORM = [
    {"name": "reading", "label": "Meter reading", "type": "number", "required": True},
    {"name": "outcome", "label": "Outcome", "type": "choice", "options": ["good", "bad"], "required": True},
]
ANOTHER_ORDER = 900_000
SITE = {"place": "S1", "quantity": 4}


def administrator() -> str:
    """The login of who may do everything."""
    return next(person.login for person in people() if "administrat" in person.about.lower())


def fill(desk: Desk) -> dict[str, str]:
    """Make one of everything; return the address of each page by the name of its photograph."""
    order = desk.do(placed)
    task, failed = desk.do(lambda tx: steps(tx, order))
    invoice = desk.do(invoiced)
    past = desk.do(load_past).id
    pick_list, shipment = desk.do(picked)
    changing = f"/orders/{desk.do(changed)}/changes"
    quote, token = desk.do(offered)
    stopped, compared = desk.do(quoted)
    request, one, several = desk.do(asked)
    at = f"/orders/{order.label}"
    asset = desk.do(lambda tx: tree(tx, order_ids=[order.id]))[0].number
    return {
        "search": "/search?text=har",
        "approvals": "/approvals?view=all", "approval": f"/approvals/{request}", "decide": f"/decide/{one}",
        "decide-list": f"/decide/{several}",
        "home": "/",
        "orders-on-hold": "/orders?view=on_hold",
        "quotes": "/quotes", "quote": f"/quotes/{quote}", "new-quote": "/quotes/new", "offer": f"/offers/{token}",
        "quote-stopped": f"/quotes/{stopped}",
        "quote-reprice": f"/quotes/{stopped}/reprice", "quote-lost-link": "/offers/nothing",
        "quote-compare": f"/quotes/{compared}/compare?before=1&after=2",
        "orders": "/orders", "order": at, "order-plan": f"{at}/plan", "order-gantt": f"{at}/gantt",
        "order-steps": f"{at}/steps",
        "order-timeline": f"{at}/timeline", "order-billing": f"{at}/billing", "tasks": "/tasks?view=all",
        "task": f"/tasks/{task}/0", "fallout": "/fallout", "repair": f"/fallout/{failed}/0", "customers": "/customers",
        "customer": f"/customers/{order.account_id}", "asset": f"/assets/{asset}",
        "products": "/products", "product": "/products/1",
        "stock": "/stock", "pick-lists": "/stock/pick-lists", "pick-list": f"/stock/pick-lists/{pick_list}",
        "shipments": "/stock/shipments", "shipment": f"/stock/shipments/{shipment}", "invoices": "/invoices",
        "invoice": f"/invoices/{invoice}", "partners": "/partners", "partner": "/partners/WMS",
        "messages": "/partners/messages", "settings": "/settings", "users": "/settings/users",
        "user": "/settings/users/1", "new-user": "/settings/users/new", "roles": "/settings/roles",
        "changes": changing, "change-form": f"{changing}/new", "change": f"{changing}/2",
        "insight": "/insight", "movers": "/insight/movers", "seasons": "/insight/seasons",
        "silent": "/insight/silent", "past-invoices": "/insight/invoices", "imports": "/insight/imports",
        "import": f"/insight/imports/{past}", "nothing": "/nothing-here",
    }  # fmt: skip


async def asked(tx: Tx) -> tuple[int, str, str]:
    """A request for approval, and the tokens in the mails of who is asked one thing and of who is asked two."""
    await retire_policies(tx, ["quote-discounts"])  # the demo's own, in whose place the cast's decides
    cast = await enter(tx)
    drafts = [offer(subject=9, discount="20", margin="10", amount="12400"), *(offer("35", subject=n) for n in (10, 11))]
    for draft in drafts:
        draft.shown["lines"] = LINES  # type: ignore[index]
    found = [await submit(tx, cast.sue, draft) for draft in drafts]
    await tell_asked(tx, [(one.request_id or 0, step) for one in found for step in ("manager", "vp")])
    await send_notices(tx)
    rows = await tx.values("SELECT links FROM messages.message WHERE letter = 'approval_asked' ORDER BY id")
    tokens = [(await tell_links(tx, links, key=bytes(32)))[links[0]] for links in rows]
    return found[0].request_id or 0, tokens[0], tokens[1]


async def placed(tx: Tx) -> Subject:
    drafts = [parse(OrderDraft, json.loads((ORDERS / name).read_text())) for name in ("A-triple-play.json",)]
    [order] = await place_orders(tx, drafts)
    await hold_orders(tx, [HoldDraft(order.id, "credit", "Over the limit by 300 USD")])
    account_id = await tx.value("SELECT account_id FROM orders.sales_order WHERE id = %(id)s", {"id": order.id})
    return Subject("order", order.id, order.number, account_id)


async def changed(tx: Tx) -> str:
    """An order with a change that was applied, and one that is only previewed; its number."""
    [order] = await place_orders(tx, [parse(OrderDraft, json.loads((ORDERS / "C-saas-hardware.json").read_text()))])
    wishes = (
        {"reason": "Fewer licences", "lines": [{"line": "1.2", "quantity": 5}]},
        {"reason": "The second site is not opened", "lines": [{"line": "1.3", "ship_groups": [SITE]}]},
    )
    for wish in wishes:
        change = await draft_change(tx, order.id, parse(ChangeDraft, wish))
        await preview_change(tx, order.id, change.number)
        if change.number == 1:
            await apply_change(tx, order.id, change.number)
    return order.number


async def offered(tx: Tx) -> tuple[str, str]:
    """A quote with a question that was sent, and the token of its customer's link."""
    lines = (
        {"line": "A", "kind": "section", "title": "Test sets"},
        {"line": "1", "product": "METER", "quantity": 10, "given": [quotes.by_hand(5)]},
        {"line": "2", "product": "CLEANER", "quantity": 5, "optional": True, "chosen": False},
    )
    quote = await quotes.quote(tx, lines, customer="harbourline", sent=True, title="Test sets for the pier")
    await ask_question(tx, quote.id, asked_by="Ruth Abernathy", text="Do they come with batteries?")
    return quote.number, (await make_link(tx, quote.id)).token


async def quoted(tx: Tx) -> tuple[str, str]:
    """A draft that a policy stops, and a quote in its second version; their numbers."""
    await publish_demo_policies(tx)
    lines = ({"line": "1", "product": "METER", "quantity": 10, "given": [quotes.by_hand(28)]},)
    stopped = await quotes.quote(tx, lines, customer="harbourline", title="Meters")
    sent = await quotes.quote(tx, ({**lines[0], "given": []},), customer="harbourline", sent=True)
    await revise_quote(tx, sent.id)
    await write_content(tx, sent.id, quotes.content(({**lines[0], "quantity": 12, "given": []},)), seen=None)
    return stopped.number, sent.number


async def steps(tx: Tx, order: Subject) -> tuple[int, int]:
    """A task that is open, and a step that failed."""
    node = Node("work.task", "person", params={"form": FORM})
    drafts = [
        ProcessDraft(order, (node,), (), (key,), (title,), queues=("field-dispatch",))
        for key, title in (("read", "Read the meter"), ("call", "Call the customer back"))
    ]
    task, failed = await start_processes(tx, drafts)
    await fail_steps(tx, [Failure(failed, 0, "data", "The carrier rejected the postcode")])
    return task, failed


async def invoiced(tx: Tx) -> int:
    payer = await tx.one(
        """
        SELECT account_id, id, legal_entity_id
          FROM parties.billing_account
         WHERE currency = 'USD' AND tax_country = 'US'
         ORDER BY id
         LIMIT 1
        """
    )
    await released(tx, bills.Payer(*payer), order_id=ANOTHER_ORDER)
    [invoice_id] = await billing.issue_invoices(tx, order_ids=[ANOTHER_ORDER])
    return invoice_id


async def picked(tx: Tx) -> tuple[int, int]:
    """A list that is open, and a shipment of another one that is packed."""
    await shelves.stock(tx, {("PROBE", "DC-East"): 10, ("CORD", "DC-East"): 10}, tracking={"PROBE": "serial"})
    first, second = shelves.thing(number=ANOTHER_ORDER), shelves.thing(number=ANOTHER_ORDER + 1)
    for thing in (first, second):
        await stock.reserve(
            tx,
            [
                shelves.requirement(thing, sku, 3, item=n, line=f"1.{n}")
                for n, sku in enumerate(("CORD", "PROBE") if thing is first else ("CORD",), 1)
            ],
        )
    [open_list] = await stock.open_pick_lists(tx, [first])
    [other] = await stock.open_pick_lists(tx, [second])
    line = await tx.value("SELECT id FROM stock.pick_line WHERE pick_list_id = %(id)s", {"id": other})
    await stock.confirm_picks(tx, [PickedLine(line, Decimal(3))])
    [shipment] = await stock.pack(tx, [Packing(second)])
    return open_list, shipment
