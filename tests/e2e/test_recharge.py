"""A top-up on the local cloud: bought in the shop, ordered by the machine as it is deployed, at players of suppliers; charged once."""

import time
from collections.abc import Iterator

import pytest

from faka.contexts.purchases import PurchaseState
from faka.contexts.purchases.model import ENDED
from faka.contexts.suppliers.store import Offer
from faka.flows.buy_cards import begin_purchase, set_going
from faka.kernel.money import Money
from faka.steps.offers import offered
from faka.wiring import Deps, ShopSettings
from infra.local.demo_recharge import WAYS, ToppedUp, judged, recharge
from tests.e2e.shopper import Shopper
from tests.kit.local import LocalCloud, running


pytestmark = pytest.mark.e2e


def quiet(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """With every role enforced."""
    with running(tmp_path_factory.mktemp("shop"), "--enforce") as cloud:
        yield cloud


@pytest.mark.parametrize("way", WAYS)
def test_whatever_the_suppliers_do_it_is_charged_once_or_paid_back(cloud: LocalCloud, way: str) -> None:
    visitor = Shopper(cloud.shop, contact=f"{way}@faka.example")
    done = recharge(cloud.shop, cloud.players, cloud.endpoint, way, quiet, visitor)
    assert judged(done, way) == "", done


def test_a_second_charge_would_be_seen() -> None:
    done = ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1, "b": 1}, 5_700, 1.0)
    assert "charged 2 times" in judged(done, "lost")
    assert "owed" in judged(ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1}, 0, 1.0), "lost")


def test_the_shop_buys_cards_by_its_machine_and_they_are_stock(cloud: LocalCloud) -> None:
    """Quote, order, import and count on the real services, with every role enforced; the supplier takes his time."""
    with cloud.here() as environment:
        deps = Deps(ShopSettings.from_env(environment))
        product = deps.catalog.product(_card_product(deps))
        sku = product.skus[0]
        supplier = next(row for row in deps.suppliers.rows() if row.kind == "signed_json")
        cost = Money(minor=4_800, currency=product.currency)
        deps.tables.commit(offered(deps, Offer(sku=sku.id, supplier_id=supplier.id, goods_id="7001", cost=cost)))
        before = deps.stock.available({sku.id: sku.shards}, strong=True)[sku.id]
        purchase = begin_purchase(deps, product.id, sku.id, 3, Money(minor=5_000, currency=product.currency), "mei")
        assert set_going(deps, purchase.id)
        until = time.monotonic() + 90
        while deps.purchases.get(purchase.id).state not in ENDED and time.monotonic() < until:
            time.sleep(0.5)
        ended = deps.purchases.get(purchase.id)
        assert (ended.state, ended.new) == (PurchaseState.SEALED, 3), ended.log
        assert deps.stock.available({sku.id: sku.shards}, strong=True)[sku.id] == before + 3


def _card_product(deps: Deps) -> str:
    """Something that is sold from stock in yuan."""
    return next(row.id for row in deps.catalog.shelf() if row.kind.value == "CARD" and row.price_from.currency.value == "CNY")
