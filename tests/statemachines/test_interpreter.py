"""The interpreter does what the language says: time, tokens, errors, data. What it does not know it refuses before it runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml

from infra.local.asl import Answer, Call, Execution, Failure, Pending, Reply, Result, Transition, UnknownForm, VirtualClock, load
from infra.local.asl.calls import Pause
from infra.local.asl.execution import TRANSITIONS_MAX
from infra.local.asl.tasks import TokenIsDead


pytestmark = pytest.mark.statemachines

ASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
BY_TOKEN = {**ASK, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}


def machine(**states: dict[str, Any]) -> dict[str, Any]:
    return load(yaml.safe_dump({"StartAt": next(iter(states)), "States": states}, sort_keys=False))


def answering(*replies: Reply) -> Callable[[Call], Reply]:
    left = list(replies)
    return lambda _: left.pop(0)


def run(definition: dict[str, Any], given: Any, *replies: Reply) -> Result:
    return Execution(definition, answering(*replies)).run(given)


def after(state: dict[str, Any], given: Any, *replies: Reply) -> Any:
    """The output of a machine of one state, or the name of its error."""
    result = run(machine(A=state), given, *replies)
    return result.output if result.status == "SUCCEEDED" else result.error


# -- data ------------------------------------------------------------------------------------------------------------------

PATHS = [
    ("$", {"a": 1}, {"a": 1}),
    ("$.a.b-c[1]", {"a": {"b-c": [1, 2]}}, 2),
    ("$['a b'][-1]", {"a b": [1, 2]}, 2),
    ("$.a[*].b", {"a": [{"b": 1}, {}, {"b": 3}]}, [1, 3]),
    ("$.a[1:]", {"a": [1, 2, 3]}, [2, 3]),
    ("$.a.*", {"a": {"b": 1, "c": 2}}, [1, 2]),
    ("$.nothing[*]", {}, []),
    ("$.nothing", {}, "States.Runtime"),
    ("$.a[3]", {"a": [1]}, "States.Runtime"),
    ("$$.State.Name", {}, "A"),
]


@pytest.mark.parametrize(("path", "given", "wanted"), PATHS, ids=[path for path, _, _ in PATHS])
def test_a_path_names_what_the_language_says(path: str, given: Any, wanted: Any) -> None:
    assert after({"Type": "Pass", "InputPath": path, "End": True}, given) == wanted


FUNCTIONS = [
    ("States.Format('{}-{} \\{\\} it\\'s', $.a, 'b')", "1-b {} it's"),
    ("States.Format('{}', $.list)", "[1,2,2]"),
    ("States.Format('{}')", "States.IntrinsicFailure"),
    ("States.Array($.a, 'x', true, null, 1.5, States.Array())", [1, "x", True, None, 1.5, []]),
    ("States.ArrayPartition($.list, 2)", [[1, 2], [2]]),
    ("States.ArrayContains($.list, 3)", False),
    ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
    ("States.ArrayGetItem($.list, 1)", 2),
    ("States.ArrayGetItem($.list, 9)", "States.IntrinsicFailure"),
    ("States.ArrayLength($.list)", 3),
    ("States.ArrayUnique($.list)", [1, 2]),
    ("States.Base64Decode(States.Base64Encode('卡'))", "卡"),
    ("States.Hash('a', 'SHA-256')", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    ("States.JsonMerge($.one, $.two, false)", {"x": 1, "y": 3}),
    ("States.StringToJson('{\"a\": [1]}')", {"a": [1]}),
    ("States.JsonToString($.two)", '{"y":3}'),
    ("States.MathAdd($.a, -3)", -2),
    ("States.StringSplit('a,b;;c', ',;')", ["a", "b", "c"]),
    ("States.Format('{}', $.nothing)", "States.ParameterPathFailure"),
]


@pytest.mark.parametrize(("text", "wanted"), FUNCTIONS, ids=[text for text, _ in FUNCTIONS])
def test_a_function_makes_what_the_language_says(text: str, wanted: Any) -> None:
    given = {"a": 1, "list": [1, 2, 2], "one": {"x": 1, "y": 2}, "two": {"y": 3}}
    assert after({"Type": "Pass", "Parameters": {"made.$": text}, "OutputPath": "$.made", "End": True}, given) == wanted


def test_input_result_and_output_are_narrowed_placed_and_chosen_in_this_order() -> None:
    state = {
        **ASK,
        "InputPath": "$.in",
        "Parameters": {"fixed": [{"x.$": "$.x"}], "name.$": "$$.Execution.Input.name"},
        "ResultSelector": {"y.$": "$.Payload.y"},
        "ResultPath": "$.a.b",
        "OutputPath": "$.a",
    }
    asked: list[Call] = []

    def answer(call: Call) -> Reply:
        asked.append(call)
        return Answer({"Payload": {"y": 2, "z": 3}})

    result = Execution(machine(A=state), answer).run({"in": {"x": 1}, "name": "n", "a": {"c": 4}})
    assert asked[0].parameters == {"fixed": [{"x": 1}], "name": "n"}
    assert result.output == {"b": {"y": 2}, "c": 4}


def test_null_paths_empty_the_input_keep_it_and_empty_the_output() -> None:
    assert after({"Type": "Pass", "InputPath": None, "End": True}, {"a": 1}) == {}
    assert after({"Type": "Pass", "Result": 1, "ResultPath": None, "End": True}, {"a": 1}) == {"a": 1}
    assert after({"Type": "Pass", "OutputPath": None, "End": True}, {"a": 1}) == {}
    assert after({"Type": "Pass", "Result": 1, "ResultPath": "$.a.b", "End": True}, [1]) == "States.ResultPathMatchFailure"


RULES = [
    ({"StringEquals": "b"}, "b", "a"),
    ({"StringLessThan": "b"}, "a", "b"),
    ({"StringGreaterThanEquals": "b"}, "b", 2),
    ({"StringLessThanEqualsPath": "$.text"}, "m", "n"),
    ({"StringMatches": "log-*.txt"}, "log-1.txt", "log-1.txt.gz"),
    ({"StringMatches": "a\\*"}, "a*", "ab"),
    ({"NumericEquals": 1}, 1.0, "1"),
    ({"NumericGreaterThan": 1}, 2, True),
    ({"NumericLessThanPath": "$.number"}, 4, 5),
    ({"BooleanEquals": False}, False, None),
    ({"BooleanEqualsPath": "$.truth"}, True, 1),
    ({"TimestampLessThan": "2026-03-02T12:00:00+08:00"}, "2026-03-02T03:59:59Z", "2026-03-02T04:00:00Z"),
    ({"TimestampEqualsPath": "$.moment"}, "2026-03-02T05:00:00+01:00", "2026-03-02 04:00:00Z"),
    ({"IsNull": True}, None, 0),
    ({"IsNumeric": True}, 1, True),
    ({"IsString": False}, 1, "a"),
    ({"IsBoolean": True}, False, 0),
    ({"IsTimestamp": True}, "2026-03-02T04:00:00.5Z", "2026-03-02"),
]


@pytest.mark.parametrize(("rule", "fits", "fits_not"), RULES, ids=[str(rule) for rule, _, _ in RULES])
def test_a_comparison_holds_for_its_own_type_and_order(rule: dict[str, Any], fits: Any, fits_not: Any) -> None:
    around = {"text": "m", "number": 5, "truth": True, "moment": "2026-03-02T04:00:00Z"}
    for value, wanted in ((fits, True), (fits_not, False)):
        choice = {"Type": "Choice", "Choices": [{"Variable": "$.value", **rule, "Next": "Yes"}], "Default": "No"}
        ends = {name: {"Type": "Pass", "Result": name == "Yes", "End": True} for name in ("Yes", "No")}
        assert run(machine(A=choice, **ends), {**around, "value": value}).output is wanted, value


def test_rules_are_joined_and_a_missing_variable_ends_the_run_unless_its_presence_is_the_question() -> None:
    there = {"Variable": "$.a", "IsPresent": True}
    both = {"And": [there, {"Not": {"Variable": "$.a", "NumericEquals": 2}}], "Next": "Yes"}
    either = {"Or": [{"Variable": "$.b", "IsPresent": True}, {"Variable": "$.a", "NumericEquals": 2}], "Next": "No"}
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Yes", "No")}
    definition = machine(A={"Type": "Choice", "Choices": [both, either]}, **ends)
    assert run(definition, {"a": 1}).output == "Yes"
    assert run(definition, {"a": 2}).output == "No"
    assert run(definition, {}).error == "States.Runtime"
    assert run(machine(A={"Type": "Choice", "Choices": [both]}, **ends), {"a": 2}).error == "States.NoChoiceMatched"


# -- time ------------------------------------------------------------------------------------------------------------------


def test_a_retry_waits_longer_each_time_up_to_its_bound_and_then_the_error_is_caught() -> None:
    retrier = {"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxAttempts": 4, "BackoffRate": 3, "MaxDelaySeconds": 20}
    state = {**ASK, "Retry": [retrier], "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "B"}]}
    result = run(machine(A=state, B={"Type": "Succeed"}), {"a": 1}, *[Failure("E", "x")] * 5)
    assert [seconds for _, seconds in result.waits_s] == [2, 6, 18, 20]
    assert result.output == {"a": 1, "why": {"Error": "E", "Cause": "x"}}


def test_the_first_retrier_that_names_an_error_counts_for_itself() -> None:
    retriers = [{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    state = {**ASK, "Retry": retriers}
    assert after(state, {}, Failure("E"), Failure("F"), Answer(1)) == 1
    assert after(state, {}, Failure("E"), Failure("E")) == "E"


@pytest.mark.parametrize(
    ("names", "error", "is_caught"),
    [
        (["States.ALL"], "States.Runtime", False),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.TaskFailed"], "E", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.Timeout"], "States.HeartbeatTimeout", True),
        (["E"], "F", False),
    ],
)
def test_wildcards_stand_for_what_the_service_says(names: list[str], error: str, is_caught: bool) -> None:
    state = {**ASK, "Catch": [{"ErrorEquals": names, "Next": "B"}]}
    result = run(machine(A=state, B={"Type": "Succeed"}), {}, Failure(error))
    assert (result.status == "SUCCEEDED") is is_caught


@pytest.mark.parametrize(
    ("reply", "wanted", "took_s"),
    [
        (Answer(1, after_s=99), 1, 99),
        (Answer(1, after_s=101), "States.Timeout", 100),
        (Answer(1, after_s=45, beats_s=(25, 44)), 1, 45),
        (Answer(1, after_s=45), "States.HeartbeatTimeout", 30),
        (Pending(beats_s=(20, 40, 60, 80)), "States.Timeout", 100),
        (Pending(beats_s=(20, 51)), "States.HeartbeatTimeout", 50),
        (Failure("E", after_s=29), "E", 29),
    ],
)
def test_a_task_ends_with_its_answer_its_time_or_its_silence(reply: Reply, wanted: Any, took_s: float) -> None:
    state = {**BY_TOKEN, "TimeoutSeconds": 100, **({"HeartbeatSeconds": 30} if took_s < 99 or reply == Pending((20, 40, 60, 80)) else {})}
    result = run(machine(A=state), {}, reply)
    assert (result.output if result.status == "SUCCEEDED" else result.error, result.took_s) == (wanted, took_s)


def test_a_token_is_answered_from_outside_and_is_dead_afterwards() -> None:
    clock, tokens = VirtualClock(), []

    def answer(call: Call) -> Reply:
        tokens.append(call.parameters["token"])
        return Pending()

    state = {**BY_TOKEN, "Parameters": {"token.$": "$$.Task.Token"}, "TimeoutSeconds": 100, "HeartbeatSeconds": 30}
    execution = Execution(machine(A=state), answer, clock=clock)
    steps = execution.steps({})
    pause = next(steps)
    assert pause == Pause(clock.now() + timedelta(seconds=30), (tokens[0],))
    clock.move_to(clock.now() + timedelta(seconds=20))
    execution.beat(tokens[0])
    assert next(steps).until == clock.now() + timedelta(seconds=30)
    execution.succeed(tokens[0], {"done": True})
    assert next(steps, None) is None
    assert execution.result.output == {"done": True}
    with pytest.raises(TokenIsDead):
        execution.fail(tokens[0], "Late")


def test_items_and_branches_share_the_time_and_the_first_failure_stops_the_others() -> None:
    item = {"StartAt": "Do", "States": {"Do": ASK}}
    each = {"Type": "Map", "ItemProcessor": item, "MaxConcurrency": 2, "End": True}
    result = run(machine(A=each), [1, 2, 3], Answer("a", after_s=5), Answer("b", after_s=2), Answer("c", after_s=4))
    assert (result.output, result.took_s) == (["a", "b", "c"], 6)
    result = run(machine(A=each), [1, 2, 3], Answer("a", after_s=5), Failure("E", after_s=2))
    assert (result.error, result.took_s) == ("E", 2)
    assert run(machine(A=each), []).output == []
    assert run(machine(A=each), {}).error == "States.Runtime"
    long = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 9, "End": True}}}
    both = machine(A={"Type": "Parallel", "Branches": [item, long], "End": True})
    result = run(both, {"x": 1}, Answer("a", after_s=3))
    assert (result.output, result.took_s) == (["a", {"x": 1}], 9)


DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}


def apart(do: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A map whose items run as executions of their own."""
    item = {"StartAt": "Do", "ProcessorConfig": DISTRIBUTED, "States": {"Do": do}}
    return {"Type": "Map", "ItemProcessor": item, "MaxConcurrency": 2, "ToleratedFailurePercentage": 0, "End": True, **more}


