"""The wire itself: one signed request to a partner, and what came of it. Touches no database."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from orderloom.base.parsing import read_json
from orderloom.base.refusals import Refused
from orderloom.gateway.addresses import Address, Network, is_private, may_call
from orderloom.gateway.rules import outcome_of_status
from orderloom.gateway.signatures import signed_headers
from orderloom.gateway.types import BODY_CAP, REPLY_LIMIT, Attempt, AttemptOutcome, ClaimedCall

CLIENTS_KEPT = 256
ADDRESSES_TRIED = 3
LARGEST_EXPONENT = 100
_KEPT_SECRET = frozenset({"webhook-signature", "authorization", "cookie", "set-cookie", "proxy-authorization"})

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]


async def resolve_name(host: str, port: int) -> list[Address]:
    """The addresses of a host, as the machine resolves them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(info[4][0]) for info in found))


class _Blocked(Exception):
    """The address may not be called."""


@dataclass(slots=True)
class _Progress:
    """How far a request came; once it is being written, its effect cannot be ruled out."""

    was_written: bool = False

    async def trace(self, name: str, _details: Mapping[str, Any]) -> None:
        if name == "http11.send_request_headers.started":
            self.was_written = True


@dataclass(slots=True)
class _Client:
    """Kept connections to one origin; never shared between host names, so no certificate is taken for another's."""

    http: httpx.AsyncClient
    in_use: int = 0


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    is_whole: bool


