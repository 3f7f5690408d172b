"""`ETag` and `If-Match` (RFC 9110): nobody overwrites what they have not seen."""

from __future__ import annotations

from orderloom.base.refusals import Problem, Stale
from orderloom.web.problems import PreconditionRequired


def etag_of(version: object) -> str:
    return f'"{version}"'


def seen_version(if_match: str | None) -> int | None:
    """The version that the caller names in `If-Match`, for commands that compare it; None stands for any (`*`)."""
    require_named(if_match)
    assert if_match is not None
    if if_match.strip() == "*":
        return None
    named = if_match.strip().removeprefix("W/").strip('"')
    return int(named) if named.isdecimal() and len(named) < 10 else -1


def require_named(if_match: str | None) -> None:
    if if_match is None:
        raise PreconditionRequired(
            [Problem("if_match_missing", "Read it first and send its ETag as If-Match, so that no change is lost.")]
        )


def require_match(if_match: str | None, version: object) -> None:
    """Refuse with 428 when the caller names no version, with 412 when it is not the present one."""
    require_named(if_match)
    assert if_match is not None
    named = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if "*" not in named and etag_of(version) not in named:
        raise Stale([Problem("changed_meanwhile", "It was changed since you read it; read it again and redo.")])
