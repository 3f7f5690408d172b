"""What every verb has in common, and the verbs about the whole database."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from orderloom import __version__
from orderloom.cli.verify import check
from tests.cli.conftest import PREMISES, PROGRAM, ROOT, Run, clean, run

pytestmark = pytest.mark.slow

VERBS = ("serve", "worker", "migrate", "demo", "import", "export", "simulate", "schema", "feel", "verify", "backup",
         "restore", "bench", "partner-simulator")  # fmt: skip


def test_help_lists_the_verbs_and_the_version_is_told() -> None:
    said = run("--help", environment={})
    assert said.status == 0
    for verb in VERBS:
        assert f"    {verb}" in said.out
    assert run("--version", environment={}).out == f"orderloom {__version__}\n"
    nothing = run(environment={})
    assert nothing.status == 2 and "verbs" in nothing.out
    assert run("fly", environment={}).status == 2


def test_verify_prints_a_line_for_each_invariant_and_fails_when_one_is_broken(cli: Run, database_url: str) -> None:
    said = cli("verify")
    assert said.status == 0
    assert all(line.startswith("holds ") for line in said.out.splitlines()) and len(said.out.splitlines()) > 20

    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(BREAK)
    broken = cli("verify", "--json")
    assert broken.status == 1
    found = [finding for finding in broken.json if finding["broken"]]
    assert [finding["room"] for finding in found] == ["base"], found


def test_an_expression_is_checked_and_evaluated(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.feel", tmp_path / "bad.feel"
    good.write_text("speed > 100 and line.kind = null")
    bad.write_text("speed >\n substrin(1)")
    assert run("feel", "check", str(good), environment={}).out == f"{good}: no mistake; reads line.kind, speed\n"
    said = run("feel", "check", str(bad), environment={})
    assert (said.status, said.out) == (1, f"{bad}:2:2: The function “substrin” is not known here.\n")
    context = tmp_path / "context.json"
    context.write_text('{"speed": 100}')
    assert run("feel", "eval", "speed * 1.1", "--context", str(context), environment={}).out == "110\n"
    assert run("feel", "eval", '[today() < now(), "a"]', environment={}).out == '[null, "a"]\n'
    assert run("feel", "eval", "speed > 100", "--context", "-", environment={}, stdin=b'{"speed": 101}').out == "true\n"
    for wrong in (
        ("check", "speed >"),
        ("eval", "1 +"),
        ("eval", '{a: string join(for i in 1..9000 return "0123456789"), b: for i in 1..200 return a}'),
        ("eval", "1", "--context", "[]"),
        ("eval", "1", "--context", "{"),
    ):
        said = run("feel", *wrong, environment={})
        assert (said.status, said.out) == (2, "") and said.err


def test_migrate_may_be_run_again(cli: Run) -> None:
    assert cli("migrate").out == "the database is up to date\n"


def test_a_database_that_does_not_answer_is_refused_in_a_sentence(tmp_path: Path) -> None:
    environment = {"ORDERLOOM_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"}
    said = run("verify", environment=environment)
    assert said.status == 2
    assert "ORDERLOOM_DATABASE_URL" in said.err


def test_a_port_that_is_no_number_is_refused_in_a_sentence() -> None:
    said = run("verify", environment={"ORDERLOOM_PORT": "http"})
    assert said.status == 2 and "ORDERLOOM_PORT" in said.err


def test_backup_and_restore_refuse_what_would_destroy(cli: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.backup"
    assert cli("backup", kept).status == 0
    assert "exists already" in cli("backup", kept).err
    assert "not empty" in cli("restore", kept).err
    assert "no file" in cli("restore", tmp_path / "none").err
    assert "folder" in cli("backup", tmp_path / "nowhere" / "x").err


BREAK = """
INSERT INTO base.job (event_id, event_at, reaction, subject_kind, subject_id) VALUES (7, now(), 'x', 'order', 7)
"""


@contextmanager
def running(*arguments: str | Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The program in the background, its output in a file; killed in the end if it still runs."""
    with subprocess.Popen(
        [PROGRAM, *arguments],
        env=clean(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(port: int, lines: list[str]) -> float:
    begun = time.monotonic()
    while time.monotonic() < begun + 200:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            if answer.status == 200:
                return time.monotonic() - begun
        time.sleep(0.05)
    raise AssertionError(f"it never became ready: {lines}")


def _swallow(child: subprocess.Popen[str]) -> list[str]:
    lines: list[str] = []
    assert child.stdout is not None
    threading.Thread(target=lambda: lines.extend(child.stdout or ()), daemon=True).start()
    return lines


def test_serve_opens_and_closes_and_opens_again_on_the_same_data(home: Path) -> None:
    for _ in range(2):
        port = _free_port()
        with running("serve", "--port", str(port), environment={"ORDERLOOM_HOME": str(home)}) as child:
            lines = _swallow(child)
            _wait_ready(port, lines)
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=30) in {0, 130}
        assert any(f"http://127.0.0.1:{port}" in line for line in lines)
        assert not any("Traceback" in line for line in lines), lines
        assert not (home / "postgresql/data/postmaster.pid").exists(), "the last user stops the server"


def test_children_end_with_a_program_that_is_killed_and_the_next_run_goes_on(home: Path) -> None:
    environment = {"ORDERLOOM_HOME": str(home)}
    port = _free_port()
    with running("serve", "--port", str(port), environment=environment) as child:
        lines = _swallow(child)
        _wait_ready(port, lines)
        children = _until_children(child.pid)
        child.kill()
        child.wait()
    for _ in range(200):
        if not any(_runs(pid) for pid in children):
            break
        time.sleep(0.1)
    assert not [pid for pid in children if _runs(pid)]

    with running("serve", "--port", str(port), environment=environment) as child:
        lines = _swallow(child)
        _wait_ready(port, lines)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) in {0, 130}
    assert not (home / "postgresql/data/postmaster.pid").exists()


