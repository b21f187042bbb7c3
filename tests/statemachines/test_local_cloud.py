"""The interpreter and the local cloud's engine agree about every scenario: the same outer path, the same calls, the same end.

The two were written by different people from the same documentation. Where they differ, the documentation decides; each difference
stands here with its reason, and a difference that went away is red too.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from infra.local.asl.transitions import Kind
from tests.statemachines.house import Machine
from tests.statemachines.on_cloud import BY_TOKEN, Run, engine, run_all
from tests.statemachines.scenarios import LAMBDA, Scenario, played
from tests.statemachines.test_scenarios import EVERY_SCENARIO


pytestmark = pytest.mark.statemachines

NAMES = [f"{scenario.machine}-{scenario.name}" for _, scenario in EVERY_SCENARIO]

DIFFERENCES = {
    "compare_both_books-our_book_stays_shut": (
        {"calls"},
        "where a branch fails the service stops the others; the engine lets them run on, and with waits cut the waiting one then asks",
    ),
}
"""Scenario → what differs, and why."""


@dataclass(frozen=True)
class Single:
    """One state, to show what the engine makes of it."""

    why: str
    state: dict[str, Any]
    given: Any
    service: str
    """How it ends by the documentation: an error's name, or the output as JSON."""
    engine: str
    replies: list[dict[str, Any]] = field(default_factory=list)

    def play(self, index: int) -> tuple[Machine, Scenario]:
        ends = {name: {"Type": "Pass", "Result": name == "Yes", "End": True} for name in ("Yes", "No")}
        text = json.dumps({"StartAt": "A", "States": {"A": self.state, **ends}})
        told = {"input": self.given, "replies": {"A": self.replies}, "path": ["A"], "took_s": 0, "output": None}
        return Machine("single", text, None), Scenario(str(index), "single", told)


def choosing(rule: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}


PAYLOAD = {"FunctionName": "f", "Payload": {"schema_version": 1}}
SILENT = {"Type": "Task", "Resource": BY_TOKEN, "Parameters": PAYLOAD, "TimeoutSeconds": 2, "HeartbeatSeconds": 1, "End": True}
LOST = {"Type": "Task", "Resource": LAMBDA, "Parameters": PAYLOAD, "TimeoutSeconds": 1, "End": True}
ITEMS = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
WRAPPED = {"Type": "Task", "Resource": LAMBDA, "Parameters": PAYLOAD, "OutputPath": "$.ExecutedVersion", "End": True}
GAPS = [
    Single("a path that names nothing is null there", {"Type": "Pass", "InputPath": "$.a", "End": True}, {}, "States.Runtime", "null"),
    Single("a field that is null is absent there", choosing({"Variable": "$.a", "IsPresent": True}), {"a": None}, "true", "false"),
    Single("few comparisons by path", choosing({"Variable": "$.a", "StringLessThanPath": "$.b"}), {"a": "a", "b": "b"}, "true", "false"),
    Single("a Map takes what is no list for one item", {"Type": "Map", "ItemProcessor": ITEMS, "End": True}, {}, "States.Runtime", "[{}]"),
    Single("an answer comes with fewer facts of the transport", WRAPPED, {}, '"$LATEST"', "null", [{"answer": 1}]),
    Single("heartbeats are taken and not missed", SILENT, {}, "States.HeartbeatTimeout", "States.Timeout", [{"silent": True}]),
]
"""What no scenario may rest on at the local cloud. Beside these, its history holds no state inside a Map or Parallel, it waits at most
60 s before a retry whatever MaxDelaySeconds says, gives a retried task its old token, and takes an error of the function that hands
out a token for silence."""
SINGLES = [*GAPS, Single("a task that never answers runs into its time", LOST, {}, "States.Timeout", "States.Timeout", [{"silent": True}])]

BOOKS, AGREE = next((machine, each) for machine, each in EVERY_SCENARIO if each.name == "books_agree")
AGREED = "NumericEqualsPath: $.books.theirs_minor, Next: "
OTHER = replace(BOOKS, name="other", text=BOOKS.text.replace(f"{AGREED}Close the day", f"{AGREED}Leave the day open"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    singles = [single.play(index) for index, single in enumerate(SINGLES)]
    with engine(tmp_path_factory.mktemp("engine")) as (client, desk):
        yield run_all(client, desk, [*EVERY_SCENARIO, *singles, (OTHER, AGREE)])


def plain(value: Any) -> Any:
    """Without what only one side can know: the stack of an error, the words of a time-out."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Error", "Cause"}:
        return {"Error": value["Error"], "Cause": _words(value["Error"], value["Cause"])}
    return {name: plain(inner) for name, inner in value.items()}


def _words(error: str, cause: str) -> Any:
    if error == "States.Timeout":
        return ""
    try:
        told = json.loads(cause)
    except ValueError:
        return cause
    return {name: told.get(name) for name in ("errorType", "errorMessage")} if isinstance(told, dict) else cause


def by_item(calls: list[str]) -> dict[str, list[str]]:
    """Calls in their order, for each item and branch on its own: between them there is no order."""
    found: dict[str, list[str]] = {}
    for place in calls:
        around, _, state = place.rpartition(" > ")
        found.setdefault(around, []).append(state)
    return found


def differing(machine: Machine, scenario: Scenario, run: Run) -> dict[str, tuple[Any, Any]]:
    """What the interpreter and the engine did otherwise."""
    calls: list[str] = []
    result, _ = played(machine, scenario, calls)
    outer = [each.place for each in result.transitions if each.mark.kind is Kind.ENTERED and each.place == each.mark.state]
    pairs = {
        "status": (result.status, run.status),
        "output": (plain(result.output), plain(run.output)),
        "error": ((result.error, result.cause), (run.error, run.cause)),
        "path": (outer, run.path),
        "calls": (by_item(calls), by_item(run.script.calls)),
        "left": ([], run.script.left()),
    }
    return {what: pair for what, pair in pairs.items() if pair[0] != pair[1]}


@pytest.mark.parametrize(("machine", "scenario"), EVERY_SCENARIO, ids=NAMES)
def test_the_engine_goes_the_same_way(machine: Machine, scenario: Scenario, runs: dict[str, Run]) -> None:
    name = f"{machine.name}-{scenario.name}"
    different = differing(machine, scenario, runs[name])
    assert set(different) == DIFFERENCES.get(name, (set(), ""))[0], different


def test_differences_are_about_scenarios_that_exist() -> None:
    assert set(DIFFERENCES) <= set(NAMES)


def test_twin_an_engine_with_another_definition_is_found(runs: dict[str, Run]) -> None:
    assert set(differing(BOOKS, AGREE, runs["other-books_agree"])) == {"status", "output", "error", "path"}


@pytest.mark.parametrize(("index", "single"), list(enumerate(SINGLES)), ids=[single.why for single in SINGLES])
def test_where_the_engine_leaves_the_documentation_the_interpreter_keeps_it(index: int, single: Single, runs: dict[str, Run]) -> None:
    machine, scenario = single.play(index)
    result, run = played(machine, scenario)[0], runs[f"single-{index}"]
    ends = [each.error if each.status == "FAILED" else json.dumps(each.output) for each in (result, run)]
    assert ends == [single.service, single.engine]
