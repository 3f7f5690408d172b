"""A freshly captured order in the shape that reading it back would give, so that nobody has to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orderloom.catalog.types import Catalogue
from orderloom.orders.order import CapturedOrder, Composed, NewItem
from orderloom.orders.reads.page import PlaceRow
from orderloom.orders.reads.stored import StoredGroup, StoredItem, StoredOrder
from orderloom.orders.types import Scalar


@dataclass(frozen=True, slots=True)
class Kept:
    """An order as it was just written: what became of the draft, the whole order, and its catalogue."""

    captured: CapturedOrder
    stored: StoredOrder
    catalogue: Catalogue
    waits_for_rights: bool = False


def as_stored(composed: Composed, *, customer: str) -> StoredOrder:
    """What `stored_orders` reads once these rows are written; `customer` is the account's number."""
    order = composed.order
    lines = {item.id: item.line for item in composed.items}
    relied, groups = _relied(composed, lines), _groups(composed)
    return StoredOrder(
        id=order.id,
        number=order.number,
        account_id=order.account_id,
        account_name=order.account_name,
        customer=customer,
        type=order.type,
        channel=order.channel,
        priority=order.priority,
        state=order.state,
        currency=order.currency,
        bill_to=order.bill_to,
        ship_to=order.ship_to,
        billing_account_id=order.billing_account_id,
        po_number=order.po_number,
        terms=order.terms,
        requested_on=order.requested_on,
        promised_on=None,
        catalogue_version_id=order.catalogue_version_id,
        revision=1,
        version=1,
        attributes=_as_json_keeps(order.attributes),
        items=tuple(
            _item(
                item,
                lines,
                relies_on=relied.get(item.id, ()),
                ship_groups=tuple(groups.get(item.id, ())),
                billing_account_id=order.billing_account_id,
            )
            for item in composed.items
        ),
        places={
            place.code: PlaceRow(
                place.code,
                place.address_id,
                place.recipient,
                list(place.lines),
                place.city,
                place.region,
                place.postal_code,
                place.country,
            )
            for place in composed.places
        },
    )


def _relied(composed: Composed, lines: Mapping[int, str]) -> dict[int, tuple[str, ...]]:
    """The lines that items rely on, in the order of their positions, by item."""
    places = {item.id: place for place, item in enumerate(composed.items)}
    needed: dict[int, set[int]] = {}
    for need in composed.needs:
        needed.setdefault(need.item_id, set()).add(need.needed_id)
    return {id_: tuple(lines[one] for one in sorted(ids, key=places.__getitem__)) for id_, ids in needed.items()}


def _groups(composed: Composed) -> dict[int, list[StoredGroup]]:
    groups: dict[int, list[StoredGroup]] = {}
    for group in composed.ship_groups:
        quantity = _as_numeric_keeps(group.quantity)
        kept = StoredGroup(group.item_id, group.place, quantity, group.requested_on, group.method)
        groups.setdefault(group.item_id, []).append(kept)
    return groups


def _item(
    item: NewItem,
    lines: Mapping[int, str],
    *,
    relies_on: tuple[str, ...],
    ship_groups: tuple[StoredGroup, ...],
    billing_account_id: int | None,
) -> StoredItem:
    return StoredItem(
        id=item.id,
        order_id=item.order_id,
        line=item.line,
        product=item.product_code,
        product_id=item.product_id,
        product_name=item.product_name,
        kind=item.kind,
        parent=None if item.parent_id is None else lines[item.parent_id],
        bundle=None if item.bundle_id is None else lines[item.bundle_id],
        role=item.role,
        action=item.action,
        quantity=_as_numeric_keeps(item.quantity),
        unit=item.unit,
        characteristics=_as_json_keeps(item.characteristics),
        place=item.place,
        relies_on=relies_on,
        ship_groups=ship_groups,
        billing_account_id=item.billing_account_id or billing_account_id,
        gl_account=item.gl_account,
        cost_centre=item.cost_centre,
        tax_code=item.tax_code,
        one_time=item.one_time,
        recurring=item.recurring,
        period=item.period,
        requested_on=item.requested_on,
        promised_on=item.promised_on,
        state=item.state,
        added_in=1,
        withdrawn_in=None,
        attributes=_as_json_keeps(item.attributes),
        asset=item.asset,
    )


def _as_json_keeps(values: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """JSON knows no difference between 100 and 1E+2, and gives whole numbers back as such."""
    return {
        name: int(value) if isinstance(value, Decimal) and _exponent(value) >= 0 else value
        for name, value in values.items()
    }


def _as_numeric_keeps(value: Decimal) -> Decimal:
    return Decimal(int(value)) if _exponent(value) > 0 else value


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "numbers of an order are finite"
    return exponent
