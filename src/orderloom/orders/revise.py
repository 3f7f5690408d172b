"""What an order would be after a change: pure, from the order as it stands and what was looked up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import Problem
from orderloom.catalog.offer import Offer
from orderloom.catalog.price_types import ChargeKind
from orderloom.catalog.priced import Need, PricedLine
from orderloom.catalog.rules import item_problems
from orderloom.catalog.types import Catalogue
from orderloom.orders.change import ChangeDraft, LineChange
from orderloom.orders.compose import UNPRICED_ACTIONS
from orderloom.orders.order import NewPlace, PriceOrigin
from orderloom.orders.reads.page import PlaceRow
from orderloom.orders.reads.stored import StoredGroup, StoredItem, StoredOrder
from orderloom.orders.rules import amount_problems
from orderloom.orders.types import ItemDraft, PriceDraft, ShipGroupDraft


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """A billing account that the customer may use."""

    id: int
    currency: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up for a change: places by code, billing accounts by number, offers by reference."""

    catalogue: Catalogue
    places: Mapping[str, NewPlace]
    accounts: Mapping[str, KnownAccount]
    offers: Mapping[str, Offer]


@dataclass(frozen=True, slots=True)
class PriceNote:
    """Who says what a line costs, where a change says it anew."""

    origin: PriceOrigin
    reason: str | None


@dataclass(frozen=True, slots=True)
class PriceMove:
    """What a charge of a line costs before and after a change, rounded, and why."""

    line: str
    product: str
    kind: ChargeKind
    period: str | None
    quantity_before: Decimal | None
    quantity_after: Decimal
    net_before: Decimal | None
    net_after: Decimal | None
    why: tuple[str, ...]

    @property
    def costs_less_each(self) -> bool:
        """Whether one unit costs less than it did."""
        if self.net_before is None or self.quantity_before is None:
            return False
        return (self.net_after or Decimal(0)) * self.quantity_before < self.net_before * self.quantity_after


@dataclass(frozen=True, slots=True)
class Revised:
    """The order as it would be: whole, with the lines that come and go.

    New items have the id 0 until they are written. `replaces` gives for a new line the one it stands for;
    `pointers` where the change speaks of a line; `unlisted` are new lines without a price in the standard list.
    `waterfalls`, `needs` and `moves` are there once the lines are priced.
    """

    order: StoredOrder
    added: tuple[str, ...]
    removed: tuple[StoredItem, ...]
    changed: tuple[str, ...]
    prices: Mapping[str, PriceNote]
    replaces: Mapping[str, str]
    places: tuple[NewPlace, ...]
    problems: tuple[Problem, ...]
    pointers: Mapping[str, str] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    waterfalls: Mapping[str, PricedLine] = field(default_factory=dict)
    priced_at: Mapping[str, datetime] = field(default_factory=dict)
    needs: tuple[Need, ...] = ()
    moves: tuple[PriceMove, ...] = ()

    @property
    def is_same(self) -> bool:
        """Whether nothing would be different."""
        return not (self.added or self.removed or self.changed) and not self.places


@dataclass(slots=True)
class _Work:
    order: StoredOrder
    draft: ChangeDraft
    known: Known
    items: dict[str, StoredItem]
    places: dict[str, NewPlace] = field(default_factory=dict)
    prices: dict[str, PriceNote] = field(default_factory=dict)
    replaces: dict[str, str] = field(default_factory=dict)
    removed: dict[str, StoredItem] = field(default_factory=dict)
    added: dict[str, None] = field(default_factory=dict)
    pointers: dict[str, str] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, code: str, message: str, pointer: str) -> None:
        self.problems.append(Problem(code, message, pointer))


