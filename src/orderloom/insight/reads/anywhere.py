"""One search over orders, quotes, customers, products, invoices and tasks, limited to what the actor may see.

The letters that people type first are the commonest ones: `202` stands in the number of every order. So a search does
not collect all that match and then sort. Each kind is asked for the number itself, for matches among the newest rows,
for numbers that begin so, and for what belongs to customers of that name; only when these are too few, it is walked
from its newest block of 65,536 ids back, with the index telling the matches inside one block, until there are enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from unicodedata import normalize

from orderloom.base.transaction import Tx
from orderloom.insight.reads.ledger import visible
from orderloom.parties.policy import account_filter

LEAST = 3
SHOWN = 5
CANDIDATES = 20
"""How many of the newest matches are ranked."""
RECENT, RECENT_OF_SOME = 1_024, 2_048
"""So many of the newest rows are looked through before the index is asked; more of them for who sees only some."""
PATIENCE_MS = 100
"""No kind is searched for longer, however many rows have the letters but not the text."""
BUYERS = 50
FEW = 2_000
"""Who sees no more rows than this has them looked through one by one."""
TASKS_LOOKED_AT = 100


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a search found: `name` says whose or what it is, `note` more of it; `is_exact`: its own number."""

    kind: str
    id: int
    place: int
    number: str
    name: str
    note: str
    state: str
    is_exact: bool


@dataclass(frozen=True, slots=True)
class FoundKind:
    """What was found of one kind, and whether there is more of it."""

    kind: str
    found: tuple[Found, ...]
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Shelf:
    """A table to look in; the columns are SQL over it."""

    kind: str
    right: str
    table: LiteralString
    alias: LiteralString
    name: LiteralString
    note: LiteralString = "''"
    state: LiteralString = "''"
    number: LiteralString = "number"
    account: LiteralString | None = "account_id"
    condition: LiteralString = "TRUE"
    is_sold: bool = False


_SHELVES = (
    _Shelf("order", "orders.read", "orders.sales_order", "sales_order", "account_name", "coalesce(po_number, '')",
           "state", is_sold=True),
    _Shelf("quote", "quotes.read", "quotes.quote", "quote", "account_name", state="state",
           condition="NOT quote.is_template", is_sold=True),
    _Shelf("customer", "parties.read", "parties.account", "account", "name", "coalesce(country, '')", account="id"),
    _Shelf("product", "catalog.read", "catalog.product", "product", "name", number="code", account=None),
    _Shelf("invoice", "billing.read", "billing.invoice", "invoice", "coalesce(bill_to ->> 'name', '')", "order_label",
           "kind", is_sold=True),
    _Shelf("past_invoice", "insight.read", "insight.document", "document", "source", "issued_on::text", "kind",
           account=None, condition="document.invoice_id IS NULL"),
)  # fmt: skip


async def search_anywhere(tx: Tx, text: str) -> list[FoundKind]:
    """What the actor may see of all kinds with this text in its number or name, by kind; what has that number first.

    Case, accents and the composition of letters make no difference: what was typed is folded as what is searched is,
    but once and not for each row. Fewer than three letters find only what has
    exactly that number.
    """
    typed = normalize("NFKC", text).strip()
    if not typed:
        return []
    pattern = await tx.value("SELECT base.folded(%(pattern)s)", {"pattern": like(typed)})
    buyers = await _buyers(tx, pattern) if _is_enough(typed) else []
    found = [await _on_shelf(tx, shelf, typed, pattern, buyers) for shelf in _SHELVES if tx.actor.may(shelf.right)]
    if tx.actor.may("work.do") and _is_enough(typed):
        found.append(_ranked("task", typed, await _tasks(tx, typed, pattern)))
    return sorted((kind for kind in found if kind.found), key=lambda kind: not kind.found[0].is_exact)


def _is_enough(typed: str) -> bool:
    """Whether the index can tell anything: three letters, or where a word begins or ends."""
    return len(typed) >= LEAST and re.search(r"\w{3}|\W\w|\w\w\W", typed) is not None


async def _buyers(tx: Tx, pattern: str) -> list[int]:
    """The accounts with this in number or name, if they are few: what is theirs is found by them."""
    found: list[int] = await tx.values(
        "SELECT id FROM parties.account WHERE search LIKE %(pattern)s LIMIT %(most)s + 1",
        {"pattern": pattern, "most": BUYERS},
    )
    return found if len(found) <= BUYERS else []


