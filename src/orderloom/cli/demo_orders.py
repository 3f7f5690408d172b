"""Two years of customers' orders for the demo world: who wants what when, and what fate awaits it. Pure and seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from orderloom.orders.types import ItemDraft, OrderDraft, Scalar, ShipGroupDraft
from orderloom.parties.sales_credits import SalesCreditDraft

DAYS = 730
SEED = "tessellane"
ONE = Decimal(1)
_NO_CHARACTERISTICS: Mapping[str, Scalar] = {}
_WEIGHTS = {"home": 44, "trade": 32, "pos": 24}
_LAST_WEEKS = 0.10
"""The share of orders that comes in the last three weeks, so that much is under way today."""


class Fate(StrEnum):
    """What becomes of an order, beyond the ordinary."""

    RUNS = "runs"
    DRAFT = "draft"  # never submitted
    HELD = "held"  # stopped by a person, still
    PAUSED = "paused"  # stopped by a person for some days
    CANCELLED = "cancelled"
    REFUSED = "refused"  # a partner refuses one step; repaired when it is long ago
    SILENT = "silent"  # somebody outside never answers
    SLOW = "slow"  # everybody outside takes three times as long
    # What follows is given to the orders of `demo_turns` only
    REJECTED = "rejected"  # a draft that we do not take
    FAILED = "failed"  # we find that we cannot deliver
    PARTIAL = "partial"  # the customer does without the last line
    ASKED = "asked"  # the seller asks for its cancellation; nobody has decided yet
    DENIED = "denied"  # the same, and the answer was no
    CANCELLING = "cancelling"  # cancelled just now; what was done is being undone
    CHANGED = "changed"  # altered in flight
    CHANGING = "changing"  # somebody thinks about a change
    VOUCHED = "vouched"  # a partner refuses; one person has recorded that it is done all the same
    LEFT = "left"  # the teams and partners that its note names do nothing


STILL = frozenset({Fate.VOUCHED, Fate.CHANGING})
"""Nobody does anything for these orders any more: they are to stay where they are."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the stream needs it: reference, business and places."""

    reference: str
    business: str
    places: tuple[str, ...]
    country: str
    sellers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order that comes at a moment by a seller's hand, with its fate."""

    number: int
    at: datetime
    seller: str
    business: str
    draft: OrderDraft
    fate: Fate
    note: str = ""

    def random(self, purpose: str) -> Random:
        """Chance for one purpose of this order, the same in every run."""
        return Random(f"{SEED}:{self.number}:{purpose}")


def order_stream(customers: Sequence[Customer], *, until: datetime, count: int) -> list[Wanted]:
    """`count` orders of the two years before `until`, in order of time; the same for the same arguments."""
    chance = Random(SEED)
    by_business = {name: [c for c in customers if c.business == name] for name in _WEIGHTS}
    moments = sorted(_moment(chance, until) for _ in range(count))
    return [_wanted(number, at, until, by_business) for number, at in enumerate(moments, start=1)]


def _moment(chance: Random, until: datetime) -> datetime:
    """A quarter hour of somebody's working day; more often the later, as business grows."""
    is_new = chance.random() < _LAST_WEEKS
    days_ago = 16 * chance.betavariate(1, 1.6) if is_new else DAYS * (1 - chance.betavariate(1.6, 1.2))
    moment = until - timedelta(days=max(days_ago, 0.3))
    at = moment.astimezone(UTC).replace(hour=chance.choice((13, 15, 17, 19, 21)), minute=0, second=0, microsecond=0)
    at -= timedelta(days=max(0, at.weekday() - 4))
    return min(at + timedelta(minutes=15 * chance.randrange(4)), until - timedelta(hours=2))


def _wanted(number: int, at: datetime, until: datetime, customers: Mapping[str, Sequence[Customer]]) -> Wanted:
    chance = Random(f"{SEED}:{number}")
    business = chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()))[0]
    customer = chance.choice(customers[business])
    seller = chance.choice(customer.sellers)
    fate = _fate(chance, at, until)
    items = _BASKETS[business](chance, customer)
    draft = OrderDraft(
        customer=customer.reference,
        items=items,
        channel=chance.choices(("direct", "web", "partner", "phone"), weights=(5, 3, 1, 1))[0],
        po_number=_purchase_number(chance, customer, number),
        external_id=f"DEMO-{number:04}",
        requested_on=(at + timedelta(days=chance.choice((10, 14, 21, 30)))).date(),
        priority=chance.choices(("standard", "urgent", "bulk"), weights=(8, 1, 1))[0],
        credits=_credits(chance, customer, seller),
        note=_NOTES[chance.randrange(len(_NOTES))] if chance.random() < 0.15 else None,
    )
    return Wanted(number, at, seller, business, draft, fate)


