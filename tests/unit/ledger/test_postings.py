"""Every posting by its accounts; the chart lets no name read as another one; fees are rounded once a day."""

from datetime import date

import pytest

from faka.contexts.ledger import accounts, channels, commissions, purchases
from faka.contexts.ledger.accounts import account_id
from faka.contexts.ledger.channels import NeedsItsBalance, rounded_fee
from faka.contexts.ledger.chart import CHART, Kind, NoSuchAccount, Whose, plan_of
from faka.contexts.ledger.transaction import LedgerUnbalanced, Transaction
from faka.kernel.ids import BatchId, ChannelId, OrderId, PurchaseId
from faka.kernel.money import Currency
from tests.unit.ledger.given import AT, cny, lines


pytestmark = pytest.mark.unit

DAY = date(2026, 3, 2)
ALI = ChannelId("alipay")
ORDER = OrderId("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV")
CNY = Currency.CNY

POSTINGS: list[tuple[Transaction, str, dict[tuple[str, str], int]]] = [
    (
        channels.fees_of_day(ALI, DAY, cny(19), AT),
        "fee:alipay:2026-03-02:CNY",
        {("D", "expense:channel_fee/CNY"): 19, ("C", "psp:alipay:clearing/CNY"): 19},
    ),
    (
        channels.fees_of_day(ALI, DAY, cny(-4), AT, postings=1),
        "fee:alipay:2026-03-02:CNY:1",
        {("D", "psp:alipay:clearing/CNY"): 4, ("C", "expense:channel_fee/CNY"): 4},
    ),
    (
        channels.paid_out("p1", ALI, "icbc", cny(500), AT, AT),
        "pout:p1",
        {("D", "bank:icbc/CNY"): 500, ("C", "psp:alipay:clearing/CNY"): 500},
    ),
    (
        channels.denied("alipay:1", ALI, cny(5), AT),
        "mis:alipay:1",
        {("D", "suspense:missing_receipts/CNY"): 5, ("C", "psp:alipay:clearing/CNY"): 5},
    ),
    (
        purchases.stock_purchased(BatchId("bat_1"), "", cny(9), AT),
        "bat:bat_1",
        {("D", "inventory:cards/CNY"): 9, ("C", "supplier:%:payable/CNY"): 9},
    ),
    (
        purchases.purchase_charged(PurchaseId("pur_1"), "s1", 3, Currency.CNY, AT),
        "pur:pur_1",
        {("D", "expense:loss/CNY"): 3, ("C", "supplier:s1:payable/CNY"): 3},
    ),
    (
        purchases.purchase_charged(PurchaseId("pur_1"), "s1", -2, Currency.CNY, AT),
        "pur:pur_1",
        {("D", "supplier:s1:payable/CNY"): 2, ("C", "expense:loss/CNY"): 2},
    ),
    (
        purchases.cards_recovered("rfd_1", ORDER, cny(9), AT),
        "rec:rfd_1:CNY",
        {("D", "inventory:cards/CNY"): 9, ("C", "expense:cogs/CNY"): 9},
    ),
    (
        purchases.cards_replaced(ORDER, 4, cny(9), cny(11), AT),
        f"rep:{ORDER}:4:CNY",
        {
            ("D", "expense:cogs/CNY"): 11,
            ("D", "expense:loss/CNY"): 9,
            ("C", "inventory:cards/CNY"): 11,
            ("C", "expense:cogs/CNY"): 9,
        },
    ),
    (
        purchases.cards_voided("v1", BatchId("bat_1"), cny(9), "complaint", AT),
        "void:v1",
        {("D", "expense:loss/CNY"): 9, ("C", "inventory:cards/CNY"): 9},
    ),
    (
        purchases.supplier_paid("s1", "north", "icbc", cny(9), AT),
        "set:s1:paid",
        {("D", "supplier:north:payable/CNY"): 9, ("C", "bank:icbc/CNY"): 9},
    ),
    (
        commissions.delivered_divided(ORDER, {"platform": 2, "supplier:north": 7, "agent:anne": 1}, cny(3), AT),
        f"dlv:{ORDER}",
        {
            ("D", f"order:{ORDER}:funds/CNY"): 13,
            ("C", "revenue:commission/CNY"): 2,
            ("C", "supplier:north:payable/CNY"): 7,
            ("C", "agent:anne:commission_pending/CNY"): 1,
            ("C", "revenue:fees/CNY"): 3,
        },
    ),
    (
        commissions.commissions_earned(ORDER, {"anne": 2, "bert": 1}, CNY, AT),
        f"com:{ORDER}",
        {
            ("D", "expense:commission/CNY"): 3,
            ("C", "agent:anne:commission_pending/CNY"): 2,
            ("C", "agent:bert:commission_pending/CNY"): 1,
        },
    ),
    (
        commissions.commissions_taken_back("rfd_1", ORDER, {"anne": 2}, CNY, AT),
        "com:rfd_1:back",
        {("D", "agent:anne:commission_pending/CNY"): 2, ("C", "expense:commission/CNY"): 2},
    ),
    (
        commissions.commissions_matured(ORDER, {"anne": 2}, CNY, AT),
        f"com:{ORDER}:due",
        {("D", "agent:anne:commission_pending/CNY"): 2, ("C", "agent:anne:commission_payable/CNY"): 2},
    ),
    (
        commissions.agent_paid("s2", "anne", "icbc", cny(2), AT),
        "set:s2:paid",
        {("D", "agent:anne:commission_payable/CNY"): 2, ("C", "bank:icbc/CNY"): 2},
    ),
]


