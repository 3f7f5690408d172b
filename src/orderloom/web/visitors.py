"""Who asks: the person of a session cookie, or the owner of an API key."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from orderloom.base.refusals import Problem, Unauthenticated
from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.web.call import NOBODY, Visitor

if TYPE_CHECKING:
    from litestar import Request

SESSION_COOKIE = "orderloom_session"


async def find_visitor(tx: Tx, request: Request[Any, Any, Any]) -> Visitor:
    """The visitor; nobody when there is neither cookie nor key. A key that does not hold is refused, not ignored."""
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, key = header.partition(" ")
        actor = await parties_actor_of_key(tx, key.strip()) if scheme.lower() == "bearer" else None
        if actor is None:
            raise Unauthenticated([Problem("api_key_invalid", "This API key does not hold; ask for a new one.")])
        return Visitor(actor)
    token = request.cookies.get(SESSION_COOKIE)
    return await visitor_of_session(tx, token) if token else NOBODY


def csrf_of(token: str) -> str:
    """The token that our own forms carry; it follows from the session and says nothing about it."""
    return hmac.new(token.encode(), b"orderloom form", hashlib.sha256).hexdigest()


async def visitor_of_session(tx: Tx, token: str) -> Visitor:
    row = await tx.one_or_none(
        _ACTOR.replace("{TABLE}", "parties.session").replace("{HASH}", "token_hash"),
        {"hash": hashlib.sha256(token.encode()).digest()},
    )
    if row is None:
        return NOBODY
    return Visitor(
        Actor("user", row[1], row[0], frozenset(row[4]), tuple(row[5]), row[6]), token, csrf_of(token), row[2], row[3]
    )


async def parties_actor_of_key(tx: Tx, key: str) -> Actor | None:
    row = await tx.one_or_none(
        _ACTOR.replace("{TABLE}", "parties.api_key").replace("{HASH}", "key_hash"),
        {"hash": hashlib.sha256(key.encode()).digest()},
    )
    return Actor("key", row[1], row[0], frozenset(row[4]), tuple(row[5]), row[6]) if row else None


_ACTOR = """
SELECT u.id, u.name, u.locale, u.time_zone,
       coalesce((SELECT array_agg(DISTINCT p) FROM parties.user_role ur JOIN parties.role r ON r.id = ur.role_id, unnest(r.permissions) p WHERE ur.user_id = u.id), '{}'),
       coalesce((SELECT array_agg(team_id ORDER BY team_id) FROM parties.team_member m WHERE m.user_id = u.id), '{}'),
       coalesce((SELECT bool_or(r.all_accounts) FROM parties.user_role ur JOIN parties.role r ON r.id = ur.role_id WHERE ur.user_id = u.id), false)
  FROM {TABLE} s JOIN parties.user u ON u.id = s.user_id
 WHERE s.{HASH} = %(hash)s AND u.is_active AND s.revoked_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())
"""
