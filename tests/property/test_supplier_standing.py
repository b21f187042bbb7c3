"""The rule of suppliers under generated histories: better is never worse, nobody is out for good, and what is kept is bounded."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.suppliers.standing import (
    OPENINGS_MAX,
    PAUSE_MAX,
    PROBES_GOOD,
    Breaker,
    Outcome,
    Rank,
    Reason,
    Standing,
    Verdict,
    Window,
    expected_minor,
)
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency, Money
from tests.kit.clock import START


pytestmark = pytest.mark.property

counts = st.integers(0, 500)
windows = st.builds(Window, good=counts, errors=counts, wait_s=st.integers(0, 100_000))
standings = st.builds(Standing, breaker=st.just(Breaker(since=START)), window=windows, sold=windows)
prices = st.integers(1, 10_000_000)
outcomes = st.sampled_from(list(Outcome))
steps = st.lists(st.tuples(outcomes, windows, st.integers(0, 900), st.booleans()), max_size=40)


def cost(minor: int) -> Money:
    return Money(minor=minor, currency=Currency.CNY)


def played(history: list[tuple[Outcome, Window, int, bool]]) -> tuple[Breaker, timedelta]:
    """A breaker after ends some seconds apart; a probe is let through where one may be."""
    breaker, at = Breaker(since=START), START
    for outcome, window, seconds, is_new in history:
        at += timedelta(seconds=seconds)
        if breaker.verdict(at) is Verdict.PROBE and is_new:
            breaker = breaker.leased(at)
        breaker = breaker.learned(window, outcome, at if is_new else START, at)
    return breaker, at - START


@given(windows, windows, prices)
def test_one_more_that_arrives_never_makes_a_supplier_dearer_and_one_more_that_fails_never_cheaper(
    window: Window, others: Window, minor: int
) -> None:
    """An end is one of his and one of the SKU's."""
    quick = window.model_copy(update={"wait_s": 0})
    all_of_his = quick.model_copy(update={"good": quick.good + others.good, "errors": quick.errors + others.errors})

    def expected(**more: int) -> int:
        his, sold = (one.model_copy(update={name: getattr(one, name) + n for name, n in more.items()}) for one in (all_of_his, quick))
        return expected_minor(cost(minor), Standing(breaker=Breaker(since=START), window=his, sold=sold))

    assert expected(good=1) <= expected() <= expected(errors=1)


@given(standings, prices, st.integers(0, 1_000))
def test_a_lower_price_is_never_dearer(standing: Standing, minor: int, less: int) -> None:
    assert expected_minor(cost(max(1, minor - less)), standing) <= expected_minor(cost(minor), standing)


@given(standings, prices)
def test_what_an_arrival_is_expected_to_cost_is_at_least_its_price(standing: Standing, minor: int) -> None:
    assert expected_minor(cost(minor), standing) >= minor


@given(steps)
def test_nobody_is_out_for_good(history: list[tuple[Outcome, Window, int, bool]]) -> None:
    """Whatever has happened: after the longest pause one order goes through, and three good ones close the breaker."""
    breaker, passed = played(history)
    at = START + passed + PAUSE_MAX
    for _ in range(PROBES_GOOD):
        if breaker.verdict(at) is Verdict.CLOSED:
            break
        assert breaker.verdict(at) is Verdict.PROBE
        breaker = breaker.leased(at).learned(Window(), Outcome.GOOD, at, at)
        at += timedelta(seconds=1)
    assert breaker.verdict(at) is Verdict.CLOSED


@given(steps)
def test_a_pause_is_never_longer_than_the_longest_and_says_why(history: list[tuple[Outcome, Window, int, bool]]) -> None:
    breaker, passed = played(history)
    assert breaker.openings <= OPENINGS_MAX
    if breaker.until is not None:
        assert breaker.until - (START + passed) <= PAUSE_MAX
        assert breaker.reason is not None


@given(st.lists(st.tuples(windows, prices, st.booleans()), min_size=1, max_size=8))
def test_of_those_who_sell_it_one_is_always_first_and_never_one_at_rest_before_one_who_works(found: list[tuple[Window, int, bool]]) -> None:
    open_ = Breaker(since=START).opened(START, Reason.ERRORS)
    ranks = [
        Rank.of(SupplierId(f"s{number}"), cost(minor), Standing(breaker=open_ if rests else Breaker(since=START), window=window), START)
        for number, (window, minor, rests) in enumerate(found)
    ]
    first = min(ranks, key=lambda one: one.key)
    assert first.tier == min(one.tier for one in ranks)
    assert len({one.key for one in ranks}) == len(ranks)
