"""Reading the books of a shop that sold, was paid twice and gave back: they balance, and every view of them is the ledger's accounts."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from faka.contexts.ledger.channels import fees_of_day
from faka.contexts.ledger.chart import NoSuchAccount
from faka.contexts.ledger.store import LedgerStore, transaction_from
from faka.contexts.ledger.transaction import LedgerTampered
from faka.flows.books import customers_money, profit_of_day, profit_of_order, statement, trial_balance
from faka.flows.books.profit import By, Profit
from faka.kernel.clock import business_day
from faka.kernel.ids import ChannelId
from infra.ops import books as command
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku
from tests.unit.ledger.given import books, bought, cny, journal, row_of, usd


pytestmark = pytest.mark.unit

SKUS = (sku("video-vip-month"), sku("gift", 0))


@pytest.fixture
def world() -> Iterator[World]:
    """Two batches of the month card at 5.00 and 6.50; a sale of two, one of one that was paid twice, an order that waits."""
    with engine_world(skus=SKUS) as made:
        bought(made, 2, cny(500))
        bought(made, 9, cny(650), supplier="south")
        made.named = {"two": made.pay(made.buy(quantity=2))}  # type: ignore[attr-defined]
        made.named["twice"] = made.buy()  # type: ignore[attr-defined]
        for _ in range(2):
            [raw] = made.notices(made.named["twice"])  # type: ignore[attr-defined]
            made.deliver_notice(made.named["twice"], raw)  # type: ignore[attr-defined]
        made.named["waits"] = made.buy()  # type: ignore[attr-defined]
        yield made


def post(world: World, *transactions: object) -> None:
    world.deps.tables.commit([world.deps.ledger.posted(one) for one in transactions])  # type: ignore[arg-type]


def today(world: World):  # type: ignore[no-untyped-def]
    return business_day(world.clock.now())


# -- trial balance ---------------------------------------------------------------------------------------------------------


def test_debits_and_credits_are_equal_in_each_currency_and_every_account_is_there(world: World) -> None:
    bought(world, 1, usd(90))
    made = trial_balance(world.deps)
    assert made.is_even
    assert {one.currency for one in made.sums} == {"CNY", "USD"}
    told = {one.account: one.balance_minor for one in made.accounts if one.balance_minor}
    alone = {account: minor for account, minor in books(world).items() if not account.startswith("order:")}
    assert told == alone, "orders' funds are nothing once their goods are delivered"
    assert made.transactions == len(journal(world))


def test_the_journal_is_read_in_pages_with_other_rows_between(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trial_balance(world.deps)
    monkeypatch.setattr("faka.contexts.ledger.store.SCAN_PAGE", 2)
    assert trial_balance(world.deps) == whole


def test_orders_stand_under_one_name(world: World) -> None:
    names = [one.account for one in trial_balance(world.deps).accounts]
    assert "order:*:funds/CNY" in names
    assert not any("ord_" in name for name in names)


def test_nobody_adds_up_what_was_changed_by_hand(world: World) -> None:
    row = row_of(next(iter(journal(world).values())))
    for line in row["lines"]:
        line["amount_minor"] += 1
    _overwrite(world, row)
    with pytest.raises(LedgerTampered):
        trial_balance(world.deps)


def test_twin_without_the_comparison_a_changed_amount_would_balance(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.ledger.store.transaction_from", lambda row: transaction_from({**row, "content_hash": ""}))
    with pytest.raises(pytest.fail.Exception):
        test_nobody_adds_up_what_was_changed_by_hand(world)


def _overwrite(world: World, row: dict[str, object]) -> None:
    """Somebody with rights that no role has."""
    from faka.platform.table import TableName, put

    world.deps.tables.apply(put(TableName.JOURNAL, row))


# -- whose money -----------------------------------------------------------------------------------------------------------


def test_customers_money_and_own_money_are_shown_apart(world: World) -> None:
    """The second payment of 15.80 is the buyer's; the rest, less what suppliers are owed, is ours."""
    [view] = customers_money(world.deps)
    assert view.there_minor == 4 * 1580
    assert view.customers_minor == 1580
    assert view.suppliers_minor == 2 * 500 + 9 * 650
    assert view.own_minor == 3 * 1580 - 6850
    assert view.is_covered


def test_the_view_is_the_ledgers_accounts_at_every_hour(world: World) -> None:
    for _ in range(6):
        world.clock.advance(hours=1)
        world.sweep()
        order = world.buy()
        if world.clock.now().hour % 2:
            world.pay(order)
        there = books(world)
        [view] = customers_money(world.deps)
        owed = ("order:", "wallet:", "stored:", "refund:", "suspense:unidentified", "suspense:failed")
        assert view.customers_minor == sum(minor for account, minor in there.items() if account.startswith(owed))
        assert view.there_minor == sum(minor for account, minor in there.items() if account.startswith(("psp:", "bank:")))


def test_twin_a_view_that_forgets_refunds_on_their_way_calls_them_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from faka.contexts.ledger import chart

    forgotten = chart.CHART["refund:*:in_transit"]
    monkeypatch.setitem(chart.CHART, "refund:*:in_transit", chart.Plan(forgotten.family, forgotten.of, forgotten.kind, chart.Whose.OWN))
    with pytest.raises(AssertionError):
        test_customers_money_and_own_money_are_shown_apart(world)


