"""Random lives of a sale in the books: bought, paid, delivered, divided, given back in parts with every outcome, corrected, reversed.

Always: each posting balances, the whole journal is nothing in each currency, replaying it in any order and twice gives the same balances,
no account that decides goes below zero, and parties' shares add up to what is left of the sale after every single refund.
`FAKA_LEDGER_EXAMPLES` says how many lives; the gate runs ten thousand.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from faka.contexts.ledger import shares
from faka.contexts.ledger.accounts import clearing, failed_refunds, fees, funds, in_transit, inventory, loss
from faka.contexts.ledger.balances import Overdrawn, Totals, balance_after, balances
from faka.contexts.ledger.channels import corrected, paid_out
from faka.contexts.ledger.commissions import delivered_divided
from faka.contexts.ledger.model import delivered, receipt_applied
from faka.contexts.ledger.purchases import cards_recovered, stock_purchased
from faka.contexts.ledger.refunds import from_sales, refund_came_back, refund_done, refund_due, refund_failed
from faka.contexts.ledger.transaction import ReversalOfReversal, Transaction, reversal
from faka.kernel.ids import BatchId, ChannelId, OrderId, RefundId
from faka.kernel.money import Currency, Money, allocate


pytestmark = pytest.mark.property

EXAMPLES = int(os.environ.get("FAKA_LEDGER_EXAMPLES", "10000"))
TWIN_EXAMPLES = 2_000
"""More than any planted mistake below needs to be seen."""

UNSHRUNK = (Phase.generate,)
"""A twin asks whether a mistake is seen, not for its smallest example."""

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ORDER = OrderId("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV")
CHANNEL = ChannelId("alipay")
CNY = Currency.CNY
PARTIES = ("platform", "supplier:north", "agent:anne", "agent:bert")

OK, FAILS, COMES_BACK = range(3)
"""How a refund ends."""

amounts = st.integers(0, 2_000) | st.integers(0, 10_000_000)
refunds = st.lists(st.tuples(amounts, st.sampled_from((OK, FAILS, COMES_BACK))), max_size=6)
cuts = st.lists(st.integers(0, shares.BASIS_POINTS), min_size=len(PARTIES) - 1, max_size=len(PARTIES) - 1)


def cny(minor: int) -> Money:
    return Money(minor=minor, currency=CNY)


@dataclass
class Life:
    """One sale's transactions, and what must be left of it. `parts` is empty where all of it is ours."""

    goods: int
    fee: int
    cost: int
    parts: dict[str, int]
    journal: list[Transaction] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    refunded: int = 0
    gone: int = 0
    failed: int = 0

    def begins(self) -> None:
        paid = cny(self.goods + self.fee)
        if self.cost:
            self.journal.append(stock_purchased(BatchId("bat_1"), "north", cny(2 * self.cost), AT))
        self.journal.append(receipt_applied("alipay:1", CHANNEL, ORDER, paid, AT, AT))
        if self.parts:
            self.journal.append(delivered_divided(ORDER, self.parts, cny(self.fee), AT))
        else:
            self.journal.append(delivered(ORDER, cny(self.goods), cny(self.fee), AT, self.cost))
        self.left = dict(self.parts)

    def gives_back(self, number: int, wanted: int, outcome: int) -> None:
        amount = wanted % (self.goods + self.fee - self.refunded + 1)
        if not amount:
            return
        refund = RefundId(f"rfd_{number}")
        if self.parts:
            source = shares.from_parts(self.parts, self.fee, CNY, self.refunded, amount)
            self._takes(source)
        else:
            source = from_sales(cny(amount), self.goods, self.refunded)  # type: ignore[assignment]
        self.refunded += amount
        self.journal.append(refund_due(refund, CHANNEL, cny(amount), source, AT))
        if outcome == FAILS:
            self.journal.append(refund_failed(refund, CHANNEL, cny(amount), AT))
        else:
            self.journal.append(refund_done(refund, CHANNEL, cny(amount), AT, AT))
        if outcome == COMES_BACK:
            self.journal.append(refund_came_back(refund, CHANNEL, cny(amount), AT))
        self.gone += amount if outcome == OK else 0
        self.failed += amount if outcome != OK else 0

    def _takes(self, source: list[tuple[str, int]]) -> None:
        accounts = {shares.account_of(party, CNY): party for party in self.parts}
        for account, minor in source:
            assert minor > 0, "a refund gives nothing to a party"
            if account != fees(CNY):
                self.left[accounts[account]] -= minor  # type: ignore[index]

    def ends(self) -> None:
        if not self.parts and self.cost and self.refunded == self.goods + self.fee:
            self.journal.append(cards_recovered("rfd_0", ORDER, cny(self.cost), AT))
        if self.gone < self.goods + self.fee:
            self.journal.append(paid_out("1", CHANNEL, "icbc", cny(self.goods + self.fee - self.gone), AT, AT))
        self.journal.append(corrected("1", ORDER, CNY, [(loss(CNY), 1)], [(inventory(CNY), 1)], "a card was lost", AT))


