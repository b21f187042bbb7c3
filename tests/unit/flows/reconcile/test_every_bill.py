"""The books of each kind of provider come by themselves, are kept byte for byte under their own hash, and close the day."""

import hashlib
import io

import pytest

from faka.contexts.orders.model import OrderState
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.statements.model import RunState
from faka.flows.reconcile import AccountDay, BillState, PlanRequest
from faka.flows.reconcile.fetch import fetch
from faka.flows.reconcile.plan import plan
from faka.flows.reconcile.shelf import Shelf
from tests.contract.check_rows import Shop
from tests.unit.flows.reconcile.given import Nights, night_world


pytestmark = pytest.mark.integration

METHODS = {"wechatpay": "native", "alipay": "page", "epay": "epay", "epay_rsa": "epay", "stripe": "card"}
"""Every kind that keeps books, and a way to pay there."""


def sold(nights: Nights, kind: str) -> Shop:
    """One order that the shop was told of, one that it was not."""
    shop = Shop(nights.world, kind, METHODS[kind])
    for is_heard in (True, False):
        order = shop.ordered()
        if not shop.provider.state(shop.number(order)):
            shop.provider.open(shop.number(order), order.total.minor)
        [raw] = shop.provider.pay(shop.number(order))
        if is_heard:
            nights.world.deliver_notice(order, raw)
            assert shop.state(order) is OrderState.COMPLETED
    return shop


@pytest.mark.parametrize("kind", METHODS)
def test_a_bill_is_fetched_hashed_kept_and_its_day_closed(kind: str) -> None:
    with night_world() as nights:
        shop = sold(nights, kind)
        channel = shop.provider.channel_id
        nights.morning()
        closed = nights.night(channel)
        run = nights.deps.statements.run(channel, nights.day)
        assert run is not None
        kept = nights.deps.books.get(run.bill.name)
        assert run.bill.name == f"{channel}/{nights.day}/raw/{run.bill.sha256}"
        assert hashlib.sha256(kept).hexdigest() == run.bill.sha256
        assert len(list(shop.provider.adapter().parse_bill(nights.day, io.BytesIO(kept)))) == run.bill.lines == 2
        assert (closed.state, nights.repaired.repaired) == (RunState.BALANCED, 1)


@pytest.mark.parametrize("kind", METHODS)
def test_a_bill_that_does_not_come_is_asked_for_again(kind: str) -> None:
    with night_world() as nights:
        shop = sold(nights, kind)
        asked = AccountDay(channel=shop.provider.channel_id, day=nights.day)
        nights.morning()
        shop.provider.is_down = True
        with pytest.raises(ProviderUnavailable):
            fetch(nights.deps, asked)
        shop.provider.is_down = False
        assert fetch(nights.deps, asked).state is BillState.READY


def test_the_plan_names_every_kind_that_keeps_books_and_no_other() -> None:
    with night_world() as nights:
        for kind in (*METHODS, "epusdt"):
            provider = nights.world.providers.also(kind)
            nights.deps.tables.commit([nights.deps.catalog.save_channel(provider.row())])
        nights.morning()
        planned = plan(nights.deps, PlanRequest())
        assert set(planned.accounts) == {nights.world.providers.by_id(kind).channel_id for kind in METHODS}


def test_twin_a_file_that_is_kept_otherwise_than_it_came_has_another_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Shelf.upload
    monkeypatch.setattr(Shelf, "upload", lambda shelf, name, source, kind: real(shelf, name, io.BytesIO(source.read()[:-1]), kind))
    with night_world() as nights:
        shop = sold(nights, "alipay")
        nights.morning()
        fetch(nights.deps, AccountDay(channel=shop.provider.channel_id, day=nights.day))
        run = nights.deps.statements.run(shop.provider.channel_id, nights.day)
        assert run is not None
        assert hashlib.sha256(nights.deps.books.get(run.bill.name)).hexdigest() != run.bill.sha256
