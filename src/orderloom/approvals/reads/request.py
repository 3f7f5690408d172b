"""Requests as lists and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, LiteralString

from orderloom.approvals.reads.told import ReplyRow, Told, replies_to, told_of
from orderloom.approvals.shown import reasons_without_costs, without_costs
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties.policy import account_filter

PAGE = 50
View = Literal["mine", "asked", "all"]


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request as a list shows it; `steps` are those that are open now, `content` the hash of what is shown."""

    id: int
    number: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    state: str
    requester: str | None
    requested_at: datetime
    decided_at: datetime | None
    outcome: str
    policy: str
    content: str
    steps: list[str]
    waits_for: list[str]
    due: datetime | None
    is_overdue: bool
    question: str | None


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """A verdict as a page shows it."""

    candidate: str
    decided_by: str
    verdict: str
    comment: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RequestStep:
    """A step of a request as a page shows it."""

    name: str
    label: str
    state: str
    needed: int
    veto: bool
    kept_from: str | None
    since: datetime | None
    due: datetime | None
    reasons: list[dict[str, Any]]
    candidates: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Question:
    """A question back to the requester, with its answer if there is one."""

    asked_by: str
    question: str
    asked_at: datetime
    answered_by: str | None
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An entry of a request's log, with its place in the chain of hashes."""

    number: int
    at: datetime
    entry: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class RequestPage:
    """A request with everything that its page shows."""

    request: RequestRow
    snapshot: dict[str, Any]
    may_decide: bool
    may_recall: bool
    steps: tuple[RequestStep, ...]
    questions: tuple[Question, ...]
    log: tuple[LogEntry, ...]
    told: tuple[Told, ...] = ()
    replies: tuple[ReplyRow, ...] = ()


async def list_requests(
    tx: Tx,
    *,
    view: View = "mine",
    state: str | None = None,
    subject: tuple[str, int] | None = None,
    after: int | None = None,
    limit: int = PAGE,
) -> list[RequestRow]:
    """Requests from the newest: those that wait for the actor, that they asked for, or all that they may see."""
    return await _requests(
        tx,
        view=view,
        state=state,
        kind=subject[0] if subject else None,
        subject_id=subject[1] if subject else None,
        after=after,
        limit=limit,
    )


async def count_waiting(tx: Tx) -> int:
    """How many requests wait for the actor's verdict."""
    if tx.actor.user_id is None:
        return 0
    return int(await tx.value(f"SELECT count(*) FROM ({_MINE}) AS mine", _person(tx)) or 0)


async def request_page(tx: Tx, request_id: int) -> RequestPage:
    """A request whole, margin and cost only for who may see cost; 404 for who is neither asked nor asking and may not
    see it otherwise.
    """
    found = await _requests(tx, view="all", request_id=request_id, limit=1)
    if not found:
        raise NotFound([Problem("request_unknown", "There is no such request for approval.")])
    steps = await _steps(tx, request_id)
    sees_cost = tx.actor.may("catalog.cost")
    if not sees_cost:
        steps = [replace(step, reasons=reasons_without_costs(step.reasons)) for step in steps]
    shown, requesters = await tx.one(
        "SELECT snapshot::jsonb, requesters FROM approvals.request WHERE id = %(id)s", {"id": request_id}
    )
    mine = await tx.values(f"SELECT request_id FROM ({_MINE}) AS mine WHERE request_id = %(id)s",
                           _person(tx) | {"id": request_id})  # fmt: skip
    is_open = found[0].state == "open"
    return RequestPage(
        found[0],
        shown if sees_cost else without_costs(shown),
        may_decide=is_open and bool(mine),
        may_recall=is_open and tx.actor.user_id in requesters,
        steps=tuple(steps),
        questions=tuple(await _questions(tx, request_id)),
        log=tuple(await _log(tx, request_id)),
        told=tuple(await told_of(tx, request_id)),
        replies=tuple(await replies_to(tx, request_id)),
    )


