"""Top-ups in a run: suppliers beside the shop, and the machine of a top-up driven by its real definition.

In the storm a machine asks a few times and is gone, as an execution that somebody stops; its waits pass no simulated time. Afterwards
machines are patient, and time passes with them.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from faka.contexts.recharges.model import ENDED
from faka.platform.table import TableName
from infra.local.asl import Answer, Call, Execution, Failure, Reply, load
from infra.local.asl.clock import VirtualClock
from infra.tools.template import ROOT
from tests.simulation import wiring
from tests.simulation.cloud import DIED, Failed, class_named


if TYPE_CHECKING:
    from tests.simulation.play import Play


DEATH, TIMED_OUT = "Lambda.ServiceException", "Sandbox.Timedout"
"""What a machine is told of a function whose instance is gone, and of one that was ended because its time was over."""

Meanwhile = Mapping[str, Callable[["Play"], None]]
"""Task → what begins beside it, so that the two meet and the first is not long over."""

ASKED_MAX = 4
"""Tasks of one machine in the storm: an order, and questions enough to meet everybody else."""

PAUSES_MAX = 60
"""Waits of a patient machine. The ladder comes to its hour after seven."""


@cache
def definition() -> dict[str, Any]:
    text = (ROOT / "statemachines" / "direct_recharge.asl.yaml").read_text()
    return load(text, {"RechargeFunctionArn": "recharge"})


class _Stopped(Exception):
    """The execution is gone."""


class TopUp:
    """One execution for one recharge."""

    def __init__(self, play: "Play", who: str, recharge: str, *, tasks: int | None = None) -> None:
        self._play = play
        self._who = who
        self._recharge = recharge
        self._tasks = tasks
        self._clock = VirtualClock(play.cloud.clock.now())

    def run(self) -> str:
        """How the execution ended; ABORTED where it was stopped."""
        execution = Execution(definition(), self._asked, clock=self._clock, name=self._who)
        try:
            for pause, _ in zip(execution.steps({"recharge": self._recharge}), range(PAUSES_MAX), strict=False):
                if self._tasks is None:
                    self._play.pass_time(max(0.0, (pause.until - self._clock.now()).total_seconds()))
                self._clock.move_to(pause.until)
        except _Stopped:
            return "ABORTED"
        return execution.result.status

    def _asked(self, call: Call) -> Reply:
        if self._tasks is not None:
            if self._tasks == 0:
                raise _Stopped
            self._tasks -= 1
        payload = call.parameters["Payload"]
        if payload["task"] in self._play.beside_machines:
            self._play.beside_machines.pop(payload["task"])(self._play)
        clock = self._play.cloud.clock
        until = clock.now() + timedelta(seconds=wiring.timeout_s("recharge"))
        answer = self._play.cloud.invoke("recharge", payload, f"{self._who}: {payload['task']}")
        if payload["task"] in self._play.after_machines:
            self._play.after_machines.pop(payload["task"])(self._play)
        if answer is DIED:
            return Failure(TIMED_OUT if clock.now() > until else DEATH)
        return Failure(class_named(answer.error)) if isinstance(answer, Failed) else Answer({"Payload": answer})


def waiting(play: "Play") -> list[tuple[str, Mapping[str, Any]]]:
    """Executions of top-ups that were begun and that nobody drives."""
    return [(name, given) for name, given in play.cloud.machines.waiting if "recharge" in given]


def is_any_open(play: "Play") -> bool:
    rows = play.cloud.rows(TableName.TRADE) if play.cloud.stage.suppliers else []
    return any(row["sk"] == "RECHARGE" and row["state"] not in ENDED for row in rows)


def patience_s(play: "Play") -> float:
    """Until the last buyer who is asked for another account has had his time; 0 where nobody is."""
    now = play.cloud.clock.now()
    asked = [row["correct_until"] for row in play.cloud.rows(TableName.TRADE) if row["sk"] == "RECHARGE" and row.get("correct_until")]
    return max(((datetime.fromisoformat(until) - now).total_seconds() for until in asked), default=0.0)


def drive(play: "Play", name: str, *, is_patient: bool) -> None:
    given = next(given for known, given in play.cloud.machines.waiting if known == name)
    play.cloud.machines.waiting.remove((name, given))
    TopUp(play, name, given["recharge"], tasks=None if is_patient else ASKED_MAX).run()


__all__ = ["ASKED_MAX", "TopUp", "definition", "drive", "patience_s", "waiting"]
