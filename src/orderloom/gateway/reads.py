"""What screens, API and metrics see of the wire. No secret is ever selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx

PAGE = 100
LARGEST_PAGE = 500
HEALTH_HOURS = 24
Seen = tuple[LiteralString, Mapping[str, Any]]
"""Whose rows are shown: a predicate over `account_id`, and its parameters. Who may see what is not known here."""
EVERYTHING: Seen = ("TRUE", {})


@dataclass(frozen=True, slots=True)
class PartnerHealth:
    """A partner and how it has been doing: open calls by state, and the attempts of the last day."""

    id: int
    code: str
    kind: str
    name: str
    endpoint: str
    online: bool
    offline_reason: str | None
    circuit: str
    failures: int
    probe_at: datetime | None
    rate_per_second: float
    max_in_flight: int
    timeout_seconds: float
    retry_seconds: Sequence[float]
    stop_when_unknown: Sequence[str]
    failure_limit: int
    cool_down_seconds: float
    queued: int
    sending: int
    refused: int
    unknown: int
    exhausted: int
    attempts: int
    errors: int
    p50_ms: float | None
    p95_ms: float | None
    turned_away: int

    @property
    def error_rate(self) -> float:
        """Share of attempts that brought no answer, 0 to 1."""
        return self.errors / self.attempts if self.attempts else 0.0


@dataclass(frozen=True, slots=True)
class CallLine:
    """A call in a list."""

    id: int
    partner: str
    operation: str
    key: str
    correlation: str | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    state: str
    attempts: int
    status: int | None
    outcome: str | None
    queued_at: datetime
    next_attempt_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt with what went over the wire, bodies cut at 16 kB."""

    number: int
    edition: int
    worker: str
    outcome: str
    started_at: datetime
    ended_at: datetime
    duration_ms: float
    request_url: str
    request_headers: Mapping[str, str]
    request_body: str
    status: int | None
    reply_headers: Mapping[str, str]
    reply_body: str
    problem: str
    forgotten_at: datetime | None


