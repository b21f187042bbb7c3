"""Rights that only a rare turn of money needs: an account with a limit, an order that nobody restocked, a supplier's secret."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.recharges import Recharge
from faka.contexts.suppliers.store import Offer
from faka.flows.fulfil import SHORT_PATIENCE, fulfil
from faka.kernel.money import Money
from tests.kit import roles
from tests.kit.suppliers import FakeSuppliers
from tests.kit.world import World, engine_world
from tests.unit.recharges.given import COST_MINOR, TopUps, top_ups


pytestmark = pytest.mark.integration

LIMIT_MINOR = 1_000_000


@pytest.fixture
def world() -> Iterator[World]:
    """Its Alipay account takes at most so much a day."""
    with engine_world() as made:
        made.stock_up(4)
        row = made.providers.alipay.row().model_copy(update={"max_unsettled_minor": LIMIT_MINOR})
        made.deps.tables.commit([made.deps.catalog.save_channel(row)])
        made.deps.catalog.channels(fresh=True)
        yield made


def taken(world: World) -> int:
    return sum(row["minor"] for row in world.rows("test-guard") if row["pk"].startswith("TAKEN#"))


def test_a_notice_counts_toward_the_limit_of_its_account(world: World) -> None:
    order = world.pay(world.buy())
    assert taken(world) == order.total.minor


def test_money_that_the_sweep_finds_counts_toward_it_too(world: World) -> None:
    order = world.buy()
    world.notices(order)
    world.minute(3)
    assert world.order(order).paid_at is not None
    assert taken(world) == order.total.minor


def test_what_was_never_restocked_goes_back_by_fulfil_itself(world: World) -> None:
    bare = world.pays_for_nothing(world.buy(quantity=4))
    fulfil(world.deps, bare.id)
    assert world.order(bare).state is OrderState.SHORT
    world.clock.advance(seconds=int((SHORT_PATIENCE + timedelta(minutes=1)).total_seconds()))
    fulfil(world.deps, bare.id)
    assert world.order(bare).state is OrderState.FAILED


class Shelf:
    """Secrets Manager, as the role of whoever reads may use it."""

    def __init__(self, suppliers: FakeSuppliers) -> None:
        self._suppliers = suppliers

    def live(self, name: str) -> object:
        roles.ask(roles.running(), "secretsmanager", "get_secret_value", {"SecretId": name})
        return self._suppliers.secrets.live(name)


@contextmanager
def real_supplier() -> Iterator[tuple[TopUps, Recharge]]:
    with top_ups() as shop:
        suppliers = FakeSuppliers(shop.world.clock, ["signed_json"])
        one, deps = suppliers.by_kind("signed_json"), shop.world.deps
        one.warehouse.goods["5010"].cost_minor = COST_MINOR
        offer = Offer(sku=shop.world.sku.id, supplier_id=one.row().id, goods_id="5010", cost=Money(minor=COST_MINOR, currency="CNY"))
        deps.tables.commit([deps.suppliers.save(one.row()), deps.suppliers.save_offer(offer)])
        recharge = shop.begun()
        del deps.supplier  # type: ignore[method-assign]
        deps.__dict__["secrets"], deps.__dict__["transport"] = Shelf(suppliers), suppliers
        yield shop, recharge


def test_a_top_up_reads_its_suppliers_secret_and_no_other() -> None:
    with real_supplier() as (shop, recharge):
        assert shop.play(recharge)[-1] == "end"
        assert shop.order(recharge).state is OrderState.COMPLETED
    with roles.trial(), pytest.raises(roles.NotAllowed):
        roles.ask("RechargeFunction", "secretsmanager", "get_secret_value", {"SecretId": "faka/channels/alipay"})


def test_twin_who_may_not_begin_a_recharge_is_refused() -> None:
    given = {"stateMachineArn": "DirectRecharge", "name": "rch", "input": "{}"}
    roles.ask("SweepFunction", "stepfunctions", "start_execution", given)
    with roles.trial(), pytest.raises(roles.NotAllowed):
        roles.ask("CallbacksFunction", "stepfunctions", "start_execution", given)
