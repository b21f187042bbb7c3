"""Keys of the two players, and what a shop must be told so that it can trade with them.

Made once and kept in the state folder, readable by the owner only. `create_keys(state)` answers them; `channels(base)`
is what the seed writes: each entry is a channel row plus `secret`, the JSON object for the secret store.

```json
{"id": "alipay", "kind": "alipay", "gateway": "http://127.0.0.1:4600/alipay/gateway.do",
 "account": {"app_id": "2021…", "seller_id": "2088…"}, "methods": ["page", "wap", "precreate"],
 "public_key": "MIIB… (base64 of the DER)", "secret": {"private_key": "MIIE… (base64 of PKCS#8)"}}
{"id": "epay", "kind": "epay", "gateway": "http://127.0.0.1:4600/epay/", "account": {"pid": "1001"},
 "methods": ["epay"], "public_key": "", "secret": {"key": "32 letters and digits"}}
```
"""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class Keys:
    """Both sides' keys. A real provider would not hold the merchant's private one; a player hands it to the seed."""

    app_id: str
    seller_id: str
    pid: str
    epay_key: str
    provider_private: str
    merchant_private: str

    @cached_property
    def provider(self) -> rsa.RSAPrivateKey:
        return _loaded(self.provider_private)

    @cached_property
    def merchant(self) -> rsa.RSAPrivateKey:
        return _loaded(self.merchant_private)

    @property
    def provider_public(self) -> str:
        blob = self.provider.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(blob).decode()

    def channels(self, base: str) -> list[dict[str, Any]]:
        """What the shop needs to know, for players that answer at `base` (no slash at the end)."""
        return [
            {
                "id": "alipay",
                "kind": "alipay",
                "gateway": f"{base}/alipay/gateway.do",
                "account": {"app_id": self.app_id, "seller_id": self.seller_id},
                "methods": ["page", "wap", "precreate"],
                "public_key": self.provider_public,
                "secret": {"private_key": self.merchant_private},
            },
            {
                "id": "epay",
                "kind": "epay",
                "gateway": f"{base}/epay/",
                "account": {"pid": self.pid},
                "methods": ["epay"],
                "public_key": "",
                "secret": {"key": self.epay_key},
            },
        ]


def new_keys() -> Keys:
    return Keys(
        app_id="2021000" + _digits(9),
        seller_id="2088" + _digits(12),
        pid="1" + _digits(3),
        epay_key="".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789") for _ in range(32)),
        provider_private=_new_rsa(),
        merchant_private=_new_rsa(),
    )


def create_keys(state: Path) -> Keys:
    """The keys of this state folder; made at the first call, the same ever after."""
    path = state / FILE
    if path.exists():
        return Keys(**json.loads(path.read_text()))
    keys = new_keys()
    state.mkdir(parents=True, exist_ok=True)
    draft = state / f"{FILE}.{os.getpid()}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(asdict(keys), file)
    try:
        # A link fails where the file exists: two processes that start together end with one set of keys.
        os.link(draft, path)
    except FileExistsError:
        return Keys(**json.loads(path.read_text()))
    finally:
        draft.unlink()
    return keys


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _new_rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def _loaded(text: str) -> rsa.RSAPrivateKey:
    key = load_der_private_key(base64.b64decode(text), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
