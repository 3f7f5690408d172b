"""From a plan to the rows of every room that carries it: process, things, triggers, installed products. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from orderloom.assets.types import AssetDraft, RealizationDraft
from orderloom.base.types import Subject
from orderloom.billing.types import GateDraft, Period, PriceKind, TriggerDraft
from orderloom.catalog.rules import Item
from orderloom.fulfilment.explain import step_reason
from orderloom.fulfilment.rows import NewStep, NewThing
from orderloom.fulfilment.schedule import Schedule
from orderloom.fulfilment.types import BundleBilling, Charge, FulfilmentItem, Plan, PlannedStep
from orderloom.orders.convert import terms_of
from orderloom.orders.reads import StoredItem, StoredOrder
from orderloom.processes.types import NewStep as AddedStep
from orderloom.processes.types import ProcessDraft

CALLED = frozenset({"callout", "event", "appointment"})
DEFAULT_QUEUE = "order-desk"
TERMINATION = "Termination fee:"
_PRICE_KINDS: Mapping[str, PriceKind] = {
    "oneTime": "one_time",
    "recurring": "recurring",
    "prepaidService": "prepaid",
    "usage": "recurring",
}
_PERIODS: Mapping[str, Period] = {"month": "month", "year": "year"}


@dataclass(frozen=True, slots=True)
class Sold:
    """An order with its items by line, so that nothing is searched twice."""

    order: StoredOrder
    by_line: Mapping[str, StoredItem]

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return self.order.subject

    def bundle_of(self, item: StoredItem) -> StoredItem | None:
        """The bundle that the item is a part of."""
        return self.by_line.get(item.bundle) if item.bundle and item.bundle != item.line else None

    def ids(self, lines: Sequence[str]) -> list[int]:
        """The ids of these lines."""
        return [self.by_line[line].id for line in lines]


def sold(order: StoredOrder) -> Sold:
    """Index an order, without the lines that changes have taken out."""
    items = tuple(item for item in order.items if item.withdrawn_in is None)
    standing = order if len(items) == len(order.items) else replace(order, items=items)
    return Sold(standing, {item.line: item for item in items})


def process_draft(one: Sold, plan: Plan) -> ProcessDraft:
    """The process that carries the plan out."""
    return ProcessDraft(
        subject=one.subject,
        nodes=plan.shape.nodes,
        edges=plan.shape.edges,
        keys=tuple(step.key for step in plan.steps),
        titles=tuple(step.title for step in plan.steps),
        queues=tuple(queue_of(step) for step in plan.steps),
        partners=tuple(partner_of(step) for step in plan.steps),
        expected=tuple(step.expected for step in plan.steps),
        not_before=tuple(not_before(one, plan, step) for step in plan.steps),
        params=tuple(step.params or None for step in plan.steps),
        variables=plan.variables,
        priority=one.order.priority,
    )


def added_step(one: Sold, plan: Plan, number: int) -> AddedStep:
    """A step of the plan that a running process does not have yet."""
    step = plan.steps[number]
    return AddedStep(
        node=plan.shape.nodes[number],
        key=step.key,
        title=step.title,
        queue=queue_of(step),
        partner=partner_of(step),
        expected=step.expected,
        not_before=not_before(one, plan, step),
        params=step.params or None,
    )


def not_before(one: Sold, plan: Plan, step: PlannedStep) -> datetime | None:
    """When work on what a customer has may begin: on the day for which it was ordered, the first of several."""
    thing = plan.things[step.thing] if step.thing is not None else None
    if thing is None or thing.action in ("add", "none"):
        return None
    days = [one.by_line[line].requested_on for line in thing.sources if plan.items[line].asset is not None]
    known = [day for day in days if day is not None]
    return datetime.combine(max(known), time(), UTC) if days and len(known) == len(days) else None


def queue_of(step: PlannedStep) -> str | None:
    """Whose list a step stands in; what people do without a named queue is the order desk's."""
    if step.template.queue is not None or step.template.type != "manual":
        return step.template.queue
    return DEFAULT_QUEUE


