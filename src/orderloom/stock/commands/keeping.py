"""Verbs that say what there is: warehouses, SKUs, opening stock, corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock.events import StockAdjusted, StockReceived
from orderloom.stock.store import balance
from orderloom.stock.types import Adjustment, Imported, OpeningStock, SkuDraft, WarehouseDraft


async def save_warehouses(tx: Tx, drafts: Sequence[WarehouseDraft]) -> int:
    """Write warehouses by code; return how many are new or changed."""
    refuse_if_any(_doubles([draft.code for draft in drafts], "code"))
    return await balance.upsert_warehouses(tx, drafts)


async def save_skus(tx: Tx, drafts: Sequence[SkuDraft]) -> int:
    """Write SKUs by code; return how many are new or changed."""
    refuse_if_any(_doubles([draft.code for draft in drafts], "code"))
    return await balance.upsert_skus(tx, drafts)


async def import_opening_stock(tx: Tx, rows: Sequence[OpeningStock], *, dry_run: bool = False) -> Imported:
    """Write what lies in the warehouses at the beginning; all rows or none, every problem by row.

    A SKU that is new here is taken from the catalogue, else from the row's own name. A warehouse
    must exist. A SKU and warehouse that has movements already is refused: count it instead.
    """
    await balance.adopt_skus(tx, [row.sku for row in rows])
    unknown = set(await balance.unknown_skus(tx, [row.sku for row in rows]))
    warehouses = await balance.warehouse_ids(tx, [row.warehouse for row in rows])
    opened = await balance.opened_places(tx, [(row.sku, row.warehouse) for row in rows])
    named = {row.sku: row for row in rows if row.name is not None}

    problems = [
        p
        for place, row in enumerate(rows)
        for p in _row_problems(place, row, unknown - named.keys(), warehouses, opened)
    ]
    seen = Counter((row.sku, row.warehouse) for row in rows)
    problems += [
        Problem("stock_twice", f"{sku} in {warehouse} stands in {times} rows; keep one.")
        for (sku, warehouse), times in seen.items()
        if times > 1
    ]
    refuse_if_any(problems)
    if not dry_run:
        await _write_opening(tx, rows, [named[sku] for sku in unknown], warehouses)
    return Imported(rows=len(rows), changed=len(rows), is_dry_run=dry_run)


def _row_problems(
    place: int, row: OpeningStock, unknown: set[str], warehouses: dict[str, int], opened: set[tuple[str, str]]
) -> list[Problem]:
    problems = []
    if row.sku in unknown:
        message = f"No product has the SKU {row.sku}; import the catalogue first or give the row a name."
        problems.append(Problem("sku_unknown", message, f"/{place}/sku"))
    if row.warehouse not in warehouses:
        message = f"There is no active warehouse {row.warehouse}; create it first."
        problems.append(Problem("warehouse_unknown", message, f"/{place}/warehouse"))
    if (row.sku, row.warehouse) in opened:
        message = f"{row.sku} in {row.warehouse} has movements already; correct it with a count."
        problems.append(Problem("stock_opened", message, f"/{place}/on_hand"))
    return problems


async def _write_opening(
    tx: Tx, rows: Sequence[OpeningStock], new: Sequence[OpeningStock], warehouses: dict[str, int]
) -> None:
    await balance.upsert_skus(
        tx, [SkuDraft(code=row.sku, name=row.name or row.sku, tracking=row.tracking or "none") for row in new]
    )
    await balance.ensure_balances(tx, [(row.sku, warehouses[row.warehouse]) for row in rows])
    await balance.change(tx, [balance.Change(row.sku, warehouses[row.warehouse], on_hand=row.on_hand) for row in rows])
    await balance.record(
        tx,
        [balance.Movement(row.sku, warehouses[row.warehouse], "opening", row.on_hand, "opening stock") for row in rows],
    )
    tx.emit(
        StockReceived(
            Subject("warehouse", warehouses[code], code), tuple(row.sku for row in rows if row.warehouse == code)
        )
        for code in dict.fromkeys(row.warehouse for row in rows)
    )


async def adjust_stock(tx: Tx, adjustments: Sequence[Adjustment]) -> None:
    """Correct what is on hand, by a signed quantity with its reason.

    Not idempotent: each call is a movement of its own. Refused where less would remain than is
    reserved; release or re-source those orders first.
    """
    places = [(each.sku, each.warehouse) for each in adjustments]
    await balance.adopt_skus(tx, [each.sku for each in adjustments])
    unknown = set(await balance.unknown_skus(tx, [each.sku for each in adjustments]))
    warehouses = await balance.warehouse_ids(tx, [each.warehouse for each in adjustments])
    problems = _place_problems(adjustments, unknown, warehouses)
    refuse_if_any(problems)

    await balance.ensure_balances(tx, [(each.sku, warehouses[each.warehouse]) for each in adjustments])
    balances = await balance.lock(tx, places)
    events = []
    left = {place: balances[place].on_hand for place in places}
    for number, each in enumerate(adjustments):
        row = balances[(each.sku, each.warehouse)]
        before = left[(each.sku, each.warehouse)]
        left[(each.sku, each.warehouse)] = before + each.quantity
        if before + each.quantity < row.reserved:
            message = (
                f"{row.reserved:f} of {each.sku} in {each.warehouse} are reserved, {before + each.quantity:f} would"
                " remain; release or re-source those orders first."
            )
            problems.append(Problem("stock_reserved", message, f"/{number}/quantity"))
        events.append(
            StockAdjusted(
                Subject("stock_balance", row.id, f"{each.sku} in {each.warehouse}"),
                each.sku, each.warehouse, before, before + each.quantity, each.reason,
            )
        )  # fmt: skip
    refuse_if_any(problems)
    await balance.change(
        tx, [balance.Change(each.sku, warehouses[each.warehouse], on_hand=each.quantity) for each in adjustments]
    )
    await balance.record(
        tx,
        [
            balance.Movement(each.sku, warehouses[each.warehouse], each.kind, each.quantity, each.reason)
            for each in adjustments
        ],
    )
    tx.emit(events)


def _place_problems(adjustments: Sequence[Adjustment], unknown: set[str], warehouses: dict[str, int]) -> list[Problem]:
    problems = []
    for place, each in enumerate(adjustments):
        if each.sku in unknown:
            problems.append(Problem("sku_unknown", f"There is no SKU {each.sku}; create it first.", f"/{place}/sku"))
        if each.warehouse not in warehouses:
            message = f"There is no active warehouse {each.warehouse}; create it first."
            problems.append(Problem("warehouse_unknown", message, f"/{place}/warehouse"))
        if each.quantity == 0:
            problems.append(Problem("quantity_zero", "Give a quantity above or below zero.", f"/{place}/quantity"))
    return problems


def _doubles(codes: Sequence[str], field: str) -> list[Problem]:
    seen: set[str] = set()
    problems = []
    for place, code in enumerate(codes):
        if code in seen:
            problems.append(Problem("code_twice", f"{code} stands here twice; keep one.", f"/{place}/{field}"))
        seen.add(code)
    return problems
