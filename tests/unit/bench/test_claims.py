"""Turns: one thread at a time, in an order that a seed decides."""

import pytest

from infra.bench import claims


pytestmark = pytest.mark.unit


def test_forty_buyers_for_the_last_ten_are_served_and_refused_as_they_should_and_the_same_each_time() -> None:
    contest = claims.Contest("few", buyers=40, cards=10, quantity=1, shards=2)
    first = claims.contested(contest)
    assert first["served"] == 10
    assert first["refused"] == 30
    assert first["falsely_refused"] == 0
    assert first["sold_twice"] == 0
    assert first == claims.contested(contest)


def test_a_claim_costs_the_same_from_any_stock() -> None:
    assert {claims.alone(size, 1)["requests"] for size in (1_000, 1_000_000)} == {1}
