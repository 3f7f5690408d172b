"""SQL over one-time links whose token is told when they are sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from orderloom.base.transaction import Json, Tx

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Promised:
    """A link as it is told: from its nonce, and the token of the link that it stands in, follows its own token."""

    id: int
    nonce: UUID
    within: int | None


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that somebody knows the token of, whether it still holds or not."""

    id: int
    purpose: str
    user_id: int | None
    subject_kind: str | None
    subject_id: int | None
    params: dict[str, Any]
    expires_at: datetime
    used_at: datetime | None
    is_over: bool


_FOUND = """id, purpose, user_id, subject_kind, subject_id, params, expires_at, used_at,
               expires_at <= clock_timestamp() AS is_over"""


async def promise(tx: Tx, rows: Sequence[Row], *, within: int | None) -> list[int]:
    """Write links that have no token yet; return their ids, in order."""
    return await tx.values(
        """
        INSERT INTO parties.link (purpose, user_id, subject_kind, subject_id, subject_label, account_id, params,
                    expires_at, within)
        SELECT purpose, user_id, subject_kind, subject_id, subject_label, account_id, params,
               clock_timestamp() + lifetime, %(within)s
          FROM unnest(%(purposes)s::text[], %(user_ids)s::bigint[], %(kinds)s::text[], %(ids)s::bigint[],
                      %(labels)s::text[], %(account_ids)s::bigint[], %(params)s::jsonb[], %(lifetimes)s::interval[])
               WITH ORDINALITY AS fresh (purpose, user_id, subject_kind, subject_id, subject_label, account_id,
                                         params, lifetime, place)
         ORDER BY place
        RETURNING id
        """,
        {
            "within": within,
            "purposes": [row["purpose"] for row in rows],
            "user_ids": [row["user_id"] for row in rows],
            "kinds": [row["subject_kind"] for row in rows],
            "ids": [row["subject_id"] for row in rows],
            "labels": [row["subject_label"] for row in rows],
            "account_ids": [row["account_id"] for row in rows],
            "params": [Json(row["params"]) for row in rows],
            "lifetimes": [row["lifetime"] for row in rows],
        },
    )


async def promised(tx: Tx, link_ids: Sequence[int]) -> list[Promised]:
    """These links and those within them, the outer ones first."""
    return await tx.all(
        """
        SELECT id, nonce, within
          FROM parties.link
         WHERE id = ANY(%(ids)s) OR within = ANY(%(ids)s)
         ORDER BY within NULLS FIRST, id
        """,
        {"ids": list(link_ids)},
        row=Promised,
    )


async def set_hashes(tx: Tx, hashes: Mapping[int, bytes]) -> None:
    """Keep the hashes of the tokens of links that had none."""
    await tx.execute(
        """
        UPDATE parties.link
           SET token_hash = told.hash
          FROM unnest(%(ids)s::bigint[], %(hashes)s::bytea[]) AS told (id, hash)
         WHERE link.id = told.id AND link.token_hash IS NULL
        """,
        {"ids": list(hashes), "hashes": list(hashes.values())},
    )


async def find(tx: Tx, token_hash: bytes, purpose: str) -> FoundLink | None:
    """The link of this token, which stays as it is."""
    return await tx.one_or_none(
        f"SELECT {_FOUND} FROM parties.link WHERE token_hash = %(token_hash)s AND purpose = %(purpose)s",
        {"token_hash": token_hash, "purpose": purpose},
        row=FoundLink,
    )


async def get(tx: Tx, link_id: int) -> FoundLink:
    """A link by its id."""
    return await tx.one(f"SELECT {_FOUND} FROM parties.link WHERE id = %(id)s", {"id": link_id}, row=FoundLink)


async def use(tx: Tx, link_id: int) -> bool:
    """Use a link up; false where it is over or used."""
    count = await tx.execute(
        """
        UPDATE parties.link
           SET used_at = clock_timestamp()
         WHERE id = %(id)s AND used_at IS NULL AND expires_at > clock_timestamp()
        """,
        {"id": link_id},
    )
    return count == 1


async def find_within(tx: Tx, link_id: int) -> list[tuple[FoundLink, UUID]]:
    """The links within a link, in the order in which they were promised, with their nonces."""
    rows = await tx.all(f"SELECT {_FOUND}, nonce FROM parties.link WHERE within = %(id)s ORDER BY id", {"id": link_id})
    return [(FoundLink(*row[:-1]), row[-1]) for row in rows]