def _until_children(parent: int) -> list[int]:
    for _ in range(100):
        found = [
            int(folder.name)
            for folder in Path("/proc").iterdir()
            if folder.name.isdigit() and _parent(int(folder.name)) == parent
        ]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no worker was started")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_backup_that_is_taken_while_orders_run_is_restored_elsewhere_and_everything_holds(
    home: Path, shop: Path, tmp_path: Path
) -> None:
    here, there = {"ORDERLOOM_HOME": str(home / "here")}, {"ORDERLOOM_HOME": str(home / "there")}
    port = _free_port()
    with running("serve", "--port", str(port), environment=here) as child:
        lines = _swallow(child)
        _wait_ready(port, lines)
        with psycopg.connect(_url(home / "here"), autocommit=True) as connection:
            connection.execute(PREMISES)
        for what, file in (("catalog", "shop.yaml"), ("customers", "customers.csv"), ("stock", "stock.csv")):
            assert run("import", what, shop / file, environment=here).status == 0
        many = shop / "many.ndjson"
        items = [{"line": "1", "product": "CABLE", "quantity": 2}]
        many.write_text("\n".join(json.dumps({"customer": "import:C-1", "items": items}) for _ in range(150)))
        assert run("import", "orders", many, environment=here).status == 0
        kept = tmp_path / "kept.backup"
        said = run("backup", kept, environment=here)
        assert said.status == 0, said.err
        assert not kept.with_name("kept.backup.unfinished").exists()
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=30)
    assert not any("Traceback" in line for line in lines), lines

    said = run("restore", kept, environment=there)
    assert said.status == 0, said.err
    assert run("verify", environment=there).status == 0
    assert len(run("export", "orders", environment=there).out.splitlines()) == 150
    assert "not empty" in run("restore", kept, environment=there).err
    broken = tmp_path / "broken.backup"
    broken.write_bytes(kept.read_bytes()[:5000])
    assert run("restore", broken, environment={"ORDERLOOM_HOME": str(home / "third")}).status == 2
    said = run("restore", kept, environment={"ORDERLOOM_HOME": str(home / "third")})
    assert said.status == 0, "a restore that failed leaves the database empty"


def _url(home: Path) -> str:
    folder = (home / "postgresql/data/postmaster.pid").read_text().splitlines()[4]
    return f"postgresql://orderloom@/orderloom?host={folder}"


def test_the_invariants_are_asked_of_every_room(database_url: str) -> None:
    rooms = {finding.room for finding in check(database_url)}
    assert {"base", "parties", "catalog", "orders", "processes", "stock", "billing", "fulfilment"} <= rooms, rooms
