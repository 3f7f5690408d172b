"""The one door to the database: a transaction that carries the actor, the house and business time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString, TypeVar, overload

import msgspec
import psycopg
from psycopg import AsyncConnection, AsyncCopy
from psycopg.errors import DeadlockDetected, SerializationFailure
from psycopg.rows import class_row, tuple_row
from psycopg.types.json import Json as JsonText
from psycopg.types.json import Jsonb, set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

from orderloom.base.arrays import write_arrays_fast
from orderloom.base.events import Event, type_name
from orderloom.base.refusals import LostRace
from orderloom.base.turns import Turns
from orderloom.base.types import EMPTY_HOUSE, Actor, House, reaction_name

T = TypeVar("T")
Params = Mapping[str, Any]

_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
set_json_dumps(_encoder.encode)
set_json_loads(_decoder.decode)
write_arrays_fast(_encoder.encode)


def Json(value: object) -> Jsonb:
    """A value for a jsonb parameter; decimals stay exact numbers, dataclasses become objects."""
    return Jsonb(value)


def Rows(rows: Sequence[object]) -> JsonText:
    """Rows, as dataclasses or mappings, for `json_to_recordset`: many wide ones are bound in a third of the time."""
    return JsonText(rows)


class Database:
    """A pool of connections to one PostgreSQL database, and the house that works on it.

    Open it with `async with`. `bulk` is for the engine: every statement is planned for its own values,
    since a cached generic plan makes large batches several times slower. `loading` is for one long
    transaction that fills tables: what checks a foreign key is planned once, when the other table may
    still be empty, and would read all of it for each row to the end.
    """

    def __init__(
        self, url: str, house: House = EMPTY_HOUSE, *, size: int = 8, bulk: bool = False, loading: bool = False
    ) -> None:
        self.url = url
        self.house = house
        self._bulk = bulk
        self._loading = loading
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            configure=self._configure,
            kwargs={"autocommit": True, "prepare_threshold": 2},
            name="orderloom",
        )

    async def __aenter__(self) -> Database:
        await self._pool.open(wait=True, timeout=30)
        return self

    async def __aexit__(self, *_exception: object) -> None:
        await self._pool.close()

    async def _configure(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute("SET timezone = 'UTC'; SET jit = off; SET search_path = public")
        if self._bulk:
            await connection.execute(
                "SET plan_cache_mode = force_custom_plan; SET enable_hashjoin = off;"
                " SET enable_mergejoin = off; SET enable_seqscan = off"
            )
        if self._loading:
            await connection.execute("SET enable_seqscan = off")

    def connection(self) -> AbstractAsyncContextManager[AsyncConnection[Any]]:
        """A bare connection in autocommit mode, for listening and maintenance."""
        return self._pool.connection()


class Tx:
    """An open transaction. Rooms receive it as the first argument of every command and read.

    Several tasks may use it at once: statements, pipelines and savepoints of theirs take turns.
    """

    def __init__(self, connection: AsyncConnection[Any], actor: Actor, house: House, now: datetime) -> None:
        self.connection = connection
        self.actor = actor
        self.house = house
        self.now = now
        self.events: list[Event] = []
        self._written = 0
        self._turns = Turns()
        self.wakes_worker = False

    def emit(self, events: Event | Iterable[Event]) -> None:
        """State facts; they are written, with the jobs they fan out to, when the transaction commits."""
        self.events.extend([events] if isinstance(events, Event) else events)

    def wake_worker(self) -> None:
        """Ask that workers look for steps and jobs as soon as this transaction is committed."""
        self.wakes_worker = True

    @overload
    async def all(self, sql: LiteralString, params: Params | None = None, *, row: type[T]) -> list[T]: ...
    @overload
    async def all(
        self, sql: LiteralString, params: Params | None = None, *, row: None = None
    ) -> list[tuple[Any, ...]]: ...
    async def all(self, sql: LiteralString, params: Params | None = None, *, row: type[Any] | None = None) -> list[Any]:
        """Every row, as `row` or as tuples."""
        async with self._turns, self._cursor(row) as cursor:
            await cursor.execute(sql, params)
            return await cursor.fetchall()

    @overload
    async def one_or_none(self, sql: LiteralString, params: Params | None = None, *, row: type[T]) -> T | None: ...
    @overload
    async def one_or_none(
        self, sql: LiteralString, params: Params | None = None, *, row: None = None
    ) -> tuple[Any, ...] | None: ...
    async def one_or_none(
        self, sql: LiteralString, params: Params | None = None, *, row: type[Any] | None = None
    ) -> Any:
        """The only row, or None; more than one is a bug."""
        rows = await self.all(sql, params, row=row)
        assert len(rows) <= 1, "at most one row was expected"
        return rows[0] if rows else None

    @overload
    async def one(self, sql: LiteralString, params: Params | None = None, *, row: type[T]) -> T: ...
    @overload
    async def one(self, sql: LiteralString, params: Params | None = None, *, row: None = None) -> tuple[Any, ...]: ...
    async def one(self, sql: LiteralString, params: Params | None = None, *, row: type[Any] | None = None) -> Any:
        """The only row; none or several is a bug."""
        found = await self.one_or_none(sql, params, row=row)
        assert found is not None, "one row was expected"
        return found

    async def values(self, sql: LiteralString, params: Params | None = None) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in await self.all(sql, params)]

    async def value(self, sql: LiteralString, params: Params | None = None) -> Any:
        """The first column of the only row, or None."""
        row = await self.one_or_none(sql, params)
        return row[0] if row else None

    async def execute(self, sql: LiteralString, params: Params | None = None) -> int:
        """Run a statement; return how many rows it touched."""
        async with self._turns:
            return (await self.connection.execute(sql, params)).rowcount

    async def many(self, sql: LiteralString, rows: Sequence[Params]) -> None:
        """Run a statement once for each row of parameters, pipelined; `unnest` is nearly always better."""
        async with self._turns, self.connection.cursor() as cursor:
            await cursor.executemany(sql, rows)

    @asynccontextmanager
    async def copy(self, sql: LiteralString) -> AsyncIterator[AsyncCopy]:
        """A COPY, for bulk."""
        async with self._turns, self.connection.cursor().copy(sql) as copying:
            yield copying

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone alone when it raises, its events included."""
        emitted = len(self.events)
        try:
            async with self._turns, self.connection.transaction():
                yield
        except BaseException:
            del self.events[emitted:]
            raise

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[None]:
        """Send the statements inside without waiting for each answer."""
        async with self._turns, self.connection.pipeline():
            yield

    async def flush_events(self) -> None:
        """Write the events emitted so far with the jobs they fan out to, in one statement."""
        fresh = self.events[self._written :]
        if not fresh:
            return
        self._written = len(self.events)
        jobs = [
            (place, reaction_name(reaction))
            for place, event in enumerate(fresh, start=1)
            for reaction in self.house.reactions.get(type(event), ())
        ]
        await self.execute(
            _WRITE_EVENTS,
            {
                "types": [type_name(type(event)) for event in fresh],
                "subject_kinds": [event.subject.kind for event in fresh],
                "subject_ids": [event.subject.id for event in fresh],
                "subject_labels": [event.subject.label for event in fresh],
                "account_ids": [event.subject.account_id for event in fresh],
                "payloads": [Json(event.payload()) for event in fresh],
                "now": self.now,
                "actor_kind": self.actor.kind,
                "actor_name": self.actor.name,
                "user_id": self.actor.user_id,
                "job_places": [place for place, _ in jobs],
                "job_reactions": [name for _, name in jobs],
            },
        )
        self.wakes_worker = True

    def _cursor(self, row: type[Any] | None) -> psycopg.AsyncCursor[Any]:
        return self.connection.cursor(row_factory=class_row(row) if row is not None else tuple_row)