def revise(order: StoredOrder, draft: ChangeDraft, known: Known) -> Revised:
    """Lay a change over an order as it stands; every problem is named, with its pointer into the change.

    The catalogue version is the order's own. Prices are those of the standard list for lines that come, and
    what they were for those that stay; `price_change` knows better.
    """
    items = {item.line: item for item in order.items if item.withdrawn_in is None}
    work = _Work(order, draft, known, items)
    revised = _header(work)
    for place, change in enumerate(draft.lines):
        _change_line(work, change, f"/lines/{place}")
    _scale_parts(work)
    for place, line in enumerate(draft.remove):
        _remove(work, line, f"/remove/{place}")
    for place, exchange in enumerate(draft.exchange):
        _remove(work, exchange.line, f"/exchange/{place}/line")
        work.replaces[exchange.by.line] = exchange.line
        _add(work, exchange.by, f"/exchange/{place}/by")
    for place, item in enumerate(draft.add):
        _add(work, item, f"/add/{place}")
    _check(work)
    revised = replace(revised, items=tuple(work.items.values()), places={**order.places, **_rows(work.places)})
    before = {item.line: item for item in order.items if item.withdrawn_in is None}
    return Revised(
        order=revised,
        added=tuple(work.added),
        removed=tuple(work.removed.values()),
        changed=tuple(line for line, item in work.items.items() if line not in work.added and item != before.get(line))
        + (("",) if _head(revised) != _head(order) else ()),
        prices=work.prices,
        replaces=work.replaces,
        places=tuple(work.places.values()),
        problems=tuple(work.problems),
        pointers=work.pointers,
        unlisted=frozenset(work.unlisted),
    )


def _head(order: StoredOrder) -> tuple[object, ...]:
    return (order.ship_to, order.bill_to, order.billing_account_id, order.requested_on)


def _header(work: _Work) -> StoredOrder:
    order, draft = work.order, work.draft
    ship_to = _place(work, draft.ship_to, "/ship_to") or order.ship_to
    if ship_to != order.ship_to:
        for line, item in work.items.items():
            if item.place == order.ship_to:
                work.items[line] = replace(item, place=ship_to)
    account = _account(work, draft.billing_account, "/billing_account")
    if account is not None:
        for line, item in work.items.items():
            if item.billing_account_id == order.billing_account_id:
                work.items[line] = replace(item, billing_account_id=account)
    return replace(
        order,
        ship_to=ship_to,
        bill_to=_place(work, draft.bill_to, "/bill_to") or order.bill_to,
        billing_account_id=account or order.billing_account_id,
        requested_on=draft.requested_on or order.requested_on,
    )


def _place(work: _Work, code: str | None, pointer: str) -> str | None:
    if code is None or code in work.order.places:
        return code
    brought = next((place for place in work.draft.places if place.code == code), None)
    if brought is not None:
        work.places[code] = NewPlace(
            work.order.id,
            code,
            None,
            brought.recipient,
            brought.lines,
            brought.city,
            brought.region,
            brought.postal_code,
            brought.country,
        )
    elif code in work.known.places:
        work.places[code] = replace(work.known.places[code], order_id=work.order.id)
    else:
        message = f"The customer has no address {code}; add it to the account or under “places”."
        work.refuse("place_unknown", message, pointer)
    return code


def _account(work: _Work, number: str | None, pointer: str) -> int | None:
    if number is None:
        return None
    account = work.known.accounts.get(number)
    if account is None or not account.is_active:
        message = f"The customer has no open billing account {number}; choose one of its own or of its parents."
        work.refuse("billing_account_unknown", message, pointer)
        return None
    if account.currency != work.order.currency:
        message = f"{number} is invoiced in {account.currency}, the order is in {work.order.currency}; choose another."
        work.refuse("currency_mismatch", message, pointer)
    return account.id