# For whom the actor decides, through delegations too; then the requests with an open step that asks one of them.
_ACTING = """
    RECURSIVE acting AS (
    SELECT %(user_id)s::bigint AS user_id, NULL::text[] AS kinds, 0 AS depth
     UNION
    SELECT delegation.user_id, nullif(delegation.subjects, '{}'), acting.depth + 1
      FROM acting
      JOIN approvals.delegation ON delegation.delegate_id = acting.user_id
     WHERE delegation.ended_at IS NULL AND delegation.during @> base.now() AND acting.depth < 10)
"""
_MINE = f"""
      WITH {_ACTING}
    SELECT DISTINCT candidate.request_id
      FROM acting
      JOIN approvals.candidate ON candidate.user_id = acting.user_id AND candidate.is_active
      JOIN approvals.request ON request.id = candidate.request_id AND request.state = 'open'
       AND (acting.kinds IS NULL OR request.subject_kind = ANY(acting.kinds))
       AND NOT %(user_id)s = ANY(request.requesters)
      JOIN approvals.step ON step.request_id = candidate.request_id AND step.name = candidate.step
       AND step.decision IS NULL
      JOIN processes.step AS running ON running.process_id = request.process_id AND running.number = step.number
       AND running.state IN ('ready', 'running')
     WHERE NOT EXISTS (SELECT FROM approvals.verdict
                        WHERE verdict.request_id = candidate.request_id AND verdict.step = candidate.step
                          AND (verdict.candidate_id = candidate.user_id OR verdict.decided_by = %(user_id)s))
"""


async def _requests(
    tx: Tx,
    *,
    view: View,
    limit: int,
    state: str | None = None,
    kind: str | None = None,
    subject_id: int | None = None,
    after: int | None = None,
    request_id: int | None = None,
) -> list[RequestRow]:
    wanted, params = _wanted(tx, view)
    return await tx.all(
        f"""
          WITH mine AS MATERIALIZED ({_MINE})
        SELECT request.id, request.number, request.subject_kind, request.subject_id, request.subject_label,
               request.account_id, request.state, requester.name AS requester, request.requested_at,
               request.decided_at, request.outcome, policy.code AS policy,
               encode(request.content_hash, 'hex') AS content,
               coalesce(open_steps.labels, '{{}}') AS steps, coalesce(open_steps.people, '{{}}') AS waits_for,
               open_steps.due, coalesce(open_steps.due < base.now(), false) AS is_overdue, question.question
          FROM approvals.request
          JOIN approvals.policy_version AS version ON version.id = request.version_id
          JOIN approvals.policy ON policy.id = version.policy_id
          LEFT JOIN parties.user AS requester ON requester.id = request.requester_id
          LEFT JOIN approvals.question ON question.request_id = request.id AND question.answered_at IS NULL
          LEFT JOIN LATERAL (
               SELECT array_agg(DISTINCT step.label) AS labels, min(running.due) AS due,
                      array_agg(DISTINCT person.name) FILTER (WHERE verdict.candidate_id IS NULL) AS people
                 FROM approvals.step
                 JOIN processes.step AS running
                   ON running.process_id = request.process_id AND running.number = step.number
                  AND running.state IN ('ready', 'running')
                 JOIN approvals.candidate ON candidate.request_id = step.request_id AND candidate.step = step.name
                  AND candidate.is_active
                 JOIN parties.user AS person ON person.id = candidate.user_id
                 LEFT JOIN approvals.verdict ON verdict.request_id = step.request_id AND verdict.step = step.name
                  AND verdict.candidate_id = candidate.user_id
                WHERE step.request_id = request.id AND step.decision IS NULL) AS open_steps
            ON request.state = 'open'
         WHERE {wanted}
           AND (%(state)s::text IS NULL OR request.state = %(state)s)
           AND (%(kind)s::text IS NULL OR (request.subject_kind = %(kind)s AND request.subject_id = %(subject_id)s))
           AND (%(after)s::bigint IS NULL OR request.id < %(after)s)
           AND (%(request_id)s::bigint IS NULL OR request.id = %(request_id)s)
         ORDER BY request.id DESC
         LIMIT %(limit)s
        """,
        {
            **params,
            **_person(tx),
            "state": state,
            "kind": kind,
            "subject_id": subject_id,
            "after": after,
            "request_id": request_id,
            "limit": limit,
        },
        row=RequestRow,
    )


def _wanted(tx: Tx, view: View) -> tuple[LiteralString, dict[str, Any]]:
    """The requests of a view as SQL: those that wait for the actor, that they asked for, or all that they may see."""
    seen, params = account_filter(tx.actor, "request.account_id")
    if not tx.actor.may("approvals.read") and not tx.actor.may("approvals.override"):
        seen = "FALSE"
    own: LiteralString = (
        "%(user_id)s = ANY(request.requesters) OR request.id IN (SELECT request_id FROM mine)"
        " OR EXISTS (SELECT FROM approvals.candidate WHERE candidate.request_id = request.id"
        " AND candidate.user_id = %(user_id)s)"
    )
    wanted: dict[View, LiteralString] = {
        "mine": "request.id IN (SELECT request_id FROM mine)",
        "asked": "%(user_id)s = ANY(request.requesters)",
        "all": f"({own} OR {seen})",
    }
    return wanted[view], params


