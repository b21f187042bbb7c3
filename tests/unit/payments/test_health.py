"""The breaker: when a channel rests, when one order may try it, when it is back, and what it costs to know."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.payments import health as subject
from faka.contexts.payments.errors import ChannelClosedForOrders
from faka.contexts.payments.health import FAILURES_OPEN, GLANCE_AGE, PAUSE_MAX, PAUSE_MIN, WINDOW, Health, HealthMoved, Verdict, health_key
from faka.kernel.errors import Throttled
from faka.kernel.ids import ChannelId
from faka.steps import health
from tests.kit.clock import START
from tests.kit.world import World, engine_world


pytestmark = pytest.mark.unit

ALIPAY = ChannelId("alipay")
S = timedelta(seconds=1)


@pytest.fixture
def world() -> Iterator[World]:
    with engine_world() as made:
        yield made


def after(outcomes: str, every: timedelta = S, row: Health | None = None) -> Health:
    """What is noted after failures (`F`) and successes (`S`), one after the other."""
    row, at = row or Health(since=START), START
    for outcome in outcomes:
        row = row.failed(at) if outcome == "F" else row.succeeded(at)
        at += every
    return row


# -- the rule -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcomes", ["", "SSSS", "F", "FFFF", "FFFFS", "FSFSFSFSFSFS", "FFSFSFSFSFSFS"])
def test_a_few_failures_among_successes_leave_it_open(outcomes: str) -> None:
    assert after(outcomes).verdict(START + 20 * S) is Verdict.WELL


@pytest.mark.parametrize("outcomes", ["FFFFF", "FFFFSF", "FFSFFSFFS", "SSSSSSFFFFF", "FFFSFFFS"])
def test_where_about_every_second_call_fails_it_rests(outcomes: str) -> None:
    assert after(outcomes).verdict(START + 20 * S) is Verdict.RESTING


def test_failures_far_apart_never_add_up() -> None:
    assert after("F" * 50, every=WINDOW + S).verdict(START + 51 * WINDOW) is Verdict.WELL


def test_the_pause_ends_in_a_probe_and_a_success_ends_the_rest() -> None:
    resting = after("FFFFF")
    assert resting.until is not None
    assert resting.verdict(resting.until - S) is Verdict.RESTING
    assert resting.verdict(resting.until) is Verdict.PROBE
    assert resting.succeeded(resting.until).verdict(resting.until) is Verdict.WELL


def test_a_probe_that_fails_makes_the_pause_longer_up_to_its_bound() -> None:
    row, pauses = after("FFFFF"), []
    at = START + 4 * S
    for _ in range(9):
        assert row.until is not None
        pauses.append(row.until - at)
        at = row.until
        row = row.leased(at).failed(at)
    assert pauses[:4] == [PAUSE_MIN, 2 * PAUSE_MIN, 4 * PAUSE_MIN, 8 * PAUSE_MIN]
    assert pauses[-1] == PAUSE_MAX


def test_one_order_at_a_time_is_the_probe() -> None:
    row = after("FFFFF")
    assert row.until is not None
    leased = row.leased(row.until)
    assert leased.verdict(row.until) is Verdict.RESTING
    assert leased.succeeded(row.until).verdict(row.until) is Verdict.WELL
    assert leased.verdict(row.until + PAUSE_MIN) is Verdict.PROBE  # the buyer left; the next one may try


def test_while_it_rests_neither_old_failures_nor_answers_about_open_orders_change_anything() -> None:
    row = after("FFFFF")
    assert row.failed(START + 6 * S) is row
    assert row.succeeded(START + 6 * S) is row


def test_a_channel_that_relapses_soon_rests_longer_and_after_a_quiet_time_as_at_first() -> None:
    row = after("FFFFF")
    assert row.until is not None
    back = row.succeeded(row.until)
    soon = after("FFFFF", row=back.model_copy(update={"since": START}))
    assert soon.openings == 2
    later = back.failed(row.until + PAUSE_MAX + S)
    assert later.openings == 0


@given(st.lists(st.tuples(st.sampled_from("FSL"), st.integers(0, 400)), max_size=60))
def test_no_history_leaves_a_channel_resting_for_ever(history: list[tuple[str, int]]) -> None:
    row, at = Health(since=START), START
    for outcome, seconds in history:
        at += timedelta(seconds=seconds)
        if outcome == "L" and row.verdict(at) is Verdict.PROBE:
            row = row.leased(at)
        row = row.failed(at) if outcome == "F" else row.succeeded(at) if outcome == "S" else row
    assert row.verdict(at + PAUSE_MAX) is not Verdict.RESTING
    assert row.succeeded(at + PAUSE_MAX).verdict(at + PAUSE_MAX) is Verdict.WELL


def test_twin_a_rule_that_counts_no_recoveries_closes_a_channel_that_works_mostly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "FAILURES_A_RECOVERY", 0)
    assert after("FSFSFSFSFSFS").verdict(START + 20 * S) is Verdict.RESTING


# -- noted, and what that costs -----------------------------------------------------------------------------------


class Counted:
    """A client that counts its calls."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.calls.append(name)
            return getattr(self._client, name)(**arguments)

        return call


