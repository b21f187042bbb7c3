"""A shop lives through whatever buyers, providers, operators and time do, and keeps its promises after each step.

| invariant | as it is checked here |
|---|---|
| I1 | a card has at most one owner, and its text was shown to one order only |
| I3 | the ledger sums to zero; each movement of money is booked once; a delivered order holds none of it any more |
| I4 | imported cards are on sale, waiting, or some order's |
| I6, I12 | orders move along the table only; what was paid stays paid, what was shown stays shown |
| I7, I2 | at the end all notices come again and change nothing, and nobody who paid is without goods, refund or a person |
"""

from collections import Counter, defaultdict
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from faka.contexts.orders.model import TRANSITIONS, DeliveryState, Order, OrderState
from faka.contexts.stock import StockStore
from faka.flows.order_page import cancel, change_method, check_payment, state
from faka.kernel.errors import Broken, FakaError
from faka.kernel.ids import out_trade_no, payment_id
from faka.steps.settle import booking
from faka.steps.settle.decide import decide
from tests.kit.world import World, engine_world


pytestmark = [pytest.mark.property, pytest.mark.timeout(600)]

JOURNAL, TRADE = "test-journal", "test-trade"
OTHER_WAY = {"alipay": ("epay", "epay"), "epay": ("alipay", "page")}


