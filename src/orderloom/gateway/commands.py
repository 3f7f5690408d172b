"""Verbs for partners and calls: register, switch, rotate; enqueue, send again, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from secrets import token_bytes
from typing import Any
from urllib.parse import quote, urlsplit

from orderloom.base.refusals import Conflict, NotFound, Problem, refuse, refuse_if_any
from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.gateway.events import (
    CallCancelled,
    CallResent,
    PartnerChanged,
    PartnerCircuitMoved,
    PartnerRegistered,
    PartnerSwitched,
    SecretRotated,
)
from orderloom.gateway.facts import facts_of
from orderloom.gateway.rules import Asked, asked_again
from orderloom.gateway.signatures import is_secret, secret_of
from orderloom.gateway.states import CANCEL, RESEND
from orderloom.gateway.store import call as calls
from orderloom.gateway.store import forgetting
from orderloom.gateway.store import partner as partners
from orderloom.gateway.types import CallDraft, CallState, PartnerDraft, PartnerSecrets

OLD_SECRET_VALID_SECONDS = 24 * 3600.0
NO_SECRETS = PartnerSecrets(outgoing="", incoming="")


async def enqueue(tx: Tx, drafts: Sequence[CallDraft]) -> list[int]:
    """Write calls into the outbox; they are sent after the commit. Returns their ids, in order.

    Idempotent by partner and key. Work that is asked for again is left alone while it is under
    way; an answer that is there is told again; what ended without success is sent again under the
    same key, or under a new one if it was refused. A changed payload goes out under a new key, unless
    the old one was answered or is being sent: that is refused. An unknown partner refuses the batch.
    """
    if not drafts:
        return []
    columns = _columns(drafts)
    placed = await calls.add_calls(tx, columns)
    refuse_if_any([_unknown_partner(drafts[p.place - 1].partner, p.place - 1) for p in placed if p.partner_id is None])

    ids = {p.place: p.call_id for p in placed if p.call_id is not None}
    known = [p.place for p in placed if p.call_id is None]
    if known:
        ids |= await _ask_again(tx, drafts, columns, known)
    tx.wake_worker()
    return [ids[place] for place in range(1, len(drafts) + 1)]


async def resend(tx: Tx, call_ids: Sequence[int], *, reason: str) -> list[int]:
    """Send ended calls again, by a person's wish, on a fresh schedule. Returns those that were not answered."""
    moved = await calls.requeue_calls(tx, call_ids, RESEND, reason=reason)
    tx.emit(CallResent(call.subject, call.id, call.partner, call.before, reason) for call in moved)
    tx.wake_worker()
    return sorted(call.id for call in moved)


async def cancel(tx: Tx, call_ids: Sequence[int], *, reason: str) -> list[int]:
    """Withdraw calls that are not being sent and not answered; returns those that were withdrawn."""
    moved = await calls.cancel_calls(tx, call_ids, CANCEL, reason=reason)
    tx.emit(
        CallCancelled(call.subject, call.id, call.correlation, call.partner, call.operation, reason) for call in moved
    )
    return sorted(call.id for call in moved)


async def withdraw(tx: Tx, correlations: Sequence[str], *, reason: str) -> list[int]:
    """Withdraw what was to be asked and has not been sent yet, since nobody waits for it any more; return those."""
    waiting = await calls.queued_calls(tx, correlations) if correlations else []
    return await cancel(tx, waiting, reason=reason)


async def register_partner(tx: Tx, draft: PartnerDraft, secrets: PartnerSecrets = NO_SECRETS) -> PartnerSecrets:
    """Make an outside system known. Returns its keys, made here unless given; they are never shown again."""
    if draft.code.startswith("webhook-"):
        refuse("code_reserved", "Codes that begin with webhook- belong to webhooks; choose another.", "/code")
    refuse_if_any([*endpoint_problems(draft.endpoint, "/endpoint"), *_secret_problems(secrets)])
    partner_id = await partners.add_partner(tx, draft, kind="system")
    if partner_id is None:
        raise Conflict([Problem("partner_exists", f"{draft.code} is registered already; change it instead.", "/code")])

    kept = PartnerSecrets(outgoing=secrets.outgoing or new_secret(), incoming=secrets.incoming or new_secret())
    await partners.add_secret(tx, partner_id, direction="out", secret=kept.outgoing, old_valid_seconds=0)
    await partners.add_secret(tx, partner_id, direction="in", secret=kept.incoming, old_valid_seconds=0)
    tx.emit(PartnerRegistered(partner_subject(partner_id, draft.code), draft.endpoint))
    return kept


async def update_partner(tx: Tx, draft: PartnerDraft) -> None:
    """Change address and limits; calls that wait go to the new address. Nothing changed: nobody is told."""
    refuse_if_any(endpoint_problems(draft.endpoint, "/endpoint"))
    changed = await partners.change_partner(tx, draft)
    if changed is None:
        raise NotFound([_unknown_partner(draft.code)])
    partner_id, before, after = changed
    if before:
        tx.emit(PartnerChanged(partner_subject(partner_id, draft.code), before, after))
    tx.wake_worker()


async def set_online(tx: Tx, codes: Sequence[str], online: bool, *, reason: str) -> list[str]:
    """Take partners off line, so that their calls wait, or put them back. Returns those that were switched."""
    await _known(tx, codes)
    switched = await partners.set_online(tx, codes, online=online, reason=reason)
    tx.emit(PartnerSwitched(partner_subject(p.id, p.code), not online, online, reason) for p in switched)
    tx.wake_worker()
    return [p.code for p in switched]


