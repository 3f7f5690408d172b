"""The embedded server: shared by whoever uses it, found again after a kill, started again after a crash."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from orderloom.base import embedded
from orderloom.base.embedded import embedded_server, ensure_database, find_binaries
from orderloom.base.refusals import Refused

FAST = [("fsync", "off"), ("shared_buffers", "16MB")]

pytestmark = pytest.mark.slow

USE_IT = """
import sys, time
from pathlib import Path
from orderloom.base.embedded import embedded_server
with embedded_server(Path(sys.argv[1]), settings=[("fsync", "off"), ("shared_buffers", "16MB")]) as server:
    print(server.url("postgres"), flush=True)
    time.sleep(120)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place that the server's user can enter, other than pytest's own; nothing runs there afterwards."""
    home = Path(tempfile.mkdtemp(prefix="orderloom test é ", dir="/tmp"))
    home.chmod(0o755)
    yield home / "postgresql"
    _stop(home / "postgresql")
    shutil.rmtree(home, ignore_errors=True)


def _pid(folder: Path) -> int | None:
    note = folder / "data" / "postmaster.pid"
    return int(note.read_text().splitlines()[0]) if note.exists() else None


def _stop(folder: Path) -> None:
    pid = _pid(folder)
    if pid and _runs(pid):
        os.kill(pid, signal.SIGINT)
        _until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


def _until(condition: object) -> None:
    assert callable(condition)
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it never came true")


def _user(folder: Path) -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen([sys.executable, "-c", USE_IT, str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline().strip()


def _ask(url: str) -> object:
    with psycopg.connect(url, connect_timeout=10) as connection:
        return connection.execute("SELECT 1").fetchone()


def test_the_last_user_stops_the_server(folder: Path) -> None:
    with embedded_server(folder, settings=FAST) as first:
        with embedded_server(folder, settings=FAST) as second:
            assert first.url() == second.url()
        assert _ask(first.url("postgres")) == (1,)
        pid = _pid(folder)
    assert pid is not None and not _runs(pid)
    assert not first.socket_folder.exists()


def test_a_user_that_is_killed_leaves_a_server_that_the_next_one_finds_and_stops(folder: Path) -> None:
    child, url = _user(folder)
    child.kill()
    child.wait()
    pid = _pid(folder)
    with embedded_server(folder, settings=FAST) as server:
        assert (server.url("postgres"), _pid(folder)) == (url, pid)
        assert _ask(url) == (1,)
    assert pid is not None and not _runs(pid)


def test_a_server_that_was_killed_is_started_again_on_whole_data(folder: Path) -> None:
    with embedded_server(folder, settings=FAST) as server:
        ensure_database(server)
        pid = _pid(folder)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        _until(lambda: not _runs(pid))
    with embedded_server(folder, settings=FAST) as server:
        assert _ask(server.url()) == (1,)


def test_initialising_that_was_stopped_half_way_is_done_again(folder: Path) -> None:
    half = folder / "data.unfinished-x"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with embedded_server(folder, settings=FAST) as server:
        assert _ask(server.url("postgres")) == (1,)
    assert not half.exists()


def test_a_note_whose_number_another_program_has_now_does_not_stop_the_start(folder: Path) -> None:
    with embedded_server(folder, settings=FAST):
        note = (folder / "data" / "postmaster.pid").read_text()
    lines = [str(os.getpid()), *note.splitlines()[1:]]
    (folder / "data" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with embedded_server(folder, settings=FAST) as server:
        assert _ask(server.url("postgres")) == (1,)


def test_a_server_whose_socket_was_cleaned_away_is_started_anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_SOCKET_SECONDS", 0.3)
    child, url = _user(folder)
    child.kill()
    child.wait()
    shutil.rmtree(url.split("host=")[1])
    with embedded_server(folder, settings=FAST) as server:
        assert _ask(server.url("postgres")) == (1,)


def test_a_server_is_found_though_temporary_files_lie_elsewhere_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child, url = _user(folder)
    with tempfile.TemporaryDirectory(dir="/tmp") as other:
        monkeypatch.setattr(tempfile, "tempdir", other)
        with embedded_server(folder, settings=FAST) as server:
            assert server.url("postgres") == url
            assert _ask(url) == (1,)
    child.kill()
    child.wait()


def test_old_programs_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.2'\n")
    (tmp_path / "postgres").chmod(0o755)
    monkeypatch.setenv("ORDERLOOM_PG_BIN", str(tmp_path))
    with pytest.raises(Refused, match="no PostgreSQL 18 or newer"):
        find_binaries()


def test_data_of_another_major_version_are_refused_and_stay(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(Refused, match="belong to PostgreSQL 17"), embedded_server(folder):
        pass
    assert (folder / "data" / "PG_VERSION").read_text() == "17\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone changes user")
def test_root_keeps_the_data_of_a_private_folder_where_the_server_can_enter() -> None:
    with tempfile.TemporaryDirectory() as private:
        home = Path(private) / "postgresql"
        with embedded_server(home, settings=FAST) as server:
            assert _ask(server.url("postgres")) == (1,)
            assert home.is_symlink()
        elsewhere = home.resolve()
        with embedded_server(home, settings=FAST) as server:
            assert (elsewhere / "data" / "postmaster.pid").exists()
        shutil.rmtree(elsewhere)
