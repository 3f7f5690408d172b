"""The shape of a catalogue file, stated once: it checks what is read and is published as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from orderloom.base.refusals import Problem

NAME = r"^\S(.{0,198}\S)?$"
LOCAL_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,62}$"
ATTRIBUTE = r"^[A-Za-z_][A-Za-z0-9_]{0,62}$"
_LAG = r"(?:\s*\+\s*(?P<lag>\d+(?:\.\d+)?)\s*(?P<unit>m|h|d))?$"
AFTER = r"^(?P<step>[A-Za-z][A-Za-z0-9_-]*)(?:\s+(?P<type>FS|SS|FF|SF))?" + _LAG
DEPENDENCY = r"^(?P<type>FS|SS|FF|SF)?" + _LAG
STEP_NAME = r"^\S.*\.[A-Za-z][A-Za-z0-9_-]*$"
PER = r"^[A-Za-z_]\w*(\s*\+\s*[A-Za-z_]\w*)*$"
MAX_ENTRIES = 20_000


class Shape(Protocol):
    """Something that a value of a file should look like."""

    def problems(self, value: object, pointer: str) -> Iterator[Problem]: ...
    def schema(self) -> dict[str, object]: ...


@dataclass(frozen=True, slots=True)
class Word:
    """A text."""

    pattern: str | None = None
    hint: str = "Give a text."
    length: int = 500

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if isinstance(value, bool | Mapping | list) or value is None:
            yield Problem("text_expected", self.hint, pointer)
        elif len(str(value)) > self.length or not str(value):
            yield Problem("text_length", f"Give 1 to {self.length} characters.", pointer)
        elif self.pattern and not re.match(self.pattern, str(value)):
            yield Problem("text_form", self.hint, pointer)

    def schema(self) -> dict[str, object]:
        limits: dict[str, object] = {"type": ["string", "number"], "minLength": 1, "maxLength": self.length}
        if self.pattern:
            limits["pattern"] = self.pattern.replace("?P<", "?<")
        return limits


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if value not in self.words or isinstance(value, bool):
            yield Problem("word_unknown", f"Give one of: {', '.join(self.words)}.", pointer)

    def schema(self) -> dict[str, object]:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Truth:
    """True or false."""

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, bool):
            yield Problem("truth_expected", "Give true or false.", pointer)

    def schema(self) -> dict[str, object]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number between two ends; whole on demand. Text in digits counts, so that no zero is lost."""

    least: Decimal = Decimal(0)
    most: Decimal = Decimal(1_000_000_000)
    is_whole: bool = False

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        number = number_of(value)
        if number is None:
            yield Problem("number_expected", "Give a finite number.", pointer)
        elif self.is_whole and number != number.to_integral_value():
            yield Problem("whole_expected", "Give a whole number.", pointer)
        elif not self.least <= number <= self.most:
            yield Problem("number_range", f"Give a number from {self.least} to {self.most}.", pointer)

    def schema(self) -> dict[str, object]:
        kinds = ["integer" if self.is_whole else "number", "string"]
        return {"type": kinds, "minimum": float(self.least), "maximum": float(self.most)}


@dataclass(frozen=True, slots=True)
class Plain:
    """A text, number, truth value or null."""

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if isinstance(value, Mapping | list):
            yield Problem("scalar_expected", "Give a text, a number, true, false or null.", pointer)
        elif isinstance(value, str) and len(value) > 500:
            yield Problem("text_length", "Give at most 500 characters.", pointer)

    def schema(self) -> dict[str, object]:
        return {"type": ["string", "number", "boolean", "null"]}


@dataclass(frozen=True, slots=True)
class Many:
    """A list; a single value stands for a list of one where that is allowed."""

    inner: Shape
    may_be_single: bool = False
    most: int = MAX_ENTRIES
    least: int = 0

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            if self.may_be_single:
                yield from self.inner.problems(value, pointer)
            else:
                yield Problem("list_expected", "Give a list.", pointer)
        elif not self.least <= len(value) <= self.most:
            yield Problem("list_length", f"Give {self.least} to {self.most} entries.", pointer)
        else:
            for place, entry in enumerate(value):
                yield from self.inner.problems(entry, f"{pointer}/{place}")

    def schema(self) -> dict[str, object]:
        whole: dict[str, object] = {
            "type": "array", "items": self.inner.schema(), "minItems": self.least, "maxItems": self.most,
        }  # fmt: skip
        return {"anyOf": [self.inner.schema(), whole]} if self.may_be_single else whole


