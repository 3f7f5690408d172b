"""A request that carries an idempotency key happens once; asked again it gets the answer that was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from orderloom.base.refusals import Conflict, Problem, Refused
from orderloom.base.transaction import Json, Tx


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered the first time."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A key in the scope of one actor on one route, and the body that it came with."""

    actor: str
    route: str
    key: str
    body: bytes

    @property
    def request_hash(self) -> bytes:
        return sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class _Row:
    request_hash: bytes
    answer_status: int
    answer_headers: Mapping[str, str]
    answer_body: bytes


async def recall(tx: Tx, request: RequestKey) -> KeptAnswer | None:
    """The answer kept for this key, or None when the request is the first of its key.

    Refused with 409 while the first is still running, and with 422 when the body is another one. A request that was
    refused keeps nothing, so its key may be used again.
    """
    if not await tx.value(
        """
        SELECT pg_try_advisory_xact_lock(
                   hashtextextended(concat_ws(chr(31), %(actor)s::text, %(route)s::text, %(key)s::text), 0))
        """,
        {"actor": request.actor, "route": request.route, "key": request.key},
    ):
        raise Conflict([_STILL_RUNNING])
    row = await tx.one_or_none(
        """
        SELECT request_hash, answer_status, answer_headers, answer_body
          FROM base.idempotency_key
         WHERE actor = %(actor)s AND route = %(route)s AND key = %(key)s
           AND answer_status IS NOT NULL
        """,
        {"actor": request.actor, "route": request.route, "key": request.key},
        row=_Row,
    )
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        raise Refused([_OTHER_BODY])
    return KeptAnswer(row.answer_status, row.answer_headers, row.answer_body)


async def keep(tx: Tx, request: RequestKey, answer: KeptAnswer) -> None:
    """Keep the answer in the transaction of what it tells of."""
    kept = await tx.execute(
        """
        INSERT INTO base.idempotency_key (actor, route, key, request_hash, answer_status, answer_headers, answer_body)
        VALUES (%(actor)s, %(route)s, %(key)s, %(hash)s, %(status)s, %(headers)s, %(body)s)
            ON CONFLICT DO NOTHING
        """,
        {
            "actor": request.actor,
            "route": request.route,
            "key": request.key,
            "hash": request.request_hash,
            "status": answer.status,
            "headers": Json(answer.headers),
            "body": answer.body,
        },
    )
    if not kept:
        raise Conflict([_STILL_RUNNING])


async def forget_old_keys(tx: Tx, *, hours: float = 48, limit: int = 1000) -> int:
    """Forget the oldest answers that are older than this; a key that comes later counts as new."""
    return await tx.execute(
        """
        DELETE FROM base.idempotency_key
         WHERE ctid = ANY(ARRAY(
               SELECT ctid
                 FROM base.idempotency_key
                WHERE created_at < clock_timestamp() - %(hours)s * interval '1 hour'
                ORDER BY created_at
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED))
        """,
        {"hours": hours, "limit": limit},
    )


_STILL_RUNNING = Problem(
    "idempotency_key_in_use", "The first request with this key is still running; wait a moment and send it again."
)
_OTHER_BODY = Problem(
    "idempotency_key_reused", "This key came before with another body; use a new key for a new request."
)