def partner_of(step: PlannedStep) -> str | None:
    """The outside system that a step speaks with; what we do ourselves speaks with nobody."""
    is_called = step.template.type in CALLED or step.template.do.startswith("gateway.")
    return step.template.system if is_called else None


def things_of(one: Sold, plan: Plan) -> list[NewThing]:
    """The things of the plan as rows."""
    return [_thing(one, plan, position, thing) for position, thing in enumerate(plan.things)]


def _thing(one: Sold, plan: Plan, position: int, thing: FulfilmentItem) -> NewThing:
    return NewThing(
        order_id=one.order.id,
        position=position,
        key=thing.key,
        kind=thing.spec.kind,
        spec=thing.spec.name,
        action=thing.action,
        label=thing.label,
        parent_key=thing.parents[0] if thing.parents else None,
        system=thing.spec.system,
        scope=thing.scope,
        place=thing.place,
        quantity=thing.quantity,
        characteristics=thing.characteristics,
        lines=[_content(one, line, sku, quantity) for line, sku, quantity in contents(plan, thing)],
        sources=one.ids(thing.sources),
        why=list(dict.fromkeys(_because(because.line, str(because.rule), because.parent) for because in thing.because)),
        is_provisional=bool(thing.open_attributes),
    )


def _because(line: str, rule: str, parent: str | None) -> str:
    return f"line {line}: {rule}" + (f", through {parent}" if parent else "")


def contents(plan: Plan, thing: FulfilmentItem) -> Iterator[tuple[str, str, Decimal]]:
    """Line, SKU and quantity of what goes through a thing."""
    together: dict[str, Decimal] = {}
    for lot in thing.lots:
        together[lot.line] = together.get(lot.line, Decimal(0)) + lot.quantity
    for line, quantity in together.items():
        yield line, sku_of(plan.items[line]), quantity


def sku_of(item: Item) -> str:
    """What the warehouse calls it: the characteristic `sku`, the product's SKU, or its code."""
    return str(item.characteristics.get("sku") or item.product.sku or item.product.code)


def _content(one: Sold, line: str, sku: str, quantity: Decimal) -> dict[str, Any]:
    item = one.by_line[line]
    return {
        "line": line,
        "sku": sku,
        "name": item.product_name,
        "kind": item.kind,
        "quantity": quantity,
        "order_item_id": item.id,
        "bundle": bundle_reference(one, item),
    }


def bundle_reference(one: Sold, item: StoredItem) -> dict[str, Any] | None:
    """What keeps the bundle together downstream: which one, which part of it, and how many of it in one."""
    bundle = one.bundle_of(item)
    if bundle is None:
        return None
    return {
        "item_id": bundle.id,
        "line": bundle.line,
        "product": bundle.product,
        "name": bundle.product_name,
        "role": item.role,
        "quantity_per_bundle": item.quantity / bundle.quantity,
        **({"terms": terms} if (terms := terms_of(bundle.attributes)) else {}),
    }


def steps_of(
    one: Sold, plan: Plan, schedule: Schedule, *, process_id: int, start: datetime, numbers: Mapping[str, int]
) -> list[NewStep]:
    """What each step is for and when it is expected; `numbers` are the steps' places in the process by key."""
    critical = frozenset(schedule.critical_path)
    rows = []
    for place, step in enumerate(plan.steps):
        rows.append(
            NewStep(
                process_id=process_id,
                number=numbers[step.key],
                order_id=one.order.id,
                thing_key=plan.things[step.thing].key if step.thing is not None else None,
                order_items=one.ids(step.lines),
                owner=step.template.owner,
                type=step.template.type,
                planned_start=start + timedelta(seconds=schedule.starts[place]),
                planned_finish=start + timedelta(seconds=schedule.finishes[place]),
                slack_seconds=schedule.slack[place],
                is_critical=place in critical,
                why=step_reason(plan, place),
            )
        )
    return rows


def trigger_drafts(one: Sold, plan: Plan) -> list[TriggerDraft]:
    """What becomes billable, and the steps that hold it back."""
    bundles = {billing.line: billing for billing in plan.billing}
    numbers = plan.numbers()
    charges = [_trigger(one, plan, charge, bundles, numbers) for charge in plan.charges]
    return [*charges, *_termination_drafts(one, plan)]


