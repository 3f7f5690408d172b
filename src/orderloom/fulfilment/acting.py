"""What people do with installed products: from an act and the tree of what a customer has to the order for it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from orderloom.assets.types import Asset
from orderloom.base.fields import Code, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem
from orderloom.catalog.proration import months_later
from orderloom.orders.compose import UnitPrice
from orderloom.orders.installed import CHANGING
from orderloom.orders.types import Action, ItemDraft, OrderDraft, PlaceDraft, PriceDraft, Scalar

Act = Literal["modify", "move", "add", "disconnect", "suspend", "resume"]
MAX_ASSETS: Final = 200
MAX_ADDED: Final = 200
TITLES: Final[Mapping[Act, str]] = {
    "modify": "Change",
    "move": "Move",
    "add": "Add to it",
    "disconnect": "Disconnect",
    "suspend": "Suspend",
    "resume": "Resume",
}
_ACTIONS: Final[Mapping[Act, Action]] = {
    "modify": "modify",
    "disconnect": "delete",
    "suspend": "suspend",
    "resume": "resume",
}
_FROM: Final[Mapping[Act, tuple[str, ...]]] = {
    "modify": ("active",),
    "move": ("active",),
    "add": ("active",),
    "disconnect": ("active", "suspended"),
    "suspend": ("active",),
    "resume": ("suspended",),
}
KEPT: Final = "as before"


@strict
@dataclass(frozen=True, slots=True)
class ActDraft:
    """What a person wants of installed products, named by their numbers.

    `on` is the day from which it holds, at once without it. A move needs the `place` to go to, or a new `address`;
    a change says what is different, an addition has `items`, whose lines without a parent become parts of the
    product. `price` is what a changed product costs, where a person says so. `draft` leaves the order to be
    submitted later.
    """

    act: Act
    assets: Annotated[tuple[Code, ...], Field(min_length=1, max_length=MAX_ASSETS)]
    on: date | None = None
    place: Code | None = None
    address: PlaceDraft | None = None
    quantity: Quantity | None = None
    characteristics: Annotated[Mapping[str, Scalar], Field(max_length=200)] = field(default_factory=dict)
    items: Annotated[tuple[ItemDraft, ...], Field(max_length=MAX_ADDED)] = ()
    price: PriceDraft | None = None
    reason: Text = ""
    po_number: Text | None = None
    draft: bool = False

    @property
    def destination(self) -> str | None:
        """Where a move goes."""
        return self.address.code if self.address is not None else self.place


@dataclass(frozen=True, slots=True)
class Terms:
    """What binds a customer to an installed product: since when, for how long, with what notice and what fee."""

    since: date | None = None
    minimum_months: int | None = None
    notice_days: int | None = None
    termination_fee: Decimal | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def bound_until(self) -> date | None:
        """The day from which leaving costs nothing."""
        if self.since is None or not self.minimum_months:
            return None
        return months_later(self.since, self.minimum_months)

    def fee_on(self, day: date) -> Decimal:
        """What leaving on a day costs."""
        until = self.bound_until
        return self.termination_fee or Decimal(0) if until is not None and day < until else Decimal(0)


@dataclass(frozen=True, slots=True)
class Having:
    """What a customer has, as an act starts from it: whole trees, what binds and what recurs by product."""

    customer: str
    currency: str
    today: date
    assets: Sequence[Asset]
    terms: Mapping[str, Terms] = field(default_factory=dict)
    prices: Mapping[str, UnitPrice] = field(default_factory=dict)
    places: tuple[PlaceDraft, ...] = ()


@dataclass(frozen=True, slots=True)
class Acted:
    """The order that an act comes to, with prices that stand as they were, and the day from which it holds."""

    draft: OrderDraft
    agreed: Mapping[str, UnitPrice]
    on: date | None
    fees: Mapping[str, Decimal]


def terms_from(product: Mapping[str, Any], item: Mapping[str, Any], *, since: datetime | None) -> Terms:
    """What binds: what was agreed for the item, else what the product says."""
    told = {**product, **item}

    def number(name: str) -> Decimal | None:
        value = told.get(name)
        return None if value is None else Decimal(str(value))

    months, notice = number("minimum_months"), number("notice_days")
    return Terms(
        since=since.date() if since else None,
        minimum_months=None if months is None else int(months),
        notice_days=None if notice is None else int(notice),
        termination_fee=number("termination_fee"),
        attributes={name: told[name] for name in ("proration", "suspension", "suspension_price") if name in told},
    )


def act_problems(draft: ActDraft, having: Having) -> list[Problem]:
    """What stands in the way of an act, before any order is written."""
    known = {asset.number: asset for asset in having.assets}
    problems = []
    for place, number in enumerate(draft.assets):
        asset = known.get(number)
        if asset is not None and asset.state not in _FROM[draft.act]:
            allowed = " or ".join(_FROM[draft.act])
            state = asset.state.replace("_", " ")
            message = f"{number} ({asset.product_name}) is {state}; only what is {allowed} can be chosen here."
            problems.append(Problem("asset_state", message, f"/assets/{place}"))
    if draft.on is not None and draft.on < having.today:
        problems.append(Problem("day_past", f"Choose {having.today} or a later day.", "/on"))
    return [*problems, *_wish_problems(draft, [known[number] for number in draft.assets if number in known])]


def _wish_problems(draft: ActDraft, assets: Sequence[Asset]) -> Iterator[Problem]:
    if draft.act == "move":
        if draft.destination is None:
            message = "Say where it moves: give an address of the customer, or a new one."
            yield Problem("place_missing", message, "/place")
        for place, asset in enumerate(assets):
            if asset.parent_id is not None:
                message = f"{asset.product_name} is part of a bundle; move the bundle as a whole."
                yield Problem("part_of_bundle", message, f"/assets/{place}")
            if asset.place == draft.destination:
                yield Problem(
                    "place_same", f"{asset.product_name} is at {asset.place} already; choose another.", "/place"
                )
    if draft.act == "modify":
        if not draft.characteristics and draft.quantity is None and draft.price is None:
            yield Problem("nothing_changes", "Say what is different: a characteristic, the quantity or the price.", "")
        if len(assets) > 1:
            yield Problem("one_at_a_time", "Change one product at a time.", "/assets")
    if draft.act == "add":
        if not draft.items:
            yield Problem("nothing_added", "Say what is added: give at least one item.", "/items")
        if len(assets) > 1 or any(not asset.is_bundle for asset in assets):
            yield Problem("not_a_bundle", "Choose the one bundle that gets the new parts.", "/assets")


def acts_possible(asset: Asset) -> tuple[Act, ...]:
    """What can be done with a product as it stands; a bundle moves as a whole, and it alone gets new parts."""
    acts = [act for act, states in _FROM.items() if asset.state in states]
    if asset.parent_id is not None and "move" in acts:
        acts.remove("move")
    if not asset.is_bundle and "add" in acts:
        acts.remove("add")
    return tuple(acts)


def begins_on(draft: ActDraft, having: Having) -> date | None:
    """The day from which an act holds: as wished, and not before the notice has run out; at once without either."""
    if draft.act != "disconnect":
        return draft.on
    notice = [having.terms[number].notice_days or 0 for number in draft.assets if number in having.terms]
    earliest = having.today + timedelta(days=max(notice, default=0))
    if draft.on is None and earliest == having.today:
        return None
    return max(draft.on or earliest, earliest)


def order_for(draft: ActDraft, having: Having) -> Acted:
    """The order for an act: the products themselves, all that lives within them, and the bundles around them.

    Bundles around stand in the order without anything to do. A move is two sets of items, one that comes and one
    that goes; prices stay as they are. Leaving a minimum term carries its fee on the line.
    """
    tree = _Tree(having.assets, draft.assets)
    on = begins_on(draft, having)
    agreed: dict[str, UnitPrice] = {}
    fees: dict[str, Decimal] = {}
    if draft.act == "move":
        items = [*_arriving(draft, tree, having, agreed), *_leaving(tree, having, on, first=len(tree.tops) + 1)]
        agreed |= {item.line: UnitPrice(item.quantity) for item in items if item.line not in agreed}
    else:
        items = list(_acted_on(draft, tree, having, on))
    if draft.act == "disconnect":
        fees = _fees(items, draft.assets, having, on or having.today)
        agreed = {item.line: _fee_price(item, fees) for item in items}
    return Acted(_order(draft, having, items, on), agreed, on, fees)


def _order(draft: ActDraft, having: Having, items: Sequence[ItemDraft], on: date | None) -> OrderDraft:
    attributes: dict[str, Scalar] = {"act": draft.act}
    if draft.reason:
        attributes["reason"] = draft.reason
    return OrderDraft(
        customer=having.customer,
        type="change",
        currency=having.currency,
        items=tuple(items),
        ship_to=draft.destination if draft.act == "move" else None,
        places=_places(draft, having),
        requested_on=on,
        po_number=draft.po_number,
        attributes=attributes,
    )


def _places(draft: ActDraft, having: Having) -> tuple[PlaceDraft, ...]:
    """The new address, and those that only former orders know."""
    places = {place.code: place for place in having.places}
    if draft.address is not None:
        places[draft.address.code] = draft.address
    return tuple(places[code] for code in sorted(places))


class _Tree:
    """The living products around and below those chosen, by what stands above them."""

    def __init__(self, assets: Sequence[Asset], chosen: Sequence[str]) -> None:
        living = [asset for asset in assets if asset.ended_at is None]
        by_id = {asset.id: asset for asset in living}
        self.below: dict[int | None, list[Asset]] = {}
        for asset in living:
            parent = asset.parent_id if asset.parent_id in by_id else None
            self.below.setdefault(parent, []).append(asset)
        self.chosen = {asset.id for asset in living if asset.number in chosen}
        self.inside = self._closure(by_id)
        self.tops = [asset for asset in self.below.get(None, ()) if self._concerns(asset)]

    def _closure(self, by_id: Mapping[int, Asset]) -> set[int]:
        found = set(self.chosen)
        pending = list(found)
        while pending:
            for child in self.below.get(pending.pop(), ()):
                if child.id not in found:
                    found.add(child.id)
                    pending.append(child.id)
        return found

    def _concerns(self, asset: Asset) -> bool:
        return asset.id in self.inside or any(self._concerns(child) for child in self.below.get(asset.id, ()))

    def walk(self, *, first: int = 1) -> Iterator[tuple[Asset, str, str | None]]:
        """The products concerned with their line and that of their bundle, bundles first."""
        for number, top in enumerate(self.tops, start=first):
            yield from self._below(top, str(number), None)

    def _below(self, asset: Asset, line: str, parent: str | None) -> Iterator[tuple[Asset, str, str | None]]:
        yield asset, line, parent
        concerned = [child for child in self.below.get(asset.id, ()) if self._concerns(child)]
        for number, child in enumerate(concerned, start=1):
            yield from self._below(child, f"{line}.{number}", line)


def _acted_on(draft: ActDraft, tree: _Tree, having: Having, on: date | None) -> Iterator[ItemDraft]:
    states = _FROM[draft.act]
    for asset, line, parent in tree.walk():
        is_meant = asset.id in (tree.chosen if draft.act in ("modify", "add") else tree.inside)
        if draft.act in ("modify", "add") and not is_meant and asset.id in tree.inside:
            continue
        action: Action = _ACTIONS.get(draft.act, "none") if is_meant and asset.state in states else "none"
        item = _item(asset, line, parent, action, on=on, terms=having.terms.get(asset.number))
        if action == "modify":
            item = replace(
                item,
                quantity=draft.quantity or item.quantity,
                characteristics={**item.characteristics, **draft.characteristics},
                price=draft.price,
            )
        yield item
        if draft.act == "add" and asset.id in tree.chosen:
            yield from _added(draft, line, asset.place, on)


def _added(draft: ActDraft, line: str, place: str, on: date | None) -> Iterator[ItemDraft]:
    for item in draft.items:
        yield replace(
            item,
            line=f"{line}.{item.line}",
            parent=f"{line}.{item.parent}" if item.parent else line,
            relies_on=tuple(f"{line}.{other}" for other in item.relies_on),
            place=item.place or place or None,
            requested_on=item.requested_on or on,
        )


def _arriving(draft: ActDraft, tree: _Tree, having: Having, agreed: dict[str, UnitPrice]) -> Iterator[ItemDraft]:
    for asset, line, parent in tree.walk():
        price = having.prices.get(asset.number)
        agreed[line] = replace(price, quantity=asset.quantity) if price else UnitPrice(asset.quantity)
        terms = having.terms.get(asset.number)
        item = _item(asset, line, parent, "add", on=draft.on, terms=terms)
        kept = {"minimum_months": terms.minimum_months, "notice_days": terms.notice_days} if terms else {}
        yield replace(
            item,
            place=draft.destination,
            attributes={**item.attributes, **{name: value for name, value in kept.items() if value is not None}},
        )


def _leaving(tree: _Tree, having: Having, on: date | None, *, first: int) -> Iterator[ItemDraft]:
    for asset, line, parent in tree.walk(first=first):
        yield _item(asset, line, parent, "delete", on=on, terms=having.terms.get(asset.number))


def _item(
    asset: Asset, line: str, parent: str | None, action: Action, *, on: date | None, terms: Terms | None
) -> ItemDraft:
    return ItemDraft(
        line=line,
        product=asset.product_code,
        parent=parent,
        quantity=asset.quantity,
        action=action,
        asset=asset.number,
        role=asset.role or None,
        characteristics=dict(asset.characteristics),
        place=asset.place or None,
        requested_on=on if action in CHANGING else None,
        attributes=dict(terms.attributes) if terms and action != "none" else {},
    )


def _fees(items: Sequence[ItemDraft], chosen: Sequence[str], having: Having, day: date) -> dict[str, Decimal]:
    """What leaving early costs, for the products that were chosen; their parts are part of them."""
    found = {}
    for item in items:
        terms = having.terms.get(item.asset or "")
        if item.asset in chosen and item.action == "delete" and terms is not None and terms.fee_on(day) > 0:
            found[item.line] = terms.fee_on(day)
    return found


def _fee_price(item: ItemDraft, fees: Mapping[str, Decimal]) -> UnitPrice:
    fee = fees.get(item.line)
    if fee is None:
        return UnitPrice(item.quantity)
    return UnitPrice(item.quantity, one_time=fee / item.quantity, origin="manual", reason="termination fee")
