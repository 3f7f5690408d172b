"""The published schemas say what the program does: they are current, and the demo's own files keep to them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orderloom.base.parsing import read_json
from orderloom.catalog.text import read_values
from orderloom.cli.database import dump_schema
from orderloom.cli.schemas import catalogue_schema, order_schema

ROOT = Path(__file__).parents[2]
STALE = "run `make schema` and commit what it writes"


def test_schema_sql_is_what_the_migrations_make(template_url: str) -> None:
    kept = (ROOT / "src/orderloom/migrations/schema.sql").read_text("utf-8")
    assert dump_schema(template_url) == kept.rstrip("\n"), STALE


@pytest.mark.parametrize(("name", "make"), [("order", order_schema), ("catalogue", catalogue_schema)])
def test_the_json_schemas_are_current(name: str, make: Any) -> None:
    kept = json.loads((ROOT / "docs/schemas" / f"{name}.json").read_text("utf-8"))
    assert json.loads(json.dumps(make())) == kept, STALE


@pytest.mark.parametrize("file", sorted((ROOT / "demo/orders").glob("*.json")), ids=lambda file: file.name)
def test_the_demo_orders_keep_to_the_schema(file: Path) -> None:
    schema = order_schema()
    assert list(mistakes(read_json(file.read_bytes()), schema, schema)) == []


@pytest.mark.parametrize("file", sorted((ROOT / "demo/catalog").glob("*.yaml")), ids=lambda file: file.name)
def test_the_demo_catalogues_keep_to_the_schema(file: Path) -> None:
    schema = catalogue_schema()
    assert list(mistakes(read_values(file.read_bytes(), file.name), schema, schema)) == []


def test_the_schema_refuses_what_the_program_refuses() -> None:
    schema = order_schema()
    for bad in (
        {"items": [{"line": "1", "product": "X"}]},
        {"customer": "A", "items": []},
        {"customer": "A", "items": [{"line": "1", "product": "X", "colour": "red"}]},
        {"customer": "A", "items": [{"line": "1", "product": "X", "quantity": 0}]},
        {"customer": "A", "items": [{"line": "1", "product": "X", "action": "zap"}]},
        {"customer": "A", "currency": "usd", "items": [{"line": "1", "product": "X"}]},
    ):
        assert list(mistakes(bad, schema, schema)), bad


TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "integer": (int,), "number": (int, float, Decimal),
}  # fmt: skip


def mistakes(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> list[str]:
    """What keeps a value from its schema, by the keywords that our schemas use."""
    if "$ref" in schema:
        return mistakes(value, root["$defs"][schema["$ref"].rsplit("/", 1)[1]], root, at)
    if "anyOf" in schema and not any(not mistakes(value, one, root, at) for one in schema["anyOf"]):
        return [f"{at}: none of the alternatives"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return [f"{at}: not {kinds}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: not one of {schema['enum']}")
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"].replace("(?<", "(?P<"), value):
            found.append(f"{at}: not like {schema['pattern']}")
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
            found.append(f"{at}: length")
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            found.append(f"{at}: range")
        if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
            found.append(f"{at}: range")
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
            found.append(f"{at}: count")
        for place, entry in enumerate(value):
            found += mistakes(entry, schema.get("items", {}), root, f"{at}/{place}")
    elif isinstance(value, dict):
        found += _mistakes_in_object(value, schema, root, at)
    return found


def _mistakes_in_object(value: dict[str, Any], schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    known, others = schema.get("properties", {}), schema.get("additionalProperties", True)
    found = [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
    for name, entry in value.items():
        if name in known:
            found += mistakes(entry, known[name], root, f"{at}/{name}")
        elif others is False:
            found.append(f"{at}: {name} is not known")
        elif isinstance(others, dict):
            found += mistakes(entry, others, root, f"{at}/{name}")
    return found


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
