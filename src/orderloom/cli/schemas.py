"""The verb `schema`: what the database looks like in SQL, what files look like as JSON Schema (2020-12)."""

from __future__ import annotations

import argparse
import json
from typing import Any

from orderloom.base.parsing import json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(chosen: argparse.Namespace) -> int:
    """Print one schema; the same version of the program prints the same text."""
    if chosen.what == "database":
        from orderloom.cli.database import fresh_schema
        from orderloom.cli.settings import database_url, read_settings

        with database_url(read_settings()) as url:
            print(fresh_schema(url))
    else:
        print(json.dumps(_FILES[chosen.what](), indent=2, ensure_ascii=False))
    return 0


def order_schema() -> dict[str, Any]:
    """The schema of an order file: what `import orders`, `simulate` and `POST /api/orders` read."""
    from orderloom.orders.types import OrderDraft

    return {"$schema": DIALECT, "title": "An order of Orderloom", **_without_title(json_schema(OrderDraft))}


def catalogue_schema() -> dict[str, Any]:
    """The schema of a catalogue file, in JSON or YAML: what `import catalog` and `simulate --catalog` read."""
    from orderloom.catalog.shape import CATALOGUE

    return {"$schema": DIALECT, "title": "A catalogue of Orderloom", **CATALOGUE.schema()}


def _without_title(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "title"}


_FILES = {"order": order_schema, "catalogue": catalogue_schema}
