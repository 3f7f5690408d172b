"""Orders of the demo world whose fate chance must not decide: one and more for each thing that can become of an order.

Pure and seeded: who orders what, how many days before the end. What then happens is done in `demo_deciding`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from orderloom.cli.demo_orders import SEED, Customer, Fate, Wanted, basket
from orderloom.orders.types import ItemDraft, OrderDraft
from orderloom.parties.sales_credits import SalesCreditDraft

SURVEY = "Network survey"
CUT = "Cable cut to length"
INSTALMENTS = "Payment by instalments"
FIRST_NUMBER = 9_001


@dataclass(frozen=True, slots=True)
class Turn:
    """An order so many days before the end, and what becomes of it; `note` says which of several kinds."""

    days_ago: float
    customer: str
    fate: Fate
    products: tuple[str, ...] | str = "home"
    note: str = ""


TURNS = (
    # Long over
    Turn(420, "omalley", Fate.REJECTED, (SURVEY,), "We have no surveyor in that city."),
    Turn(175, "telar", Fate.REJECTED, "trade", "The customer is not who they say they are."),
    Turn(300, "delgado", Fate.FAILED, "home", "No free pair in this street."),
    Turn(96, "kealoha", Fate.FAILED, "home", "The island's exchange is full."),
    Turn(31, "castaneda", Fate.FAILED, "home", "The landlord refuses the duct."),
    Turn(260, "pennine", Fate.PARTIAL, ("Patch cord LC 3 m", "Splicing course (one day)")),
    Turn(120, "omalley", Fate.PARTIAL, ("One-click cleaner", "Splicing course (one day)")),
    Turn(44, "tejo", Fate.PARTIAL, ("Optical power meter", "Splicing course (one day)")),
    Turn(150, "lantern-books", Fate.DENIED, "pos"),
    Turn(22, "harbourline", Fate.DENIED, "trade"),
    Turn(330, "harbourline", Fate.CHANGED, ("Patch cord LC 3 m", "Micro-duct 100 m"), "more"),
    Turn(205, "glasfaser-nord", Fate.CHANGED, ("Splice closure 24 fibres", "Patch panel 24 ports"), "fewer"),
    Turn(70, "halloran", Fate.CHANGED, "home", "added"),
    Turn(500, "harbourline", Fate.RUNS, (SURVEY, CUT)),
    Turn(240, "northern-lights", Fate.RUNS, (SURVEY,)),
    Turn(110, "telar", Fate.RUNS, (CUT, INSTALMENTS)),
    Turn(38, "glasfaser-nord", Fate.RUNS, (SURVEY, INSTALMENTS)),
    Turn(60, "obrien", Fate.CANCELLED, "home"),
    # Under way on the last day
    Turn(1.0, "pennine", Fate.DRAFT, "trade"),
    Turn(2.5, "harbourline-gulf", Fate.REJECTED, "trade", "The branch may not order for itself any more."),
    Turn(1.2, "thibodeaux", Fate.ASKED, "home"),
    Turn(1.5, "akesson", Fate.ASKED, ("Splicing course (one day)",)),
    Turn(0.6, "chlopicki", Fate.CANCELLING, "home"),
    Turn(0.9, "delgado", Fate.CANCELLING, "home"),
    Turn(9.0, "chlopicki", Fate.LEFT, "home", "FSM"),
    Turn(8.0, "juniper-court", Fate.LEFT, "home", "FSM"),
    Turn(1.8, "harbourline", Fate.CHANGED, ("Patch cord LC 3 m", "Street cabinet (made to order)"), "more"),
    Turn(1.6, "obrien", Fate.CHANGED, "home", "added"),
    Turn(1.4, "harbourline-subsea", Fate.CHANGING, ("Street cabinet (made to order)", "Micro-duct 100 m"), "drafted"),
    Turn(1.3, "beranger", Fate.CHANGING, ("Street cabinet (made to order)", "Patch cord LC 3 m"), "previewed"),
    Turn(6.0, "halloran-lofts", Fate.CHANGING, "home", "withdrawn"),
    Turn(2.2, "juniper-7", Fate.VOUCHED, "home"),
    Turn(2.0, "souk-saffron", Fate.VOUCHED, "pos"),
    Turn(0.9, "harbourline", Fate.LEFT, (SURVEY,), "order-desk"),
    Turn(3.2, "northern-lights", Fate.LEFT, (SURVEY,), "order-desk"),
    Turn(6.5, "omalley", Fate.LEFT, (SURVEY, CUT), "field-dispatch warehouse"),
    Turn(12.0, "telar", Fate.LEFT, (SURVEY, INSTALMENTS), "billing credit"),
    Turn(1.7, "glasfaser-nord", Fate.LEFT, (CUT, INSTALMENTS), "warehouse credit"),
    Turn(5.0, "southern-cross", Fate.RUNS, ("Dark fibre",)),
    Turn(2.8, "omalley", Fate.RUNS, ("OTDR test set x 30",)),
    Turn(3.4, "harbourline", Fate.HELD, "trade", "dispute"),
    Turn(2.6, "itoguruma", Fate.HELD, "pos", "payment"),
    Turn(1.9, "dhaga", Fate.HELD, "trade", "export"),
    Turn(1.1, "juniper-12", Fate.HELD, "home", "address"),
    Turn(0.8, "tejo", Fate.HELD, "trade", "manual"),
)  # fmt: skip


def turns(customers: Sequence[Customer], *, until: datetime) -> list[Wanted]:
    """The orders of `TURNS`, the same for the same arguments; their numbers are beyond those of the stream."""
    known = {customer.reference: customer for customer in customers}
    return [
        _wanted(FIRST_NUMBER + place, turn, known[turn.customer], until)
        for place, turn in enumerate(sorted(TURNS, key=lambda turn: -turn.days_ago))
    ]


def _wanted(number: int, turn: Turn, customer: Customer, until: datetime) -> Wanted:
    chance = Random(f"{SEED}:{turn}")
    at = until - timedelta(days=turn.days_ago)
    seller = chance.choice(customer.sellers)
    draft = OrderDraft(
        customer=customer.reference,
        items=_items(turn.products, chance, customer),
        channel="direct",
        po_number=None if customer.business == "home" else f"PO-{4000 + number * 7}",
        external_id=f"DEMO-{number:04}",
        requested_on=(at + timedelta(days=21)).date(),
        credits=(SalesCreditDraft(seller, Decimal(100)),),
    )
    return Wanted(number, at, seller, customer.business, draft, turn.fate, turn.note)


def _items(products: tuple[str, ...] | str, chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
    if isinstance(products, str):
        return _WHOLE[products](chance, customer)
    lines = []
    for line, wish in enumerate(products, start=1):
        product, _, quantity = wish.partition(" x ")
        lines.append(
            ItemDraft(str(line), product, quantity=Decimal(quantity or _MANY.get(product, 1)), place=customer.places[0])
        )
    return tuple(lines)


_MANY: Mapping[str, int] = {"Patch cord LC 3 m": 40, "Micro-duct 100 m": 12, CUT: 6, "Splice closure 24 fibres": 8}


def _bundle(business: str) -> Callable[[Random, Customer], tuple[ItemDraft, ...]]:
    """A basket with a bundle in it: one that is a single product would leave nothing to change or undo."""

    def filled(chance: Random, customer: Customer) -> tuple[ItemDraft, ...]:
        while True:
            items = basket(business, chance, customer)
            if any(item.parent for item in items):
                return items

    return filled


_WHOLE = {business: _bundle(business) for business in ("home", "trade", "pos")}
