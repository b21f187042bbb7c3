"""Scenarios as data: what each task answers, and which way, how long and to which end the machine then goes.

```yaml
what: The supplier answers the third question.
input: {order_id: o1, lines: [l1]}
replies:                                  # state → its answers, one after the other, anew in each item of a Map
  Hand over the line:
    - {error: Throttled, times: 2}        # times: the same again
    - {answer: {status: PENDING}, after_s: 3}
  "Serve each line[1] > Ask supplier":    # a place: for this item only
    - {silent: true, beats_s: [60, 120]}  # never answers; a task with a token may send heartbeats
path:                                     # states in the order in which they are entered
  - Serve each line
  - {times: 3, of: ["Serve each line[0] > Ask supplier", "Serve each line[0] > Wait for the next question"]}
waits_s: {"Serve each line[0] > Wait for the next question": [60, 600, 7200]}     # Wait states, and delays before a retry
took_s: 7866
output: {…}                               # or error: Name, and cause: text
```
Nothing may be left over: a reply that nobody asked for is a mistake in the scenario.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from infra.local.asl import Answer, Call, Execution, Failure, Pending, Reply, Result
from infra.local.asl.transitions import Kind, Mark, marks
from tests.statemachines.house import House, Machine


LAMBDA = "arn:aws:states:::lambda:invoke"
FIELDS = {"what", "input", "replies", "path", "waits_s", "took_s", "output", "error", "cause"}
REPLY_FIELDS = {"answer", "error", "cause", "silent", "after_s", "beats_s", "times"}


@dataclass(frozen=True)
class Scenario:
    name: str
    machine: str
    told: dict[str, Any]

    @property
    def given(self) -> Any:
        return self.told["input"]

    @property
    def path(self) -> list[str]:
        return list(_unfolded(self.told["path"]))

    @property
    def replies(self) -> dict[str, list[dict[str, Any]]]:
        """Place or state → its replies, each repeat on its own."""
        return {
            where: [
                {name: given for name, given in reply.items() if name != "times"} for reply in listed for _ in range(reply.get("times", 1))
            ]
            for where, listed in self.told.get("replies", {}).items()
        }


def _unfolded(path: list[Any]) -> list[str]:
    found = []
    for step in path:
        found += [step] if isinstance(step, str) else _unfolded(step["of"]) * step["times"]
    return found


def scenarios(house: House, machine: str) -> list[Scenario]:
    found = []
    for path in sorted((house.scenarios / machine).glob("*.yaml")):
        told = yaml.safe_load(path.read_text())
        replies = [reply for listed in told.get("replies", {}).values() for reply in listed]
        wrong = sorted(set(told) - FIELDS) + sorted({name for reply in replies for name in reply} - REPLY_FIELDS)
        assert not wrong, f"{path}: {wrong}"
        assert ("output" in told) != ("error" in told), f"{path}: a scenario ends with an output or an error"
        found.append(Scenario(path.stem, machine, told))
    return found


@dataclass
class Script:
    """Answers calls as a scenario says."""

    scenario: Scenario
    wrong: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    """Places in the order in which they asked."""

    def __post_init__(self) -> None:
        self._replies = self.scenario.replies
        self._used: set[tuple[str, int]] = set()

    def next(self, place: str) -> dict[str, Any]:
        """The next reply at a place; silence where the scenario has none left."""
        where = place if place in self._replies else place.rpartition(" > ")[2]
        listed, turn = self._replies.get(where, []), self.calls.count(place)
        self.calls.append(place)
        if turn >= len(listed):
            self.wrong.append(f"{place}: no reply for call {turn + 1}")
            return {"silent": True}
        self._used.add((where, turn))
        return listed[turn]

    def answer(self, call: Call) -> Reply:
        reply = self.next(call.place)
        beats, after = tuple(reply.get("beats_s", ())), float(reply.get("after_s", 0))
        if "error" in reply:
            cause = reply.get("cause", "")
            if call.resource == LAMBDA:
                cause = json.dumps({"errorMessage": cause, "errorType": reply["error"]})
            return Failure(reply["error"], cause, after, beats)
        if reply.get("silent"):
            return Pending(beats)
        value = reply.get("answer")
        return Answer(
            {"ExecutedVersion": "$LATEST", "Payload": value, "StatusCode": 200} if call.resource == LAMBDA else value, after, beats
        )

    def left(self) -> list[str]:
        """Replies that nobody asked for."""
        return [
            f"{where}: reply {turn + 1} is not used"
            for where, listed in self._replies.items()
            for turn in range(len(listed))
            if (where, turn) not in self._used
        ]


def played(machine: Machine, scenario: Scenario, calls: list[str] | None = None) -> tuple[Result, list[str]]:
    """The run, and what is not as the scenario says. `calls` takes the places that asked, in their order."""
    script = Script(scenario, calls=[] if calls is None else calls)
    result = Execution(machine.runnable, script.answer, name=scenario.name, machine=machine.name).run(scenario.given)
    told = scenario.told
    entered = [each.place for each in result.transitions if each.mark.kind is Kind.ENTERED]
    waits: dict[str, list[float]] = {}
    for place, seconds in result.waits_s:
        waits.setdefault(place, []).append(seconds)
    wanted = {"path": scenario.path, "waits_s": told.get("waits_s", {}), "took_s": told["took_s"]}
    found: dict[str, Any] = {"path": entered, "waits_s": waits, "took_s": result.took_s}
    for name in ("output", "error", "cause"):
        if name in told:
            wanted[name], found[name] = told[name], getattr(result, name)
    if "output" in told and result.status != "SUCCEEDED":
        found["output"] = f"{result.status} {result.error}: {result.cause}"
    different = [f"{name}: wanted {wanted[name]}, found {found[name]}" for name in wanted if wanted[name] != found[name]]
    return result, [*script.wrong, *script.left(), *different]


def missing(machine: Machine, results: list[Result]) -> list[Mark]:
    """Steps of a definition that no run took."""
    taken = {each.mark for result in results for each in result.transitions}
    return [mark for mark in marks(machine.runnable) if mark not in taken]
