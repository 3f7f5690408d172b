"""Verbs for webhooks: tell facts to whoever asked, with retries, and tell them again on demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from orderloom.base.events import StoredEvent
from orderloom.base.refusals import NotFound, Problem, refuse_if_any
from orderloom.base.subscriptions import set_subscribed, subscribe
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.gateway.commands import endpoint_problems, enqueue, new_secret, partner_subject
from orderloom.gateway.events import CallResent, WebhookChanged, WebhookRegistered
from orderloom.gateway.store import partner as partners
from orderloom.gateway.store import webhook as store
from orderloom.gateway.types import CallDraft, PartnerDraft, RegisteredWebhook, WebhookDraft

SUBSCRIBER = "gateway.webhook"
RETRY_SECONDS = (5.0, 60.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)  # a day and more
REPLAY_PAGE = 500


async def register_webhook(tx: Tx, draft: WebhookDraft) -> RegisteredWebhook:
    """Tell these facts to this address from now on; of one account, where the draft names it.

    Returns the secret that requests are signed with, once. Event types that nobody declares are refused.
    """
    known = tx.house.events.keys() | {"*"}
    unknown = [
        Problem("event_unknown", f"No event is called {name}; choose from the list.", f"/event_types/{place}")
        for place, name in enumerate(draft.event_types)
        if name not in known
    ]
    refuse_if_any([*endpoint_problems(draft.url, "/url"), *unknown])

    webhook_id, secret = await store.next_webhook_id(tx), new_secret()
    code = f"webhook-{webhook_id}"
    partner_id = await partners.add_partner(tx, _partner(code, draft), kind="webhook")
    assert partner_id is not None, "a webhook's code is its own"
    await partners.add_secret(tx, partner_id, direction="out", secret=secret, old_valid_seconds=0)
    await store.add_webhook(tx, webhook_id, partner_id, draft)
    await subscribe(
        tx,
        subscriber=SUBSCRIBER,
        target_id=webhook_id,
        event_types=draft.event_types,
        account_id=draft.account_id,
    )
    tx.emit(WebhookRegistered(partner_subject(partner_id, code), draft.url, tuple(draft.event_types)))
    return RegisteredWebhook(webhook_id, secret)


async def set_webhook_active(tx: Tx, webhook_id: int, active: bool) -> None:
    """Pause a webhook or let it run; facts of a pause are told only when somebody replays them."""
    webhook = await _known(tx, webhook_id)
    if await store.set_active(tx, webhook_id, active=active):
        await set_subscribed(tx, subscriber=SUBSCRIBER, target_id=webhook_id, active=active)
        tx.emit(WebhookChanged(partner_subject(webhook.partner_id, webhook.partner), not active, active))


async def deliver_webhooks(tx: Tx, told: Sequence[tuple[int, StoredEvent]]) -> None:
    """Put facts in the outbox of the webhooks that want them, once each; what a pause left over is dropped."""
    known = {w.id: w for w in await store.webhooks(tx, sorted({target for target, _ in told})) if w.active}
    await enqueue(tx, [_delivery(known[target], event) for target, event in told if target in known])


async def replay_deliveries(tx: Tx, call_ids: Sequence[int], *, reason: str) -> list[int]:
    """Send ended deliveries again, delivered ones too, under the same id; returns those that are sent."""
    moved = await store.requeue_deliveries(tx, call_ids, reason=reason)
    tx.emit(CallResent(call.subject, call.id, call.partner, call.before, reason) for call in moved)
    tx.wake_worker()
    return sorted(call.id for call in moved)


async def replay_events(tx: Tx, webhook_id: int, *, since: datetime, until: datetime, reason: str) -> int:
    """Tell a webhook the facts of a span of time again, or for the first time; returns how many."""
    webhook = await _known(tx, webhook_id)
    told, last = 0, 0
    while page := await store.events_between(tx, webhook, since=since, until=until, after_id=last, limit=REPLAY_PAGE):
        ids = await enqueue(tx, [_delivery(webhook, event) for event in page])
        await store.requeue_deliveries(tx, ids, reason=reason)
        told, last = told + len(page), page[-1].id
    return told


def _partner(code: str, draft: WebhookDraft) -> PartnerDraft:
    return PartnerDraft(
        code=code,
        name=draft.name,
        endpoint=draft.url,
        max_in_flight=5,
        timeout_seconds=15,
        retry_seconds=RETRY_SECONDS,
        failure_limit=10,
        cool_down_seconds=60,
    )


def _delivery(webhook: store.KnownWebhook, event: StoredEvent) -> CallDraft:
    return CallDraft(
        partner=webhook.partner,
        operation=event.type,
        payload=_body(event),
        key=f"event-{event.id}",
        subject=Subject(event.subject_kind, event.subject_id, event.subject_label, event.account_id),
        path="",
    )


def _body(event: StoredEvent) -> Mapping[str, Any]:
    """The three fields that Standard Webhooks recommends."""
    return {
        "type": event.type,
        "timestamp": event.at,
        "data": {
            "id": event.id,
            "subject": {"kind": event.subject_kind, "id": event.subject_id, "label": event.subject_label},
            "account_id": event.account_id,
            "actor": {"kind": event.actor_kind, "name": event.actor_name},
            "fact": event.payload,
        },
    }


async def _known(tx: Tx, webhook_id: int) -> store.KnownWebhook:
    found = await store.webhooks(tx, [webhook_id])
    if not found:
        raise NotFound([Problem("webhook_unknown", "There is no such webhook; load the list again.")])
    return found[0]
