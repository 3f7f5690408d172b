"""What fulfilment does when steps move, partners answer and holds come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from orderloom.approvals.events import ApprovalDecided, ApprovalRequested
from orderloom.base.events import Event
from orderloom.base.transaction import Tx
from orderloom.base.types import Reaction
from orderloom.billing.events import TriggerMoved
from orderloom.fulfilment.callout import correlation_of, operation_of, outputs_of, payload_of, refusal_of, step_of
from orderloom.fulfilment.commands import absorb, keep_up_orders, sync_holds
from orderloom.fulfilment.commands.approving import follow_approvals
from orderloom.fulfilment.commands.billing import bill_the_rest, bill_without_a_step
from orderloom.fulfilment.commands.supplying import supply_short_steps
from orderloom.fulfilment.events import KitsCompleted, OrderPlanned
from orderloom.fulfilment.handlers import STEP_KINDS as HANDLERS
from orderloom.fulfilment.handlers import write_realizations
from orderloom.fulfilment.reads import contexts
from orderloom.gateway.commands import enqueue
from orderloom.gateway.events import CallAnswered, CallExhausted, CallRefused, CallUnknown, MessageReceived
from orderloom.gateway.inbox import leave_unmatched, messages_waiting, open_messages, settle_messages
from orderloom.gateway.reads import replies
from orderloom.gateway.types import CallDraft
from orderloom.gateway.types import Message as Told
from orderloom.orders.events import HoldPlaced, HoldReleased
from orderloom.processes.commands import complete_steps, count_events, deliver, fail_steps
from orderloom.processes.events import (
    ProcessAmended,
    ProcessFinished,
    StepDone,
    StepFailed,
    StepOverdue,
    StepRepaired,
    StepsCancelled,
    StepsHeld,
    StepSkipped,
    StepsReleased,
    StepStarted,
)
from orderloom.processes.reads import steps_by_id
from orderloom.processes.types import Completion, Count, Delivery, ErrorClass, Failure, Message, Step, StepId
from orderloom.stock.events import StockAdjusted, StockReceived, StockReleased

E = TypeVar("E", CallRefused, CallUnknown | CallExhausted)

ORDER = "order"
EXPECT = "expect"


async def keep_up(tx: Tx, events: Sequence[Event]) -> None:
    """Follow what became of steps: gates, cancellations, states and dates."""
    await keep_up_orders(tx, _orders(events))


async def announce(tx: Tx, events: Sequence[StepStarted | StepRepaired]) -> None:
    """Tell partners what we wait for, so that they can tell us when it happens."""
    ids = [StepId(event.process_id, event.number) for event in events if event.subject.kind == ORDER]
    open_ids = {step.id for step in await steps_by_id(tx, ids) if step.mode == "event" and step.state == "waiting"}
    drafts = []
    for about in await contexts(tx, ids):
        if about.partner is None or about.id not in open_ids:
            continue
        kind = operation_of(about.step_key.split(" rest ")[0])
        body = payload_of(about)
        body["type"] = kind
        lines = (about.params or {}).get("lines") or about.lines or ()
        body |= {"kind": kind, "count": about.expected or 1, "hint": {"lines": list(lines)}}
        drafts.append(
            CallDraft(
                partner=about.partner,
                operation=EXPECT,
                payload=body,
                key=f"{correlation_of(*about.id)}:{EXPECT}",
                subject=about.order,
                correlation=correlation_of(*about.id),
            )
        )
    await enqueue(tx, drafts)
    await _deliver_waiting(tx, [about for about in open_ids])


async def take_answers(tx: Tx, events: Sequence[CallAnswered]) -> None:
    """A partner answered a call: with its result now, or with a promise of a message."""
    mine = [event for event in events if event.subject.kind == ORDER and event.operation != EXPECT]
    now = [event for event in mine if event.status != 202 and event.correlation]
    long = [event.call_id for event in now if event.reply is None]
    whole = {reply.call_id: reply.reply for reply in await replies(tx, long)} if long else {}
    await deliver(
        tx,
        [
            Message(
                str(event.correlation), outputs_of(whole.get(event.call_id) if event.reply is None else event.reply)
            )
            for event in now
        ],
    )
    later = [step_of(event.correlation) for event in mine if event.status == 202]
    await _deliver_waiting(tx, [StepId(*step) for step in later if step])


async def take_refusals(tx: Tx, events: Sequence[CallRefused]) -> None:
    """A partner's business said no: a person decides."""
    await deliver(
        tx,
        [
            Message(str(e.correlation), error_class="business", error=refusal_of(e.status, e.reply))
            for e in events
            if e.subject.kind == ORDER and e.operation != EXPECT and e.correlation
        ],
    )
    await _nobody_tells(tx, {e.correlation: ("business", refusal_of(e.status, e.reply)) for e in _announced(events)})


