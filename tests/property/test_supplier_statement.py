"""A supplier's statement is his account's balance whatever was booked, and a comparison finds what was planted and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faka.contexts.ledger.accounts import payable
from faka.contexts.ledger.balances import balances
from faka.contexts.ledger.owed import Part, due_minor, owed, touching
from faka.contexts.ledger.purchases import complaint_accepted, stock_purchased, supplier_paid
from faka.contexts.ledger.recharges import recharge_cost, recharge_taken_back
from faka.contexts.ledger.transaction import Transaction, reversal
from faka.contexts.suppliers.compared import Difference, Side, compared
from faka.kernel.ids import BatchId, OrderId, RechargeId
from faka.kernel.money import Currency, Money


pytestmark = pytest.mark.property

START = datetime(2026, 3, 1, tzinfo=UTC)
EVER = (START - timedelta(days=1), START + timedelta(days=400))
hours = st.integers(0, 24 * 90)
facts = st.tuples(
    st.integers(0, 5), st.sampled_from(["north", "south", "north east"]), st.sampled_from(Currency), st.integers(1, 10**9), hours
)


def made(index: int, fact: tuple[int, str, Currency, int, int]) -> Transaction:
    kind, supplier, currency, minor, hour = fact
    at, amount, name = START + timedelta(hours=hour), Money(minor=minor, currency=currency), str(index)
    match kind:
        case 0:
            return stock_purchased(BatchId(name), supplier, amount, at)
        case 1:
            return recharge_cost(RechargeId(name), OrderId("o"), supplier, amount, at)
        case 2:
            return recharge_taken_back(RechargeId(name), OrderId("o"), supplier, amount, at)
        case 3:
            return complaint_accepted(name, supplier, amount, at)
        case 4:
            return supplier_paid(name, supplier, "icbc", amount, at)
        case _:
            return reversal(stock_purchased(BatchId(name), supplier, amount, at), "wrong", at)


@settings(max_examples=100)
@given(st.lists(facts, max_size=25), hours, hours)
def test_a_statement_ends_at_the_balance_of_the_ledger_and_begins_where_the_last_one_ended(
    written: list[tuple[int, str, Currency, int, int]], one: int, other: int
) -> None:
    journal = [made(index, fact) for index, fact in enumerate(written)]
    first, last = (START + timedelta(hours=hour) for hour in sorted((one, other)))
    account = payable("north", Currency.CNY)
    found = owed(journal, "north", Currency.CNY, first, last)
    assert found.payable_minor == balances(one for one in journal if one.recorded_at < last).get(account, 0)
    assert found.opening_minor == owed(journal, "north", Currency.CNY, EVER[0], first).payable_minor
    assert owed(touching(journal, "north", Currency.CNY), "north", Currency.CNY, first, last) == found
    assert found.parts[Part.PURCHASES] >= 0 >= found.parts[Part.PAYMENTS] + found.parts[Part.CLAIMS] + found.parts[Part.TAKEN_BACK]


@settings(max_examples=100)
@given(st.lists(facts, max_size=25), hours)
def test_paying_what_is_due_leaves_nothing_due_and_never_pays_more_than_is_owed(
    written: list[tuple[int, str, Currency, int, int]], hour: int
) -> None:
    journal = [made(index, fact) for index, fact in enumerate(written)]
    until = START + timedelta(hours=hour)
    due = due_minor(journal, "north", Currency.CNY, until, EVER)
    assert due <= owed(journal, "north", Currency.CNY, *EVER).payable_minor
    if due > 0:
        paid = supplier_paid("s", "north", "icbc", Money(minor=due, currency=Currency.CNY), START + timedelta(days=200))
        assert due_minor([*journal, paid], "north", Currency.CNY, until, EVER) == 0


@settings(max_examples=150)
@given(st.data(), st.dictionaries(st.integers(0, 500).map(str), st.integers(1, 10**6), max_size=40))
def test_every_planted_difference_is_found_and_none_is_invented(data: st.DataObject, same: dict[str, int]) -> None:
    plants = {number: data.draw(st.sampled_from([None, *Difference])) for number in same}
    ours = {number: minor for number, minor in same.items() if plants[number] is not Difference.MISSING_AT_US}
    theirs = {
        number: minor + (plants[number] is Difference.AMOUNT_DIFFERS)
        for number, minor in same.items()
        if plants[number] is not Difference.MISSING_AT_HIM
    }
    found = compared(Side(period=ours, near=ours), Side(period=theirs, near=theirs))
    assert {one.number: one.what for one in found.found} == {number: plant for number, plant in plants.items() if plant}
    assert found.matched == sum(plant is None for plant in plants.values())


def test_a_number_of_the_night_between_two_days_is_no_difference() -> None:
    ours, theirs = Side(period={"1": 5}, near={"1": 5, "2": 7}), Side(period={"2": 7}, near={"1": 5, "2": 7})
    assert compared(ours, theirs).found == ()
    twin = compared(Side(period=ours.period, near=ours.period), Side(period=theirs.period, near=theirs.period))
    assert len(twin.found) == 2, "without the day at both ends each side would miss what the other has"
