"""One top-up, two suppliers who speak different protocols: whatever is lost between shop and supplier, one of them charges once."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations, product

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.suppliers.base import SupplyOrder
from faka.contexts.suppliers.store import Offer
from faka.kernel.money import Money
from infra.local.actors.suppliers import DESKS
from tests.kit.crash import Killed
from tests.kit.suppliers import Cut, FakeSupplier, FakeSuppliers
from tests.unit.recharges.given import COST_MINOR, TopUps, top_ups


pytestmark = pytest.mark.integration


@contextmanager
def two_suppliers(*kinds: str) -> Iterator[tuple[TopUps, list[FakeSupplier]]]:
    """The first is the cheaper one, so he is asked first."""
    with top_ups() as shop:
        transport = FakeSuppliers(shop.world.clock, kinds)
        suppliers = [transport.by_kind(kind) for kind in kinds]
        tables = shop.world.deps.tables
        for rank, one in enumerate(suppliers):
            row = one.row()
            one.warehouse.goods["5010"].cost_minor = COST_MINOR + rank
            cost = Money(minor=COST_MINOR + rank, currency="CNY")
            offer = Offer(sku=shop.world.sku.id, supplier_id=row.id, goods_id="5010", cost=cost)
            tables.commit([shop.world.deps.suppliers.save(row), shop.world.deps.suppliers.save_offer(offer)])
            shop.suppliers[row.id] = one.adapter()  # type: ignore[assignment]
        yield shop, suppliers


def charged(suppliers: list[FakeSupplier]) -> int:
    """Charges of both that stand: what was given back is none."""
    orders = [(one, order) for one in suppliers for order in one.warehouse.orders.values()]
    return sum(one.warehouse.charges[order.number] for one, order in orders if order.state == "SUCCEEDED")


def cases() -> list[tuple[str, str, str, Cut, str]]:
    pairs = permutations(DESKS, 2)
    return [
        (first, second, call, cut, way)
        for first, second in pairs
        for call, cut, way in product(DESKS[first].dialogue, (Cut.BEFORE, Cut.AFTER), ("done", "hidden"))
    ]


@pytest.mark.parametrize(("first", "second", "call", "cut", "way"), cases())
def test_whatever_is_lost_the_buyer_has_one_top_up_and_one_supplier_charged_once(
    first: str, second: str, call: str, cut: Cut, way: str
) -> None:
    with two_suppliers(first, second) as (shop, suppliers):
        suppliers[0].warehouse.way = way
        suppliers[0].cut[call] = cut
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "end"
        assert shop.order(recharge).state is OrderState.COMPLETED
        assert charged(suppliers) == 1
        assert all(sum(lines.values()) == 0 for lines in shop.entries().values())


@pytest.mark.parametrize(("first", "second"), [*permutations(DESKS, 2)])
def test_what_one_does_not_sell_the_other_does(first: str, second: str) -> None:
    with two_suppliers(first, second) as (shop, suppliers):
        suppliers[0].warehouse.goods.clear()
        recharge = shop.begun()
        assert shop.play(recharge)[-1] == "end"
        assert [sum(one.warehouse.charges.values()) for one in suppliers] == [0, 1]
        assert suppliers[1].warehouse.orders[shop.recharge(shop.order(recharge)).last.number].account


def test_who_dies_between_the_two_steps_leaves_nothing_charged_and_the_next_one_does_it() -> None:
    def dies() -> None:
        raise Killed

    with two_suppliers("two_step", "md5_form") as (shop, suppliers):
        suppliers[0].meanwhile["confirm"] = dies
        recharge = shop.begun()
        with pytest.raises(Killed):
            shop.step(recharge, "submit")
        assert [order.state for order in suppliers[0].warehouse.orders.values()] == ["CREATED"]
        assert shop.play(recharge)[-1] == "end"
        assert [order.state for order in suppliers[0].warehouse.orders.values()] == ["CANCELLED"]
        assert [sum(one.warehouse.charges.values()) for one in suppliers] == [0, 1]


@pytest.mark.parametrize("kind", tuple(DESKS))
def test_with_both_empty_the_money_goes_back_and_nobody_was_charged(kind: str) -> None:
    with two_suppliers(kind, next(other for other in DESKS if other != kind)) as (shop, suppliers):
        for one in suppliers:
            one.warehouse.balance_minor = 0
        recharge = shop.begun()
        assert shop.play(recharge)[-2:] == ["give_up", "end"]
        assert charged(suppliers) == 0
        assert shop.refunded_minor() == shop.order(recharge).total.minor


def test_a_second_supplier_asked_at_once_would_charge_twice() -> None:
    """The twin: taken for a failure, an answer that was lost is paid for by both."""
    with two_suppliers("md5_form", "two_step") as (shop, suppliers):
        suppliers[0].cut["create"] = Cut.AFTER
        recharge = shop.begun()
        shop.step(recharge, "submit")
        assert charged(suppliers) == 1
        other = shop.suppliers[suppliers[1].row().id]
        sent = shop.recharge(shop.order(recharge))
        order = SupplyOrder(number=sent.last.number, goods_id="5010", account=sent.account, placed_at=shop.world.clock.now())
        other.submit(order)
        assert charged(suppliers) == 2
