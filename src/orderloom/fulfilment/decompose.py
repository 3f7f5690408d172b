"""What must exist: from the item tree, the rules of a catalogue and facts to things with their sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import quote

from orderloom.base.refusals import Problem
from orderloom.catalog.rules import Item
from orderloom.catalog.template import Template, field_of
from orderloom.catalog.types import Action, Rule, Scalar, Spec
from orderloom.fulfilment.needing import NOTHING, Needs, action_on, acts, is_new, needs_of
from orderloom.fulfilment.prepared import Prepared
from orderloom.fulfilment.types import OPEN, Because, Facts, FulfilmentItem, Hold, Installed, Line, Lot

MAX_NAMES = 6


@dataclass(slots=True, eq=False)
class Making:
    """A thing while rules add to it."""

    key: str
    spec: Spec
    place: str | None
    values: dict[str, Scalar]
    open_attributes: tuple[str, ...]
    parents: dict[str, None] = field(default_factory=dict)
    makers: dict[str, None] = field(default_factory=dict)
    users: dict[str, None] = field(default_factory=dict)
    lots: dict[int, Lot] = field(default_factory=dict)
    characteristics: dict[str, Scalar] = field(default_factory=dict)
    because: list[Because] = field(default_factory=list)
    is_installed: bool = False
    realized: Installed | None = None
    action: Action = "add"


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Things in canonical order, and what stands in the way of them."""

    things: tuple[FulfilmentItem, ...]
    holds: tuple[Hold, ...]
    nothing: Mapping[str, str]
    problems: tuple[Problem, ...]


def decompose(
    prepared: Prepared, items: Mapping[str, Item], header: Mapping[str, Scalar], facts: Facts
) -> Decomposition:
    """Apply the rules layer by layer: all that is made, then what uses it, what stands behind installed products, then
    what is covered.

    Deterministic: items come in natural order, rules in catalogue order, specs after their makers.
    """
    work = _Work(prepared, items, header, facts)
    for item in items.values():
        if item.action != "none":
            work.make_from_item(item)
    for spec in prepared.spec_order:
        for thing in list(work.by_spec.get(spec, ())):
            work.make_from_thing(thing)
    for item in items.values():
        if item.action != "none":
            work.use(item)
    work.find_realized()
    holds = tuple(work.holds())
    order = {line: place for place, line in enumerate(items)}
    things = tuple(_finished(thing, work, order) for thing in work.things.values())
    return Decomposition(things, holds, work.nothing, tuple(work.problems))