async def take_unknown(tx: Tx, events: Sequence[CallUnknown | CallExhausted]) -> None:
    """Nobody knows what a partner did, or it cannot be reached: never success, a person decides."""
    await deliver(
        tx,
        [
            Message(str(e.correlation), error_class="unknown", error=_doubt(e))
            for e in events
            if e.subject.kind == ORDER and e.operation != EXPECT and e.correlation
        ],
    )
    await _nobody_tells(tx, {e.correlation: ("unknown", _doubt(e)) for e in _announced(events)})


def _announced(events: Sequence[E]) -> list[E]:
    return [event for event in events if event.subject.kind == ORDER and event.operation == EXPECT]


async def _nobody_tells(tx: Tx, doubts: Mapping[str | None, tuple[ErrorClass, str]]) -> None:
    """Steps that wait for what nobody may ever tell fall out, instead of waiting for ever."""
    failures = {StepId(*step): doubt for name, doubt in doubts.items() if (step := step_of(name))}
    waiting = [step.id for step in await steps_by_id(tx, list(failures)) if step.state == "waiting"]
    await fail_steps(tx, [Failure(*id_, *failures[id_]) for id_ in waiting])


def _doubt(event: CallUnknown | CallExhausted) -> str:
    if isinstance(event, CallUnknown):
        return f"{event.partner} may or may not have done it ({event.problem or event.outcome}); ask before retrying."
    return f"{event.partner} could not be reached ({event.problem or event.outcome}); retry when it is back."


async def take_messages(tx: Tx, events: Sequence[MessageReceived]) -> None:
    """Partners told us something: match it to the step that waits for it, or keep it where a person sees it."""
    await _match(tx, await open_messages(tx, [event.message_id for event in events]))


async def _deliver_waiting(tx: Tx, ids: Sequence[StepId]) -> None:
    """Steps wait now whose messages may have come before."""
    if ids:
        await _match(tx, await messages_waiting(tx, [correlation_of(*id_) for id_ in ids]))


async def _match(tx: Tx, messages: Sequence[Told]) -> None:
    """Give messages to their steps together; of several for one step, each after the one before."""
    named = {message.id: step_of(message.correlation) for message in messages}
    settled: list[int] = []
    kept: dict[str, list[int]] = {}
    rest = list(messages)
    while rest:
        first: dict[tuple[int, int] | int, Told] = {}
        for message in rest:
            first.setdefault(named[message.id] or -message.id, message)
        chosen = {message.id for message in first.values()}
        rest = [message for message in rest if message.id not in chosen]
        steps = [StepId(*place) for place in first if isinstance(place, tuple)]
        found: dict[tuple[int, int] | int, Step] = {step.id: step for step in await steps_by_id(tx, steps)}
        heard = [(message, found.get(place)) for place, message in first.items()]
        for message_id, verdict in (await _apply(tx, heard)).items():
            if verdict is None:
                settled.append(message_id)
            else:
                kept.setdefault(verdict, []).append(message_id)
    if settled:
        await settle_messages(tx, settled)
    for reason, ids in kept.items():
        await leave_unmatched(tx, ids, reason=reason)


async def _apply(tx: Tx, heard: Sequence[tuple[Told, Step | None]]) -> dict[int, str | None]:
    """Give each message to its step; say of each why it has to be kept, or None when it is settled."""
    verdicts: dict[int, str | None] = {message.id: _obstacle(message, step) for message, step in heard}
    open_ones = [(message, step) for message, step in heard if step is not None and verdicts[message.id] is None]
    failing = [(message, step) for message, step in open_ones if message.outputs.get("error")]
    telling = [(message, step) for message, step in open_ones if not message.outputs.get("error")]
    if failing:
        await fail_steps(
            tx, [Failure(*step.id, "business", f"{m.partner} reported: {m.outputs['error']}") for m, step in failing]
        )
    for message, step, delivery in await _complete(tx, telling):
        if delivery == Delivery.HELD:
            verdicts[message.id] = "the step is on hold; the message takes effect when it is released"
        elif delivery == Delivery.UNKNOWN and step.state not in ("done", "skipped", "cancelled"):
            verdicts[message.id] = "the step does not wait for it yet"
    return verdicts


def _obstacle(message: Told, step: Step | None) -> str | None:
    """Why a message cannot be given to the step that it names."""
    if step is None:
        return "no step waits for this correlation"
    if step.partner != message.partner:
        return f"the step waits for {step.partner or 'nobody'}, not for {message.partner}"
    if message.outputs.get("error") and step.state not in ("waiting", "running", "ready"):
        return "the step is not open"
    return None


