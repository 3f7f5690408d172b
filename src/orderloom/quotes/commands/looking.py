"""Looking up what a version names, and pricing it: products, terms, places, taxes, rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderloom.base.refusals import Problem, Refused, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.catalog.offer import Offer
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_types import Context, Place
from orderloom.catalog.reads import Buyer, buyers, context_of, effective_offers, price_book, stamped_catalogues
from orderloom.parties.reads import places_by_id, resolve_customers, resolve_places
from orderloom.parties.types import Customer
from orderloom.quotes.pricing import Known, PricedVersion, giver_key, price_content
from orderloom.quotes.quote import Head
from orderloom.quotes.reads.stored import StoredVersion
from orderloom.quotes.types import Content


async def customer_of(tx: Tx, head: Head) -> Customer | None:
    """The customer of a quote, with what it inherits; nobody for a template."""
    if head.account_id is None:
        return None
    number = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": head.account_id})
    return (await resolve_customers(tx, [number])).get(number)


async def priced_content(
    tx: Tx,
    head: Head,
    content: Content,
    *,
    priced_at: datetime,
    customer: Customer | None,
    before: StoredVersion | None,
) -> PricedVersion:
    """Look up what the content names and price it; refuses with every problem. Writes nothing."""
    offers = await _offers(tx, content, at=priced_at)
    on = priced_at.astimezone(ZoneInfo(head.time_zone)).date()
    buyer = None if customer is None else (await buyers(tx, [customer.account_id]))[customer.account_id]
    book = await price_book(
        tx,
        products=[offer.code for offer in offers.values()],
        currency=head.currency,
        on=on,
        customers=buyer.customers if buyer else (),
        at=priced_at,
    )
    places = await _places(tx, content, customer)
    known = Known(
        offers=offers,
        terms=await _terms(tx, offers),
        places={code: place for code, place in places.items() if code},
        givers=_givers(before),
        who=tx.actor.name,
    )
    result = price_content(content, known, book, _context(tx, head, book, buyer, place=places.get(""), on=on))
    if isinstance(result, list):
        raise Refused(result)
    return result


def _context(tx: Tx, head: Head, book: Book, buyer: Buyer | None, *, place: Place | None, on: date) -> Context:
    """The circumstances of the customer; a template knows of no tax. Costs are kept apart, whoever writes."""
    anybody = Buyer(0, [], None, None, is_tax_exempt=False, rounding="line")
    context = context_of(
        buyer or anybody,
        book,
        tx.actor,
        currency=head.currency,
        on=on,
        channel=head.channel,
        place=place,
        refuse_unpriced=False,
    )
    return replace(context, may_see_cost=True, tax=context.tax if buyer else None)


async def _offers(tx: Tx, content: Content, *, at: datetime) -> dict[str, Offer]:
    """What each product of the content means then; refuses what nobody sells or several do."""
    names = [line.product for line in content.lines if line.kind == "item" and line.product is not None]
    found = await effective_offers(tx, list(dict.fromkeys(names)), at=at)
    problems = []
    for place, line in enumerate(content.lines):
        if line.kind != "item" or line.product is None:
            continue
        several = found.get(line.product, ())
        if not several:
            message = f"“{line.product}” is not sold now; check its code or name."
            problems.append(Problem("product_unknown", message, f"/lines/{place}/product"))
        elif len({offer.product_id for offer in several}) > 1:
            codes = ", ".join(sorted({offer.code for offer in several}))
            message = f"Several products are called “{line.product}”; name one by its code: {codes}."
            problems.append(Problem("product_unclear", message, f"/lines/{place}/product"))
    refuse_if_any(problems)
    return {name: several[0] for name, several in found.items()}


async def _terms(tx: Tx, offers: Mapping[str, Offer]) -> dict[str, Mapping[str, Any]]:
    """The terms of each product as its catalogue has them."""
    stamps = {offer.version_id: (offer.content_hash, offer.version) for offer in offers.values()}
    catalogues = await stamped_catalogues(tx, stamps)
    found = {}
    for name, offer in offers.items():
        product = catalogues[offer.version_id].product(offer.code)
        found[name] = product.terms if product else {}
    return found


async def _places(tx: Tx, content: Content, customer: Customer | None) -> dict[str, Place]:
    """Where tax is due by the code of each place; the quote's own ship-to under the empty code."""
    if customer is None:
        return {}
    wanted = {line.place: f"/lines/{place}/place" for place, line in enumerate(content.lines) if line.place}
    if content.ship_to:
        wanted.setdefault(content.ship_to, "/ship_to")
    found = await resolve_places(tx, [customer.account_id] * len(wanted), list(wanted)) if wanted else {}
    refuse_if_any(
        [
            Problem("place_unknown", f"{customer.name} has no address {code}; add it to the account.", pointer)
            for code, pointer in wanted.items()
            if (customer.account_id, code) not in found
        ]
    )
    places = {code: Place(place.country, place.area or None) for (_, code), place in found.items()}
    if content.ship_to:
        places[""] = places[content.ship_to]
    elif customer.ship_to_id is not None:
        place = (await places_by_id(tx, [customer.ship_to_id]))[customer.ship_to_id]
        places[""] = Place(place.country, place.area or None)
    return places


def _givers(before: StoredVersion | None) -> dict[tuple[object, ...], str]:
    if before is None:
        return {}
    found = {giver_key(row, ("", "")): row.who for row in before.version.shared}
    for line in before.lines:
        found |= {giver_key(row, (line.line, line.product_code or "")): row.who for row in line.given}
    return found
