"""Signatures of requests and messages as Standard Webhooks 1.0 defines them (HMAC-SHA256, `v1`)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

TOLERANCE_SECONDS = 300
_PREFIX = "whsec_"
_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,200}")


def secret_of(key: bytes) -> str:
    """A key, of 32 random bytes as a rule, in the form that Standard Webhooks libraries take."""
    return _PREFIX + base64.b64encode(key).decode()


def derived_secret(master: str, *, partner: str, direction: str) -> str:
    """The key that a simulator which knows `master` uses for a partner; for demo worlds and tests only."""
    return secret_of(hmac.digest(master.encode(), f"{partner}:{direction}".encode(), hashlib.sha256))


def is_secret(secret: str) -> bool:
    """Whether this is a key of 24 to 64 bytes, as the standard asks."""
    try:
        return secret.startswith(_PREFIX) and 24 <= len(_key(secret)) <= 64
    except (binascii.Error, ValueError):
        return False


def signed_headers(secrets: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed request, with one signature for every valid key."""
    signatures = [_signature(secret, message_id=message_id, timestamp=timestamp, body=body) for secret in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def why_not_genuine(secrets: Sequence[str], headers: Mapping[str, str], body: bytes, *, now: float) -> str | None:
    """Why a message must not be believed: `unsigned`, `stale` or `forged`; None when it is genuine.

    `headers` have lower-case names, `now` is in seconds since 1970. Takes the same time for any
    wrong signature. The body is not looked into.
    """
    message_id = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    offered = headers.get("webhook-signature", "")
    if not _MESSAGE_ID.fullmatch(message_id) or not offered or not re.fullmatch(r"[0-9]{1,12}", stamp):
        return "unsigned"

    expected = [_signature(secret, message_id=message_id, timestamp=int(stamp), body=body) for secret in secrets]
    given = [part.encode("utf-8", "replace") for part in offered.split(" ")[:10]]
    matches = [hmac.compare_digest(one, other.encode()) for one in given for other in expected]
    if not any(matches):
        return "forged"
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        return "stale"
    return None


def _signature(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(_key(secret), content, hashlib.sha256)).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