def _change_line(work: _Work, change: LineChange, pointer: str) -> None:
    item = work.items.get(change.line)
    if item is None:
        message = f"The order has no line {change.line} now; name a line that stands."
        work.refuse("line_unknown", message, f"{pointer}/line")
        return
    work.pointers[change.line] = pointer
    groups = item.ship_groups
    if change.ship_groups is not None:
        groups = tuple(_group(work, item.id, group, pointer) for group in change.ship_groups)
    quantity = change.quantity or item.quantity
    if change.ship_groups and change.quantity is None:
        quantity = sum((group.quantity for group in groups), Decimal(0))
    elif change.quantity is not None and change.ship_groups is None and len(groups) == 1:
        groups = (replace(groups[0], quantity=quantity),)
    work.items[change.line] = replace(
        item,
        quantity=quantity,
        ship_groups=groups,
        characteristics=_merged(item.characteristics, change.characteristics),
        place=_place(work, change.place, f"{pointer}/place") or item.place,
        requested_on=change.requested_on or item.requested_on,
        billing_account_id=_account(work, change.billing_account, f"{pointer}/billing_account")
        or item.billing_account_id,
    )
    if change.place is not None and change.place != item.place:
        _move_parts(work, change.line, item.place, change.place)
    if change.price is not None:
        _price(work, change.line, change.price, f"{pointer}/price")


def _group(work: _Work, item_id: int, group: ShipGroupDraft, pointer: str) -> StoredGroup:
    _place(work, group.place, f"{pointer}/ship_groups")
    return StoredGroup(item_id, group.place, group.quantity, group.requested_on, group.method)


