"""What belongs to no room: health, metrics, static files and the live stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litestar.response import Response, Stream
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.web.answers import Page
from orderloom.web.call import Call
from orderloom.web.counts import waiting_counts
from orderloom.web.live import place_from
from orderloom.web.routes import PUBLIC, SIGNED_IN, Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

READY_SECONDS = 2.0
routes = Routes("raw")


@routes.get("/health/live", permission=PUBLIC)
async def health_live(_web: Web, _request: Request[Any, Any, Any]) -> Response[Any]:
    """Say that the process runs."""
    return Response(b'{"status":"live"}', media_type="application/json")


@routes.get("/health/ready", permission=PUBLIC)
async def health_ready(web: Web, _request: Request[Any, Any, Any]) -> Response[Any]:
    """Say whether requests can be answered: the database is there within two seconds."""
    try:
        async with asyncio.timeout(READY_SECONDS), transaction(web.database, SYSTEM) as tx:
            await tx.value("SELECT 1")
    except Exception:
        return Response(b'{"status":"not ready"}', media_type="application/json", status_code=503)
    return Response(b'{"status":"ready"}', media_type="application/json")


@routes.get("/metrics", permission=PUBLIC)
async def metrics(web: Web, _request: Request[Any, Any, Any]) -> Response[Any]:
    """What this process counts about itself, for Prometheus."""
    return Response(generate_latest(web.metrics.registry), media_type=CONTENT_TYPE_LATEST)


@routes.get("/static/{name:path}", permission=PUBLIC)
async def static_file(web: Web, request: Request[Any, Any, Any], name: str) -> Response[Any]:
    """Send a file that pages load."""
    found = web.static.find(str(name), accepts=request.headers.get("accept-encoding", ""))
    if found is None:
        raise NotFound([Problem("not_found", "There is no such file. Reload the page.")])
    content, headers = found
    return Response(content, media_type=headers["content-type"], headers=headers)


@routes.get("/api/openapi.json", permission=PUBLIC)
async def openapi_document(web: Web, _request: Request[Any, Any, Any]) -> Response[Any]:
    """Send the description of the API."""
    return Response(web.openapi, media_type="application/vnd.oai.openapi+json")


@routes.get("/api/docs", permission=PUBLIC)
async def api_docs(web: Web, request: Request[Any, Any, Any]) -> Response[Any]:
    """Show the description of the API to people."""
    html = web.templates.render("docs.html", None, {"nonce": request.scope["state"]["nonce"]})
    return Response(html.encode(), media_type="text/html; charset=utf-8")


@routes.get("/live", permission=SIGNED_IN)
async def live(web: Web, request: Request[Any, Any, Any]) -> Stream:
    """Stream what changes, as far as the reader may know of it."""
    named = request.headers.get("last-event-id") or request.query_params.get("since") or ""
    since = place_from(str(named))
    return Stream(
        web.feed.stream(request.scope["state"]["visitor"].actor, since),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


@routes.get("/counts", permission=SIGNED_IN, kind="page")
async def rail_counts(call: Call) -> Page:
    """How much waits behind the places of the rail, for a page that is open."""
    return Page("counts.html", {"counted": await waiting_counts(call.tx)})
