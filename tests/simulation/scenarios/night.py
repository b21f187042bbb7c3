"""Nights: a provider's bill finds money that nobody heard of, beside notices, sweeps, other nights and deaths."""

from datetime import timedelta
from typing import Any

from faka.contexts.orders.model import Order
from faka.contexts.payments.refunds import RefundStatus
from faka.kernel.clock import SHANGHAI
from faka.platform.table import TableName
from infra.local.actors.bank import Payment, Trade
from tests.kit.sinks import Canaries
from tests.kit.world import World
from tests.simulation.night import AGAIN_MAX, Machine, morning, night, runs, schedule, yesterday
from tests.simulation.play import Habits, Play
from tests.simulation.registry import scenario
from tests.simulation.scenarios.given import cards, delivered, lapsed, money, paid, placed
from tests.simulation.scenarios.refunds import _on_its_way, once_in_whole, refunds


STRANGER = "till00000001"
ENDS_MAX = 3
"""Of one day: without a repair that could not be made, with it, and with its line matched. Each is kept once."""


def found(play: Play) -> list[str]:
    """What stands on the work lists."""
    rows = [row for row in play.cloud.rows(TableName.TRADE) if row["pk"].startswith("DISCREPANCY#")]
    return sorted(f"{row['kind']} {row['state']}" for row in rows)


def receipts(play: Play) -> list[dict[str, Any]]:
    return [row for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "CHANNELTXN"]


def closed(play: Play) -> list[str]:
    """No difference is left, the day is frozen, and a further night of it ends as others did (where anything comes again at all)."""
    for work in play.once_more if play.habits.repeats else ():
        work()
    days = [row for row in play.cloud.rows(TableName.JOURNAL) if row["pk"].startswith("DAY#")]
    firsts = [row for row in days if row["sk"] == "CLOSE"]
    wrong = [f"{each} is left" for each in found(play) if not each.endswith((" AUTO_FIXED", " CLEARED"))]
    wrong += [] if firsts else ["no day is closed"]
    return wrong + ([f"a day has {len(days)} ends"] if len(days) > ENDS_MAX * len(firsts) else [])


def _delivered_and_closed(play: Play) -> list[str]:
    return [*closed(play), *delivered(1)(play)]


@scenario(lapsed(1, 2), then=_delivered_and_closed, share=0.3)
def the_bill_finds_money_while_its_notice_comes(play: Play) -> None:
    """Money whose notice was lost until this morning stands in the bill, and the notice arrives while the night books it."""
    [order] = play.facts
    raws = money(play, order)
    day = morning(play)
    night(play, "night", day, meanwhile={"repair": lambda play: play.notify(order.channel_id, raws)})


@scenario(lapsed(1, 2), then=_delivered_and_closed, habits=Habits(minutes=1, stride_s=1_000), share=0.25)
def two_nights_of_one_day(play: Play) -> None:
    """A person runs the day again while the morning's night is on, and tasks may outlast their time: the lost money is booked once."""
    [order] = play.facts
    money(play, order)
    day = morning(play)
    for name in ("night", "by hand"):
        night(play, name, day)


def _one_execution(play: Play) -> list[str]:
    begun = len(play.cloud.machines.begun)
    return [*closed(play), *([] if begun == 1 else [f"{begun} executions of one day"])]


@scenario(paid(1, 2), then=_one_execution, share=0.15)
def the_schedule_rings_twice(play: Play) -> None:
    """The schedule's event comes twice: one execution of the day."""
    morning(play)
    for name in ("first ring", "second ring"):
        schedule(play, name)


def _kept_once(play: Play) -> list[str]:
    kept = [row["state"] for row in receipts(play)]
    return [*closed(play), *([] if kept == ["ORPHAN"] else [f"a stranger's money is {kept}"])]


def _paid_by_a_stranger(play: Play, minor: int) -> tuple[Trade, Payment]:
    bank = play.cloud.providers.bank
    trade = play.cloud.providers.alipay.open(STRANGER, minor)
    return trade, bank.pay(trade)


@scenario(cards(1), then=_kept_once, share=0.2)
def the_bill_shows_money_for_an_unknown_number(play: Play) -> None:
    """Money under a number that we never gave out stands in the bill, and its notice comes at the same moment."""
    raws = play.cloud.providers.alipay.pay(STRANGER, 1_580)
    day = morning(play)
    night(play, "night", day, meanwhile={"repair": lambda play: play.notify("alipay", raws)})


def _untouched(play: Play) -> list[str]:
    wrong = [] if found(play) == ["BILL_ONLY_PAYMENT OPEN"] else [f"the list says {found(play)}"]
    return wrong + [f"{row['amount']['minor']} was booked at night by nobody's decision" for row in receipts(play)]