def _merged(known: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    if not told:
        return known
    merged = {**known, **told}
    return {name: value for name, value in merged.items() if value is not None}


def _below(work: _Work, line: str) -> list[str]:
    """The lines below a line, the nearest first."""
    found = [line]
    for above in found:
        found += [item.line for item in work.items.values() if item.parent == above]
    return found[1:]


def _move_parts(work: _Work, line: str, before: str | None, place: str) -> None:
    wished = {change.line for change in work.draft.lines if change.place is not None}
    for below in _below(work, line):
        if work.items[below].place == before and below not in wished:
            work.items[below] = replace(work.items[below], place=place)


def _scale_parts(work: _Work) -> None:
    """The parts of a bundle keep their number in one bundle, where the change does not say otherwise."""
    before = {item.line: item for item in work.order.items if item.withdrawn_in is None}
    wished = {change.line for change in work.draft.lines if change.quantity or change.ship_groups is not None}
    for line in [line for line in before if line in wished]:
        for below in _below(work, line):
            part = work.items[below]
            if below in wished or part.parent is None:
                continue
            each = before[below].quantity / before[part.parent].quantity
            quantity = _tidy(each * work.items[part.parent].quantity)
            if quantity != part.quantity and part.ship_groups:
                groups = (replace(part.ship_groups[0], quantity=quantity),) if len(part.ship_groups) == 1 else ()
                if not groups:
                    message = f"Line {below} goes to several places; say how many go where."
                    work.refuse("ship_groups_unclear", message, work.pointers.get(line, ""))
                    continue
                part = replace(part, ship_groups=groups)
            work.items[below] = replace(part, quantity=quantity)


def _tidy(quantity: Decimal) -> Decimal:
    """At most six decimals, and none that say nothing."""
    rounded = round(quantity, 6)
    whole = rounded.to_integral_value()
    return whole if whole == rounded else rounded.normalize()


def _remove(work: _Work, line: str, pointer: str) -> None:
    if line in work.removed:
        return
    if line not in work.items:
        work.refuse("line_unknown", f"The order has no line {line} now; name a line that stands.", pointer)
        return
    for gone in (line, *_below(work, line)):
        if gone in work.items:
            work.removed[gone] = work.items.pop(gone)
            work.pointers[gone] = pointer


def _add(work: _Work, item: ItemDraft, pointer: str) -> None:
    if item.line in work.items:
        message = f"The order has a line {item.line} already; number the new one differently."
        work.refuse("line_double", message, f"{pointer}/line")
        return
    offer = work.known.offers.get(item.product)
    product = work.known.catalogue.product(item.product)
    if offer is None or product is None:
        message = f"“{item.product}” is not sold in this order's catalogue; check its code or name."
        work.refuse("product_unknown", message, f"{pointer}/product")
        return
    work.pointers[item.line] = pointer
    work.added[item.line] = None
    listed = None if item.action in UNPRICED_ACTIONS else offer.prices.get(work.order.currency)
    if listed is None and offer.prices and item.price is None and item.action not in UNPRICED_ACTIONS:
        work.unlisted.add(item.line)
    work.items[item.line] = replace(
        _born(work, item, offer, pointer),
        one_time=listed.one_time if listed else None,
        recurring=listed.recurring if listed else None,
        period=listed.period if listed else None,
    )
    work.prices[item.line] = PriceNote("list" if listed else "none", None)
    if item.price is not None:
        _price(work, item.line, item.price, f"{pointer}/price")


def _born(work: _Work, item: ItemDraft, offer: Offer, pointer: str) -> StoredItem:
    """A new line, without its price."""
    parent = work.items.get(item.parent) if item.parent is not None else None
    return StoredItem(
        id=0,
        order_id=work.order.id,
        line=item.line,
        product=offer.code,
        product_id=offer.product_id,
        product_name=offer.name,
        kind=offer.kind,
        parent=item.parent,
        bundle=(parent.bundle or parent.line) if parent is not None else None,
        role=item.role,
        action=item.action,
        quantity=item.quantity,
        unit=item.unit or offer.unit,
        characteristics=item.characteristics,
        place=_place(work, item.place, f"{pointer}/place") or (parent.place if parent else work.order.ship_to),
        relies_on=item.relies_on,
        ship_groups=tuple(_group(work, 0, group, pointer) for group in item.ship_groups),
        billing_account_id=_account(work, item.billing_account, f"{pointer}/billing_account")
        or work.order.billing_account_id,
        gl_account=item.gl_account,
        cost_centre=item.cost_centre,
        tax_code=item.tax_code or offer.tax_category,
        one_time=None,
        recurring=None,
        period=None,
        requested_on=item.requested_on,
        promised_on=item.promised_on,
        state="submitted",
        added_in=work.order.revision + 1,
        withdrawn_in=None,
        attributes=item.attributes,
        asset=item.asset,
    )


def _price(work: _Work, line: str, price: PriceDraft, pointer: str) -> None:
    if price.one_time is None and price.recurring is None:
        work.refuse("price_empty", "Give a one-time price, a recurring price or both, or leave it out.", pointer)
    if not price.reason.strip():
        work.refuse("price_reason_missing", "A price set by hand needs a reason; give one.", f"{pointer}/reason")
    amounts = {"one_time": price.one_time, "recurring": price.recurring}
    work.problems += amount_problems(amounts, currency=work.order.currency, pointer=pointer)
    work.items[line] = replace(
        work.items[line],
        one_time=price.one_time,
        recurring=price.recurring,
        period=price.period if price.recurring is not None else None,
    )
    work.prices[line] = PriceNote("manual", price.reason)


def _check(work: _Work) -> None:
    """What is wrong with the lines as they would be; what relies on a line that goes is named by that."""
    for item in work.items.values():
        for needed in item.relies_on:
            if needed in work.removed and needed not in work.items:
                message = f"Line {item.line} relies on line {needed}; take it out too, or keep {needed}."
                work.refuse("relied_on", message, work.pointers.get(needed, ""))
    if not work.items:
        message = "Nothing would be left of the order; cancel it instead."
        work.refuse("order_empty", message, "/remove")
    if work.problems:
        return
    items = list(work.items.values())
    for problem in item_problems(work.known.catalogue, items):
        work.problems.append(_repointed(problem, items, work))


def _repointed(problem: Problem, items: Sequence[StoredItem], work: _Work) -> Problem:
    """A pointer into the lines becomes one into the change, where the change speaks of the line."""
    pieces = problem.pointer.split("/")
    if len(pieces) > 2 and pieces[1] == "items" and pieces[2].isdigit():
        line = items[int(pieces[2])].line
        below = "".join(f"/{piece}" for piece in pieces[3:])
        pointer = work.pointers.get(line)
        return Problem(problem.code, problem.message, f"{pointer}{below}" if pointer is not None else "")
    return problem


def _rows(places: Mapping[str, NewPlace]) -> dict[str, PlaceRow]:
    return {
        code: PlaceRow(code, p.address_id, p.recipient, list(p.lines), p.city, p.region, p.postal_code, p.country)
        for code, p in places.items()
    }