async def _on_shelf(tx: Tx, shelf: _Shelf, typed: str, pattern: str, buyers: Sequence[int]) -> FoundKind:
    """The number itself; else the newest rows; else what has such a number or customer; else all of them."""
    condition, params = _seen(tx, shelf)
    params |= {"exact": [typed, typed.upper()], "pattern": pattern, "begin": like(typed.upper())[1:]}
    found = await _exactly(tx, shelf, condition, params)
    if found or not _is_enough(typed) or await _is_taken(tx, shelf, params):
        return _ranked(shelf.kind, typed, found)
    newest = await _newest(tx, shelf, condition, params)
    if len(newest) == CANDIDATES:
        return _ranked(shelf.kind, typed, newest)
    found = newest
    if any(letter.isdigit() for letter in typed):
        found += await _numbered(tx, shelf, condition, params)
    if buyers and shelf.is_sold:
        found += await _sold(tx, shelf, condition, {**params, "buyers": list(buyers)})
    if len(found) <= SHOWN:
        own = await _few_ids(tx, shelf, condition, params) if params["is_limited"] else None
        found += await (_walked(tx, shelf, condition, params) if own is None else _among(tx, shelf, own, params))
    return _ranked(shelf.kind, typed, sorted(found, key=lambda each: -each.id))


def _seen(tx: Tx, shelf: _Shelf) -> tuple[LiteralString, dict[str, Any]]:
    """What the actor sees of a shelf as SQL, and the parameters that all its questions share."""
    seen: LiteralString = "TRUE"
    params: dict[str, Any] = {}
    if shelf.kind == "past_invoice":
        seen, params = visible(tx, "document.customer_id")
    elif shelf.account is not None:
        seen, params = account_filter(tx.actor, f"{shelf.alias}.{shelf.account}")
    return f"{shelf.condition} AND {seen}", {
        **params, "kind": shelf.kind, "most": CANDIDATES, "few": FEW, "patience_ms": PATIENCE_MS,
        "is_limited": seen != "TRUE", "recent": RECENT if seen == "TRUE" else RECENT_OF_SOME,
    }  # fmt: skip


def like(typed: str) -> str:
    """A LIKE pattern for the text anywhere, in which nothing that was typed is a pattern."""
    escaped = typed.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _columns(shelf: _Shelf) -> LiteralString:
    of = shelf.alias
    return (
        f"%(kind)s AS kind, {of}.id, 0 AS place, {of}.{shelf.number} AS number, {shelf.name} AS name,"
        f" {shelf.note} AS note, {shelf.state} AS state, {of}.{shelf.number} = ANY(%(exact)s) AS is_exact"
    )


