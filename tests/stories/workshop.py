"""The whole program in one process without a network: partners answer from paper, everything else is real."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

import psycopg
from psycopg import sql

from orderloom.base.clock import move_clock
from orderloom.base.jobs import run_jobs
from orderloom.base.transaction import Database, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM, House
from orderloom.cli.demo_world import load_world
from orderloom.cli.verify import check
from orderloom.gateway.inbox import receive
from orderloom.gateway.sending import Sender, claim
from orderloom.gateway.signatures import signed_headers
from orderloom.gateway.types import Attempt, AttemptOutcome, ClaimedCall
from orderloom.partner_simulator.scenario import event_outputs, outputs_of
from orderloom.partner_simulator.world import partner_secrets
from orderloom.processes.worker import StepWorker, sweep

MASTER = "workshop"
T = TypeVar("T")
Fate = Literal["now", "later", "refuse", "busy", "nonsense", "timeout", "redirect"]
_ENDS = {
    "refuse": (AttemptOutcome.REFUSED, 422),
    "busy": (AttemptOutcome.BUSY, 503),
    "nonsense": (AttemptOutcome.NONSENSE, 200),
    "timeout": (AttemptOutcome.TIMEOUT, None),
    "redirect": (AttemptOutcome.REDIRECT, 307),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of a partner that may be delivered never, once or often."""

    partner: str
    id: str
    body: bytes


@dataclass
class PaperWire:
    """What the partners do with calls: each gets the next of the fates, and `now` where none is left.

    The same key gets the same answer for ever, as from partners that keep their promise.
    """

    fates: list[Fate] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    effects: dict[tuple[str, str], int] = field(default_factory=dict)
    remembered: dict[tuple[str, str], Attempt] = field(default_factory=dict)

    async def send(self, call: ClaimedCall) -> Attempt:
        """Answer at once, one way or another."""
        known = self.remembered.get((call.partner, call.wire_key))
        if known is not None:
            return Attempt(call, known.outcome, 1.0, status=known.status, reply=known.reply)
        fate = "later" if call.operation == "expect" else self.fates.pop(0) if self.fates else "now"
        if fate in _ENDS:
            outcome, status = _ENDS[fate]
            reply = {"message": "We cannot."} if fate == "refuse" else None
            attempt = Attempt(call, outcome, 1.0, status=status, reply=reply, problem=fate)
            if fate == "refuse":
                self.remembered[call.partner, call.wire_key] = attempt
            return attempt
        attempt = self._worked(call, json.loads(call.body, parse_float=Decimal), is_later=fate == "later")
        self.remembered[call.partner, call.wire_key] = attempt
        return attempt

    def _worked(self, call: ClaimedCall, body: Mapping[str, Any], *, is_later: bool) -> Attempt:
        key = (call.partner, call.wire_key)
        self.effects[key] = self.effects.get(key, 0) + 1
        if call.operation == "expect":
            count = int(body.get("count") or 1)
            for number in range(1, count + 1):
                told = event_outputs(
                    call.partner, body["kind"], body["hint"], identity=call.wire_key, number=number, count=count
                )
                self._write(call, told, number)
            return Attempt(call, AttemptOutcome.ANSWERED, 1.0, status=202, reply={"status": "accepted"})
        outputs = outputs_of(call.partner, call.operation, body, key=call.wire_key)
        if is_later:
            self._write(call, outputs, 1)
            return Attempt(call, AttemptOutcome.ANSWERED, 1.0, status=202, reply={"status": "accepted"})
        reply = {"status": "done", "outputs": outputs}
        return Attempt(call, AttemptOutcome.ANSWERED, 1.0, status=200, reply=json.loads(json.dumps(reply, default=str)))

    def _write(self, call: ClaimedCall, outputs: Mapping[str, Any], number: int) -> None:
        body = {"type": call.operation, "correlation": call.correlation, "outputs": outputs}
        self.letters.append(Letter(call.partner, f"{call.wire_key}:{number}", json.dumps(body, default=str).encode()))


