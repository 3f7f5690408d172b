"""Text with fields in braces, for the titles of steps and the characteristics of things."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

_FIELD = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"^[^\W\d]\w*(\.name)?$")
OPEN = "(open)"


class TemplateError(ValueError):
    """Text whose braces or fields make no sense."""


@dataclass(frozen=True, slots=True)
class Template:
    """Fixed texts and fields in turn: the first and the last part are fixed."""

    text: str
    fixed: tuple[str, ...]
    fields: tuple[str, ...]

    def filled(self, value: Callable[[str], str]) -> str:
        """The text with every field replaced by its value."""
        if not self.fields:
            return self.text
        parts = [self.fixed[0]]
        for name, after in zip(self.fields, self.fixed[1:], strict=True):
            parts += (value(name), after)
        return "".join(parts)


def template(text: str) -> Template:
    """Read a template, or raise `TemplateError` with a sentence."""
    pieces = _FIELD.split(text)
    fixed, fields = pieces[::2], pieces[1::2]
    if any("{" in piece or "}" in piece for piece in fixed):
        raise TemplateError("A brace has no partner; write fields as {name}.")
    for name in fields:
        if not _NAME.match(name):
            raise TemplateError(f"“{{{name}}}” is no field; write a name such as {{place}} or {{warehouse.name}}.")
    return Template(text, tuple(fixed), tuple(fields))


def shown(value: object) -> str:
    """A value as a person reads it: numbers without needless zeros."""
    if isinstance(value, Decimal):
        plain = value.normalize()
        return f"{plain:f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def field_of(values: Mapping[str, object], short_names: Mapping[str, str], name: str) -> str:
    """A field's text: `{x}` is the value, `{x.name}` its short name where it has one."""
    base, _, wants_name = name.partition(".")
    value = values.get(base)
    if value is None:
        return OPEN
    text = shown(value)
    return short_names.get(text, text) if wants_name else text
