"""The instrument itself: a run repeats, the dead stay dead, services fail as their SDK would say it; and each of these has its twin."""

import secrets
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from greenlet import getcurrent

from faka.kernel.errors import FakaError
from tests.simulation import failures
from tests.simulation.cloud import Chance, Stage
from tests.simulation.explore import perform, run, timeline
from tests.simulation.gate import DEATHS, Call, Fate, Gate, Killed, Process, plain
from tests.simulation.people import Buyer
from tests.simulation.planted import planted
from tests.simulation.planted.faults import FAULTS
from tests.simulation.play import Habits, Play
from tests.simulation.registry import SCENARIOS
from tests.simulation.scenarios.given import cards
from tests.simulation.strategies import Aimed, Given, Walk, Weather, schedules


pytestmark = pytest.mark.simulation

CALM = Habits(minutes=0, repeats=0)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_that_nothing_disturbs_ends_well_and_tells_a_story(name: str) -> None:
    scenario = SCENARIOS[name]
    assert perform(scenario, -1, Aimed("", {}), CALM, aimed=True).wrong == []
    assert scenario.story.endswith(".")


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_seed_gives_the_same_calls_and_the_same_rows_again(name: str) -> None:
    first, again = (run(SCENARIOS[name], 8, digests=True) for _ in range(2))
    assert (first.fingerprint, first.rows, first.steps) == (again.fingerprint, again.rows, again.steps)


def test_twin_chance_from_the_machine_gives_other_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Chance, "bytes", lambda _self, count: secrets.token_bytes(count))
    first, again = (run(SCENARIOS["two_tabs_and_the_mail"], 1, digests=True) for _ in range(2))
    assert first.rows != again.rows


# -- the gate ----------------------------------------------------------------------------------------------------------


def _gate(fate: Fate) -> tuple[Gate, Process, list[str]]:
    gate, process = Gate(), Process("F", "who.1")
    gate.processes[getcurrent()] = process
    gate.is_on = True
    gate.decide = lambda _process, _call, _faults: fate
    return gate, process, []


CALL = Call("dynamodb", "put_item", "trade ORDER")


@pytest.mark.parametrize(("fate", "done"), [(Fate.DIES_BEFORE, []), (Fate.DIES_AFTER, ["put"])])
def test_a_process_dies_before_or_after_its_call_and_makes_no_other(fate: Fate, done: list[str]) -> None:
    gate, process, did = _gate(fate)
    for _ in range(2):
        with pytest.raises(Killed):
            gate.pass_(CALL, lambda: did.append("put"), {})
    assert (did, process.is_dead) == (done, True)


def test_no_handler_of_ours_can_catch_a_death() -> None:
    gate, _, _ = _gate(Fate.DIES_BEFORE)
    with pytest.raises(Killed):
        try:
            gate.pass_(CALL, lambda: None, {})
        except Exception:
            pytest.fail("caught")


def test_a_lost_answer_was_done_and_one_that_was_not_sent_was_not() -> None:
    for fate, done in ((Fate.LOST, ["put"]), (Fate.NOT_SENT, []), (Fate.THROTTLED, []), (Fate.INTERNAL_DONE, ["put"])):
        gate, _, did = _gate(fate)
        with pytest.raises((ReadTimeoutError, Exception)):
            gate.pass_(CALL, lambda did=did: did.append("put"), failures.WRITE)
        assert did == done, fate


def test_a_call_that_the_sdk_repeats_is_done_twice() -> None:
    gate, _, did = _gate(Fate.TWICE)
    gate.pass_(Call("sesv2", "send_email", ""), lambda: did.append("mail"), failures.service({}))
    assert did == ["mail", "mail"]