async def _exactly(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[Found]:
    return await tx.all(
        f"""
        SELECT {_columns(shelf)}
          FROM {shelf.table}
         WHERE {shelf.alias}.{shelf.number} = ANY(%(exact)s)
           AND {condition}
         ORDER BY {shelf.alias}.id DESC
         LIMIT %(most)s
        """,
        params,
        row=Found,
    )


async def _is_taken(tx: Tx, shelf: _Shelf, params: dict[str, Any]) -> bool:
    """Whether something that the actor may not see has exactly this number: nothing else is meant by it."""
    taken: bool = await tx.value(
        f"SELECT EXISTS (SELECT FROM {shelf.table} WHERE {shelf.number} = ANY(%(exact)s))", params
    )
    return params["is_limited"] and taken


async def _sold(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[Found]:
    """The newest rows of these customers."""
    of = shelf.alias
    return await tx.all(
        f"""
        SELECT found.*
          FROM unnest(%(buyers)s::bigint[]) AS buyer
         CROSS JOIN LATERAL (
               SELECT {_columns(shelf)}
                 FROM {shelf.table}
                WHERE {of}.account_id = buyer
                  AND {condition}
                ORDER BY {of}.id DESC
                LIMIT %(most)s) AS found
         ORDER BY found.id DESC
         LIMIT %(most)s
        """,
        params,
        row=Found,
    )


async def _numbered(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[Found]:
    """Numbers that begin with what was typed, the highest first."""
    number: LiteralString = f"{shelf.alias}.{shelf.number}"
    return await tx.all(
        f"""
        SELECT {_columns(shelf)}
          FROM {shelf.table}
         WHERE {number} LIKE %(begin)s
           AND {condition}
         ORDER BY {number} DESC
         LIMIT %(most)s
        """,
        params,
        row=Found,
    )


async def _newest(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[Found]:
    """Matches among the newest rows, read one by one: where the letters are common, they are enough at once."""
    of = shelf.alias
    return await tx.all(
        f"""
        SELECT {_columns(shelf)}
          FROM (SELECT *
                  FROM {shelf.table}
                 ORDER BY id DESC
                 LIMIT %(recent)s) AS {of}
         WHERE {of}.search LIKE %(pattern)s
           AND {condition}
         ORDER BY {of}.id DESC
         LIMIT %(most)s
        """,
        params,
        row=Found,
    )


async def _walked(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[Found]:
    """The newest matches, block by block: the limit, or the end of patience, ends the walk.

    Ordered by `id + 0` inside a block, lest the planner reads all rows backwards instead of the matches of one block.
    """
    of = shelf.alias
    return await tx.all(
        f"""
          WITH RECURSIVE block AS (
               (SELECT id >> 16 AS number FROM {shelf.table} ORDER BY id DESC LIMIT 1)
                UNION ALL
               SELECT (SELECT id >> 16 FROM {shelf.table} WHERE id < block.number << 16 ORDER BY id DESC LIMIT 1)
                 FROM block
                WHERE block.number IS NOT NULL
                  AND clock_timestamp() < statement_timestamp() + %(patience_ms)s * interval '1 millisecond'),
               newest AS (
               SELECT found.*
                 FROM block
                CROSS JOIN LATERAL (
                      SELECT {_columns(shelf)}
                        FROM {shelf.table}
                       WHERE {of}.id >> 16 = block.number
                         AND {of}.search LIKE %(pattern)s
                         AND {condition}
                       ORDER BY {of}.id + 0 DESC
                       LIMIT %(most)s) AS found
                LIMIT %(most)s)
        SELECT kind, id, place, number, name, note, state, is_exact
          FROM newest
         ORDER BY id DESC
        """,
        params,
        row=Found,
    )


async def _few_ids(tx: Tx, shelf: _Shelf, condition: LiteralString, params: dict[str, Any]) -> list[int] | None:
    """All rows that the actor sees, if they are few: a walk would pass by all that others see to find them."""
    own: list[int] = await tx.values(
        f"SELECT {shelf.alias}.id FROM {shelf.table} WHERE {condition} LIMIT %(few)s + 1", params
    )
    return own if len(own) <= FEW else None


async def _among(tx: Tx, shelf: _Shelf, own: Sequence[int], params: dict[str, Any]) -> list[Found]:
    of = shelf.alias
    return await tx.all(
        f"""
        SELECT {_columns(shelf)}
          FROM {shelf.table}
         WHERE {of}.id = ANY(%(own)s::bigint[])
           AND {of}.search LIKE %(pattern)s
         ORDER BY {of}.id DESC
         LIMIT %(most)s
        """,
        {**params, "own": list(own)},
        row=Found,
    )


async def _tasks(tx: Tx, typed: str, pattern: str) -> list[Found]:
    """Of the open tasks of the actor and their teams, the hundred that are due first."""
    return await tx.all(
        """
          WITH open_task AS (
               (SELECT step.process_id, step.number, step.title, step.state, step.due
                  FROM work.queue
                 CROSS JOIN LATERAL (
                       SELECT step.process_id, step.number, step.title, step.state, step.due
                         FROM processes.step
                        WHERE step.queue = queue.code AND step.mode = 'person' AND step.state IN ('ready', 'running')
                        ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
                        LIMIT %(looked_at)s) AS step
                 WHERE queue.team_id = ANY(%(teams)s) OR %(sees_all)s
                 ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
                 LIMIT %(looked_at)s)
                 UNION
               (SELECT step.process_id, step.number, step.title, step.state, step.due
                  FROM work.assignment
                  JOIN processes.step USING (process_id, number)
                 WHERE assignment.user_id = %(user_id)s
                   AND step.mode = 'person' AND step.state IN ('ready', 'running')
                 ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
                 LIMIT %(looked_at)s))
        SELECT 'task' AS kind, task.process_id AS id, task.number AS place, process.subject_label AS number,
               task.title AS name, '' AS note, task.state, process.subject_label = ANY(%(exact)s) AS is_exact
          FROM open_task AS task
          JOIN processes.process ON process.id = task.process_id
         WHERE base.folded(process.subject_label || ' ' || task.title) LIKE %(pattern)s
         ORDER BY coalesce(task.due, 'infinity'), task.process_id, task.number
         LIMIT %(most)s
        """,
        {
            "looked_at": TASKS_LOOKED_AT, "teams": list(tx.actor.team_ids), "user_id": tx.actor.user_id,
            "sees_all": tx.actor.may("work.assign"), "exact": [typed, typed.upper()], "pattern": pattern,
            "most": CANDIDATES,
        },
        row=Found,
    )  # fmt: skip


def _ranked(kind: str, typed: str, candidates: Sequence[Found]) -> FoundKind:
    """The first few: what has the number, then what begins with the text, then words that do; the newest first."""
    once = list({(each.id, each.place): each for each in candidates}.values())
    begins = typed.casefold()

    def rank(each: Found) -> int:
        name = each.name.casefold()
        if each.is_exact:
            return 0
        return 1 if name.startswith(begins) else 2 if f" {begins}" in name else 3

    ranked = sorted(once, key=rank)
    return FoundKind(kind, tuple(ranked[:SHOWN]), len(ranked) > SHOWN)
