"""A supplier is asked about the account before anybody pays (row F06); one who does not answer stops nobody."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from faka.contexts.orders.model import Order
from faka.contexts.suppliers.base import CheckVerdict, SupplierUnavailable, SupplyState
from faka.flows.check_account import CheckRequest, check_account
from faka.kernel.ids import SupplierId
from faka.platform.functions import REST, Function, FunctionUnavailable
from faka.steps.checked import AccountUnknown
from faka.steps.offers import offered
from tests.kit.clock import FrozenClock
from tests.kit.world import engine_world
from tests.unit.catalog.given import sku
from tests.unit.recharges.given import FORM, PHONE, ScriptedSupplier, TopUps


pytestmark = pytest.mark.unit

SILENT = SupplierUnavailable("silent")
DONE = SupplyState.SUCCEEDED


class Answers:
    """The function that holds the suppliers' keys, in this process."""

    def __init__(self, shop: TopUps) -> None:
        self.shop = shop

    def ask(self, task: str, **given: Any) -> dict[str, Any]:
        assert task == "check"
        return check_account(self.shop.world.deps, CheckRequest.model_validate(given)).model_dump(mode="json")


@pytest.fixture
def shop() -> Iterator[TopUps]:
    form = FORM | {"is_looked_up": True}
    with engine_world(kind="DIRECT_RECHARGE", account_form=form, skus=(sku("video-vip-month", per_order_max=1),)) as world:
        made = TopUps(world, ScriptedSupplier("first", DONE), ScriptedSupplier("second", DONE))
        world.deps.__dict__["recharges_function"] = Answers(made)
        yield made


def says(shop: TopUps, first: object, second: object = CheckVerdict.NOT_OFFERED, carrier: str = "") -> None:
    for name, verdict in (("first", first), ("second", second)):
        shop.suppliers[name].verdict = verdict  # type: ignore[assignment,index]
        shop.suppliers[name].carrier = carrier  # type: ignore[index]


@pytest.mark.parametrize("second", [CheckVerdict.NOT_OFFERED, CheckVerdict.BAD, SILENT])
def test_an_account_that_no_supplier_can_reach_is_refused_before_anything_is_written(shop: TopUps, second: object) -> None:
    says(shop, CheckVerdict.BAD, second)
    before = len(shop.world.rows("test-trade"))
    with pytest.raises(AccountUnknown):
        shop.ordered()
    assert len(shop.world.rows("test-trade")) == before


@pytest.mark.parametrize("change", [{"enabled": False}, {"admitted_until": None}])
def test_a_closed_or_suspended_supplier_has_no_word(shop: TopUps, change: dict[str, object]) -> None:
    says(shop, CheckVerdict.BAD, CheckVerdict.NOT_OFFERED)
    store = shop.world.deps.suppliers
    row = store.get(SupplierId("first"))
    shop.world.deps.tables.apply(store.replaced(row, row.changed(**change)))
    assert shop.ordered().paid_at is None


def test_twin_without_the_look_the_buyer_pays_for_what_cannot_arrive(shop: TopUps, monkeypatch: pytest.MonkeyPatch) -> None:
    says(shop, CheckVerdict.BAD)
    monkeypatch.setattr("faka.flows.checkout.checked", lambda *_given: "")
    assert shop.world.pay(shop.ordered()).paid_at is not None


@pytest.mark.parametrize(
    ("first", "second"),
    [(CheckVerdict.BAD, CheckVerdict.GOOD), (SILENT, SILENT), (SILENT, CheckVerdict.GOOD), (CheckVerdict.NOT_OFFERED,) * 2],
)
def test_one_supplier_who_can_reach_it_is_enough_and_silence_is_no_verdict(shop: TopUps, first: object, second: object) -> None:
    says(shop, first, second)
    assert isinstance(shop.ordered(), Order)


def test_the_order_keeps_the_carrier_that_a_look_up_told_and_no_other(shop: TopUps) -> None:
    says(shop, CheckVerdict.GOOD, carrier="China Unicom")
    assert shop.ordered().carrier == "China Unicom"
    says(shop, SILENT)
    assert shop.ordered().carrier == ""


def test_a_product_that_is_not_looked_up_asks_nobody() -> None:
    with engine_world(kind="DIRECT_RECHARGE", account_form=FORM, skus=(sku("video-vip-month", per_order_max=1),)) as world:
        shop = TopUps(world, ScriptedSupplier("first", DONE))
        shop.ordered()
        assert [one.looked_up for one in shop.suppliers.values()] == [[]]


def test_a_supplier_gets_the_account_in_his_own_words(shop: TopUps) -> None:
    for offer in shop.world.deps.suppliers.offers(shop.world.sku.id):
        shop.world.deps.tables.commit(offered(shop.world.deps, offer.model_copy(update={"fields": {"mobile": "uid"}})))
    recharge = shop.begun()
    shop.step(recharge, "submit")
    sent = [order.account for one in shop.suppliers.values() for order in one.sent]
    assert [*sent, *shop.suppliers["first"].looked_up] == [{"uid": PHONE["mobile"]}] * 2  # type: ignore[index]


# -- the call ---------------------------------------------------------------------------------------------------------


class Remote:
    """A Lambda client: answers, or hangs until the client gives up."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.calls = 0

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        assert FunctionName == "recharge"
        assert json.loads(Payload)["task"] == "check"
        self.calls += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"Payload": io.BytesIO(json.dumps(self.answer).encode())} | ({"FunctionError": "Unhandled"} if self.answer == {} else {})


def test_an_answer_comes_through() -> None:
    assert Function(Remote({"verdict": "GOOD"}), "recharge", FrozenClock()).ask("check", sku="x") == {"verdict": "GOOD"}


@pytest.mark.parametrize("answer", [ReadTimeoutError(endpoint_url="https://x.test"), {}, [1]])
def test_who_does_not_answer_is_left_alone_for_a_while_so_that_the_next_buyer_does_not_wait(answer: object) -> None:
    clock, remote = FrozenClock(), Remote(answer)
    function = Function(remote, "recharge", clock)
    for _ in range(3):
        with pytest.raises(FunctionUnavailable) as failed:
            function.ask("check", account={"mobile": PHONE["mobile"]})
        assert PHONE["mobile"] not in str(failed.value)
    assert remote.calls == 1
    clock.advance(seconds=REST.total_seconds() + 1)
    with pytest.raises(FunctionUnavailable):
        function.ask("check")
    assert remote.calls == 2
