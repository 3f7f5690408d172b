"""The verbs of the command line and what each of them takes."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import TypeAlias

import psycopg
import structlog

from orderloom import __version__
from orderloom.base.refusals import Problem, Refused
from orderloom.orders.states import TITLES

Verb = Callable[[argparse.Namespace], int]
_Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit status."""
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["partner-simulator"]:  # argparse hands on no options that it does not know
        given.insert(1, "--")
    chosen = parser.parse_args(given)
    if not hasattr(chosen, "verb"):
        parser.print_help()
        return 2
    _log_to_stderr()
    module, function = chosen.verb.split(":")
    verb: Verb = getattr(import_module(f"orderloom.cli.{module}"), function)
    try:
        return verb(chosen)
    except Refused as refused:
        _tell_refusal(refused, as_json=getattr(chosen, "json", False))
        return 2
    except psycopg.OperationalError as error:
        if error.sqlstate is not None:
            raise
        _tell_refusal(_unreachable(error), as_json=getattr(chosen, "json", False))
        return 2
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    except BrokenPipeError:
        return 0


def _unreachable(error: psycopg.OperationalError) -> Refused:
    """No connection could be made, or it was lost: nothing was written by what was under way."""
    reason = " ".join(str(error).split())
    message = f"The database does not answer ({reason}); check that it runs, and ORDERLOOM_DATABASE_URL."
    return Refused([Problem("database_unreachable", message)])


def _tell_refusal(refused: Refused, *, as_json: bool) -> None:
    """A line for each problem, or all of them as one JSON object where a program asked."""
    if as_json:
        print(json.dumps({"problems": [asdict(problem) for problem in refused.problems]}), file=sys.stderr)
        return
    for problem in refused.problems:
        print(f"{problem.pointer}: {problem.message}" if problem.pointer else problem.message, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="orderloom", description="Order management: from the customer's order to its fulfilment and payment."
    )
    parser.add_argument("--version", action="version", version=f"orderloom {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB")
    _add_running(verbs)
    _add_loading(verbs)
    _add_asking(verbs)
    _add_keeping(verbs)
    return parser


def _add_running(verbs: _Verbs) -> None:
    serve = _verb(verbs, "serve", "serve:serve", "run the web server and a worker on this machine")
    serve.add_argument("--demo", action="store_true", help="load the demo world first and play its partners")
    serve.add_argument("--port", type=int, help="the port to listen on (default: the first free one from 8321)")
    serve.add_argument("--workers", type=int, default=1, help="how many worker processes (default 1)")

    _verb(verbs, "worker", "serve:worker", "run a worker: due jobs, ready steps, calls and timers")
    _verb(verbs, "migrate", "database:migrate", "bring the database to this version of the program")
    schema = _verb(
        verbs, "schema", "schemas:schema", "print the schema of the database (SQL) or of files (JSON Schema)"
    )
    schema.add_argument("what", nargs="?", choices=["database", "order", "catalogue"], default="database")

    demo = _verb(verbs, "demo", "demo:demo", "load the demo world into an empty database")
    demo.add_argument("--orders", type=int, default=300, help="how many orders of history to run (default 300)")


def _add_loading(verbs: _Verbs) -> None:
    loading = _verb(
        verbs, "import", "loading:load", "load catalogues, orders, customers, prices, tax rates, stock, invoices"
    )
    loading.add_argument("what", choices=["catalog", "orders", "customers", "prices", "tax-rates", "stock", "invoices"])
    loading.add_argument("files", nargs="+", metavar="FILE", help="files, or folders of them")
    loading.add_argument("--dry-run", action="store_true", help="check everything and write nothing")
    loading.add_argument("--json", action="store_true", help="print the report as JSON")
    loading.add_argument("--mapping", metavar="FILE.yaml", help="invoices: what the columns of the file mean")
    loading.add_argument("--account", metavar="FILE.csv", help="invoices: write what became of each row, CSV or XLSX")

    export = _verb(verbs, "export", "loading:export", "write orders as NDJSON, a line an order")
    export.add_argument("what", choices=["orders"])
    export.add_argument(
        "--state", action="append", choices=sorted(TITLES), help="orders in this state only; repeatable"
    )


def _add_asking(verbs: _Verbs) -> None:
    simulate = _verb(verbs, "simulate", "simulate:simulate", "plan an order without side effects and say why")
    simulate.add_argument("order", metavar="ORDER.json")
    simulate.add_argument("--catalog", metavar="DIR", help="plan from the files of this folder; needs no database")
    simulate.add_argument("--json", action="store_true", help="print the plan as JSON")

    feel = _verb(verbs, "feel", "expression:feel", "check an expression, table or model, or evaluate an expression")
    feel.add_argument("what", choices=["check", "eval"])
    feel.add_argument("subject", metavar="FILE|EXPRESSION", help="a file to check, or an expression to evaluate")
    feel.add_argument(
        "--context",
        default="{}",
        metavar="FILE.json",
        help="the names' values as a JSON object; - reads standard input",
    )
    feel.add_argument("--json", action="store_true", help="print the answer as JSON")


def _add_keeping(verbs: _Verbs) -> None:
    user = _verb(verbs, "user", "people:user", "let a person in; the first one is an administrator")
    user.add_argument("what", choices=["add", "end-second-factor"])
    user.add_argument("login", metavar="E-MAIL")
    user.add_argument("--name", help="how they are called, with add")
    user.add_argument("--role", action="append", help="the code of a role, for example sales; repeatable")
    user.add_argument("--team", action="append", help="the name of a team; repeatable")

    verify = _verb(verbs, "verify", "verify:verify", "check every invariant over the whole database")
    verify.add_argument("--json", action="store_true", help="print the findings as JSON")

    backup = _verb(verbs, "backup", "database:backup", "write the whole database to a file")
    backup.add_argument("file")
    restore = _verb(verbs, "restore", "database:restore", "read a backup into an empty database")
    restore.add_argument("file")

    bench = _verb(verbs, "bench", "bench:bench", "measure; prints ratios from one run")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.add_argument("--only", help="one of: capture, engine, whole, planning, growth, memory, feel")

    partners = _verb(verbs, "partner-simulator", "partners:simulate_partners", "play the outside systems over HTTP")
    partners.add_argument("rest", nargs=argparse.REMAINDER)


def _verb(verbs: _Verbs, name: str, target: str, summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=summary, description=summary)
    parser.set_defaults(verb=target)
    return parser


def _log_to_stderr() -> None:
    plain = structlog.dev.plain_traceback  # others print local variables, secrets among them
    for_people = structlog.dev.ConsoleRenderer(exception_formatter=plain)
    renderer = for_people if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
