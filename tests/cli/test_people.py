"""Letting people in from the command line."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from orderloom.base.transaction import Database
from orderloom.house import build_house
from orderloom.parties.commands.access import log_in
from orderloom.parties.types import LogIn
from tests.cli.conftest import Run

pytestmark = pytest.mark.slow
PASSWORD = "looms weave orders"
ADD = ("user", "add", "ada@example.com", "--name", "Ada Byron")


def people(url: str) -> dict[str, list[str]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            SELECT login, array_agg(role.code ORDER BY role.code)
              FROM parties."user"
              JOIN parties.user_role ON user_role.user_id = "user".id
              JOIN parties.role ON role.id = user_role.role_id
             GROUP BY login
            """
        )
        return dict(rows.fetchall())


def test_the_first_user_is_an_administrator_who_can_log_in(cli: Run, database_url: str) -> None:
    said = cli(*ADD, stdin=f"{PASSWORD}\n".encode())

    assert (said.status, said.out) == (0, "ada@example.com may log in now, as admin.\n")
    assert people(database_url) == {"ada@example.com": ["admin"]}

    async def enter() -> str:
        async with Database(database_url, build_house(), size=2) as database:
            return (await log_in(database, LogIn("ada@example.com", PASSWORD), address=None, agent=None)).token

    assert asyncio.run(enter()).startswith("ols_")


def test_further_users_need_a_role_and_get_what_is_named(cli: Run, database_url: str) -> None:
    cli(*ADD, stdin=PASSWORD.encode())
    more = ("user", "add", "bo@example.com", "--name", "Bo")

    without = cli(*more, stdin=PASSWORD.encode())
    named = cli(*more, "--role", "sales", "--role", "billing", stdin=PASSWORD.encode())

    assert (without.status, named.status) == (2, 0)
    assert "Name at least one role with --role: admin, approver" in without.err
    assert people(database_url)["bo@example.com"] == ["billing", "sales"]


@pytest.mark.parametrize(
    ("login", "options", "password", "told"),
    [
        ("ada@example.com", (), PASSWORD, "Somebody logs in as ada@example.com already"),
        ("bo@example.com", (), "short", "The password is too short"),
        ("bo@example.com", (), "", "The password is too short"),
        ("bo@example.com", (), "aaaaaaaaaaaa", "easily guessed"),
        ("bo", (), PASSWORD, "login"),
        ("bo@example.com", ("--role", "king"), PASSWORD, "There is no role “king”"),
        ("bo@example.com", ("--team", "Nobody"), PASSWORD, "There is no team “Nobody”"),
    ],
)
def test_who_cannot_be_let_in_is_told_why(
    cli: Run, database_url: str, login: str, options: tuple[str, ...], password: str, told: str
) -> None:
    cli(*ADD, stdin=PASSWORD.encode())
    said = cli("user", "add", login, "--name", "Bo", "--role", "sales", *options, stdin=password.encode())

    assert (said.status, said.out) == (2, "")
    assert told in said.err
    assert set(people(database_url)) == {"ada@example.com"}
