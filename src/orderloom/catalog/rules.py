"""What may stand on an order: the item tree against the products, and the tree that planning starts from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, Protocol

from orderloom.base.refusals import Problem
from orderloom.catalog.characteristics import value_problem
from orderloom.catalog.checks import guess
from orderloom.catalog.types import Action, Catalogue, Component, Product, Scalar

MAX_QUANTITY = Decimal(1_000_000_000)
MAX_DEPTH = 20
_DIGITS = re.compile(r"(\d+)")


class SoldPart(Protocol):
    """A quantity of an item that goes to one place."""

    @property
    def place(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...


class SoldItem(Protocol):
    """A line of an order, as it is entered or as it is kept."""

    @property
    def line(self) -> str: ...
    @property
    def product(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit(self) -> str | None: ...
    @property
    def action(self) -> Action: ...
    @property
    def asset(self) -> str | None: ...
    @property
    def role(self) -> str | None: ...
    @property
    def characteristics(self) -> Mapping[str, Scalar]: ...
    @property
    def place(self) -> str | None: ...
    @property
    def relies_on(self) -> Sequence[str]: ...
    @property
    def ship_groups(self) -> Sequence[SoldPart]: ...


class Part(NamedTuple):
    """A quantity of an item and where it goes."""

    place: str | None
    quantity: Decimal


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One line in the tree, with its product, its parts by place, and all that it inherits.

    `bundles` are the lines of the bundles around it, nearest first; a bundle or a line that stands
    alone counts as its own. `position` is its place in the input, for pointers. `asset` is the installed product
    that it acts on.
    """

    line: str
    position: int
    product: Product
    parent: str | None
    children: tuple[str, ...]
    bundles: tuple[str, ...]
    quantity: Decimal
    action: Action
    role: str | None
    place: str | None
    characteristics: Mapping[str, Scalar]
    relies_on: tuple[str, ...]
    parts: tuple[Part, ...]
    asset: str | None = None

    @property
    def is_leaf(self) -> bool:
        """Whether nothing stands below it."""
        return not self.children


def item_problems(catalogue: Catalogue, items: Sequence[SoldItem]) -> list[Problem]:
    """Everything that is wrong with the items of an order, with JSON pointers from `/items` on; pure.

    Unknown products, wrong, missing and unknown characteristics, broken cardinality, circles and
    items that are their own child, absurd quantities, ship groups that do not sum to the quantity,
    and lines that are named but not there.
    """
    problems = list(_line_problems(items))
    by_line = {item.line: item for item in items}
    if any(p.code in ("line_double", "parent_unknown", "item_cyclic") for p in problems):
        unknown = [(n, item) for n, item in enumerate(items) if catalogue.product(item.product) is None]
        return problems + [p for n, item in unknown for p in _own_problems(catalogue, item, f"/items/{n}", by_line)]
    children: dict[str, list[int]] = {}
    for position, item in enumerate(items):
        if item.parent is not None:
            children.setdefault(item.parent, []).append(position)
        problems += _own_problems(catalogue, item, f"/items/{position}", by_line)
    for position, item in enumerate(items):
        product = catalogue.product(item.product)
        if product is not None and not product.is_open:
            problems += _bundle_problems(catalogue, items, position, product, children.get(item.line, []))
    return problems


def item_tree(catalogue: Catalogue, items: Sequence[SoldItem], *, ship_to: str | None = None) -> dict[str, Item]:
    """The items by line, parents before children and siblings in natural order, whatever their order in the input.

    The items must have passed `item_problems`.
    """
    positions = {item.line: position for position, item in enumerate(items)}
    children: dict[str | None, list[str]] = {}
    for line in sorted(positions, key=natural):
        children.setdefault(items[positions[line]].parent, []).append(line)
    tree: dict[str, Item] = {}
    pending = list(reversed(children.get(None, [])))
    while pending:
        line = pending.pop()
        below = children.get(line, [])
        tree[line] = _item(catalogue, items[positions[line]], positions[line], tuple(below), tree=tree, ship_to=ship_to)
        pending.extend(reversed(below))
    return tree


