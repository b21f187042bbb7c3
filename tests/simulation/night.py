"""A night of reconciliation, driven by the machine's real definition: each task is an invocation of its own, which may die.

The machine's waits pass no simulated time: what happens meanwhile happens between the calls, as for everybody else.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from faka.kernel.clock import SHANGHAI, business_day
from infra.local.asl import Answer, Call, Execution, Failure, Reply, Result, load
from infra.tools.template import ROOT
from tests.simulation import wiring
from tests.simulation.cloud import DIED, Failed, class_named
from tests.simulation.play import Play
from tests.simulation.topping import DEATH, TIMED_OUT, Meanwhile


FUNCTIONS = ("bills", "reconcile", "repair")

AGAIN_MAX = 3
"""How often a person runs a night again that did not end well. Nobody is aimed at more than twice."""

SETTLED = ("BALANCED", "NO_DATA")

ACCOUNTS = ("alipay",)
"""Whose day is run: another account's is the same work over again, on rows of its own."""


@cache
def definition() -> dict[str, Any]:
    text = (ROOT / "statemachines" / "nightly_reconciliation.asl.yaml").read_text()
    return load(text, {f"{name.capitalize()}FunctionArn": name for name in FUNCTIONS})


def yesterday(play: Play) -> date:
    return business_day(play.cloud.clock.now()) - timedelta(days=1)


def morning(play: Play, days: int = 1, hour: int = 10) -> date:
    """It is half past ten in Shanghai, or half past another hour, so many days later; says of which day the bill is new then."""
    now = play.cloud.clock.now().astimezone(SHANGHAI)
    at = now.replace(hour=hour, minute=30, second=0) + timedelta(days=days)
    play.pass_time((at - now).total_seconds())
    return yesterday(play)


class Machine:
    """One execution."""

    def __init__(self, play: Play, who: str, day: date, meanwhile: Meanwhile | None = None) -> None:
        self._play = play
        self._who = who
        self._day = day
        self._meanwhile = dict(meanwhile or {})
        self._execution = Execution(definition(), self._asked, name=who)

    def run(self, tasks: int | None = None) -> Result:
        """To its end; or somebody stops it after so many tasks."""
        self._left = tasks
        try:
            return self._execution.run({"day": self._day.isoformat()})
        except _Stopped:
            return Result("ABORTED")

    def _asked(self, call: Call) -> Reply:
        """One attempt of one task."""
        if self._left is not None:
            if self._left == 0:
                raise _Stopped
            self._left -= 1
        function, payload = call.parameters["FunctionName"], call.parameters["Payload"]
        if payload["task"] in self._meanwhile:
            self._meanwhile.pop(payload["task"])(self._play)
        clock = self._play.cloud.clock
        until = clock.now() + timedelta(seconds=wiring.timeout_s(function))
        answer = self._play.cloud.invoke(function, payload, f"{self._who}: {payload['task']}")
        if answer is DIED:
            return Failure(TIMED_OUT if clock.now() > until else DEATH)
        if isinstance(answer, Failed):
            return Failure(class_named(answer.error))
        if payload["task"] == "plan":
            answer = {**answer, "accounts": [account for account in answer["accounts"] if account in ACCOUNTS]}
        return Answer({"Payload": answer})


class _Stopped(Exception):
    """An operator has stopped the execution."""


def runs(play: Play, who: str, day: date, expected: Sequence[str] = SETTLED, meanwhile: Meanwhile | None = None) -> bool:
    """One execution to its end; whether each account's day ended as expected."""
    result = Machine(play, who, day, meanwhile).run()
    return result.status == "SUCCEEDED" and all(one["state"] in expected for one in result.output["outcomes"])


def night(play: Play, who: str, day: date, expected: Sequence[str] = SETTLED, meanwhile: Meanwhile | None = None) -> None:
    """Cast a night of a day. Where it does not end well, a person runs it again when the storm is over; and once more at the very end."""
    play.cast(who, lambda play: _night(play, who, day, expected, meanwhile))
    play.once_more.append(lambda: runs(play, f"{who} once more", day))


def _night(play: Play, who: str, day: date, expected: Sequence[str], meanwhile: Meanwhile | None = None) -> None:
    if not runs(play, who, day, expected, meanwhile):
        play.left_over.append(lambda: any(runs(play, f"{who} again", day, expected) for _ in range(AGAIN_MAX)))


def schedule(play: Play, who: str, expected: Sequence[str] = SETTLED) -> None:
    """The morning's schedule rings: it asks for a night, again when it is not answered, and what was begun runs."""

    def script(play: Play) -> None:
        for _ in range(AGAIN_MAX):
            answer = play.cloud.invoke("bills", {"schema_version": 1, "task": "begin"}, f"{who}: begin")
            if answer is not DIED and not isinstance(answer, Failed):
                break
        while play.cloud.machines.waiting:
            name, given = play.cloud.machines.waiting.pop(0)
            _night(play, name, date.fromisoformat(given["day"]), expected)

    play.cast(who, script)


__all__ = ["ACCOUNTS", "AGAIN_MAX", "Machine", "morning", "night", "runs", "schedule", "yesterday"]
