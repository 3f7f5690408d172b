"""What must be true across the entries of a catalogue: names that exist, no circles, facts that somebody tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from orderloom.base.refusals import Problem
from orderloom.catalog.characteristics import value_problem
from orderloom.catalog.shape import escaped
from orderloom.catalog.types import (
    After,
    AfterSignal,
    Catalogue,
    ChargeRule,
    Offering,
    Product,
    Rule,
    StepName,
    StepTemplate,
)

RESERVED = frozenset({"item", "order"})


def check(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    """Every contradiction in a catalogue whose entries are sound by themselves, with its JSON pointer."""
    yield from _products(catalogue, document)
    yield from _rules(catalogue, document)
    yield from _specs(catalogue, document)
    yield from _links(catalogue)
    yield from _offerings(catalogue, document)
    yield from _order(catalogue)
    yield from _charges(catalogue, document)
    yield from _facts(catalogue, document)


def spec_order(catalogue: Catalogue) -> tuple[list[str], list[str]]:
    """Specs so that makers come before what they make; and those that stand in a circle of rules."""
    return sorted_by_need(
        catalogue.specs, [(r.source, r.make) for r in catalogue.rules if r.source_kind == "spec" and r.make]
    )


def sorted_by_need(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Names so that the first of each pair comes before its second, stable; and the rest, which runs in a circle."""
    waiting = dict.fromkeys(names, 0)
    followers: dict[str, list[str]] = {name: [] for name in waiting}
    for first, then in dict.fromkeys(pairs):
        if first in waiting and then in waiting:
            waiting[then] += 1
            followers[first].append(then)
    ready = [name for name, count in waiting.items() if not count]
    order: list[str] = []
    while ready:
        name = ready.pop(0)
        order.append(name)
        for follower in followers[name]:
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    done = set(order)
    return order, [name for name in waiting if name not in done]


def guess(name: str, known: Iterable[str]) -> str:
    """A helpful end of a sentence about a name that is not known."""
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean “{close[0]}”?" if close else "; check its spelling or add it."


# -- products


