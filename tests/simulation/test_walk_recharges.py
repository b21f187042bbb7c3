"""Seeded schedules about top-ups."""

import pytest

from tests.simulation.amount import SCHEDULES
from tests.simulation.registry import SCENARIOS, of_themes
from tests.simulation.report import leave, of_walks
from tests.simulation.walks import Tally, shares, walk


pytestmark = [pytest.mark.simulation, pytest.mark.timeout(3600)]


def test_no_schedule_breaks_a_promise_about_a_top_up() -> None:
    tally = Tally()
    for name, count in shares(of_themes("recharges"), SCHEDULES).items():
        tally.merge(walk(SCENARIOS[name], range(count)))
    leave("walk-recharges", of_walks(tally))
    assert not tally.failures, f"{tally.failed} of {tally.runs} runs\n" + "\n".join(tally.failures)
