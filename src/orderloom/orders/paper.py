"""An order as a paper: its confirmation, and the delivery note of one of its shipments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderloom.base.money import round_amount
from orderloom.documents.compose import characteristics, commitment, party, stated
from orderloom.documents.letterhead import Letterhead
from orderloom.documents.types import Charge, Fact, Line, Paper, Party, Period, Role, Section, Total
from orderloom.orders.reads.page import ItemRow, OrderPage, PlaceRow
from orderloom.stock.reads import ShipmentRow

ZERO = Decimal(0)
_PERIODS: Mapping[str, Period] = {"month": "month", "quarter": "quarter", "year": "year"}


def confirmation(page: OrderPage, letterhead: Letterhead) -> Paper:
    """The order as the customer has it confirmed: what was withdrawn is left out, totals are sums of its lines."""
    header = page.header
    items = [item for item in page.items if item.state != "cancelled"]
    depths = _depths(items)
    lines = [_line(item, depths[item.id], currency=header.currency) for item in items]
    return Paper(
        kind="order_confirmation",
        number=header.number,
        currency=header.currency,
        parties=_parties(page, letterhead),
        facts=stated(
            Fact("date", day=letterhead.day),
            Fact("customer_number", header.account_number),
            Fact("po_number", header.po_number or ""),
            Fact("requested_on", day=header.requested_on),
            Fact("promised_on", day=header.promised_on),
            Fact("terms", header.terms or ""),
        ),
        sections=(Section(tuple(lines)),),
        totals=_totals(lines),
        before_tax=True,
    )


def delivery_note(page: OrderPage, shipment: ShipmentRow, letterhead: Letterhead) -> Paper:
    """What lies in one shipment of the order, with serial numbers, line by line of the order."""
    header = page.header
    positions = {item.id: (place, item) for place, item in enumerate(page.items)}
    return Paper(
        kind="delivery_note",
        number=shipment.number,
        currency=header.currency,
        parties=_parties(page, letterhead, ship_to=shipment.ship_to),
        facts=stated(
            Fact("date", day=(shipment.shipped_at or shipment.packed_at).date()),
            Fact("order", header.number),
            Fact("customer_number", header.account_number),
            Fact("po_number", header.po_number or ""),
            Fact("carrier", shipment.carrier),
            Fact("tracking", shipment.tracking),
        ),
        sections=(Section(_shipped(shipment, positions)),),
    )


def _shipped(shipment: ShipmentRow, positions: Mapping[int, tuple[int, ItemRow]]) -> tuple[Line, ...]:
    ordered = sorted(
        shipment.lines, key=lambda line: (positions.get(line["order_item_id"], (1_000_000,))[0], line["id"])
    )
    return tuple(
        Line(
            number=str(line["line"]),
            text=str(line["name"]),
            quantity=Decimal(str(line["quantity"])),
            unit=positions[line["order_item_id"]][1].unit if line["order_item_id"] in positions else "",
            details=(str(line["sku"]), *([", ".join(map(str, line["serials"]))] if line["serials"] else [])),
        )
        for line in ordered
    )


def _parties(page: OrderPage, letterhead: Letterhead, *, ship_to: str | None = None) -> tuple[Party, ...]:
    places = {place.code: place for place in page.places}
    header = page.header
    parties = [letterhead.seller] if letterhead.seller else []
    parties.append(letterhead.customer)
    if header.bill_to in places and not ship_to:
        bill_to = _party_at(places[header.bill_to], "bill_to", header.account_name)
        if (bill_to.name, bill_to.lines) != (letterhead.customer.name, letterhead.customer.lines):
            parties.append(bill_to)
    where = ship_to or header.ship_to
    if where in places:
        parties.append(_party_at(places[where], "ship_to", header.account_name))
    return tuple(parties)


def _party_at(place: PlaceRow, role: Role, customer: str) -> Party:
    address = {
        "country": place.country,
        "street": "\n".join(place.lines),
        "city": place.city,
        "area": place.region,
        "postal_code": place.postal_code,
    }
    return party(role, place.recipient or customer, address)


def _depths(items: Sequence[ItemRow]) -> dict[int, int]:
    depths: dict[int, int] = {}
    for item in items:
        depths[item.id] = depths.get(item.parent_id, -1) + 1 if item.parent_id is not None else 0
    return depths


def _line(item: ItemRow, depth: int, *, currency: str) -> Line:
    charges = []
    if item.one_time is not None:
        charges.append(Charge(item.one_time, round_amount(item.one_time * item.quantity, currency)))
    if item.recurring is not None:
        amount = round_amount(item.recurring * item.quantity, currency)
        charges.append(Charge(item.recurring, amount, _PERIODS[item.period or "month"]))
    return Line(
        number=item.line,
        text=item.product_name,
        quantity=item.quantity,
        unit=item.unit,
        depth=depth,
        details=characteristics(item.characteristics),
        charges=tuple(charge for charge in charges if charge.amount or charge.unit_price),
        delivery_on=item.promised_on or item.requested_on,
        commitment=commitment(item.attributes),
    )


def _totals(lines: Sequence[Line]) -> tuple[Total, ...]:
    sums: dict[Period | None, Decimal] = {None: ZERO}
    for charge in (charge for line in lines for charge in line.charges):
        sums[charge.period] = sums.get(charge.period, ZERO) + charge.amount
    return tuple(
        Total("recurring" if period else "one_time", amount, period=period)
        for period, amount in sums.items()
        if period or amount or len(sums) == 1
    )