async def _complete(tx: Tx, telling: Sequence[tuple[Told, Step]]) -> list[tuple[Told, Step, Delivery]]:
    counting = [(m, step) for m, step in telling if step.mode == "event" and step.expected is not None]
    happening = [(m, step) for m, step in telling if step.mode == "event" and step.expected is None]
    answering = [(m, step) for m, step in telling if step.mode != "event"]
    deliveries: list[Delivery] = []
    if counting:
        deliveries += await count_events(tx, [Count(*step.id, 1) for _, step in counting])
    if happening:
        deliveries += await complete_steps(tx, [Completion(*step.id, m.outputs) for m, step in happening])
    if answering:
        deliveries += await deliver(tx, [Message(correlation_of(*step.id), m.outputs) for m, step in answering])
    ordered = [*counting, *happening, *answering]
    return [(message, step, delivery) for (message, step), delivery in zip(ordered, deliveries, strict=True)]


async def deliver_kept(tx: Tx, events: Sequence[StepsReleased]) -> None:
    """What came while steps were on hold takes effect now."""
    await _deliver_waiting(tx, [StepId(e.process_id, number) for e in events for number in e.numbers])


async def follow_holds(tx: Tx, events: Sequence[HoldPlaced | HoldReleased]) -> None:
    """Suspend and release steps as the holds say, whoever placed or lifted them."""
    await sync_holds(tx, _orders(events))


async def follow_decisions(tx: Tx, events: Sequence[ApprovalRequested | ApprovalDecided]) -> None:
    """What was approved goes on; what was refused says why it stands."""
    await follow_approvals(tx, _orders(events))


async def supply_short(tx: Tx, events: Sequence[StockAdjusted | StockReceived | StockReleased]) -> None:
    """Goods are free that were not: steps that failed for want of them go on, whose turn it is."""
    skus = sorted({sku for event in events for sku in _freed(event)})
    if skus:
        await supply_short_steps(tx, skus=skus)


def _freed(event: StockAdjusted | StockReceived | StockReleased) -> Sequence[str]:
    if isinstance(event, StockAdjusted):
        return [event.sku] if event.after > event.before else []
    return [line["sku"] for line in event.lines] if isinstance(event, StockReleased) else event.skus


async def supply_released(tx: Tx, events: Sequence[StepsReleased]) -> None:
    """What came in while steps were on hold is theirs now, if it is free."""
    await supply_short_steps(tx, process_ids=sorted({event.process_id for event in events}))


async def bill_at_once(tx: Tx, events: Sequence[TriggerMoved | KitsCompleted | HoldReleased]) -> None:
    """What waits for no billing step is billed when it is ready: at its own gate, kit by kit, or once its hold ends."""
    await bill_without_a_step(tx, _orders(events))


async def finish_orders(tx: Tx, events: Sequence[ProcessFinished]) -> None:
    """The plan is carried out: write what is installed and charge for what is left."""
    done = [event.subject.id for event in events if event.subject.kind == ORDER and event.state == "done"]
    if done:
        await write_realizations(tx, done)
        await bill_the_rest(tx, done)


def _orders(events: Sequence[Event]) -> list[int]:
    return sorted({event.subject.id for event in events if event.subject.kind == ORDER})


FOLDING = (keep_up, bill_at_once)

REACTIONS: Mapping[type[Event], tuple[Reaction, ...]] = {
    OrderPlanned: (follow_holds,),
    StepStarted: (announce, keep_up),
    StepDone: (keep_up,),
    StepSkipped: (keep_up,),
    StepFailed: (keep_up,),
    StepRepaired: (announce, keep_up),
    StepsHeld: (keep_up,),
    StepsReleased: (deliver_kept, supply_released, keep_up),
    StepsCancelled: (keep_up,),
    StepOverdue: (keep_up,),
    ProcessAmended: (keep_up,),
    ProcessFinished: (finish_orders, keep_up),
    CallAnswered: (take_answers,),
    CallRefused: (take_refusals,),
    CallUnknown: (take_unknown,),
    CallExhausted: (take_unknown,),
    MessageReceived: (take_messages,),
    ApprovalRequested: (follow_decisions,),
    ApprovalDecided: (follow_decisions,),
    HoldPlaced: (follow_holds,),
    HoldReleased: (follow_holds, bill_at_once),
    KitsCompleted: (bill_at_once,),
    TriggerMoved: (bill_at_once,),
    StockAdjusted: (supply_short,),
    StockReceived: (supply_short,),
    StockReleased: (supply_short,),
}
STEP_KINDS = HANDLERS
ABSORBERS = {ORDER: absorb}
