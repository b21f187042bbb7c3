"""The ledger: nothing unbalanced can be built, the same fact cannot be booked twice, nothing booked can be changed (invariant I3)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.ledger.accounts import clearing, sales, suspense
from faka.contexts.ledger.chart import NoSuchAccount
from faka.contexts.ledger.model import Line, Side, Transaction, delivered, receipt_applied, receipt_suspended
from faka.contexts.ledger.store import AlreadyPosted, LedgerConflict, LedgerStore, transaction_from
from faka.contexts.ledger.transaction import LedgerTampered, LedgerUnbalanced
from faka.kernel.errors import Broken
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.money import Currency, Money
from faka.platform.table import TableName
from tests.kit.engine import Engine


pytestmark = pytest.mark.property

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ORDER = OrderId("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV")
ACCOUNTS = [sales(Currency.CNY), suspense(Currency.CNY), clearing(ChannelId("alipay"), Currency.CNY), sales(Currency.USD)]
minors = st.integers(1, AMOUNT_MINOR_MAX)
currencies = st.sampled_from(Currency)
lines = st.builds(Line, account=st.sampled_from(ACCOUNTS), side=st.sampled_from(Side), amount_minor=st.integers(-3, 3))


def written(*given_lines: Line) -> Transaction:
    return Transaction(id="t", kind="test", ref="r", currency=Currency.CNY, lines=given_lines, effective_at=AT, recorded_at=AT)


def balance(transaction: Transaction) -> int:
    return sum(line.amount_minor if line.side is Side.DEBIT else -line.amount_minor for line in transaction.lines)


@given(st.lists(lines, max_size=6))
def test_a_transaction_balances_in_one_currency_or_does_not_come_to_be(given_lines: list[Line]) -> None:
    sums = [sum(line.amount_minor for line in given_lines if line.side is side) for side in Side]
    is_fine = given_lines and sums[0] == sums[1] and min(line.amount_minor for line in given_lines) > 0
    is_fine = is_fine and all(line.account.endswith("/CNY") for line in given_lines)
    if not is_fine:
        with pytest.raises((LedgerUnbalanced, NoSuchAccount)):
            written(*given_lines)
        return
    made = written(*given_lines)
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
    later = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT + timedelta(hours=1))
    with pytest.raises(AlreadyPosted) as met:
        tables.apply(ledger.posted(later))
    assert met.value.row is not None
    assert met.value.row["kind"] == "receipt_suspended"
    assert ledger.find(fact.id) == fact.sealed(), "what was booked first stays"


def test_another_fact_under_the_same_name_pages_somebody() -> None:
    tables = Engine().tables()
    ledger = LedgerStore(tables)
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT)
    tables.apply(ledger.posted(fact))
    for other in (
        receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=6, currency=Currency.CNY), AT, AT),
        receipt_applied("alipay:1", ChannelId("alipay"), ORDER, Money(minor=5, currency=Currency.CNY), AT, AT),
    ):
        with pytest.raises(LedgerConflict) as met:
            tables.apply(ledger.posted(other))
        assert isinstance(met.value, Broken), "it wakes somebody"
    assert ledger.find(fact.id) == fact.sealed()


def test_twin_a_hash_that_does_not_look_at_the_lines_takes_another_amount_for_the_same_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transaction, "digest", property(lambda self: self.id))
    test_the_same_fact_twice_is_refused_with_what_was_booked()
    with pytest.raises(AlreadyPosted):
        test_another_fact_under_the_same_name_pages_somebody()


def test_the_ledger_describes_inserts_and_nothing_else() -> None:
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT)
    write = LedgerStore(Engine().tables()).posted(fact)
    assert (write.verb, write.key.table, write.when) == ("Put", TableName.JOURNAL, "attribute_not_exists(pk)")


def test_a_row_that_was_changed_by_hand_is_not_read_as_a_transaction() -> None:
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=5, currency=Currency.CNY), AT, AT)
    row = fact.sealed().model_dump(mode="json")
    assert transaction_from(row) == fact.sealed()
    for line in row["lines"]:
        line["amount_minor"] = 50
    with pytest.raises(LedgerTampered):
        transaction_from(row)
    assert transaction_from({**row, "content_hash": ""}), "twin: without its hash nobody would know"


def test_twin_a_transaction_that_skips_the_check_is_out_of_balance() -> None:
    fact = receipt_suspended("alipay:1", ChannelId("alipay"), Money(minor=1, currency=Currency.CNY), AT, AT)
    assert balance(fact.model_copy(update={"lines": fact.lines[:1]})) != 0