def _termination_drafts(one: Sold, plan: Plan) -> Iterator[TriggerDraft]:
    """What leaving early costs falls due with the last step that ends the product, or its parts."""
    for item in one.order.items:
        if item.action != "delete" or item.asset is None or not item.one_time:
            continue
        lines = {item.line, *_below(plan, item.line)}
        own = [step.key for step in plan.steps if not step.template.optional and lines.intersection(step.lines)]
        ends = [step.key for step in plan.steps if step.key in own and step.thing is not None]
        fee = item.one_time * item.quantity
        yield _once(one, item, f"{TERMINATION} {item.product_name}", fee, gates=ends or own)


def _below(plan: Plan, line: str) -> Iterator[str]:
    for child in plan.items[line].children:
        yield child
        yield from _below(plan, child)


def _once(one: Sold, item: StoredItem, description: str, amount: Decimal, *, gates: Sequence[str]) -> TriggerDraft:
    assert item.billing_account_id is not None, "an order without a billing account is refused at capture"
    place = one.order.places.get(item.place or one.order.ship_to or "")
    return TriggerDraft(
        order_id=one.order.id,
        order_label=one.order.number,
        order_item_id=item.id,
        line=item.line,
        description=description,
        account_id=one.order.account_id,
        billing_account_id=item.billing_account_id,
        currency=one.order.currency,
        price_kind="one_time",
        quantity=Decimal(1),
        unit_price=amount,
        gates=tuple(GateDraft(step=key) for key in gates),
        price="termination",
        action=item.action,
        revision=item.added_in,
        by_itself=True,
        unit=item.unit,
        tax_category=item.tax_code or "standard",
        tax_country=place.country if place else "",
        po_number=one.order.po_number or "",
        gl_account=item.gl_account or "",
        cost_centre=item.cost_centre or "",
    )


def _trigger(
    one: Sold,
    plan: Plan,
    charge: Charge,
    bundles: Mapping[str, BundleBilling],
    numbers: Mapping[str, int],
) -> TriggerDraft:
    item = one.by_line[charge.line]
    kind = _PRICE_KINDS[charge.rule.type]
    price = {"one_time": item.one_time, "recurring": item.recurring, "prepaid": None}[kind]
    bundle = bundles.get(charge.line)
    whole = bundle is not None and bundle.billing.policy == "perCompleteUnit" and charge.trigger is not None
    assert item.billing_account_id is not None, "an order without a billing account is refused at capture"
    whole_bundle = one.bundle_of(item)
    place = one.order.places.get(item.place or one.order.ship_to or "")
    return TriggerDraft(
        order_id=one.order.id,
        order_label=one.order.number,
        order_item_id=item.id,
        line=item.line,
        description=item.product_name,
        account_id=one.order.account_id,
        billing_account_id=item.billing_account_id,
        currency=one.order.currency,
        price_kind=kind,
        quantity=item.quantity,
        unit_price=price or Decimal(0),
        gates=tuple(_gates(plan, charge, item, numbers)),
        price=str(charge.rule.number),
        action=item.action,
        revision=item.added_in,
        period=_PERIODS.get(item.period or "month", "month") if kind == "recurring" else None,
        per_unit=whole,
        by_itself=charge.by_itself,
        unit=item.unit,
        tax_category=item.tax_code or plan.items[charge.line].product.tax_category,
        tax_country=place.country if place else "",
        tax_region=place.region if place else "",
        bundle_item_id=whole_bundle.id if whole_bundle else None,
        bundle_line=whole_bundle.line if whole_bundle else "",
        bundle_label=whole_bundle.product_name if whole_bundle else "",
        bundle=bundle_reference(one, item),
        po_number=one.order.po_number or "",
        gl_account=item.gl_account or "",
        cost_centre=item.cost_centre or "",
    )


