"""Decision tables beside zen-engine's, as SQL, and compiled; and what the hostile texts of strangers may cost."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import hostile
import psycopg
import zen
from world import processor_seconds

from orderloom.base.embedded import embedded_server
from orderloom.feel import evaluate, to_sql
from orderloom.feel.sql import Column
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.written import written

TARGET_MICROSECONDS = 2.0
TARGET_RATIO = 100
TARGET_ROWS = 1_000_000
TARGET_COMPILE = 50.0
INPUTS = 10_000
NAMES = ("amount", "discount", "segment", "days")
RULES = (
    (">= 100000", "-", "-", "-", "board"),
    (">= 10000", "> 30", "-", "-", "director"),
    ("-", "> 50", "-", "-", "director"),
    (">= 10000", "(15..30]", '"new","watch"', "-", "sales lead"),
    ("-", "-", '"watch"', "> 30", "credit"),
    ("< 10000", "(15..30]", "-", "<= 30", "team lead"),
    ("-", "> 15", "-", "> 60", "credit"),
    ("-", "-", "-", "-", "none"),
)
HAND_WRITTEN = """
    CASE WHEN amount >= 100000 THEN 'board'
         WHEN amount >= 10000 AND discount > 30 THEN 'director'
         WHEN discount > 50 THEN 'director'
         WHEN amount >= 10000 AND discount > 15 AND discount <= 30 AND segment IN ('new', 'watch') THEN 'sales lead'
         WHEN segment = 'watch' AND days > 30 THEN 'credit'
         WHEN amount < 10000 AND discount > 15 AND discount <= 30 AND days <= 30 THEN 'team lead'
         WHEN discount > 15 AND days > 60 THEN 'credit'
         ELSE 'none' END
    """
"""The table as somebody would write it into a statement."""
COLUMNS = {
    "amount": Column("amount", "numeric(12,2)"),
    "discount": Column("discount", "numeric(5,2)"),
    "segment": Column("segment", "text"),
    "days": Column("days", "integer"),
}


def measure() -> dict[str, Any]:
    """The figures of one run on one core."""
    table = _table(RULES)
    contexts = _contexts()
    evaluate(table, contexts[0])
    answers, own = _timed(lambda: [evaluate(table, context) for context in contexts])
    plain = [{name: value if isinstance(value, str) else float(value) for name, value in c.items()} for c in contexts]  # type: ignore[arg-type]
    decision = zen.ZenEngine().create_decision(json.dumps(_jdm()))
    theirs, zens = _timed(lambda: [decision.evaluate(context)["result"]["approval"] for context in plain])
    in_sql = _in_sql(table)
    compiling = min(_compile_milliseconds(number) for number in range(5))
    attempts = hostile.attempts()
    report: dict[str, Any] = {
        "microseconds_a_decision": round(own / INPUTS * 1e6, 2),
        "zen_microseconds_a_decision": round(zens / INPUTS * 1e6, 1),
        "ratio": round(zens / own),
        "equal_results": answers == theirs,
        "sql_rows_a_second": round(in_sql.rows),
        "sql_over_hand_written": round(in_sql.rows / in_sql.hand_written_rows, 2),
        "sql_equal_results": in_sql.is_equal,
        "compile_200_rules_milliseconds": round(compiling, 1),
        "hostile_texts": len(attempts),
        "hostile_refused": sum(attempt.told != "value" for attempt in attempts),
        "hostile_most_milliseconds": round(max(attempt.milliseconds for attempt in attempts)),
        "hostile_most_megabytes": round(max(attempt.megabytes for attempt in attempts)),
    }
    report["met"] = (
        report["microseconds_a_decision"] <= TARGET_MICROSECONDS
        and report["ratio"] >= TARGET_RATIO
        and answers == theirs
        and in_sql.rows >= TARGET_ROWS
        and in_sql.is_equal
        and compiling < TARGET_COMPILE
        and all(attempt.is_met for attempt in attempts)
    )
    return report


def show(report: dict[str, Any]) -> None:
    """The figures as lines."""
    print(f"a table of 8 rules and 4 inputs: {report['microseconds_a_decision']} µs a decision (at most 2)")
    print(f"zen-engine's: {report['zen_microseconds_a_decision']} µs, {report['ratio']} times as long (at least 100)")
    print(f"equal results on {INPUTS:,} inputs: {'yes' if report['equal_results'] else 'NO'}")
    equal = "equal" if report["sql_equal_results"] else "NOT EQUAL"
    print(
        f"as SQL: {report['sql_rows_a_second']:,} rows a second on one core (at least 1,000,000),"
        f" {report['sql_over_hand_written']} times as many as by hand, {equal}"
    )
    print(f"a table of 200 rules is compiled in {report['compile_200_rules_milliseconds']} ms (under 50)")
    print(
        f"{report['hostile_texts']} hostile texts: {report['hostile_refused']} refused, the others end; at most"
        f" {report['hostile_most_milliseconds']} ms (under 100) and {report['hostile_most_megabytes']} MB (under 50)"
    )


def _table(rules: tuple[tuple[str, ...], ...]) -> Table:
    kinds = ("number", "number", "string", "number")
    return Table(
        "approval",
        tuple(Input(written(name), kind) for name, kind in zip(NAMES, kinds, strict=True)),
        (Output("approval", "string"),),
        tuple(Rule(tuple(map(written, rule[:4])), (written(f'"{rule[4]}"'),)) for rule in rules),
        HitPolicy.FIRST,
    )


def _contexts() -> list[dict[str, object]]:
    chance = random.Random(7)
    return [
        {
            "amount": Decimal(chance.randrange(1, 15_000_000)) / 100,
            "discount": Decimal(chance.randrange(0, 241)) / 4,
            "segment": chance.choice(["new", "watch", "gold", "retail"]),
            "days": Decimal(chance.randrange(0, 91)),
        }
        for _ in range(INPUTS)
    ]


def _jdm() -> dict[str, Any]:
    """The same table in zen-engine's own format."""
    fields = [{"id": name, "name": name, "field": name} for name in NAMES]
    rows = [
        {"_id": str(number)}
        | {name: "" if cell == "-" else cell for name, cell in zip(NAMES, rule, strict=False)}
        | {"approval": f'"{rule[4]}"'}
        for number, rule in enumerate(RULES)
    ]
    content = {
        "hitPolicy": "first",
        "inputs": fields,
        "outputs": [{"id": "approval", "name": "approval", "field": "approval"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return {"nodes": nodes, "edges": edges}


def _timed(work: Callable[[], list[Any]]) -> tuple[list[Any], float]:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        result = work()
        best = min(best, time.process_time() - start)
    return result, best


def _compile_milliseconds(number: int) -> float:
    table = _table(
        tuple((f"[{n + number}..{n + number + 1})", f"> {n % 50}", '"a","b"', "-", f"r{n}") for n in range(200))
    )
    start = time.process_time()
    evaluate(table, {"amount": 1})
    return (time.process_time() - start) * 1000


@dataclass(frozen=True, slots=True)
class _InSql:
    """Rows a second of the server's processor time, by the table and by the statement that somebody wrote."""

    rows: float
    hand_written_rows: float
    is_equal: bool


def _in_sql(table: Table) -> _InSql:
    form = to_sql(table, COLUMNS)
    with (
        embedded_server(Path(__file__).parent.parent / ".orderloom" / "bench", settings=[("fsync", "off")]) as server,
        psycopg.connect(server.url("postgres"), autocommit=True) as connection,
    ):
        connection.execute("SET max_parallel_workers_per_gather = 0")
        connection.execute("SET jit = off")
        connection.execute(
            """
            CREATE TEMPORARY TABLE quote AS
            SELECT (random() * 150000)::numeric(12,2) AS amount, (random() * 60)::numeric(5,2) AS discount,
                   (ARRAY['new', 'watch', 'gold', 'retail'])[1 + floor(random() * 4)::integer] AS segment,
                   floor(random() * 91)::integer AS days
              FROM generate_series(1, 1000000)
            """
        )
        connection.execute("ANALYZE quote")
        counted = f"SELECT count(*) FROM quote WHERE {form.text} IS DISTINCT FROM ({HAND_WRITTEN})"
        (different,) = connection.execute(counted.encode(), form.params).fetchone() or (None,)  # type: ignore[arg-type]
        ours, hand = (_seconds(connection, text, form.params) for text in (form.text, HAND_WRITTEN))
    return _InSql(1_000_000 / ours, 1_000_000 / hand, different == 0)


def _seconds(connection: psycopg.Connection, text: str, params: object) -> float:
    """The processor time that the server takes for all rows, the least of three."""
    best = float("inf")
    for _ in range(3):
        start = processor_seconds(connection.info.backend_pid)
        connection.execute(f"SELECT count({text}) FROM quote".encode(), params)  # type: ignore[arg-type]
        best = min(best, processor_seconds(connection.info.backend_pid) - start)
    return best