def _fate(chance: Random, at: datetime, until: datetime) -> Fate:
    """Drafts, holds and silence belong to the last weeks; what is long ago has been settled."""
    mark = chance.random()
    age = until - at
    if age < timedelta(days=10) and mark < 0.18:
        return Fate.DRAFT
    if age < timedelta(days=25):
        fates = ((0.28, Fate.HELD), (0.40, Fate.REFUSED), (0.52, Fate.SILENT), (0.62, Fate.SLOW))
    elif age < timedelta(days=60):
        fates = ((0.05, Fate.HELD), (0.12, Fate.REFUSED), (0.30, Fate.SILENT), (0.36, Fate.CANCELLED))
    else:
        fates = ((0.07, Fate.CANCELLED), (0.12, Fate.PAUSED), (0.17, Fate.REFUSED), (0.24, Fate.SLOW))
    return next((fate for limit, fate in fates if mark < limit), Fate.RUNS)


def _purchase_number(chance: Random, customer: Customer, number: int) -> str | None:
    """Companies give one, homes do not."""
    if customer.business == "home" and chance.random() < 0.9:
        return None
    return f"{chance.choice(('PO', '45', 'B'))}-{4000 + number * 7}"


def _credits(chance: Random, customer: Customer, seller: str) -> tuple[SalesCreditDraft, ...]:
    """The seller's, sometimes shared with a colleague, sometimes with the lead's extra credit."""
    others = [login for login in customer.sellers if login != seller]
    if others and chance.random() < 0.3:
        return (SalesCreditDraft(seller, Decimal(70)), SalesCreditDraft(others[0], Decimal(30)))
    if others and chance.random() < 0.2:
        return (SalesCreditDraft(seller, Decimal(100)), SalesCreditDraft(others[0], Decimal(10), "non_revenue"))
    return (SalesCreditDraft(seller, Decimal(100)),)


@dataclass(slots=True)
class _Basket:
    """The items of one bundle, numbered as they are added."""

    items: list[ItemDraft]

    @classmethod
    def of(cls, product: str, *, place: str, quantity: Decimal = ONE) -> _Basket:
        return cls([ItemDraft("1", product, quantity=quantity, place=place)])

    def add(
        self,
        product: str,
        quantity: Decimal = ONE,
        *,
        role: str | None = None,
        relies_on: Sequence[str] = (),
        characteristics: Mapping[str, Scalar] = _NO_CHARACTERISTICS,
        ship_groups: tuple[ShipGroupDraft, ...] = (),
    ) -> str:
        """One more part; its line."""
        line = f"1.{len(self.items)}"
        self.items.append(
            ItemDraft(
                line, product, parent="1", quantity=quantity, role=role, relies_on=tuple(relies_on),
                characteristics=characteristics, ship_groups=ship_groups,
            )
        )  # fmt: skip
        return line

    def extras(self, chance: Random, products: Mapping[str, float], quantity: Decimal = ONE) -> None:
        """Each of these with its probability."""
        for product, probability in products.items():
            if chance.random() < probability:
                self.add(product, quantity)