def test_a_distributed_map_fails_by_one_name_whatever_ended_an_item() -> None:
    assert after(apart(ASK), [1, 2, 3], Answer("a"), Answer("b"), Answer("c")) == ["a", "b", "c"]
    result = run(machine(A=apart(ASK)), [1, 2, 3], Answer("a", after_s=5), Failure("E", after_s=2))
    assert (result.error, result.took_s) == ("States.ExceedToleratedFailureThreshold", 2)
    inline = {**apart(ASK), "ItemProcessor": {"StartAt": "Do", "States": {"Do": ASK}}}
    del inline["ToleratedFailurePercentage"]
    assert run(machine(A=inline), [1], Failure("E")).error == "E"


def test_an_item_of_a_distributed_map_is_tried_again_by_itself() -> None:
    retrying = {**ASK, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}]}
    assert after(apart(retrying), [1], Failure("E"), Answer("a")) == ["a"]


def test_an_item_of_a_distributed_map_knows_nothing_of_the_execution_around_it() -> None:
    asking = {"Type": "Pass", "Parameters": {"name.$": "$$.Execution.Name"}, "End": True}
    assert after(apart(asking), [1]) == "States.ExceedToleratedFailureThreshold"
    given = {"ItemSelector": {"name.$": "$$.Execution.Name", "item.$": "$$.Map.Item.Value"}}
    assert after(apart({"Type": "Pass", "End": True}, **given), [1]) == [{"name": "run", "item": 1}]