@scenario(cards(1), then=_untouched, share=0.1)
def the_bill_shows_too_much_money(play: Play) -> None:
    """Sixty thousand yuan that nobody knows of: the night touches nothing and asks a person."""
    _paid_by_a_stranger(play, 60_000_00)
    night(play, "night", morning(play), expected=("DISCREPANT",))


def _asked(play: Play) -> list[str]:
    return [] if found(play) == ["AMOUNT_MISMATCH OPEN"] else [f"the list says {found(play)}"]


@scenario(paid(1, 2), then=_asked, share=0.1)
def the_bill_shows_another_amount(play: Play) -> None:
    """The provider's books have a fen less than its notice had: a person's, and nothing is booked anew."""
    trade = _trade(play, play.facts[0])
    trade.payments[0].amount_minor -= 1
    night(play, "night", morning(play), expected=("DISCREPANT",))


def _trade(play: Play, order: Order) -> Trade:
    trade = play.cloud.providers.bank.find("alipay", "pay" + order.payment_id[4:])
    assert trade is not None
    return trade


def _sweeps(play: Play) -> None:
    play.cast("sweep", lambda play: play.sweep())


def _arrived(play: Play) -> list[str]:
    states = [row["status"] for row in refunds(play)]
    return [*closed(play), *once_in_whole(play), *([] if states == [RefundStatus.SUCCEEDED] else [f"the refund is {states}"])]


@scenario(_on_its_way, then=_arrived, share=0.25)
def the_bill_shows_a_refund_that_was_on_its_way(play: Play) -> None:
    """A refund arrived and nobody told us: the night asks about it while the sweep does."""
    [order] = play.facts
    play.cloud.providers.by_id(order.channel_id).finish_refund("pay" + order.payment_id[4:])
    day = morning(play)
    night(play, "night", day, meanwhile={"repair": _sweeps})


@scenario(placed(1, 2), then=_delivered_and_closed, habits=Habits(minutes=1), share=0.3)
def repair_and_the_sweep_ask_at_once(play: Play) -> None:
    """After a night without a sweep, the first sweep and the repair ask about the same money."""
    [order] = play.facts
    money(play, order)
    day = morning(play)
    night(play, "night", day, meanwhile={"repair": _sweeps})


TASKS = 7
"""Of a night of one account and one part: plan, fetch, export, match, reduce, repair, close."""


@scenario(lapsed(1, 2), then=_delivered_and_closed, share=0.05)
def a_night_that_is_stopped_after_each_task(play: Play) -> None:
    """Executions of the day end after their first task, their second, and so on; then one comes to its end."""
    [order] = play.facts
    money(play, order)
    day = morning(play)
    play.cast("night", lambda play: [Machine(play, f"stopped {n}", day).run(n) for n in range(1, TASKS)])  # type: ignore[func-returns-value]
    night(play, "last", day)


@scenario(paid(1, 2), then=closed, share=0.1)
def a_bill_that_comes_late(play: Play) -> None:
    """The machine asks four times for a bill that is not made; a person runs the day again when it is."""

    def script(play: Play) -> None:
        Machine(play, "too early", yesterday(play)).run()
        morning(play, days=0)
        _until_it_ends(play, "in time")

    morning(play, hour=8)
    play.cast("nights", script)


def _late(world: World, marks: Canaries) -> list[Order]:
    """Paid at 23:55 by the provider's clock, heard of five minutes after midnight."""
    at = world.clock.now().astimezone(SHANGHAI).replace(hour=23, minute=55)
    world.clock.set(at + timedelta(minutes=10))
    [order] = paid(1, 2)(world, marks)
    trade = world.providers.bank.find("alipay", "pay" + order.payment_id[4:])
    assert trade is not None
    trade.payments[0].paid_at -= 600
    return [order]


def _nothing_found(play: Play) -> list[str]:
    return [f"{each}, of a payment that both have" for each in found(play)]


@scenario(_late, then=_nothing_found, share=0.1)
def a_payment_over_midnight(play: Play) -> None:
    """One day for the provider and the next for us: matched once, by the first day's bill, and missed by nobody on the second."""

    def script(play: Play) -> None:
        for name in ("first night", "second night"):
            morning(play, days=0 if name == "first night" else 1)
            _until_it_ends(play, name)

    play.cast("nights", script)


def _until_it_ends(play: Play, name: str) -> None:
    day = yesterday(play)
    any(runs(play, name, day) for _ in range(AGAIN_MAX))
