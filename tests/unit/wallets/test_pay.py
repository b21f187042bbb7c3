"""Paying with the balance of a wallet (row G05): the order has its goods and the wallet its rest, or nothing has moved."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest

from faka.contexts.ledger.accounts import suspense
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.orders.errors import OrderClosed, OrderNotFound
from faka.contexts.orders.model import DeliveryState, MailState, Order, OrderState
from faka.contexts.orders.store import OrderStore, to_item
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.contexts.payments.store import PaymentStore, payment_item
from faka.contexts.wallets.errors import BalanceTooLow, CurrencyDiffers, WalletNotFound
from faka.contexts.wallets.model import WalletId
from faka.contexts.wallets.store import WalletStore
from faka.flows.order_page import cancel, change_method
from faka.flows.pay_with_balance import pay_with_balance
from faka.kernel.errors import FakaError
from faka.kernel.ids import lookup_code, out_trade_no
from faka.kernel.limits import CATALOG_CACHE_S
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName, Write, put, update
from faka.steps.poll import ask
from faka.steps.proof import Proof
from faka.steps.wallet import credited
from faka.wiring import Deps
from tests.kit.world import World
from tests.unit.flows.meeting import elsewhere
from tests.unit.stock.wire import Wire
from tests.unit.wallets.given import ADDRESS, Purse, accounts, balance, faults, issued, page, pays, purse, quick_world, redeemed


pytestmark = pytest.mark.unit

CALLS_MAX = 60
PRICE = 1_580


@pytest.fixture
def world() -> Iterator[World]:
    with quick_world() as made:
        made.stock_up(5)
        yield made


def rows(world: World, kind: str) -> list[dict[str, object]]:
    return [row for row in world.rows("test-trade") if row["sk"] == kind]


def test_the_order_has_its_goods_and_the_wallet_its_rest_in_one_commit(world: World) -> None:
    held, order = purse(world, 5_000), world.buy(contact="buyer@example.com")
    world.clock.advance(seconds=1)

    after = pays(world, order, held)

    assert (after.state, after.delivery, after.mail) == (OrderState.COMPLETED, DeliveryState.READY, MailState.DUE)
    assert [line.amount_minor for line in page(world, held).movements] == [-PRICE, 5_000]
    assert accounts(world) == {
        f"wallet:{held.number}/CNY": 5_000 - PRICE,
        "revenue:sales/CNY": PRICE,
        "expense:promotion/CNY": -5_000,
    }
    [receipt] = rows(world, "CHANNELTXN")
    assert (receipt["channel_id"], receipt["order_id"], receipt["state"]) == ("wallet", order.id, "APPLIED")
    assert [row["state"] for row in rows(world, "PAYMENT")] == ["CLOSED", "SUCCEEDED"]
    assert faults(world) == []
    assert world.secrets(order) == ["SECRET-0"]
    world.minute(2)
    assert world.order(order).mail is MailState.SENT


def test_paying_again_takes_nothing_and_answers_the_same(world: World) -> None:
    held, order = purse(world, 5_000), world.buy()
    first = pays(world, order, held)
    assert pays(world, order, held) == first
    assert pays(world, order, purse(world)) == first
    assert balance(world, held) == 5_000 - PRICE
    assert faults(world) == []


def test_a_balance_pays_no_fee_of_a_provider(world: World) -> None:
    row = world.deps.catalog.channel("alipay")
    world.deps.tables.commit([world.deps.catalog.save_channel(row.model_copy(update={"fee_bp": 250}))])
    world.clock.advance(seconds=CATALOG_CACHE_S + 1)
    held, order = purse(world, 5_000), world.buy()
    assert order.fee.minor > 0

    after = pays(world, order, held)

    assert (after.total.minor, after.fee.minor, balance(world, held)) == (PRICE, 0, 5_000 - PRICE)
    assert accounts(world)["revenue:fees/CNY"] == 0


def test_goods_that_are_not_sealed_are_paid_and_wait_for_their_delivery() -> None:
    with quick_world(kind="MANUAL_RECHARGE") as world:
        world.stock_up(5)
        held, order = purse(world, 5_000), world.buy()
        assert pays(world, order, held).state is OrderState.PAID
        assert accounts(world)[f"order:{order.id}:funds/CNY"] == PRICE
        assert faults(world) == []


# -- nothing moves ------------------------------------------------------------------------------------------------


def refused(world: World, order: Order, held: Purse, error: type[FakaError]) -> None:
    """It is refused, nothing has moved, and the order can still be paid."""
    with pytest.raises(error):
        pays(world, order, held)
    assert faults(world) == []
    assert not rows(world, "CHANNELTXN")
    assert world.order(order).paid_at is None


def test_too_little_is_said_before_the_open_attempt_is_closed(world: World) -> None:
    held, order = purse(world, PRICE - 1), world.buy(method="precreate")
    refused(world, order, held, BalanceTooLow)
    assert balance(world, held) == PRICE - 1
    assert world.providers.alipay.calls["close"] == 0
    assert world.pay(order).state is OrderState.COMPLETED


def test_a_wallet_of_another_currency_pays_nothing(world: World) -> None:
    [code] = issued(world, 500_000, currency=Currency.USD)
    refused(world, world.buy(), redeemed(world, code), CurrencyDiffers)


def test_a_wrong_code_pays_nothing(world: World) -> None:
    held = purse(world)
    refused(world, world.buy(), Purse(held.number, lookup_code(world.chance)), WalletNotFound)
    refused(world, world.buy(), Purse("wal_nowhere", held.code), WalletNotFound)


def test_an_order_that_is_over_or_not_his_own_is_not_paid(world: World) -> None:
    held, order, canceled = purse(world), world.buy(), world.buy()
    cancel(world.deps, canceled.id, world.proof(canceled))
    refused(world, canceled, held, OrderClosed)
    with pytest.raises(OrderNotFound):
        pay_with_balance(world.deps, order.id, Proof(code=lookup_code(world.chance)), held.number, held.code, ADDRESS)
    world.clock.advance(minutes=15)
    refused(world, order, held, OrderClosed)
    assert balance(world, held) == 5_000


def test_while_the_provider_cannot_be_asked_nothing_is_taken(world: World) -> None:
    held, order = purse(world), world.buy()
    world.providers.alipay.is_down = True
    refused(world, order, held, ProviderUnavailable)
    world.providers.alipay.is_down = False
    assert pays(world, order, held).state is OrderState.COMPLETED


# -- money at the provider ----------------------------------------------------------------------------------------


def test_money_that_came_to_the_provider_before_pays_and_the_wallet_keeps_its_own(world: World) -> None:
    held, order = purse(world), world.buy()
    world.providers.alipay.lose(out_trade_no(order.payment_id), order.total.minor)

    after = pays(world, order, held)

    assert (after.state, after.channel_id) == (OrderState.COMPLETED, "alipay")
    assert balance(world, held) == 5_000
    assert faults(world) == []


def test_money_that_comes_afterwards_is_due_back(world: World) -> None:
    held, order = purse(world), world.buy(channel="epay", method="epay")  # no closing call there: the page stays payable
    pays(world, order, held)

    world.pay(order)

    after = world.order(order)
    assert (after.state, after.channel_id) == (OrderState.COMPLETED, "wallet")
    assert [row["amount"]["minor"] for row in rows(world, "REFUND")] == [PRICE]  # type: ignore[index]
    assert balance(world, held) == 5_000 - PRICE
    assert faults(world) == []


# -- whoever it meets ---------------------------------------------------------------------------------------------

Act = Callable[[World, Order, Purse, Deps], object]


def first_tab(world: World, order: Order, held: Purse, deps: Deps) -> object:
    return pays(world, order, held, deps)


def second_wallet(world: World, order: Order, _held: Purse, deps: Deps) -> object:
    return pays(world, order, purse(world), deps)


def provider(world: World, order: Order, _held: Purse, deps: Deps) -> object:
    [raw] = world.notices(order)
    return world.deliver_notice(order, raw, deps)


def canceling(world: World, order: Order, _held: Purse, deps: Deps) -> object:
    return cancel(deps, order.id, world.proof(order))


def another_way(world: World, order: Order, _held: Purse, deps: Deps) -> object:
    return change_method(deps, order.id, world.proof(order), "epay", "epay")


def expiry(world: World, order: Order, _held: Purse, deps: Deps) -> object:
    world.clock.advance(minutes=17)
    payment = deps.payments.find(order.payment_id)
    assert payment is not None
    return ask(deps, payment)


def another_order(world: World, _order: Order, held: Purse, deps: Deps) -> object:
    return pays(world, world.buy(), held, deps)


PAIRS: dict[str, tuple[Act, Act]] = {
    "another tab": (first_tab, first_tab),
    "another wallet": (first_tab, second_wallet),
    "the provider's notice": (first_tab, provider),
    "into the provider's notice": (provider, first_tab),
    "a cancel": (first_tab, canceling),
    "into a cancel": (canceling, first_tab),
    "another way to pay": (first_tab, another_way),
    "the expiry": (first_tab, expiry),
    "the last money for another order": (first_tab, another_order),
}


def meetings(one: Act, other: Act, *, minor: int = 5_000) -> Iterator[tuple[World, Order]]:
    """A world for each call of `one` before which `other` runs from its beginning to its end."""
    for call in range(1, CALLS_MAX):
        with quick_world() as world:
            world.stock_up(5)
            held, order = purse(world, minor), world.buy()

            def act(act: Act, deps: Deps, world: World = world, order: Order = order, held: Purse = held) -> None:
                with suppress(FakaError):
                    act(world, order, held, deps)

            wire = Wire(world.client).first(call, elsewhere(partial(act, other, world.deps)))
            act(one, world.over(wire))
            if wire.calls < call:
                return
            world.minute(2)
            yield world, order
    raise AssertionError("more calls than expected")


def wrong(world: World, order: Order) -> list[str]:
    """Money without goods, goods without money, money twice."""
    after, found = world.order(order), faults(world)
    paid = [row for row in rows(world, "CHANNELTXN") if row["state"] == "APPLIED" and row["order_id"] == order.id]
    due = [row for row in rows(world, "CHANNELTXN") if row["state"] == "REFUND_DUE"]
    if len(paid) != (after.paid_at is not None) or (after.paid_at is None and any(row["channel_id"] == "wallet" for row in due)):
        found.append(f"{after.state} with {len(paid)} payments")
    if len(due) != len(rows(world, "REFUND")) or any(row["channel_id"] == "wallet" for row in due):
        found.append("money that bought nothing")
    if after.owns_its_cards != (after.state in (OrderState.COMPLETED, OrderState.PENDING_PAYMENT)):
        found.append(f"{after.state} with {len(after.runs)} runs")
    numbers = Counter(number for row in rows(world, "ORDER") for run in row.get("runs", ()) for number in range(run[2], run[2] + run[3]))  # type: ignore[attr-defined]
    if world.left + len(numbers) != 5 or max(numbers.values(), default=1) > 1:
        found.append(f"{world.left} left, {dict(numbers)} with orders")
    kept = {name for name, minor in accounts(world).items() if ":funds/" in name and minor}
    return found + [f"{name} is not empty" for name in kept]


@pytest.mark.parametrize("pair", PAIRS)
def test_whichever_call_it_meets_the_other_at_one_of_them_pays(pair: str) -> None:
    met = 0
    for world, order in meetings(*PAIRS[pair], minor=PRICE if pair == "the last money for another order" else 5_000):
        assert wrong(world, order) == []
        met += 1
    assert met > 3


def test_twin_without_the_condition_on_the_balance_a_wallet_goes_below_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = WalletStore.debited

    def generous(store: WalletStore, *given: object) -> Write:
        write = honest(store, *given)  # type: ignore[arg-type]
        kept = {name: value for name, value in write.values.items() if name != "currency"}
        return update(write.key, write.expression, when="attribute_exists(pk)", otherwise=write.otherwise, **kept)

    monkeypatch.setattr(WalletStore, "debited", generous)
    assert any(wrong(world, order) for world, order in meetings(*PAIRS["the last money for another order"], minor=PRICE))


def test_twin_without_the_versions_a_canceled_order_is_paid_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OrderStore, "replaced", lambda _, __, after: put(TableName.TRADE, to_item(after)))
    monkeypatch.setattr(PaymentStore, "replaced", lambda _, __, after: put(TableName.TRADE, payment_item(after)))
    assert any(wrong(world, order) for world, order in meetings(*PAIRS["a cancel"]))


def test_a_refund_into_a_wallet_is_credited_once_per_cause(world: World) -> None:
    held, amount = purse(world, 100), Money(minor=40, currency=Currency.CNY)
    given = {"debit": suspense(Currency.CNY), "ref": "rfd_x", "at": world.clock.now()}
    world.deps.tables.commit(credited(world.deps, WalletId(held.number), amount, "rfd_x", **given))
    with pytest.raises(AlreadyPosted):
        world.deps.tables.commit(credited(world.deps, WalletId(held.number), amount, "rfd_x", **given))
    world.deps.tables.commit(credited(world.deps, WalletId(held.number), amount, "rfd_y", **given))
    assert balance(world, held) == 180
    assert faults(world) == []
