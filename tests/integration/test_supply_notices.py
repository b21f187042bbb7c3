"""A supplier tells how a top-up ended (row F04): proved, heard once, and never taken at the word of anybody else."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.recharges import Recharge, RechargeState
from faka.kernel.exchange import RawRequest
from infra.local.actors.suppliers import DESKS
from tests.contract.supplier_scene import WEAK
from tests.integration.test_two_suppliers import two_suppliers
from tests.kit.doors import CONTEXT, event, load
from tests.kit.suppliers import FakeSupplier
from tests.unit.recharges.given import TopUps


pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore:No application metrics")]

KINDS = tuple(DESKS)
ROUTE = "/v1/suppliers/{kind}/{supplier}"


class Told:
    """One recharge that is under way at the first supplier, and the door."""

    def __init__(self, shop: TopUps, suppliers: list[FakeSupplier]) -> None:
        self.shop = shop
        self.supplier, self.other = suppliers
        self.supplier.warehouse.way = "later"
        self.recharge = shop.begun()
        shop.step(self.recharge, "submit")
        self.number = self.now.last.number
        self.order = self.supplier.warehouse.orders[self.number]

    @property
    def now(self) -> Recharge:
        return self.shop.recharge(self.shop.order(self.recharge))

    @property
    def book(self) -> tuple[Any, ...]:
        return (self.now, self.shop.order(self.recharge), self.shop.entries(), self.shop.cases())

    def posts(self, raw: RawRequest, kind: str = "", supplier: str = "") -> int:
        kind, supplier = kind or self.supplier.facts["kind"], supplier or self.supplier.facts["id"]
        path = ROUTE.format(kind=kind, supplier=supplier)
        query = "&".join(f"{name}={value}" for name, value in raw.query)
        given = event("POST", ROUTE, path, {"kind": kind, "supplier": supplier}, query, raw.body, dict(raw.headers), "203.0.113.9")
        callbacks = load("callbacks")
        with patch.object(callbacks, "deps", self.shop.world.deps):
            answer: dict[str, Any] = callbacks.handler(given, CONTEXT)
        return int(answer["statusCode"])


@pytest.fixture(params=KINDS)
def told(request: pytest.FixtureRequest) -> Iterator[Told]:
    with two_suppliers(request.param, next(other for other in KINDS if other != request.param)) as (shop, suppliers):
        yield Told(shop, suppliers)


def test_the_address_that_a_supplier_is_given_is_the_doors(told: Told) -> None:
    assert told.order.notify_url == "https://notify.test" + ROUTE.format(
        kind=told.supplier.facts["kind"], supplier=told.supplier.facts["id"]
    )


def test_a_notice_ends_the_top_up_at_once_and_a_second_one_changes_nothing(told: Told) -> None:
    told.supplier.warehouse.finish(told.number)
    raw = told.supplier.notice(told.number)
    assert told.posts(raw) == 200
    assert (told.now.state, told.shop.order(told.recharge).state) == (RechargeState.SUCCEEDED, OrderState.COMPLETED)
    before = told.book
    assert told.posts(raw) == 200
    assert told.book == before
    assert told.shop.play(told.recharge)[-1] == "end"


def test_what_nobody_signed_changes_nothing(told: Told) -> None:
    told.supplier.warehouse.fail(told.number)
    before = told.book
    answers = {told.posts(raw) for raw in told.supplier.forgeries(told.number)}
    assert answers
    if told.supplier.facts["kind"] not in WEAK:
        assert answers <= {400, 401, 403, 422}
        assert told.book == before
    assert told.posts(RawRequest(method="POST", headers={}, body=b"\xff{")) in (400, 401, 403, 422)


def test_a_notice_at_another_suppliers_address_or_about_a_strangers_order_changes_nothing(told: Told) -> None:
    told.supplier.warehouse.finish(told.number)
    raw = told.supplier.notice(told.number)
    before = told.book
    assert told.posts(raw, kind=told.other.facts["kind"]) == 404
    assert told.posts(raw, kind=told.other.facts["kind"], supplier=told.other.facts["id"]) in (400, 401, 403, 404, 422)
    assert told.posts(raw, supplier="nobody") == 404
    assert told.book == before


def test_what_he_takes_back_after_it_had_arrived_is_a_persons_case_and_booked(told: Told) -> None:
    told.supplier.warehouse.finish(told.number)
    assert told.posts(told.supplier.notice(told.number)) == 200
    told.supplier.warehouse.reverse(told.number)
    for _ in range(2):
        assert told.posts(told.supplier.notice(told.number)) == 200
    assert told.now.state is RechargeState.REVERSED
    assert [case["kind"] for case in told.shop.cases()] == ["RECHARGE"]
    assert f"rch:{told.recharge.id}:back" in told.shop.entries()


@pytest.mark.parametrize("kind", sorted(WEAK))
def test_twin_a_weak_word_that_asks_only_about_open_ones_loses_what_was_taken_back(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from faka.steps.recharge import ask

    with two_suppliers(kind, "md5_form") as (shop, suppliers):
        one = Told(shop, suppliers)
        monkeypatch.setattr("faka.flows.take_supply_notice.ask_about", lambda deps, recharge, _attempt: ask(deps, recharge))
        for change in (one.supplier.warehouse.finish, one.supplier.warehouse.reverse):
            change(one.number)
            one.posts(one.supplier.notice(one.number))
        assert one.now.state is RechargeState.SUCCEEDED


def test_twin_a_door_that_asks_no_proof_believes_anybody(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    told.supplier.warehouse.fail(told.number)
    raw = told.supplier.notice(told.number)
    adapter = told.shop.world.deps.supplier(told.supplier.facts["id"])
    truth = adapter.parse_notice(raw)
    monkeypatch.setattr(type(adapter), "parse_notice", lambda _self, _raw: truth)
    told.posts(RawRequest(method="POST", headers={}, body=b"anything"))
    if told.supplier.facts["kind"] not in WEAK:
        assert told.now.state is RechargeState.FAILED