@dataclass(frozen=True, slots=True)
class Table:
    """Names, each with an entry."""

    inner: Shape
    key_pattern: str = NAME
    most: int = MAX_ENTRIES

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem("table_expected", "Give names with an entry each.", pointer)
            return
        if len(value) > self.most:
            yield Problem("table_length", f"Give at most {self.most} entries.", pointer)
        for key, entry in value.items():
            below = f"{pointer}/{escaped(key)}"
            if not isinstance(key, str) or not re.match(self.key_pattern, key):
                yield Problem("name_form", f"“{key}” is no name here; write letters and digits, in quotes.", below)
            yield from self.inner.problems(entry, below)

    def schema(self) -> dict[str, object]:
        return {
            "type": "object",
            "propertyNames": {"pattern": self.key_pattern},
            "additionalProperties": self.inner.schema(),
        }


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields; others are refused."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    others: Shape | None = None

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem("fields_expected", f"Give fields: {', '.join(self.fields)}.", pointer)
            return
        for name in self.required:
            if name not in value:
                yield Problem("field_missing", f"The field “{name}” is required; add it.", f"{pointer}/{name}")
        for key, entry in value.items():
            below = f"{pointer}/{escaped(key)}"
            shape = self.fields.get(key, self.others) if isinstance(key, str) else None
            if shape is None:
                known = ", ".join(self.fields)
                yield Problem("field_unknown", f"The field “{key}” is not known here; known are {known}.", below)
            else:
                yield from shape.problems(entry, below)

    def schema(self) -> dict[str, object]:
        return {
            "type": "object",
            "properties": {name: shape.schema() for name, shape in self.fields.items()},
            "required": list(self.required),
            "additionalProperties": self.others.schema() if self.others else False,
        }


@dataclass(frozen=True, slots=True)
class ByKind:
    """A table where fields stand, a list where entries stand, a plain value otherwise: whichever is allowed."""

    table: Shape | None = None
    entries: Shape | None = None
    plain: Shape | None = None

    def problems(self, value: object, pointer: str) -> Iterator[Problem]:
        shape = self.table if isinstance(value, Mapping) else self.entries if isinstance(value, list) else self.plain
        shape = shape or self.plain or self.entries or self.table
        assert shape is not None
        yield from shape.problems(value, pointer)

    def schema(self) -> dict[str, object]:
        return {"anyOf": [shape.schema() for shape in (self.plain, self.entries, self.table) if shape]}


def number_of(value: object) -> Decimal | None:
    """The finite number that a value is or spells, or none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except ArithmeticError:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def escaped(key: object) -> str:
    """A key as part of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")


