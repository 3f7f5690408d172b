"""The outbox: calls and their attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.gateway.rules import Verdict
from orderloom.gateway.states import CLAIM, LATE, Move
from orderloom.gateway.types import Attempt, ClaimedCall

LEASE_MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a draft of a batch ended: its call is new, or known under its key; without a partner, nowhere."""

    place: int
    partner_id: int | None
    call_id: int | None


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call whose key was asked for again, locked."""

    place: int
    id: int
    state: str
    is_same: bool
    was_sent: bool


@dataclass(frozen=True, slots=True)
class MovedCall:
    """A call that has changed its state, as the fact about it needs it."""

    id: int
    partner: str
    partner_kind: str
    operation: str
    correlation: str | None
    state: str
    before: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    outcome: str | None
    status: int | None
    reply: Mapping[str, Any] | None

    @property
    def subject(self) -> Subject:
        """What the caller called for."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


async def add_calls(tx: Tx, columns: Mapping[str, list[Any]]) -> list[Placed]:
    """Write what is new, leave what is known by its key; one row for each draft, in order."""
    return await tx.all(
        """
          WITH draft AS MATERIALIZED (
               SELECT d.*, partner.id AS partner_id
                 FROM unnest(%(partners)s::text[], %(operations)s::text[], %(paths)s::text[], %(payloads)s::jsonb[],
                             %(keys)s::text[], %(correlations)s::text[], %(subject_kinds)s::text[],
                             %(subject_ids)s::bigint[], %(subject_labels)s::text[], %(account_ids)s::bigint[],
                             %(delays)s::double precision[])
                      WITH ORDINALITY AS d (partner, operation, path, payload, key, correlation, subject_kind,
                                            subject_id, subject_label, account_id, delay, place)
            LEFT JOIN gateway.partner ON partner.code = d.partner),
               written AS (
               INSERT INTO gateway.call (partner_id, operation, path, payload, key, correlation, subject_kind,
                                         subject_id, subject_label, account_id, next_attempt_at)
               SELECT partner_id, operation, path, payload, key, correlation, subject_kind,
                      subject_id, subject_label, account_id, clock_timestamp() + delay * interval '1 second'
                 FROM draft
                WHERE partner_id IS NOT NULL
                ORDER BY place
                   ON CONFLICT (partner_id, key) DO NOTHING
            RETURNING id, partner_id, key)
        SELECT draft.place::integer, draft.partner_id, written.id AS call_id
          FROM draft
     LEFT JOIN written USING (partner_id, key)
         ORDER BY draft.place
        """,
        columns,
        row=Placed,
    )


async def lock_known_calls(tx: Tx, columns: Mapping[str, list[Any]], places: Sequence[int]) -> list[KnownCall]:
    """The calls that these drafts name by key, locked in id order, compared with what is asked for now."""
    return await tx.all(
        """
        SELECT d.place::integer, call.id, call.state,
               call.payload = d.payload AND call.operation = d.operation AND call.path = d.path AS is_same,
               call.attempts > 0 AS was_sent
          FROM unnest(%(partners)s::text[], %(operations)s::text[], %(paths)s::text[], %(payloads)s::jsonb[],
                      %(keys)s::text[]) WITH ORDINALITY AS d (partner, operation, path, payload, key, place)
          JOIN gateway.partner ON partner.code = d.partner
          JOIN gateway.call ON call.partner_id = partner.id AND call.key = d.key
         WHERE d.place = ANY(%(places)s)
         ORDER BY call.id
           FOR NO KEY UPDATE OF call
        """,
        {
            **{name: columns[name] for name in ("partners", "operations", "paths", "payloads", "keys")},
            "places": list(places),
        },
        row=KnownCall,
    )


