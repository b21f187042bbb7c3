"""Keys of the players, and what a shop must be told so that it can trade with them.

Each player makes its own: `new_secrets` of its module. They are kept in the state folder, readable by the owner only, under
`{kind}.{name}`; a player that joins later gets its keys then. `create_keys(state)` answers them; `Keys.channels(base)` is what
the seed writes: each entry is a channel row plus `secret`, the JSON object for the secret store.

```json
{"id": "alipay", "kind": "alipay", "title": {…}, "gateway": "http://127.0.0.1:4600/alipay/gateway.do",
 "account": {"app_id": "2021…", "seller_id": "2088…"}, "methods": ["page", "wap", "precreate"],
 "public_key": "MIIB… (base64 of the DER)", "secret": {"private_key": "MIIE… (base64 of PKCS#8)"}}
```
"""

import base64
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)


FILE = "keys.json"
_making = threading.RLock()


@dataclass(frozen=True)
class Keys:
    """Both sides' keys. A real provider would not hold the merchant's private one; a player hands it to the seed."""

    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    """`{kind}.{name}` → text."""

    def of(self, kind: str) -> Mapping[str, str]:
        """What the player of this kind has; made when first asked for."""
        with _making:
            found = {name.partition(".")[2]: text for name, text in self.secrets.items() if name.partition(".")[0] == kind}
            if not found:
                found = _new_secrets(kind)
                self.secrets.update({f"{kind}.{name}": text for name, text in found.items()})
            return found

    def channels(self, base: str, kinds: Iterable[str] = ()) -> list[dict[str, Any]]:
        """What the shop needs to know, for players that answer at `base` (no slash at the end). Without kinds: all."""
        from infra.local.actors.bank import Bank
        from infra.local.actors.desks import DESKS, open_desks

        return [desk.channel() for desk in open_desks(self, Bank(lambda: 0.0), base, tuple(kinds) or tuple(DESKS)).values()]

    # -- the first two players' by their names

    @property
    def app_id(self) -> str:
        return self.of("alipay")["app_id"]

    @property
    def seller_id(self) -> str:
        return self.of("alipay")["seller_id"]

    @property
    def merchant_private(self) -> str:
        return self.of("alipay")["merchant_private"]

    @cached_property
    def provider(self) -> rsa.RSAPrivateKey:
        return loaded(self.of("alipay")["provider_private"])

    @cached_property
    def merchant(self) -> rsa.RSAPrivateKey:
        return loaded(self.merchant_private)

    @property
    def provider_public(self) -> str:
        return public_text(self.provider)

    @property
    def pid(self) -> str:
        return self.of("epay")["pid"]

    @property
    def epay_key(self) -> str:
        return self.of("epay")["key"]


def new_keys() -> Keys:
    """Another merchant everywhere. A player's keys are made when it is first asked: RSA takes its time."""
    return Keys()


def _new_secrets(kind: str) -> dict[str, str]:
    from infra.local.actors import staff
    from infra.local.actors.desks import DESKS
    from infra.local.actors.suppliers import DESKS as SUPPLIERS

    if kind in staff.KINDS:
        return staff.new_secrets(kind, letters)
    return DESKS[kind].new_secrets() if kind in DESKS else SUPPLIERS[kind].new_secret()


def create_keys(state: Path) -> Keys:
    """The keys of this state folder, those of all players; made at the first call, the same ever after."""
    from infra.local.actors import staff
    from infra.local.actors.desks import DESKS
    from infra.local.actors.suppliers import DESKS as SUPPLIERS

    state.mkdir(parents=True, exist_ok=True)
    path = state / FILE
    with (state / f"{FILE}.lock").open("w") as turn:
        # Two processes that start together end with one set of keys.
        fcntl.flock(turn, fcntl.LOCK_EX)
        kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        keys = Keys(dict(kept))
        for kind in (*DESKS, *SUPPLIERS, *staff.KINDS):
            keys.of(kind)
        if keys.secrets != kept:
            draft = state / f"{FILE}.draft"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(keys.secrets, file)
            draft.replace(path)
    return keys


@cache
def stranger_keys() -> Keys:
    """Another merchant at all providers, made when first needed: a forger may be one."""
    return Keys()


# -- what the players make their keys of ----------------------------------------------------------------------------------


def digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def letters(count: int) -> str:
    """Letters and digits that nobody confuses."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789") for _ in range(count))


def new_rsa() -> str:
    """A new private key: base64 of PKCS#8."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def public_text(key: rsa.RSAPrivateKey) -> str:
    """The public half: base64 of the DER."""
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@cache
@cache
def loaded(text: str) -> rsa.RSAPrivateKey:
    """The private key; reading one checks it, which takes longer than signing with it."""
    key = load_der_private_key(base64.b64decode(text), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
