"""The four rules of the house as functions over a module's source; `test_house.py` applies them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "orderloom"

FLOORS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "base",
        "feel",
        "gateway",
        "parties",
        "documents messages",
        "processes",
        "work",
        "approvals",
        "catalog",
        "stock billing signing assets",
        "quotes",
        "orders",
        "fulfilment commissions",
        "insight dialects",
        "house",
        "web worker partner_simulator",
        "cli",
    )
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MOST_LINES = 70
ENTRANCES = {"web", "worker", "cli", "partner_simulator"}

PURE_MODULES = {
    "types", "states", "rules", "rollup", "price", "price_list", "configure", "decompose", "plan", "schedule",
    "difference", "projection", "sourcing", "simulate", "parse", "callout", "circuit", "signatures", "tokens",
    "calendars", "money", "refusals", "verify", "events",
    "price_types", "price_book", "price_work", "price_start", "price_adjust", "price_shared", "price_policy",
    "price_differences", "priced", "waterfall", "exact", "tiers", "units", "proration", "tax", "margin_walk",
    "price_drafts", "price_rules", "price_rows", "price_shelf", "price_asked", "price_words",
}  # fmt: skip
IMPURE_IMPORTS = {
    "psycopg", "psycopg_pool", "httpx", "asyncio", "socket", "subprocess", "os", "time", "random", "uuid", "secrets",
    "pathlib", "litestar", "uvicorn",
}  # fmt: skip
IMPURE_ROOM_MODULES = {"transaction", "store", "commands", "reads", "clock", "jobs", "embedded", "migrate", "wakeup"}
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}

_WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM|TRUNCATE|COPY)\s+(?:ONLY\s+)?([a-z_]+)\.[a-z_]+"
)
_READS = re.compile(r"\b(?:FROM|JOIN)\s+(?:LATERAL\s+|ONLY\s+)?([a-z_]+)\.[a-z_]+")


@dataclass(frozen=True, slots=True)
class Module:
    """One Python module: its room, its path inside the room, its syntax tree."""

    room: str
    path: str
    tree: ast.Module

    @property
    def stem(self) -> str:
        return self.path.split("/")[-1].removesuffix(".py")

    @property
    def is_store(self) -> bool:
        return self.path == "store.py" or self.path.startswith("store/")


def module(room: str, path: str, source: str) -> Module:
    return Module(room, path, ast.parse(source))


def all_modules() -> Iterator[Module]:
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).parts
        if parts in {("__init__.py",), ("_version.py",)}:
            continue
        room = parts[0].removesuffix(".py")
        yield module(room, "/".join(parts[1:]) or parts[0], file.read_text("utf-8"))


def upward_imports(checked: Module) -> list[str]:
    """Rule 1: a room imports from lower floors only; rooms on one floor never import each other."""
    found = []
    for name in _imported(checked.tree):
        parts = name.split(".")
        if parts[0] != "orderloom" or len(parts) < 2 or parts[1] == checked.room or parts[1] not in FLOOR_OF:
            continue
        if FLOOR_OF[parts[1]] >= FLOOR_OF[checked.room]:
            found.append(f"{checked.room}/{checked.path} imports {name}, which is not below it")
    return found


def foreign_reactions(checked: Module) -> list[str]:
    """Rule 2: events go up. Only `reactions.py` says who reacts, and nobody calls a reaction by name."""
    found = []
    for node in ast.walk(checked.tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = {target.id for target in targets if isinstance(target, ast.Name)}
            if names & {"REACTIONS", "SUBSCRIBERS"} and checked.stem != "reactions":
                found.append(f"{checked.room}/{checked.path} declares reactions outside reactions.py")
    if checked.room != "house":
        found += [
            f"{checked.room}/{checked.path} imports {name}; emit an event instead"
            for name in _imported(checked.tree)
            if re.fullmatch(r"orderloom\.\w+\.reactions(\..*)?", name) and name.split(".")[1] != checked.room
        ]
    return found


def foreign_sql(checked: Module) -> list[str]:
    """Rule 3: write at home, in the room's store; a SELECT may join downward."""
    found = []
    for text in _texts(checked.tree):
        for schema in _WRITES.findall(text):
            at_home = schema == checked.room and (checked.is_store or checked.room == "base")
            if schema in FLOOR_OF and not at_home:
                found.append(f"{checked.room}/{checked.path} writes {schema}: only {schema}'s store may")
        for schema in _READS.findall(text):
            if schema in FLOOR_OF and checked.room in FLOOR_OF and schema != checked.room:
                higher = FLOOR_OF[schema] >= FLOOR_OF[checked.room]
                if higher:
                    found.append(f"{checked.room}/{checked.path} reads {schema}, which is not below it")
    return found


def impurities(checked: Module) -> list[str]:
    """Rule 4: deciding is pure: no transaction, no store, no clock, no I/O."""
    if checked.stem not in PURE_MODULES or checked.room in ENTRANCES:
        return []
    found = []
    for name in _imported(checked.tree, at_run_time_only=True):
        parts = name.split(".")
        if parts[0] in IMPURE_IMPORTS:
            found.append(f"{checked.room}/{checked.path} imports {name}")
        if parts[0] == "orderloom" and len(parts) > 2 and parts[2] in IMPURE_ROOM_MODULES:
            found.append(f"{checked.room}/{checked.path} imports {name}")
    for node in ast.walk(checked.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and (node.func.value.id, node.func.attr) in CLOCKS
        ):
            found.append(f"{checked.room}/{checked.path}:{node.lineno} asks the clock")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ):
            found.append(f"{checked.room}/{checked.path}:{node.lineno} does I/O")
    return found


def endless_functions(checked: Module) -> list[str]:
    """A function fits a screen; more than 70 lines it never has."""
    return [
        f"{checked.room}/{checked.path}:{node.lineno} {node.name} has {lines} lines; take it apart"
        for node in ast.walk(checked.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES
    ]


def _imported(tree: ast.Module, *, at_run_time_only: bool = False) -> Iterator[str]:
    for node in ast.walk(tree):
        if at_run_time_only and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _texts(tree: ast.Module) -> Iterator[str]:
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.value
