"""The verbs `serve` and `worker`: the web server, and processes that carry the work."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

import uvicorn

from orderloom.base.lifeline import VARIABLE, hold_lifeline
from orderloom.base.migrate import migrate
from orderloom.cli.garbage import look_less_for_garbage
from orderloom.cli.keys import doors_of, seal_of
from orderloom.cli.mail import channels_of, mail_entrance, mail_told
from orderloom.cli.settings import Settings, database_url, read_settings, refuse_without_demo
from orderloom.house import build_house
from orderloom.web.settings import WebSettings
from orderloom.worker.main import run_worker
from orderloom.worker.metrics import WorkerMetrics, served

FIRST_PORT = 8321
PORTS_TRIED = 100


def worker(_chosen: argparse.Namespace) -> int:
    """Work until interrupted."""
    import uvloop

    hold_lifeline()
    settings = read_settings()
    metrics = WorkerMetrics()
    port = settings.metrics_port
    with database_url(settings) as url, served(metrics, host=settings.host, port=port):
        uvloop.run(
            run_worker(
                url,
                build_house(),
                allow_private_partners=settings.allow_private_partners,
                lease_seconds=settings.lease_seconds,
                channels=channels_of(settings),
                metrics=metrics,
                keep_wire_days=settings.keep_wire_days,
                doors=doors_of(settings),
                mail=mail_entrance(settings),
                seal=seal_of(settings),
            )
        )
    return 0


def serve(chosen: argparse.Namespace) -> int:
    """Migrate, load the demo world when asked and the database is empty, then serve until interrupted."""
    settings = read_settings()
    channels_of(settings)  # refuses absurd settings of mail before anything is started
    if chosen.demo:
        refuse_without_demo()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, lambda _number, _frame: os.kill(os.getpid(), signal.SIGTERM))
    with ExitStack() as stack:
        url = stack.enter_context(database_url(settings))
        migrate(url, told=lambda name: print(f"migration {name}", flush=True))
        listener = _listening_socket(settings, chosen.port)
        address = f"http://{settings.host}:{listener.getsockname()[1]}"
        found_at = settings.public_url or address
        environment = {"ORDERLOOM_DATABASE_URL": url, "ORDERLOOM_ADDRESS": found_at}
        commands = [[sys.executable, "-m", "orderloom.cli", "worker"]] * chosen.workers
        if chosen.demo:
            from orderloom.cli import demo

            environment |= {"ORDERLOOM_ALLOW_PRIVATE_PARTNERS": "1"}
            if not settings.smtp_url:
                environment |= {"ORDERLOOM_MAIL": "folder"}
            os.environ.update(environment)
            commands = [*commands, demo.prepare(url, address, home=settings.home)]
        os.environ.update(environment)
        stack.enter_context(_kept_running(commands, environment))
        print(f"\nOrderloom is open at {found_at}", flush=True)
        if chosen.demo:
            demo.print_log_ins()
        print("Stop it with Ctrl+C.\n", flush=True)
        _run_web(url, listener, WebSettings(address=found_at, mail=mail_told(read_settings())))
    return 0


def _run_web(url: str, listener: socket.socket, settings: WebSettings) -> None:
    from orderloom.web.app import create_app

    app = create_app(url, build_house(), settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        timeout_graceful_shutdown=2,
    )
    look_less_for_garbage()
    server = uvicorn.Server(config)
    server.run(sockets=[listener])


def _listening_socket(settings: Settings, port: int | None) -> socket.socket:
    """A socket on the wanted port, or on the first free one, so that two checkouts run side by side."""
    wanted = port or settings.port
    candidates: Sequence[int] = [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for candidate in candidates:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(1024)
        return listener
    sys.exit(f"No free port among {candidates[0]} to {candidates[-1]}; give one with --port.")


@contextmanager
def _kept_running(commands: Sequence[Sequence[str]], environment: dict[str, str]) -> Iterator[None]:
    """Child processes that are started again when they die, and end with us, even when we are killed."""
    stopping = Event()
    threads = [Thread(target=_keep, args=(command, environment, stopping), daemon=True) for command in commands]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(timeout=15)


def _keep(command: Sequence[str], environment: dict[str, str], stopping: Event) -> None:
    while not stopping.is_set():
        started = time.monotonic()
        with subprocess.Popen(command, env=os.environ | environment | {VARIABLE: "1"}, stdin=subprocess.PIPE) as child:
            while child.poll() is None and not stopping.wait(0.2):
                pass
            if child.poll() is None:
                child.terminate()
                try:
                    child.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    child.kill()
        if not stopping.is_set() and time.monotonic() - started < 2:
            stopping.wait(2)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