def _home(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """Internet with a modem and a technician; mostly with television, often with the old phone number."""
    place = chance.choice(customer.places)
    if chance.random() < 0.12:
        return (ItemDraft("1", chance.choice(("Internet Solo 50/10", "Internet Solo 100/40")), place=place),)
    is_triple = chance.random() < 0.85
    basket = _Basket.of("HomeMax Triple Play" if is_triple else "HomeMax Double Play", place=place)
    speed = chance.choices(("100/40", "50/10", "250/40"), weights=(7, 2, 2))[0]
    internet = basket.add(f"Internet VDSL {speed}", role="anchor")
    boxes = Decimal(chance.choices((1, 2, 3), weights=(8, 2, 1))[0])
    if is_triple and chance.random() < 0.9:
        basket.add(chance.choices(("IPTV Family", "IPTV Basic", "IPTV Family and Sport"), weights=(7, 2, 1))[0],
                   relies_on=(internet,))  # fmt: skip
        basket.add("Set-top box (rental)", boxes)
    if not is_triple or chance.random() < 0.85:
        number = {"portIn": f"+1555{chance.randrange(10**7):07}"} if chance.random() < 0.8 else {}
        basket.add("Voice (port-in)", relies_on=(internet,), characteristics=number)
    basket.add("VDSL modem (rental)" if chance.random() < 0.8 else "Wi-Fi 6 modem (rental)")
    if chance.random() < 0.9:
        basket.add("Technician install")
    basket.extras(chance, {"Wi-Fi repeater": 0.15, "Home security pack": 0.15, "Static IPv4 address": 0.08})
    return tuple(basket.items)


def _trade(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """Starter kits, some or many; now and then goods by themselves."""
    place = chance.choice(customer.places)
    mark = chance.random()
    if mark < 0.22:
        return tuple(
            ItemDraft(str(line), product, quantity=Decimal(chance.randint(1, most)), place=place)
            for line, (product, most) in enumerate(sorted(chance.sample(_GOODS, k=chance.randint(1, 4))), start=1)
        )
    kits = Decimal(chance.choices((1, 2, 3, 4, 5, 6, 8, 10), weights=(4, 5, 4, 4, 3, 3, 1, 1))[0])
    if mark < 0.32:
        basket = _Basket.of("Splice Field Kit", quantity=kits, place=place)
        basket.add("Fusion splicer", kits)
        basket.add("Consumables pack", kits * 2)
        return tuple(basket.items)
    basket = _Basket.of("Splice Starter Kit", quantity=kits, place=place)
    splicer = basket.add("Fusion splicer", kits)
    basket.add("Cleaver (drop-ship, vendor V)", kits)
    basket.add("Consumables pack", kits * 3)
    basket.add("2-year calibration plan", kits, relies_on=(splicer,))
    return tuple(basket.items)


def _pos(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """A tenant with terminals at one or more sites; often with printers and modules."""
    is_complete = chance.random() < 0.8
    sites = customer.places[: chance.choice((1, 2, 2, 3)) if is_complete else 1]
    each = [Decimal(chance.choice((1, 2, 2, 3, 4))) for _ in sites]
    terminals = sum(each, Decimal(0))
    groups = tuple(ShipGroupDraft(site, quantity) for site, quantity in zip(sites, each, strict=True))
    basket = _Basket.of("POS Complete 24m" if is_complete else "POS Start 12m", place=sites[0])
    tenant = basket.add("SaaS tenant", role="anchor")
    basket.add("Terminal licence", terminals, relies_on=(tenant,))
    basket.add("Terminal lease", terminals, ship_groups=groups)
    basket.add("Onboarding session", relies_on=(tenant,))
    if is_complete:
        basket.extras(chance, {"Receipt printer lease": 0.3, "Cash drawer lease": 0.2}, terminals)
        basket.extras(chance, {"Loyalty module": 0.2, "Stock module": 0.2, "Analytics module": 0.1})
    return tuple(basket.items)


def basket(business: str, chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """What a customer of this business orders."""
    return _BASKETS[business](chance, customer)


_BASKETS = {"home": _home, "trade": _trade, "pos": _pos}
_GOODS = (
    ("Single-mode cable 500 m", 12),
    ("Micro-duct 100 m", 30),
    ("Splice closure 24 fibres", 20),
    ("Patch cord LC 3 m", 120),
    ("Patch panel 24 ports", 10),
    ("One-click cleaner", 25),
    ("Optical power meter", 4),
    ("OTDR test set", 2),
    ("Street cabinet (made to order)", 3),
    ("Splicing course (one day)", 2),
)
_NOTES = (
    "Customer prefers mornings.",
    "Call before you come; the bell is broken.",
    "Replaces the system of a competitor, contract ends on the last of the month.",
    "Gate code is with the caretaker.",
    "Invoice must show our PO number, or it is sent back.",
    "Bitte vor 14 Uhr anliefern.",
    "納品書は日本語でお願いします。",
)