def test_a_lagging_read_shows_a_row_as_it_was_and_a_part_of_a_batch_may_be_left() -> None:
    cloud = Stage(cards(2)).fork(lambda *_: None)
    row = {"pk": {"S": "ORDER#x"}, "sk": {"S": "ORDER"}, "n": {"N": "1"}}
    asked = {"TableName": "test-trade", "Key": {"pk": row["pk"], "sk": row["sk"]}}
    for number in ("1", "2"):
        cloud.engine.put_item(TableName="test-trade", Item={**row, "n": {"N": number}})
    seen = [cloud.tables._stale(lambda: cloud.engine.get_item(**asked)), cloud.engine.get_item(**asked)]
    assert [answer["Item"]["n"]["N"] for answer in seen] == ["1", "2"]
    cloud.engine.put_item(TableName="test-trade", Item={**row, "pk": {"S": "ORDER#y"}})
    batch = {"RequestItems": {"test-trade": {"Keys": [asked["Key"], {**asked["Key"], "pk": {"S": "ORDER#y"}}]}}}
    answers = [cloud.tables._partly(lambda: cloud.engine.batch_get_item(**batch)), cloud.engine.batch_get_item(**batch)]
    assert [len(answer["Responses"].get("test-trade", [])) for answer in answers] == [1, 2]


def test_whoever_runs_for_longer_than_its_function_may_is_ended() -> None:
    found: list[Any] = []

    def script(play: Play) -> None:
        buyer = Buyer(play, "slow")
        found.append(buyer.submit(tries=1))

    play = _play(script)
    play._is_parking = True
    play._go_on(play.actors[0])  # parked at its first call
    play.pass_time(31)
    play._is_parking = False
    play._go_on(play.actors[0])
    assert found == [False]
    assert play.answers == [("POST /p/video-vip", 502)]


def _play(script: Any) -> Play:
    stage = Stage(cards(2))
    play = Play(stage.fork(lambda *_: None), stage.facts, Aimed("", {}), CALM)
    play.cast("one", script)
    return play


# -- the search ----------------------------------------------------------------------------------------------------------


def test_the_search_visits_each_order_of_two_scripts_once() -> None:
    def one(given: Given) -> str:
        left, order = {"a": 2, "b": 2}, ""
        while any(left.values()):
            names = sorted((name for name in left if left[name]), key=lambda name: not order.endswith(name))
            name = names[given.pick(names, [1.0] * len(names))]
            left[name] -= 1
            order += name
        return order

    found = list(schedules(one, preemptions_max=9))
    assert sorted(found) == sorted({"aabb", "abab", "abba", "bbaa", "baba", "baab"})


def test_weather_falls_where_the_seed_says() -> None:
    import random

    first, again = (Walk(random.Random(5), Weather(deaths=2, faults=2)) for _ in range(2))
    process = Process("F", "who.1")
    fates = [[walk.fate(step, process, CALL, failures.WRITE) for step in range(1, 60)] for walk in (first, again)]
    assert fates[0] == fates[1]
    assert sum(fate in DEATHS for fate in fates[0]) in (1, 2)


def test_a_fault_that_needs_two_people_is_seen_by_a_walk_and_by_no_straight_run() -> None:
    fault = next(each for each in FAULTS if each.name == "an unpaid order ends while its money is on the way")
    scenario = SCENARIOS["money_meets_the_end_of_the_hold"]
    scenario.stage()
    with planted(fault):
        straight = perform(scenario, -1, Aimed("", {}), CALM, aimed=True)
        seen = next((seed for seed in range(400) if run(scenario, seed).wrong), None)
        assert straight.wrong == []
        assert seen is not None
        assert "VIOLATED" in timeline(run(scenario, seen, keeps_trace=True))


def test_an_error_of_a_service_is_one_of_ours_when_it_leaves_the_platform() -> None:
    """Whatever a service answers, a flow meets an error with a name: 500 would be an error without one."""
    scenario = SCENARIOS["one_sale"]
    for call in range(1, 12):
        for fate in (Fate.THROTTLED, Fate.LOST, Fate.NOT_SENT):
            result = perform(scenario, -1, Aimed("ann", {(1, call): fate}), CALM, aimed=True)
            assert not [each for each in result.wrong if "fault of our own" in each.what], (call, fate)


def test_the_gate_lets_a_stage_work_undisturbed() -> None:
    gate = Gate()
    assert gate.pass_(CALL, lambda: "done", {Fate.LOST: plain}) == "done"
    assert issubclass(FakaError, Exception)
