"""Facts about money in any order and number end in the same state, and the provider always gets its own acknowledgement."""

import itertools
from collections import Counter

import pytest

from faka.contexts.orders.model import DeliveryState, OrderState, RefundState
from faka.flows.order_page import check_payment
from faka.kernel.ids import out_trade_no
from faka.steps.settle import decide as rule
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.integration

ACTS = ("notice", "query", "expire", "second", "wrong")
"""Each notice is delivered twice where it first comes and once more at the end, late."""

PER_WORLD = 24
"""The end of a story is read by looking at everything, so worlds are kept small."""


class Story:
    """One order and what happens to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.order = world.buy()
        self.number = out_trade_no(self.order.payment_id)
        self.provider = world.providers.alipay
        self.provider.open(self.number, self.order.total.minor)
        self.answers: list[bytes] = []
        self.sent: list = []

    def act(self, name: str) -> None:
        getattr(self, f"_{name}")()

    def _deliver(self, raw) -> None:
        self.sent.append(raw)
        for _ in range(2):
            self.answers.append(self.world.deliver_notice(self.order, raw).body)

    def _notice(self) -> None:
        self._deliver(self.provider.pay(self.number)[0])

    def _second(self) -> None:
        self._deliver(self.provider.pay(self.number)[0])

    def _wrong(self) -> None:
        self._deliver(self.provider.pay(self.number, self.order.total.minor - 1)[0])

    def repeat_all(self) -> None:
        for raw in self.sent:
            self.answers.append(self.world.deliver_notice(self.order, raw).body)

    def _query(self) -> None:
        self.world.clock.advance(seconds=6)
        check_payment(self.world.deps, self.order.id, self.world.proof(self.order))

    def _expire(self) -> None:
        self.world.clock.advance(minutes=17)
        self.world.sweep()

    def end(self) -> tuple:
        world, order = self.world, self.world.order(self.order)
        receipts = [row for row in world.rows("test-trade") if row["sk"] == "CHANNELTXN" and row["order_id"] == order.id]
        states = Counter(row["state"] for row in receipts)
        amounts = Counter((row["state"], row["amount"]["minor"]) for row in receipts)
        refunds = sum(row["amount"]["minor"] for row in world.rows("test-trade") if row["sk"] == "REFUND" and row["order_id"] == order.id)
        cases = sum(row["sk"] == "CASE" and row["ref"] == order.id and row["state"] == "OPEN" for row in world.rows("test-trade"))
        names = [f"rcp:{row['channel_id']}:{row['channel_txn_id']}" for row in receipts] + [f"dlv:{order.id}"]
        per_account: Counter = Counter()
        for row in world.rows("test-journal"):
            if row["sk"] == "TXN" and row["id"] in names:
                for line in row["lines"]:
                    per_account[line["account"].replace(order.id, "ORDER")] += line["amount_minor"] * (1 if line["side"] == "D" else -1)
        return (
            order.state,
            order.delivery,
            RefundState.DUE if order.refund_state in (RefundState.DUE, RefundState.EXTRA) else order.refund_state,
            tuple(sorted(states.items())),
            tuple(sorted(amounts.items())),
            refunds,
            cases,
            tuple(sorted(per_account.items())),
        )


EXPECTED_HEAD = (OrderState.COMPLETED, DeliveryState.READY, RefundState.DUE, (("APPLIED", 1), ("REFUND_DUE", 2)))


def run_all(orders: list[tuple[str, ...]]) -> Counter:
    ends: Counter = Counter()
    for start in range(0, len(orders), PER_WORLD):
        with engine_world(holds_max=1000) as world:
            world.stock_up(PER_WORLD + 8)
            for acts in orders[start : start + PER_WORLD]:
                story = Story(world)
                for act in acts:
                    story.act(act)
                story.repeat_all()
                assert set(story.answers) == {b"success"}, acts
                end = story.end()
                assert end[:4] == EXPECTED_HEAD, (acts, end)
                ends[end] += 1
    return ends


@pytest.mark.parametrize("first", ACTS)
def test_every_order_of_events_ends_the_same(first):
    rest = [act for act in ACTS if act != first]
    ends = run_all([(first, *others) for others in itertools.permutations(rest)])
    assert len(ends) == 1, ends


def test_twin_without_the_rule_for_paid_orders_the_end_depends_on_the_order(monkeypatch):
    """GIVEN the line that sends every further payment to a refund is gone THEN the ends differ or a story breaks."""
    real = rule.decide

    def careless(payment, order, event, now):
        blind = order.model_copy(update={"paid_at": None}) if order is not None else None
        return real(payment, blind, event, now)

    monkeypatch.setattr("faka.steps.settle.booking.decide", careless)
    with pytest.raises(Exception):  # noqa: B017 - any failure shows that the rule is needed
        assert len(run_all([("notice", "second", "wrong"), ("wrong", "second", "notice")])) == 1