class Life:
    """One shop, and a story that a seed tells."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = Random(seed)
        self.imported = 0
        self.placed: list[Order] = []
        self.sent: list[tuple[Order, Any]] = []
        self.shown: dict[str, str] = {}
        self.paid: set[str] = set()
        self.opened: set[str] = set()
        self.told: list[str] = []

    def lives(self, steps: int) -> None:
        self.restocks()
        often = [self.buys, self.buys, self.pays, self.pays, self.pays_oddly, self.pays_oddly, self.time_passes, self.time_passes]
        happenings = [*often, self.presses, self.changes_the_way, self.looks]
        for _ in range(steps):
            act = self.random.choice([*happenings, *([self.restocks] if self.random.random() < 0.2 else [])])
            self.told.append(act.__name__)
            act()
            self.a_card_has_one_owner_and_none_is_lost()
            self.orders_move_along_the_table()
            self.money_adds_up()
        self.ends_well()

    def tries(self, work: Any) -> Any:
        """Refusals are part of life; broken invariants are not."""
        try:
            return work()
        except Broken:
            raise
        except FakaError as refused:
            return refused

    # -- what happens ---------------------------------------------------------------------------------------------

    def restocks(self) -> None:
        count = self.random.randint(1, 6)
        self.world.stock_up(count)
        self.imported += count

    def pick(self, wanted: Any = lambda _: True) -> Order | None:
        """One of the orders that fit, as it is now."""
        fitting = [now for now in map(self.world.order, self.placed) if wanted(now)]
        return self.random.choice(fitting) if fitting else None

    def buys(self) -> None:
        by, method = self.random.choice((("alipay", "page"), ("epay", "epay")))
        contact = self.random.choice(("", "one@example.com"))
        quantity = self.random.choice((1, 1, 1, 2, 3))
        bought = self.tries(lambda: self.world.buy(contact=contact, quantity=quantity, channel=by, method=method))
        if isinstance(bought, Order):
            self.placed.append(bought)

    def pays(self) -> None:
        order = self.pick(lambda now: now.is_open)
        if order is not None:
            self._pays(order, order.attempt, 0, 1)

    def pays_oddly(self) -> None:
        """Any order, by the page of any attempt that there was, any amount; the notice comes, comes twice, or never."""
        order = self.pick()
        if order is not None:
            self._pays(order, self.random.randint(0, order.attempt), self.random.choice((0, 0, -1, 5)), self.random.randint(0, 2))

    def _pays(self, order: Order, attempt: int, wrong: int, times: int) -> None:
        payment = self.world.deps.payments.find(payment_id(order.id, attempt))
        assert payment is not None
        provider, number = self.world.providers.by_id(payment.channel_id), out_trade_no(payment.id)
        if not provider.state(number):
            provider.open(number, payment.amount.minor)
        [raw] = provider.pay(number, payment.amount.minor + wrong)
        at = order.model_copy(update={"channel_id": payment.channel_id})
        for _ in range(times):
            self.sent.append((at, raw))
            assert self.world.deliver_notice(at, raw).body == b"success"

    def presses(self) -> None:
        order, what = self.pick(lambda now: now.is_open), self.random.choice((cancel, check_payment, state))
        if order is not None:
            self.world.clock.advance(seconds=6)
            self.tries(lambda: what(self.world.deps, order.id, self.world.proof(order)))

    def changes_the_way(self) -> None:
        order = self.pick(lambda now: now.is_open)
        if order is not None:
            self.tries(lambda: change_method(self.world.deps, order.id, self.world.proof(order), *OTHER_WAY[order.channel_id]))

    def looks(self) -> None:
        order = self.pick(lambda now: now.paid_at is not None)
        if order is not None:
            revealed = self.tries(lambda: self.world.reveal(order))
            assert not isinstance(revealed, FakaError) or order.state is not OrderState.COMPLETED, revealed
            if not isinstance(revealed, FakaError):
                assert len(revealed.cards) == order.quantity
                for card in revealed.cards:
                    assert self.shown.setdefault(card.secret.reveal(), order.id) == order.id

    def time_passes(self) -> None:
        self.world.clock.advance(minutes=self.random.choice((1, 1, 2, 17)))
        self.world.sweep()

    # -- what holds -----------------------------------------------------------------------------------------------

    def rows(self, kind: str, table: str = TRADE) -> list[dict[str, Any]]:
        return [row for row in self.world.rows(table) if row["sk"] == kind]

    def alive(self) -> list[Order]:
        return [self.world.deps.orders.get(row["id"]) for row in self.rows("ORDER") if row["state"] != OrderState.FENCED]

    def a_card_has_one_owner_and_none_is_lost(self) -> None:
        owners = Counter(number for order in self.alive() for run in order.runs for number in run.numbers)
        assert not [number for number, count in owners.items() if count > 1]
        counts = self.world.deps.stock.counts(self.world.sku.id)
        assert counts.available + counts.waiting + len(owners) == self.imported

    def orders_move_along_the_table(self) -> None:
        for order in self.alive():
            lived = [entry.state for entry in order.log]
            assert lived[-1] is order.state
            assert all(a is b or b in TRANSITIONS[a] for a, b in pairwise(lived)), order.log
            self.paid |= {order.id} if order.paid_at else set()
            self.opened |= {order.id} if order.revealed_at else set()
        by_id = {order.id: order for order in self.alive()}
        assert all(by_id[paid].paid_at for paid in self.paid)  # type: ignore[index]
        assert all(by_id[one].delivery is not DeliveryState.READY for one in self.opened)  # type: ignore[index]

    def money_adds_up(self) -> None:
        accounts: dict[str, int] = defaultdict(int)
        facts = self.rows("TXN", JOURNAL)
        for fact in facts:
            for line in fact["lines"]:
                accounts[line["account"]] += line["amount_minor"] * (1 if line["side"] == "D" else -1)
        assert sum(accounts.values()) == 0
        booked = {f"rcp:{row['channel_id']}:{row['channel_txn_id']}" for row in self.rows("CHANNELTXN")}
        assert {fact["id"] for fact in facts if fact["id"].startswith("rcp:")} == booked
        for order in self.alive():
            held = accounts[f"order:{order.id}:funds/CNY"]
            assert held == (0 if order.state is OrderState.COMPLETED or not order.paid_at else -order.total.minor), order.log

    # -- how it ends ----------------------------------------------------------------------------------------------

    def ends_well(self) -> None:
        """GIVEN everything has settled WHEN all notices come again THEN nothing changes and nobody is left with nothing."""
        for _ in range(4):
            self.world.clock.advance(minutes=17)
            self.world.sweep()
        before = self.world.image()
        for order, raw in self.sent:
            assert self.world.deliver_notice(order, raw).body == b"success"
        assert self.world.image() == before
        receipts: dict[str, set[str]] = defaultdict(set)
        for row in self.rows("CHANNELTXN"):
            receipts[row["order_id"]].add(row["state"])
        cases = {row["ref"] for row in self.rows("CASE")}
        for order in self.alive():
            assert order.state is not OrderState.PENDING_PAYMENT
            if order.paid_at is None and receipts[order.id]:
                assert order.state is OrderState.ON_HOLD or order.refund_state != "NONE" or order.id in cases, order.log
            if order.paid_at is not None:
                assert order.state is OrderState.COMPLETED or order.id in cases, order.log
        assert len(self.world.letters) <= 2 * sum(bool(order.contact and order.paid_at) for order in self.alive())


STEPS = 50


def lived(seed: int) -> Life:
    with engine_world() as world:
        life = Life(world, seed)
        try:
            life.lives(STEPS)
        except Exception as error:
            error.add_note(f"seed {seed}: {' '.join(life.told)}")
            raise
        return life


@pytest.mark.parametrize("seed", range(24))
def test_a_shop_keeps_its_promises_whatever_happens(seed: int) -> None:
    lived(seed)


def test_the_stories_are_rich_enough_to_prove_something() -> None:
    """All ends of an order, late and refunded ones, and shown cards, within a few stories."""
    ends: Counter[str] = Counter()
    for seed in range(100, 112):
        life = lived(seed)
        for order in life.alive():
            ends.update([order.state, *(["late"] if order.is_late else []), order.refund_state])
        ends["shown"] += len(life.shown)
    wanted = (OrderState.COMPLETED, OrderState.EXPIRED, OrderState.CANCELED, OrderState.ON_HOLD, "late", "EXTRA", "shown")
    assert all(ends[what] for what in wanted), ends


def breaks() -> bool:
    """Whether some story goes wrong."""
    for seed in range(24):
        try:
            lived(seed)
        except Exception:
            return True
    return False


def test_twin_a_shop_that_forgets_what_came_back_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StockStore, "returned", lambda *_: [])
    assert breaks()


def test_twin_a_shop_that_takes_a_second_payment_for_the_first_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a paid order looks unpaid to the rule."""

    def blind(payment: Any, order: Order | None, event: Any, now: Any) -> Any:
        unpaid = {"paid_at": None, "state": OrderState.PENDING_PAYMENT}
        return decide(payment, order.model_copy(update=unpaid) if order else None, event, now)

    monkeypatch.setattr(booking, "decide", blind)
    assert breaks()


def test_twin_a_shop_that_claims_one_card_for_two_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = StockStore.claim
    first: dict[int, Any] = {}
    monkeypatch.setattr(StockStore, "claim", lambda store, *given: first.setdefault(given[2], honest(store, *given)))
    assert breaks()
