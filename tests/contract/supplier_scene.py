"""One supplier of a kind, its adapter, and the shop's rule about an order's end."""

from collections.abc import Callable
from typing import Any

from faka.contexts.suppliers.base import Progress, SupplierAdapter, SupplierUnavailable, SupplyOrder, SupplyRefused, SupplyState
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.money import Currency, Money
from tests.kit.clock import FrozenClock
from tests.kit.suppliers import FakeSupplier, FakeSuppliers


NUMBER = "rch01JABCDEFGHJKMNPQRSTVWXYZ00"
MOBILE = "13800138000"
ENDS = (SupplyState.SUCCEEDED, SupplyState.FAILED, SupplyState.REVERSED)
WEAK = {"two_step"}
"""Whose notices prove nothing: they only say *ask now*."""


class Scene:
    def __init__(self, kind: str) -> None:
        self.clock = FrozenClock()
        self.transport = FakeSuppliers(self.clock, [kind])
        self.supplier: FakeSupplier = self.transport.by_kind(kind)
        self.adapter: SupplierAdapter = self.supplier.adapter()
        self.warehouse = self.supplier.warehouse

    @property
    def charged(self) -> int:
        return self.warehouse.charges[NUMBER]

    def order(self, **changes: Any) -> SupplyOrder:
        plain: dict[str, Any] = {
            "number": NUMBER,
            "goods_id": "5010",
            "account": {self.supplier.desk.target: MOBILE},
            "unit_cost_max": Money(minor=2850, currency=Currency.CNY),
            "notify_url": "https://notify.test/v1/suppliers/kind/supplier",
            "placed_at": self.clock.now(),
        }
        return SupplyOrder(**(plain | changes))

    def cards(self, quantity: int) -> SupplyOrder:
        return self.order(goods_id="7001", account={}, quantity=quantity, unit_cost_max=Money(minor=4800, currency=Currency.CNY))

    def asked(self, *, is_card: bool = False) -> Progress:
        told = self.adapter.query(NUMBER, is_card=is_card)
        assert told is not None
        return told

    def end(self, submit: Callable[[], Progress]) -> SupplyState:
        """How an order ends by the shop's rule: sent once, asked until answered, *missing* only twice in a row after the grace."""
        try:
            state = submit().state
        except SupplyRefused:
            return SupplyState.FAILED
        except SupplierUnavailable:
            state = SupplyState.UNKNOWN
        missing, sent_at = 0, self.clock.now()
        for _ in range(12):
            if state in ENDS:
                break
            self.clock.advance(minutes=3)
            try:
                told = self.adapter.query(NUMBER)
            except SupplierUnavailable:
                missing = 0
                continue
            missing = missing + 1 if told is None else 0
            if told is not None:
                state = told.state
            elif missing >= 2 and (self.clock.now() - sent_at).total_seconds() >= self.adapter.grace_s:
                return SupplyState.FAILED
        return state

    def believed(self, raw: RawRequest) -> Progress | None:
        """What a notice is taken for; None where it is refused."""
        try:
            return self.adapter.parse_notice(raw)
        except (Forged, Malformed):
            return None
