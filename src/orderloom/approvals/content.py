"""What was shown, and the chain of hashes that a request's log is; pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from orderloom.approvals.types import Submission
from orderloom.feel.literal import literal

BEGINNING = bytes(32)


def snapshot_of(submission: Submission) -> str:
    """The content that verdicts are for, as canonical JSON: equal contents give equal texts."""
    return canonical(
        {
            "subject": [submission.subject.kind, submission.subject.id],
            "inputs": {name: literal(value) for name, value in submission.inputs.items()},
            "identity": dict(submission.identity),
            "shown": submission.shown,
        }
    )


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted names and no spaces; what JSON does not know stands as its text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def hash_of(text: str) -> bytes:
    """SHA-256 of a text in UTF-8."""
    return hashlib.sha256(text.encode()).digest()


def chained(entries: Sequence[str], *, last: bytes = BEGINNING) -> list[bytes]:
    """The hash of each entry over the hash before it and its own text."""
    hashes: list[bytes] = []
    for entry in entries:
        last = hashlib.sha256(last + entry.encode()).digest()
        hashes.append(last)
    return hashes
