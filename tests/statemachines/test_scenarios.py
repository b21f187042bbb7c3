"""Every definition: each scenario goes the way it says, and together they take every step that there is."""

import pytest

from tests.statemachines.house import EVERY_MACHINE, HOUSES, IDS, House, Machine
from tests.statemachines.scenarios import Scenario, missing, played, scenarios


pytestmark = pytest.mark.statemachines

EVERY_SCENARIO = [(machine, scenario) for house, machine in EVERY_MACHINE for scenario in scenarios(house, machine.name)]


@pytest.mark.parametrize(("machine", "scenario"), EVERY_SCENARIO, ids=[f"{s.machine}-{s.name}" for _, s in EVERY_SCENARIO])
def test_the_machine_goes_the_way_of_the_scenario(machine: Machine, scenario: Scenario) -> None:
    _, wrong = played(machine, scenario)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("house", "machine"), EVERY_MACHINE, ids=IDS)
def test_every_state_and_every_way_out_of_it_is_in_a_scenario(house: House, machine: Machine) -> None:
    wrong = [str(mark) for mark in missing(machine, [played(machine, each)[0] for each in scenarios(house, machine.name)])]
    assert not wrong, "\n".join([f"{machine.name}: no scenario goes here", *wrong])


def test_every_folder_of_scenarios_has_its_definition() -> None:
    for house in HOUSES:
        folders = {path.name for path in house.scenarios.iterdir() if path.is_dir()}
        assert folders <= {machine.name for machine in house.machines()}, house.name
