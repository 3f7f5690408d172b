"""The people of the approvals' tests: a salesperson, her managers, finance, and somebody who may override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from orderloom.approvals.commands import decide_requests, publish_policies, submit_for_approval
from orderloom.approvals.types import Decided, PolicyDraft, Submission, Submitted, VerdictDraft, VerdictKind
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM, Actor, Subject
from orderloom.parties.commands import set_managers
from tests.approvals.given import policy
from tests.work import given


@dataclass(frozen=True, slots=True)
class Cast:
    """Sue sells for Max, who reports to Vera, vice president; Fay, Finn and Flo are finance; Otto may override."""

    sue: Actor
    max: Actor
    vera: Actor
    fay: Actor
    finn: Actor
    flo: Actor
    otto: Actor


async def enter(tx: Tx, draft: PolicyDraft | None = None) -> Cast:
    """The people and the policy of the reference."""
    finance = await given.team(tx, "Finance")
    names = ["Sue", "Max", "Vera", "Fay", "Finn", "Flo", "Otto"]
    people = [await given.person(tx, name, *([finance] if name.startswith("F") else [])) for name in names]
    cast = Cast(*people)
    await tx.execute(
        """
        INSERT INTO parties.team_member (team_id, user_id)
        SELECT %(team_id)s, id FROM parties.user WHERE name IN ('Fay', 'Finn', 'Flo')
        """,
        {"team_id": finance},
    )
    await tx.execute(
        """
          WITH role AS (
               INSERT INTO parties.role (code, name, permissions)
               VALUES ('vp_sales', 'VP Sales', '{}'), ('overrider', 'Overrider', '{approvals.override}')
            RETURNING id, code)
        INSERT INTO parties.user_role (user_id, role_id)
        SELECT person.id, role.id
          FROM role
          JOIN parties.user AS person ON (role.code, person.name) IN (('vp_sales', 'Vera'), ('overrider', 'Otto'))
        """
    )
    await set_managers(tx, {"sue@example.com": "max@example.com", "max@example.com": "vera@example.com"})
    await publish_policies(tx, [draft or policy()])
    return replace(cast, otto=replace(cast.otto, permissions=frozenset({"approvals.override"})))


def offer(
    discount: str = "20",
    margin: str = "40",
    terms: str = "30",
    *,
    amount: str = "900",
    subject: int = 1,
    **more: object,
) -> Submission:
    """A quote with these figures."""
    inputs: Mapping[str, object] = {
        "discount": Decimal(discount),
        "margin": Decimal(margin),
        "terms days": Decimal(terms),
        "amount": Decimal(amount),
    }
    identity = {"currency": "EUR", "customer": "AC-1"} | {k: str(v) for k, v in more.items()}
    return Submission(Subject("quote", subject, f"QU-{subject}"), inputs, identity, {"lines": ["router"]})


LINES = [
    {"line": "1", "product": "Core router CR-9000", "quantity": 2, "unit": "each", "one_time": 5400},
    {"line": "2", "product": "Installation", "quantity": 1, "unit": "each", "one_time": 1600, "causes": ["discount"]},
]
"""Lines as rooms show them."""


async def submit(tx: Tx, who: Actor, submission: Submission) -> Submitted:
    """Somebody submits."""
    tx.actor = who
    (found,) = await submit_for_approval(tx, [submission])
    tx.actor = SYSTEM
    return found


async def say(
    tx: Tx, who: Actor, request_id: int, verdict: VerdictKind = "approve", *, comment: str = "", step: str | None = None
) -> Decided:
    """Somebody decides on what the request shows."""
    content = await tx.value("SELECT encode(content_hash, 'hex') FROM approvals.request WHERE id = %(id)s",
                             {"id": request_id})  # fmt: skip
    tx.actor = who
    try:
        (decided,) = await decide_requests(tx, [(request_id, VerdictDraft(verdict, content, step, comment))])
    finally:
        tx.actor = SYSTEM
    return decided