_TEXT = Word()
_NAMED = Word(NAME, "Give a name without spaces at its ends.", 200)
_LOCAL = Word(LOCAL_NAME, "Give a step's local name: letters, digits, - and _.")
_ATTRIBUTE = Word(ATTRIBUTE, "Give a name of letters, digits and _.")
_CONDITION = ByKind(plain=Word(None, "Give a condition as text.", 2_000))
_COUNT = Number(is_whole=True, most=Decimal(1_000_000))
_MONEY = Number(most=Decimal(1_000_000_000_000))
_HOURS_LIST = Many(Number(most=Decimal(100_000)), least=3, most=3)
_HOURS = ByKind(
    entries=_HOURS_LIST,
    table=Record({"by": _ATTRIBUTE, "else": _HOURS_LIST}, required=("by", "else"), others=_HOURS_LIST),
)
_SIGNAL = OneOf(("live", "delivered"))
_KITS = ByKind(plain=Word(r"^(all|[1-9]\d{0,6})$", "Give a number of kits, or all."))
_AFTER = ByKind(
    plain=Word(AFTER, "Give a local step name, then perhaps SS, FF or SF, then perhaps +48h."),
    table=Record({"signal": _SIGNAL, "kits": _KITS, "role": _NAMED}, required=("signal",)),
)
_KIND = Word(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$", "Give a kind of step such as stock.reserve.")
_FORM_FIELD = Record(
    {
        "name": _ATTRIBUTE,
        "type": OneOf(("text", "integer", "number", "boolean", "date", "choice", "list")),
        "label": _TEXT,
        "required": Truth(),
        "options": Many(_TEXT, most=200, least=1),
        "at_least": Number(Decimal(-1_000_000_000)),
        "at_most": Number(Decimal(-1_000_000_000)),
    },
    required=("name",),
)
_STEP_FIELDS: dict[str, Shape] = {
    "name": _TEXT,
    "type": OneOf(("auto", "callout", "event", "manual", "appointment", "timer", "milestone")),
    "do": _KIND,
    "after": Many(_AFTER, may_be_single=True, most=100),
    "hours": _HOURS,
    "by": OneOf(("internal", "customer", "carrier", "vendor", "partner")),
    "system": _NAMED,
    "queue": _NAMED,
    "ponr": OneOf(("none", "soft", "hard")),
    "fee": ByKind(plain=_MONEY, table=Table(_MONEY, r"^[A-Z]{3}$", 200)),
    "undo": ByKind(plain=_TEXT, table=Record({"name": _TEXT, "do": _KIND}, required=("name", "do"))),
    "optional": Truth(),
    "if": _CONDITION,
    "when": _CONDITION,
    "yields": Many(_ATTRIBUTE, most=50),
    "form": Many(ByKind(plain=_ATTRIBUTE, table=_FORM_FIELD), most=50),
    "signals": _SIGNAL,
    "count": ByKind(
        plain=OneOf(("quantity",)),
        table=Record({"of": _NAMED}, required=("of",)),
    ),
    "completes": _LOCAL,
    "tells": Truth(),
    "params": Table(Plain(), most=50),
}
_STEP = Record(_STEP_FIELDS, required=("name", "type"))
_STEPS = Table(_STEP, LOCAL_NAME, 500)
_ORDER_STEPS = Table(
    Record(_STEP_FIELDS | {"for": Many(_NAMED, may_be_single=True)}, required=("name", "type")), LOCAL_NAME, 500
)
_PRODUCT = Record(
    {
        "code": Word(r"^\S{1,100}$", "Give a code without spaces."),
        "name": _NAMED,
        "kind": OneOf(("good", "service", "subscription", "fee")),
        "class": _NAMED,
        "short_name": _NAMED,
        "description": Word(length=10_000),
        "unit": _NAMED,
        "tracking": OneOf(("none", "lot", "serial")),
        "tax_category": _NAMED,
        "sku": _NAMED,
        "vendor": _NAMED,
        "characteristics": Table(
            Record(
                {
                    "type": OneOf(("text", "number", "integer", "boolean", "date")),
                    "required": Truth(),
                    "choices": Many(Plain(), most=1_000, least=1),
                    "default": Plain(),
                    "minimum": Number(Decimal(-1_000_000_000)),
                    "maximum": Number(Decimal(-1_000_000_000)),
                }
            ),
            ATTRIBUTE,
            200,
        ),
        "prices": Many(
            Record(
                {
                    "currency": Word(r"^[A-Z]{3}$", "Give a currency of ISO 4217, such as USD."),
                    "one_time": _MONEY,
                    "recurring": _MONEY,
                    "period": OneOf(("day", "week", "month", "quarter", "year")),
                    "per": _NAMED,
                }
            ),
            most=50,
        ),
        "groups": Many(Record({"code": _NAMED, "minimum": _COUNT, "maximum": _COUNT}, required=("code",)), most=200),
        "components": Many(
            Record(
                {
                    "product": _NAMED,
                    "role": _NAMED,
                    "group": _NAMED,
                    "minimum": _COUNT,
                    "maximum": _COUNT,
                    "quantity": Number(Decimal("0.000001")),
                },
                required=("product",),
            ),
            most=500,
        ),
        "terms": Table(Plain(), ATTRIBUTE, 100),
    },
    required=("code", "name", "kind"),
)
_RULE = Record(
    {
        "from": _NAMED,
        "if": _CONDITION,
        "make": _NAMED,
        "use": _NAMED,
        "nothing": ByKind(plain=Truth()),
        "reason": _TEXT,
        "optional": Truth(),
        "copy": Table(
            ByKind(
                plain=_ATTRIBUTE,
                table=Record(
                    {"from": _ATTRIBUTE, "onChange": OneOf(("redo", "amend", "ignore")), "back": Truth()},
                    required=("from",),
                ),
            ),
            ATTRIBUTE,
            200,
        ),
        "set": Table(Plain(), ATTRIBUTE, 200),
    },
    required=("from",),
)
_SPEC = Record(
    {
        "kind": OneOf(
            ("service", "resource", "shipment", "workOrder", "purchaseOrder", "entitlement", "customerAction")
        ),
        "system": _NAMED,
        "per": Word(PER, "Give names joined by +, such as order+place+warehouse."),
        "owners": Number(Decimal(1), Decimal(1), is_whole=True),
        "quantity": OneOf(("sum", "one")),
        "lines": Truth(),
        "collect": Many(_ATTRIBUTE, most=50),
        "label": _TEXT,
        "when": _CONDITION,
        "steps": _STEPS,
        "modify": _STEPS,
        "delete": _STEPS,
        "suspend": _STEPS,
        "resume": _STEPS,
    },
    required=("kind",),
)
_STEP_NAME = Word(STEP_NAME, "Give a step as Spec.step.")
_LINK = Record(
    {
        "first": _STEP_NAME,
        "then": _STEP_NAME,
        "same": Many(OneOf(("tree", "item", "reliesOn", "bundle", "place", "order")), may_be_single=True, least=1),
        "type": Word(DEPENDENCY, "Give FS, SS, FF or SF, then perhaps +2h."),
        "if": _CONDITION,
        "needed": Truth(),
        "note": _TEXT,
    },
    required=("first", "then", "same"),
)
_OFFERING = Record(
    {
        "steps": _STEPS,
        "modify": _STEPS,
        "delete": _STEPS,
        "suspend": _STEPS,
        "resume": _STEPS,
        "billing": Record(
            {
                "policy": OneOf(("together", "anchor", "independent", "perCompleteUnit")),
                "gate": _LOCAL,
                "gates": Many(_LOCAL, least=1, most=50),
                "step": _LOCAL,
            },
            required=("policy", "gate", "step"),
        ),
    }
)
_CHARGE = Record(
    {
        "for": _NAMED,
        "type": OneOf(("oneTime", "recurring", "prepaidService", "usage")),
        "amount": Word(hint="Give the amount as text, in quotes."),
        "effective": ByKind(plain=_TEXT, table=Record({"step": _TEXT, "text": _TEXT}, required=("step", "text"))),
        "gates": Many(
            ByKind(
                plain=_STEP_NAME,
                table=Record({"step": _STEP_NAME, "same": OneOf(("bundle", "item"))}, required=("step",)),
            ),
            most=50,
        ),
        "waived": OneOf(("skipped",)),
        "policy": OneOf(("independent",)),
    },
    required=("for", "type"),
)

CATALOGUE = Record(
    {
        "catalogue": Word(r"^\S{1,100}$", "Give a code without spaces."),
        "version": Number(Decimal(1), is_whole=True),
        "title": _TEXT,
        "currency": Word(r"^[A-Z]{3}$", "Give a currency of ISO 4217, such as USD."),
        "valid_from": _TEXT,
        "valid_until": _TEXT,
        "names": Table(_NAMED),
        "facts": Many(_ATTRIBUTE, most=200),
        "units": Many(
            Record(
                {"code": _NAMED, "name": _NAMED, "decimals": Number(most=Decimal(6), is_whole=True)}, ("code", "name")
            )
        ),
        "products": Many(_PRODUCT),
        "order": Record({"steps": _ORDER_STEPS}, required=("steps",)),
        "rules": Many(_RULE),
        "specs": Table(_SPEC),
        "links": Many(_LINK),
        "offerings": Table(_OFFERING),
        "charges": Many(_CHARGE),
    },
    required=("catalogue", "version"),
)


def catalogue_schema() -> dict[str, object]:
    """The JSON Schema (2020-12) of a catalogue file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Orderloom catalogue",
        "description": "Products, fulfilment rules, specs, links, offerings and charges of one catalogue version.",
        **CATALOGUE.schema(),
    }


def as_list(value: object) -> Sequence[object]:
    """A list, also of a single value; nothing is an empty list."""
    return value if isinstance(value, list) else [] if value is None else [value]
