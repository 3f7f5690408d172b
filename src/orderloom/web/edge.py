"""The outermost layer of every request: correlation, security headers, access log and metrics."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog
from litestar.enums import ScopeType
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

CORRELATION = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; script-src 'nonce-{nonce}'; "
    "style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'"
)
SECRET_PATHS = ("/offers/", "/decide/", "/set-password/")
"""Addresses that let in whoever knows them: they go into no log, no index, and to no other site."""
SECRET_HEADERS = {"referrer-policy": "no-referrer", "x-robots-tag": "noindex, nofollow", "cache-control": "no-store"}
log = structlog.get_logger("orderloom.web")


class Metrics:
    """What one web process counts about itself."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "orderloom_http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "orderloom_http_request_seconds", "Time to the end of the answer.", ["route"], registry=self.registry
        )
        self.streams = Gauge("orderloom_live_streams", "Open streams of live events.", registry=self.registry)


class Edge:
    """Wraps the application; a request that fails inside has been answered before it comes back here."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        named = dict(scope["headers"]).get(b"x-correlation-id", b"").decode("latin-1")
        method = str(scope["method"])
        correlation = named if CORRELATION.match(named) else secrets.token_hex(8)
        nonce = secrets.token_urlsafe(16)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["correlation"], state["nonce"] = correlation, nonce
        status = 500
        length = 0

        async def answer(message: Message) -> None:
            nonlocal status, length
            if message["type"] == "http.response.start":
                status = message["status"]
                already = message["headers"]
                secret = scope["path"].startswith(SECRET_PATHS)
                message["headers"] = [*already, *protective(already, correlation, nonce, secret=secret)]
            elif message["type"] == "http.response.body":
                length += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            route = scope.get("path_template") or "unknown"
            self.metrics.requests.labels(method, route, status).inc()
            self.metrics.seconds.labels(route).observe(seconds)
            if not scope["path"].startswith(("/static/", "/health/", "/metrics")):
                visitor = state.get("visitor")
                log.info(
                    "request",
                    method=method,
                    path=told_path(scope),
                    route=route,
                    status=status,
                    milliseconds=round(seconds * 1000, 1),
                    bytes=length,
                    actor=visitor.actor.name if visitor else None,
                    correlation_id=correlation,
                )


def told_path(scope: Mapping[str, Any]) -> str:
    """The path as a log may have it: of a secret one, only its pattern."""
    secret = scope["path"].startswith(SECRET_PATHS)
    return str(scope.get("path_template") or "/" + scope["path"].split("/")[1]) if secret else str(scope["path"])


def protective(already: Any, correlation: str, nonce: str, *, secret: bool = False) -> list[tuple[bytes, bytes]]:
    """The headers that every answer carries; what the route set by itself stays."""
    names = {name.lower() for name, _ in already}
    ours = {
        **HEADERS,
        "content-security-policy": POLICY.format(nonce=nonce),
        "cache-control": "no-store",
        "x-correlation-id": correlation,
        **(SECRET_HEADERS if secret else {}),
    }
    return [(name.encode(), value.encode()) for name, value in ours.items() if name.encode() not in names]
