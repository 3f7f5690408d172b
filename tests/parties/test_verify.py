"""Each invariant is broken by SQL and seen to be found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from orderloom.base.transaction import Tx
from orderloom.parties.verify import INVARIANTS
from tests.parties import given


async def forget_a_sight(tx: Tx) -> None:
    account_id = await given.account(tx)
    await given.team(tx, covers=[await given.number(tx, account_id)])
    await tx.execute("DELETE FROM parties.visible_account")


async def invent_a_sight(tx: Tx) -> None:
    params = {"team": await given.team(tx), "account": await given.account(tx)}
    await tx.execute("INSERT INTO parties.visible_account VALUES (%(team)s, %(account)s)", params)


async def bend_a_path(tx: Tx) -> None:
    top = await given.account(tx)
    leaf = await given.account(tx, parent=await given.number(tx, top))
    await tx.execute("SET LOCAL session_replication_role = replica")
    await tx.execute("UPDATE parties.account SET parent_path = '{999999}' WHERE id = %(leaf)s", {"leaf": leaf})


async def retire_a_default_place(tx: Tx) -> None:
    await given.account(tx)
    await tx.execute("UPDATE parties.address SET is_active = false")


async def close_a_default_billing_account(tx: Tx) -> None:
    await given.account(tx)
    await tx.execute("UPDATE parties.billing_account SET is_active = false")


async def leave_a_session_open(tx: Tx) -> None:
    user_id = await given.user(tx)
    await tx.execute(
        """
        INSERT INTO parties.session (user_id, token_hash, expires_at)
        VALUES (%(user_id)s, sha256('x'), clock_timestamp() + interval '1 day')
        """,
        {"user_id": user_id},
    )
    await tx.execute("UPDATE parties.user SET is_active = false")


BREAKS = [
    (0, forget_a_sight),
    (0, invent_a_sight),
    (1, bend_a_path),
    (2, retire_a_default_place),
    (2, close_a_default_billing_account),
    (3, leave_a_session_open),
]


@pytest.mark.parametrize(("place", "break_it"), BREAKS)
async def test_a_break_is_found(tx: Tx, place: int, break_it: Callable[[Tx], Awaitable[None]]) -> None:
    invariant = INVARIANTS[place]
    assert await tx.values(invariant.sql) == []

    await break_it(tx)

    assert await tx.values(invariant.sql), invariant.name


def test_every_invariant_has_a_break() -> None:
    assert {place for place, _ in BREAKS} == set(range(len(INVARIANTS)))
