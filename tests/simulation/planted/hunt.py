"""Looking for a planted fault: random walks first, then each single crash and fault of a service."""

from typing import Any

from tests.simulation.crashes import Coverage, enumerate_crashes
from tests.simulation.explore import run
from tests.simulation.planted import Fault
from tests.simulation.registry import SCENARIOS


WALKS_MAX = 150
"""Walks of each scenario before crashes are enumerated. Most faults show in the first five."""


def hunted(fault: Fault) -> dict[str, Any]:
    """Who saw the fault: method, promise, scenario and how many runs it took; `by` is empty when nobody did."""
    stages = [SCENARIOS[name].stage() for name in fault.seen_in]
    assert stages
    for seed in range(WALKS_MAX):
        for name in fault.seen_in:
            broken = {each.invariant for each in run(SCENARIOS[name], seed).wrong} & fault.breaks
            if broken:
                return {"by": "walk", "promise": sorted(broken)[0], "scenario": name, "runs": seed + 1}
    found = Coverage()
    for name in fault.seen_in:
        enumerate_crashes(found, SCENARIOS[name], twice=False)
        broken = {each.invariant for result in found.broken for each in result.wrong} & fault.breaks
        if broken:
            return {"by": "crash", "promise": sorted(broken)[0], "scenario": name, "runs": found.deaths + found.faults}
    return {"by": ""}
