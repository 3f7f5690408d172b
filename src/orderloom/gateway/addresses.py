"""Which network addresses may be called: the public ones, and what the configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Credentials of the machine itself can be read there, so no configuration opens these.
_METADATA = frozenset(
    ip_address(text) for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "fd00:ec2::254")
)
_NAT64 = IPv6Network("64:ff9b::/96")


def networks(text: str) -> tuple[Network, ...]:
    """Networks from a list with commas, such as `127.0.0.0/8,10.1.0.0/16`; a malformed one is a ValueError."""
    return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())


LOCAL = networks("127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7")
"""What a configuration opens for tests and demos: this machine and private networks, never link-local ones."""


def is_private(address: Address) -> bool:
    """Whether an address is anything but a public unicast one, looking through IPv4 embedded in IPv6."""
    inner = _embedded(address)
    if inner is not None:
        return is_private(inner)
    return not address.is_global or address.is_multicast or address.is_reserved


def may_call(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether a request may go there: public, or inside a network that the configuration names."""
    inner = _embedded(address)
    if inner is not None:
        return may_call(inner, allowed)
    if address in _METADATA:
        return False
    return not is_private(address) or any(address in network for network in allowed)


def _embedded(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
