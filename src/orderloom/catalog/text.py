"""From the text of a YAML or JSON file to plain values, refusing double keys, aliases and deep nesting."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import Any

import yaml

from orderloom.base.parsing import read_json, refuse_bad_text
from orderloom.base.refusals import Problem, Refused, refuse

MAX_BYTES = 10_000_000
MAX_DEPTH = 30


def read_values(text: str | bytes, source: str) -> object:
    """The plain values in the text of a file; `source` is its name, `.json` is read as JSON, all else as YAML."""
    if len(text) > MAX_BYTES:
        refuse("file_too_large", f"The file has more than {MAX_BYTES // 1_000_000} MB; split it.", at(source))
    try:
        if source.endswith(".json"):
            return read_json(text)
        value = _read_yaml(text)
        refuse_bad_text(value)
        return value
    except Refused as refused:
        raise Refused([Problem(p.code, p.message, at(source, p.pointer)) for p in refused.problems]) from None


def at(source: str, pointer: str = "") -> str:
    """Where a problem is: a pointer, behind the file's name when there is one."""
    return f"{source}#{pointer}" if source else pointer


def plain_json(value: object) -> object:
    """The same values as JSON carries them: decimals as numbers, or as text where a number would lose digits."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(entry) for entry in value]
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return value


def canonical(value: object) -> str:
    """The one spelling of plain values, for hashes."""
    return json.dumps(plain_json(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class _Loader(yaml.SafeLoader):
    """Safe YAML whose numbers are decimals, whose dates are text, and that notes double keys."""

    def __init__(self, text: str | bytes) -> None:
        super().__init__(text)
        self.problems: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                self.problems.append(_key_problem("key_form", "A key must be a plain name", key_node))
                return {}
            if key in seen:
                self.problems.append(_key_problem("key_double", f"The key “{key}” stands twice here", key_node))
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def _key_problem(code: str, message: str, node: yaml.Node) -> Problem:
    mark = node.start_mark
    assert mark is not None
    return Problem(code, f"{message} (line {mark.line + 1}, column {mark.column + 1}); keep one of them.")


def _decimal(loader: _Loader, node: yaml.ScalarNode) -> object:
    text = str(loader.construct_scalar(node)).replace("_", "")
    try:
        return Decimal(text)
    except ArithmeticError:
        return text


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def _read_yaml(text: str | bytes) -> object:
    try:
        _refuse_deep_or_aliased(text)
        loader = _Loader(text)
        try:
            value = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        refuse("yaml_malformed", f"This is not valid YAML: {error.problem or error.context}{place}.")
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        refuse("yaml_malformed", f"This is not valid YAML: {str(error).splitlines()[0]}.")
    if loader.problems:
        raise Refused(loader.problems)
    return value


def _refuse_deep_or_aliased(text: str | bytes) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            refuse("yaml_alias", f"Aliases such as *{event.anchor} are not read; write the values out.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                refuse("nesting_too_deep", f"Values are nested more than {MAX_DEPTH} deep; flatten them.")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
