"""One-time links that are promised now and told later: only the hash of a token is kept, and nobody keeps the token.

A token follows from a key that lies outside of the database, so that a message that is sent twice says the same twice.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.parties import passwords
from orderloom.parties.commands.access import LinkDraft
from orderloom.parties.store import link as store
from orderloom.parties.store.link import FoundLink

MOST_WITHIN = 100


@dataclass(frozen=True, slots=True)
class InnerLink:
    """A link that stands on the page of another one, with its token."""

    link: FoundLink
    token: str


async def promise_links(tx: Tx, drafts: Sequence[LinkDraft], *, within: int | None = None) -> list[int]:
    """Promise one-time links; return their ids, in order. Nobody can use one before `tell_links` has made its token."""
    assert within is None or len(drafts) <= MOST_WITHIN
    return await store.promise(
        tx,
        [
            {
                "purpose": draft.purpose,
                "user_id": draft.user_id,
                "subject_kind": draft.subject.kind if draft.subject else None,
                "subject_id": draft.subject.id if draft.subject else None,
                "subject_label": draft.subject.label if draft.subject else None,
                "account_id": draft.subject.account_id if draft.subject else None,
                "params": dict(draft.params),
                "lifetime": draft.lifetime,
            }
            for draft in drafts
        ],
        within=within,
    )


async def tell_links(tx: Tx, link_ids: Sequence[int], *, key: bytes) -> dict[int, str]:
    """The tokens of promised links, the same whenever it is asked; from now on they are good, also those within."""
    if not link_ids:
        return {}
    assert len(key) >= 32, "a key of 256 bits"
    tokens: dict[int, str] = {}
    for one in await store.promised(tx, link_ids):
        secret = key if one.within is None else tokens[one.within].encode()
        tokens[one.id] = token_from(secret, one.nonce)
    await store.set_hashes(tx, {link_id: passwords.token_hash(token) for link_id, token in tokens.items()})
    return {link_id: tokens[link_id] for link_id in link_ids}


def token_from(secret: bytes, nonce: UUID) -> str:
    """A token of 256 bits that nobody can work out without the secret."""
    mac = hmac.new(secret, b"orderloom link " + nonce.bytes, sha256).digest()
    return passwords.LINK_PREFIX + urlsafe_b64encode(mac).decode().rstrip("=")


async def link_behind(tx: Tx, token: str, purpose: str) -> FoundLink:
    """The link of this token as it is, used up or over too; it is not used by that. 404 for any other token."""
    found = await store.find(tx, passwords.token_hash(token), purpose)
    if found is None:
        raise NotFound([Problem("link_unknown", "There is nothing behind this link; ask for a new one.")])
    return found


async def link_with(tx: Tx, link_id: int) -> FoundLink:
    """The link of this id as it is, for who knows otherwise that they answer its message."""
    return await store.get(tx, link_id)


async def use_found(tx: Tx, link: FoundLink) -> None:
    """Use a link up that was found; refused (404) where it is over or used."""
    if not await store.use(tx, link.id):
        message = "This link does not work, or does not work any more; ask for a new one."
        raise NotFound([Problem("link_over", message)])


async def links_within(tx: Tx, token: str, outer: FoundLink) -> list[InnerLink]:
    """The links on the page of this one, with the tokens that follow from its own."""
    return [InnerLink(link, token_from(token.encode(), nonce)) for link, nonce in await store.find_within(tx, outer.id)]
