"""Requests, their steps and verdicts in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.approvals.types import PlannedStep, State
from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A question whether something needs approval, with its inputs as FEEL literals and the answer."""

    subject: Subject
    version_id: int | None
    inputs: Mapping[str, str]
    needed: tuple[str, ...] = ()
    flag: str = ""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """A request to write down."""

    number: str
    subject: Subject
    submission_id: int
    version_id: int
    process_id: int | None
    state: State
    snapshot: str
    identity: Mapping[str, str]
    requester_id: int | None
    requesters: tuple[int, ...]
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A request as it stands, locked."""

    id: int
    number: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    version_id: int
    process_id: int | None
    state: str
    content_hash: bytes
    requester_id: int | None
    requesters: list[int]
    requested_at: datetime

    @property
    def subject(self) -> Subject:
        """What the request is about."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a request with the state of the process's step, its candidates and verdicts."""

    request_id: int
    name: str
    label: str
    number: int | None
    needed: int
    veto: bool
    decision: str | None
    process_state: str | None
    due: datetime | None
    candidates: list[int]
    verdicts: dict[str, str]

    @property
    def is_open(self) -> bool:
        """Whether its candidates are asked now."""
        return self.decision is None and self.process_state in ("ready", "running")


async def add_submissions(tx: Tx, rows: Sequence[NewSubmission]) -> list[int]:
    """Keep that somebody asked whether these need approval; return their ids in order."""
    return await tx.values(
        """
        INSERT INTO approvals.submission (subject_kind, subject_id, account_id, version_id, inputs, needed, flag)
        SELECT kind, subject_id, account_id, version_id, inputs,
               ARRAY(SELECT jsonb_array_elements_text(needed)), flag
          FROM unnest(%(kinds)s::text[], %(ids)s::bigint[], %(account_ids)s::bigint[], %(version_ids)s::bigint[],
                      %(inputs)s::jsonb[], %(needed)s::jsonb[], %(flags)s::text[])
               WITH ORDINALITY AS fresh (kind, subject_id, account_id, version_id, inputs, needed, flag, place)
         ORDER BY place
        RETURNING id
        """,
        {
            "kinds": [row.subject.kind for row in rows],
            "ids": [row.subject.id for row in rows],
            "account_ids": [row.subject.account_id for row in rows],
            "version_ids": [row.version_id for row in rows],
            "inputs": [Json(dict(row.inputs)) for row in rows],
            "needed": [Json(list(row.needed)) for row in rows],
            "flags": [row.flag for row in rows],
        },
    )


async def unneeded_totals(tx: Tx, subjects: Sequence[Subject], *, days: int) -> dict[int, tuple[int, Decimal]]:
    """By subject: how many others of its account and kind needed nobody lately, and the sum of their amounts."""
    rows = await tx.all(
        """
        SELECT wanted.id, count(*)::integer, sum(other.amount)
          FROM unnest(%(ids)s::bigint[], %(kinds)s::text[], %(account_ids)s::bigint[])
               AS wanted (id, kind, account_id)
         CROSS JOIN LATERAL (
               SELECT DISTINCT ON (submission.subject_id) (submission.inputs->>'amount')::numeric AS amount
                 FROM approvals.submission
                WHERE submission.account_id = wanted.account_id AND submission.subject_kind = wanted.kind
                  AND submission.subject_id <> wanted.id AND submission.needed = '{}'
                  AND submission.at > base.now() - make_interval(days => %(days)s)
                  AND submission.inputs->>'amount' ~ '^-?[0-9.]+$'
                ORDER BY submission.subject_id, submission.id DESC) AS other
         GROUP BY wanted.id
        """,
        {
            "ids": [one.id for one in subjects],
            "kinds": [one.kind for one in subjects],
            "account_ids": [one.account_id for one in subjects],
            "days": days,
        },
    )
    return {id_: (count, total) for id_, count, total in rows}


