"""Which addresses belong to one host of the public network."""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final


_UNICAST: Final = ip_network("2000::/3")
_SPECIAL: Final = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; some clouds answer for their metadata there
        "192.88.99.0/24",  # relays into 6to4
        "168.63.129.16/32",  # a public address that one cloud's machines reach their own host by
        "2001::/23",  # protocol assignments, Teredo among them: an inner IPv4 address in disguise
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an inner IPv4 address in disguise
        "3fff::/20",  # documentation
    )
)
"""What `ipaddress` takes for public in one version or another, and we do not."""


def is_public(address: str) -> bool:
    """Whether this is one host of the public network: not this machine, not its neighbours, no metadata service, no disguise."""
    try:
        one = ip_address(address)
    except ValueError:
        return False
    if any(one in network for network in _SPECIAL):
        return False
    return one in _UNICAST if isinstance(one, IPv6Address) else one.is_global and not one.is_multicast
