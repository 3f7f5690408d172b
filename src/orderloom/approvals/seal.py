"""Checkpoints of the logs: what they ended with, chained by hash and signed (Ed25519); pure."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from orderloom.approvals.content import BEGINNING, canonical

Head = tuple[int, int, str]
"""A request, the number of the last entry of its log, and that entry's hash in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint as it is kept and exported."""

    number: int
    body: str
    hash: bytes
    signature: bytes

    def as_line(self) -> str:
        """One line of JSON, to be kept elsewhere."""
        return canonical({"body": self.body, "signature": self.signature.hex()})


def checkpoint_from(line: str) -> Checkpoint:
    """The checkpoint of an exported line."""
    told = json.loads(line)
    body = str(told["body"])
    number = int(json.loads(body)["number"])
    return Checkpoint(number, body, sha256(body.encode()).digest(), bytes.fromhex(told["signature"]))


def signing_key(key: bytes) -> SigningKey:
    """The key that signs, which follows from the key that lies outside of the database."""
    return SigningKey(hmac.new(key, b"orderloom checkpoints", sha256).digest())


def sealed(
    before: Checkpoint | None, heads: Sequence[Head], *, at: datetime, key: bytes, whole: Mapping[str, int]
) -> Checkpoint:
    """The checkpoint after another; `whole` counts what there is in all."""
    signer = signing_key(key)
    number = before.number + 1 if before else 1
    body = canonical(
        {
            "number": number,
            "at": at.isoformat(),
            "before": (before.hash if before else BEGINNING).hex(),
            "heads": [list(head) for head in heads],
            "whole": dict(whole),
            "key": bytes(signer.verify_key).hex(),
        }
    )
    digest = sha256(body.encode()).digest()
    return Checkpoint(number, body, digest, bytes(signer.sign(digest).signature))


def problems_of_seals(
    kept: Sequence[Checkpoint], *, exported: Sequence[Checkpoint] = (), key: bytes | None = None
) -> list[str]:
    """What is wrong with the checkpoints of a database: gaps, forged signatures, and what differs from the export.

    Without `key` a signature is held against the public key that the checkpoint itself names.
    """
    known = bytes(signing_key(key).verify_key).hex() if key else None
    problems: list[str] = []
    last = BEGINNING
    for place, one in enumerate(kept, start=1):
        told = json.loads(one.body)
        if one.number != place or told["number"] != place or told["before"] != last.hex():
            problems.append(f"checkpoint {one.number} does not follow from the one before")
        if not _is_signed(one, known or told["key"]):
            problems.append(f"checkpoint {one.number} is not signed by our key")
        last = one.hash
    bodies = {one.number: one.body for one in kept}
    for one in exported:
        if bodies.get(one.number) != one.body:
            state = "is another" if one.number in bodies else "is missing"
            problems.append(f"checkpoint {one.number} was exported and {state} in the database")
    return problems


def _is_signed(one: Checkpoint, public_key: str) -> bool:
    try:
        VerifyKey(bytes.fromhex(public_key)).verify(sha256(one.body.encode()).digest(), one.signature)
    except (BadSignatureError, ValueError):
        return False
    return True
