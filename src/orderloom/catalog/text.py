"""From the text of a YAML or JSON file to plain values, refusing double keys, aliases and deep nesting."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

from orderloom.base.parsing import read_json, refuse_bad_text
from orderloom.base.refusals import Problem, Refused, refuse

MAX_BYTES = 10_000_000
MAX_DEPTH = 30
DIGITS = 30


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
        if not value.is_finite() or abs(value.adjusted()) > DIGITS:
            return str(value)
        if value == value.to_integral_value():
            return int(value)
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return value


def canonical(value: object) -> str:
    """The one spelling of plain values, for hashes."""
    return json.dumps(plain_json(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


_NAMED_TABLES = {"specs": "spec", "offerings": "offering"}
_STEP_TABLES = ("steps", "modify", "delete", "suspend", "resume")


def kept_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as jsonb keeps it: tables whose order counts become lists, as jsonb forgets the order of keys."""
    kept = dict(document)
    for section, name in _NAMED_TABLES.items():
        if isinstance(kept.get(section), Mapping):
            kept[section] = [{name: key, **_with_lists(entry)} for key, entry in kept[section].items()]
    if isinstance(kept.get("order"), Mapping):
        kept["order"] = _with_lists(kept["order"])
    if isinstance(kept.get("products"), list):
        kept["products"] = [_listed(entry, ("characteristics",), "name") for entry in kept["products"]]
    return kept


def table_form(document: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of `kept_form`; what is in tables already stays so."""
    tables = dict(document)
    for section, name in _NAMED_TABLES.items():
        tables[section] = _table(tables.get(section), name)
        if isinstance(tables[section], Mapping):
            tables[section] = {key: _with_tables(entry) for key, entry in tables[section].items()}
        if section not in document:
            del tables[section]
    if isinstance(tables.get("order"), Mapping):
        tables["order"] = _with_tables(tables["order"])
    if isinstance(tables.get("products"), list):
        tables["products"] = [_tabled(entry, ("characteristics",), "name") for entry in tables["products"]]
    return tables


def _with_lists(entry: object) -> dict[str, Any]:
    assert isinstance(entry, Mapping)
    return _listed(entry, _STEP_TABLES, "step")


def _listed(entry: Mapping[str, Any], tables: Sequence[str], name: str) -> dict[str, Any]:
    return {
        key: [{name: inner, **fields} for inner, fields in value.items()] if key in tables else value
        for key, value in entry.items()
    }


def _with_tables(entry: object) -> object:
    return _tabled(entry, _STEP_TABLES, "step")


def _tabled(entry: object, tables: Sequence[str], name: str) -> object:
    if not isinstance(entry, Mapping):
        return entry
    return {key: _table(value, name) if key in tables else value for key, value in entry.items()}


def _table(value: object, name: str) -> object:
    if not isinstance(value, list) or not all(isinstance(e, Mapping) and isinstance(e.get(name), str) for e in value):
        return value
    return {entry[name]: {key: field for key, field in entry.items() if key != name} for entry in value}


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
    except (yaml.YAMLError, UnicodeError, ValueError, OverflowError) as error:
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
