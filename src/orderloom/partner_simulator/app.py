"""The simulator as an ASGI application: takes calls, remembers keys, counts effects, sends messages."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

import msgspec
import structlog

from orderloom.base.parsing import parse, read_json
from orderloom.base.refusals import Refused
from orderloom.gateway.signatures import why_not_genuine
from orderloom.partner_simulator.behaviour import Behaviour, Lot, draw, manner_of, matches
from orderloom.partner_simulator.messenger import Messenger
from orderloom.partner_simulator.scenario import event_outputs, outputs_of
from orderloom.partner_simulator.world import partner_secrets

BODY_LIMIT = 1_000_000
KEYS_REMEMBERED = 500_000
MOST_EVENTS = 10_000
_log = structlog.get_logger()
_encoder = msgspec.json.Encoder(decimal_format="number")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class Effect:
    """Work that was done once, and what was answered."""

    operation: str
    digest: str
    status: int = 0
    reply: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One request for work."""

    partner: str
    operation: str
    key: str
    correlation: str | None
    content: Mapping[str, Any]
    digest: str


class HungUp(Exception):
    """The connection is closed without a reply."""


@dataclass(slots=True)
class Simulator:
    """All partners at once. State lives in memory: a new process has done nothing yet."""

    messenger: Messenger
    master: str
    clock: Callable[[], float]
    behaviour: Behaviour = field(default_factory=Behaviour)
    effects: OrderedDict[tuple[str, str], Effect] = field(default_factory=OrderedDict)
    used: dict[int, int] = field(default_factory=dict)  # how often a rule with `times` was used

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            event = await receive()
            if event["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.messenger.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        body = await _body(receive)
        try:
            status, reply, extra = await self._answer(scope["method"], scope["path"], headers, body)
        except Refused as refused:
            status, reply, extra = refused.status, _json({"problems": [p.message for p in refused.problems]}), {}
        except HungUp:
            # An answer that breaks off: uvicorn closes the connection when the body is shorter than promised.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"64")]})
            return
        plain = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in extra.items())]
        await send({"type": "http.response.start", "status": status, "headers": plain})
        await send({"type": "http.response.body", "body": reply})

    async def _answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        if method == "GET":
            return 200, _json(self._shown(path)), {}
        if path == "/control":
            return 200, _json(self._controlled(body)), {}
        partner, _, operation = path.strip("/").partition("/")
        if method != "POST" or not partner or not operation:
            return 404, _json({"message": "POST to /{partner}/{operation}."}), {}
        return await self._work(partner, unquote(operation), headers, body)

    async def _work(
        self, partner: str, operation: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes, Mapping[str, str]]:
        problem = why_not_genuine([partner_secrets(self.master, partner).outgoing], headers, body, now=self.clock())
        if problem:
            return 401, _json({"code": problem, "message": "The signature is not ours."}), {}
        key = headers.get("idempotency-key", "")
        content = read_json(body)
        if not key or not isinstance(content, dict):
            return 400, _json({"message": "Send an Idempotency-Key and a JSON object."}), {}
        request = Request(
            partner, operation, key, headers.get("orderloom-correlation"), content, hashlib.sha256(body).hexdigest()
        )
        return await self._do(request)

    async def _do(self, request: Request) -> tuple[int, bytes, Mapping[str, str]]:
        effect = self._remembered(request)
        effect.requests += 1
        if effect.digest != request.digest:
            return 422, _json({"code": "key_reused", "message": "This key was used for another request."}), {}
        lot = self._drawn(request, effect.requests)
        if lot.fate == "error":
            await asyncio.sleep(lot.delay_seconds)
            return 503, _json({"message": "Not now."}), {}
        if lot.fate == "redirect":
            return 307, b"", {"location": "http://127.0.0.1:9/"}

        if effect.count == 0 and not effect.status:
            await self._take_effect(request, effect, lot)
        if lot.fate == "silence":
            await asyncio.sleep(lot.manner.silence_seconds)
            raise HungUp
        await asyncio.sleep(lot.delay_seconds)
        if lot.fate == "hang_up":
            raise HungUp
        if lot.fate == "nonsense":
            return 200, b"<html>It works!</html>", {}
        return effect.status, _json(effect.reply), {}

    async def _take_effect(self, request: Request, effect: Effect, lot: Lot) -> None:
        if lot.fate == "refuse":
            effect.status = 422
            effect.reply = {"code": "not_possible", "message": f"{request.partner} cannot do {request.operation}."}
            return
        effect.count += 1
        if request.operation == "expect":
            effect.status, effect.reply = 202, {"status": "accepted"}
            await self._announce(request, lot)
            return
        outputs = {**outputs_of(request.partner, request.operation, request.content, key=request.key)}
        outputs |= lot.manner.outputs
        if lot.manner.answer == "now" or request.correlation is None:
            effect.status, effect.reply = 200, {"status": "done", "outputs": outputs}
            return
        effect.status, effect.reply = 202, {"status": "accepted"}
        await self._tell(request, lot, kind=request.operation, outputs=outputs, number=1)

    async def _announce(self, request: Request, lot: Lot) -> None:
        kind = str(request.content.get("kind") or request.content.get("type") or "event")
        count = min(max(_whole(request.content.get("count")), 1), MOST_EVENTS)
        hint = request.content.get("hint") or request.content
        for number in range(1, count + 1):
            outputs = event_outputs(
                request.partner,
                kind,
                hint if isinstance(hint, dict) else {},
                identity=request.key,
                number=number,
                count=count,
            )
            await self._tell(request, lot, kind=kind, outputs={**outputs, **lot.manner.outputs}, number=number)

    async def _tell(self, request: Request, lot: Lot, *, kind: str, outputs: Mapping[str, Any], number: int) -> None:
        body = _json({"type": kind, "correlation": request.correlation, "outputs": outputs})
        mark = hashlib.sha256(f"{request.key}:{number}".encode()).hexdigest()[:32]
        times = 2 if lot.random.random() < lot.manner.duplicate else 1
        is_early = lot.random.random() < lot.manner.early
        delay = 0.0 if is_early else lot.random.uniform(*lot.manner.event_seconds) * self.behaviour.pace
        sent = [
            self.messenger.post(
                request.partner,
                partner_secrets(self.master, request.partner).incoming,
                message_id=f"msg_{mark}",
                body=body,
                delay_seconds=delay,
            )
            for _ in range(times)
        ]
        if is_early:
            await asyncio.wait(sent, timeout=5)

    def _remembered(self, request: Request) -> Effect:
        identity = (request.partner, request.key)
        if identity not in self.effects:
            if len(self.effects) >= KEYS_REMEMBERED:
                self.effects.popitem(last=False)
            self.effects[identity] = Effect(request.operation, request.digest)
        return self.effects[identity]

    def _drawn(self, request: Request, attempt: int) -> Lot:
        chosen = None
        for place, rule in enumerate(self.behaviour.rules):
            is_spent = rule.times and self.used.get(place, 0) >= rule.times
            if not is_spent and matches(rule, partner=request.partner, operation=request.operation):
                self.used[place] = self.used.get(place, 0) + 1
                chosen = rule
                break
        manner = manner_of(chosen, self.behaviour.defaults)
        return draw(self.behaviour, manner, identity=f"{request.partner}:{request.key}:{attempt}")

    def _controlled(self, body: bytes) -> Mapping[str, Any]:
        content = read_json(body)
        forgets = isinstance(content, dict) and content.pop("forget", False)
        behaviour = parse(Behaviour, content)
        for rule in behaviour.rules:
            manner_of(rule, behaviour.defaults)
        self.behaviour = behaviour
        if forgets:
            self.effects.clear()
            self.messenger.sent.clear()
        self.used.clear()
        return {"status": "done"}

    def _shown(self, path: str) -> Mapping[str, Any]:
        if path == "/effects":
            effects: dict[str, dict[str, Any]] = {}
            for (partner, key), effect in self.effects.items():
                effects.setdefault(partner, {})[key] = {
                    "operation": effect.operation,
                    "count": effect.count,
                    "requests": effect.requests,
                    "status": effect.status,
                }
            return {"effects": effects}
        if path == "/messages":
            return {"messages": list(self.messenger.sent), "pending": self.messenger.pending}
        return {"status": "ready"}


def _whole(count: object) -> int:
    return int(count) if isinstance(count, int | Decimal) else 1


def _json(content: object) -> bytes:
    return _encoder.encode(content)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        event = await receive()
        body += event.get("body", b"")
        if len(body) > BODY_LIMIT or not event.get("more_body"):
            return bytes(body[:BODY_LIMIT])
