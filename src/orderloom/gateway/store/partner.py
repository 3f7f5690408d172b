"""Partners: their limits, circuit and keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.gateway.circuit import Breaker
from orderloom.gateway.types import PartnerDraft


@dataclass(frozen=True, slots=True)
class KnownPartner:
    """A partner as commands need it."""

    id: int
    code: str
    kind: str
    online: bool


async def add_partner(tx: Tx, draft: PartnerDraft, *, kind: str) -> int | None:
    """Insert; None when the code is taken."""
    found: int | None = await tx.value(
        """
        INSERT INTO gateway.partner (code, kind, name, endpoint, rate_per_second, max_in_flight, timeout_seconds,
                                     retry_seconds, stop_when_unknown, failure_limit, cool_down_seconds, tokens)
        VALUES (%(code)s, %(kind)s, %(name)s, %(endpoint)s, %(rate_per_second)s, %(max_in_flight)s,
                %(timeout_seconds)s, %(retry_seconds)s::double precision[], %(stop_when_unknown)s::text[],
                %(failure_limit)s, %(cool_down_seconds)s, greatest(%(rate_per_second)s, 1))
            ON CONFLICT (code) DO NOTHING
     RETURNING id
        """,
        {**_columns(draft), "kind": kind},
    )
    return found


async def change_partner(tx: Tx, draft: PartnerDraft) -> tuple[int, dict[str, Any], dict[str, Any]] | None:
    """Overwrite what a person may set; the id with the settings before and after, None when unknown."""
    row = await tx.one_or_none(
        """
        UPDATE gateway.partner
           SET name = %(name)s,
               endpoint = %(endpoint)s,
               rate_per_second = %(rate_per_second)s,
               max_in_flight = %(max_in_flight)s,
               timeout_seconds = %(timeout_seconds)s,
               retry_seconds = %(retry_seconds)s::double precision[],
               stop_when_unknown = %(stop_when_unknown)s::text[],
               failure_limit = %(failure_limit)s,
               cool_down_seconds = %(cool_down_seconds)s
         WHERE code = %(code)s
     RETURNING new.id, to_jsonb(old), to_jsonb(new)
        """,
        _columns(draft),
    )
    if row is None:
        return None
    partner_id, before, after = row
    changed = [name for name in _columns(draft) if before[name] != after[name]]
    return partner_id, {name: before[name] for name in changed}, {name: after[name] for name in changed}


async def partners_by_code(tx: Tx, codes: Sequence[str]) -> list[KnownPartner]:
    """Those that exist."""
    return await tx.all(
        "SELECT id, code, kind, online FROM gateway.partner WHERE code = ANY(%(codes)s) ORDER BY id",
        {"codes": list(codes)},
        row=KnownPartner,
    )


async def set_online(tx: Tx, codes: Sequence[str], *, online: bool, reason: str) -> list[KnownPartner]:
    """Switch; those that stood the other way."""
    return await tx.all(
        """
        UPDATE gateway.partner
           SET online = %(online)s,
               offline_reason = CASE WHEN %(online)s THEN NULL ELSE %(reason)s END
         WHERE code = ANY(%(codes)s) AND online <> %(online)s
     RETURNING id, code, kind, online
        """,
        {"codes": list(codes), "online": online, "reason": reason},
        row=KnownPartner,
    )


async def close_circuits(tx: Tx, codes: Sequence[str]) -> list[tuple[KnownPartner, str]]:
    """Let a person say that a partner is well again; those whose circuit was not closed, with what it was."""
    rows = await tx.all(
        """
        UPDATE gateway.partner
           SET circuit = 'closed', failures = 0, times_opened = 0, probe_at = NULL
         WHERE code = ANY(%(codes)s) AND circuit <> 'closed'
     RETURNING new.id, new.code, new.kind, new.online, old.circuit
        """,
        {"codes": list(codes)},
    )
    return [(KnownPartner(*row[:4]), row[4]) for row in rows]


async def add_secret(tx: Tx, partner_id: int, *, direction: str, secret: str, old_valid_seconds: float) -> None:
    """Make this the current key; those before it hold on for a while at most."""
    await tx.execute(
        """
        UPDATE gateway.secret
           SET valid_until = clock_timestamp() + %(seconds)s * interval '1 second'
         WHERE partner_id = %(partner_id)s AND direction = %(direction)s
           AND (valid_until IS NULL OR valid_until > clock_timestamp() + %(seconds)s * interval '1 second')
        """,
        {"partner_id": partner_id, "direction": direction, "seconds": old_valid_seconds},
    )
    await tx.execute(
        """
        INSERT INTO gateway.secret (partner_id, direction, secret)
        VALUES (%(partner_id)s, %(direction)s, %(secret)s)
        """,
        {"partner_id": partner_id, "direction": direction, "secret": secret},
    )


async def lock_breakers(tx: Tx, partner_ids: Sequence[int]) -> list[Breaker]:
    """The circuits of these partners, locked in id order."""
    return await tx.all(
        """
        SELECT id AS partner_id, circuit, failures, failure_limit, cool_down_seconds, times_opened
          FROM gateway.partner
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR NO KEY UPDATE
        """,
        {"ids": list(partner_ids)},
        row=Breaker,
    )


async def save_breakers(tx: Tx, breakers: Sequence[Breaker]) -> None:
    """Write circuits that were locked."""
    await tx.execute(
        """
        UPDATE gateway.partner
           SET circuit = b.circuit, failures = b.failures, times_opened = b.times_opened,
               probe_at = CASE WHEN b.circuit = 'open'
                               THEN coalesce(clock_timestamp() + b.wait * interval '1 second', probe_at) END
          FROM unnest(%(ids)s::bigint[], %(circuits)s::text[], %(failures)s::integer[], %(times)s::integer[],
                      %(waits)s::double precision[]) AS b (id, circuit, failures, times_opened, wait)
         WHERE partner.id = b.id
        """,
        {
            "ids": [b.partner_id for b in breakers],
            "circuits": [str(b.circuit) for b in breakers],
            "failures": [b.failures for b in breakers],
            "times": [b.times_opened for b in breakers],
            "waits": [None if b.wait_seconds is None else float(b.wait_seconds) for b in breakers],
        },
    )


def _columns(draft: PartnerDraft) -> Mapping[str, Any]:
    return {
        "code": draft.code,
        "name": draft.name,
        "endpoint": draft.endpoint,
        "rate_per_second": draft.rate_per_second,
        "max_in_flight": draft.max_in_flight,
        "timeout_seconds": draft.timeout_seconds,
        "retry_seconds": [float(seconds) for seconds in draft.retry_seconds],
        "stop_when_unknown": list(draft.stop_when_unknown),
        "failure_limit": draft.failure_limit,
        "cool_down_seconds": draft.cool_down_seconds,
    }
