"""What a provider kept of a day is booked when its day closes, in one commit with it, as its bill says: once, and rounded once."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.ledger.transaction import Transaction
from faka.contexts.payments.providers.bill import BillKind
from faka.contexts.statements.compare import Rules
from faka.contexts.statements.model import DayFee, Run, RunState
from faka.contexts.statements.store import StatementStore
from faka.flows.reconcile import AccountDay
from faka.flows.reconcile import close as closing
from faka.flows.reconcile import match as matching
from faka.flows.reconcile import reduce as reducing
from faka.flows.reconcile.charge import charged
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.platform.table import TableName, put
from tests.unit.flows.reconcile.given import ALIPAY, Nights, night_world
from tests.unit.ledger.given import books, journal, lines


pytestmark = pytest.mark.integration

Patch = pytest.MonkeyPatch
FEES, CLEARING = "expense:channel_fee/CNY", "psp:alipay:clearing/CNY"


@pytest.fixture
def nights() -> Iterator[Nights]:
    with night_world() as given:
        yield given


def bill_says(nights: Nights, monkeypatch: Patch, fee_e5: int) -> None:
    """Every payment of the bill costs so much from now on: the player prints whole fens only."""
    adapter = type(nights.deps.adapter(ALIPAY))
    read = REAL.setdefault("parse_bill", adapter.parse_bill)

    def told(self: Any, day: Any, file: Any) -> Iterator[Any]:
        for line in read(self, day, file):
            yield replace(line, fee_e5=fee_e5) if line.kind is BillKind.PAY else line

    monkeypatch.setattr(adapter, "parse_bill", told)


REAL: dict[str, Callable[..., Any]] = {}


def booked(nights: Nights) -> dict[str, Transaction]:
    return {name: one for name, one in journal(nights.world).items() if name.startswith("fee:")}


def commits_of(nights: Nights, monkeypatch: Patch) -> list[set[str]]:
    """The kinds of rows that each transaction writes, from now on."""
    seen: list[set[str]] = []
    real = nights.world.client.transact_write_items

    def heard(**given: Any) -> Any:
        seen.append({str(next(iter(one.values())).get("Item", {}).get("pk", {}).get("S")).split("#")[0] for one in given["TransactItems"]})
        return real(**given)

    monkeypatch.setattr(nights.world.client, "transact_write_items", heard)
    return seen


def test_the_fees_of_a_day_are_booked_in_the_commit_that_closes_it(nights: Nights, monkeypatch: Patch) -> None:
    for _ in range(3):
        nights.bought()
    nights.morning()
    before = books(nights.world)[CLEARING]
    seen = commits_of(nights, monkeypatch)
    assert nights.night().state is RunState.BALANCED
    [name] = booked(nights)
    assert name == f"fee:alipay:{nights.day}:CNY"
    assert lines(booked(nights)[name]) == {("D", FEES): 27, ("C", CLEARING): 27}
    assert books(nights.world)[CLEARING] == before - 27, "what the provider owes is less by what it kept"
    assert {"DAY", "RECON", "TXN"} in seen


def test_a_night_run_again_books_no_fee_twice(nights: Nights) -> None:
    nights.bought()
    nights.morning()
    nights.night()
    first = booked(nights)
    nights.world.clock.advance(hours=2)
    nights.night()
    closing.close(nights.deps, AccountDay(channel=ALIPAY, day=nights.day))
    assert booked(nights) == first


def test_twin_a_run_that_forgets_what_it_booked_books_it_again(nights: Nights, monkeypatch: Patch) -> None:
    ended = Run.ended
    monkeypatch.setattr(Run, "ended", lambda self, at, sha256, fees: ended(self, at, sha256, ()))
    with pytest.raises(AlreadyPosted):
        test_a_night_run_again_books_no_fee_twice(nights)


def test_the_posting_follows_the_bill_where_it_is_not_what_was_agreed(nights: Nights, monkeypatch: Patch) -> None:
    """GIVEN 0.6 % is agreed WHEN the bill keeps half a yuan of each payment THEN that is booked, and is a finding beside."""
    rules = Rules(fee_bp=60)
    monkeypatch.setattr(matching, "rules_of", lambda row: rules)
    monkeypatch.setattr(reducing, "rules_of", lambda row: rules)
    for _ in range(2):
        nights.bought()
    nights.morning()
    bill_says(nights, monkeypatch, 50_000)
    nights.night()
    assert [lines(one) for one in booked(nights).values()] == [{("D", FEES): 100, ("C", CLEARING): 100}]
    assert {one.kind for one in nights.rows()} == {"FEE_MISMATCH"}
    assert nights.summary()["fees_e5"] == {"CNY": [100_000, 18_960]}
    assert nights.summary()["charged_e5"] == {"CNY": 100_000}


def test_a_payment_that_nobody_here_knows_has_cost_its_fee_too(nights: Nights) -> None:
    nights.world.providers.alipay.pay("till00000001", 100_00)
    nights.morning()
    nights.night(is_repaired=False)
    assert books(nights.world)[FEES] == 60


def test_another_bill_of_a_closed_day_books_the_difference_whichever_way_it_goes(nights: Nights, monkeypatch: Patch) -> None:
    nights.bought()
    nights.morning()
    for fee_e5, known in ((9_000, 1), (12_000, 2), (9_000, 3), (0, 4), (0, 4)):
        bill_says(nights, monkeypatch, fee_e5)
        nights.night()
        assert (books(nights.world).get(FEES, 0), len(booked(nights))) == (fee_e5 // 1_000, known)
    first = f"fee:alipay:{nights.day}:CNY"
    assert sorted(booked(nights)) == [first, f"{first}:1", f"{first}:2", f"{first}:3"]
    assert lines(booked(nights)[f"{first}:2"]) == {("D", CLEARING): 3, ("C", FEES): 3}


def fens_of_days(nights: Nights, monkeypatch: Patch, days: int) -> int:
    """A payment a day, of which 4.4 fen are kept; what is booked in all."""
    bill_says(nights, monkeypatch, 4_400)
    for _ in range(days):
        nights.bought()
        nights.morning()
        nights.night()
        nights.day += timedelta(days=1)
    return books(nights.world)[FEES]


def test_what_rounding_leaves_goes_into_the_next_day(nights: Nights, monkeypatch: Patch) -> None:
    assert fens_of_days(nights, monkeypatch, 5) == 22


def test_twin_without_the_day_before_rounding_drifts(nights: Nights, monkeypatch: Patch) -> None:
    real = StatementStore.run
    monkeypatch.setattr(StatementStore, "run", lambda self, channel, day: real(self, channel, day) if day == nights.day else None)
    assert fens_of_days(nights, monkeypatch, 5) == 20


def test_what_the_day_before_says_later_does_not_move_a_day_that_is_booked(nights: Nights, monkeypatch: Patch) -> None:
    fens_of_days(nights, monkeypatch, 2)
    before = booked(nights)
    nights.day -= timedelta(days=2)
    bill_says(nights, monkeypatch, 4_900)
    nights.night()
    nights.day += timedelta(days=1)
    bill_says(nights, monkeypatch, 4_400)
    nights.night()
    second = f"fee:alipay:{nights.day}:CNY"
    assert {name: one for name, one in booked(nights).items() if name.startswith(second)} == {second: before[second]}


def test_each_currency_of_a_day_is_a_transaction_of_its_own(nights: Nights) -> None:
    """A bill in two currencies: both are booked, neither under the other's name."""
    now = nights.world.clock.now()
    run = Run(channel=ChannelId("stripe"), day=nights.day, started_at=now, changed_at=now)
    fees, postings = charged(nights.deps, run, {"CNY": 28_000, "USD": 33_400, "JPY": -200_000})
    assert [str(write.item["id"]) for write in postings] == [f"fee:stripe:{nights.day}:{name}" for name in ("CNY", "JPY", "USD")]
    assert fees[2] == DayFee(currency=Currency.USD, carried_e5=0, booked_minor=33, left_e5=400, postings=1)
    again, nothing = charged(nights.deps, run.model_copy(update={"fees": fees}), {"CNY": 28_000, "USD": 33_400, "JPY": -200_000})
    assert (again, nothing) == (fees, [])


def closed_by_two(nights: Nights, monkeypatch: Patch) -> None:
    """Somebody else closes the day while we are about to."""
    nights.bought()
    nights.morning()

    def meanwhile(*given: Any) -> Any:
        made = charged(*given)
        monkeypatch.setattr(closing, "charged", charged)
        closing.close(nights.deps, AccountDay(channel=ALIPAY, day=nights.day))
        return made

    monkeypatch.setattr(closing, "charged", meanwhile)
    assert nights.night().state is RunState.BALANCED


def test_two_who_close_a_day_at_once_book_its_fees_once(nights: Nights, monkeypatch: Patch) -> None:
    closed_by_two(nights, monkeypatch)
    assert len(booked(nights)) == 1
    assert nights.deps.statements.corrections(ALIPAY, nights.day) == []


def test_twin_without_the_runs_version_the_second_meets_the_booked_fee(nights: Nights, monkeypatch: Patch) -> None:
    monkeypatch.setattr(
        StatementStore,
        "replaced",
        lambda self, before, after: put(TableName.TRADE, {**after.model_dump(mode="json"), "pk": after.key, "sk": "RECON"}),
    )
    with pytest.raises(AlreadyPosted):
        closed_by_two(nights, monkeypatch)