@pytest.mark.parametrize(("made", "name", "expected"), POSTINGS, ids=[name for _, name, _ in POSTINGS])
def test_a_fact_is_booked_between_these_accounts_under_this_name(
    made: Transaction, name: str, expected: dict[tuple[str, str], int]
) -> None:
    assert (made.id, lines(made)) == (name, expected)


def test_a_correction_leaves_balances_that_decide_to_their_own_flows() -> None:
    ours = [(accounts.suspense(CNY), 5)]
    for theirs in (accounts.funds(ORDER, CNY), accounts.wallet("w", CNY), accounts.commission_payable("anne", CNY)):
        with pytest.raises(NeedsItsBalance):
            channels.corrected("c1", "x", CNY, ours, [(theirs, 5)], "by two", AT)
    made = channels.corrected("c1", "dis_1", CNY, [(accounts.loss(CNY), 5)], [(accounts.missing(CNY), 5)], "anne, bert: written off", AT)
    assert (made.id, made.note) == ("cor:c1", "anne, bert: written off")


def test_a_day_without_fees_is_no_transaction() -> None:
    with pytest.raises(LedgerUnbalanced):
        channels.fees_of_day(ALI, DAY, cny(0), AT)


def test_fees_are_rounded_once_a_day_half_to_even_and_nothing_is_lost_over_days() -> None:
    assert rounded_fee(4_500, 0, CNY) == (4, 500), "0.045 yuan are four and a half fen: to the even four"
    assert rounded_fee(5_500, 0, CNY) == (6, -500)
    assert rounded_fee(5_501, 0, CNY) == (6, -499)
    assert rounded_fee(-4_500, 0, CNY) == (-4, -500)
    assert rounded_fee(7, 0, Currency.USDT) == (70, 0)
    booked = carried = 0
    for _ in range(100):
        fee, carried = rounded_fee(9_480, carried, CNY)
        booked += fee
    assert booked * 1_000 + carried == 100 * 9_480


def test_twin_rounding_without_what_is_carried_drifts() -> None:
    assert sum(rounded_fee(9_480, 0, CNY)[0] for _ in range(100)) * 1_000 != 100 * 9_480


# -- the chart -------------------------------------------------------------------------------------------------------------


def test_every_account_that_can_be_named_is_on_the_chart_and_every_line_of_it_can_be_named() -> None:
    names = {
        accounts.clearing(ALI, CNY),
        accounts.bank("icbc", CNY),
        accounts.prepaid("north", CNY),
        accounts.payable("north", CNY),
        accounts.funds(ORDER, CNY),
        accounts.wallet("wal_1", CNY),
        accounts.in_transit(ALI, CNY),
        accounts.commission_pending("anne", CNY),
        accounts.commission_payable("anne", CNY),
        *(
            make(CNY)
            for make in (
                *(accounts.inventory, accounts.stored, accounts.suspense, accounts.failed_refunds, accounts.missing, accounts.sales),
                *(accounts.fees, accounts.commission_earned, accounts.cogs, accounts.channel_fee, accounts.commission_paid),
                *(accounts.promotion, accounts.loss, accounts.equity),
            )
        ),
    }
    assert {plan_of(name).family for name in names} == set(CHART)


def test_what_decides_are_customers_agents_and_prepaid_balances_alone() -> None:
    assert {plan.family for plan in CHART.values() if plan.kind is Kind.AUTHORISING} == {
        "supplier:*:prepaid",
        "order:*:funds",
        "wallet:*",
        "agent:*:commission_payable",
    }
    customers = {plan.family for plan in CHART.values() if plan.whose is Whose.CUSTOMERS}
    assert {family.split(":")[0] for family in customers} == {"order", "wallet", "stored", "refund", "suspense"}


NO_ACCOUNTS = (
    *("", "/CNY", "psp:alipay:clearing", "psp:alipay:clearing/EUR", "psp::clearing/CNY", "psp:a:b:clearing/CNY"),
    *("wallet:*/CNY", "order:*:funds/CNY", "revenue:sales:x/CNY", "psp:ali pay:clearing/CNY", "x:y/CNY"),
)


@pytest.mark.parametrize("name", NO_ACCOUNTS)
def test_a_name_that_is_not_on_the_chart_is_no_account(name: str) -> None:
    with pytest.raises(NoSuchAccount):
        plan_of(name)


@pytest.mark.parametrize("typed", ["north:payable/USD", "a/b", "a:b", "*", "a#b", "a b", "%3A", "上游甲", "", "\x00"])
def test_no_supplier_can_call_himself_as_another_account(typed: str) -> None:
    name = accounts.payable(account_id(typed), CNY)
    assert plan_of(name).family == "supplier:*:payable"
    assert name.endswith(":payable/CNY")


def test_two_texts_are_two_suppliers() -> None:
    typed = ["a:b", "a%3Ab", "a b", "a%20b", "%", "%25", "", "a/b", "a#b"]
    assert len({account_id(text) for text in typed}) == len(typed)


def test_an_id_that_parts_names_is_refused() -> None:
    for bad in ("a:b", "a/b", "", "a\n"):
        with pytest.raises(NoSuchAccount):
            accounts.wallet(bad, CNY)