@dataclass(slots=True)
class _Work:
    prepared: Prepared
    items: Mapping[str, Item]
    header: Mapping[str, Scalar]
    facts: Facts
    things: dict[str, Making] = field(default_factory=dict)
    by_spec: dict[str, list[Making]] = field(default_factory=dict)
    by_maker: dict[tuple[str, str], dict[str, Making]] = field(default_factory=dict)
    by_bundle: dict[tuple[str, str], dict[str, Making]] = field(default_factory=dict)
    by_place: dict[tuple[str, str | None], dict[str, Making]] = field(default_factory=dict)
    by_line: dict[str, list[Making]] = field(default_factory=dict)
    nothing: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    sourced: dict[str, list[tuple[str | None, Decimal, Mapping[str, str]]]] = field(default_factory=dict)
    needs: Needs = NOTHING

    def __post_init__(self) -> None:
        self.needs = needs_of(self.items.values(), self.facts.installed)
        for part in sorted(self.facts.sourced, key=lambda s: (s.line, sorted(s.attributes.items()), s.place or "")):
            self.sourced.setdefault(part.line, []).append((part.place, part.quantity, part.attributes))

    # -- making

    def make_from_item(self, item: Item) -> None:
        rules = self.prepared.rules_of(item.product)
        if not rules:
            return
        lots = self._lots(item)
        context: dict[str, Scalar] | None = None
        for rule in rules:
            if rule.condition is not None or rule.copies or rule.sets:
                context = context or self._item_context(item)
            if rule.condition is not None and rule.condition.evaluate(context or {}) is not True:
                continue
            if rule.nothing is not None:
                self.nothing[item.line] = rule.nothing
            elif rule.make is not None:
                for lot in lots:
                    self._make(rule, item, lot, parent=None, context=context)

    def make_from_thing(self, parent: Making) -> None:
        for rule in self.prepared.rules_of_spec(parent.spec.name):
            reads_context = rule.condition is not None or rule.copies or rule.sets
            for lot in parent.lots.values():
                item = self.items[lot.line]
                context = self._thing_context(parent, item) if reads_context else {}
                if rule.condition is None or rule.condition.evaluate(context) is True:
                    self._make(rule, item, lot, parent=parent, context=context)

    def _thing_context(self, thing: Making, item: Item) -> dict[str, Scalar]:
        return {**self._item_context(item), **thing.values, **thing.characteristics, "place": thing.place}

    def _make(
        self, rule: Rule, item: Item, lot: Lot, *, parent: Making | None, context: dict[str, Scalar] | None
    ) -> None:
        assert rule.make is not None
        spec = self.prepared.catalogue.specs[rule.make]
        thing = self._thing(spec, item, lot, parent)
        if thing is None:
            return
        if item.line not in thing.makers:
            thing.makers[item.line] = None
            self._index(thing, item)
        if not thing.because or thing.because[-1].line != item.line or thing.because[-1].rule is not rule:
            thing.because.append(Because(item.line, rule, parent.key if parent else None))
        if parent is not None:
            thing.parents[parent.key] = None
        thing.lots.setdefault(id(lot), lot)
        for copy in rule.copies:
            self._set(thing, copy.target, (context or {}).get(copy.source), item)
        for name, template in rule.sets:
            self._set(thing, name, self._filled(template, context or {}), item)

    def _thing(self, spec: Spec, item: Item, lot: Lot, parent: Making | None) -> Making | None:
        """The thing of the key that the lot spells, new or known."""
        parts: list[str] = []
        values: dict[str, Scalar] = {}
        missing: list[str] = []
        for name in spec.per or (("parent",) if parent else ("item",)):
            value = self._per(name, item, lot, parent)
            if value is not None:
                if value:
                    parts.append(value if name == "parent" else quote(value, safe=" :@,()"))
                if name not in ("item", "parent", "bundle", "order", "place", "account"):
                    values[name] = value
            elif name in self.prepared.yielded:
                missing.append(name)
                parts.append(OPEN)
            else:
                self._missing(name, spec, item)
                return None
        if spec.has_one_owner:
            parts.append(quote(lot.line, safe=""))
        key = f"{spec.name}/{'+'.join(parts) or 'order'}"
        thing = self.things.get(key)
        if thing is None:
            thing = Making(key, spec, lot.place, values, tuple(missing))
            self.things[key] = thing
            self.by_spec.setdefault(spec.name, []).append(thing)
        return thing

    def _per(self, name: str, item: Item, lot: Lot, parent: Making | None) -> str | None:
        match name:
            case "item":
                return item.line
            case "parent":
                return parent.key if parent else item.line
            case "bundle":
                return item.bundles[0]
            case "order" | "account":
                return ""
            case "place":
                return lot.place
        value = lot.attributes.get(name)
        if value is None:
            own = item.characteristics.get(name)
            own = getattr(item.product, name) if own is None and name in ("vendor", "sku") else own
            own = parent.characteristics.get(name) if own is None and parent else own
            value = None if own is None else str(own)
        return value

    def _missing(self, name: str, spec: Spec, item: Item) -> None:
        pointer = f"/items/{item.position}"
        if name == "place":
            message = (
                f"{item.product.name} (line {item.line}) needs a place; give the line one, or the order a ship_to."
            )
            self.problems.append(Problem("place_missing", message, f"{pointer}/place"))
        else:
            message = f"“{spec.name}” needs the {name} of line {item.line}, and no step tells it; add it."
            self.problems.append(Problem("attribute_missing", message, f"{pointer}/characteristics/{name}"))

    def _set(self, thing: Making, name: str, value: Scalar, item: Item) -> None:
        if value is None:
            return
        before = thing.characteristics.get(name)
        if before is None:
            thing.characteristics[name] = value
        elif name in thing.spec.collects:
            if str(value) not in str(before).split("+"):
                thing.characteristics[name] = f"{before}+{value}"
        elif before != value:
            message = (
                f"Line {item.line} wants {name} = {value} on “{thing.spec.name}”, another line {before}; "
                "make them alike, or order them separately."
            )
            self.problems.append(Problem("characteristic_conflict", message, f"/items/{item.position}"))

    def _filled(self, template: Template, context: Mapping[str, Scalar]) -> str:
        return template.filled(lambda name: field_of(context, self.prepared.catalogue.names, name))

    def _item_context(self, item: Item) -> dict[str, Scalar]:
        product = item.product
        own: dict[str, Scalar] = {
            "product": product.code,
            "quantity": item.quantity,
            "place": item.place,
            "action": item.action,
            "role": item.role,
            "sku": product.sku,
            "vendor": product.vendor,
            "class": product.product_class,
        }
        return {**self.header, **own, **item.characteristics}

    def _lots(self, item: Item) -> list[Lot]:
        """The item's parts by place, split again by what sourcing has found; an unsourced rest stays one lot."""
        sourced = self.sourced.get(item.line)
        if not sourced:
            return [Lot(item.line, part.place, part.quantity, _NOTHING) for part in item.parts]
        lots: list[Lot] = []
        left = [quantity for _, quantity, _ in sourced]
        for part in item.parts:
            rest = part.quantity
            for place, (where, _, attributes) in enumerate(sourced):
                if where is not None and where != part.place:
                    continue
                taken = min(rest, left[place])
                if taken > 0:
                    lots.append(Lot(item.line, part.place, taken, attributes))
                    left[place] -= taken
                    rest -= taken
            if rest > 0:
                lots.append(Lot(item.line, part.place, rest, _NOTHING))
        return lots

    def _index(self, thing: Making, item: Item) -> None:
        name = thing.spec.name
        self.by_line.setdefault(item.line, []).append(thing)
        self.by_maker.setdefault((name, item.line), {})[thing.key] = thing
        for bundle in item.bundles[:1]:
            self.by_bundle.setdefault((name, bundle), {})[thing.key] = thing
        self.by_place.setdefault((name, thing.place), {})[thing.key] = thing

    # -- using

    def use(self, item: Item) -> None:
        for rule in self.prepared.rules_of(item.product):
            if rule.use is None:
                continue
            if rule.condition is not None and rule.condition.evaluate(self._item_context(item)) is not True:
                continue
            found = self._usable(rule, rule.use, item)
            if len(found) == 1:
                found[0].users[item.line] = None
                found[0].because.append(Because(item.line, rule))
                self.by_line.setdefault(item.line, []).append(found[0])
            elif not rule.optional:
                self._refuse_use(rule.use, item, len(found))

    def _usable(self, rule: Rule, spec: str, item: Item) -> list[Making]:
        """What the item relies on has made it, else its bundle, else its place, else it is installed."""
        found: dict[str, Making] = {}
        for line in item.relies_on:
            found.update(self.by_maker.get((spec, line), {}))
        if not found:
            found = self.by_bundle.get((spec, item.bundles[0]), {})
        if not found and not rule.optional:
            found = self.by_place.get((spec, item.place), {})
        if not found and not rule.optional:
            found = self._installed(spec, item)
        return list(found.values())

    def _installed(self, spec: str, item: Item) -> dict[str, Making]:
        found: dict[str, Making] = {}
        for installed in self.facts.installed:
            if installed.spec == spec and installed.place in (None, item.place) and self._is_usable(installed, item):
                key = installed.key or f"{spec}/{quote(installed.place or 'installed', safe='')}"
                thing = self.things.get(key)
                if thing is None:
                    thing = Making(key, self.prepared.catalogue.specs[spec], installed.place, {}, (), is_installed=True)
                    thing.realized = installed
                    self.things[key] = thing
                found[key] = thing
        return found

    def _is_usable(self, installed: Installed, item: Item) -> bool:
        """A line that acts on a product uses what that one uses; a new one nothing that is on its way out."""
        return item.asset in installed.users if acts(item) else not installed.is_going

    def _refuse_use(self, spec: str, item: Item, count: int) -> None:
        if count:
            message = (
                f"{item.product.name} (line {item.line}) could use {count} of “{spec}”; say in relies_on which line."
            )
            code = "use_ambiguous"
        else:
            message = (
                f"{item.product.name} (line {item.line}) needs “{spec}”, which is neither ordered nor installed here; "
                "order what brings it, or give the place where it is."
            )
            code = "use_missing"
        self.problems.append(Problem(code, message, f"/items/{item.position}"))

    # -- what is installed

    def find_realized(self) -> None:
        """Find what of things is installed, add what no rule reaches any more, and say what is done to each."""
        for thing in self.things.values():
            if thing.realized is None:
                lines = [self.items[line] for line in thing.makers]
                thing.realized = self.needs.behind(thing.spec.name, lines, thing.place)
        known = {thing.realized.key for thing in self.things.values() if thing.realized is not None}
        for item in self.items.values():
            if not acts(item) or item.action != "delete":
                continue
            for one in self.needs.by_asset.get(str(item.asset), ()):
                spec = self.prepared.catalogue.specs.get(one.spec)
                if spec is not None and one.key not in known:
                    thing = Making(one.key, spec, one.place, {}, (), users={item.line: None}, realized=one)
                    known.add(one.key)
                    self.things[one.key] = thing
                    self.by_line.setdefault(item.line, []).append(thing)
        for thing in self.things.values():
            thing.action = self._action(thing)

    def _action(self, thing: Making) -> Action:
        lines = [self.items[line] for line in (*thing.makers, *thing.users)]
        wanted = {self.items[line].action for line in thing.makers}
        action: Action = wanted.pop() if len(wanted) == 1 else "modify" if wanted else "none"
        if thing.realized is None:
            return "add" if is_new(thing.spec.kind, action, lines, self.needs) else action
        action = action_on(action, thing.realized, needs=self.needs, lines=lines, made=thing.characteristics)
        if action == "none" and (others := self.needs.contested_by(thing.realized)):
            self._refuse_contested(thing, next(item for item in lines if acts(item)), others)
        thing.is_installed = thing.is_installed and action == "none"
        return action

    def _refuse_contested(self, thing: Making, item: Item, others: Sequence[str]) -> None:
        if item.action != "delete":
            return
        message = (
            f"“{thing.spec.name}” is needed by {', '.join(others)} only, which another order is disconnecting; "
            f"wait for that order, or cancel it, and then disconnect {item.asset}."
        )
        self.problems.append(Problem("resource_contested", message, f"/items/{item.position}"))

    # -- covering

    def holds(self) -> Iterable[Hold]:
        """Leaves that nothing covers: the order is held with the line named."""
        for item in self.items.values():
            things = self.by_line.get(item.line, [])
            if item.is_leaf and item.action != "none" and not things and item.line not in self.nothing:
                message = (
                    f"No rule says what {item.product.name} (line {item.line}) comes to; "
                    "add a rule to the catalogue and plan again, or cancel the line."
                )
                yield Hold("item_uncovered", item.line, message)
            elif item.action not in ("add", "none"):
                for thing in things:
                    sections, action = thing.spec.sections, thing.action
                    if "add" in sections and action not in sections and action != "none" and item.line in thing.makers:
                        message = f"“{thing.spec.name}” has no steps to {action} it (line {item.line}); add them."
                        yield Hold("action_uncovered", item.line, message)


