"""Errors as problem documents (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar.exceptions import HTTPException

from orderloom.base.refusals import NotFound, Problem, Refused

MEDIA_TYPE = "application/problem+json"
BUG = Problem(
    "internal_error",
    "Something broke on our side and nothing was written. Try again; if it stays, tell us the correlation id.",
)
SENTENCES = {
    400: Problem("request_malformed", "The request could not be read; check how it is written."),
    404: Problem("not_found", "There is nothing at this address, or not for you. Check the address."),
    405: Problem("method_not_allowed", "This address does not take this method; see /api/docs."),
    413: Problem("body_too_large", "The body is larger than this address takes; send it in parts."),
    415: Problem("media_type_unsupported", "Send the body as application/json."),
    429: Problem("too_many_requests", "Too many requests; wait a moment and try again."),
}


class TooMany(Refused):
    """Asked too often; the same request may succeed later."""

    status = 429


class PreconditionRequired(Refused):
    """A change to something with a version must say which version was seen."""

    status = 428


class TooLarge(Refused):
    """The body is larger than the route takes."""

    status = 413


class UnsupportedMedia(Refused):
    """The body is of a type that the route does not take."""

    status = 415


def problems_of(error: Exception) -> tuple[int, tuple[Problem, ...]]:
    """The status and the problems that an error stands for; anything unknown is a bug of ours."""
    if isinstance(error, Refused):
        return error.status, error.problems
    if isinstance(error, HTTPException) and error.status_code < 500:
        default = Problem("request_refused", HTTPStatus(error.status_code).phrase + ".")
        return error.status_code, (SENTENCES.get(error.status_code, default),)
    return 500, (BUG,)


def problem_document(status: int, problems: tuple[Problem, ...], *, instance: str, correlation: str) -> dict[str, Any]:
    """The document; `problems` lists each reason with its code, sentence and pointer."""
    return {
        "type": f"urn:orderloom:problem:{problems[0].code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": " ".join(dict.fromkeys(problem.message for problem in problems[:5])),
        "instance": instance,
        "correlation_id": correlation,
        "problems": [
            {"code": problem.code, "message": problem.message, "pointer": problem.pointer} for problem in problems
        ],
    }


def not_there() -> NotFound:
    """What is asked for does not exist, or not for this actor."""
    return NotFound([SENTENCES[404]])
