"""The invoices that the demo company wrote in the system before this one, imported as anybody would."""

from __future__ import annotations

from orderloom.base.transaction import Tx
from orderloom.cli.settings import CHECKOUT
from orderloom.insight.commands import import_history
from orderloom.insight.types import FileMapping, ImportReport

FILE = CHECKOUT / "demo" / "history.csv.gz"
MAPPING = FileMapping(
    source="old system",
    currency="USD",
    time_zone="America/New_York",
    customer_source="crm",
    kinds={"C": "credit_note"},
    not_goods=("FREIGHT",),
)


async def load_past(tx: Tx) -> ImportReport:
    """Import the history in `demo/`; its customers are accounts of the small world."""
    return await import_history(tx, FILE, MAPPING)
