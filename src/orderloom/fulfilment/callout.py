"""What partners are asked, and what their answers mean: payload out, reply in, both pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderloom.fulfilment.context import StepContext


def correlation_of(process_id: int, number: int) -> str:
    """What a partner names in its answer, the same for every attempt."""
    return f"{process_id}:{number}"


def step_of(correlation: str | None) -> tuple[int, int] | None:
    """The step that a correlation names, or None when it is not one of ours."""
    process_id, _, number = (correlation or "").partition(":")
    if not (process_id.isascii() and process_id.isdigit() and number.isascii() and number.isdigit()):
        return None
    return (int(process_id), int(number)) if len(process_id) < 19 and len(number) < 10 else None


def operation_of(step_key: str) -> str:
    """The name of the operation: the step's local name in the catalogue."""
    return step_key.rsplit("/", 1)[-1]


def payload_of(context: StepContext, *, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The body of a call.

    Carries the order, its revision and the bundle with everything, so that the bundle is preserved
    downstream, and the thing with its own characteristics and lines.
    """
    body: dict[str, Any] = {
        "type": operation_of(context.step_key),
        "title": context.title,
        "correlation": correlation_of(context.process_id, context.number),
        "order": {
            "number": context.order_number,
            "revision": context.revision,
            "customer": context.account_name,
            "po_number": context.po_number,
        },
        "bundles": list(context.bundles),
    }
    if context.item_id is not None:
        body["item"] = {
            "key": context.thing_key,
            "kind": context.thing_kind,
            "spec": context.spec,
            "action": context.action,
            "label": context.label,
            "quantity": context.quantity,
            "characteristics": dict(context.characteristics or {}),
            "lines": [dict(line) for line in context.lines or ()],
        }
    if context.address is not None:
        body["place"] = dict(context.address)
    if context.expected is not None:
        body["count"] = context.expected
    return body | dict(extra or {})


def outputs_of(reply: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a reply tells: its `outputs`, or else the whole of it without our own references."""
    if reply is None:
        return {}
    outputs = reply.get("outputs")
    if isinstance(outputs, Mapping):
        return dict(outputs)
    return {name: value for name, value in reply.items() if name not in {"correlation", "type", "status"}}


def refusal_of(status: int, reply: Mapping[str, Any] | None) -> str:
    """What a partner's no says, as a sentence for the person who repairs it."""
    told = reply or {}
    reason = told.get("detail") or told.get("message") or told.get("error") or told.get("title")
    return f"The partner refused ({status}): {reason}" if reason else f"The partner refused with status {status}."
