"""The proofs themselves: a definition is subject to them by lying in its folder, and a scenario too few makes them red."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.statemachines.house import REAL, ROOT, SAMPLES, House
from tests.statemachines.lint import RULES
from tests.statemachines.scenarios import missing, played, scenarios


pytestmark = pytest.mark.statemachines


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A house laid out as the shop's own, with one machine in it."""
    folder = tmp_path / "statemachines"
    folder.mkdir()
    shutil.copy(SAMPLES.definitions / "ask_until_answered.asl.yaml", folder)
    shutil.copy(SAMPLES.template, tmp_path / "template.yaml")
    shutil.copytree(SAMPLES.scenarios, tmp_path / "scenarios")
    return House("another", folder, tmp_path / "scenarios", tmp_path / "template.yaml")


def faults(house: House) -> list[str]:
    """What the tests of this ring would say about a house."""
    wrong = []
    for machine in house.machines():
        runs = [played(machine, each) for each in scenarios(house, machine.name)]
        wrong += [line for rule in RULES for line in rule(machine)]
        wrong += [line for _, lines in runs for line in lines]
        wrong += [str(mark) for mark in missing(machine, [result for result, _ in runs])]
    return wrong


def test_the_shops_definitions_are_those_of_the_folder_that_the_template_names() -> None:
    assert (REAL.definitions, REAL.template) == (ROOT / "statemachines", ROOT / "template.yaml")


def test_a_definition_is_subject_to_everything_by_lying_in_the_folder(house: House) -> None:
    assert not faults(house)
    (house.definitions / "new.asl.yaml").write_text("StartAt: A\nStates: {A: {Type: Pass, End: true}}\n")
    assert faults(house) == [
        "the machine says nothing about itself",
        "no template deploys this definition",
        "'A' is no phrase",
        "A: entered",
        "A: went",
    ]


@pytest.mark.parametrize(
    ("scenario", "step"),
    [
        ("answered_at_once", "Look at the first answer: chose 0 → Note the success"),
        ("refused_and_found_later", "Hand over the line: caught 0 → Note the refusal"),
        ("refused_after_a_question", "Look at the later answer: chose 1 → Note the refusal"),
        ("a_person_says_done", "Look at the decision: chose 0 → Note the success"),
        ("a_person_says_refused", "Look at the decision: chose default → Note the refusal"),
        ("a_person_cannot_be_told", "Let a person decide: exhausted 0"),
    ],
)
def test_a_step_whose_only_scenario_is_gone_is_named(house: House, scenario: str, step: str) -> None:
    (house.scenarios / "ask_until_answered" / f"{scenario}.yaml").unlink()
    assert step in faults(house)


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("took_s: 61", "took_s: 60"),
        ("[60]", "[61]"),
        ("- Collect the outcomes\n", ""),
        ("outcomes: [REFUSED]", "outcomes: [DONE]"),
        ("output: {order_id", "error: UnknownOutcome #"),
        ("    - {answer: {status: REFUSED}}", "    - {answer: {status: REFUSED}, times: 2}"),
        ("    - {answer: {status: REFUSED}}", "    []"),
    ],
)
def test_a_scenario_that_says_otherwise_is_red(house: House, good: str, bad: str) -> None:
    place = house.scenarios / "ask_until_answered" / "refused_after_a_question.yaml"
    assert good in place.read_text()
    place.write_text(place.read_text().replace(good, bad))
    assert faults(house)


def test_a_change_of_the_definition_that_no_scenario_follows_is_red(house: House) -> None:
    [machine] = house.machines()
    for good, bad in (("[60, 600,", "[60, 900,"), ("MaxAttempts: 3", "MaxAttempts: 4"), ("StringEquals: DONE", "StringEquals: GONE")):
        changed = replace(machine, text=machine.text.replace(good, bad))
        assert any(played(changed, each)[1] for each in scenarios(house, machine.name)), bad
