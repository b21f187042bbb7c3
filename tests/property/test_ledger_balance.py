"""The ledger: nothing unbalanced can be built, the same fact cannot be booked twice, nothing booked can be changed (invariant I3)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.ledger.model import Line, Side, Transaction, delivered, receipt_applied, receipt_suspended
from faka.contexts.ledger.store import AlreadyPosted, LedgerStore
from faka.kernel.errors import Broken
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName
from tests.kit.engine import Engine


pytestmark = pytest.mark.property

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ORDER = OrderId("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV")
minors = st.integers(1, AMOUNT_MINOR_MAX)
currencies = st.sampled_from(Currency)
lines = st.builds(Line, account=st.sampled_from(["a", "b", "c"]), side=st.sampled_from(Side), amount_minor=st.integers(-3, 3))


def written(*given_lines: Line) -> Transaction:
    return Transaction(id="t", kind="test", ref="r", currency=Currency.CNY, lines=given_lines, effective_at=AT, recorded_at=AT)


def balance(transaction: Transaction) -> int:
    return sum(line.amount_minor if line.side is Side.DEBIT else -line.amount_minor for line in transaction.lines)


@given(st.lists(lines, max_size=6))
def test_a_transaction_balances_or_does_not_come_to_be(given_lines: list[Line]) -> None:
    try:
        made = written(*given_lines)
    except (Broken, ValueError):
        sums = [sum(line.amount_minor for line in given_lines if line.side is side) for side in Side]
        assert not given_lines or sums[0] != sums[1] or min(line.amount_minor for line in given_lines) <= 0
        return
    assert balance(made) == 0
    assert all(line.amount_minor > 0 for line in made.lines)


@given(minors, currencies)
def test_money_that_came_is_booked_once_for_what_it_is(minor: int, currency: Currency) -> None:
    amount = Money(minor=minor, currency=currency)
    for made in (
        receipt_applied("alipay:1", ChannelId("alipay"), ORDER, amount, AT, AT),
        receipt_suspended("alipay:1", ChannelId("alipay"), amount, AT, AT),
    ):
        assert balance(made) == 0
        assert made.id == "rcp:alipay:1", "applied or suspended, it is one fact"
        assert {line.amount_minor for line in made.lines} == {minor}
        assert all(line.account.endswith(f"/{currency}") for line in made.lines)


@given(st.integers(0, AMOUNT_MINOR_MAX // 2), st.integers(0, AMOUNT_MINOR_MAX // 2))
def test_what_a_sale_earns_is_what_was_paid_for_it(goods: int, fee: int) -> None:
    if goods + fee == 0:
        return
    made = delivered(ORDER, Money(minor=goods, currency=Currency.CNY), Money(minor=fee, currency=Currency.CNY), AT)
    paid = receipt_applied("r", ChannelId("alipay"), ORDER, Money(minor=goods + fee, currency=Currency.CNY), AT, AT)
    held = [line for line in (*paid.lines, *made.lines) if "funds" in line.account]
    assert balance(made) == 0
    assert sum(line.amount_minor if line.side is Side.CREDIT else -line.amount_minor for line in held) == 0


def test_the_same_fact_twice_is_refused_with_what_was_booked() -> None:
    tables = Engine().tables()
    ledger = LedgerStore(tables)
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT)
    tables.apply(ledger.posted(fact))
    other = receipt_applied("alipay:1", ChannelId("alipay"), ORDER, Money(minor=7, currency=Currency.CNY), AT, AT)
    with pytest.raises(AlreadyPosted) as met:
        tables.apply(ledger.posted(other))
    assert met.value.row is not None
    assert met.value.row["kind"] == "receipt_suspended"
    assert ledger.find(fact.id) == fact


def test_the_ledger_describes_inserts_and_nothing_else() -> None:
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT)
    write = LedgerStore(Engine().tables()).posted(fact)
    assert (write.verb, write.key.table, write.when) == ("Put", TableName.JOURNAL, "attribute_not_exists(pk)")


def test_twin_a_transaction_that_skips_the_check_is_out_of_balance() -> None:
    crooked = written(Line(account="a", side=Side.DEBIT, amount_minor=1), Line(account="b", side=Side.CREDIT, amount_minor=1)).model_copy(
        update={"lines": (Line(account="a", side=Side.DEBIT, amount_minor=1),)}
    )
    assert balance(crooked) != 0