_NOTHING: Mapping[str, str] = {}


def _finished(thing: Making, work: _Work, order: Mapping[str, int]) -> FulfilmentItem:
    sources = sorted({**thing.makers, **thing.users}, key=order.__getitem__)
    lots = tuple(thing.lots.values())
    lines = _lines(lots, work.items)
    spec = thing.spec
    quantity = sum((lot.quantity for lot in lots), Decimal(0)) if spec.sums_quantity else Decimal(1)
    characteristics = {**(thing.realized.known if thing.realized else {}), **thing.characteristics, **thing.values}
    names = work.prepared.catalogue.names
    label = spec.name
    if spec.label is not None:
        context = {**characteristics, "place": thing.place, "quantity": quantity, **goods_of(lines, work.items, names)}
        label = spec.label.filled(lambda name: field_of(context, names, name))
    return FulfilmentItem(
        key=thing.key,
        spec=spec,
        action=thing.action,
        label=label,
        place=thing.place,
        quantity=quantity,
        characteristics=characteristics,
        parents=tuple(thing.parents),
        makers=tuple(sorted(thing.makers, key=order.__getitem__)),
        sources=tuple(sources),
        lots=lots,
        lines=lines if spec.has_lines else (),
        because=tuple(thing.because),
        open_attributes=thing.open_attributes,
        is_installed=thing.is_installed,
        realized=thing.realized,
        needed_by=work.needs.needed_by(thing.realized) if thing.realized else (),
    )


