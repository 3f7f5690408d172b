"""From a draft and what was looked up for it to the rows of an order, or to every reason why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from orderloom.base.money import is_currency
from orderloom.base.refusals import Problem
from orderloom.catalog.offer import Offer
from orderloom.catalog.reads import Touched
from orderloom.catalog.rules import item_problems
from orderloom.catalog.types import Catalogue
from orderloom.orders.order import (
    Composed,
    NewCredit,
    NewHandedIn,
    NewItem,
    NewNeed,
    NewOrder,
    NewPlace,
    NewShipGroup,
    PriceOrigin,
)
from orderloom.orders.rules import amount_problems, totals
from orderloom.orders.sameness import handed_in
from orderloom.orders.states import State
from orderloom.orders.tree import Tree, need_problems, plant
from orderloom.orders.types import ItemDraft, OrderDraft, PlaceDraft
from orderloom.parties.reads import unknown_customer
from orderloom.parties.sales_credits import SalesCreditDraft, credit_problems
from orderloom.parties.types import BillingAccount, Customer

UNPRICED_ACTIONS = frozenset({"delete", "suspend", "none"})


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up for a batch of drafts: by reference, and by account where one owns it."""

    customers: Mapping[str, Customer]
    billing_accounts: Mapping[str, BillingAccount]
    places: Mapping[tuple[int, str], NewPlace]
    codes_of_addresses: Mapping[tuple[int, int], str]
    offers: Mapping[str, tuple[Offer, ...]]
    catalogues: Mapping[int, Catalogue]
    payees: Mapping[str, int]
    touched: Touched = field(default_factory=Touched)


@dataclass(frozen=True, slots=True)
class Checked:
    """A draft with everything that it names resolved: good for composing."""

    draft: OrderDraft
    customer: Customer
    billing_account_id: int | None
    currency: str
    version_id: int
    tree: Tree
    offers: tuple[Offer, ...]
    bill_to: str | None
    ship_to: str | None
    item_places: tuple[str | None, ...]
    item_billing_account_ids: tuple[int | None, ...]
    prices: tuple[UnitPrice, ...]
    is_agreed: bool = False


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """What one unit of an item costs, and who says so."""

    quantity: Decimal
    one_time: Decimal | None = None
    recurring: Decimal | None = None
    period: str | None = None
    origin: PriceOrigin = "none"
    reason: str | None = None


Agreed = Mapping[str, UnitPrice]
"""Prices that were agreed before there was an order, by line."""


@dataclass(slots=True)
class _Look:
    """Problems gathered while one draft is looked through."""

    draft: OrderDraft
    found: Found
    agreed: Agreed = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    own_places: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.own_places = frozenset(place.code for place in self.draft.places)

    def add(self, code: str, message: str, pointer: str) -> None:
        self.problems.append(Problem(code, message, pointer))


def check(draft: OrderDraft, found: Found, agreed: Agreed | None = None) -> Checked | list[Problem]:
    """Resolve and check a draft; return it ready to compose, or every problem with its pointer.

    What was agreed for a line, as in a quote, is its price as it stands.
    """
    look = _Look(draft, found, agreed or {})
    tree = plant(draft.items)
    look.problems += need_problems(draft.items)
    customer = _customer(look)
    billing_account = _billing_account(look, customer, draft.billing_account, "/billing_account")
    currency = _currency(look, customer, billing_account)
    offers = _offers(look)
    own_accounts = tuple(_own_account(look, customer, currency, *pair) for pair in enumerate(draft.items))
    bill_to, ship_to = _header_places(look, customer)
    item_places = _item_places(look, customer, tree, ship_to)
    prices = tuple(_price(look, currency, place, item, offers) for place, item in enumerate(draft.items))
    _check_credits(look)
    _check_discounts(look)

    if look.problems:
        return look.problems
    assert customer is not None and offers is not None and currency is not None
    return Checked(
        draft=draft,
        customer=customer,
        billing_account_id=billing_account.id if billing_account else customer.billing_account_id,
        currency=currency,
        version_id=offers[0].version_id,
        tree=tree,
        offers=offers,
        bill_to=bill_to,
        ship_to=ship_to,
        item_places=item_places,
        item_billing_account_ids=own_accounts,
        prices=prices,
        is_agreed=bool(agreed),
    )


