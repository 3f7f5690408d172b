"""The application: every route of every room, behind one dispatcher, with one way to say no."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pkgutil import iter_modules
from typing import Any, cast

import structlog
from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Response

import orderloom.web.api
import orderloom.web.pages
from orderloom.base.refusals import Unauthenticated
from orderloom.base.transaction import Database
from orderloom.base.types import House
from orderloom.web.answers import encoder
from orderloom.web.call import NOBODY
from orderloom.web.dispatch import admit, dispatch
from orderloom.web.edge import Edge, Metrics, told_path
from orderloom.web.live import LiveFeed
from orderloom.web.openapi import describe
from orderloom.web.problems import MEDIA_TYPE, problem_document, problems_of
from orderloom.web.routes import Route, Routes
from orderloom.web.settings import WebSettings
from orderloom.web.static import StaticFiles
from orderloom.web.templates import Templates

log = structlog.get_logger("orderloom.web")
TITLES = {403: "This is not for you", 404: "There is nothing here", 413: "Too large", 429: "Too many requests"}


@dataclass(frozen=True)
class Web:
    """What one web process holds; it keeps no state that a second process would miss."""

    database: Database
    house: House
    settings: WebSettings
    routes: tuple[Route, ...]
    templates: Templates
    static: StaticFiles
    metrics: Metrics
    feed: LiveFeed

    @cached_property
    def openapi(self) -> bytes:
        """The description of the API, made when somebody first asks: it takes longer than all else at the start."""
        return encoder.encode(describe(self.routes, version=program_version()))


def create_app(database: Database | str, house: House, settings: WebSettings | None = None) -> Litestar:
    """Build the application on an open database, or on an address that it opens and closes by itself.

    A route that declares no permission is a bug and stops it here.
    """
    settings = settings or WebSettings()
    own = Database(database, house, size=settings.connections) if isinstance(database, str) else None
    database = own or database
    assert isinstance(database, Database)
    routes = gather_routes()
    static, metrics = StaticFiles(), Metrics()
    web = Web(
        database=database,
        house=house,
        settings=settings,
        routes=routes,
        templates=Templates(version=static.version),
        static=static,
        metrics=metrics,
        feed=LiveFeed(database, settings, metrics),
    )

    @asynccontextmanager
    async def feeding(_app: Litestar) -> AsyncIterator[None]:
        async with own or nullcontext():
            await web.feed.start()
            yield
            await web.feed.stop()

    app = Litestar(
        route_handlers=[handler_of(web, route) for route in routes],
        exception_handlers={Exception: lambda request, error: refusal(web, request, error)},
        lifespan=[feeding],
        request_max_body_size=settings.body_bytes,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    app.asgi_handler = Edge(app.asgi_handler, metrics)
    app.state.web = web
    return app


def gather_routes() -> tuple[Route, ...]:
    """The routes of every room's `pages` and `api`, and those of the entrance itself."""
    found: list[Route] = []
    for package in (orderloom.web.api, orderloom.web.pages):
        for module in iter_modules(package.__path__):
            routes = import_module(f"{package.__name__}.{module.name}").routes
            assert isinstance(routes, Routes)
            found.extend(routes.all)
    assert all(route.permission for route in found), "every route declares its permission"
    return tuple(found)


def handler_of(web: Web, route: Route) -> HTTPRouteHandler:
    """The route as Litestar knows it: a path and a function of the request."""

    async def answer(request: Request[Any, Any, Any]) -> Response[Any]:
        if route.kind == "raw":
            await admit(web, route, request)
            return cast("Response[Any]", await route.answer(web, request, **request.path_params))
        return await dispatch(web, route, request)

    limit = {} if route.body_bytes is None else {"request_max_body_size": route.body_bytes}
    return HTTPRouteHandler(
        route.path,
        http_method=route.method,  # type: ignore[arg-type]
        name=f"{route.kind}.{route.name}.{route.method}.{route.path}",
        opt={"route": route},
        status_code=200,
        **limit,  # type: ignore[arg-type]
    )(answer)


def refusal(web: Web, request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """An error as its reader needs it: a problem document, a fragment, or a page."""
    status, problems = problems_of(error)
    state = request.scope["state"]
    correlation = state["correlation"]
    if status >= 500:
        log.error("bug", path=told_path(request.scope), correlation_id=correlation, exc_info=error)
    headers = allowed_methods(error)
    path = request.scope["path"]
    if path.startswith(("/api/", "/health/", "/metrics", "/live")) or path == "/api" or wants_json(request):
        if status == 401:
            headers["www-authenticate"] = 'Bearer realm="orderloom"'
        document = problem_document(status, problems, instance=path, correlation=correlation)
        return Response(encoder.encode(document), status_code=status, media_type=MEDIA_TYPE, headers=headers)

    partial = request.headers.get("hx-request") == "true"
    if isinstance(error, Unauthenticated):
        to = "/log-in" if request.method != "GET" or partial else f"/log-in?next={path}"
        header = {"hx-redirect": to} if partial else {"location": to}
        return Response(b"", status_code=204 if partial else 303, headers=header)
    context = {
        "problems": problems,
        "correlation": correlation,
        "title": TITLES.get(status, "That was refused" if status < 500 else "Something broke on our side"),
        "nonce": state["nonce"],
    }
    if partial:
        html = web.templates.render("refusals.html", None, context)
        headers |= {"hx-retarget": "#refusals", "hx-reswap": "innerHTML show:top", "hx-reselect": "unset"}
    else:
        html = web.templates.render("problem.html", None, {**context, **frame_of(request)})
    return Response(html.encode(), status_code=status, media_type="text/html; charset=utf-8", headers=headers)


def frame_of(request: Request[Any, Any, Any]) -> dict[str, Any]:
    from orderloom.web.navigation import navigation_for

    visitor = request.scope["state"].get("visitor", NOBODY)
    return {"visitor": visitor, "navigation": navigation_for(visitor.actor, request.scope["path"])}


def wants_json(request: Request[Any, Any, Any]) -> bool:
    accepted = request.headers.get("accept", "")
    return "json" in accepted and "text/html" not in accepted


def allowed_methods(error: Exception) -> dict[str, str]:
    return dict(error.headers or {}) if isinstance(error, HTTPException) else {}


def program_version() -> str:
    try:
        return version("orderloom")
    except PackageNotFoundError:
        return "0"
