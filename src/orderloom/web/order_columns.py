"""The columns that a list of orders may have, on the page and in files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orderloom.insight.sheets import Cell
from orderloom.orders.reads import OrderRow, OrderSort
from orderloom.orders.states import TITLES


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what it says in a file, and how a list is sorted by it, where it can be."""

    name: str
    title: str
    cell: Callable[[OrderRow], Cell]
    is_number: bool = False
    sort: OrderSort | None = None


def _recurring(row: OrderRow) -> str:
    return ", ".join(f"{amount} / {period}" for period, amount in row.recurring_totals.items())


ALL = (
    Column("number", "Order", lambda row: row.number, sort="newest"),
    Column("customer", "Customer", lambda row: row.account_name, sort="customer"),
    Column("state", "State", lambda row: TITLES[row.state]),
    Column("parts", "Parts", lambda row: f"{row.parts_done} of {row.parts_total}"),
    Column("once", "Once", lambda row: row.one_time_total, is_number=True, sort="amount"),
    Column("recurring", "Recurring", _recurring, is_number=True),
    Column("currency", "Currency", lambda row: row.currency),
    Column("po_number", "Purchase order", lambda row: row.po_number),
    Column("promised", "Promised", lambda row: row.promised_on, sort="promised"),
    Column("captured", "Captured", lambda row: row.captured_at, sort="oldest"),
    Column("requested", "Requested", lambda row: row.requested_on),
    Column("priority", "Priority", lambda row: row.priority),
    Column("type", "Type", lambda row: row.type),
    Column("channel", "Channel", lambda row: row.channel),
    Column("external_id", "External id", lambda row: row.external_id),
    Column("submitted", "Submitted", lambda row: row.submitted_at),
    Column("ended", "Ended", lambda row: row.ended_at),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in ALL}
USUAL = tuple(column.name for column in ALL[:10])


def columns_of(chosen: Sequence[str] | None) -> list[Column]:
    """The columns in the order of the list; the number always stands first, and what is not known is left out."""
    names = {"number", *(USUAL if chosen is None else chosen)}
    return [column for column in ALL if column.name in names]
