"""Every schedule of a pair up to a bound of switches: what a random walk may miss is not missed here."""

import time

import pytest

from tests.simulation.amount import PREEMPTIONS, SYSTEMATIC_MAX
from tests.simulation.explore import every_schedule
from tests.simulation.registry import SCENARIOS
from tests.simulation.report import leave, of_walks
from tests.simulation.walks import Tally


pytestmark = [pytest.mark.simulation, pytest.mark.timeout(1800)]


def test_no_schedule_of_a_pair_breaks_a_promise() -> None:
    tally, found = Tally(), {}
    began = time.process_time()
    for name, scenario in SCENARIOS.items():
        if scenario.pair:
            results = list(every_schedule(scenario, PREEMPTIONS, SYSTEMATIC_MAX))
            found[name] = {"schedules": len(results), "is_complete": len(results) < SYSTEMATIC_MAX}
            for result in results:
                tally.add(result)
    tally.seconds = time.process_time() - began
    leave("pairs", {**of_walks(tally), "kind": "systematic", "preemptions": PREEMPTIONS, "pairs": found})
    assert found
    assert not tally.failures, "\n".join(tally.failures)
