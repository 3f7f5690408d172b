"""The form of a change set: what it offers for an order, and what its fields wish for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.fields import Code, Text
from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import Conflict, Problem, Refused, refuse
from orderloom.catalog.types import Catalogue, Characteristic, Product
from orderloom.orders.change import ChangeDraft
from orderloom.orders.reads import StoredItem, StoredOrder

Typed = Annotated[Mapping[str, Annotated[str, Field(max_length=2_000)]], Field(max_length=2_000)]
BETWEEN = "|"
YES = {True: "yes", False: "no"}


@strict
@dataclass(frozen=True, slots=True)
class ChangeForm:
    """Every line as it should be, by line; `|` stands between a line and what is meant of it.

    A line without a quantity was not in the form. `revision` is the one that the form was made of.
    """

    revision: int
    reason: Text
    quantity: Typed = field(default_factory=dict)
    group: Typed = field(default_factory=dict)
    characteristic: Typed = field(default_factory=dict)
    place: Typed = field(default_factory=dict)
    requested: Typed = field(default_factory=dict)
    billing: Typed = field(default_factory=dict)
    remove: Typed = field(default_factory=dict)
    remainder: Typed = field(default_factory=dict)
    exchange: Typed = field(default_factory=dict)
    add: Typed = field(default_factory=dict)
    ship_to: Code | None = None
    bill_to: Code | None = None
    billing_account: Code | None = None
    requested_on: date | None = None


@dataclass(frozen=True, slots=True)
class CharacteristicField:
    """An input for one characteristic of a line."""

    name: str
    value: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineFields:
    """A line with its inputs."""

    item: StoredItem
    depth: int
    characteristics: tuple[CharacteristicField, ...]


def line_fields(order: StoredOrder, catalogue: Catalogue, *, most: int, begin: int = 0) -> list[LineFields]:
    """The lines that stand, bundles above their parts."""
    depths: dict[str, int] = {}
    found = []
    for item in standing(order):
        depths[item.line] = depths[item.parent] + 1 if item.parent in depths else 0
        found.append(LineFields(item, depths[item.line], tuple(_characteristics(item, catalogue))))
    return found[begin : begin + most]


def standing(order: StoredOrder) -> list[StoredItem]:
    """The lines that no change has taken out."""
    return [item for item in order.items if item.withdrawn_in is None]


def _characteristics(item: StoredItem, catalogue: Catalogue) -> Iterator[CharacteristicField]:
    declared = _declared(catalogue.product(item.product))
    for name in dict.fromkeys([*item.characteristics, *declared]):
        about = declared.get(name)
        choices = tuple(map(_text, about.choices)) if about else ()
        if about is not None and about.type == "boolean":
            choices = tuple(YES.values())
        yield CharacteristicField(name, _text(item.characteristics.get(name)), choices)


def _declared(product: Product | None) -> Mapping[str, Characteristic]:
    return product.characteristics if product else {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return YES[value]
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def wish_of(form: ChangeForm, order: StoredOrder, catalogue: Catalogue) -> ChangeDraft:
    """The change that the form asks for: only what differs from the order as it is."""
    if form.revision != order.revision:
        message = "The order was changed since you opened the form; open it again, nothing was written."
        raise Conflict([Problem("form_outdated", message)])
    body: dict[str, Any] = {"reason": form.reason}
    gone = {*form.remove, *form.exchange}
    lines = [
        wish for item in standing(order) if item.line not in gone and (wish := _line_wish(form, item, order, catalogue))
    ]
    wished = {
        "lines": lines,
        "remove": list(form.remove),
        "exchange": [_exchange(form, item, catalogue) for item in standing(order) if item.line in form.exchange],
        "add": list(_added(form, order, catalogue)),
        "ship_to": form.ship_to if form.ship_to != order.ship_to else None,
        "bill_to": form.bill_to if form.bill_to != order.bill_to else None,
        "billing_account": form.billing_account,
        "requested_on": form.requested_on if form.requested_on != order.requested_on else None,
    }
    body |= {name: value for name, value in wished.items() if value}
    try:
        return parse(ChangeDraft, body)
    except Refused as refused:
        raise Refused([replace(problem, pointer="") for problem in refused.problems]) from None


def _line_wish(form: ChangeForm, item: StoredItem, order: StoredOrder, catalogue: Catalogue) -> dict[str, Any] | None:
    if form.remainder.get(item.line):
        return {"line": item.line, "cancel_remainder": True}
    if item.line not in form.quantity and not item.ship_groups:
        return None
    wish: dict[str, Any] = {}
    groups = _groups(form, item)
    if groups is not None:
        wish["ship_groups"] = groups
    elif not item.ship_groups and _number(form.quantity[item.line], item.line) != item.quantity:
        wish["quantity"] = form.quantity[item.line]
    told = _characteristics_wish(form, item, catalogue)
    if told:
        wish["characteristics"] = told
    if form.place.get(item.line, item.place or "") != (item.place or ""):
        wish["place"] = form.place[item.line]
    requested = form.requested.get(item.line)
    if requested and requested != (item.requested_on.isoformat() if item.requested_on else ""):
        wish["requested_on"] = requested
    if form.billing.get(item.line):
        wish["billing_account"] = form.billing[item.line]
    return {"line": item.line, **wish} if wish else None


def _groups(form: ChangeForm, item: StoredItem) -> list[dict[str, Any]] | None:
    """What goes where, when that is wished differently; a place that gets none is left out."""
    typed = [form.group.get(f"{item.line}{BETWEEN}{place}") for place in range(len(item.ship_groups))]
    if not item.ship_groups or all(text is None for text in typed):
        return None
    quantities = [_number(text or "0", item.line) for text in typed]
    if quantities == [group.quantity for group in item.ship_groups]:
        return None
    if not any(quantities):
        refuse("quantity_missing", f"Nothing would be left of line {item.line}; tick “Remove” instead.")
    return [
        {
            "place": group.place,
            "quantity": str(quantity),
            **({"requested_on": group.requested_on.isoformat()} if group.requested_on else {}),
            **({"method": group.method} if group.method else {}),
        }
        for group, quantity in zip(item.ship_groups, quantities, strict=True)
        if quantity
    ]


def _number(text: str, line: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        refuse("quantity_invalid", f"The quantity of line {line} is no number; write one such as 4 or 2.5.")
    return number


def _characteristics_wish(form: ChangeForm, item: StoredItem, catalogue: Catalogue) -> dict[str, Any]:
    """Values that differ; an emptied one is taken away."""
    told: dict[str, Any] = {}
    for one in _characteristics(item, catalogue):
        typed = form.characteristic.get(f"{item.line}{BETWEEN}{one.name}", "").strip()
        if typed != one.value:
            about = _declared(catalogue.product(item.product)).get(one.name)
            told[one.name] = typed_value(typed, about, item.characteristics.get(one.name)) if typed else None
    return told


def typed_value(text: str, about: Characteristic | None, known: object = None) -> object:
    """A typed text as the value that is meant: as declared, or else of the kind that is there."""
    if (about is not None and about.type == "boolean") or isinstance(known, bool):
        return {"yes": True, "no": False}.get(text, text)
    numeric = about.type in ("number", "integer") if about else isinstance(known, int | Decimal)
    if numeric:
        try:
            number = Decimal(text)
            return int(number) if number == number.to_integral_value() else number
        except (InvalidOperation, ValueError):
            return text
    return text


def _exchange(form: ChangeForm, item: StoredItem, catalogue: Catalogue) -> dict[str, Any]:
    """The other product comes under the same line, with its own defaults."""
    product = form.exchange[item.line]
    new = {
        "line": item.line,
        "product": product,
        "parent": item.parent,
        "quantity": str(item.quantity),
        "role": item.role,
        "place": item.place,
        "relies_on": list(item.relies_on),
        "characteristics": _defaults(catalogue.product(product)),
        "ship_groups": [{"place": group.place, "quantity": str(group.quantity)} for group in item.ship_groups],
    }
    return {"line": item.line, "by": {name: value for name, value in new.items() if value not in (None, [], {})}}


def _defaults(product: Product | None) -> dict[str, Any]:
    return {name: about.default for name, about in _declared(product).items() if about.default is not None}


def _added(form: ChangeForm, order: StoredOrder, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """The new lines, numbered behind those that are or were there."""
    rows: dict[str, dict[str, str]] = {}
    for name, text in form.add.items():
        number, _, of = name.partition(BETWEEN)
        rows.setdefault(number, {})[of] = text
    taken = [item.line for item in order.items]
    for row in (rows[number] for number in sorted(rows)):
        if not row.get("product"):
            continue
        product, parent = catalogue.product(row["product"]), row.get("parent")
        line = free_line(parent, taken)
        taken.append(line)
        new = {
            "line": line,
            "product": row["product"],
            "parent": parent,
            "quantity": row.get("quantity", "1"),
            "place": row.get("place"),
            "relies_on": [text.strip() for text in row.get("relies_on", "").split(",") if text.strip()],
            "characteristics": _defaults(product) | _told(row.get("characteristics", ""), product),
        }
        yield {name: value for name, value in new.items() if value not in (None, "", [], {})}


def free_line(parent: str | None, taken: Sequence[str]) -> str:
    """The number behind the last one under a parent, or at the top."""
    stem = f"{parent}." if parent else ""
    last = 0
    for line in taken:
        tail = line.removeprefix(stem)
        if line.startswith(stem) and tail.split(".")[0].isdigit():
            last = max(last, int(tail.split(".")[0]))
    return f"{stem}{last + 1}"


def _told(text: str, product: Product | None) -> dict[str, Any]:
    """Characteristics written as `name = value`, one on each line."""
    told: dict[str, Any] = {}
    for row in filter(None, map(str.strip, text.splitlines())):
        name, sign, value = row.partition("=")
        if not sign or not value.strip():
            refuse("characteristic_unclear", f"“{row[:100]}” says no characteristic; write it as name = value.")
        told[name.strip()] = typed_value(value.strip(), _declared(product).get(name.strip()))
    return told
