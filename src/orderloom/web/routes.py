"""Routes as data: where they are, who may call them, what they take and what answers them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

PUBLIC = "public"
SIGNED_IN = "signed in"

Kind = Literal["api", "page", "raw"]
Answering = Callable[..., Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method on one path.

    `permission` is a right such as `orders.write`, or PUBLIC or SIGNED_IN, and has no default: what nobody declared
    nobody may call. `body` and `query` are frozen input classes; what they refuse is never seen by `answer`, which gets
    them as `body` and `query` beside the path's parameters by name. What takes something other than JSON reads
    `call.content` itself.
    `told_once` marks an answer with a secret in it: a retry under its idempotency key is not told it again.
    A *raw* route answers the request by itself, outside any transaction; it streams or is not about our rows.
    """

    kind: Kind
    method: str
    path: str
    permission: str
    answer: Answering
    body: type[Any] | None = None
    query: type[Any] | None = None
    returns: Any = None
    status: int = 200
    body_bytes: int | None = None
    media_type: str = "application/json"
    takes: str = "application/json"
    matches: bool = False
    told_once: bool = False

    @property
    def name(self) -> str:
        return self.answer.__name__

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.answer) or "").split("\n", 1)[0].rstrip(".")

    @property
    def description(self) -> str:
        return inspect.getdoc(self.answer) or ""

    @property
    def writes(self) -> bool:
        return self.method not in {"GET", "HEAD"}


@dataclass(slots=True)
class Routes:
    """The routes of one room, gathered where their functions stand."""

    kind: Kind
    prefix: str = ""
    tag: str = ""
    all: list[Route] = field(default_factory=list)

    def get(self, path: str, *, permission: str, **more: Any) -> Callable[[Answering], Answering]:
        return self._add("GET", path, permission, more)

    def post(self, path: str, *, permission: str, **more: Any) -> Callable[[Answering], Answering]:
        return self._add("POST", path, permission, more)

    def put(self, path: str, *, permission: str, **more: Any) -> Callable[[Answering], Answering]:
        return self._add("PUT", path, permission, more)

    def patch(self, path: str, *, permission: str, **more: Any) -> Callable[[Answering], Answering]:
        return self._add("PATCH", path, permission, more)

    def delete(self, path: str, *, permission: str, **more: Any) -> Callable[[Answering], Answering]:
        return self._add("DELETE", path, permission, more)

    def _add(self, method: str, path: str, permission: str, more: dict[str, Any]) -> Callable[[Answering], Answering]:
        def declare(answer: Answering) -> Answering:
            kind = more.pop("kind", self.kind)
            self.all.append(
                Route(kind=kind, method=method, path=self.prefix + path, permission=permission, answer=answer, **more)
            )
            return answer

        return declare
