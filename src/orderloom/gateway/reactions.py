"""What the gateway offers to the house: it tells facts to webhooks."""

from __future__ import annotations

from orderloom.base.types import SubjectKind, Subscriber
from orderloom.gateway.webhooks import SUBSCRIBER, deliver_webhooks

SUBSCRIBERS: dict[str, Subscriber] = {SUBSCRIBER: deliver_webhooks}

SUBJECTS: dict[str, SubjectKind] = {
    "gateway.partner": SubjectKind("gateway.partner", "/partners/{id}"),
    "gateway.call": SubjectKind("gateway.call", "/partners/calls/{id}"),
    "gateway.message": SubjectKind("gateway.message", "/partners/messages/{id}"),
}
