"""How a supplier's standing is reckoned: the share that arrives, the breaker, and who is asked first."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from faka.contexts.suppliers.standing import (
    BALANCE_AGE,
    BALANCE_ASK,
    EVENTS_MIN,
    LEASE,
    PAUSE_MAX,
    PAUSE_MIN,
    PROBES_GOOD,
    WINDOW,
    Breaker,
    Minute,
    Outcome,
    Rank,
    Reason,
    Standing,
    Verdict,
    Window,
    expected_minor,
)
from faka.contexts.suppliers.standings import ROW_TTL, BreakerMoved
from faka.kernel.clock import epoch_s
from faka.kernel.ids import SkuId, SupplierId
from faka.kernel.money import Money
from tests.kit.clock import START
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

LONG_AGO = START - timedelta(days=1)
FRESH = Breaker(since=LONG_AGO)
S = timedelta(seconds=1)


def cost(minor: int) -> Money:
    return Money(minor=minor, currency="CNY")


def bad(total: int = EVENTS_MIN, errors: int = EVENTS_MIN) -> Window:
    return Window(good=total - errors, errors=errors)


def known(window: Window, sold: Window | None = None) -> Standing:
    return Standing(breaker=FRESH, window=window, sold=sold or Window())


# -- the share ------------------------------------------------------------------------------------------------------


def test_a_supplier_of_whom_nothing_is_known_stands_as_high_as_one_who_does_well() -> None:
    assert Window().rate_bp == Window(good=500).rate_bp == 10_000
    assert Window(errors=1).rate_bp == 9_090
    assert Window(good=60, errors=40).rate_bp < 6_500


def test_only_the_last_ten_minutes_count_and_nothing_from_before_the_breaker_closed() -> None:
    now = epoch_s(START) // 60
    minutes = [Minute(minute=now - age, good=1) for age in (0, 9, 10, 11)]
    assert Window.of(minutes, LONG_AGO, START).good == 2
    assert Window.of(minutes, START, START).good == 1


def test_a_cheap_one_whose_orders_fail_costs_more_than_a_dear_one_whose_orders_arrive() -> None:
    assert expected_minor(cost(1_450), known(Window(good=60, errors=40))) > expected_minor(cost(1_600), known(Window(good=100)))
    assert expected_minor(cost(1_450), known(Window(good=100))) < expected_minor(cost(1_600), known(Window(good=100)))


def test_waiting_costs_a_little() -> None:
    quick, slow = known(Window(good=10, wait_s=30)), known(Window(good=10, wait_s=900))
    assert expected_minor(cost(1_000), slow) - expected_minor(cost(1_000), quick) == 87


def test_of_a_sku_of_which_little_is_known_all_that_he_sells_speaks_and_with_every_end_less() -> None:
    well = Window(good=90)
    assert known(well).rate_bp == 10_000
    assert known(well, Window(errors=1)).rate_bp == 9_090
    assert known(well, Window(errors=90)).rate_bp == 1_000
    assert known(Window(errors=90), Window(good=90)).rate_bp > 9_000, "and one good product of a bad supplier stays"


def test_why_one_was_passed_over_is_said_in_words() -> None:
    standing = known(Window(good=6, errors=4, wait_s=12))
    assert standing.why(cost(1), START) == "DEARER: 4 of 10 failed, 2 s each"
    assert standing.model_copy(update={"balance": cost(0)}).why(cost(1), START) == "SHORT: his deposit does not reach"
    rests = standing.model_copy(update={"breaker": FRESH.opened(START, Reason.ERRORS)})
    assert rests.why(cost(1), START) == "OPEN (errors): 4 of 10 failed"


# -- the breaker ----------------------------------------------------------------------------------------------------


def test_it_opens_at_three_of_ten_and_not_on_fewer_ends() -> None:
    assert FRESH.learned(bad(EVENTS_MIN - 1, EVENTS_MIN - 1), Outcome.BAD, START, START) is FRESH
    assert FRESH.learned(bad(10, 2), Outcome.BAD, START, START) is FRESH
    opened = FRESH.learned(bad(10, 3), Outcome.BAD, START, START)
    assert (opened.verdict(START), opened.reason) == (Verdict.OPEN, Reason.ERRORS)


def test_silence_opens_it_as_failures_do() -> None:
    assert FRESH.learned(bad(), Outcome.SILENT, START, START).verdict(START) is Verdict.OPEN


def test_after_the_pause_one_order_finds_out_and_the_next_waits_for_its_end() -> None:
    opened = FRESH.opened(START, Reason.ERRORS)
    then = START + PAUSE_MIN
    assert opened.verdict(then) is Verdict.PROBE
    leased = opened.leased(then)
    assert leased.verdict(then) is Verdict.OPEN
    assert leased.verdict(then + LEASE) is Verdict.PROBE


def test_three_good_probes_close_it_and_what_was_before_is_forgotten() -> None:
    breaker, now = FRESH.opened(START, Reason.ERRORS), START + PAUSE_MIN
    for _ in range(PROBES_GOOD):
        assert breaker.verdict(now) is Verdict.PROBE
        breaker = breaker.leased(now)
        breaker = breaker.learned(bad(), Outcome.GOOD, now, now + S)
        now += S
    assert (breaker.verdict(now), breaker.since, breaker.reason) == (Verdict.CLOSED, now, None)


def test_a_bad_probe_opens_it_for_twice_as_long_up_to_a_bound() -> None:
    breaker, now, pauses = FRESH.opened(START, Reason.ERRORS), START, []
    for _ in range(8):
        assert breaker.until is not None
        pauses.append(breaker.until - now)
        now = breaker.until
        breaker = breaker.leased(now).learned(bad(), Outcome.BAD, now, now)
    assert pauses[:3] == [PAUSE_MIN, 2 * PAUSE_MIN, 4 * PAUSE_MIN]
    assert pauses[-1] == PAUSE_MAX


def test_an_order_from_before_the_probe_decides_nothing() -> None:
    leased = FRESH.opened(START, Reason.ERRORS).leased(START + PAUSE_MIN)
    assert leased.learned(bad(), Outcome.GOOD, START, START + PAUSE_MIN) is leased
    assert leased.learned(bad(), Outcome.BAD, START, START + PAUSE_MIN) is leased


# -- who is first ---------------------------------------------------------------------------------------------------


def test_an_open_one_comes_last_and_one_whose_deposit_does_not_reach_before_him() -> None:
    def rank(name: str, **changes: object) -> Rank:
        return Rank.of(SupplierId(name), cost(1_000), Standing.model_validate({"breaker": FRESH, "window": Window(), **changes}), START)

    broken = rank("broken", breaker=FRESH.opened(START, Reason.ERRORS))
    short = rank("short", balance=cost(999))
    plain, rich = rank("plain"), rank("rich", balance=cost(1_000))
    assert [one.supplier_id for one in sorted((broken, short, rich, plain), key=lambda one: one.key)] == [
        "plain",
        "rich",
        "short",
        "broken",
    ]


# -- rows -----------------------------------------------------------------------------------------------------------


def test_ends_are_counted_and_read_back_in_one_request() -> None:
    with engine_world() as world:
        store, name = world.deps.standings, SupplierId("first")
        for _ in range(3):
            for outcome in (Outcome.GOOD, Outcome.GOOD, Outcome.BAD, Outcome.SILENT):
                store.count(name, SkuId("sku_a"), outcome, 7, world.clock.now())
            store.count(name, SkuId("sku_b"), Outcome.GOOD, 0, world.clock.now())
            world.clock.advance(minutes=1)
        store.note_balance(name, cost(5), world.clock.now())
        found = store.find(name, world.clock.now(), SkuId("sku_a"))
        assert (found.window, found.balance) == (Window(good=9, errors=6, wait_s=42), cost(5))
        assert found.sold == Window(good=6, errors=6, wait_s=42)
        world.clock.advance(seconds=max(WINDOW, BALANCE_AGE).total_seconds() + 60)
        later = store.find(name, world.clock.now(), SkuId("sku_a"))
        assert (later.breaker, later.window, later.sold, later.balance) == (Breaker(since=a_day_ago(world)), Window(), Window(), None)


def test_three_hours_of_ends_are_small_rows_that_leave_and_a_choice_reads_twelve(monkeypatch: pytest.MonkeyPatch) -> None:
    with engine_world() as world:
        store, name, sku = world.deps.standings, SupplierId("first"), SkuId("sku_a")
        read: list[int] = []
        query = world.deps.tables.query
        monkeypatch.setattr(world.deps.tables, "query", lambda *args, **named: noted(read, query(*args, **named)))
        for _ in range(180):
            for _ in range(3):
                store.count(name, sku, Outcome.BAD, 9, world.clock.now())
            world.clock.advance(minutes=1)
        store.find(name, world.clock.now(), sku)
        assert read == [12, 12]
        rows = [row for row in world.rows("test-guard") if row["pk"].startswith("STANDING#")]
        assert {frozenset(row) for row in rows} == {frozenset(("pk", "sk", "bad", "wait_s", "minute", "ttl"))}
        assert all(row["ttl"] - row["minute"] * 60 <= ROW_TTL.total_seconds() + 60 for row in rows)


def noted(read: list[int], answer: Any) -> Any:
    read.append(len(answer[0]))
    return answer


class Listening:
    """Forwards to a client and keeps what it was asked."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, verb: str) -> Any:
        def call(**given: Any) -> Any:
            self.asked.append((verb, given))
            return getattr(self.client, verb)(**given)

        return call


