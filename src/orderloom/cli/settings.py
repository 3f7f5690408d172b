"""Settings: what the environment says, read once where the program starts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orderloom.base.embedded import embedded_server, ensure_database
from orderloom.base.refusals import refuse
from orderloom.worker.forgetting import KEEP_WIRE_DAYS

CHECKOUT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the data lie and where the program listens.

    From ORDERLOOM_DATABASE_URL (a server of your own; several hosts follow a fail-over),
    ORDERLOOM_HOME (the folder of the embedded server), ORDERLOOM_HOST, ORDERLOOM_PORT,
    ORDERLOOM_KEEP_WIRE_DAYS (how long headers and bodies of calls are kept; 180, 0 for ever),
    ORDERLOOM_METRICS_PORT (where a worker answers at /metrics; nowhere when it is not set),
    ORDERLOOM_PUBLIC_URL (where people find the program; https makes cookies secure),
    ORDERLOOM_ALLOW_PRIVATE_PARTNERS (partners may have private addresses; for tests and demos), and
    ORDERLOOM_LEASE_SECONDS (how long a worker may be silent before another does its work; 60).
    Mail goes to the server of ORDERLOOM_SMTP_URL, or into files where ORDERLOOM_MAIL is `folder`, from
    ORDERLOOM_MAIL_FROM; where neither is set it stays queued. Links in it lead to ORDERLOOM_PUBLIC_URL, else to the
    address at which `serve` listens, which it tells its workers. ORDERLOOM_REPLY_TO receives answers, over a
    web hook or at ORDERLOOM_MAIL_PORT of a worker.
    """

    home: Path
    database_url: str | None
    host: str
    port: int | None
    allow_private_partners: bool
    public_url: str | None = None
    metrics_port: int | None = None
    keep_wire_days: float = KEEP_WIRE_DAYS
    lease_seconds: float = 60
    smtp_url: str = ""
    mail: str = ""
    mail_from: str = ""
    address: str = ""
    reply_to: str = ""
    mail_port: int | None = None


def read_settings() -> Settings:
    """The settings of this process."""
    return Settings(
        home=Path(os.environ.get("ORDERLOOM_HOME") or _default_home()).absolute(),
        database_url=os.environ.get("ORDERLOOM_DATABASE_URL") or None,
        host=os.environ.get("ORDERLOOM_HOST", "127.0.0.1"),
        port=_port("ORDERLOOM_PORT"),
        allow_private_partners=os.environ.get("ORDERLOOM_ALLOW_PRIVATE_PARTNERS", "") in {"1", "true", "yes"},
        metrics_port=_port("ORDERLOOM_METRICS_PORT"),
        keep_wire_days=_days("ORDERLOOM_KEEP_WIRE_DAYS", KEEP_WIRE_DAYS),
        public_url=_public_url(os.environ.get("ORDERLOOM_PUBLIC_URL") or None),
        lease_seconds=float(os.environ.get("ORDERLOOM_LEASE_SECONDS") or 60),
        smtp_url=os.environ.get("ORDERLOOM_SMTP_URL", ""),
        mail=os.environ.get("ORDERLOOM_MAIL", ""),
        mail_from=os.environ.get("ORDERLOOM_MAIL_FROM", ""),
        address=os.environ.get("ORDERLOOM_ADDRESS", ""),
        reply_to=os.environ.get("ORDERLOOM_REPLY_TO", ""),
        mail_port=_port("ORDERLOOM_MAIL_PORT"),
    )


def _port(variable: str) -> int | None:
    port = os.environ.get(variable)
    if port and not (port.isdecimal() and 0 < int(port) < 65_536):
        refuse("port_absurd", f"{variable} is “{port}”; give a number from 1 to 65535, or nothing.")
    return int(port) if port else None


def _days(variable: str, default: float) -> float:
    given = os.environ.get(variable)
    if given and not (given.isdecimal() and int(given) < 36_500):
        refuse(
            "days_absurd", f"{variable} is “{given}”; give a number of days, 0 for ever, or nothing for {default:g}."
        )
    return float(given) if given else default


def _public_url(given: str | None) -> str | None:
    parts = urlsplit(given) if given else None
    if parts and (parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query):
        message = f"ORDERLOOM_PUBLIC_URL is “{given}”; give scheme and host alone, as in https://orders.example.com."
        refuse("public_url_absurd", message)
    return f"{parts.scheme}://{parts.netloc}" if parts else None


def refuse_without_demo() -> None:
    """The files of the demo world come with the repository and not with the installed package."""
    if not (CHECKOUT / "demo").is_dir():
        refuse("demo_missing", "The demo world is not part of the installed package; run `make run` in a clone of it.")


def _default_home() -> Path:
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / ".orderloom"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "orderloom"


@contextmanager
def database_url(settings: Settings) -> Iterator[str]:
    """The address of the database, the embedded server being started where none is named."""
    if settings.database_url:
        yield settings.database_url
        return
    with embedded_server(settings.home / "postgresql") as server:
        ensure_database(server)
        yield server.url()
