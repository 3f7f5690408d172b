"""Two years of customers' orders for the demo world: who wants what when, and what fate awaits it. Pure and seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from orderloom.orders.types import ItemDraft, OrderDraft, SalesCreditDraft, ShipGroupDraft

DAYS = 730
SEED = "tessellane"
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
    days_ago = chance.uniform(0.3, 21) if is_new else DAYS * (1 - chance.betavariate(1.6, 1.2))
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
        fates = ((0.05, Fate.CANCELLED), (0.11, Fate.PAUSED), (0.17, Fate.REFUSED), (0.24, Fate.SLOW))
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


def _home(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """Internet with a modem and a technician; mostly with television, often with the old phone number."""
    place = customer.places[0]
    items = [
        ItemDraft("1", "HomeMax Triple Play", place=place),
        ItemDraft("1.1", "Internet VDSL 100/40", parent="1", role="anchor", place=place,
                  characteristics={"downMbps": 100, "upMbps": 40}),
    ]  # fmt: skip
    television, voice = chance.random() < 0.85, chance.random() < 0.8
    if television:
        items.append(ItemDraft("1.2", "IPTV Family", parent="1", relies_on=("1.1", "1.5"),
                               characteristics={"pack": "family"}))  # fmt: skip
    if voice:
        number = {"portIn": f"+1555{chance.randrange(10**7):07}"} if chance.random() < 0.8 else {}
        items.append(ItemDraft("1.3", "Voice (port-in)", parent="1", relies_on=("1.1",), characteristics=number))
    items.append(ItemDraft("1.4", "VDSL modem (rental)", parent="1", characteristics={"sku": "MDM-9"}))
    if television:
        items.append(ItemDraft("1.5", "Set-top box (rental)", parent="1", characteristics={"sku": "STB-4"}))
    items.append(ItemDraft("1.6", "Technician install", parent="1"))
    return tuple(items)


def _trade(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """Starter kits, some or many."""
    kits = Decimal(chance.choices((1, 2, 4, 5, 6, 8, 10, 12), weights=(3, 4, 4, 3, 3, 2, 2, 1))[0])
    place = chance.choice(customer.places)
    return (
        ItemDraft("1", "Splice Starter Kit", quantity=kits, place=place),
        ItemDraft("1.1", "Fusion splicer", parent="1", quantity=kits,
                  characteristics={"sku": "SPL-1", "serialTracked": True}),
        ItemDraft("1.2", "Cleaver (drop-ship, vendor V)", parent="1", quantity=kits,
                  characteristics={"sku": "CLV-2", "vendor": "V"}),
        ItemDraft("1.3", "Consumables pack", parent="1", quantity=kits * 3, characteristics={"sku": "CON-3"}),
        ItemDraft("1.4", "2-year calibration plan", parent="1", quantity=kits, relies_on=("1.1",)),
    )  # fmt: skip


def _pos(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    """A tenant with terminals at one or more sites."""
    sites = customer.places[: chance.choice((1, 2, 2, 3))]
    each = [Decimal(chance.choice((1, 2, 2, 3, 4))) for _ in sites]
    terminals = sum(each, Decimal(0))
    groups = tuple(ShipGroupDraft(site, quantity) for site, quantity in zip(sites, each, strict=True))
    return (
        ItemDraft("1", "POS Complete 24m", place=sites[0]),
        ItemDraft("1.1", "SaaS tenant", parent="1", role="anchor"),
        ItemDraft("1.2", "Terminal licence", parent="1", quantity=terminals, relies_on=("1.1",)),
        ItemDraft("1.3", "Terminal lease", parent="1", quantity=terminals, ship_groups=groups),
        ItemDraft("1.4", "Onboarding session", parent="1", relies_on=("1.1",)),
    )


_BASKETS = {"home": _home, "trade": _trade, "pos": _pos}
_NOTES = (
    "Customer prefers mornings.",
    "Call before you come; the bell is broken.",
    "Replaces the system of a competitor, contract ends on the last of the month.",
    "Gate code is with the caretaker.",
    "Invoice must show our PO number, or it is sent back.",
    "Bitte vor 14 Uhr anliefern.",
    "納品書は日本語でお願いします。",
)