def _gates(plan: Plan, charge: Charge, item: StoredItem, numbers: Mapping[str, int]) -> Iterator[GateDraft]:
    """The charge's gates; the step whose day counts is one of them, with its share where there are several."""
    several = len(charge.effective_steps) > 1
    for key in charge.gates:
        step = plan.steps[numbers[key]]
        thing = plan.things[step.thing] if step.thing is not None else None
        share = sum((lot.quantity for lot in thing.lots if lot.line == charge.line), Decimal(0)) if thing else None
        yield GateDraft(
            step=key,
            decides_date=key in charge.effective_steps,
            waives=charge.rule.waived_when_skipped and key in charge.own_gates,
            quantity=share if several and key in charge.effective_steps and share else None,
        )


def asset_drafts(one: Sold) -> list[AssetDraft]:
    """The installed products that the order brings; the customer sees them at once."""
    bundles = {item.parent for item in one.order.items}
    installed = {item.line: item.asset for item in one.order.items if item.action != "add"}
    return [
        AssetDraft(
            order_id=one.order.id,
            order_label=one.order.number,
            order_item_id=item.id,
            line=item.line,
            account_id=one.order.account_id,
            product_code=item.product,
            product_name=item.product_name,
            quantity=item.quantity,
            parent=item.parent,
            is_bundle=item.line in bundles,
            role=item.role or "",
            place=item.place or one.order.ship_to or "",
            product_id=item.product_id,
            characteristics=item.characteristics,
            parent_asset=installed.get(item.parent) if item.parent else None,
            replaces=item.asset,
        )
        for item in one.order.items
        if item.action == "add" and item.kind != "fee"
    ]


def realization_drafts(one: Sold, plan: Plan) -> list[RealizationDraft]:
    """The services and resources that stand behind the installed products, with those who share them."""
    sold_as_asset = {
        item.line
        for item in one.order.items
        if item.action == "add" and item.kind != "fee" and item.state not in ("cancelled", "failed")
    }
    return [
        RealizationDraft(
            key=_inventory_key(one, thing),
            kind="service" if thing.spec.kind == "service" else "resource",
            spec=thing.spec.name,
            account_id=one.order.account_id,
            order_item_ids=tuple(one.ids([line for line in thing.sources if line in sold_as_asset])),
            assets=_changed_assets(one, thing),
            label=thing.label,
            place=thing.place or "",
            characteristics=thing.characteristics,
        )
        for thing in plan.things
        if thing.spec.kind in ("service", "resource")
        and thing.action == "add"
        and (any(line in sold_as_asset for line in thing.sources) or _changed_assets(one, thing))
    ]


def _changed_assets(one: Sold, thing: FulfilmentItem) -> tuple[str, ...]:
    """The installed products whose change brings them a thing that they did not have."""
    items = [one.by_line[line] for line in thing.sources]
    return tuple(item.asset for item in items if item.asset is not None and item.action == "modify")


def settled_drafts(one: Sold, plan: Plan) -> list[RealizationDraft]:
    """What orders have changed of services and resources that stand behind installed products."""
    return [
        RealizationDraft(
            key=thing.realized.key,
            kind="service" if thing.spec.kind == "service" else "resource",
            spec=thing.spec.name,
            account_id=one.order.account_id,
            order_item_ids=(),
            characteristics=thing.characteristics,
        )
        for thing in plan.things
        if thing.realized is not None and thing.action == "modify"
    ]


def joined_users(one: Sold, plan: Plan) -> list[tuple[int, str, int]]:
    """Who uses from now on what the customer has already: account, key and order item of each."""
    return [
        (one.order.account_id, thing.realized.key, item_id)
        for thing in plan.things
        if thing.realized is not None and thing.is_installed
        for item_id in one.ids([line for line in thing.sources if one.by_line[line].action == "add"])
    ]


def _inventory_key(one: Sold, thing: FulfilmentItem) -> str:
    """What is one per place is found again by later orders; everything else is this order's own."""
    if "place" in thing.spec.per and "order" not in thing.spec.per and thing.place:
        return f"{thing.spec.name}@{thing.place}"
    return f"{one.order.number}/{thing.key}"