def lived(goods: int, fee: int, cost: int, cut: list[int], given_back: list[tuple[int, int]], is_divided: bool) -> Life:
    points = [0, *sorted(cut), shares.BASIS_POINTS]
    bp = {party: points[i + 1] - points[i] for i, party in enumerate(PARTIES)}
    parts = shares.split(goods, bp) if is_divided else {}
    assert not is_divided or sum(parts.values()) == goods
    life = Life(goods, fee, cost, parts)
    life.begins()
    for number, (wanted, outcome) in enumerate(given_back):
        life.gives_back(number, wanted, outcome)
        _shares_add_up(life)
    life.ends()
    return life


def _shares_add_up(life: Life) -> None:
    """To the cent, after every single refund: what the parties still have is what was paid less the fee and less what went back."""
    if life.parts:
        assert sum(life.left.values()) == life.goods - min(life.goods, life.refunded)
        assert all(0 <= life.left[party] <= life.parts[party] for party in life.parts)


def _balances(life: Life) -> None:
    totals = Totals()
    for each in life.journal:
        totals.add(each)
    assert all(debit == credit for debit, credit in totals.sums().values())
    replayed = balances(life.journal)
    assert balances(reversed(life.journal)) == replayed, "in any order"
    assert balances({each.id: each for each in life.journal * 2}.values()) == replayed, "twice is once"
    assert balance_after(funds(ORDER, CNY), 0, life.journal) == replayed[funds(ORDER, CNY)] == 0
    assert replayed.get(in_transit(CHANNEL, CNY), 0) == 0
    assert replayed.get(failed_refunds(CNY), 0) == life.failed
    assert replayed[clearing(CHANNEL, CNY)] == 0, "what came went back or to the bank"
    for party in life.parts:
        held = replayed.get(shares.account_of(party, CNY), 0) - (2 * life.cost if party == "supplier:north" else 0)
        assert held == life.left[party]


def _is_taken_back(life: Life) -> None:
    mirrored = [reversal(each, "all of it", AT) for each in life.journal]
    assert set(balances([*life.journal, *mirrored]).values()) == {0}
    with pytest.raises(ReversalOfReversal):
        reversal(mirrored[0], "again", AT)
    with pytest.raises(Overdrawn):
        balance_after(funds(ORDER, CNY), 0, life.journal[::-1])


def every_life(examples: int, *holds: Callable[[Life], None], phases: tuple[Phase, ...] = tuple(Phase)) -> int:
    """How many lives were tried."""
    tried: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck))
    @given(goods=amounts, fee=st.integers(0, 900), cost=amounts, cut=cuts, given_back=refunds, is_divided=st.booleans())
    def hold(goods: int, fee: int, cost: int, cut: list[int], given_back: list[tuple[int, int]], is_divided: bool) -> None:
        tried["lives"] += 1
        life = lived(goods + 1, fee, cost, cut, given_back, is_divided)
        for each in holds:
            each(life)

    hold()
    return tried["lives"]


def test_postings_balance_replays_agree_and_splits_add_up_under_any_sequence_of_partial_refunds() -> None:
    tried = every_life(EXAMPLES, _balances)
    print(f"ledger: {tried:,} random lives of a sale, every posting balanced")
    assert tried >= EXAMPLES


def test_every_journal_can_be_taken_back_once() -> None:
    assert every_life(EXAMPLES // 20, _is_taken_back) >= EXAMPLES // 20


# -- twins -----------------------------------------------------------------------------------------------------------------


def _each_refund_by_itself(parts: shares.Parts, _before_minor: int, refund_minor: int) -> dict[str, int]:
    names = sorted(parts)
    return dict(zip(names, allocate(refund_minor, [parts[name] for name in names]), strict=True))


def test_twin_shares_that_are_taken_back_refund_by_refund_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "taken_back", _each_refund_by_itself)
    with pytest.raises(AssertionError):
        every_life(TWIN_EXAMPLES, _balances, phases=UNSHRUNK)


def test_twin_a_split_that_rounds_each_part_loses_cents(monkeypatch: pytest.MonkeyPatch) -> None:
    rounded = lambda amount, bp: {party: round(amount * share / shares.BASIS_POINTS) for party, share in bp.items()}  # noqa: E731
    monkeypatch.setattr(shares, "split", rounded)
    with pytest.raises(AssertionError):
        every_life(TWIN_EXAMPLES, phases=UNSHRUNK)


def test_twin_a_posting_that_counts_one_side_only_is_not_nothing_together(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Totals.add
    monkeypatch.setattr(Totals, "add", lambda self, each: real(self, each.model_copy(update={"lines": each.lines[:-1]})))
    with pytest.raises((AssertionError, KeyError)):
        every_life(TWIN_EXAMPLES, _balances, phases=UNSHRUNK)