def _customer(look: _Look) -> Customer | None:
    customer = look.found.customers.get(look.draft.customer)
    if customer is None:
        look.problems.append(unknown_customer(look.draft.customer, "/customer"))
    elif not customer.is_active:
        look.add("customer_inactive", f"{customer.name} is closed; reopen the account or choose another.", "/customer")
    return customer


def _billing_account(
    look: _Look, customer: Customer | None, reference: str | None, pointer: str
) -> BillingAccount | None:
    if reference is None or customer is None:
        return None
    account = look.found.billing_accounts.get(reference)
    if account is None or account.account_id not in customer.path:
        look.add(
            "billing_account_unknown",
            f"{customer.name} has no billing account {reference}; choose one of its own or of its parents.",
            pointer,
        )
        return None
    if not account.is_active:
        look.add("billing_account_inactive", f"{reference} is closed; choose another billing account.", pointer)
    return account


def _currency(look: _Look, customer: Customer | None, account: BillingAccount | None) -> str | None:
    stated = look.draft.currency
    billed = account.currency if account else customer.currency if customer else None
    if stated is not None and not is_currency(stated):
        look.add("currency_unknown", f"“{stated}” is not a currency in use; give its ISO 4217 code.", "/currency")
        return None
    if stated and billed and stated != billed:
        look.add(
            "currency_mismatch",
            f"The order is in {stated} but its billing account is invoiced in {billed}; make them the same.",
            "/currency",
        )
    if stated is None and billed is None and customer is not None:
        look.add(
            "currency_missing",
            f"{customer.name} has no billing account that would settle the currency; give one.",
            "/currency",
        )
    return stated or billed


def _own_account(
    look: _Look, customer: Customer | None, currency: str | None, place: int, item: ItemDraft
) -> int | None:
    pointer = f"/items/{place}/billing_account"
    account = _billing_account(look, customer, item.billing_account, pointer)
    if account and currency and account.currency != currency:
        look.add(
            "currency_mismatch",
            f"{account.number} is invoiced in {account.currency}, the order is in {currency}; choose another.",
            pointer,
        )
    return account.id if account else None


def _offers(look: _Look) -> tuple[Offer, ...] | None:
    """One offer for each item, all of the one catalogue version that the items, too, are checked against."""
    choices = [
        {
            offer.version_id: offer
            for offer in look.found.offers.get(item.product, ())
            if look.draft.catalogue in (None, offer.catalogue)
        }
        for item in look.draft.items
    ]
    votes = Counter(version_id for choice in choices for version_id in choice)
    if not votes:
        _add_unsold(look)
        return None
    most = max(votes.values())
    leading = sorted(version_id for version_id, count in votes.items() if count == most)
    catalogue = look.found.catalogues[leading[0]]
    if len(leading) > 1 and most == len(choices):
        names = ", ".join(sorted(look.found.catalogues[version_id].code for version_id in leading))
        look.add("catalogue_unclear", f"Several catalogues sell this ({names}); name one.", "/catalogue")
    look.problems += item_problems(catalogue, look.draft.items)
    offers = [choice.get(leading[0]) for choice in choices]
    return tuple(offer for offer in offers if offer) if all(offers) else None


def _add_unsold(look: _Look) -> None:
    where = f"by catalogue {look.draft.catalogue} " if look.draft.catalogue else ""
    for place, item in enumerate(look.draft.items):
        look.add(
            "product_unknown",
            f"“{item.product}” is not sold {where}now; check its code or name, or import the catalogue that has it.",
            f"/items/{place}/product",
        )


def _header_places(look: _Look, customer: Customer | None) -> tuple[str | None, str | None]:
    _check_own_places(look)
    bill_to = _place(look, customer, look.draft.bill_to, "/bill_to")
    ship_to = _place(look, customer, look.draft.ship_to, "/ship_to")
    if customer is None:
        return bill_to, ship_to
    defaults = look.found.codes_of_addresses
    return (
        bill_to or defaults.get((customer.account_id, customer.bill_to_id or 0)),
        ship_to or defaults.get((customer.account_id, customer.ship_to_id or 0)),
    )


def _check_own_places(look: _Look) -> None:
    seen: set[str] = set()
    for index, place in enumerate(look.draft.places):
        if place.code in seen:
            look.add("place_double", f"Place {place.code} stands twice; keep one.", f"/places/{index}/code")
        seen.add(place.code)


def _place(look: _Look, customer: Customer | None, code: str | None, pointer: str) -> str | None:
    if code is None or customer is None:
        return None
    if (customer.account_id, code) in look.found.places or code in look.own_places:
        return code
    look.add(
        "place_unknown",
        f"{customer.name} has no address {code}; add it to the account or under “places”.",
        pointer,
    )
    return None