def test_an_end_is_two_additions_without_a_condition_so_a_thousand_at_once_undo_none_of_each_other() -> None:
    """A transaction would be refused while another one holds the row; an addition alone waits for nobody."""
    with engine_world() as world:
        client = Listening(world.client)
        for _ in range(5):
            world.over(client).standings.count(SupplierId("first"), SkuId("sku_a"), Outcome.GOOD, 1, world.clock.now())
        assert [verb for verb, _ in client.asked] == ["update_item"] * 10
        assert not any("ConditionExpression" in given for _, given in client.asked)


def test_of_many_who_would_ask_for_a_balance_one_does_and_again_after_three_minutes() -> None:
    with engine_world() as world:
        store, name = world.deps.standings, SupplierId("first")
        assert store.find(name, world.clock.now()).is_balance_due(world.clock.now())
        assert [store.may_ask_balance(name, world.clock.now()) for _ in range(3)] == [True, False, False]
        store.note_balance(name, cost(5), world.clock.now())
        assert not store.find(name, world.clock.now()).is_balance_due(world.clock.now())
        world.clock.advance(seconds=BALANCE_ASK.total_seconds())
        assert store.may_ask_balance(name, world.clock.now())
        assert store.find(name, world.clock.now()).balance == cost(5), "he is believed while he is asked"


def a_day_ago(world: World) -> datetime:
    return world.clock.now() - timedelta(days=1)


def test_of_two_who_change_a_breaker_one_is_told() -> None:
    with engine_world() as world:
        store, name, now = world.deps.standings, SupplierId("first"), world.clock.now()
        before = store.find(name, now).breaker
        store.change(name, before, before.opened(now, Reason.ERRORS), now)
        with pytest.raises(BreakerMoved):
            store.change(name, before, before.opened(now, Reason.ERRORS), now)