def goods_of(lines: Sequence[Line], items: Mapping[str, Item], names: Mapping[str, str]) -> dict[str, Scalar]:
    """What titles say of the goods inside: `skus` and `goods`, shortened where there are many."""
    skus = dict.fromkeys(line.sku for line in lines)
    goods = dict.fromkeys(short_name(items[line.line], names) for line in lines)
    return {"skus": _shortened(list(skus), ","), "goods": _shortened(list(goods), " + ")}


def short_name(item: Item, names: Mapping[str, str]) -> str:
    """What people call a product in the title of a step."""
    product = item.product
    return product.short_name or names.get(product.name) or names.get(product.code) or product.name


def _shortened(texts: Sequence[str], between: str) -> str:
    if len(texts) <= MAX_NAMES:
        return between.join(texts)
    return f"{between.join(texts[:MAX_NAMES])}{between}{len(texts) - MAX_NAMES} more"


def _lines(lots: Sequence[Lot], items: Mapping[str, Item]) -> tuple[Line, ...]:
    together: dict[str, Decimal] = {}
    for lot in lots:
        together[lot.line] = together.get(lot.line, Decimal(0)) + lot.quantity
    return tuple(Line(line, _sku(items[line]), together[line]) for line in together)


def _sku(item: Item) -> str:
    own = item.characteristics.get("sku")
    return str(own) if own is not None else item.product.sku or item.product.code
