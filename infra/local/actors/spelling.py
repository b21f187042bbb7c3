"""How the providers spell and sign, written from their documents and apart from the shop's own code.

A player that signed with the shop's code would agree with its mistakes.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from infra.local.actors.notice import Notice


Json = dict[str, Any]
Params = dict[str, str]


def content(params: Mapping[str, str], *leave_out: str) -> str:
    pairs = [(name, value) for name, value in params.items() if value != "" and name not in leave_out]
    pairs.sort()
    return "&".join(name + "=" + value for name, value in pairs)


def rsa2(key: rsa.RSAPrivateKey, text: str) -> str:
    return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), SHA256())).decode()


def rsa2_fits(key: rsa.RSAPublicKey, text: str, signature: str) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), text.encode(), padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def md5(params: Mapping[str, str], key: str) -> str:
    return hashlib.md5((content(params, "sign", "sign_type") + key).encode()).hexdigest()


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def minor_of(money: str) -> int:
    """Cents of `12`, `12.3` or `12.34`; raises ValueError for anything else."""
    whole, _, cents = money.partition(".")
    if not whole.isdecimal() or (cents and not cents.isdecimal()) or len(cents) > 2:
        raise ValueError("money")
    return int(whole) * 100 + int(cents.ljust(2, "0") or 0)


def turned(text: str) -> str:
    """The first letter changed."""
    return ("B" if text[0] != "B" else "C") + text[1:]


def with_second_field(notice: Notice, name: str) -> Notice:
    """A field twice: two parties may read two different values."""
    if notice.body:
        return notice.forged(body=notice.body + f"&{name}=0.01".encode())
    address = urlsplit(notice.url)
    pairs = [*parse_qsl(address.query, keep_blank_values=True), (name, "0.01")]
    return notice.forged(url=address._replace(query=urlencode(pairs)).geturl())
