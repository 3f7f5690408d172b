"""Who asks: the person of a session cookie, or the owner of an API key."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from orderloom.base.refusals import Problem, Unauthenticated
from orderloom.base.transaction import Tx
from orderloom.parties.commands.access import actor_of_key, open_session
from orderloom.web.call import NOBODY, Visitor
from orderloom.web.settings import WebSettings

if TYPE_CHECKING:
    from litestar import Request

SESSION_COOKIE = "orderloom_session"


async def find_visitor(tx: Tx, request: Request[Any, Any, Any], settings: WebSettings) -> Visitor:
    """The visitor; nobody when there is neither cookie nor key. A key that does not hold is refused, not ignored."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        actor = await actor_of_key(tx, key.strip()) if scheme.lower() == "bearer" else None
        if actor is None:
            raise Unauthenticated([Problem("api_key_invalid", "This API key does not hold; ask for a new one.")])
        return Visitor(actor)
    token = request.cookies.get(settings.cookie_name(SESSION_COOKIE))
    session = await open_session(tx, token) if token else None
    if session is None or token is None:
        return NOBODY
    return Visitor(session.actor, token, csrf_of(token), session.locale, session.time_zone, session.session_id)


def csrf_of(token: str) -> str:
    """The token that our own forms carry; it follows from the session and says nothing about it."""
    return hmac.new(token.encode(), b"orderloom form", hashlib.sha256).hexdigest()
