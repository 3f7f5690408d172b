"""From a route to an answer: read the body, open one transaction, find the actor, allow, parse, answer, commit."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from litestar.response import Response, Stream

from orderloom.base.idempotency import KeptAnswer, RequestKey, keep, recall
from orderloom.base.parsing import parse, parse_json, refuse_bad_text
from orderloom.base.refusals import Forbidden, Problem, Unauthenticated, refuse
from orderloom.base.transaction import Tx, in_transaction, transaction
from orderloom.web.answers import Answer, Cookie, Page, SeeOther, Sent, encoder
from orderloom.web.call import ANONYMOUS, Call, Visitor
from orderloom.web.counts import waiting_counts
from orderloom.web.preconditions import etag_of
from orderloom.web.problems import MEDIA_TYPE, UnsupportedMedia, not_there, problem_document
from orderloom.web.routes import PUBLIC, SIGNED_IN, Route
from orderloom.web.visitors import find_visitor

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web
    from orderloom.web.settings import WebSettings

FIELD_LIMIT = 2_000
ID_MOST = 2**63 - 1
SAID_COOKIE = "orderloom_said"


async def dispatch(web: Web, route: Route, request: Request[Any, Any, Any]) -> Response[Any] | Stream:
    """Answer one request. Everything it reads and writes is one transaction."""
    content = await request.body() if route.writes else b""
    form = form_of(request, content) if route.kind == "page" else {}
    arguments = single_values(request.scope["query_string"].decode("latin-1"))
    refuse_bad_text(arguments)

    async def work(tx: Tx) -> Response[Any] | Stream:
        visitor = await find_visitor(tx, request, web.settings)
        tx.actor = visitor.actor
        request.scope["state"]["visitor"] = visitor  # for the access log
        allow(route, visitor)
        if route.writes and visitor.session:
            refuse_forgery(visitor, request.headers, form)
        call = Call(
            tx=tx,
            visitor=visitor,
            settings=web.settings,
            path=request.scope["path"],
            headers=request.headers,
            form=form,
            arguments=arguments,
            client=client_of(request),
            nonce=request.scope["state"]["nonce"],
            said=said_to(request, web.settings),
            since=str(web.feed.floor()),
            content=content,
        )
        return await answer_once(web, route, request, call)

    return await in_transaction(web.database, ANONYMOUS, work)


async def admit(web: Web, route: Route, request: Request[Any, Any, Any]) -> None:
    """Let nobody into a raw route whom its permission does not cover; it finds the visitor in the request's state."""
    if route.permission == PUBLIC:
        return
    async with transaction(web.database, ANONYMOUS) as tx:
        visitor = await find_visitor(tx, request, web.settings)
    request.scope["state"]["visitor"] = visitor
    allow(route, visitor)
    if route.writes and visitor.session:
        refuse_forgery(visitor, request.headers, {})


async def answer_once(web: Web, route: Route, request: Request[Any, Any, Any], call: Call) -> Response[Any] | Stream:
    """Answer, or repeat the answer that this idempotency key was given."""
    named = request.headers.get("idempotency-key") if route.writes and route.kind == "api" else None
    if named is None:
        result = await route.answer(call, **inputs(route, request, call))
        has_rail = isinstance(result, Page) and call.visitor.signed_in and not call.partial
        return rendered(web, route, call, result, await waiting_counts(call.tx) if has_rail else {})

    if not 1 <= len(named) <= 255 or not named.isprintable():
        refuse("idempotency_key_invalid", "Use 1 to 255 printable characters as the Idempotency-Key.")
    key = RequestKey(
        actor=f"{call.actor.kind}:{call.actor.user_id or ''}:{call.actor.name}",
        route=f"{route.method} {call.path}",
        key=named,
        body=call.content,
    )
    kept = await recall(call.tx, key)
    if kept is not None:
        return Response(
            kept.body,
            status_code=kept.status,
            media_type=kept.headers.get("content-type", "application/json"),
            headers={**kept.headers, "idempotent-replayed": "true"},
        )
    response = rendered(web, route, call, await route.answer(call, **inputs(route, request, call)))
    await keep(call.tx, key, secretless(request) if route.told_once else kept_answer(route, response))
    return response


def kept_answer(route: Route, response: Response[Any] | Stream) -> KeptAnswer:
    assert isinstance(response.content, bytes)
    return KeptAnswer(response.status_code or route.status, dict(response.headers), response.content)


def secretless(request: Request[Any, Any, Any]) -> KeptAnswer:
    """What a retry is told instead of a secret, which is kept nowhere."""
    message = "This was done before, and its secret is told once; end what you made and make another."
    path, correlation = request.scope["path"], request.scope["state"]["correlation"]
    document = problem_document(409, (Problem("told_once", message),), instance=path, correlation=correlation)
    return KeptAnswer(409, {"content-type": MEDIA_TYPE}, encoder.encode(document))


def inputs(route: Route, request: Request[Any, Any, Any], call: Call) -> dict[str, Any]:
    """The arguments of the answering function: the path's parameters, the parsed query and the parsed body."""
    given: dict[str, Any] = named_in_path(request.path_params)
    if route.query is not None:
        given["query"] = parse(route.query, dict(call.arguments))
    if route.writes and route.kind == "api":
        check_media_type(route, request, call.content)
    if route.body is not None:
        given["body"] = (
            parse(route.body, nested(call.form)) if route.kind == "page" else parse_json(route.body, call.content)
        )
    return given


def named_in_path(params: Mapping[str, Any]) -> dict[str, Any]:
    """The path's parameters; what no row can be called is not there (404)."""
    for value in params.values():
        if (isinstance(value, int) and abs(value) > ID_MOST) or (isinstance(value, str) and "\0" in value):
            raise not_there()
    return dict(params)


