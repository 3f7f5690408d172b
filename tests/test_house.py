"""The four rules of the house, over every module; and each rule is seen to fail on a violation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house_rules import (
    FLOOR_OF,
    SOURCE,
    Module,
    all_modules,
    endless_functions,
    foreign_reactions,
    foreign_sql,
    impurities,
    module,
    upward_imports,
)

MODULES = list(all_modules())
RULES = [upward_imports, foreign_reactions, foreign_sql, impurities, endless_functions]
FORBIDDEN_FILES = {"utils.py", "helpers.py", "manager.py", "service.py"}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_holds_in_every_room(rule: object) -> None:
    assert callable(rule)
    broken = [sentence for checked in MODULES for sentence in rule(checked)]
    assert broken == []


def test_every_room_stands_on_a_floor() -> None:
    assert {checked.room for checked in MODULES} <= FLOOR_OF.keys()


@pytest.mark.parametrize(
    ("rule", "violation"),
    [
        (upward_imports, module("gateway", "commands.py", "from orderloom.parties import reads")),
        (upward_imports, module("stock", "commands.py", "import orderloom.billing.types")),
        (foreign_reactions, module("orders", "commands.py", "REACTIONS = {}")),
        (foreign_reactions, module("orders", "commands.py", "from orderloom.stock.reactions import reserve")),
        (foreign_sql, module("orders", "store.py", 'x = "INSERT INTO stock.reservation (a) VALUES (1)"')),
        (foreign_sql, module("stock", "reads.py", 'x = "UPDATE stock.balance SET a = 1"')),
        (foreign_sql, module("stock", "reads.py", 'x = "SELECT 1 FROM orders.item"')),
        (impurities, module("catalog", "price.py", "from orderloom.base.transaction import Tx")),
        (impurities, module("catalog", "rules.py", "from datetime import datetime\nx = datetime.now()")),
        (impurities, module("fulfilment", "plan.py", "import asyncio")),
        (endless_functions, module("orders", "reads.py", "async def page() -> None:\n" + "    pass\n" * 70)),
    ],
)
def test_a_violation_is_found(rule: object, violation: Module) -> None:
    assert callable(rule)
    assert len(rule(violation)) >= 1


def test_import_linter_agrees() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter], capture_output=True, text=True, check=False, cwd=SOURCE.parent.parent)
    assert done.returncode == 0, done.stdout


def test_no_room_grows_a_drawer_for_everything() -> None:
    assert [str(f) for f in SOURCE.rglob("*.py") if f.name in FORBIDDEN_FILES] == []


def test_no_file_is_longer_than_500_lines() -> None:
    long = {str(f.relative_to(SOURCE)): n for f in SOURCE.rglob("*.py") if (n := len(f.read_text().splitlines())) > 500}
    assert long == {}
