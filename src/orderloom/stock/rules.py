"""Pure decisions of the warehouse: who gets scarce stock, what a pick may say, the three-way match."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.refusals import Problem
from orderloom.stock.types import Difference, PickedLine, Requirement, Short, VendorInvoiceLine

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Grant:
    """How much of a requirement is to be reserved now."""

    requirement: Requirement
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Shares:
    """Who gets what, and who stays short."""

    grants: tuple[Grant, ...]
    short: tuple[Short, ...]


def share_out(
    requirements: Sequence[Requirement],
    *,
    held: Sequence[Decimal],
    free: Mapping[tuple[str, str], Decimal],
) -> Shares:
    """Give each requirement what it lacks while there is stock, in the order given.

    `held` is what each has already; `free` is by SKU and warehouse, and a pair that is absent has
    nothing. Never gives more than is free in total, nor more than is lacking.
    """
    left = dict(free)
    grants: list[Grant] = []
    short: list[Short] = []
    for requirement, has in zip(requirements, held, strict=True):
        place = (requirement.sku, requirement.warehouse)
        lacking = max(requirement.quantity - has, ZERO)
        given = min(lacking, max(left.get(place, ZERO), ZERO))
        if given > 0:
            left[place] -= given
            grants.append(Grant(requirement, given))
        if lacking > given:
            short.append(Short(requirement, lacking - given))
    return Shares(tuple(grants), tuple(short))


@dataclass(frozen=True, slots=True)
class PickTarget:
    """A pick line as the database has it."""

    id: int
    pick_list_id: int
    reservation_id: int
    sku: str
    tracking: str
    warehouse_id: int
    order_item_id: int
    quantity: Decimal
    picked: Decimal
    serials: list[str]
    is_open: bool


def pick_problems(targets: Mapping[int, PickTarget], picks: Sequence[PickedLine]) -> list[Problem]:
    """Why these confirmations cannot be taken; each states the total picked so far."""
    problems: list[Problem] = []
    for place, pick in enumerate(picks):
        target = targets.get(pick.pick_line_id)
        if target is None:
            problems.append(
                Problem(
                    "pick_line_unknown", "This pick line does not exist; reload the list.", f"/{place}/pick_line_id"
                )
            )
        else:
            problems.extend(_pick_problems(target, pick, f"/{place}"))
    for (sku, serial), times in Counter(
        (targets[p.pick_line_id].sku, s) for p in picks if p.pick_line_id in targets for s in p.serials
    ).items():
        if times > 1:
            problems.append(
                Problem("serial_twice", f"Serial {serial} of {sku} was scanned twice; scan each unit once.")
            )
    return problems


def _pick_problems(target: PickTarget, pick: PickedLine, pointer: str) -> list[Problem]:
    problems = []
    if pick.picked > target.quantity:
        problems.append(
            Problem(
                "picked_too_much", f"Only {target.quantity:f} of {target.sku} are to be picked.", f"{pointer}/picked"
            )
        )
    if pick.picked < target.picked:
        problems.append(
            Problem(
                "picked_less_than_before",
                f"{target.picked:f} of {target.sku} are picked already; put goods back to lower it.",
                f"{pointer}/picked",
            )
        )
    if pick.picked > target.picked and not target.is_open:
        problems.append(Problem("pick_line_closed", "This pick line is closed; open a new pick list.", pointer))
    if target.tracking == "serial" and len(pick.serials) != pick.picked:
        problems.append(
            Problem(
                "serials_missing",
                f"{target.sku} is tracked by serial number: give {pick.picked:f} of them, not {len(pick.serials)}.",
                f"{pointer}/serials",
            )
        )
    if not set(target.serials) <= set(pick.serials):
        problems.append(
            Problem(
                "serials_changed", "Serials that were confirmed before are missing; repeat them.", f"{pointer}/serials"
            )
        )
    return problems


@dataclass(frozen=True, slots=True)
class PurchasedLine:
    """A purchase line with what was ordered, has arrived and was invoiced before."""

    id: int
    purchase_order_id: int
    line: str
    quantity: Decimal
    unit_cost: Decimal
    over_percent: Decimal
    under_percent: Decimal
    notified: Decimal
    delivered: Decimal
    closed_short: Decimal
    invoiced: Decimal


def is_delivered(line: PurchasedLine) -> bool:
    """Whether enough has come, within the tolerance for under-delivery."""
    return line.delivered + line.closed_short >= line.quantity * (1 - line.under_percent / 100)


def notice_limit(line: PurchasedLine) -> Decimal:
    """The most that a vendor may send in total, within the tolerance for over-delivery."""
    return line.quantity * (1 + line.over_percent / 100)


def match(
    lines: Sequence[PurchasedLine],
    invoiced: Sequence[VendorInvoiceLine],
    *,
    ordered_currency: str,
    invoice_currency: str,
) -> list[Difference]:
    """Compare a vendor's invoice with what was ordered and what has arrived (three-way match).

    The price is that of the order. The quantity is at most what arrived and was not invoiced before.
    """
    if ordered_currency != invoice_currency:
        return [Difference("", "currency", None, None)]
    known = {line.line: line for line in lines}
    differences = []
    asked: dict[str, Decimal] = defaultdict(Decimal)
    for entry in invoiced:
        line = known.get(entry.line)
        if line is None:
            differences.append(Difference(entry.line, "unknown_line", None, entry.quantity))
            continue
        asked[entry.line] += entry.quantity
        payable = line.delivered - line.invoiced
        if asked[entry.line] > payable:
            differences.append(Difference(entry.line, "quantity", payable, asked[entry.line]))
        if entry.unit_price != line.unit_cost:
            differences.append(Difference(entry.line, "price", line.unit_cost, entry.unit_price))
    return differences
