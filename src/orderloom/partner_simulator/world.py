"""The partners of the demo world as the gateway registers them."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.gateway.signatures import derived_secret
from orderloom.gateway.types import PartnerDraft, PartnerSecrets
from orderloom.partner_simulator.scenario import NAMES


def partner_secrets(master: str, code: str) -> PartnerSecrets:
    """The keys that the simulator uses for a partner."""
    return PartnerSecrets(
        outgoing=derived_secret(master, partner=code, direction="out"),
        incoming=derived_secret(master, partner=code, direction="in"),
    )


def world_partners(url: str, master: str) -> Sequence[tuple[PartnerDraft, PartnerSecrets]]:
    """Every simulated partner, reached at the simulator's address."""
    return [
        (
            PartnerDraft(
                code=code,
                name=name,
                endpoint=f"{url.rstrip('/')}/{code}",
                rate_per_second=200,
                max_in_flight=20,
                timeout_seconds=10,
                retry_seconds=(1, 2, 5, 10, 30, 60, 120),
                cool_down_seconds=5,
            ),
            partner_secrets(master, code),
        )
        for code, name in NAMES.items()
    ]
