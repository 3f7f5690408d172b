"""What whoever runs the web entrance may set."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.gateway.received import Lookup, look_up


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Limits and habits of one web process; times in seconds, sizes in bytes.

    `address` is where people find it: where that is https, cookies are for https and this very host alone.
    `mail` is where the workers send mail, empty where they send none. `txt_lookup` asks for the keys of received mail.
    """

    address: str = ""
    mail: str = ""
    connections: int = 12
    session_seconds: int = 7 * 24 * 3600
    body_bytes: int = 10_000_000
    import_bytes: int = 1_000_000_000
    live_poll_seconds: float = 1.0
    live_beat_seconds: float = 15.0
    footer: str = ""
    txt_lookup: Lookup = look_up

    @property
    def is_secure(self) -> bool:
        """Whether people reach the program over TLS."""
        return self.address.startswith("https://")

    def cookie_name(self, name: str) -> str:
        """The name as browsers see it: `__Host-` has them refuse it from other hosts, and over plain HTTP."""
        return f"__Host-{name}" if self.is_secure else name