async def replace_payloads(
    tx: Tx, ids: Sequence[int], columns: Mapping[str, list[Any]], places: Sequence[int], *, new_editions: Sequence[bool]
) -> None:
    """Give locked calls other work to carry and put them back in the queue."""
    await tx.execute(
        """
        UPDATE gateway.call
           SET operation = d.operation, path = d.path, payload = d.payload, correlation = d.correlation,
               edition = edition + d.new_edition::integer,
               state = 'queued', tries = 0, in_doubt = false, outcome = NULL, status = NULL, reply = NULL,
               ended_at = NULL, next_attempt_at = clock_timestamp()
          FROM unnest(%(ids)s::bigint[], %(operations)s::text[], %(paths)s::text[], %(payloads)s::jsonb[],
                      %(correlations)s::text[], %(new_editions)s::boolean[])
               AS d (id, operation, path, payload, correlation, new_edition)
         WHERE call.id = d.id
        """,
        {
            "ids": list(ids),
            "new_editions": list(new_editions),
            **{
                name: [columns[name][place - 1] for place in places]
                for name in ("operations", "paths", "payloads", "correlations")
            },
        },
    )


async def requeue_calls(tx: Tx, ids: Sequence[int], move: Move, *, reason: str | None) -> list[MovedCall]:
    """Put ended calls back in the queue with a fresh schedule.

    They keep their key, since the work may have been done; save those that were refused: nothing was
    done, and a partner that remembers keys would refuse for ever.
    """
    return await tx.all(
        """
          WITH asked AS (
               SELECT id FROM gateway.call
                WHERE id = ANY(%(ids)s) AND state = ANY(%(old)s)
                ORDER BY id
                  FOR NO KEY UPDATE)
        UPDATE gateway.call
           SET state = %(new)s, edition = edition + (call.state = 'refused')::integer, tries = 0, outcome = NULL,
               status = NULL, reply = NULL, ended_at = NULL, reason = %(reason)s, next_attempt_at = clock_timestamp()
          FROM asked, gateway.partner
         WHERE call.id = asked.id AND partner.id = call.partner_id
     RETURNING new.id, partner.code AS partner, partner.kind AS partner_kind, new.operation, new.correlation,
               new.state, old.state AS before, new.subject_kind, new.subject_id, new.subject_label, new.account_id,
               new.outcome, new.status, new.reply
        """,
        {"ids": list(ids), "old": move.old_states, "new": move.new, "reason": reason},
        row=MovedCall,
    )


async def queued_calls(tx: Tx, correlations: Sequence[str]) -> list[int]:
    """Calls with these correlations that wait to be sent."""
    return await tx.values(
        """
        SELECT id
          FROM gateway.call
         WHERE correlation = ANY(%(correlations)s)
           AND state = 'queued'
         ORDER BY id
        """,
        {"correlations": list(correlations)},
    )


async def cancel_calls(tx: Tx, ids: Sequence[int], move: Move, *, reason: str) -> list[MovedCall]:
    """Withdraw calls that are not being sent."""
    return await tx.all(
        """
          WITH asked AS (
               SELECT id FROM gateway.call
                WHERE id = ANY(%(ids)s) AND state = ANY(%(old)s)
                ORDER BY id
                  FOR NO KEY UPDATE)
        UPDATE gateway.call
           SET state = %(new)s, reason = %(reason)s, ended_at = base.now()
          FROM asked, gateway.partner
         WHERE call.id = asked.id AND partner.id = call.partner_id
     RETURNING new.id, partner.code AS partner, partner.kind AS partner_kind, new.operation, new.correlation,
               new.state, old.state AS before, new.subject_kind, new.subject_id, new.subject_label, new.account_id,
               new.outcome, new.status, new.reply
        """,
        {"ids": list(ids), "old": move.old_states, "new": move.new, "reason": reason},
        row=MovedCall,
    )