@dataclass(frozen=True, slots=True)
class CallPage:
    """A call with its attempts, latest first."""

    call: CallLine
    payload: Mapping[str, Any]
    reply: Mapping[str, Any] | None
    reason: str | None
    attempts: Sequence[AttemptLine]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call, whole."""

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    state: str
    status: int | None
    outcome: str | None
    reply: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class MessageLine:
    """A message in a list."""

    id: int
    partner: str
    message_id: str
    type: str
    correlation: str | None
    outputs: Mapping[str, Any]
    call_id: int | None
    subject_kind: str | None
    subject_id: int | None
    subject_label: str | None
    account_id: int | None
    state: str
    reason: str
    received_at: datetime
    deliveries: int


@dataclass(frozen=True, slots=True)
class WebhookLine:
    """A webhook in a list, with the partner that carries its deliveries."""

    id: int
    partner: str
    name: str
    url: str
    event_types: Sequence[str]
    account_id: int | None
    active: bool
    circuit: str
    created_by: str
    created_at: datetime
    queued: int
    dead: int


@dataclass(frozen=True, slots=True)
class CallCount:
    """How many calls of a partner stand in a state that somebody should look at, for metrics."""

    partner: str
    state: str
    calls: int


async def partner_list(tx: Tx, *, kind: str = "system", codes: Sequence[str] | None = None) -> list[PartnerHealth]:
    """Partners by code with their health; answered calls are not counted, they would be all of history."""
    return await tx.all(
        """
        SELECT partner.id, code, kind, name, endpoint, online, offline_reason, circuit, failures, probe_at,
               rate_per_second, max_in_flight, timeout_seconds, retry_seconds, stop_when_unknown, failure_limit,
               cool_down_seconds, waiting.queued, waiting.sending, trouble.refused, trouble.unknown,
               trouble.exhausted, recent.attempts, recent.errors, recent.p50_ms, recent.p95_ms, away.turned_away
          FROM gateway.partner
         CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM gateway.call
                                      WHERE partner_id = partner.id AND state = 'queued') AS queued,
                                    (SELECT count(*) FROM gateway.call
                                      WHERE partner_id = partner.id AND state = 'sending') AS sending) AS waiting
         CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'refused') AS refused,
                                    count(*) FILTER (WHERE state = 'unknown') AS unknown,
                                    count(*) FILTER (WHERE state = 'exhausted') AS exhausted
                               FROM gateway.call
                              WHERE partner_id = partner.id
                                AND state IN ('refused', 'unknown', 'exhausted')) AS trouble
         CROSS JOIN LATERAL (SELECT count(*) AS attempts,
                                    count(*) FILTER (WHERE outcome NOT IN ('answered', 'refused')) AS errors,
                                    percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) AS p50_ms,
                                    percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS p95_ms
                               FROM gateway.attempt
                              WHERE partner_id = partner.id
                                AND ended_at > statement_timestamp() - %(hours)s * interval '1 hour') AS recent
         CROSS JOIN LATERAL (SELECT coalesce(sum(times), 0)::integer AS turned_away
                               FROM gateway.turned_away
                              WHERE partner_id = partner.id
                                AND day >= (statement_timestamp() AT TIME ZONE 'UTC')::date - 1) AS away
         WHERE kind = %(kind)s AND (%(codes)s::text[] IS NULL OR code = ANY(%(codes)s))
         ORDER BY code
         LIMIT 1000
        """,
        {"kind": kind, "codes": None if codes is None else list(codes), "hours": HEALTH_HOURS},
        row=PartnerHealth,
    )


async def call_list(
    tx: Tx,
    *,
    partner: str | None = None,
    states: Sequence[str] | None = None,
    subject_kind: str | None = None,
    subject_id: int | None = None,
    before_id: int | None = None,
    limit: int = PAGE,
    seen: Seen = EVERYTHING,
) -> list[CallLine]:
    """Calls, latest first; the next page begins before the last id of this one."""
    return await tx.all(
        f"""
        SELECT call.id, partner.code AS partner, operation, key, correlation, subject_kind, subject_id,
               subject_label, account_id, state, attempts, status, outcome, queued_at, next_attempt_at, ended_at
          FROM gateway.call
          JOIN gateway.partner ON partner.id = call.partner_id
         WHERE (%(partner)s::text IS NULL
                OR call.partner_id = (SELECT id FROM gateway.partner WHERE code = %(partner)s))
           AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
           AND (%(subject_kind)s::text IS NULL OR subject_kind = %(subject_kind)s AND subject_id = %(subject_id)s)
           AND (%(before_id)s::bigint IS NULL OR call.id < %(before_id)s)
           AND {seen[0]}
         ORDER BY call.id DESC
         LIMIT %(limit)s
        """,
        {
            "partner": partner,
            "states": None if states is None else list(states),
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "before_id": before_id,
            "limit": min(limit, LARGEST_PAGE),
            **seen[1],
        },
        row=CallLine,
    )


async def call_page(tx: Tx, call_id: int, *, seen: Seen = EVERYTHING) -> CallPage:
    """A call with what went over the wire; refused when there is none."""
    lines = await tx.all(
        f"""
        SELECT call.id, partner.code AS partner, operation, key, correlation, subject_kind, subject_id,
               subject_label, account_id, state, attempts, status, outcome, queued_at, next_attempt_at, ended_at
          FROM gateway.call
          JOIN gateway.partner ON partner.id = call.partner_id
         WHERE call.id = %(id)s AND {seen[0]}
        """,
        {"id": call_id, **seen[1]},
        row=CallLine,
    )
    if not lines:
        raise NotFound([Problem("call_unknown", "There is no such call; load the list again.")])
    payload, reply, reason = await tx.one(
        "SELECT payload, reply, reason FROM gateway.call WHERE id = %(id)s", {"id": call_id}
    )
    attempts = await tx.all(
        """
        SELECT number, edition, worker, outcome, started_at, ended_at, duration_ms, request_url, request_headers,
               request_body, status, reply_headers, reply_body, problem, forgotten_at
          FROM gateway.attempt
         WHERE call_id = %(id)s
         ORDER BY number DESC
         LIMIT 200
        """,
        {"id": call_id},
        row=AttemptLine,
    )
    return CallPage(lines[0], payload, reply, reason, attempts)


async def replies(tx: Tx, call_ids: Sequence[int]) -> list[Reply]:
    """The answers of these calls as they are now, whole; what a reaction to `CallAnswered` decides from."""
    return await tx.all(
        """
        SELECT call.id AS call_id, correlation, partner.code AS partner, operation, state, status, outcome, reply
          FROM gateway.call
          JOIN gateway.partner ON partner.id = call.partner_id
         WHERE call.id = ANY(%(ids)s)
         ORDER BY call.id
        """,
        {"ids": list(call_ids)},
        row=Reply,
    )


async def inbox_list(
    tx: Tx,
    *,
    partner: str | None = None,
    states: Sequence[str] | None = ("received", "unmatched"),
    before_id: int | None = None,
    ids: Sequence[int] | None = None,
    limit: int = PAGE,
    seen: Seen = EVERYTHING,
) -> list[MessageLine]:
    """Messages, latest first; by default those that nobody has acted on."""
    return await tx.all(
        f"""
        SELECT message.id, partner.code AS partner, message_id, type, correlation, outputs, call_id, subject_kind,
               subject_id, subject_label, account_id, state, reason, received_at, deliveries
          FROM gateway.message
          JOIN gateway.partner ON partner.id = message.partner_id
         WHERE (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
           AND (%(ids)s::bigint[] IS NULL OR message.id = ANY(%(ids)s))
           AND (%(partner)s::text IS NULL OR partner.code = %(partner)s)
           AND (%(before_id)s::bigint IS NULL OR message.id < %(before_id)s)
           AND {seen[0]}
         ORDER BY message.id DESC
         LIMIT %(limit)s
        """,
        {
            "partner": partner,
            "states": None if states is None else list(states),
            "ids": None if ids is None else list(ids),
            "before_id": before_id,
            "limit": min(limit, LARGEST_PAGE),
            **seen[1],
        },
        row=MessageLine,
    )


async def webhook_list(tx: Tx, *, after_id: int = 0, limit: int = PAGE) -> list[WebhookLine]:
    """Webhooks with what waits and what died; their deliveries are `call_list(partner=webhook.partner)`."""
    return await tx.all(
        """
        SELECT webhook.id, partner.code AS partner, partner.name, partner.endpoint AS url, event_types, account_id,
               active, circuit, created_by, webhook.created_at, flow.queued, flow.dead
          FROM gateway.webhook
          JOIN gateway.partner ON partner.id = webhook.partner_id
         CROSS JOIN LATERAL (SELECT (SELECT count(*) FROM gateway.call
                                      WHERE call.partner_id = partner.id AND state = 'queued') AS queued,
                                    (SELECT count(*) FROM gateway.call
                                      WHERE call.partner_id = partner.id
                                        AND state IN ('refused', 'unknown', 'exhausted')) AS dead) AS flow
         WHERE webhook.id > %(after_id)s
         ORDER BY webhook.id
         LIMIT %(limit)s
        """,
        {"after_id": after_id, "limit": min(limit, LARGEST_PAGE)},
        row=WebhookLine,
    )


async def call_counts(tx: Tx) -> list[CallCount]:
    """Open calls and those in trouble, by partner and state."""
    return await tx.all(
        """
        SELECT partner.code AS partner, open.state, open.calls
          FROM (SELECT partner_id, state, count(*) AS calls FROM gateway.call
                 WHERE state = 'queued' GROUP BY partner_id, state
                 UNION ALL
                SELECT partner_id, state, count(*) AS calls FROM gateway.call
                 WHERE state = 'sending' GROUP BY partner_id, state
                 UNION ALL
                SELECT partner_id, state, count(*) AS calls FROM gateway.call
                 WHERE state IN ('refused', 'unknown', 'exhausted') GROUP BY partner_id, state) AS open
          JOIN gateway.partner ON partner.id = open.partner_id
         ORDER BY partner.code, open.state
        """,
        row=CallCount,
    )


async def open_message_count(tx: Tx) -> int:
    """How many messages nobody has acted on."""
    found: int = await tx.value("SELECT count(*) FROM gateway.message WHERE state IN ('received', 'unmatched')")
    return found
