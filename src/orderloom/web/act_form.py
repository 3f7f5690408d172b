"""The form of an act on an installed product: what it offers, and what its fields wish for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

from pydantic import Field

from orderloom.assets.types import Asset
from orderloom.base.fields import Code, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.catalog.types import Product
from orderloom.fulfilment.acting import Act, ActDraft
from orderloom.orders.types import ItemDraft, PlaceDraft, PriceDraft, Scalar

Typed = Annotated[Mapping[str, Annotated[str, Field(max_length=2_000)]], Field(max_length=200)]
AT_ONCE: tuple[Act, ...] = ("disconnect", "suspend", "resume")
"""Acts that can be previewed without asking anything first."""


@strict
@dataclass(frozen=True, slots=True)
class ActForm:
    """What a person typed; `step` says whether it is looked at first or placed."""

    step: Literal["preview", "place"] = "preview"
    on: date | None = None
    reason: Text = ""
    place: Code | None = None
    street: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: Text = ""
    country: Annotated[str, Field(max_length=2)] = ""
    characteristic: Typed = field(default_factory=dict)
    quantity: Text = ""
    recurring: Text = ""
    price_reason: Text = ""
    product: Code | None = None
    seen: Text = ""


@dataclass(frozen=True, slots=True)
class CharacteristicField:
    """An input for one characteristic, with its value now."""

    name: str
    value: str
    choices: tuple[str, ...]


def characteristics_of(asset: Asset, product: Product | None) -> list[CharacteristicField]:
    """The characteristics that a product has now, or could have."""
    known = product.characteristics if product else {}
    found = []
    for name in dict.fromkeys([*known, *asset.characteristics]):
        default = known[name].default if name in known else None
        value = asset.characteristics.get(name, default)
        choices = tuple(str(choice) for choice in known[name].choices) if name in known else ()
        found.append(CharacteristicField(name, "" if value is None else str(value), choices))
    return found


def wish_of(act: Act, asset: Asset, form: ActForm, product: Product | None) -> ActDraft:
    """What the fields come to; only what is different is wished for."""
    return ActDraft(
        act=act,
        assets=(asset.number,),
        on=form.on,
        reason=form.reason.strip(),
        place=form.place if act == "move" and not form.street.strip() else None,
        address=_address(asset, form) if act == "move" and form.street.strip() else None,
        characteristics=_changed(asset, form, product) if act == "modify" else {},
        quantity=_other_quantity(asset, form) if act == "modify" else None,
        price=_price(form) if act == "modify" else None,
        items=_items(form) if act == "add" else (),
    )


def _address(asset: Asset, form: ActForm) -> PlaceDraft:
    if len(form.country.strip()) != 2:
        refuse("country_missing", "Give the country of the new address by its two letters, such as US.", "/country")
    return PlaceDraft(
        code=f"{asset.number}-NEW",
        country=form.country.strip().upper(),
        lines=(form.street.strip(),),
        city=form.city.strip(),
        region=form.region.strip(),
        postal_code=form.postal_code.strip(),
    )


def _changed(asset: Asset, form: ActForm, product: Product | None) -> dict[str, Scalar]:
    before = {one.name: one.value for one in characteristics_of(asset, product)}
    return {
        name: _value(name, value.strip(), product)
        for name, value in form.characteristic.items()
        if value.strip() != before.get(name, "")
    }


def _value(name: str, text: str, product: Product | None) -> Scalar:
    kind = product.characteristics[name].type if product and name in product.characteristics else "text"
    if kind in ("integer", "number"):
        return _number(text, f"/characteristic/{name}")
    return text == "true" if kind == "boolean" else text


def _other_quantity(asset: Asset, form: ActForm) -> Decimal | None:
    if not form.quantity.strip():
        return None
    quantity = _number(form.quantity.strip(), "/quantity")
    return None if quantity == asset.quantity else quantity


def _price(form: ActForm) -> PriceDraft | None:
    if not form.recurring.strip():
        return None
    return PriceDraft(recurring=_number(form.recurring.strip(), "/recurring"), reason=form.price_reason.strip())


def _items(form: ActForm) -> tuple[ItemDraft, ...]:
    if form.product is None:
        return ()
    quantity = _number(form.quantity.strip() or "1", "/quantity")
    return (ItemDraft(line="new", product=form.product, quantity=quantity),)


def _number(text: str, pointer: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        refuse("number_wrong", f"“{text}” is not a number; write digits, such as 250 or 59.90.", pointer)
    return number
