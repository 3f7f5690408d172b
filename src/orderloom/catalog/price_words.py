"""What a price rule and a step of a waterfall say, in a few words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from orderloom.catalog.price_differences import Cause
from orderloom.catalog.priced import PriceStep

Content = Mapping[str, Any]

STEP_NAMES: Mapping[str, str] = {
    "list": "List price", "option": "Option in its bundle", "contract": "Contract price", "volume": "Volume discount",
    "promotion": "Promotion", "manual_price": "Price by hand", "discount": "Discount by hand",
    "surcharge": "Surcharge by hand", "free_goods": "Free goods", "partner": "Partner's discount",
    "group": "Discount on the group", "header": "Discount on all lines", "tax_included": "Tax contained",
    "agreed": "Agreed price",
}  # fmt: skip


def step_words(step: PriceStep) -> str:
    """What a step was calculated from: `10 % off`, `11 at 85`."""
    given = {name: value for name, value in step.input.items() if name not in ("method", "by", "of")}
    parts = [_input_words(name, value) for name, value in given.items()]
    return ", ".join(part for part in parts if part)


def _input_words(name: str, value: object) -> str:
    known = {
        "unit_price": "{} each", "quantity": "for {}", "percent": "{} %", "above": "above {}", "amount": "{}",
        "per_unit": "{} off each", "free": "{} free", "buy": "buy {}", "get": "get {} free", "base": "of {}",
        "cost": "cost {}", "markup": "markup {} %", "margin": "margin {} %", "tiers": "{} tiers",
    }  # fmt: skip
    return known.get(name, name + " {}").format(_plain(value))


def cause_words(cause: Cause) -> str:
    """Why a price is another one: the step that is new, is gone or comes to something else."""
    name = " ".join(part for part in (STEP_NAMES[cause.kind], cause.rule.removeprefix("standard/")) if part)
    if cause.before is None:
        return f"{name}: {_plain(cause.after)}"
    if cause.after is None:
        return f"{name} is gone: was {_plain(cause.before)}"
    version = ""
    if cause.before_version != cause.after_version:
        version = f" (version {cause.before_version or 1} → {cause.after_version or 1})"
    return f"{name}: {_plain(cause.before)} → {_plain(cause.after)}{version}"


def rule_words(kind: str, content: Content | None) -> str:
    """What a rule says; nothing where it is withdrawn."""
    return "" if content is None else _WORDS[kind](content)


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _number(content: Content, name: str) -> str:
    return _plain(content[name])


def _priced(content: Content) -> str:
    parts = []
    for name in ("one_time", "recurring"):
        if name in content:
            words = _method(content[name])
            parts.append(f"{words} a {content['period']}" if name == "recurring" else words)
    if parts and "unit" in content:
        parts[-1] += f" per {content['unit']}"
    if "percent_off" in content:
        parts.append(f"{_number(content, 'percent_off')} % off the list")
    return ", ".join(parts)


def _method(method: Content) -> str:
    if "unit_price" in method:
        return _number(method, "unit_price")
    for name, words in (("all_units", "all units"), ("graduated", "slice by slice")):
        if name in method:
            return (
                ", ".join(f"{_plain(t['unit_price'])} above {_plain(t['above'])}" for t in method[name]) + f" ({words})"
            )
    if "blocks" in method:
        words = ", ".join(f"{_plain(block['amount'])} from {_plain(block['start'])}" for block in method["blocks"])
        return words + (f", then {_number(method, 'overage')} each" if "overage" in method else "")
    if "percent" in method:
        return f"{_number(method, 'percent')} % of other lines ({method['base']})"
    for name in ("markup", "margin"):
        if name in method:
            return f"cost and {_number(method, name)} % {name}"
    return "calculated"


def _about(content: Content) -> str:
    named = [*content.get("products", ()), *content.get("categories", ())]
    return f" on {', '.join(named)}" if named else ""


def _list(content: Content) -> str:
    parts = [content["name"]]
    for name in ("segments", "channels"):
        if content.get(name):
            parts.append(f"{name} {', '.join(content[name])}")
    parts.append(f"rank {content['rank']}")
    if content["includes_tax"]:
        parts.append("tax included")
    return "; ".join(parts)


def _contract(content: Content) -> str:
    return _priced(content) + ("" if content["stacks"] else "; nothing on top")


def _schedule(content: Content) -> str:
    steps = ", ".join(f"{_plain(step['percent'])} % above {_plain(step['above'])}" for step in content["steps"])
    return f"{steps} by {content['by'].replace('_', ' ')}{_about(content)}"


def _promotion(content: Content) -> str:
    names = {
        "percent_off": "{} % off", "unit_off": "{} off each", "amount_off": "{} off", "unit_price": "{} each",
        "free_units": "{} free", "buy": "buy {}",
    }  # fmt: skip
    name = next(name for name in names if name in content)
    words = names[name].format(_number(content, name))
    if name == "buy":
        words += f", get {_number(content, 'get')} free"
    if "when" in content:
        words += f" when {content['when']}"
    return words + _about(content)


def _option(content: Content) -> str:
    return "included" if content["included"] else _priced(content)


def _floor(content: Content) -> str:
    if "unit_price" in content:
        return f"not below {_number(content, 'unit_price')}"
    return f"at least {_number(content, 'margin_percent')} % margin"


def _limit(content: Content) -> str:
    return f"up to {_number(content, 'percent')} %" if "percent" in content else "without a limit"


def _terms(content: Content) -> str:
    parts = [f"{_plain(each['contains'])} in one {each['unit']}" for each in content.get("packings", ())]
    parts += [f"{name} {_number(content, name)}" for name in ("minimum", "multiple") if name in content]
    return ", ".join(parts if content["discountable"] else [*parts, "not discounted"])


_WORDS: Mapping[str, Callable[[Content], str]] = {
    "list": _list,
    "price": _priced,
    "contract": _contract,
    "schedule": _schedule,
    "promotion": _promotion,
    "option": _option,
    "cost": lambda content: f"{_number(content, 'unit_cost')} each",
    "floor": _floor,
    "limit": _limit,
    "rate": lambda content: f"{_number(content, 'rate')} {content['to']}",
    "reason": lambda content: str(content["name"]),
    "terms": _terms,
}
