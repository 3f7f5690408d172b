"""Files under the hash of their content: kept once, never changed, named by whoever needs them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from orderloom.base.transaction import Tx


async def keep_blobs(tx: Tx, contents: Sequence[bytes]) -> list[bytes]:
    """Keep files and return the SHA-256 of each; one that is there already stays as it is."""
    hashes = [sha256(content).digest() for content in contents]
    await tx.execute(
        """
        INSERT INTO base.blob (hash, content)
        SELECT hash, content
          FROM unnest(%(hashes)s::bytea[], %(contents)s::bytea[]) AS file (hash, content)
            ON CONFLICT (hash) DO NOTHING
        """,
        {"hashes": hashes, "contents": list(contents)},
    )
    return hashes


async def blobs(tx: Tx, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
    """The files with these hashes; the database has checked on writing that each is what its hash says."""
    rows = await tx.all("SELECT hash, content FROM base.blob WHERE hash = ANY(%(hashes)s)", {"hashes": list(hashes)})
    return {bytes(found): bytes(content) for found, content in rows}