async def calls_as_they_are(tx: Tx, ids: Sequence[int]) -> list[MovedCall]:
    """Calls that have not moved, in the same shape."""
    return await tx.all(
        """
        SELECT call.id, partner.code AS partner, partner.kind AS partner_kind, call.operation, call.correlation,
               call.state, call.state AS before, call.subject_kind, call.subject_id, call.subject_label,
               call.account_id, call.outcome, call.status, call.reply
          FROM gateway.call
          JOIN gateway.partner ON partner.id = call.partner_id
         WHERE call.id = ANY(%(ids)s)
         ORDER BY call.id
        """,
        {"ids": list(ids)},
        row=MovedCall,
    )


async def lock_partners_with_work(tx: Tx, *, limit: int) -> list[int]:
    """Partners that may be called and have something due, locked; those served longest ago come first.

    Whoever holds the lock is alone in counting tokens and calls in flight; other workers pass by.
    """
    return await tx.values(
        """
        SELECT id
          FROM gateway.partner
         WHERE online
           AND (circuit <> 'open' OR probe_at <= statement_timestamp())
           AND EXISTS (SELECT
                         FROM gateway.call
                        WHERE call.partner_id = partner.id AND state = 'queued'
                          AND next_attempt_at <= statement_timestamp())
         ORDER BY tokens_at, id
         LIMIT %(limit)s
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        {"limit": limit},
    )


async def claim_calls(
    tx: Tx, partner_ids: Sequence[int], *, worker_id: str, limit: int, margin_seconds: float = LEASE_MARGIN_SECONDS
) -> list[ClaimedCall]:
    """Lease calls of locked partners, oldest first, within rate, calls in flight and circuit.

    A lease lasts the partner's time-out and a margin. A partner whose circuit is not closed gets a
    single call, to see whether it answers again.
    """
    return await tx.all(
        """
          WITH allowance AS MATERIALIZED (
               SELECT partner.id, filled.tokens,
                      least(CASE WHEN circuit = 'closed' THEN max_in_flight ELSE 1 END - flying.calls,
                            floor(filled.tokens)) AS calls
                 FROM gateway.partner
                CROSS JOIN LATERAL (SELECT count(*) AS calls FROM gateway.call
                                     WHERE call.partner_id = partner.id AND state = 'sending') AS flying
                CROSS JOIN LATERAL (SELECT least(greatest(rate_per_second, 1), tokens + rate_per_second
                                             * extract(epoch FROM statement_timestamp() - tokens_at)) AS tokens)
                      AS filled
                WHERE partner.id = ANY(%(partner_ids)s)),
               chosen AS MATERIALIZED (
               SELECT due.id, due.partner_id
                 FROM allowance
                CROSS JOIN LATERAL (SELECT id, partner_id, next_attempt_at
                                      FROM gateway.call
                                     WHERE call.partner_id = allowance.id AND state = 'queued'
                                       AND next_attempt_at <= statement_timestamp()
                                     ORDER BY next_attempt_at, id
                                     LIMIT greatest(allowance.calls, 0)
                                       FOR NO KEY UPDATE SKIP LOCKED) AS due
                ORDER BY due.next_attempt_at, due.id
                LIMIT %(limit)s),
               spent AS (
               UPDATE gateway.partner
                  SET tokens = allowance.tokens - taken.calls,
                      tokens_at = statement_timestamp(),
                      circuit = CASE WHEN circuit = 'open' AND taken.calls > 0 THEN 'half_open' ELSE circuit END,
                      probe_at = CASE WHEN taken.calls > 0 THEN NULL ELSE probe_at END
                 FROM allowance
                CROSS JOIN LATERAL (SELECT count(*) AS calls FROM chosen WHERE partner_id = allowance.id) AS taken
                WHERE partner.id = allowance.id)
        UPDATE gateway.call
           SET state = %(new)s, attempts = attempts + 1, tries = tries + 1, lease_owner = %(worker_id)s,
               lease_until = clock_timestamp() + (partner.timeout_seconds + %(margin)s) * interval '1 second'
          FROM chosen, gateway.partner
         WHERE call.id = chosen.id AND partner.id = chosen.partner_id
     RETURNING call.id, call.attempts AS attempt, call.tries, call.partner_id, partner.code AS partner,
               call.operation, rtrim(partner.endpoint, '/') || call.path AS url, call.payload::text AS body,
               call.key, call.edition, call.correlation, partner.timeout_seconds, partner.retry_seconds,
               call.operation = ANY(partner.stop_when_unknown) AS stop_when_unknown, call.in_doubt,
               clock_timestamp() AS started_at,
               ARRAY(SELECT secret
                       FROM gateway.secret
                      WHERE secret.partner_id = call.partner_id AND direction = 'out'
                        AND (valid_until IS NULL OR valid_until > clock_timestamp())
                      ORDER BY secret.id DESC) AS secrets
        """,
        {
            "partner_ids": list(partner_ids),
            "new": CLAIM.new,
            "worker_id": worker_id,
            "margin": margin_seconds,
            "limit": limit,
        },
        row=ClaimedCall,
    )


async def reap_calls(tx: Tx, *, limit: int) -> list[MovedCall]:
    """Take back calls whose worker vanished: sent again where allowed, else unknown. The attempt is kept."""
    return await tx.all(
        """
          WITH lost AS (
               SELECT id
                 FROM gateway.call
                WHERE state = 'sending' AND lease_until < statement_timestamp()
                ORDER BY id
                LIMIT %(limit)s
                  FOR NO KEY UPDATE SKIP LOCKED),
               moved AS (
               UPDATE gateway.call
                  SET state = fate.state, in_doubt = true, outcome = 'lease_lost', lease_owner = NULL,
                      lease_until = NULL, next_attempt_at = clock_timestamp(),
                      ended_at = CASE WHEN fate.state = 'unknown' THEN base.now() END
                 FROM lost, gateway.partner,
              LATERAL (SELECT CASE WHEN call.operation = ANY(partner.stop_when_unknown)
                                     OR call.tries > cardinality(partner.retry_seconds)
                                   THEN 'unknown' ELSE 'queued' END AS state
                         FROM gateway.call WHERE call.id = lost.id) AS fate
                WHERE call.id = lost.id AND partner.id = call.partner_id
            RETURNING new.id, partner.code AS partner, partner.kind AS partner_kind, new.operation, new.correlation,
                      new.state, old.state AS before, new.subject_kind, new.subject_id, new.subject_label,
                      new.account_id, new.outcome, new.status, new.reply,
                      new.partner_id, new.attempts, new.edition, old.lease_owner),
               kept AS (
               INSERT INTO gateway.attempt (call_id, number, partner_id, edition, worker, outcome, started_at, problem)
               SELECT id, attempts, partner_id, edition, lease_owner, 'lease_lost', clock_timestamp(),
                      'The worker vanished while it was sending.'
                 FROM moved
                   ON CONFLICT (call_id, number) DO NOTHING)
        SELECT id, partner, partner_kind, operation, correlation, state, before, subject_kind, subject_id,
               subject_label, account_id, outcome, status, reply
          FROM moved
         ORDER BY id
        """,
        {"limit": limit},
        row=MovedCall,
    )


async def record_attempts(
    tx: Tx, attempts: Sequence[Attempt], verdicts: Sequence[Verdict], *, worker_id: str
) -> list[MovedCall]:
    """Keep what happened and move the calls of which no later attempt has begun.

    Where the lease has ended meanwhile, only a final answer still counts.
    """
    return await tx.all(
        """
          WITH ended AS MATERIALIZED (
               SELECT *
                 FROM unnest(%(ids)s::bigint[], %(numbers)s::integer[], %(partner_ids)s::bigint[],
                             %(editions)s::integer[], %(outcomes)s::text[], %(started)s::timestamptz[],
                             %(durations)s::double precision[], %(urls)s::text[], %(request_headers)s::jsonb[],
                             %(request_bodies)s::text[], %(statuses)s::smallint[], %(reply_headers)s::jsonb[],
                             %(reply_bodies)s::text[], %(problems)s::text[], %(states)s::text[],
                             %(delays)s::double precision[], %(doubts)s::boolean[], %(replies)s::jsonb[])
                      AS e (id, number, partner_id, edition, outcome, started_at, duration_ms, url, request_headers,
                            request_body, status, reply_headers, reply_body, problem, state, delay, in_doubt, reply)),
               locked AS (
               SELECT call.id
                 FROM gateway.call
                 JOIN ended ON ended.id = call.id
                WHERE call.attempts = ended.number
                  AND (call.state = 'sending'
                       OR call.state = ANY(%(late)s) AND ended.state IN ('answered', 'refused'))
                ORDER BY call.id
                  FOR NO KEY UPDATE OF call),
               kept AS (
               INSERT INTO gateway.attempt (call_id, number, partner_id, edition, worker, outcome, started_at,
                                            duration_ms, request_url, request_headers, request_body, status,
                                            reply_headers, reply_body, problem)
               SELECT id, number, partner_id, edition, %(worker_id)s, outcome, started_at, duration_ms, url,
                      request_headers, request_body, status, reply_headers, reply_body, problem
                 FROM ended
                ORDER BY id
                   ON CONFLICT (call_id, number) DO UPDATE
                  SET outcome = excluded.outcome, duration_ms = excluded.duration_ms,
                      started_at = excluded.started_at, ended_at = excluded.ended_at,
                      request_url = excluded.request_url, request_headers = excluded.request_headers,
                      request_body = excluded.request_body, status = excluded.status,
                      reply_headers = excluded.reply_headers, reply_body = excluded.reply_body,
                      problem = excluded.problem
                WHERE attempt.outcome = 'lease_lost')
        UPDATE gateway.call
           SET state = ended.state, outcome = ended.outcome, status = ended.status, reply = ended.reply,
               in_doubt = ended.in_doubt, lease_owner = NULL, lease_until = NULL,
               next_attempt_at = clock_timestamp() + ended.delay * interval '1 second',
               ended_at = CASE WHEN ended.state <> 'queued' THEN base.now() END
          FROM ended, locked, gateway.partner
         WHERE call.id = ended.id AND locked.id = call.id AND partner.id = call.partner_id
     RETURNING new.id, partner.code AS partner, partner.kind AS partner_kind, new.operation, new.correlation,
               new.state, old.state AS before, new.subject_kind, new.subject_id, new.subject_label, new.account_id,
               new.outcome, new.status, new.reply
        """,
        {
            **_attempt_columns(attempts, verdicts),
            "late": [str(state) for state in LATE],
            "worker_id": worker_id,
        },
        row=MovedCall,
    )


def _attempt_columns(attempts: Sequence[Attempt], verdicts: Sequence[Verdict]) -> dict[str, list[Any]]:
    return {
        "ids": [a.call.id for a in attempts],
        "numbers": [a.call.attempt for a in attempts],
        "partner_ids": [a.call.partner_id for a in attempts],
        "editions": [a.call.edition for a in attempts],
        "outcomes": [str(a.outcome) for a in attempts],
        "started": [a.call.started_at for a in attempts],
        "durations": [a.duration_ms for a in attempts],
        "urls": [a.call.url for a in attempts],
        "request_headers": [Json(dict(a.request_headers)) for a in attempts],
        "request_bodies": [a.request_body for a in attempts],
        "statuses": [a.status for a in attempts],
        "reply_headers": [Json(dict(a.reply_headers)) for a in attempts],
        "reply_bodies": [a.reply_body for a in attempts],
        "problems": [a.problem for a in attempts],
        "states": [str(v.state) for v in verdicts],
        "delays": [float(v.delay_seconds) for v in verdicts],
        "doubts": [v.in_doubt for v in verdicts],
        "replies": [None if a.reply is None else Json(dict(a.reply)) for a in attempts],
    }
