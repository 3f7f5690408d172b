"""The real executable, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).parent / "orderloom"


@dataclass(frozen=True, slots=True)
class Said:
    """What a run answered: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Code and pointer of each problem, of a run with --json."""
        return [(problem["code"], problem["pointer"]) for problem in json.loads(self.err)["problems"]]


Run = Callable[..., Said]


def run(*arguments: str | Path, environment: dict[str, str], stdin: bytes = b"") -> Said:
    """Run the program to its end; a traceback fails the test."""
    done = subprocess.run(
        [PROGRAM, *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env=clean(environment),
        timeout=240,
        cwd=ROOT,
    )
    said = Said(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in said.err, said.err
    return said


def clean(environment: dict[str, str]) -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERLOOM_")}
    return kept | environment


@pytest.fixture
def cli(database_url: str, tmp_path: Path) -> Run:
    """The program on a fresh, migrated database of this test."""
    environment = {"ORDERLOOM_DATABASE_URL": database_url, "ORDERLOOM_HOME": str(tmp_path / "home")}
    return lambda *arguments, **more: run(*arguments, environment=environment | more.pop("environment", {}), **more)


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of its own for the embedded server, which is stopped in the end."""
    folder = Path(tempfile.mkdtemp(prefix="orderloom-cli-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    for note in folder.rglob("postmaster.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(note.read_text().splitlines()[0]), signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


SHOP_CUSTOMERS = """external_id,name,country,legal_entity,currency,place,street,city,area,postal_code,contact
C-1,Ängström & Co,US,US,USD,S1,"1 Main St",Boston,MA,02108,Bo
C-2,Child Ltd,US,US,USD,S1,2 Side St,Austin,TX,73301,
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Files of a small shop: catalogue, customers, prices, stock, two orders."""
    from tests.catalog.given import SHOP

    folder = tmp_path / "shop"
    (folder / "orders").mkdir(parents=True)
    (folder / "shop.yaml").write_text(SHOP, "utf-8")
    (folder / "customers.csv").write_text(SHOP_CUSTOMERS, "utf-8")
    (folder / "prices.csv").write_text("product,currency,one_time\nKIT,USD,1300\nCABLE,EUR,2.20\n")
    (folder / "stock.csv").write_text("sku,warehouse,on_hand\nSPL-1,EAST,5\nCON-3,EAST,12.5\n")
    order = {"customer": "import:C-1", "items": [{"line": "1", "product": "CABLE", "quantity": 3}], "external_id": "A"}
    (folder / "orders" / "a.json").write_text(json.dumps(order))
    (folder / "orders" / "b.ndjson").write_text(
        json.dumps(order | {"external_id": "B1"}) + "\n\n" + json.dumps(order | {"external_id": "B2"}) + "\n"
    )
    return folder


PREMISES = """
INSERT INTO parties.legal_entity (code, name, currency, invoice_series) VALUES ('US', 'Weaver Inc.', 'USD', 'invoice');
INSERT INTO stock.warehouse (code, name) VALUES ('EAST', 'East')
"""
"""What has no import: who we are, and our warehouse."""