@dataclass(slots=True)
class Wire:
    """Sends requests; open it with `async with`, once for each worker process.

    `allowed` names the private networks that the configuration opens; no table can. A name is
    resolved here, every address of it is checked, and the connection goes to the checked address
    while TLS still verifies the name. Plain http goes to opened private networks only. Redirects,
    proxies of the environment and compressed replies are not taken.
    """

    allowed: Sequence[Network] = ()
    resolve: Resolve = resolve_name
    _clients: OrderedDict[tuple[str, str, int], _Client] = field(default_factory=OrderedDict)
    _tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for client in self._clients.values():
            await client.http.aclose()
        self._clients.clear()

    async def send(self, call: ClaimedCall) -> Attempt:
        """Send a call once and say what happened; never raises for anything that the other side does."""
        headers = _request_headers(call, call.body.encode())
        progress = _Progress()
        began = time.perf_counter()
        reply: _Reply | None = None
        outcome, problem = AttemptOutcome.UNREACHABLE, ""
        try:
            async with asyncio.timeout(call.timeout_seconds):
                reply = await self._exchange(call, headers, progress)
        except TimeoutError:
            outcome = AttemptOutcome.TIMEOUT if progress.was_written else AttemptOutcome.UNREACHABLE
            problem = f"No reply within {call.timeout_seconds:g} seconds."
        except _Blocked as error:
            outcome, problem = AttemptOutcome.BLOCKED, str(error)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, ValueError) as error:
            outcome = AttemptOutcome.LOST if progress.was_written else AttemptOutcome.UNREACHABLE
            problem = f"{type(error).__name__}: {error}"
        duration_ms = (time.perf_counter() - began) * 1000

        sent = {"request_headers": _kept_headers(headers), "request_body": call.body[:BODY_CAP]}
        if reply is None:
            return Attempt(call, outcome, duration_ms, problem=_plain(problem)[:1000], **sent)  # type: ignore[arg-type]
        return _read(call, reply, duration_ms, sent)

    async def _exchange(self, call: ClaimedCall, headers: Mapping[str, str], progress: _Progress) -> _Reply:
        parts = urlsplit(call.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        addresses = (await self._checked_addresses(parts.scheme, host, port))[:ADDRESSES_TRIED]
        client = await self._client(parts.scheme, host, port)
        client.in_use += 1
        try:
            for address in addresses:
                request = httpx.Request(
                    "POST",
                    _pinned(parts, port, address),
                    content=call.body.encode(),
                    headers={**headers, "host": parts.netloc},
                    extensions={"sni_hostname": host, "trace": progress.trace},
                )
                try:
                    return await _exchanged(client.http, request)
                except httpx.ConnectError:
                    if address == addresses[-1]:
                        raise
        finally:
            client.in_use -= 1
        raise _Blocked("The name has no address.")

    async def _checked_addresses(self, scheme: str, host: str, port: int) -> Sequence[Address]:
        if scheme not in ("http", "https") or not host:
            raise _Blocked("The address is no http or https address.")
        try:
            addresses: Sequence[Address] = [ip_address(host)]
        except ValueError:
            addresses = await self.resolve(host, port)
        for address in addresses:
            if not may_call(address, self.allowed):
                raise _Blocked(f"{host} leads to {address}, which is not a public address.")
            if scheme == "http" and not is_private(address):
                raise _Blocked("Plain http to a public address would show what is sent; use https.")
        return addresses

    async def _client(self, scheme: str, host: str, port: int) -> _Client:
        origin = (scheme, host, port)
        if origin not in self._clients:
            await self._make_room()
            self._clients[origin] = _Client(
                httpx.AsyncClient(
                    verify=self._tls,
                    follow_redirects=False,
                    trust_env=False,
                    timeout=None,  # the whole exchange has one limit, in `send`
                    limits=httpx.Limits(max_connections=1000, max_keepalive_connections=20, keepalive_expiry=15),
                )
            )
        self._clients.move_to_end(origin)
        return self._clients[origin]

    async def _make_room(self) -> None:
        idle = [origin for origin, client in self._clients.items() if not client.in_use]
        surplus = len(self._clients) + 1 - CLIENTS_KEPT
        for origin in idle[: max(surplus, 0)]:
            await self._clients.pop(origin).http.aclose()


def _pinned(parts: SplitResult, port: int, address: Address) -> str:
    literal = f"[{address}]" if address.version == 6 else str(address)
    return parts._replace(netloc=f"{literal}:{port}").geturl()


async def _exchanged(client: httpx.AsyncClient, request: httpx.Request) -> _Reply:
    response = await client.send(request, stream=True)
    try:
        return await _drained(response)
    finally:
        await response.aclose()


async def _drained(response: httpx.Response) -> _Reply:
    body = bytearray()
    is_whole = True
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > REPLY_LIMIT:
            is_whole = False
            break
    return _Reply(response.status_code, dict(response.headers), bytes(body[:REPLY_LIMIT]), is_whole)


def _request_headers(call: ClaimedCall, body: bytes) -> dict[str, str]:
    headers = {
        "content-type": "application/json",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "Orderloom",
        "idempotency-key": _header_text(call.wire_key),
        **signed_headers(
            call.secrets,
            message_id=f"call-{call.id}-{call.edition}",
            timestamp=int(call.started_at.timestamp()),
            body=body,
        ),
    }
    if call.correlation is not None:
        headers["orderloom-correlation"] = _header_text(call.correlation)
    return headers


def _header_text(text: str) -> str:
    """Text as a header may carry it: printable ASCII as it is, the rest as JSON escapes it."""
    escaped = json.dumps(text)[1:-1]
    return text if text.isascii() and text.isprintable() else escaped


def _read(call: ClaimedCall, reply: _Reply, duration_ms: float, sent: Mapping[str, Any]) -> Attempt:
    content, problem = _content(reply)
    outcome = outcome_of_status(reply.status, in_doubt=call.in_doubt, is_readable=content is not None)
    shows_problem = outcome is AttemptOutcome.NONSENSE or outcome is AttemptOutcome.REDIRECT
    if outcome is AttemptOutcome.REDIRECT:
        problem = f"The partner redirects ({reply.status}); redirects are not followed. Register the final address."
    return Attempt(
        call,
        outcome,
        duration_ms,
        status=reply.status if 100 <= reply.status < 600 else None,
        reply_headers=_kept_headers(reply.headers),
        reply_body=_plain(reply.body.decode("utf-8", "replace"))[:BODY_CAP],
        reply=content,
        retry_after_seconds=_retry_after(reply.headers),
        problem=problem if shows_problem else "",
        **sent,
    )


def _content(reply: _Reply) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object of a reply, an empty one for an empty body; None and why where it is neither."""
    if not reply.is_whole:
        return None, f"The reply is longer than {REPLY_LIMIT} bytes."
    if reply.headers.get("content-encoding", "identity") != "identity":
        return None, "The reply is compressed, though it was asked not to be."
    try:
        content = read_json(reply.body) if reply.body.strip() else {}
    except Refused as refused:
        return None, refused.problems[0].message
    if not isinstance(content, dict) or has_bad_values(content):
        return None, "The reply is no JSON object, or has text or numbers that cannot be kept."
    return content, ""


def has_bad_values(content: object) -> bool:
    """Whether there is text (NUL, half characters) or a number anywhere inside that a database cannot keep."""
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.keys())
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, str):
            if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
                return True
        elif isinstance(value, Decimal) and abs(value.adjusted()) > LARGEST_EXPONENT:
            return True
    return False


def _retry_after(headers: Mapping[str, str]) -> float | None:
    stated = headers.get("retry-after", "")
    return float(stated) if stated.isascii() and stated.isdigit() and len(stated) < 8 else None


def _kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    kept = [(name.lower(), value) for name, value in headers.items() if name.lower() not in _KEPT_SECRET]
    return {_plain(name)[:200]: _plain(value)[:500] for name, value in kept[:50]}


def _plain(text: str) -> str:
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()