async def _steps(tx: Tx, request_id: int) -> list[RequestStep]:
    return await tx.all(
        """
        SELECT step.name, step.label, step.needed, step.veto, step.reasons, earlier.number AS kept_from,
               coalesce(step.decision, CASE WHEN running.state IN ('ready', 'running') THEN 'open' ELSE 'later' END)
               AS state, running.ready_at AS since, running.due,
               coalesce((SELECT jsonb_agg(jsonb_build_object('id', person.id, 'name', person.name, 'via', candidate.via,
                                                             'is_active', candidate.is_active)
                                          ORDER BY person.name)
                           FROM approvals.candidate
                           JOIN parties.user AS person ON person.id = candidate.user_id
                          WHERE candidate.request_id = step.request_id AND candidate.step = step.name), '[]')
               AS candidates,
               coalesce((SELECT jsonb_agg(jsonb_build_object('candidate', candidate.name, 'decided_by', decider.name,
                                                             'verdict', verdict.verdict, 'comment', verdict.comment,
                                                             'channel', verdict.channel, 'at', verdict.at)
                                          ORDER BY verdict.at)
                           FROM approvals.verdict
                           JOIN parties.user AS candidate ON candidate.id = verdict.candidate_id
                           JOIN parties.user AS decider ON decider.id = verdict.decided_by
                          WHERE verdict.request_id = step.request_id AND verdict.step = step.name), '[]') AS verdicts
          FROM approvals.step
          JOIN approvals.request ON request.id = step.request_id
          LEFT JOIN approvals.request AS earlier ON earlier.id = step.kept_from
          LEFT JOIN processes.step AS running
            ON running.process_id = request.process_id AND running.number = step.number
         WHERE step.request_id = %(id)s
         ORDER BY step.place
        """,
        {"id": request_id},
        row=RequestStep,
    )


async def _questions(tx: Tx, request_id: int) -> list[Question]:
    return await tx.all(
        """
        SELECT asking.name AS asked_by, question.question, question.asked_at, answering.name AS answered_by,
               question.answer, question.answered_at
          FROM approvals.question
          JOIN parties.user AS asking ON asking.id = question.asked_by
          LEFT JOIN parties.user AS answering ON answering.id = question.answered_by
         WHERE question.request_id = %(id)s
         ORDER BY question.id
        """,
        {"id": request_id},
        row=Question,
    )


async def _log(tx: Tx, request_id: int) -> list[LogEntry]:
    return await tx.all(
        """
        SELECT number, (entry::jsonb->>'at')::timestamptz AS at, entry::jsonb AS entry, encode(hash, 'hex') AS hash
          FROM approvals.entry
         WHERE request_id = %(id)s
         ORDER BY number
        """,
        {"id": request_id},
        row=LogEntry,
    )


@dataclass(frozen=True, slots=True)
class OpenAsk:
    """A step that asks people now."""

    request_id: int
    number: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    step: str
    user_ids: list[int]

    @property
    def subject(self) -> Subject:
        """What the request is about."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


async def open_asks(tx: Tx, ids: Sequence[tuple[int, int]]) -> list[OpenAsk]:
    """The undecided steps that these steps of processes are, with whom they ask."""
    return await tx.all(
        """
        SELECT request.id AS request_id, request.number, request.subject_kind, request.subject_id,
               request.subject_label, request.account_id, step.name AS step,
               ARRAY(SELECT candidate.user_id FROM approvals.candidate
                      WHERE candidate.request_id = step.request_id AND candidate.step = step.name
                        AND candidate.is_active
                      ORDER BY 1) AS user_ids
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN approvals.request ON request.process_id = wanted.process_id AND request.state = 'open'
          JOIN approvals.step ON step.request_id = request.id AND step.number = wanted.number
         WHERE step.decision IS NULL
         ORDER BY request.id, step.place
        """,
        {"process_ids": [one for one, _ in ids], "numbers": [number for _, number in ids]},
        row=OpenAsk,
    )


def _person(tx: Tx) -> dict[str, Any]:
    return {"user_id": tx.actor.user_id or 0}
