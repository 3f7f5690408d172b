"""Logging in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import urlsplit

from litestar.response import Response

from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.parties.commands.access import CodeNeeded, log_in, log_in_with_code, log_out
from orderloom.parties.types import CodeLogIn, LogIn, Opened
from orderloom.web.answers import Cookie, Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.dispatch import client_of, form_of, refuse_foreign, set_cookie
from orderloom.web.routes import PUBLIC, SIGNED_IN, Routes
from orderloom.web.visitors import SESSION_COOKIE

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("page")


class _Browser(TypedDict):
    address: str
    agent: str | None


@routes.get("/log-in", permission=PUBLIC)
async def log_in_page(call: Call) -> Page | SeeOther:
    """Ask who it is."""
    if call.visitor.signed_in:
        return SeeOther("/")
    shown = {
        "problems": (),
        "login": "",
        "next": inside(call.arguments.get("next", "")),
        "footer": call.settings.footer,
    }
    return Page("session/log_in.html", shown)


@routes.post("/log-in", permission=PUBLIC, kind="raw")
async def log_in_by_form(web: Web, request: Request[Any, Any, Any]) -> Response[Any]:
    """Let somebody in who knows the password. Hashing happens outside of any transaction."""
    refuse_foreign(request.headers)
    form = form_of(request, await request.body())
    typed = {"login": form.get("login", ""), "password": form.get("password", "")}
    to = inside(form.get("next", ""))
    try:
        opened = await log_in(web.database, parse(LogIn, typed), **_browser(request))
    except CodeNeeded as asked:
        return _ask_code(web, request, asked.token, to)
    except Refused as refused:
        shown = {"problems": refused.problems, "login": typed["login"], "next": to, "footer": web.settings.footer}
        return _shown(web, request, "session/log_in.html", shown, refused.status)
    return _let_in(web, opened, to)


@routes.post("/log-in/code", permission=PUBLIC, kind="raw")
async def log_in_with_code_by_form(web: Web, request: Request[Any, Any, Any]) -> Response[Any]:
    """Let somebody in who knew the password and now shows the code of their authenticator."""
    refuse_foreign(request.headers)
    form = form_of(request, await request.body())
    typed = parse(CodeLogIn, {"token": form.get("token", ""), "code": form.get("code", "")})
    to = inside(form.get("next", ""))
    try:
        opened = await log_in_with_code(web.database, typed, **_browser(request))
    except Refused as refused:
        if any(problem.code == "log_in_over" for problem in refused.problems):
            shown = {"problems": refused.problems, "login": "", "next": to, "footer": web.settings.footer}
            return _shown(web, request, "session/log_in.html", shown, refused.status)
        return _ask_code(web, request, typed.token, to, refused)
    return _let_in(web, opened, to)


def _browser(request: Request[Any, Any, Any]) -> _Browser:
    return {"address": client_of(request), "agent": request.headers.get("user-agent")}


def _let_in(web: Web, opened: Opened, to: str) -> Response[Any]:
    response: Response[Any] = Response(b"", status_code=303, headers={"location": to})
    set_cookie(response, web.settings, Cookie(SESSION_COOKIE, opened.token, web.settings.session_seconds))
    return response


def _ask_code(
    web: Web, request: Request[Any, Any, Any], token: str, to: str, refused: Refused | None = None
) -> Response[Any]:
    shown = {"problems": refused.problems if refused else (), "token": token, "next": to}
    return _shown(web, request, "session/code.html", shown, refused.status if refused else 200)


def _shown(
    web: Web, request: Request[Any, Any, Any], template: str, shown: Mapping[str, object], status: int
) -> Response[Any]:
    html = web.templates.render(template, None, {"nonce": request.scope["state"]["nonce"], **shown})
    return Response(html.encode(), status_code=status, media_type="text/html; charset=utf-8")


@routes.post("/log-out", permission=SIGNED_IN)
async def log_out_by_form(call: Call) -> SeeOther:
    """End the session of this browser."""
    if call.visitor.session:
        await log_out(call.tx, call.visitor.session)
    return SeeOther("/log-in", cookies=(Cookie(SESSION_COOKIE, "", 0),))


def inside(address: str) -> str:
    """The address if it is one of ours, else the start page: nobody is led elsewhere after logging in."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return address if ours and address.isprintable() else "/"
