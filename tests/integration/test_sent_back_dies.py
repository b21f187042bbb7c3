"""Whoever dies at any call while an account goes back to its buyer and comes back corrected: one charge, or the money back."""

from contextlib import suppress

import pytest

from faka.contexts.orders.model import Order, OrderState
from faka.contexts.suppliers.base import Progress, SupplyOrder, SupplyRefused, SupplyState
from faka.flows.correct_account import NotAsked, correct_account
from faka.flows.deliver import deliver
from faka.wiring import Deps
from tests.integration.test_sent_back import asking, kept
from tests.kit.crash import DyingClient, Killed
from tests.kit.world import english
from tests.unit.recharges.given import ScriptedSupplier, TopUps, top_ups


pytestmark = pytest.mark.integration


class Particular(ScriptedSupplier):
    """Knows no number that begins with 138; what he has charged he knows again."""

    def submit(self, order: SupplyOrder) -> Progress:
        self.sent.append(order)
        if order.account["mobile"].startswith("138"):
            raise SupplyRefused("account")
        self.charged.append(order.number)
        return self._said(order.number, SupplyState.SUCCEEDED)

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:
        del supplier_no, is_card
        return self._said(number, SupplyState.SUCCEEDED) if number in self.charged else None


def wrong(at: int) -> dict[str, str]:
    return {"mobile": f"1380013{at:04d}"}


def right(at: int) -> dict[str, str]:
    return {"mobile": f"1390013{at:04d}"}


def worked(shop: TopUps, deps: Deps, order: Order, at: int) -> None:
    """The machine until the buyer's turn, his mail, his answer."""
    recharge = shop.recharge(order)
    for task in ("submit", "send_back"):
        shop.step(recharge, task, deps)
    deliver(deps, order.id, english)
    correct_account(deps, order.id, shop.world.proof(order), right(at))


def one_death(shop: TopUps, at: int) -> tuple[Order, bool]:
    """The order, and whether somebody died after the `at`-th call; the living do what is left, and the buyer answers once more."""
    order = shop.world.pay(shop.world.buy(account=wrong(at), contact=f"buyer{at}@example.com"))
    shop.world.cure(shop.world.deps, order.id)
    client, died = DyingClient(shop.world.client, at, after=True), False
    try:
        worked(shop, shop.wired(shop.world.over(client)), order, at)
    except Killed:
        died = True
    shop.wired(shop.world.deps)
    recharge = shop.recharge(order)
    shop.play(recharge)
    shop.world.minute(1)
    with suppress(NotAsked):  # his first answer had come through; or nobody heard why it was refused, and the money is on its way
        correct_account(shop.world.deps, order.id, shop.world.proof(order), right(at))
    shop.world.minute(2)
    shop.play(recharge)
    return shop.world.order(order), died


def test_death_after_any_call_ends_in_one_charge_at_the_right_account() -> None:
    """Before a call the tables are as after the one before it, so every place is met."""
    supplier, at, arrived = Particular("first", ""), 1, 0
    with top_ups(supplier) as shop:
        while True:
            order, died = one_death(shop, at)
            number = f"rch{order.id[4:]}"
            sent, charged = ([one for one in all_ if one.startswith(number)] for all_ in ([o.number for o in supplier.sent], shop.charged))
            is_there = order.state is OrderState.COMPLETED
            assert is_there or order.state is OrderState.FAILED, at
            assert (len(charged), order.account) == ((1, right(at)) if is_there else (0, wrong(at))), at
            assert len(set(sent)) == len(sent), "no number is sent twice"
            assert len([one for one in asking(shop) if one[0] == order.contact]) <= 2, "a mail comes twice where its sender died"
            arrived += is_there
            if not died:
                break
            at += 1
        assert shop.refunded_minor() == (at - arrived) * order.total.minor
        kept(shop)
    assert at > 12
    assert arrived >= at - 2, "only a refusal that nobody heard ends with the money"
