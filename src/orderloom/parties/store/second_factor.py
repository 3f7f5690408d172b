"""SQL over second factors and recovery codes; times are the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Factor:
    """A user's second factor; `now` is the machine's time in seconds since 1970."""

    user_id: int
    login: str
    secret: bytes
    is_confirmed: bool
    last_step: int
    now: float


async def factor(tx: Tx, user_id: int) -> Factor | None:
    """The second factor of a user, confirmed or being set up; locked."""
    return await tx.one_or_none(
        """
        SELECT factor.user_id, account.login, factor.secret, factor.confirmed_at IS NOT NULL AS is_confirmed,
               factor.last_step, extract(epoch FROM clock_timestamp())::double precision AS now
          FROM parties.second_factor AS factor
          JOIN parties.user AS account ON account.id = factor.user_id
         WHERE factor.user_id = %(user_id)s
           FOR UPDATE OF factor
        """,
        {"user_id": user_id},
        row=Factor,
    )


async def has_factor(tx: Tx, user_id: int) -> bool:
    """Whether this user is asked for a code."""
    return bool(
        await tx.value(
            """
            SELECT EXISTS (SELECT FROM parties.second_factor WHERE user_id = %(user_id)s AND confirmed_at IS NOT NULL)
            """,
            {"user_id": user_id},
        )
    )


async def begin(tx: Tx, user_id: int, secret: bytes) -> bool:
    """Keep a secret that is to be confirmed, in place of one that never was; False where one is confirmed."""
    return bool(
        await tx.execute(
            """
            INSERT INTO parties.second_factor AS factor (user_id, secret)
            VALUES (%(user_id)s, %(secret)s)
                ON CONFLICT (user_id) DO UPDATE
               SET secret = excluded.secret, made_at = clock_timestamp(), last_step = 0
             WHERE factor.confirmed_at IS NULL
            """,
            {"user_id": user_id, "secret": secret},
        )
    )


async def count_step(tx: Tx, user_id: int, step: int) -> bool:
    """Let the code of this half minute count, once; False where it or a later one has counted."""
    return bool(
        await tx.execute(
            """
            UPDATE parties.second_factor
               SET last_step = %(step)s, confirmed_at = coalesce(confirmed_at, clock_timestamp())
             WHERE user_id = %(user_id)s
               AND last_step < %(step)s
            """,
            {"user_id": user_id, "step": step},
        )
    )


async def end(tx: Tx, user_id: int) -> bool:
    """Forget a second factor and its recovery codes; False where there was none."""
    return bool(await tx.execute("DELETE FROM parties.second_factor WHERE user_id = %(user_id)s", {"user_id": user_id}))


async def set_recovery_codes(tx: Tx, user_id: int, hashes: Sequence[bytes]) -> None:
    """Keep these recovery codes and no others."""
    await tx.execute("DELETE FROM parties.recovery_code WHERE user_id = %(user_id)s", {"user_id": user_id})
    await tx.execute(
        """
        INSERT INTO parties.recovery_code (user_id, code_hash)
        SELECT %(user_id)s, unnest(%(hashes)s::bytea[])
        """,
        {"user_id": user_id, "hashes": list(hashes)},
    )


async def use_recovery_code(tx: Tx, user_id: int, code_hash: bytes) -> bool:
    """Use a recovery code up; False where it is none, or was used."""
    return bool(
        await tx.execute(
            """
            UPDATE parties.recovery_code
               SET used_at = clock_timestamp()
             WHERE user_id = %(user_id)s
               AND code_hash = %(code_hash)s
               AND used_at IS NULL
            """,
            {"user_id": user_id, "code_hash": code_hash},
        )
    )


async def codes_left(tx: Tx, user_id: int) -> int:
    """How many recovery codes are unused."""
    return int(
        await tx.value(
            "SELECT count(*) FROM parties.recovery_code WHERE user_id = %(user_id)s AND used_at IS NULL",
            {"user_id": user_id},
        )
    )


async def note_in_session(tx: Tx, session_id: int) -> None:
    """Note that a second factor was shown in this session just now."""
    await tx.execute(
        "UPDATE parties.session SET second_factor_at = clock_timestamp() WHERE id = %(session_id)s",
        {"session_id": session_id},
    )