async def open_subjects(tx: Tx, subjects: Sequence[Subject]) -> set[tuple[str, int]]:
    """Those of these subjects, by kind and id, about which a request is open."""
    rows = await tx.all(
        """
        SELECT request.subject_kind, request.subject_id
          FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) AS wanted (kind, id)
          JOIN approvals.request ON request.subject_kind = wanted.kind AND request.subject_id = wanted.id
         WHERE request.state = 'open'
        """,
        {"kinds": [one.kind for one in subjects], "ids": [one.id for one in subjects]},
    )
    return set(rows)


async def draw_request_id(tx: Tx) -> int:
    """The id of a request that is to be written."""
    return int(await tx.value("SELECT nextval(pg_get_serial_sequence('approvals.request', 'id'))"))


async def insert(tx: Tx, request_id: int, new: NewRequest) -> None:
    """Write a request down under an id that was drawn for it."""
    await tx.execute(
        """
        INSERT INTO approvals.request (id, number, subject_kind, subject_id, subject_label, account_id, submission_id,
                    version_id, process_id, state, snapshot, content_hash, identity, requester_id, requesters,
                    decided_at, outcome)
        OVERRIDING SYSTEM VALUE
        VALUES (%(id)s, %(number)s, %(kind)s, %(subject_id)s, %(label)s, %(account_id)s, %(submission_id)s,
                %(version_id)s, %(process_id)s, %(state)s, %(snapshot)s, sha256(convert_to(%(snapshot)s, 'UTF8')),
                %(identity)s, %(requester_id)s, %(requesters)s,
                CASE WHEN %(state)s <> 'open' THEN base.now() END, %(outcome)s)
        """,
        {
            "id": request_id,
            "number": new.number,
            "kind": new.subject.kind,
            "subject_id": new.subject.id,
            "label": new.subject.label,
            "account_id": new.subject.account_id,
            "submission_id": new.submission_id,
            "version_id": new.version_id,
            "process_id": new.process_id,
            "state": new.state,
            "snapshot": new.snapshot,
            "identity": Json(new.identity),
            "requester_id": new.requester_id,
            "requesters": list(new.requesters),
            "outcome": new.outcome,
        },
    )


async def insert_steps(
    tx: Tx, request_id: int, steps: Sequence[PlannedStep], numbers: Mapping[str, int], kept: Mapping[str, int]
) -> None:
    """Write the steps of a request, those that are kept with the request whose verdict holds; and their candidates."""
    await tx.execute(
        """
          WITH fresh AS (
               SELECT *
                 FROM unnest(%(names)s::text[], %(labels)s::text[], %(numbers)s::integer[], %(needed)s::integer[],
                             %(vetoes)s::boolean[], %(reasons)s::jsonb[], %(kept)s::bigint[])
                      WITH ORDINALITY AS fresh (name, label, number, needed, veto, reasons, kept_from, place))
        INSERT INTO approvals.step (request_id, name, place, label, number, needed, veto, reasons, kept_from, decision)
        SELECT %(request_id)s, name,
               place + coalesce((SELECT max(place) FROM approvals.step WHERE request_id = %(request_id)s), 0),
               label, number, needed, veto, reasons, kept_from, CASE WHEN kept_from IS NOT NULL THEN 'kept' END
          FROM fresh
        """,
        {
            "request_id": request_id,
            "names": [step.name for step in steps],
            "labels": [step.label for step in steps],
            "numbers": [numbers.get(step.name) for step in steps],
            "needed": [step.needed for step in steps],
            "vetoes": [step.veto for step in steps],
            "reasons": [Json([asdict(reason) for reason in step.reasons]) for step in steps],
            "kept": [kept.get(step.name) for step in steps],
        },
    )
    await add_candidates(
        tx, request_id, [(step.name, who.user_id, who.via) for step in steps for who in step.candidates]
    )