def fail(world: World, times: int = FAILURES_OPEN) -> None:
    for _ in range(times):
        health.noted(world.deps, ALIPAY, ok=False)


def test_a_channel_that_works_is_never_written_and_hardly_read(world: World) -> None:
    client = Counted(world.client)
    deps = world.over(client)
    for _ in range(100):
        health.noted(deps, ALIPAY, ok=True)
    assert client.calls == ["batch_get_item"]


def test_of_many_successes_after_a_failure_one_is_written(world: World) -> None:
    client = Counted(world.client)
    deps = world.over(client)
    health.noted(deps, ALIPAY, ok=False)
    for _ in range(50):
        health.noted(deps, ALIPAY, ok=True)
    assert client.calls.count("put_item") == 2


def test_an_outage_is_written_a_handful_of_times(world: World) -> None:
    client = Counted(world.client)
    deps = world.over(client)
    for _ in range(200):
        health.noted(deps, ALIPAY, ok=False)
    assert client.calls.count("put_item") == FAILURES_OPEN


def test_the_row_leaves_by_itself(world: World) -> None:
    fail(world, 1)
    [row] = [one for one in world.rows("test-guard") if one["pk"] == health_key(ALIPAY).pk]
    assert row["ttl"] > world.clock.now().timestamp()


def test_two_who_learn_at_once_lose_nothing(world: World) -> None:
    before = world.deps.health.find(ALIPAY, START)
    world.deps.health.change(ALIPAY, before, before.failed(START), START)
    with pytest.raises(HealthMoved):
        world.deps.health.change(ALIPAY, before, before.failed(START), START)
    fail(world, FAILURES_OPEN - 1)
    assert world.deps.health.find(ALIPAY, START).verdict(START + S) is Verdict.RESTING


class Gone:
    def __getattr__(self, _name: str) -> Any:
        def call(*_given: Any, **_named: Any) -> Any:
            raise Throttled("guard")

        return call


def test_a_guard_table_out_of_reach_closes_no_channel_and_stops_no_order(world: World) -> None:
    deps = world.over(world.client)
    deps.__dict__["health"] = subject.HealthStore(Gone())  # type: ignore[arg-type]
    health.noted(deps, ALIPAY, ok=False)
    health.admit(deps, ALIPAY)
    assert health.standings(deps, deps.catalog.channels())[ALIPAY].is_healthy


# -- who is let through -------------------------------------------------------------------------------------------


def test_of_many_buyers_after_the_pause_exactly_one_is_let_through(world: World) -> None:
    fail(world)
    world.clock.advance(PAUSE_MIN.total_seconds())
    through = 0
    for _ in range(20):
        deps = world.over(world.client)  # each on an instance of his own
        try:
            health.admit(deps, ALIPAY)
            through += 1
        except ChannelClosedForOrders:
            pass
    assert through == 1


def test_twin_without_the_lease_all_of_them_try_a_dead_provider(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Health, "leased", lambda self, _at: self.model_copy(update={"version": self.version + 1}))
    fail(world)
    world.clock.advance(PAUSE_MIN.total_seconds())
    for _ in range(20):
        health.admit(world.over(world.client), ALIPAY)


def test_an_instance_learns_of_a_rest_within_the_age_of_its_memory(world: World) -> None:
    other = world.over(world.client)
    assert health.standings(other, other.catalog.channels())[ALIPAY].is_healthy
    fail(world)
    world.clock.advance(GLANCE_AGE.total_seconds() + 1)
    assert not health.standings(other, other.catalog.channels())[ALIPAY].is_healthy
