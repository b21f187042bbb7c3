"""Suppliers in process: the players of `infra.local.actors.suppliers` without HTTP.

```python
suppliers = FakeSuppliers(clock)                       # a transport; all kinds, or those named
shop = suppliers.by_kind("two_step")
adapter = shop.adapter()
shop.warehouse.way = "later"                           # what happens to the next orders, see the warehouse
shop.cut["confirm"] = Cut.AFTER                        # the next call of this name does its work and loses the answer
shop.meanwhile["confirm"] = lambda: …                  # what somebody else does just before it
[raw] = shop.notices(number)                           # as the door hands them over; .forgeries(number)
shop.warehouse.charges[number]                         # how often it was charged
```
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from faka.contexts.suppliers import open_account, open_supplier
from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.base import SupplierAdapter
from faka.contexts.suppliers.store import SupplierRow
from faka.kernel.clock import Clock
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from infra.local.actors.desk import Answered, Asked
from infra.local.actors.suppliers import DESKS
from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.warehouse import Warehouse
from tests.kit.providers import SecretShelf, raw_request


BASE = "https://supplier.test"


class Cut(StrEnum):
    """What becomes of one call. It is used up by it."""

    BEFORE = "BEFORE"
    """The line is cut before he hears of it."""
    AFTER = "AFTER"
    """He does it, and his answer is lost."""
    GARBAGE = "GARBAGE"
    """He does it, and something between answers a page of its own."""
    HALF = "HALF"
    """He does it, and half of his answer arrives."""


class NoAnswer(Unavailable):
    """What a transport raises when the line is cut."""


ALWAYS = datetime(2100, 1, 1, tzinfo=UTC)
"""Papers that end after every test."""


class FakeSupplier:
    """One supplier with one customer."""

    def __init__(self, desk: SupplierDesk, clock: Clock, transport: "FakeSuppliers") -> None:
        self.desk = desk
        self.facts = desk.supplier()
        self.cut: dict[str, Cut] = {}
        self.meanwhile: dict[str, Callable[[], object]] = {}
        self.calls: Counter[str] = Counter()
        self._clock = clock
        self._transport = transport

    @property
    def warehouse(self) -> Warehouse:
        return self.desk.warehouse

    @property
    def secret(self) -> dict[str, Secret]:
        return {name: Secret(text) for name, text in self.facts["secret"].items()}

    def row(self, **changes: Any) -> SupplierRow:
        facts = {name: value for name, value in self.facts.items() if name != "secret"}
        return SupplierRow(**({**facts, "enabled": True, "admitted_until": ALWAYS} | changes))

    def account(self) -> SupplierAccount:
        return open_account(
            supplier_id=SupplierId(self.facts["id"]),
            kind=self.facts["kind"],
            account=self.facts["account"],
            gateway=self.facts["gateway"],
            currency=Currency(self.facts["currency"]),
            secrets=[self.secret],
        )

    def adapter(self) -> SupplierAdapter:
        return open_supplier(self.account(), self._transport, self._clock)

    def notice(self, number: str) -> RawRequest:
        return raw_request(self.desk.notice(self.warehouse.orders[number]))

    def forgeries(self, number: str) -> list[RawRequest]:
        return [raw_request(notice) for notice in self.desk.forgeries(self.warehouse.orders[number])]

    def served(self, asked: Asked) -> Answered:
        call = self.desk.call_name(asked)
        self.calls[call] += 1
        self.meanwhile.pop(call, lambda: None)()
        cut = self.cut.pop(call, None)
        if cut is Cut.BEFORE:
            raise NoAnswer(call)
        answer = self.desk.serve(asked)
        match cut:
            case Cut.AFTER:
                raise NoAnswer(call)
            case Cut.GARBAGE:
                return Answered(200, b"<html>busy</html>", "text/html")
            case Cut.HALF:
                return Answered(answer.status, answer.body[: len(answer.body) // 2], answer.content_type)
        return answer


class FakeSuppliers:
    """The players as the shop's only transport to suppliers."""

    def __init__(self, clock: Clock, kinds: Sequence[str] = tuple(DESKS)) -> None:
        self.secrets = SecretShelf({})
        self._clock = clock
        self._all: dict[str, FakeSupplier] = {}
        for kind in kinds:
            self.also(kind)

    def also(self, kind: str) -> FakeSupplier:
        warehouse = Warehouse(lambda: self._clock.now().timestamp())
        supplier = FakeSupplier(DESKS[kind](warehouse, BASE), self._clock, self)
        self._all[kind] = supplier
        self.secrets.write(f"faka/suppliers/{supplier.facts['id']}", supplier.secret)
        return supplier

    def by_kind(self, kind: str) -> FakeSupplier:
        return self._all.get(kind) or self.also(kind)

    def texts(self) -> dict[str, str]:
        """Their secrets as the store keeps them."""
        return {f"faka/suppliers/{one.facts['id']}": json.dumps(one.facts["secret"]) for one in self._all.values()}

    def call_name(self, method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> str:
        """What a call is counted under."""
        kind = urlsplit(url).path.lstrip("/").partition("/")[0]
        return self._all[kind].desk.call_name(Asked.of(method, url, headers, body))

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
        """The transport of the adapters."""
        del timeout_s
        kind = urlsplit(url).path.lstrip("/").partition("/")[0]
        answer = self._all[kind].served(Asked.of(method, url, headers, body))
        if answered is not None:
            answered |= answer.lower_headers
        return answer.status, answer.body

    def download(
        self, url: str, into: BinaryIO, *, headers: Mapping[str, str] | None = None, bytes_max: int, timeout_s: float = 300.0
    ) -> int:
        raise AssertionError("no supplier has files")
