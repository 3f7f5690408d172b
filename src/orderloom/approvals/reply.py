"""What somebody says in a reply: approve, or refuse with a reason; anything else is unclear. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from orderloom.approvals.types import VerdictKind

REASON_LONGEST: Final = 2_000
_APPROVE: Final = re.compile(r"(i )?approved?[.!]*", re.I)
_REJECT: Final = re.compile(
    r"(?:i )?(?:reject|refuse)(?:ed|d)?(?:\s*[:,\-\u2013\u2014]\s*|\s+because\s+)(?:because\s+)?(.+)", re.I | re.S
)
_QUOTED: Final = re.compile(
    r"^(>|-{2,}\s*(original|forwarded)|_{8,}|(on|am|le)\b.*\b(wrote|schrieb|a \u00e9crit)\b.*:?$"
    r"|\*?(from|von|de|gesendet|sent)\*?:\s)",
    re.I,
)
_PARTING: Final = re.compile(
    r"(--|(kind |best |warm )?regards|best( wishes)?|thanks?( you)?|many thanks|cheers|sent from my .*|sent from .*"
    r"|get outlook for .*)[,.!]*",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict that could not be meant otherwise, or why it could."""

    verdict: VerdictKind | None
    comment: str = ""
    unclear: str = ""


def said_in(text: str, *, name: str = "") -> Said:  # noqa: PLR0911 - one return for each thing that may be said
    """The verdict of a reply, read above what it quotes and above its parting words and its writer's `name`.

    Approval is the word alone: with any other word beside it, it may be a condition. A refusal needs its reason.
    """
    lines = _own_lines(text, name)
    if _says_more(text, name):
        return Said(None, unclear="It says something below what it quotes.")
    whole = "\n".join(lines).strip()
    if not whole:
        return Said(None, unclear="It says nothing above the message that it answers.")
    if _APPROVE.fullmatch(whole):
        return Said("approve")
    if found := _REJECT.fullmatch(whole):
        reason = found[1].strip()
        if not any(character.isalpha() for character in reason):
            return Said(None, unclear="It refuses without a reason.")
        if any(_APPROVE.fullmatch(line) for line in lines):
            return Said(None, unclear="It says “reject” and “approve”.")
        if len(reason) > REASON_LONGEST:
            return Said(None, unclear="Its reason is too long.")
        return Said("reject", reason)
    if re.fullmatch(r"(i )?(reject|refuse)(ed|d)?[.!]*", whole, re.I):
        return Said(None, unclear="It refuses without a reason.")
    if _APPROVE.match(whole):
        return Said(None, unclear="It says more than “approve”, which may be a condition.")
    return Said(None, unclear="It says neither “approve” nor “reject because …”.")


def _says_more(text: str, name: str) -> bool:
    """Whether its writer wrote something below a quoted line."""
    lines = [line.strip() for line in text.splitlines()]
    quoted = next((place for place, line in enumerate(lines) if line.startswith(">")), len(lines))
    below = [line for line in lines[quoted:] if line and not line.startswith(">")]
    return any(not _PARTING.fullmatch(line) and line.rstrip(".,") not in (name, *name.split()) for line in below)


def _own_lines(text: str, name: str) -> list[str]:
    """What the writer wrote: up to the first quoted line or parting word."""
    names = {part.lower() for part in (name, *name.split())}
    own: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\u00a0", " ").split("\n"):
        words = line.strip()
        if _QUOTED.match(words) or (words and own and _PARTING.fullmatch(words)):
            break
        if words.rstrip(".,").lower() in names and own:
            break
        if words or own:
            own.append(words)
    return own
