"""A top-up on the local cloud: bought in the shop, ordered by the machine as it is deployed, at players of suppliers; charged once."""

import json
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from faka.contexts.cases import CaseKind, case_id
from faka.contexts.catalog.model import Sku
from faka.contexts.purchases import PurchaseState
from faka.contexts.purchases.model import ENDED
from faka.contexts.suppliers.rules import SupplyRule
from faka.contexts.suppliers.store import Offer
from faka.kernel.ids import SkuId
from faka.kernel.money import Money
from faka.steps.offers import offered
from faka.wiring import Deps, ShopSettings
from infra.local.demo_recharge import FIRST, MOBILE, PRODUCT, SECOND, SKU, WAYS, ToppedUp, judged, recharge
from infra.local.demo_reconcile import control
from infra.local.headless import Page
from tests.e2e.shopper import WAIT_S_MAX, Shopper, address
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


def test_an_account_that_nobody_knows_is_corrected_on_its_orders_page_and_arrives(cloud: LocalCloud) -> None:
    """One supplier fails whatever he takes, the other knows no such number; the storefront begins the machine for the right one."""
    control(cloud.players, supplier=FIRST, way="refuse")
    control(cloud.players, supplier=SECOND, unknown=[f"+86{MOBILE}"])
    try:
        visitor = Shopper(cloud.shop, contact="asked@faka.example")
        order = visitor.order(PRODUCT, sku=SKU, account_mobile=MOBILE)
        visitor.act(order, "pay")
        page = _until(visitor, order, "asked")
        answer = page.form("/input")
        assert answer is not None
        visitor.submit(page, answer, account_mobile="138 0013 8111")
        assert "138•••11" in _until(visitor, order, "completed").text
    finally:
        control(cloud.players, supplier=FIRST, way="done")
        control(cloud.players, supplier=SECOND, unknown=[])


def _until(visitor: Shopper, order: Page, words: str) -> Page:
    """The order's page once its state has these words."""
    end = time.monotonic() + WAIT_S_MAX
    while words not in (page := visitor.get(address(order))).stage.get("data-state", ""):
        assert time.monotonic() < end, page.stage
        time.sleep(0.2)
    return page


def test_a_second_charge_would_be_seen() -> None:
    done = ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1, "b": 1}, 5_700, 5_700, 1.0)
    assert "charged 2 times" in judged(done, "lost")
    for owed_minor in (0, 2_849, 5_700):
        assert "owes" in judged(ToppedUp("ord", "completed", "SUCCEEDED", (), {"a": 1}, 2_850, owed_minor, 1.0), "lost")


def test_stock_that_runs_low_is_bought_by_the_shop_itself_and_prices_follow_the_suppliers(cloud: LocalCloud) -> None:
    """Low stock, quote, order, import and count on the real services, with every role enforced; the supplier takes his time."""
    with cloud.here() as environment:
        deps = Deps(ShopSettings.from_env(environment))
        product = deps.catalog.product(_card_product(deps))
        sku = product.skus[0]
        before = _left(deps, sku)
        supplier = next(row for row in deps.suppliers.rows() if row.kind == "signed_json")
        cost = Money(minor=4_800, currency=product.currency)
        deps.tables.commit(offered(deps, Offer(sku=sku.id, supplier_id=supplier.id, goods_id="7001", cost=cost)))
        [wrong, *_] = deps.suppliers.offers(SkuId("suda-30"))
        deps.tables.commit(offered(deps, wrong.model_copy(update={"cost": Money(minor=1, currency=product.currency)})))
        most = {"unit_max": Money(minor=5_000, currency=product.currency), "day_max": 3}
        deps.tables.apply(deps.supply_rules.saved(SupplyRule(sku=sku.id, product=product.id, low=before, upto=before + 3, **most)))
        _round(cloud)
        running = deps.purchases.running(sku.id)
        assert running is not None
        until = time.monotonic() + 90
        while deps.purchases.get(running.purchase).state not in ENDED and time.monotonic() < until:
            time.sleep(0.5)
        ended = deps.purchases.get(running.purchase)
        assert (ended.state, ended.new) == (PurchaseState.SEALED, 3), ended.log
        assert _left(deps, sku) == before + 3
        _round(cloud)
        case = deps.cases.find(case_id(CaseKind.SUPPLIER, f"{product.id}:low"))
        assert case is not None
        assert case.state == "CLOSED"
        assert deps.suppliers.offers(SkuId("suda-30"))[0].cost == wrong.cost
        deps.tables.apply(deps.supply_rules.forgotten(sku.id))


def test_the_night_grades_the_suppliers_by_what_they_did(cloud: LocalCloud) -> None:
    """Top-ups and bought cards of the tests above, read with the function's own role; too little of it to be bad."""
    told = json.loads(_round(cloud, "GradingFunction"))
    with cloud.here() as environment:
        rows = Deps(ShopSettings.from_env(environment)).suppliers.rows()
    assert told == {"suppliers": len(rows), "low": 0}
    assert "A" in {row.grade for row in rows}


def _round(cloud: LocalCloud, function: str = "SupplyFunction") -> bytes:
    """As its schedule would, and not in a minute. Where that runs just now, this waits its turn."""
    for _ in range(30):
        try:
            answer = cloud.client("lambda").invoke(FunctionName=cloud.deployed()[function], Payload=b"{}")
        except ClientError:
            time.sleep(1)
            continue
        told: bytes = answer["Payload"].read()
        assert "FunctionError" not in answer, told
        return told
    raise AssertionError(f"{function} never had time")


def _left(deps: Deps, sku: Sku) -> int:
    return deps.stock.available({sku.id: sku.shards}, strong=True)[sku.id]


def _card_product(deps: Deps) -> str:
    """Something that is sold from stock in yuan."""
    return next(row.id for row in deps.catalog.shelf() if row.kind.value == "CARD" and row.price_from.currency.value == "CNY")
