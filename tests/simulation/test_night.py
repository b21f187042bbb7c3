"""The night's driver: the machine's own definition decides what becomes of a task that dies, or whose time is over."""

import io
from collections.abc import Mapping

import pytest

from tests.simulation.cloud import Stage
from tests.simulation.gate import Call, Does, Fate, Process
from tests.simulation.night import AGAIN_MAX, Machine, morning
from tests.simulation.play import Habits, Play
from tests.simulation.scenarios.given import paid
from tests.simulation.services import Bucket, Machines
from tests.simulation.strategies import Aimed
from tests.simulation.wiring import few_partitions


pytestmark = pytest.mark.simulation


@pytest.fixture
def play() -> Play:
    stage = Stage(paid(1, 2))
    return Play(stage.fork(lambda *_: None), stage.facts, Aimed("", {}), Habits(minutes=0, repeats=0), is_aimed=True)


def tasks(play: Play) -> list[str]:
    """Lives of the tasks, in order."""
    return list(dict.fromkeys(name.removeprefix("night: ") for name, _, _ in play.trace))


def test_a_task_that_dies_is_tried_again_and_the_night_ends(play: Play) -> None:
    play.strategy = Aimed("night: export", {(1, 2): Fate.DIES_AFTER})
    with few_partitions():
        result = Machine(play, "night", morning(play)).run()
    assert result.output["outcomes"][0]["state"] == "BALANCED"
    assert tasks(play) == ["plan.1", "fetch.1", "export.1", "export.2", "match.1", "reduce.1", "repair.1", "close.1"]


def test_a_task_that_dies_too_often_leaves_the_account_to_a_person(play: Play) -> None:
    play.strategy = Aimed("night: export", {(life, 1): Fate.DIES_BEFORE for life in range(1, 9)})
    with few_partitions():
        result = Machine(play, "night", morning(play)).run()
    assert (result.status, result.error, tasks(play)[-1]) == ("FAILED", "WorkFailed", "export.4")


class Slow(Aimed):
    """A quarter of an hour passes at the first call of the repair."""

    def __init__(self, play: Play) -> None:
        super().__init__("", {})
        self._play = play

    def fate(self, step: int, process: Process, call: Call, faults: Mapping[Fate, Does]) -> Fate:
        if (process.name, process.calls) == ("night: repair.1", 1):
            self._play.pass_time(1_000)
        return Fate.DONE


def test_a_task_whose_time_is_over_goes_the_way_of_its_catch(play: Play) -> None:
    day = morning(play)
    play.strategy = Slow(play)
    with few_partitions():
        assert Machine(play, "night", day).run().status == "SUCCEEDED"
    assert tasks(play)[-2:] == ["repair.1", "close.1"]


def test_a_schedule_that_rings_again_begins_nothing() -> None:
    machines = Machines()
    for _ in range(AGAIN_MAX):
        machines.start_execution(stateMachineArn="m", name="recon-2026-03-02", input='{"day": "2026-03-02"}')
    assert [name for name, _ in machines.waiting] == ["recon-2026-03-02"]


def test_a_file_that_the_sdk_sends_again_is_the_same_file() -> None:
    bucket, file = Bucket(), io.BytesIO(b"a bill")
    for _ in range(2):
        bucket.put_object(Bucket="books", Key="raw", Body=file)
    assert bucket.files == {"raw": b"a bill"}
