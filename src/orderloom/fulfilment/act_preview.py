"""What an act on installed products would do, as people and programs are told before it is placed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from orderloom.billing.types import Foreseen, Outcome
from orderloom.fulfilment.acting import Act, Acted
from orderloom.fulfilment.simulate import Simulation
from orderloom.orders.compose import Checked


@dataclass(frozen=True, slots=True)
class ActLine:
    """A line of the order that an act comes to."""

    line: str
    parent: str | None
    product: str
    name: str
    action: str
    asset: str | None
    place: str | None
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class ActThing:
    """Something that an act touches: what is done to it, or for whom it stays."""

    label: str
    kind: str
    action: str
    place: str | None
    needed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActStep:
    """A step of the plan, in its order."""

    title: str
    type: str
    owner: str


MoneyKind = Literal["ends", "stops", "reduced", "resumes", "back", "fee", "starts", "once"]


@dataclass(frozen=True, slots=True)
class ActMoney:
    """What an act does to what the customer pays; a period says that the amount recurs."""

    kind: MoneyKind
    description: str
    amount: Decimal
    currency: str
    on: date
    period: str | None = None


@dataclass(frozen=True, slots=True)
class ActPreview:
    """Everything that an act would do: lines, what goes and what stays, steps, dates and money; nothing is written.

    `on` is the day from which it holds, `bound_until` the end of the longest minimum term, `expected_at` when it
    will typically be done. `holds` are reasons why it cannot be carried out as the catalogue is.
    """

    act: Act
    customer: str
    on: date
    is_at_once: bool
    notice_days: int
    bound_until: date | None
    expected_at: datetime
    lines: tuple[ActLine, ...]
    things: tuple[ActThing, ...]
    steps: tuple[ActStep, ...]
    money: tuple[ActMoney, ...]
    holds: tuple[str, ...]


def lines_of(checked: Checked) -> Iterator[ActLine]:
    """The lines as they would be written."""
    for place, (item, offer) in enumerate(zip(checked.draft.items, checked.offers, strict=True)):
        where = checked.item_places[place]
        yield ActLine(item.line, item.parent, offer.code, offer.name, item.action, item.asset, where, item.quantity)


def things_of(simulation: Simulation) -> Iterator[ActThing]:
    """What is done to services, resources, parcels and visits; what stays names who needs it."""
    for thing in simulation.plan.things:
        stays = thing.needed_by if thing.action == "none" else ()
        yield ActThing(thing.label, thing.spec.kind, thing.action, thing.place, stays)


def steps_of(simulation: Simulation) -> Iterator[ActStep]:
    """The steps that would be taken."""
    for step in simulation.plan.steps:
        if not step.is_born_skipped:
            yield ActStep(step.title, step.template.type, step.template.owner)


_KINDS: Mapping[Outcome, MoneyKind] = {"end": "ends", "stop": "stops", "reduce": "reduced", "resume": "resumes"}


def money_of(acted: Acted, checked: Checked, foreseen: Sequence[Foreseen], *, today: date) -> Iterator[ActMoney]:
    """What ends, rests or goes on, what comes back, what it costs, and what is charged from then on."""
    for each in foreseen:
        price = each.unit_price if each.price_after is None else each.price_after
        yield ActMoney(
            _KINDS[each.outcome], each.description, price * each.quantity, each.currency, each.on, each.period
        )
        if each.back:
            yield ActMoney("back", each.description, -each.back, each.currency, each.on)
    day, currency = acted.on or today, checked.currency
    for item, offer, cost in zip(checked.draft.items, checked.offers, checked.prices, strict=True):
        if item.action == "delete" and cost.one_time:
            yield ActMoney("fee", offer.name, acted.fees.get(item.line, Decimal(0)), currency, day)
        elif item.action in ("add", "modify"):
            if cost.recurring:
                amount = cost.recurring * cost.quantity
                yield ActMoney("starts", offer.name, amount, currency, day, cost.period)
            if cost.one_time:
                yield ActMoney("once", offer.name, cost.one_time * cost.quantity, currency, day)
