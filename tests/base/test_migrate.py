"""Migrations: once each, in order, and no file changed behind the database's back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest

from orderloom.base.migrate import Migration, migrate, shipped_migrations
from orderloom.base.refusals import Refused


@pytest.fixture
def empty_url(server_url: str) -> Iterator[str]:
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS empty_for_migrations WITH (FORCE)")
        connection.execute("CREATE DATABASE empty_for_migrations")
        yield server_url.format("empty_for_migrations")
        connection.execute("DROP DATABASE empty_for_migrations WITH (FORCE)")


TWO = [Migration(1, "pot", "CREATE TABLE public.pot (id int)"), Migration(2, "lid", "CREATE TABLE public.lid (id int)")]


def test_each_migration_is_applied_once(empty_url: str) -> None:
    assert migrate(empty_url, TWO[:1]) == 1
    assert migrate(empty_url, TWO) == 1
    assert migrate(empty_url, TWO) == 0


def test_a_changed_file_is_refused(empty_url: str) -> None:
    migrate(empty_url, TWO)
    with pytest.raises(Refused, match="changed after it was applied"):
        migrate(empty_url, [replace(TWO[0], sql="SELECT 1"), TWO[1]])


def test_a_newer_database_is_refused(empty_url: str) -> None:
    migrate(empty_url, TWO)
    with pytest.raises(Refused, match="update it"):
        migrate(empty_url, TWO[:1])


def test_a_failing_migration_leaves_nothing(empty_url: str) -> None:
    broken = Migration(3, "broken", "CREATE TABLE public.half (id int); SELECT 1/0")
    with pytest.raises(psycopg.Error):
        migrate(empty_url, [*TWO, broken])
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT to_regclass('public.half')").fetchone() == (None,)
    assert migrate(empty_url, TWO) == 0


def test_the_shipped_migrations_are_numbered_without_gaps() -> None:
    numbers = [migration.number for migration in shipped_migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_rows_that_came_before_their_month_move_into_it(server_url: str, template: str) -> None:
    name = "months_for_migrations"
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    with psycopg.connect(server_url.format(name), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO base.event (at, type, actor_kind, actor_name, subject_kind, subject_id, subject_label,"
            " payload) VALUES ('2020-02-29 23:59+00', 't', 'system', 'x', 's', 1, 's', '{}')"
        )
        assert connection.execute("SELECT base.add_months_to_all('2020-02-01', '2020-03-31')").fetchone() == (4,)
        assert connection.execute("SELECT base.add_months_to_all('2020-02-01', '2020-03-31')").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM base.event_2020_02").fetchone() == (1,)
        connection.execute(
            "INSERT INTO base.event (at, type, actor_kind, actor_name, subject_kind, subject_id, subject_label,"
            " payload) VALUES ('2020-03-01 00:00+00', 't', 'system', 'x', 's', 1, 's', '{}')"
        )
        assert connection.execute("SELECT count(*) FROM base.event_2020_03").fetchone() == (1,)
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
