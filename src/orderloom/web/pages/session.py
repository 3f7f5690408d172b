"""Logging in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from litestar.response import Response

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused
from orderloom.parties.commands.access import log_in, log_out
from orderloom.parties.types import LogIn
from orderloom.web.answers import Cookie, Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.dispatch import client_of, form_of, refuse_foreign, set_cookie
from orderloom.web.routes import PUBLIC, SIGNED_IN, Routes
from orderloom.web.visitors import SESSION_COOKIE

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("page")


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
        opened = await log_in(
            web.database,
            parse(LogIn, typed),
            address=client_of(request),
            agent=request.headers.get("user-agent"),
        )
    except Refused as refused:
        return ask_again(web, request, typed["login"], to, refused)
    response: Response[Any] = Response(b"", status_code=303, headers={"location": to})
    set_cookie(response, web.settings, Cookie(SESSION_COOKIE, opened.token, web.settings.session_seconds))
    return response


def ask_again(web: Web, request: Request[Any, Any, Any], login: str, to: str, refused: Refused) -> Response[Any]:
    problems: tuple[Problem, ...] = refused.problems
    shown = {
        "nonce": request.scope["state"]["nonce"],
        "problems": problems,
        "login": login,
        "next": to,
        "footer": web.settings.footer,
    }
    html = web.templates.render("session/log_in.html", None, shown)
    return Response(html.encode(), status_code=refused.status, media_type="text/html; charset=utf-8")


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