def check_media_type(route: Route, request: Request[Any, Any, Any], content: bytes) -> None:
    """Refuse a body of another type than the route takes; one that says no type is taken at its word."""
    sent = request.headers.get("content-type", "").split(";")[0].strip().lower()
    good = sent in {"", route.takes} or (route.takes == "application/json" and sent.endswith("+json"))
    if content and not good:
        raise UnsupportedMedia([Problem("media_type_unsupported", f"Send the body as {route.takes}.")])


def allow(route: Route, visitor: Visitor) -> None:
    """Refuse whoever the route's permission does not cover."""
    if route.permission == PUBLIC:
        return
    if not visitor.signed_in:
        raise Unauthenticated([Problem("log_in_needed", "Log in, or send an API key as Authorization: Bearer.")])
    if route.permission != SIGNED_IN and not visitor.actor.may(route.permission):
        raise Forbidden(
            [Problem("permission_missing", f"You need the right “{route.permission}”; ask an administrator for it.")]
        )


def refuse_forgery(visitor: Visitor, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
    """A change by cookie must come from our own page: same origin, and the session's token in it."""
    refuse_foreign(headers)
    token = headers.get("x-csrf-token") or form.get("csrf", "")
    if not hmac.compare_digest(token.encode(), visitor.csrf.encode()):
        raise Forbidden([Problem("page_outdated", "This page is out of date; reload it and try again.")])


def refuse_foreign(headers: Mapping[str, str]) -> None:
    """Refuse what a browser sends from another site's page."""
    origin, host = headers.get("origin"), headers.get("host")
    foreign = headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}
    if foreign or (origin and urlsplit(origin).netloc != host):
        raise Forbidden([Problem("foreign_origin", "This came from another site; open the page here and try again.")])


def form_of(request: Request[Any, Any, Any], content: bytes) -> dict[str, str]:
    """The fields of a form."""
    if not content:
        return {}
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise UnsupportedMedia(
            [Problem("media_type_unsupported", "Send the form as application/x-www-form-urlencoded.")]
        )
    form = single_values(content.decode("utf-8", "replace"))
    refuse_bad_text(form)
    return form


def single_values(encoded: str) -> dict[str, str]:
    """The fields of a form or query; a field that stands twice keeps its last value, an empty one is left out."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=False, max_num_fields=FIELD_LIMIT)
    except ValueError:
        refuse("form_too_large", f"A form may have {FIELD_LIMIT} fields at most; send it in parts.")
    return dict(pairs)


def nested(form: Mapping[str, str]) -> dict[str, Any]:
    """Turn `outputs.slot=9` into `{"outputs": {"slot": "9"}}`; the page's own fields are left out."""
    value: dict[str, Any] = {}
    for name, text in form.items():
        if name == "csrf":
            continue
        head, _, tail = name.partition(".")
        if tail:
            inner = value.setdefault(head, {})
            if isinstance(inner, dict):
                inner[tail] = text
        else:
            value[head] = text
    return value


def client_of(request: Request[Any, Any, Any]) -> str:
    client = request.scope.get("client")
    return client[0] if client else "unknown"


def said_to(request: Request[Any, Any, Any], settings: WebSettings) -> str:
    """What was done on the page before this one."""
    try:
        return bytes.fromhex(request.cookies.get(settings.cookie_name(SAID_COOKIE), "")).decode("utf-8")[:200]
    except ValueError:
        return ""


def rendered(
    web: Web, route: Route, call: Call, result: object, counts: Mapping[str, str] | None = None
) -> Response[Any] | Stream:
    """The response for whatever an answering function returned; `counts` stand in the rail of a page."""
    if isinstance(result, Page):
        html = web.templates.render(result.template, call, {"rail_counts": counts or {}, **result.context})
        page: Response[Any] = Response(
            html.encode(),
            status_code=result.status,
            media_type="text/html; charset=utf-8",
            headers=dict(result.headers),
        )
        if call.said and not call.partial:
            set_cookie(page, web.settings, Cookie(SAID_COOKIE, "", 0))
        return page
    if isinstance(result, SeeOther):
        return redirect(web, call, result)
    if isinstance(result, Sent):
        if isinstance(result.content, bytes):
            return Response(
                result.content, status_code=result.status, media_type=result.media_type, headers=dict(result.headers)
            )
        return Stream(result.content, media_type=result.media_type, headers=dict(result.headers))
    answer = result if isinstance(result, Answer) else Answer(result)
    headers = {}
    if answer.version is not None:
        headers["etag"] = etag_of(answer.version)
    if answer.location is not None:
        headers["location"] = answer.location
    headers["content-type"] = route.media_type
    status = answer.status or route.status
    return Response(
        b"" if status == 204 else encoder.encode(answer.value),
        status_code=status,
        media_type=route.media_type,
        headers=headers,
    )


def redirect(web: Web, call: Call, to: SeeOther) -> Response[Any]:
    status, header = (204, "hx-redirect") if call.partial else (303, "location")
    cookies = list(to.cookies)
    if to.said:
        cookies.append(Cookie(SAID_COOKIE, to.said.encode("utf-8").hex(), 60))
    response: Response[Any] = Response(b"", status_code=status, headers={header: to.location})
    for cookie in cookies:
        set_cookie(response, web.settings, cookie)
    return response


def set_cookie(response: Response[Any], settings: WebSettings, cookie: Cookie) -> None:
    response.set_cookie(
        key=settings.cookie_name(cookie.name),
        value=cookie.value,
        max_age=cookie.seconds,
        httponly=True,
        samesite="lax",
        secure=settings.is_secure,
        path="/",
    )
