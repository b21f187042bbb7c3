"""Runs that once broke a promise. Each fault was mended; its run is kept, and what it showed is said in one line."""

import pytest

from tests.simulation.explore import run, timeline
from tests.simulation.registry import SCENARIOS


pytestmark = pytest.mark.simulation

SEEDS = [
    ("late_money_and_a_new_buyer", 95, "the sweep counted a failure on a notice that was applied meanwhile: booked, and due again"),
    (
        "two_buyers_for_more_than_there_is",
        200361,
        "a second sending of a form, whose first had given its cards back, got one of them twice and was answered with 500",
    ),
]


@pytest.mark.parametrize(("scenario", "seed", "what"), SEEDS)
def test_a_run_that_once_broke_a_promise_keeps_it(scenario: str, seed: int, what: str) -> None:
    result = run(SCENARIOS[scenario], seed, keeps_trace=True)
    assert not result.wrong, f"{what}\n{timeline(result)}"
