"""Passwords and tokens: kept as hashes only, and checked without letting the event loop wait."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orderloom.base.refusals import Problem

SHORTEST = 10
LONGEST = 200
SESSION_PREFIX = "ols_"
KEY_PREFIX = "olk_"
LINK_PREFIX = "oll_"

# OWASP's floor for argon2id is 19 MiB and two passes; three passes here. Two threads bound the memory.
_hasher = PasswordHasher(time_cost=3, memory_cost=19_456, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


def password_problem(password: str, *, login: str, pointer: str = "") -> Problem | None:
    """Why this password is refused: length matters, rules about characters do not (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        message = f"The password is too short; take at least {SHORTEST} characters, several words for example."
        return Problem("password_short", message, pointer)
    if len(password) > LONGEST:
        return Problem("password_long", f"The password is too long; take at most {LONGEST} characters.", pointer)
    name = login.split("@", maxsplit=1)[0]
    if len(set(password)) < 4 or password.lower() in (login, name):
        return Problem("password_weak", "This password is easily guessed; take several words.", pointer)
    return None


async def hash_password(password: str) -> str:
    """The argon2id hash to keep."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, _octets(password))


async def password_fits(password: str, password_hash: str | None) -> bool:
    """Whether this is the password. Without a hash the same work is done for nothing, to answer no."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _fits, password, password_hash)


def _fits(password: str, password_hash: str | None) -> bool:
    try:
        return _hasher.verify(password_hash or _decoy(), _octets(password)) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def _octets(typed: str) -> bytes:
    """Whatever somebody typed, half characters included: a wrong password, never an error."""
    return typed.encode("utf-8", "surrogatepass")


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


async def prepare_decoy() -> None:
    """Make what unknown users are checked against, so that the first of them does not take longer."""
    await asyncio.get_running_loop().run_in_executor(_threads, _decoy)


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def new_token(prefix: str) -> str:
    """A secret of 256 bits with a prefix that tells what it opens."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    """What is kept of a token. It is random and long, so one round of SHA-256 is enough."""
    return hashlib.sha256(_octets(token)).digest()


def typed_hash(typed: str) -> bytes:
    """What is kept of a login that somebody typed; it may be a password typed in the wrong field."""
    return hashlib.sha256(b"orderloom log-in\0" + _octets(typed)).digest()