def _item_places(look: _Look, customer: Customer | None, tree: Tree, ship_to: str | None) -> tuple[str | None, ...]:
    """Where each item goes: its own place, or else its parent's, or else the header's."""
    items = look.draft.items
    resolved: list[str | None] = [None] * len(items)
    for place in tree.downwards:
        parent = tree.parents[place]
        inherited = ship_to if parent is None else resolved[parent]
        own = _place(look, customer, items[place].place, f"/items/{place}/place")
        resolved[place] = own or inherited
    for place, item in enumerate(items):
        for index, group in enumerate(item.ship_groups):
            _place(look, customer, group.place, f"/items/{place}/ship_groups/{index}/place")
    return tuple(resolved)


def _price(look: _Look, currency: str | None, place: int, item: ItemDraft, offers: Sequence[Offer] | None) -> UnitPrice:
    if item.line in look.agreed:
        return look.agreed[item.line]
    if item.price is not None:
        return _manual_price(look, currency, place, item)
    if offers is None or currency is None or item.action in UNPRICED_ACTIONS or not offers[place].prices:
        return UnitPrice(item.quantity)
    listed = offers[place].prices.get(currency)
    if listed is None and (look.found.touched.everything or offers[place].code in look.found.touched.products):
        return UnitPrice(item.quantity)  # a list of this currency may have it
    if listed is None:
        known = ", ".join(sorted(offers[place].prices))
        look.add(
            "price_currency",
            f"{item.product} has a list price in {known} but not in {currency}; add one or enter a price.",
            f"/items/{place}/product",
        )
        return UnitPrice(item.quantity)
    return UnitPrice(item.quantity, listed.one_time, listed.recurring, listed.period, "list")


def _manual_price(look: _Look, currency: str | None, place: int, item: ItemDraft) -> UnitPrice:
    price = item.price
    assert price is not None
    pointer = f"/items/{place}/price"
    if price.one_time is None and price.recurring is None:
        look.add("price_empty", "Give a one-time price, a recurring price or both, or leave the price out.", pointer)
    if not price.reason.strip():
        look.add("price_reason_missing", "A price set by hand needs a reason; give one.", f"{pointer}/reason")
    if currency is not None:
        look.problems += amount_problems(
            {"one_time": price.one_time, "recurring": price.recurring},
            currency=currency,
            pointer=pointer,
            quantity=item.quantity,
        )
    period = price.period if price.recurring is not None else None
    return UnitPrice(item.quantity, price.one_time, price.recurring, period, "manual", price.reason)


def _check_discounts(look: _Look) -> None:
    """Each discount by hand says exactly one thing."""
    owners = [("/discounts", look.draft.discounts)]
    owners += [(f"/items/{place}/discounts", item.discounts) for place, item in enumerate(look.draft.items)]
    for pointer, discounts in owners:
        for index, discount in enumerate(discounts):
            look.problems += [problem.below(f"{pointer}/{index}") for problem in discount.problems()]


def _check_credits(look: _Look) -> None:
    owners = [("/credits", look.draft.credits)]
    owners += [(f"/items/{place}/credits", item.credits) for place, item in enumerate(look.draft.items)]
    for pointer, credits in owners:
        if not credits:
            continue
        look.problems += credit_problems(credits, pointer=pointer)
        for index, credit in enumerate(credits):
            if credit.payee.lower() not in look.found.payees:
                look.add(
                    "payee_unknown",
                    f"Nobody has the log-in “{credit.payee}”; name a user by e-mail address.",
                    f"{pointer}/{index}/payee",
                )


