"""The buyer names another account for an order that was sent back to him, and it goes on from there; or he has his money back."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from faka.contexts.cases import CaseKind, case_id, open_case
from faka.contexts.catalog.accounts import BadAccount, read_account
from faka.contexts.catalog.model import Product
from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import Order, OrderState
from faka.contexts.recharges import Recharge, RechargeMoved, recharge_id
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import Conflict, IllegalTransition, Rejected, TransactionBusy, Unavailable
from faka.platform import telemetry
from faka.platform.table import Write
from faka.steps.checked import AccountUnknown, checked
from faka.steps.flight import flight
from faka.steps.proof import Proof, prove
from faka.steps.send_back import no_other_account
from faka.wiring import Deps


TRIES_MAX = 10
"""Accounts that are judged for one order in ten minutes: each may cost suppliers a question. A person mistypes three times."""

RACES_MAX = 4
"""The asking mail is noted, or the order is looked at, in the same moment; each lost race reads again."""

WINDOW = timedelta(minutes=10)

RECHARGE_WATCH = timedelta(minutes=10)


class NotAsked(Conflict):
    """The order waits for no account: it never did, it was corrected meanwhile, or its time is over."""

    public_message = "This order waits for no other account any more. Please look at how it stands now."


class SameAccount(Rejected):
    """The account that was refused, once more."""

    public_message = "This is the account at which it could not arrive. Please enter another one."


def correct_account(deps: Deps, order_id: str, proof: Proof, typed: Mapping[str, str]) -> Order:
    """The order on its way to the account as typed. Who may see the order may correct it, and nobody else.

    The limit's clock goes on from where it stood. Whoever dies before the machine begins leaves a recharge that is due.
    Writes: order, recharge or case, the place of the new account; one commit.
    Raises: OrderNotFound, NotAsked, BadAccount, SameAccount, AccountUnknown, InFlight, TooManyTries, TransactionBusy.
    """
    order, now = prove(deps, order_id, proof), deps.clock.now()
    _require_asked(order, now)
    product = deps.catalog.product_version(order.product_id, order.product_version)
    if product.account_form is None:
        raise NotAsked(order.id)
    account = read_account(product.account_form, product.sku(order.sku_id).only, typed)
    if account == order.account:
        raise SameAccount("account")
    deps.quotas.count_try("correct", order.id, TRIES_MAX, WINDOW, now)
    carrier = checked(deps, product, order.sku_id, account)
    for _ in range(RACES_MAX):
        try:
            after = _corrected(deps, order, product, account, carrier)
        except (OrderMoved, RechargeMoved, IllegalTransition):  # another tab was first: between two reads, or at the commit
            order = deps.orders.get(order.id)
            _require_asked(order, now)
            continue
        telemetry.count("OrdersCorrected")
        return after
    raise TransactionBusy("correct")


def have_money_instead(deps: Deps, order_id: str, proof: Proof) -> Order:
    """The order ended at its buyer's wish, who names no other account; asked twice it is one refund.

    Writes: order FAILED, refund, entry, recharge; one commit.
    Raises: OrderNotFound, NotAsked, TransactionBusy.
    """
    for _ in range(RACES_MAX):
        order = prove(deps, order_id, proof)
        if order.state is OrderState.FAILED:
            return order
        _require_asked(order, deps.clock.now())
        if order.kind is DeliveryKind.DIRECT_RECHARGE:
            _require_no_doubt(deps, deps.recharges.get(recharge_id(order.id)))
        with suppress(OrderMoved, RechargeMoved, IllegalTransition):  # answered in another tab
            return no_other_account(deps, order)
    raise TransactionBusy("refund")


def _require_asked(order: Order, now: datetime) -> None:
    """Raises: NotAsked."""
    if order.question is None or now >= order.question.until or order.state not in (OrderState.PAID, OrderState.SHORT):
        raise NotAsked(order.id)


def _corrected(deps: Deps, order: Order, product: Product, account: dict[str, str], carrier: str) -> Order:
    now = deps.clock.now()
    after = _named(order, account, carrier, now)
    writes = [deps.orders.replaced(order, after), *flight(deps, after, product)]
    if order.kind is not DeliveryKind.DIRECT_RECHARGE:
        deps.tables.commit([*writes, _back_on_the_list(deps, order, now)])
        return after
    recharge = deps.recharges.get(recharge_id(order.id))
    _require_no_doubt(deps, recharge)
    resumed = recharge.corrected(account, carrier, now)
    deps.tables.commit([*writes, deps.recharges.replaced(recharge, resumed)])
    with suppress(Unavailable):  # the recharge is due, so the sweep begins it
        deps.recharging.begin(f"{recharge.id}-c{resumed.corrections}", recharge=recharge.id)
    return after


def _require_no_doubt(deps: Deps, recharge: Recharge) -> None:
    """A supplier who refused the account and says later that it arrived has charged: a person weighs that. Raises: NotAsked."""
    for attempt in recharge.round:
        case = deps.cases.find(case_id(CaseKind.RECHARGE, f"{recharge.id}:{attempt.number}"))
        if case is not None and case.state == "OPEN":
            raise NotAsked(recharge.id)


def _named(order: Order, account: dict[str, str], carrier: str, now: datetime) -> Order:
    until = order.short_until + _paused(order, now) if order.short_until else None
    changes = {
        "account": account,
        "former": (*order.former, order.account),
        "question": None,
        "carrier": carrier,
        "short_until": until,
        "due_at": until or now + RECHARGE_WATCH,
    }
    return order.changed(now, "buyer", "another account", **changes)


def _paused(order: Order, now: datetime) -> timedelta:
    """For how long its buyer was asked: its deadline moves by that."""
    return now - order.question.since if order.question else timedelta(0)


def _back_on_the_list(deps: Deps, order: Order, now: datetime) -> Write:
    return deps.cases.reopened(open_case(CaseKind.STUCK, order.id, order.id, "deliver by hand, to the corrected account", now))


__all__ = ["AccountUnknown", "BadAccount", "NotAsked", "SameAccount", "correct_account", "have_money_instead"]
