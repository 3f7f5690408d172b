"""The rail: where a person may go."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.types import Actor
from orderloom.web.routes import SIGNED_IN


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the rail, shown to whoever has the right."""

    title: str
    path: str
    permission: str
    icon: str
    on_phone: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """A place as one person sees it on one page."""

    title: str
    path: str
    icon: str
    on_phone: bool
    here: bool


PLACES = (
    Place("Home", "/", SIGNED_IN, "home", on_phone=True),
    Place("Quotes", "/quotes", "quotes.read", "offer"),
    Place("Orders", "/orders", "orders.read", "list", on_phone=True),
    Place("Tasks", "/tasks", "work.do", "check", on_phone=True),
    Place("Approvals", "/approvals", SIGNED_IN, "stamp"),
    Place("Fallout", "/fallout", "fulfilment.repair", "alert", on_phone=True),
    Place("Customers", "/customers", "parties.read", "people", on_phone=True),
    Place("Products", "/products", "catalog.read", "box"),
    Place("Prices", "/prices", "catalog.read", "tag"),
    Place("Stock", "/stock", "stock.read", "shelf"),
    Place("Invoices", "/invoices", "billing.read", "bill"),
    Place("Messages", "/messages", "messages.read", "mail"),
    Place("Insight", "/insight", "insight.read", "chart"),
    Place("Partners", "/partners", "gateway.read", "link"),
    Place("Settings", "/settings", SIGNED_IN, "gear"),
)
PHONE_PLACES = 5


def navigation_for(actor: Actor, path: str) -> list[Shown]:
    """The places that the actor may open; on a phone the first five of them."""
    allowed = [place for place in PLACES if may_open(actor, place)]
    phone = {place.path for place in sorted(allowed, key=lambda place: not place.on_phone)[:PHONE_PLACES]}
    return [Shown(place.title, place.path, place.icon, place.path in phone, is_in(place, path)) for place in allowed]


def may_open(actor: Actor, place: Place) -> bool:
    return actor.user_id is not None if place.permission == SIGNED_IN else actor.may(place.permission)


def is_in(place: Place, path: str) -> bool:
    """Whether the page belongs to the place: home is its own page only, what is installed is the customers'."""
    path = path.replace("/assets/", "/customers/", 1) if path.startswith("/assets/") else path
    return path == "/" if place.path == "/" else path.startswith(place.path)