class Workshop:
    """A database with the small world, a worker, a sender, and partners on paper."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.wire = PaperWire()
        self.worker = StepWorker(database, "workshop")
        self.sender = Sender(database, self.wire, "workshop")  # type: ignore[arg-type]

    async def do(self, work: Callable[[Tx], Awaitable[T]], *, user_id: int | None = None) -> T:
        """Do something in a transaction of its own, as the program, or as a person who may do everything."""
        actor = SYSTEM if user_id is None else replace(SYSTEM, kind="user", name=f"user {user_id}", user_id=user_id)
        return await in_transaction(self.database, actor, work)

    async def ask(self, query: str, **params: Any) -> list[tuple[Any, ...]]:
        """Read rows."""
        async with transaction(self.database, SYSTEM) as tx:
            return await tx.all(query, params)  # type: ignore[arg-type]

    async def work(self, most_rounds: int = 60) -> None:
        """Do whatever can be done now, until nothing moves."""
        for _ in range(most_rounds):
            did = await run_jobs(self.database)
            did += await self.worker.turn()
            did += await self.sender.turn()
            did += await sweep(self.database)
            if not did:
                return

    async def deliver(self, letter: Letter) -> int:
        """Put a letter into the inbox; the status that the partner is answered."""
        headers = signed_headers(
            [partner_secrets(MASTER, letter.partner).incoming],
            message_id=letter.id,
            timestamp=int(time.time()),
            body=letter.body,
        )
        return (await self.do(lambda tx: receive(tx, letter.partner, headers, letter.body))).status

    async def move(self, hours: float) -> None:
        """Let business time pass, and every pause of the real clock with it."""

        async def pass_time(tx: Tx) -> None:
            await move_clock(tx, timedelta(hours=hours))
            await tx.execute("UPDATE gateway.call SET next_attempt_at = clock_timestamp() WHERE state = 'queued'")
            await tx.execute("UPDATE gateway.partner SET probe_at = clock_timestamp() WHERE probe_at IS NOT NULL")
            await tx.execute("UPDATE processes.step SET retry_at = clock_timestamp() WHERE retry_at IS NOT NULL")

        await self.do(pass_time)

    async def lose_a_worker(self) -> None:
        """A worker claims steps and calls, and is never heard of again."""
        lost = StepWorker(self.database, "lost")
        async with transaction(self.database, SYSTEM) as tx:
            await lost._claim(tx, 20)
        await claim(self.database, "lost", 20)

        async def run_out(tx: Tx) -> None:
            await tx.execute("UPDATE processes.step SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")
            await tx.execute("UPDATE gateway.call SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")

        await self.do(run_out)
        self.worker._suspects_at = 0.0

    async def check(self) -> None:
        """Every invariant holds, no reaction has crashed, no step has met a bug, no partner has worked twice."""
        broken = [f"{f.room}: {f.name}: {row}" for f in check(self.database.url) for row in f.broken]
        broken += [f"job {row[0]}: {row[1]}" for row in await self.ask(_CRASHED_JOBS)]
        broken += [f"step {row[0]}: {row[1]}" for row in await self.ask(_CRASHED_STEPS)]
        broken += [f"{key} was worked {count} times" for key, count in self.wire.effects.items() if count > 1]
        assert not broken, "\n".join(broken)


_CRASHED_JOBS = "SELECT reaction, error FROM base.job WHERE error IS NOT NULL"
_CRASHED_STEPS = "SELECT title, error FROM processes.step WHERE starts_with(error, 'The program failed')"


@contextmanager
def world_template(server_url: str, template: str, house: House, run: Callable[[Awaitable[Any]], Any]) -> Iterator[str]:
    """The name of a database with the small world, to be copied."""
    name = f"world_{template}"

    async def load() -> None:
        async with Database(server_url.format(name), house) as database, transaction(database, SYSTEM) as tx:
            await load_world(tx, partners_url="http://127.0.0.1:9", master=MASTER)

    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        copy_database(connection, template, name)
        run(load())
        yield name
        drop_database(connection, name)


def copy_database(connection: psycopg.Connection[Any], template: str, name: str) -> None:
    """Make a database like another one."""
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Throw a database away."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
