"""Logging in and out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypedDict
from urllib.parse import urlsplit

from litestar.response import Response
from pydantic import Field

from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import Problem, Refused, refuse
from orderloom.base.transaction import Tx, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.messages.commands import send_password_link
from orderloom.parties.commands.access import (
    CodeNeeded,
    admit_asking,
    log_in,
    log_in_with_code,
    log_out,
    set_password_by_link,
)
from orderloom.parties.passwords import LONGEST
from orderloom.parties.types import CodeLogIn, LogIn, Opened
from orderloom.web.answers import Cookie, Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.dispatch import client_of, form_of, refuse_foreign, set_cookie
from orderloom.web.pages.offers import NO_ORIGIN
from orderloom.web.routes import PUBLIC, SIGNED_IN, Routes
from orderloom.web.visitors import SESSION_COOKIE

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("page")
FORGOTTEN_LIFETIME = timedelta(hours=1)
FORGOTTEN_SECONDS = 0.4
"""Every answer about a forgotten password takes so long, so that its time tells nobody who is a user."""


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


@routes.get("/log-in/forgotten", permission=PUBLIC)
async def forgotten_page(call: Call) -> Page:
    """Ask whose password is forgotten."""
    return Page("session/forgotten.html", {"problems": (), "login": "", "is_asked": False})


@routes.post("/log-in/forgotten", permission=PUBLIC, kind="raw")
async def send_link_by_form(web: Web, request: Request[Any, Any, Any]) -> Response[Any]:
    """Send a link to set a password with. Who is no user here gets the same answer, after the same time."""
    refuse_foreign(request.headers)
    login = form_of(request, await request.body()).get("login", "").strip().lower()[:254]

    async def send(tx: Tx) -> bool:
        admitted = await admit_asking(tx, login, address=client_of(request))
        if admitted:
            await send_password_link(tx, login, lifetime=FORGOTTEN_LIFETIME)
        return admitted

    clock = asyncio.get_running_loop().time
    answer_at, admitted = clock() + FORGOTTEN_SECONDS, False
    if login:
        admitted = await in_transaction(web.database, SYSTEM, send)
    await asyncio.sleep(max(0.0, answer_at - clock()))
    problems = (
        () if admitted or not login else (Problem("attempts_many", "Too many asked; wait a quarter of an hour."),)
    )
    shown = {"problems": problems, "login": login, "is_asked": admitted}
    return _shown(web, request, "session/forgotten.html", shown, 429 if problems else 200)


@strict
@dataclass(frozen=True, slots=True)
class NewPassword:
    """A new password, typed twice."""

    password: Annotated[str, Field(max_length=LONGEST)] = field(default="", repr=False)
    again: Annotated[str, Field(max_length=LONGEST)] = field(default="", repr=False)


@routes.get("/set-password/{token:str}", permission=PUBLIC)
async def set_password_page(call: Call, token: str) -> Page:
    """Ask for a new password. Nothing tells here whether the link is good; nothing happens by looking."""
    return Page("session/set_password.html", {"token": token, "problems": ()})


@routes.post("/set-password/{token:str}", permission=PUBLIC, body=NewPassword)
async def set_password_by_form(call: Call, token: str, body: NewPassword) -> Page | SeeOther:
    """Take the new password of whom the link was sent to."""
    refuse_foreign({name: value for name, value in call.headers.items() if (name, value) != NO_ORIGIN})
    try:
        if body.password != body.again:
            refuse("password_differs", "The two passwords differ; type the same one twice.", "/again")
        async with call.tx.savepoint():
            await set_password_by_link(call.tx, token, body.password)
    except Refused as refused:
        shown = {"token": token, "problems": refused.problems}
        return Page("session/set_password.html", shown, status=refused.status)
    return SeeOther("/log-in", "Your new password is set; log in with it.")


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
