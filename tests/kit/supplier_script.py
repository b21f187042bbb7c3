"""A supplier that says what it is told to, in order: for the exact words of a protocol and for answers no honest one gives.

```python
script = Script(("order/create", {"code": 505}), ("order/query", LOST))
adapter = opened_supplier("md5_form", script)
script.asked[0].form["sign"]
```
Another page than the next one of the script is a failure of the test; `done()` tells that all of it was asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

from faka.contexts.suppliers import open_account, open_supplier
from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.base import SupplierAdapter
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from tests.kit.clock import FrozenClock


LOST = object()
"""Asked, and nothing came back."""

BASE = "https://supplier.test/api/"
KEY = "E36BC06C5D0F4E7A9C1B2A3D3DBB33465"

ACCOUNTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "md5_form": ({"merchant": "10001", "numbers": "confirmed"}, {"key": KEY}),
    "two_step": ({"client_id": "shop"}, {"api_key": "d9c07a5b-4f0e-4c1b", "api_secret": "b7f10c3e-9a4d-4d2a"}),
}


@dataclass(frozen=True)
class Said:
    """An answer with another status, other headers, or a body that is no JSON."""

    content: object
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Asked:
    method: str
    page: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def content(self) -> Any:
        return json.loads(self.body)


class Script:
    """A `Transport`."""

    def __init__(self, *steps: tuple[str, object]) -> None:
        self._steps = list(steps)
        self.asked: list[Asked] = []

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = 10.0,
        answered: dict[str, str] | None = None,
    ) -> tuple[int, bytes]:
        del timeout_s
        address = urlsplit(url)
        asked = Asked(method, address.path.removeprefix("/api/"), dict(parse_qsl(address.query)), dict(headers or {}), body)
        self.asked.append(asked)
        assert self._steps, f"{asked.page} was asked after the end of the script"
        page, answer = self._steps.pop(0)
        assert asked.page == page
        if answer is LOST:
            raise Unavailable(f"no answer from {url}")
        said = answer if isinstance(answer, Said) else Said(answer)
        if answered is not None:
            answered.update(said.headers)
        return said.status, said.content if isinstance(said.content, bytes) else json.dumps(said.content).encode()

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        raise AssertionError("no supplier has files")

    @property
    def pages(self) -> list[str]:
        return [one.page for one in self.asked]

    def done(self) -> None:
        assert not self._steps, f"never asked: {[page for page, _ in self._steps]}"


def supplier_account(kind: str, currency: Currency = Currency.CNY, more: tuple[dict[str, str], ...] = ()) -> SupplierAccount:
    """`more`: older versions of the secret that are still live."""
    identity, secret = ACCOUNTS[kind]
    versions = [{name: Secret(text) for name, text in one.items()} for one in (secret, *more)]
    return open_account(
        supplier_id=SupplierId(kind.replace("_", "-")), kind=kind, account=identity, gateway=BASE, currency=currency, secrets=versions
    )


def opened_supplier(kind: str, transport: Transport, currency: Currency = Currency.CNY) -> SupplierAdapter:
    return open_supplier(supplier_account(kind, currency), transport, FrozenClock())