# The order of rows that INSERT ... SELECT ... ORDER BY returns follows its input, and identities are
# drawn in that order, so an event's place in the batch is its rank among the new ids.
_WRITE_EVENTS = """
      WITH written AS (
           INSERT INTO base.event (at, type, subject_kind, subject_id, subject_label, account_id, payload,
                                   actor_kind, actor_name, user_id)
           SELECT %(now)s, type, subject_kind, subject_id, subject_label, account_id, payload,
                  %(actor_kind)s, %(actor_name)s, %(user_id)s
             FROM unnest(%(types)s::text[], %(subject_kinds)s::text[], %(subject_ids)s::bigint[],
                         %(subject_labels)s::text[], %(account_ids)s::bigint[], %(payloads)s::jsonb[])
                  WITH ORDINALITY AS fresh (type, subject_kind, subject_id, subject_label, account_id, payload, place)
            ORDER BY place
        RETURNING id, at, type, subject_kind, subject_id, account_id),
           placed AS (
           SELECT *, row_number() OVER (ORDER BY id) AS place FROM written),
           reacting AS (
           INSERT INTO base.job (event_id, event_at, reaction, subject_kind, subject_id)
           SELECT placed.id, placed.at, job.reaction, placed.subject_kind, placed.subject_id
             FROM unnest(%(job_places)s::bigint[], %(job_reactions)s::text[]) AS job (place, reaction)
             JOIN placed USING (place))
    INSERT INTO base.job (event_id, event_at, reaction, subscription_id, subject_kind, subject_id)
    SELECT placed.id, placed.at, 'subscriber:' || subscription.subscriber, subscription.id,
           placed.subject_kind, placed.subject_id
      FROM placed
      JOIN base.subscription ON subscription.event_type IN (placed.type, '*')
       AND subscription.active
       AND (subscription.account_id IS NULL OR subscription.account_id = placed.account_id)
"""


@asynccontextmanager
async def transaction(database: Database, actor: Actor) -> AsyncIterator[Tx]:
    """Open the door: everything inside is committed together, or nothing of it.

    Business time is taken once, at the beginning. A deadlock or serialization failure is raised to
    the caller; `in_transaction` is the door that tries once more.
    """
    async with database.connection() as connection:
        cursor = await connection.execute("BEGIN; SELECT base.now()")
        cursor.nextset()
        row = await cursor.fetchone()
        assert row is not None
        tx = Tx(connection, actor, database.house, row[0])
        try:
            yield tx
            await tx.flush_events()
        except BaseException:
            if not connection.closed:
                await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")
        if tx.wakes_worker:
            from orderloom.base.wakeup import wake_workers

            wake_workers(database)


async def in_transaction(database: Database, actor: Actor, work: Callable[[Tx], Awaitable[T]]) -> T:
    """Run `work` in a transaction; once more when the database, or the work itself, says that it lost a race."""
    try:
        async with transaction(database, actor) as tx:
            return await work(tx)
    except (DeadlockDetected, SerializationFailure, LostRace):
        async with transaction(database, actor) as tx:
            return await work(tx)
