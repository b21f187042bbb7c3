"""An account at a supplier, judged before anything is signed or verified with it.

| kind | identity (`account` of the row) | secret, a JSON object of texts |
|---|---|---|
| signed_json | user_id, numbers | key |
| md5_form | merchant, numbers | key |
| two_step | client_id | api_key, api_secret |

`numbers` must be `confirmed`: platforms of these two kinds share a protocol and number its statuses and refusals each in its own way.
Whoever opens such a supplier has compared them with the adapter's tables; a 4 that means *under way* would pay a buyer back who gets his
goods.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from faka.kernel.errors import Unavailable
from faka.kernel.exchange import is_callable_address
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret, is_usable


VERSIONS_MAX: Final = 2
"""Two live versions of a secret while it is rotated."""

_IDENTITY: Final = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)


class SupplierKind(StrEnum):
    SIGNED_JSON = "signed_json"
    """Headers carry a time and a SHA-1 over time, sorted JSON and key; orders end by a signed callback or by query."""
    MD5_FORM = "md5_form"
    """Forms with an MD5 over sorted fields and key; recharge and cards by two addresses."""
    TWO_STEP = "two_step"
    """REST with basic authentication: a transaction is created under our number and then confirmed."""


class SupplierClosed(Unavailable):
    """The supplier has no usable secret, or its row no usable identity or address; the text says which, never what stands there."""


_SHAPES: Final = MappingProxyType(
    {
        SupplierKind.SIGNED_JSON: ("user_id", ("key",)),
        SupplierKind.MD5_FORM: ("merchant", ("key",)),
        SupplierKind.TWO_STEP: ("client_id", ("api_key", "api_secret")),
    }
)


_SHARED: Final = frozenset({SupplierKind.SIGNED_JSON, SupplierKind.MD5_FORM})
CONFIRMED: Final = "confirmed"


@dataclass(frozen=True, slots=True)
class SupplierAccount:
    """One account at one supplier. Made by `open_account`."""

    id: SupplierId
    kind: SupplierKind
    identity: str
    gateway: str
    """The base address, ending with `/`."""
    currency: Currency
    secrets: tuple[Mapping[str, Secret], ...] = field(default=(), repr=False)
    """One or two live versions, the newest first."""

    def newest(self, name: str) -> Secret:
        return self.secrets[0][name]

    def live(self, name: str) -> tuple[Secret, ...]:
        """All live versions of a secret, the newest first; what comes may be proved by any of them."""
        return tuple(version[name] for version in self.secrets)


def open_account(
    *,
    supplier_id: SupplierId,
    kind: str,
    account: Mapping[str, str],
    gateway: str,
    currency: Currency,
    secrets: Sequence[Mapping[str, Secret]],
) -> SupplierAccount:
    """Judge a supplier's row and secret. Raises: SupplierClosed."""
    if kind not in tuple(SupplierKind):
        raise SupplierClosed("no such kind of supplier")
    identity, names = _SHAPES[SupplierKind(kind)]
    if not _IDENTITY.fullmatch(account.get(identity, "")):
        raise SupplierClosed("the account's identity is missing")
    if SupplierKind(kind) in _SHARED and account.get("numbers") != CONFIRMED:
        raise SupplierClosed("its statuses and refusals have not been compared with the adapter's: then its row says numbers: confirmed")
    if not is_callable_address(gateway):
        raise SupplierClosed("the gateway's address is not https, or names a port or a user")
    live = [version for version in secrets[:VERSIONS_MAX] if all(is_usable(version.get(name, Secret(""))) for name in names)]
    if not secrets or not live or live[0] is not secrets[0]:
        raise SupplierClosed("the secret is missing, too short or a placeholder")
    return SupplierAccount(
        id=supplier_id,
        kind=SupplierKind(kind),
        identity=account[identity],
        gateway=gateway if gateway.endswith("/") else f"{gateway}/",
        currency=currency,
        secrets=tuple(live),
    )