# -- profit ----------------------------------------------------------------------------------------------------------------


def test_profit_of_a_day_equals_the_sum_by_hand(world: World) -> None:
    """Three cards at 15.80 are 47.40; two cost 5.00 and one 6.50; the provider kept 0.28 of the day."""
    post(world, fees_of_day(ChannelId("alipay"), today(world), cny(28), world.clock.now()))
    [by_channel] = profit_of_day(world.deps, today(world), By.CHANNEL)
    assert by_channel == Profit(
        group="alipay", currency="CNY", sales_minor=4740, cost_minor=1650, channel_fee_minor=28, delivered=2, uncosted=0
    )
    assert by_channel.profit_minor == 4740 - 1650 - 28
    by_product = {one.group: one for one in profit_of_day(world.deps, today(world), By.PRODUCT)}
    assert by_product["video-vip"].profit_minor == 4740 - 1650
    assert by_product["-"].channel_fee_minor == 28, "a day's fee is no single product's"


def test_profit_of_an_order_is_found_by_its_own_transactions(world: World) -> None:
    order = world.named["two"]  # type: ignore[attr-defined]
    [made] = profit_of_order(world.deps, order.id)
    assert (made.sales_minor, made.cost_minor, made.profit_minor) == (3160, 1000, 2160)
    per_order = {one.group: one for one in profit_of_day(world.deps, today(world), By.ORDER)}
    assert per_order[order.id] == made
    assert profit_of_order(world.deps, world.named["waits"].id) == ()  # type: ignore[attr-defined]


def test_what_cost_another_currency_is_not_of_unknown_cost(world: World) -> None:
    world.sku = world.product.sku("video-vip-month")
    world.pay(world.buy(quantity=world.left))
    batch = bought(world, 1, usd(90))
    order = world.pay(world.buy())
    assert [run.batch for run in order.runs] == [batch.ordinal]
    found = {one.currency: one for one in profit_of_order(world.deps, order.id)}
    assert (found["CNY"].sales_minor, found["CNY"].uncosted, found["USD"].cost_minor) == (1580, 0, 90)


def test_deliveries_of_unknown_cost_are_counted(world: World) -> None:
    world.pay(world.buy(quantity=world.left))
    bought(world, 1, None)
    order = world.pay(world.buy())
    [made] = profit_of_order(world.deps, order.id)
    assert (made.uncosted, made.cost_minor) == (1, 0)


def test_another_days_facts_are_not_this_days_profit(world: World) -> None:
    assert profit_of_day(world.deps, today(world) - timedelta(days=1), By.PRODUCT) == ()


# -- one account -----------------------------------------------------------------------------------------------------------


def test_a_statement_adds_up_page_by_page(world: World) -> None:
    account, day = "psp:alipay:clearing/CNY", today(world)
    whole = statement(world.deps, account, day, day)
    assert whole.closing_minor == books(world)[account]
    assert [one.balance_minor for one in whole.entries] == [3160, 4740, 6320]
    pages, after = [], ""
    for _ in range(9):
        page = statement(world.deps, account, day, day, after, limit=1)
        assert page.opening_minor == (pages[-1].balance_minor if pages else 0)
        pages += page.entries
        after = page.next
        if not after:
            break
    assert tuple(pages) == whole.entries


def test_what_came_before_is_the_opening(world: World) -> None:
    first = today(world)
    world.clock.advance(days=1)
    world.pay(world.buy())
    later = statement(world.deps, "revenue:sales/CNY", first + timedelta(days=1), first + timedelta(days=1))
    assert (later.opening_minor, later.closing_minor, len(later.entries)) == (4740, 6320, 1)


def test_an_account_that_is_not_on_the_chart_has_no_statement(world: World) -> None:
    for name in ("psp:alipay", "order:*:funds/CNY", "revenue:sales", "wallet:x/EUR", "revenue:sales:x/CNY"):
        with pytest.raises(NoSuchAccount):
            statement(world.deps, name, today(world), today(world))


# -- the command -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("trial-balance", "together in CNY"),
        ("customers-money", "customers are covered"),
        ("statement psp:alipay:clearing/CNY", "after: 63.20"),
        ("profit --by channel", "alipay CNY"),
        ("profit --by product", "video-vip CNY"),
    ],
)
def test_the_command_prints_for_people_and_for_machines(
    world: World, asked: str, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(asked.split(), world.deps) == 0
    assert expected in capsys.readouterr().out
    assert command.main([*asked.split(), "--json"], world.deps) == 0
    assert json.loads(capsys.readouterr().out)


def test_the_command_says_what_is_wrong_in_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["statement", "nothing"], world.deps) == 1
    assert capsys.readouterr().err.startswith("no_such_account: ")


def test_uneven_books_are_an_error_of_the_command(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = next(iter(journal(world).values()))
    crooked = made.model_copy(update={"lines": made.lines[:1]})
    monkeypatch.setattr(LedgerStore, "every", lambda self: iter([crooked]))
    assert command.main(["trial-balance"], world.deps) == 1
    assert capsys.readouterr().err.startswith("books_uneven: ")
