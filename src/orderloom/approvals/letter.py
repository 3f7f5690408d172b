"""The message that asks for a verdict, as text and as HTML in the house's look; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from orderloom.approvals.reads.ask import Ask
from orderloom.approvals.shown import Shown, shown_of
from orderloom.messages.doors import ANSWER, PLACE
from orderloom.messages.letters import Written

ASKED: Final = "approval_asked"
REMINDED: Final = "approval_reminded"
LINES_IN_MAIL: Final = 12
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)
TITLE_LONGEST: Final = 150


@dataclass(frozen=True, slots=True)
class Asked:
    """An ask with what its reader is shown of it, and where it is decided."""

    ask: Ask
    shown: Shown
    due: str
    url: str


def asked_message(asks: Sequence[Ask], *, until: datetime, reminds: bool = False) -> Written:
    """The message for one person about all that waits for them: one request whole, of several the heads of each.

    The first link of the message leads to the request, or to the list of the several.
    """
    reader = asks[0]
    url = f"{PLACE}/decide/~1"
    shown = [
        Asked(
            ask,
            shown_of(ask.snapshot, ask.reasons, may_see_cost=ask.sees_cost, locale=ask.locale),
            _moment(ask.due, reader),
            url,
        )
        for ask in asks
    ]
    title = _title(shown, reminds=reminds)
    context = {
        "title": title,
        "rows": shown,
        "one": shown[0] if len(shown) == 1 else None,
        "url": url,
        "until": _moment(until, reader),
        "reader": reader,
        "reminds": reminds,
        "most": LINES_IN_MAIL,
        "answer": ANSWER if len(shown) == 1 and not reader.log_in else "",
    }
    return Written(title, *(_TEMPLATES.get_template(f"asked.{kind}").render(context) for kind in ("txt", "html")))


def _title(rows: Sequence[Asked], *, reminds: bool) -> str:
    begin = "Reminder: " if reminds else ""
    if len(rows) > 1:
        return f"{begin}{len(rows)} requests wait for your approval"
    ask, shown = rows[0].ask, rows[0].shown
    amount = next((f", {fact.value}" for fact in shown.figures if fact.name == "Amount"), "")
    party = next((f" for {fact.value}" for fact in shown.parties), "")
    return _one_line(f"{begin}Approve {ask.subject_label}{party}{amount}?") + f" ({ask.number})"


def _one_line(text: str) -> str:
    printable = "".join(character if character.isprintable() else " " for character in text)
    return printable if len(printable) <= TITLE_LONGEST else printable[: TITLE_LONGEST - 1] + "…"


def _moment(at: datetime | None, reader: Ask) -> str:
    if at is None:
        return ""
    zone = ZoneInfo(reader.time_zone)
    return format_datetime(at, "d MMM yyyy, HH:mm zzz", tzinfo=zone, locale=reader.locale.replace("-", "_"))