def natural(line: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts 1.2 before 1.10, and is total."""
    return tuple(
        (0, int(piece), piece) if piece.isdecimal() else (1, 0, piece) for piece in _DIGITS.split(line) if piece
    )


def _item(
    catalogue: Catalogue,
    sold: SoldItem,
    position: int,
    children: tuple[str, ...],
    *,
    tree: Mapping[str, Item],
    ship_to: str | None,
) -> Item:
    product = catalogue.product(sold.product)
    assert product is not None, "item_problems has refused unknown products"
    parent = tree[sold.parent] if sold.parent is not None else None
    place = sold.place or (parent.place if parent else ship_to)
    around = parent.bundles if parent else ()
    defaults = {c.name: c.default for c in product.characteristics.values() if c.default is not None}
    return Item(
        line=sold.line,
        position=position,
        product=product,
        parent=sold.parent,
        children=children,
        bundles=(sold.line, *around) if children or parent is None else around,
        quantity=sold.quantity,
        action=sold.action,
        role=sold.role,
        place=place,
        characteristics={**defaults, **sold.characteristics} if defaults else sold.characteristics,
        relies_on=tuple(sorted(set(sold.relies_on), key=natural)),
        parts=_parts(sold, place),
        asset=sold.asset,
    )


def _parts(sold: SoldItem, place: str | None) -> tuple[Part, ...]:
    if not sold.ship_groups:
        return (Part(place, sold.quantity),)
    together: dict[str, Decimal] = {}
    for group in sold.ship_groups:
        together[group.place] = together.get(group.place, Decimal(0)) + group.quantity
    return tuple(Part(where, together[where]) for where in sorted(together, key=natural))


def _line_problems(items: Sequence[SoldItem]) -> Iterator[Problem]:
    parents: dict[str, str | None] = {}
    for position, item in enumerate(items):
        if item.line in parents:
            message = f"The line {item.line} stands twice; number the lines differently."
            yield Problem("line_double", message, f"/items/{position}/line")
        parents[item.line] = item.parent
    for position, item in enumerate(items):
        pointer = f"/items/{position}/parent"
        if item.parent is not None and item.parent not in parents:
            yield Problem("parent_unknown", f"There is no line {item.parent}; name a line of this order.", pointer)
        elif item.parent == item.line:
            yield Problem("item_cyclic", f"Line {item.line} cannot be its own child; name its bundle.", pointer)
        elif _is_deep(item.line, parents):
            message = f"Line {item.line} stands below itself, or more than {MAX_DEPTH} deep; mend its parent."
            yield Problem("item_cyclic", message, pointer)


def _is_deep(line: str, parents: Mapping[str, str | None]) -> bool:
    current: str | None = line
    for _ in range(MAX_DEPTH + 1):
        current = parents.get(current) if current is not None else None
        if current is None:
            return False
    return True


def _own_problems(
    catalogue: Catalogue, item: SoldItem, pointer: str, by_line: Mapping[str, SoldItem]
) -> Iterator[Problem]:
    product = catalogue.product(item.product)
    if product is None:
        known = [*catalogue.products, *catalogue.codes_by_name]
        message = f"The product “{item.product}” is not in catalogue {catalogue.code}{guess(item.product, known)}"
        yield Problem("product_unknown", message, f"{pointer}/product")
    else:
        yield from _characteristic_problems(product, item, f"{pointer}/characteristics")
        yield from _unit_problems(catalogue, product, item, pointer)
    yield from _quantity_problems(item, pointer)
    for place, other in enumerate(item.relies_on):
        if other == item.line:
            yield Problem(
                "relies_on_self", "A line cannot rely on itself; name another.", f"{pointer}/relies_on/{place}"
            )
        elif other not in by_line:
            message = f"There is no line {other} in this order; name one, or take it out."
            yield Problem("relies_on_unknown", message, f"{pointer}/relies_on/{place}")


def _quantity_problems(item: SoldItem, pointer: str) -> Iterator[Problem]:
    quantity = item.quantity
    if not quantity.is_finite() or not 0 < quantity <= MAX_QUANTITY:
        message = f"Give a quantity above 0 and up to {MAX_QUANTITY:,}."
        yield Problem("quantity_range", message, f"{pointer}/quantity")
        return
    for place, group in enumerate(item.ship_groups):
        if not group.quantity.is_finite() or group.quantity <= 0:
            yield Problem("quantity_range", "Give a quantity above 0.", f"{pointer}/ship_groups/{place}/quantity")
            return
    total = sum((group.quantity for group in item.ship_groups), Decimal(0))
    if item.ship_groups and total != quantity:
        message = f"The ship groups come to {total}, the line to {quantity}; make them equal."
        yield Problem("ship_groups_sum", message, f"{pointer}/ship_groups")


def _unit_problems(catalogue: Catalogue, product: Product, item: SoldItem, pointer: str) -> Iterator[Problem]:
    if product.is_open or not item.quantity.is_finite():
        return
    if item.unit is not None and item.unit != product.unit:
        message = f"{product.name} is sold by the {product.unit}; give that unit or leave it out."
        yield Problem("unit_mismatch", message, f"{pointer}/unit")
    decimals = 0 if product.tracking == "serial" else catalogue.units[product.unit].decimals
    for quantity, place in [
        (item.quantity, "quantity"),
        *((g.quantity, f"ship_groups/{i}/quantity") for i, g in enumerate(item.ship_groups)),
    ]:
        if quantity.is_finite() and quantity != round(quantity, decimals):
            wish = f"at most {decimals} decimals" if decimals else "a whole number"
            yield Problem(
                "quantity_decimals", f"{product.name} is sold by the {product.unit}; give {wish}.", f"{pointer}/{place}"
            )


def _characteristic_problems(product: Product, item: SoldItem, pointer: str) -> Iterator[Problem]:
    if product.is_open:
        return
    for name, value in item.characteristics.items():
        characteristic = product.characteristics.get(name)
        if characteristic is None:
            message = f"{product.name} has no characteristic “{name}”{guess(name, product.characteristics)}"
            yield Problem("characteristic_unknown", message, f"{pointer}/{name}")
        elif value is not None:
            message = value_problem(characteristic, value) or ""
            if message:
                yield Problem("characteristic_type", message, f"{pointer}/{name}")
    if item.action not in ("add", "modify"):
        return
    for characteristic in product.characteristics.values():
        if (
            characteristic.required
            and item.action == "add"
            and characteristic.default is None
            and item.characteristics.get(characteristic.name) is None
        ):
            message = f"{product.name} needs the characteristic “{characteristic.name}”; add it."
            yield Problem("characteristic_missing", message, f"{pointer}/{characteristic.name}")


def _bundle_problems(
    catalogue: Catalogue, items: Sequence[SoldItem], position: int, product: Product, children: Sequence[int]
) -> Iterator[Problem]:
    bundle = items[position]
    pointer = f"/items/{position}"
    if not product.is_bundle:
        for child in children:
            message = f"{product.name} is no bundle; take line {items[child].line} out of it."
            yield Problem("not_a_bundle", message, f"/items/{child}/parent")
        return
    components = {catalogue.codes_by_name.get(c.product, c.product): c for c in product.components}
    counts: dict[str, int] = {}
    for child in children:
        part = catalogue.product(items[child].product)
        if part is None:
            continue
        component = components.get(part.code)
        if component is None:
            message = f"{part.name} is no part of {product.name}; take the line out, or sell it by itself."
            yield Problem("part_unknown", message, f"/items/{child}/product")
            continue
        counts[part.code] = counts.get(part.code, 0) + 1
        yield from _part_problems(bundle, items[child], component, f"/items/{child}")
    if bundle.action == "add":
        yield from _cardinality_problems(catalogue, product, components, counts, pointer)


def _part_problems(bundle: SoldItem, item: SoldItem, component: Component, pointer: str) -> Iterator[Problem]:
    if item.role is not None and item.role != component.role:
        wish = f"give “{component.role}” or leave it out" if component.role else "leave it out"
        yield Problem("role_mismatch", f"This part has another role in the bundle; {wish}.", f"{pointer}/role")
    if component.quantity is None or not bundle.quantity.is_finite() or not item.quantity.is_finite():
        return
    wanted = component.quantity * bundle.quantity
    if item.quantity != wanted and item.action == "add":
        message = (
            f"Each bundle holds {component.quantity.normalize():f}, so {bundle.quantity.normalize():f} of them "
            f"need {wanted.normalize():f}; correct the quantity."
        )
        yield Problem("quantity_per_bundle", message, f"{pointer}/quantity")


def part_problems(catalogue: Catalogue, bundle: Product, parts: Sequence[str], pointer: str) -> list[Problem]:
    """What is wrong with a bundle that has these parts, by product code: too few, too many, or none of a group."""
    components = {catalogue.codes_by_name.get(c.product, c.product): c for c in bundle.components}
    counts = {code: parts.count(code) for code in parts}
    return list(_cardinality_problems(catalogue, bundle, components, counts, pointer))


def _cardinality_problems(
    catalogue: Catalogue,
    product: Product,
    components: Mapping[str, Component],
    counts: Mapping[str, int],
    pointer: str,
) -> Iterator[Problem]:
    for code, component in components.items():
        count = counts.get(code, 0)
        name = catalogue.products[code].name
        if count < component.minimum:
            message = f"{product.name} needs {component.minimum} of {name}, here are {count}; add a line."
            yield Problem("cardinality", message, pointer)
        elif component.maximum is not None and count > component.maximum:
            message = f"{product.name} takes at most {component.maximum} of {name}, here are {count}; take one out."
            yield Problem("cardinality", message, pointer)
    for group in product.groups:
        count = sum(counts.get(code, 0) for code, c in components.items() if c.group == group.code)
        if count < group.minimum:
            message = f"{product.name} needs {group.minimum} of the group “{group.code}”, here are {count}; add one."
            yield Problem("cardinality", message, pointer)
        elif group.maximum is not None and count > group.maximum:
            message = f"{product.name} takes at most {group.maximum} of “{group.code}”, here are {count}; take one out."
            yield Problem("cardinality", message, pointer)
