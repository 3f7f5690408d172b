"""The keys of the simulated partners, which the gateway is to know."""

from __future__ import annotations

from orderloom.gateway.signatures import derived_secret
from orderloom.gateway.types import PartnerSecrets


def partner_secrets(master: str, code: str) -> PartnerSecrets:
    """The keys that the simulator uses for a partner."""
    return PartnerSecrets(
        outgoing=derived_secret(master, partner=code, direction="out"),
        incoming=derived_secret(master, partner=code, direction="in"),
    )