async def close_circuit(tx: Tx, codes: Sequence[str]) -> list[str]:
    """Call partners again at once, because a person knows that they are well. Returns those that were not called."""
    await _known(tx, codes)
    closed = await partners.close_circuits(tx, codes)
    tx.emit(PartnerCircuitMoved(partner_subject(p.id, p.code), before, "closed") for p, before in closed)
    tx.wake_worker()
    return [p.code for p, _ in closed]


async def rotate_secret(
    tx: Tx, code: str, *, direction: str, secret: str = "", old_valid_seconds: float = OLD_SECRET_VALID_SECONDS
) -> str:
    """Give a partner a new key, `out` for our signatures or `in` for its own; the old one holds for a while.

    Meanwhile our requests carry both signatures and its messages may carry either.
    """
    if direction not in ("in", "out"):
        refuse("direction_unknown", "Say whether the key is for what goes out or what comes in.", "/direction")
    if secret and not is_secret(secret):
        refuse("secret_malformed", "Give whsec_ and a base64 key of 24 to 64 bytes, or leave it out.", "/secret")
    partner = (await _known(tx, [code]))[0]
    fresh = secret or new_secret()
    await partners.add_secret(tx, partner.id, direction=direction, secret=fresh, old_valid_seconds=old_valid_seconds)
    tx.emit(SecretRotated(partner_subject(partner.id, code), direction))
    return fresh


def new_secret() -> str:
    """A key of 256 random bits."""
    return secret_of(token_bytes(32))


def partner_subject(partner_id: int, code: str) -> Subject:
    """A partner as the subject of a fact."""
    return Subject("gateway.partner", partner_id, code)


def _columns(drafts: Sequence[CallDraft]) -> dict[str, list[Any]]:
    return {
        "partners": [d.partner for d in drafts],
        "operations": [d.operation for d in drafts],
        "paths": [f"/{quote(d.operation, safe='')}" if d.path is None else d.path for d in drafts],
        "payloads": [Json(d.payload) for d in drafts],
        "keys": [d.key for d in drafts],
        "correlations": [d.correlation for d in drafts],
        "subject_kinds": [d.subject.kind for d in drafts],
        "subject_ids": [d.subject.id for d in drafts],
        "subject_labels": [d.subject.label for d in drafts],
        "account_ids": [d.subject.account_id for d in drafts],
        "delays": [float(d.delay_seconds) for d in drafts],
    }


async def _ask_again(
    tx: Tx, drafts: Sequence[CallDraft], columns: dict[str, list[Any]], places: Sequence[int]
) -> dict[int, int]:
    known = await calls.lock_known_calls(tx, columns, places)
    asked = [(call, asked_again(CallState(call.state), is_same=call.is_same, was_sent=call.was_sent)) for call in known]
    refuse_if_any([_other_work(drafts[call.place - 1], call.place - 1) for call, what in asked if what is Asked.REFUSE])

    tell = [call.id for call, what in asked if what is Asked.TELL]
    if tell:
        tx.emit(facts_of(await calls.calls_as_they_are(tx, tell)))
    again = [call.id for call, what in asked if what is Asked.RESEND]
    if again:
        await calls.requeue_calls(tx, again, RESEND, reason=None)
    changed = [(call, what) for call, what in asked if what in (Asked.REPLACE, Asked.NEW_EDITION)]
    if changed:
        await calls.replace_payloads(
            tx,
            [call.id for call, _ in changed],
            columns,
            [call.place for call, _ in changed],
            new_editions=[what is Asked.NEW_EDITION for _, what in changed],
        )
    return {call.place: call.id for call in known}


async def _known(tx: Tx, codes: Sequence[str]) -> list[partners.KnownPartner]:
    found = await partners.partners_by_code(tx, codes)
    missing = [code for code in codes if code not in {p.code for p in found}]
    if missing:
        raise NotFound([_unknown_partner(code) for code in missing])
    return found


def _unknown_partner(code: str, place: int | None = None) -> Problem:
    pointer = "" if place is None else f"/{place}/partner"
    return Problem("partner_unknown", f"No partner {code} is registered; register it or check the code.", pointer)


def _other_work(draft: CallDraft, place: int) -> Problem:
    return Problem(
        "key_in_use",
        f"{draft.partner} was already asked for other work under the key {draft.key}; use another key.",
        f"/{place}/key",
    )


def endpoint_problems(endpoint: str, pointer: str) -> list[Problem]:
    """What is wrong with an address that requests are to be sent to."""
    try:
        parts = urlsplit(endpoint)
        is_whole = bool(parts.hostname) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        return [Problem("endpoint_malformed", "Give an address such as https://partner.example/api.", pointer)]
    if not is_whole or not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return [Problem("endpoint_malformed", "Give an address such as https://partner.example/api.", pointer)]
    if parts.username is not None or parts.query or parts.fragment:
        return [Problem("endpoint_extra", "Leave user, query and fragment out of the address.", pointer)]
    return []


def _secret_problems(secrets: PartnerSecrets) -> list[Problem]:
    return [
        Problem("secret_malformed", "Give whsec_ and a base64 key of 24 to 64 bytes, or leave it out.", f"/{name}")
        for name, secret in (("outgoing", secrets.outgoing), ("incoming", secrets.incoming))
        if secret and not is_secret(secret)
    ]


async def forget_wire(tx: Tx, *, keep: timedelta, limit: int) -> int:
    """Forget headers and bodies of what went over the wire longer ago than `keep`; return of how many attempts.

    That a call was made, when, its outcome and status stay, and so does what open calls have tried. Call it
    again while it returns `limit`.
    """
    return await forgetting.forget_bodies(tx, keep=keep, limit=limit)
