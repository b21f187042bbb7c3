"""How to reach a buyer. For now a mail address; the shop never needs one to deliver on the page."""

import ipaddress
import re

from faka.kernel.errors import Rejected
from faka.kernel.limits import CONTACT_MAX


_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}", re.ASCII)
"""The form that browsers accept in a mail field, with a dot in the domain. No control characters, hence no header injection."""


class InvalidContact(Rejected):
    """Not a mail address that we can write to."""

    public_message = "Please enter a mail address like name@example.com, or leave it empty."


def mail_address(text: str) -> str:
    """The address with its domain in lower case; empty stays empty.

    Raises: InvalidContact.
    """
    text = text.strip()
    if not text:
        return ""
    if len(text) > CONTACT_MAX or ".." in text or not _MAIL.fullmatch(text):
        raise InvalidContact("contact")
    name, _, domain = text.rpartition("@")
    return f"{name}@{domain.lower()}"


def network(address: str) -> str:
    """The part of a network address that one visitor controls: all of IPv4, the /64 of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, 64), strict=False).network_address)
    return str(ip)