def test_the_whole_run_has_an_end_and_an_endless_loop_is_stopped() -> None:
    waiting = {"StartAt": "A", "TimeoutSeconds": 60, "States": {"A": {"Type": "Wait", "Seconds": 61, "End": True}}}
    result = run(load(yaml.safe_dump(waiting)), {})
    assert (result.status, result.error, result.took_s) == ("TIMED_OUT", "States.Timeout", 60)
    result = run(machine(A={"Type": "Pass", "Next": "A"}), {})
    assert (result.error, len(result.transitions)) == ("States.Runtime", TRANSITIONS_MAX + 1)


def test_each_step_is_told_before_the_next_is_taken() -> None:
    told: list[str] = []

    def answer(call: Call) -> Reply:
        told.append(f"asked {call.state} for the {call.attempt}.")
        return Failure("E") if call.attempt == 0 else Answer()

    def hook(transition: Transition) -> None:
        told.append(str(transition.mark))

    Execution(machine(A={**ASK, "Retry": [{"ErrorEquals": ["E"]}]}), answer, hook=hook).run({})
    assert told == ["A: entered", "asked A for the 0.", "A: retried 0", "asked A for the 1.", "A: went"]


# -- what is not known -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Nap", "End": True},
        {**ASK, "Credentials": {}},
        {**ASK, "QueryLanguage": "JSONata"},
        {**ASK, "InputPath": "$..a"},
        {**ASK, "InputPath": "a"},
        {**ASK, "Parameters": {"a.$": "a"}},
        {**ASK, "Parameters": {"a.$": 1}},
        {**ASK, "Parameters": [{"a.$": "States.MathRandom(1, 2)"}]},
        {**ASK, "Parameters": {"a.$": "States.Array('a'"}},
        {**ASK, "Retry": [{"ErrorEquals": []}]},
        {**ASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]},
        {**ASK, "Catch": [{"ErrorEquals": ["E"], "Next": "Elsewhere"}]},
        {**ASK, "Next": "A"},
        {"Type": "Task", "Resource": "x"},
        {"Type": "Task", "End": True},
        {"Type": "Wait", "Seconds": 1, "Timestamp": "2026-03-02T04:00:00Z", "End": True},
        {"Type": "Wait", "Timestamp": "tomorrow", "End": True},
        {"Type": "Choice", "Choices": []},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringSounds": "a", "Next": "A"}]},
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "StringEquals": "a", "IsNull": True, "Next": "A"}]},
        {"Type": "Choice", "Choices": [{"Not": {"Variable": "$.a", "IsNull": True, "Next": "A"}, "Next": "A"}]},
        {"Type": "Choice", "Choices": [{"IsNull": True, "Next": "A"}]},
        {"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {}}, "End": True},
        {**apart(ASK), "ToleratedFailurePercentage": 10},
        {**apart(ASK), "MaxConcurrency": 0},
        {**apart(ASK), "ItemReader": {}},
        {**apart(ASK), "ItemProcessor": {"StartAt": "Do", "ProcessorConfig": {"Mode": "DISTRIBUTED"}, "States": {"Do": ASK}}},
        {**apart(ASK), "ItemProcessor": {"StartAt": "Do", "States": {"Do": ASK}}},
        {"Type": "Parallel", "Branches": [], "End": True},
    ],
    ids=str,
)
def test_what_is_not_known_is_refused_before_it_runs(state: dict[str, Any]) -> None:
    with pytest.raises(UnknownForm):
        machine(A=state)


def test_a_placeholder_without_a_value_is_refused() -> None:
    text = yaml.safe_dump({"StartAt": "A", "States": {"A": {**ASK, "Resource": "${Arn}"}}})
    assert load(text, {"Arn": "x"})["States"]["A"]["Resource"] == "x"
    with pytest.raises(UnknownForm):
        load(text)
