"""One-time codes of an authenticator: RFC 6238 with SHA-1, six digits and half minutes, which every app knows."""

from __future__ import annotations

import base64
import hmac
import secrets
from urllib.parse import quote

from pyotp import TOTP

STEP_SECONDS = 30
SECRET_OCTETS = 20
RECOVERY_CODES = 10
ISSUER = "Orderloom"
_UNCLEAR = str.maketrans({"0": "O", "1": "I", "8": "B", "-": None, " ": None})


def new_secret() -> bytes:
    """160 random bits, as RFC 4226 recommends."""
    return secrets.token_bytes(SECRET_OCTETS)


def written(secret: bytes) -> str:
    """The secret in Base32, to be typed into an authenticator."""
    return base64.b32encode(secret).decode()


def address_of(secret: bytes, login: str) -> str:
    """The `otpauth` address that an authenticator reads from a picture."""
    return f"otpauth://totp/{ISSUER}:{quote(login)}?secret={written(secret)}&issuer={ISSUER}"


def matching_step(secret: bytes, code: str, *, at: float) -> int | None:
    """The half minute since 1970 whose code this is: that of `at` (seconds), the one before or the one after."""
    digits = "".join(code.split())
    if not (len(digits) == 6 and digits.isascii() and digits.isdigit()):
        return None
    codes = TOTP(written(secret))
    now = int(at) // STEP_SECONDS
    fitting = [step for step in (now - 1, now, now + 1) if hmac.compare_digest(codes.generate_otp(step), digits)]
    return fitting[-1] if fitting else None


def new_recovery_codes() -> list[str]:
    """Codes of 80 random bits for the day when the authenticator is lost, in fours as people copy them."""
    return [_in_fours(base64.b32encode(secrets.token_bytes(10)).decode()) for _ in range(RECOVERY_CODES)]


def _in_fours(code: str) -> str:
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


def plain(code: str) -> str:
    """A recovery code however it was typed: small letters, without its hyphens, digits for letters they resemble."""
    return code.upper().translate(_UNCLEAR)