async def add_candidates(tx: Tx, request_id: int, rows: Sequence[tuple[str, int, str]]) -> None:
    """Let these people decide: step, user and how they came to it."""
    await tx.execute(
        """
        INSERT INTO approvals.candidate (request_id, step, user_id, via)
        SELECT %(request_id)s, step, user_id, via
          FROM unnest(%(steps)s::text[], %(user_ids)s::bigint[], %(vias)s::text[]) AS fresh (step, user_id, via)
            ON CONFLICT (request_id, step, user_id) DO UPDATE
           SET is_active = true, via = excluded.via
        """,
        {
            "request_id": request_id,
            "steps": [step for step, _, _ in rows],
            "user_ids": [user_id for _, user_id, _ in rows],
            "vias": [via for _, _, via in rows],
        },
    )


async def drop_candidates(tx: Tx, user_id: int, steps: Sequence[tuple[int, str]]) -> None:
    """Ask somebody no more, in steps (request, name) that they have not decided."""
    await tx.execute(
        """
        UPDATE approvals.candidate
           SET is_active = false
          FROM unnest(%(request_ids)s::bigint[], %(names)s::text[]) AS step (request_id, name)
         WHERE candidate.request_id = step.request_id AND candidate.step = step.name
           AND candidate.user_id = %(user_id)s
        """,
        {"user_id": user_id, "request_ids": [one for one, _ in steps], "names": [name for _, name in steps]},
    )


async def lock(tx: Tx, ids: Sequence[int]) -> dict[int, Row]:
    """These requests, locked in the order of their ids."""
    rows = await tx.all(
        """
        SELECT id, number, subject_kind, subject_id, subject_label, account_id, version_id, process_id, state,
               content_hash, requester_id, requesters, requested_at
          FROM approvals.request
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR NO KEY UPDATE
        """,
        {"ids": list(ids)},
        row=Row,
    )
    return {row.id: row for row in rows}


async def open_of(tx: Tx, subject: Subject) -> int | None:
    """The open request about a subject."""
    found: int | None = await tx.value(
        """
        SELECT id FROM approvals.request
         WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND state = 'open'
        """,
        {"kind": subject.kind, "id": subject.id},
    )
    return found


