"""Catalogues and facts from a folder of files, for planning without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.catalog.parse import parse_catalogue
from orderloom.catalog.shape import Many, Number, Plain, Record, Table, Word, number_of
from orderloom.catalog.text import at, read_values
from orderloom.catalog.types import Catalogue, Scalar
from orderloom.fulfilment.simulate import Stock
from orderloom.fulfilment.types import Fact, Facts, Installed, Sourced

SUFFIXES = (".yaml", ".yml", ".json")
_WORD = Word()
_NUMBER = Number()
FACTS = Record(
    {
        "warehouses": Many(_WORD),
        "free": Table(Table(_NUMBER)),
        "told": Many(
            Record({"name": _WORD, "value": Plain(), "about": _WORD, "source": _WORD}, required=("name", "value"))
        ),
        "sourced": Many(
            Record(
                {"line": _WORD, "quantity": _NUMBER, "place": _WORD, "attributes": Table(_WORD)},
                required=("line", "quantity", "attributes"),
            )
        ),
        "installed": Many(Record({"spec": _WORD, "place": _WORD, "key": _WORD}, required=("spec",))),
    }
)


@dataclass(frozen=True, slots=True)
class Folder:
    """All that planning needs, read from files."""

    catalogues: tuple[Catalogue, ...]
    facts: Facts
    stock: Stock


def read_folder(folder: Path) -> Folder:
    """Read the catalogues of a folder and the facts in its folder `facts`; refuse with every mistake of every file."""
    if not folder.is_dir():
        refuse("folder_missing", f"There is no folder {folder}; give one with catalogue files.", str(folder))
    problems: list[Problem] = []
    catalogues: list[Catalogue] = []
    documents: list[Mapping[str, Any]] = []
    for path in _files(folder):
        try:
            catalogues.append(parse_catalogue(_text(path), str(path)))
        except Refused as refused:
            problems += refused.problems
    for path in _files(folder / "facts"):
        try:
            documents.append(_facts_document(path))
        except Refused as refused:
            problems += refused.problems
    refuse_if_any(problems)
    if not catalogues:
        refuse("catalogue_missing", f"There is no catalogue in {folder}; add a YAML or JSON file.", str(folder))
    return Folder(tuple(catalogues), _facts(documents), _stock(documents))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES and path.is_file())


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        refuse("file_unreadable", f"The file cannot be read: {error.strerror}.", str(path))


def _facts_document(path: Path) -> Mapping[str, Any]:
    value = read_values(_text(path), str(path)) or {}
    problems = [Problem(p.code, p.message, at(str(path), p.pointer)) for p in FACTS.problems(value, "")]
    refuse_if_any(problems)
    assert isinstance(value, Mapping)
    return value


def _facts(documents: list[Mapping[str, Any]]) -> Facts:
    return Facts(
        told=tuple(
            Fact(str(e["name"]), _scalar(e["value"]), str(e.get("about", "")), str(e.get("source", "file")))
            for document in documents
            for e in document.get("told", [])
        ),
        sourced=tuple(
            Sourced(
                str(e["line"]),
                _quantity(e["quantity"]),
                {str(k): str(v) for k, v in e["attributes"].items()},
                str(e["place"]) if "place" in e else None,
            )
            for document in documents
            for e in document.get("sourced", [])
        ),
        installed=tuple(
            Installed(str(e["spec"]), str(e["place"]) if "place" in e else None, str(e.get("key", "")))
            for document in documents
            for e in document.get("installed", [])
        ),
    )


def _stock(documents: list[Mapping[str, Any]]) -> Stock:
    free: dict[str, dict[str, Decimal]] = {}
    warehouses: list[str] = []
    for document in documents:
        warehouses += [str(warehouse) for warehouse in document.get("warehouses", [])]
        for goods, by_warehouse in document.get("free", {}).items():
            for warehouse, quantity in by_warehouse.items():
                free.setdefault(str(goods), {})[str(warehouse)] = _quantity(quantity)
    known = dict.fromkeys([*warehouses, *sorted({w for by in free.values() for w in by})])
    return Stock(tuple(known), free if free else None)


def _quantity(value: object) -> Decimal:
    return number_of(value) or Decimal(0)


def _scalar(value: object) -> Scalar:
    if isinstance(value, float):
        return Decimal(repr(value))
    assert value is None or isinstance(value, str | bool | int | Decimal)
    return value