def compose(
    checked: Checked, found: Found, *, order_id: int, number: str, item_ids: Sequence[int], state: State
) -> Composed:
    """The rows of one order. Items keep their tree; each knows the bundle on top of it."""
    draft = checked.draft
    ids = {item.line: item_ids[place] for place, item in enumerate(draft.items)}
    sums = totals(checked.prices, currency=checked.currency)
    return Composed(
        order=NewOrder(
            id=order_id,
            number=number,
            account_id=checked.customer.account_id,
            account_name=checked.customer.name,
            channel=draft.channel,
            external_id=draft.external_id,
            type=draft.type,
            priority=draft.priority,
            state=state,
            currency=checked.currency,
            bill_to=checked.bill_to,
            ship_to=checked.ship_to,
            billing_account_id=checked.billing_account_id,
            po_number=draft.po_number,
            terms=draft.terms or _terms(checked.customer),
            requested_on=draft.requested_on,
            catalogue_version_id=checked.version_id,
            one_time_total=sums.one_time,
            recurring_totals=sums.recurring,
            item_count=len(draft.items),
            note=draft.note,
            attributes=draft.attributes,
        ),
        places=tuple(_new_places(checked, found, order_id)),
        handed_in=NewHandedIn(order_id, handed_in(draft)) if draft.external_id is not None else None,
        items=tuple(_new_items(checked, order_id, item_ids, state)),
        needs=tuple(NewNeed(order_id, ids[item.line], ids[line]) for item in draft.items for line in item.relies_on),
        ship_groups=tuple(
            NewShipGroup(order_id, ids[item.line], index, group.place, group.quantity, group.requested_on, group.method)
            for item in draft.items
            for index, group in enumerate(item.ship_groups)
        ),
        credits=tuple(_new_credits(checked, found, order_id, item_ids)),
    )


def _terms(customer: Customer) -> str | None:
    return None if customer.terms_days is None else f"net-{customer.terms_days}"


def _new_places(checked: Checked, found: Found, order_id: int) -> Iterator[NewPlace]:
    own = {place.code: place for place in checked.draft.places}
    named = {checked.bill_to, checked.ship_to, *checked.item_places}
    named |= {group.place for item in checked.draft.items for group in item.ship_groups}
    for code in sorted(code for code in named if code is not None):
        if code in own:
            yield _brought(own[code], order_id)
        else:
            known = found.places[checked.customer.account_id, code]
            yield NewPlace(
                order_id=order_id,
                code=code,
                address_id=known.address_id,
                recipient=known.recipient,
                lines=known.lines,
                city=known.city,
                region=known.region,
                postal_code=known.postal_code,
                country=known.country,
            )


def _brought(place: PlaceDraft, order_id: int) -> NewPlace:
    return NewPlace(
        order_id=order_id,
        code=place.code,
        address_id=None,
        recipient=place.recipient,
        lines=place.lines,
        city=place.city,
        region=place.region,
        postal_code=place.postal_code,
        country=place.country,
    )


def _new_items(checked: Checked, order_id: int, item_ids: Sequence[int], state: State) -> Iterator[NewItem]:
    items, tree = checked.draft.items, checked.tree
    for place, (item, offer, price) in enumerate(zip(items, checked.offers, checked.prices, strict=True)):
        parent, top = tree.parents[place], tree.tops[place]
        yield NewItem(
            id=item_ids[place],
            order_id=order_id,
            position=place,
            line=item.line,
            parent_id=None if parent is None else item_ids[parent],
            bundle_id=None if top is None else item_ids[top],
            role=item.role,
            product_id=offer.product_id,
            product_code=offer.code,
            product_name=offer.name,
            kind=offer.kind,
            action=item.action,
            quantity=item.quantity,
            per_parent=None if parent is None else per_parent(item.quantity, items[parent].quantity),
            unit=offer.unit,
            characteristics=item.characteristics,
            place=checked.item_places[place],
            billing_account_id=checked.item_billing_account_ids[place],
            gl_account=item.gl_account,
            cost_centre=item.cost_centre,
            tax_code=item.tax_code or offer.tax_category,
            one_time=price.one_time,
            recurring=price.recurring,
            period=price.period,
            price_origin=price.origin,
            price_reason=price.reason,
            requested_on=item.requested_on,
            promised_on=item.promised_on,
            state=state,
            attributes=item.attributes,
            asset=item.asset,
        )


def per_parent(quantity: Decimal, parent_quantity: Decimal) -> Decimal | None:
    """How many of a part are in one of what it is part of; nothing where that is too little to say."""
    return round(quantity / parent_quantity, 6) or None


def _new_credits(checked: Checked, found: Found, order_id: int, item_ids: Sequence[int]) -> Iterator[NewCredit]:
    owners: list[tuple[int | None, Sequence[SalesCreditDraft]]] = [(None, checked.draft.credits)]
    owners += [(item_ids[place], item.credits) for place, item in enumerate(checked.draft.items)]
    for item_id, credits in owners:
        for index, credit in enumerate(credits):
            payee = credit.payee.lower()
            yield NewCredit(order_id, item_id, index, payee, found.payees[payee], credit.percent, credit.kind)
