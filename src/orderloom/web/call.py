"""One request as the answering functions see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orderloom.base.types import Actor

if TYPE_CHECKING:
    from orderloom.base.transaction import Tx
    from orderloom.web.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, found once for each request. `session` is the token of the browser's cookie."""

    actor: Actor
    session: str | None = None
    csrf: str = ""
    locale: str = "en"
    time_zone: str = "UTC"
    session_id: int | None = None

    @property
    def signed_in(self) -> bool:
        return self.actor is not ANONYMOUS


ANONYMOUS = Actor("anonymous", "nobody")
NOBODY = Visitor(ANONYMOUS)


@dataclass(frozen=True, slots=True)
class Call:
    """A request inside its transaction."""

    tx: Tx
    visitor: Visitor
    settings: WebSettings
    path: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    arguments: Mapping[str, str]
    client: str
    nonce: str = ""
    said: str = ""
    since: str = ""
    content: bytes = b""

    @property
    def actor(self) -> Actor:
        return self.visitor.actor

    @property
    def home(self) -> str:
        """Where people find the program, without a slash at the end: as it is set, or else as this one found it."""
        return self.settings.address.rstrip("/") or f"http://{self.headers.get('host', '')}"

    @property
    def if_match(self) -> str | None:
        return self.headers.get("if-match")

    @property
    def partial(self) -> bool:
        """Whether htmx asks for a fragment instead of the whole page."""
        return self.headers.get("hx-request") == "true" and self.headers.get("hx-history-restore-request") != "true"