async def lock_subject(tx: Tx, subject: Subject) -> None:
    """Let nobody else submit the same subject until this transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))",
        {"name": f"approvals {subject.kind} {subject.id}"},
    )


@dataclass(frozen=True, slots=True)
class Approved:
    """A step of the last approved request about a subject."""

    request_id: int
    number: str
    content_hash: bytes
    identity: dict[str, str]
    step: str | None
    reasons: list[dict[str, Any]] | None


async def last_approved(tx: Tx, subject: Subject) -> list[Approved]:
    """The steps of the last approved request about a subject; one row without a step if it had none."""
    return await tx.all(
        """
          WITH newest AS (
               SELECT id, number, content_hash, identity
                 FROM approvals.request
                WHERE subject_kind = %(kind)s AND subject_id = %(id)s AND state = 'approved'
                ORDER BY id DESC
                LIMIT 1)
        SELECT newest.id AS request_id, newest.number, newest.content_hash, newest.identity, step.name AS step,
               step.reasons
          FROM newest
          LEFT JOIN approvals.step ON step.request_id = newest.id
        """,
        {"kind": subject.kind, "id": subject.id},
        row=Approved,
    )


async def steps_of(tx: Tx, request_ids: Sequence[int]) -> list[StepRow]:
    """The steps of these requests in their order."""
    return await tx.all(
        """
        SELECT step.request_id, step.name, step.label, step.number, step.needed, step.veto, step.decision,
               running.state AS process_state, running.due,
               ARRAY(SELECT candidate.user_id FROM approvals.candidate
                      WHERE candidate.request_id = step.request_id AND candidate.step = step.name
                        AND candidate.is_active
                      ORDER BY candidate.user_id) AS candidates,
               coalesce((SELECT jsonb_object_agg(verdict.candidate_id, verdict.verdict) FROM approvals.verdict
                          WHERE verdict.request_id = step.request_id AND verdict.step = step.name), '{}') AS verdicts
          FROM approvals.step
          JOIN approvals.request ON request.id = step.request_id
          LEFT JOIN processes.step AS running
            ON running.process_id = request.process_id AND running.number = step.number
         WHERE step.request_id = ANY(%(ids)s)
         ORDER BY step.request_id, step.place
        """,
        {"ids": list(request_ids)},
        row=StepRow,
    )


async def add_verdict(
    tx: Tx,
    request_id: int,
    *,
    step: str,
    candidate_id: int,
    decided_by: int,
    verdict: str,
    comment: str,
    channel: str,
    content_hash: bytes,
) -> bool:
    """Write a verdict down; false if the candidate has given one already."""
    count = await tx.execute(
        """
        INSERT INTO approvals.verdict (request_id, step, candidate_id, decided_by, verdict, comment, channel,
                    content_hash)
        VALUES (%(request_id)s, %(step)s, %(candidate_id)s, %(decided_by)s, %(verdict)s, %(comment)s, %(channel)s,
                %(content_hash)s)
            ON CONFLICT (request_id, step, candidate_id) DO NOTHING
        """,
        {
            "request_id": request_id,
            "step": step,
            "candidate_id": candidate_id,
            "decided_by": decided_by,
            "verdict": verdict,
            "comment": comment,
            "channel": channel,
            "content_hash": content_hash,
        },
    )
    return count == 1


async def set_decisions(tx: Tx, request_id: int, names: Sequence[str], decision: str) -> None:
    """Say what became of steps that were not decided."""
    await tx.execute(
        """
        UPDATE approvals.step
           SET decision = %(decision)s
         WHERE request_id = %(request_id)s AND name = ANY(%(names)s) AND decision IS NULL
        """,
        {"request_id": request_id, "names": list(names), "decision": decision},
    )


async def close(tx: Tx, request_id: int, state: State, outcome: str) -> bool:
    """End an open request; false if it had ended."""
    count = await tx.execute(
        """
        UPDATE approvals.request
           SET state = %(state)s, decided_at = base.now(), outcome = %(outcome)s
         WHERE id = %(id)s AND state = 'open'
        """,
        {"id": request_id, "state": state, "outcome": outcome},
    )
    return count == 1


async def last_verdict(tx: Tx, request_id: int) -> str | None:
    """The newest verdict of a request as a sentence."""
    rows = await tx.all(
        """
        SELECT person.name, verdict.verdict, verdict.at
          FROM approvals.verdict
          JOIN parties.user AS person ON person.id = verdict.decided_by
         WHERE verdict.request_id = %(id)s
         ORDER BY verdict.at DESC, verdict.step DESC
         LIMIT 1
        """,
        {"id": request_id},
    )
    if not rows:
        return None
    name, verdict, at = rows[0]
    done = "approved" if verdict == "approve" else "refused"
    return f"{name} {done} on {at:%Y-%m-%d at %H:%M} UTC."


async def has_decided(tx: Tx, request_id: int, step: str, user_id: int) -> bool:
    """Whether somebody has given a verdict on a step, for whomever."""
    return bool(
        await tx.value(
            """
            SELECT true FROM approvals.verdict
             WHERE request_id = %(id)s AND step = %(step)s AND decided_by = %(user_id)s
            """,
            {"id": request_id, "step": step, "user_id": user_id},
        )
    )


async def waiting_for(tx: Tx, user_id: int) -> list[tuple[int, str]]:
    """The undecided steps (request, name) that ask a user, in the order of their requests."""
    return await tx.all(
        """
        SELECT candidate.request_id, candidate.step
          FROM approvals.candidate
          JOIN approvals.request ON request.id = candidate.request_id AND request.state = 'open'
          JOIN approvals.step ON step.request_id = candidate.request_id AND step.name = candidate.step
         WHERE candidate.user_id = %(user_id)s AND candidate.is_active AND step.decision IS NULL
           AND NOT EXISTS (SELECT FROM approvals.verdict
                            WHERE verdict.request_id = candidate.request_id AND verdict.step = candidate.step
                              AND verdict.candidate_id = candidate.user_id)
         ORDER BY 1, 2
        """,
        {"user_id": user_id},
    )
