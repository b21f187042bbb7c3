"""Every call of every branch of every flow dies, loses its answer or is refused; and whoever takes over dies as well."""

import time

import pytest

from tests.simulation.crashes import Coverage, Listening, branches, enumerate_crashes
from tests.simulation.gate import Call, Fate
from tests.simulation.registry import SCENARIOS
from tests.simulation.report import leave, of_crashes


pytestmark = [pytest.mark.simulation, pytest.mark.timeout(3600)]


def test_no_crash_and_no_fault_of_a_service_breaks_a_promise() -> None:
    began, found = time.process_time(), Coverage()
    for scenario in SCENARIOS.values():
        enumerate_crashes(found, scenario)
    leave("crashes", of_crashes(found, time.process_time() - began))
    assert not found.failures, f"{len(found.broken)} runs\n" + "\n".join(found.failures[:20])
    assert found.branches == branches(iter(SCENARIOS.values())), "a branch was met and not taken apart"
    assert not found.missed, "shots that hit nothing prove nothing\n" + "\n".join(found.missed[:20])


def test_a_life_is_cut_before_its_first_call_and_after_each_write() -> None:
    listening = Listening()
    calls = [Call("dynamodb", verb, "trade ORDER") for verb in ("get_item", "put_item", "query", "transact_write_items")]
    listening.lives["who", 1] = [(call, ()) for call in calls]
    assert listening.cuts(("who", 1)) == [(1, Fate.DIES_BEFORE), (2, Fate.DIES_AFTER), (4, Fate.DIES_AFTER)]
    assert listening.cuts(("nobody", 1)) == []