def _products(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    places = {str(e.get("code")): i for i, e in enumerate(_list(document, "products")) if isinstance(e, Mapping)}
    for product in catalogue.products.values():
        if product.is_open:
            continue
        pointer = f"/products/{places.get(product.code, 0)}"
        if product.unit not in catalogue.units:
            message = f"The unit “{product.unit}” is not known{guess(product.unit, catalogue.units)}"
            yield Problem("unit_unknown", message, f"{pointer}/unit")
        yield from _characteristics(product, pointer)
        yield from _components(catalogue, product, pointer, places)
    circle = sorted_by_need(
        catalogue.products,
        [
            (bundle.code, catalogue.codes_by_name.get(part.product, part.product))
            for bundle in catalogue.products.values()
            for part in bundle.components
        ],
    )[1]
    circle = [code for code in circle if catalogue.products[code].is_bundle]
    if circle:
        message = f"These bundles contain each other in a circle: {', '.join(circle)}; take one out of another."
        yield Problem("bundle_cyclic", message, f"/products/{places.get(circle[0], 0)}/components")


def _characteristics(product: Product, pointer: str) -> Iterator[Problem]:
    for name, characteristic in product.characteristics.items():
        below = f"{pointer}/characteristics/{name}"
        for place, choice in enumerate(characteristic.choices):
            message = value_problem(characteristic, choice)
            if message:
                yield Problem("choice_type", message, f"{below}/choices/{place}")
        if characteristic.default is not None:
            message = value_problem(characteristic, characteristic.default)
            if message:
                yield Problem("default_type", message, f"{below}/default")


def _components(catalogue: Catalogue, product: Product, pointer: str, known: Mapping[str, int]) -> Iterator[Problem]:
    groups = {group.code for group in product.groups}
    for place, group in enumerate(product.groups):
        if group.maximum is not None and group.maximum < group.minimum:
            yield Problem(
                "cardinality", "The maximum is below the minimum; raise it.", f"{pointer}/groups/{place}/maximum"
            )
    for place, component in enumerate(product.components):
        below = f"{pointer}/components/{place}"
        if catalogue.product(component.product) is None and component.product not in known:
            hint = guess(component.product, _sold(catalogue))
            message = f"The product “{component.product}” is not in this catalogue{hint}"
            yield Problem("product_unknown", message, f"{below}/product")
        if component.group is not None and component.group not in groups:
            message = f"The group “{component.group}” is not in this bundle{guess(component.group, groups)}"
            yield Problem("group_unknown", message, f"{below}/group")
        if component.maximum is not None and component.maximum < component.minimum:
            yield Problem("cardinality", "The maximum is below the minimum; raise it.", f"{below}/maximum")


def _sold(catalogue: Catalogue) -> list[str]:
    return [*catalogue.products, *catalogue.codes_by_name]


def _list(document: Mapping[str, Any], section: str) -> Sequence[Any]:
    entries = document.get(section)
    return entries if isinstance(entries, list) else []


def _names(document: Mapping[str, Any], section: str) -> set[str]:
    entries = document.get(section)
    return set(entries) if isinstance(entries, Mapping) else set()


# -- rules and specs


def _rules(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    specs = _names(document, "specs")
    classes = {p.product_class for p in catalogue.products.values() if p.product_class}
    for rule in catalogue.rules:
        pointer = f"/rules/{rule.number}"
        if rule.source_kind == "product" and catalogue.product(rule.source) is None:
            hint = guess(rule.source, [*_sold(catalogue), *classes, *specs])
            message = f"“{rule.source}” is no product, class or spec{hint}"
            yield Problem("source_unknown", message, f"{pointer}/from")
        if sum(1 for verb in (rule.make, rule.use, rule.nothing) if verb) != 1:
            yield Problem("rule_verb", "Give exactly one of make, use and nothing: true.", pointer)
        for verb, target in (("make", rule.make), ("use", rule.use)):
            if target and target not in specs:
                message = f"The spec “{target}” does not exist{guess(target, specs)}"
                yield Problem("spec_unknown", message, f"{pointer}/{verb}")
        yield from _rule_fields(rule, pointer)
    circle = spec_order(catalogue)[1]
    if circle:
        number = next(r.number for r in catalogue.rules if r.source in circle and r.make in circle)
        message = f"These specs make each other in a circle: {', '.join(circle)}; take one rule out."
        yield Problem("rules_cyclic", message, f"/rules/{number}")


def _rule_fields(rule: Rule, pointer: str) -> Iterator[Problem]:
    if rule.optional and not rule.use:
        yield Problem("rule_optional", "Only a rule with use can be optional.", f"{pointer}/optional")
    if not rule.make and (rule.copies or rule.sets):
        yield Problem("rule_fields", "Only a rule with make copies or sets characteristics.", pointer)
    if rule.use and rule.source_kind == "spec":
        yield Problem("rule_use", "Only what is sold can use a thing; write from with a product.", f"{pointer}/from")
    twice = {c.target for c in rule.copies} & {name for name, _ in rule.sets}
    for name in sorted(twice):
        yield Problem("rule_fields", f"“{name}” is both copied and set; keep one.", f"{pointer}/set/{name}")


def _specs(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    for spec in catalogue.specs.values():
        pointer = f"/specs/{escaped(spec.name)}"
        if spec.name in RESERVED:
            yield Problem("name_reserved", f"“{spec.name}” is reserved; choose another name.", pointer)
        for action, steps in spec.sections.items():
            yield from _steps(catalogue, steps, f"{pointer}/{'steps' if action == 'add' else action}")
            for step in steps:
                if any(isinstance(a, AfterSignal) for a in step.after):
                    message = "Only a step of an offering waits for a signal; use a link here."
                    yield Problem("signal_misplaced", message, f"{pointer}/steps/{step.name}/after")
    makers = {rule.make for rule in catalogue.rules}
    broken = _list(document, "rules")
    for name in catalogue.specs.keys() - makers - {str(e.get("make")) for e in broken if isinstance(e, Mapping)}:
        if name in {rule.use for rule in catalogue.rules}:
            continue
        message = f"No rule makes or uses “{name}”; add a rule, or take the spec out."
        yield Problem("spec_unused", message, f"/specs/{escaped(name)}")


def _form(step: StepTemplate, pointer: str) -> Iterator[Problem]:
    """A person tells what their task's form asks for, and nothing else."""
    asked = [str(entry["name"]) for entry in step.form]
    is_task = step.type == "manual" or (step.type == "appointment" and step.owner == "internal")
    if step.form and not is_task:
        message = "Only a step of a person has a form; make it manual, or take it out."
        yield Problem("form_misplaced", message, f"{pointer}/form")
    if len(set(asked)) < len(asked):
        yield Problem("form_double", "The form asks for one name twice; keep one.", f"{pointer}/form")
    for place, name in enumerate(step.yields if is_task else ()):
        if name not in asked:
            message = f"Nobody is asked for “{name}”; add it to the form of this step."
            yield Problem("yield_unasked", message, f"{pointer}/yields/{place}")
    for place, entry in enumerate(step.form):
        if (entry.get("type") == "choice") != ("options" in entry):
            yield Problem("form_options", "A choice has options, and nothing else has.", f"{pointer}/form/{place}")


def _steps(catalogue: Catalogue, steps: Sequence[StepTemplate], pointer: str) -> Iterator[Problem]:
    names = {step.name for step in steps}
    for step in steps:
        below = f"{pointer}/{step.name}"
        for after in step.after:
            if isinstance(after, After) and after.step not in names:
                message = f"There is no step “{after.step}” beside this one{guess(after.step, names)}"
                yield Problem("step_unknown", message, f"{below}/after")
            if isinstance(after, AfterSignal) and after.kits is not None and after.signal != "delivered":
                yield Problem(
                    "kits_signal", "Kits are counted from what is delivered; write signal: delivered.", f"{below}/after"
                )
            if isinstance(after, AfterSignal) and after.kits is not None and after.role is not None:
                message = "Kits are counted over all goods of the bundle; take role or kits out."
                yield Problem("kits_role", message, f"{below}/after")
        yield from _form(step, below)
        if step.completes is not None and (step.completes not in names or step.completes == step.name):
            message = f"There is no other step “{step.completes}” beside this one{guess(step.completes, names)}"
            yield Problem("step_unknown", message, f"{below}/completes")
        if step.completes is not None and step.type != "timer":
            yield Problem("completes_timer", "Only a timer completes a sibling.", f"{below}/completes")
        if step.counts_product is not None and catalogue.product(step.counts_product) is None:
            hint = guess(step.counts_product, _sold(catalogue))
            message = f"The product “{step.counts_product}” is not in this catalogue{hint}"
            yield Problem("product_unknown", message, f"{below}/count/of")
        if step.type == "milestone" and step.point_of_no_return != "none":
            yield Problem("ponr_milestone", "A milestone is no work, so it is no point of no return.", f"{below}/ponr")
    pairs = [(a.step, step.name) for step in steps for a in step.after if isinstance(a, After)]
    circle = sorted_by_need([step.name for step in steps], pairs)[1]
    if circle:
        yield Problem(
            "steps_cyclic", f"These steps wait for each other: {', '.join(circle)}.", f"{pointer}/{circle[0]}/after"
        )


# -- links, offerings, order and charges


def _links(catalogue: Catalogue) -> Iterator[Problem]:
    for link in catalogue.links:
        pointer = f"/links/{link.number}"
        yield from _step_name(catalogue, link.first, f"{pointer}/first")
        yield from _step_name(catalogue, link.then, f"{pointer}/then")
        if link.first == link.then:
            yield Problem("link_self", "A step cannot wait for itself; name another.", f"{pointer}/then")


def _step_name(catalogue: Catalogue, name: StepName, pointer: str) -> Iterator[Problem]:
    if name.is_spec:
        spec = catalogue.specs.get(name.owner)
        steps = [s.name for section in spec.sections.values() for s in section] if spec else None
    else:
        offering = catalogue.offerings.get(name.owner)
        steps = [s.name for s in offering.every_step()] if offering else None
        if offering is None:
            known = [*catalogue.specs, *catalogue.offerings]
            message = f"“{name.owner}” is no spec and no offering{guess(name.owner, known)}"
            yield Problem("spec_unknown", message, pointer)
    if steps is not None and name.step not in steps:
        message = f"“{name.owner}” has no step “{name.step}”{guess(name.step, steps)}"
        yield Problem("step_unknown", message, pointer)


def _offerings(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    raw = {catalogue.codes_by_name.get(name, name): name for name in _names(document, "offerings")}
    for offering in catalogue.offerings.values():
        pointer = f"/offerings/{escaped(raw.get(offering.product, offering.product))}"
        if catalogue.product(offering.product) is None:
            message = f"“{offering.product}” is not in this catalogue{guess(offering.product, _sold(catalogue))}"
            yield Problem("product_unknown", message, pointer)
        yield from _steps(catalogue, offering.steps, f"{pointer}/steps")
        for action, steps in offering.others.items():
            yield from _steps(catalogue, steps, f"{pointer}/{action}")
        yield from _billing(offering, pointer)
        yield from _roles(catalogue, offering, pointer)


def _billing(offering: Offering, pointer: str) -> Iterator[Problem]:
    billing = offering.billing
    if billing is None:
        return
    names = {step.name for step in offering.steps}
    named = [("gate", billing.gate), ("step", billing.step)]
    named += [(f"gates/{place}", gate) for place, gate in enumerate(billing.gates)]
    for place, name in named:
        if name not in names:
            message = f"There is no step “{name}” in this offering{guess(name, names)}"
            yield Problem("gate_unknown", message, f"{pointer}/billing/{place}")


def _roles(catalogue: Catalogue, offering: Offering, pointer: str) -> Iterator[Problem]:
    """What waits for, or is billed with, the part of a role needs a part that may have it."""
    product = catalogue.product(offering.product)
    if product is None or product.is_open:
        return
    roles = {component.role for component in product.components if component.role}
    for step in offering.steps:
        for after in step.after:
            if isinstance(after, AfterSignal) and after.role is not None and after.role not in roles:
                message = f"No part of this bundle has the role “{after.role}”{guess(after.role, roles)}"
                yield Problem("role_unknown", message, f"{pointer}/steps/{step.name}/after")
    if offering.billing is not None and offering.billing.policy == "anchor" and "anchor" not in roles:
        message = "It is billed when its anchor is live; give one of its components the role anchor."
        yield Problem("anchor_missing", message, f"{pointer}/billing/policy")


def _order(catalogue: Catalogue) -> Iterator[Problem]:
    yield from _steps(catalogue, catalogue.order_steps, "/order/steps")
    for step in catalogue.order_steps:
        if any(isinstance(after, AfterSignal) for after in step.after):
            message = "Only a step of an offering waits for a signal."
            yield Problem("signal_misplaced", message, f"/order/steps/{step.name}/after")
        for product in sorted(step.only_for):
            if catalogue.product(product) is None:
                message = f"“{product}” is not in this catalogue{guess(product, _sold(catalogue))}"
                yield Problem("product_unknown", message, f"/order/steps/{step.name}/for")


def _charges(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    has_billing = any(offering.billing for offering in catalogue.offerings.values()) or not isinstance(
        document.get("offerings", {}), Mapping
    )
    for charge in catalogue.charges:
        pointer = f"/charges/{charge.number}"
        if catalogue.product(charge.product) is None:
            message = f"“{charge.product}” is not in this catalogue{guess(charge.product, _sold(catalogue))}"
            yield Problem("product_unknown", message, f"{pointer}/for")
        for place, gate in enumerate(charge.gates):
            for problem in _step_name(catalogue, gate.step, f"{pointer}/gates/{place}"):
                yield Problem("gate_unknown", problem.message, problem.pointer)
        if not charge.gates and (charge.is_independent or not has_billing):
            yield Problem("charge_ungated", "Nothing holds this charge back; give it a gate.", f"{pointer}/gates")
        yield from _effective(catalogue, charge, f"{pointer}/effective")


def _effective(catalogue: Catalogue, charge: ChargeRule, pointer: str) -> Iterator[Problem]:
    if isinstance(charge.effective_step, StepName):
        yield from _step_name(catalogue, charge.effective_step, pointer)
    elif charge.effective_step is not None:
        steps = {step.name for offering in catalogue.offerings.values() for step in offering.steps}
        if charge.effective_step not in steps:
            message = f"No offering has a step “{charge.effective_step}”{guess(charge.effective_step, steps)}"
            yield Problem("step_unknown", message, pointer)


# -- facts


def _facts(catalogue: Catalogue, document: Mapping[str, Any]) -> Iterator[Problem]:
    told = {fact for step in catalogue.steps() for fact in step.yields} | {
        fact for fact in _list(document, "facts") if isinstance(fact, str)
    }
    for place, when in _run_time_conditions(catalogue):
        for name in sorted(when - told):
            message = f"No step yields the fact “{name}”{guess(name, told)}"
            yield Problem("fact_untold", message, place)


def _run_time_conditions(catalogue: Catalogue) -> Iterator[tuple[str, frozenset[str]]]:
    for spec in catalogue.specs.values():
        if spec.when:
            yield f"/specs/{escaped(spec.name)}/when", spec.when.names
        for action, steps in spec.sections.items():
            for step in steps:
                if step.when and step.when is not spec.when:
                    section = "steps" if action == "add" else action
                    own = step.when.names - (spec.when.names if spec.when else frozenset())
                    yield f"/specs/{escaped(spec.name)}/{section}/{step.name}/when", own
    for offering in catalogue.offerings.values():
        for step in offering.steps:
            if step.when:
                yield f"/offerings/{escaped(offering.product)}/steps/{step.name}/when", step.when.names
    for step in catalogue.order_steps:
        if step.when:
            yield f"/order/steps/{step.name}/when", step.when.names
