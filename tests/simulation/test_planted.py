"""Mistakes of other card shops, planted one at a time: each is seen, by a promise with a name. One that survives is red."""

import time

import pytest

from tests.simulation.explore import run
from tests.simulation.planted import Fault, changed, planted
from tests.simulation.planted.faults import FAULTS
from tests.simulation.planted.hunt import WALKS_MAX, hunted
from tests.simulation.registry import SCENARIOS
from tests.simulation.report import leave


pytestmark = [pytest.mark.simulation, pytest.mark.timeout(900)]

_found: dict[str, dict[str, object]] = {}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_a_planted_fault_is_seen(fault: Fault) -> None:
    began = time.process_time()
    with planted(fault):
        seen = hunted(fault)
    _found[fault.name] = {**seen, "peer": fault.peer, "seconds": round(time.process_time() - began, 1)}
    leave("planted", {"kind": "planted", "faults": _found, "planted": len(FAULTS)})
    assert seen["by"], f"{fault.name}: {WALKS_MAX} walks and every single crash, and nobody saw it"


def test_without_a_fault_the_same_runs_see_nothing() -> None:
    for fault in FAULTS:
        for name in fault.seen_in:
            assert not run(SCENARIOS[name], 0).wrong


def test_a_fault_whose_words_are_gone_is_an_error() -> None:
    with pytest.raises(AssertionError, match="0 times"):
        changed(hunted, "words that stand nowhere in it", "")


def test_the_shop_is_whole_again_afterwards() -> None:
    fault = FAULTS[0]
    before = fault.changes[0][0].__code__
    with planted(fault):
        assert fault.changes[0][0].__code__ is not before
    assert fault.changes[0][0].__code__ is before
