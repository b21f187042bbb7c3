"""The states that ask nobody: what a Choice chooses, when a Wait ends, what a Pass makes, how a Fail fails."""

from datetime import datetime, timedelta
from typing import Any

from infra.local.asl import choices
from infra.local.asl.clock import moment
from infra.local.asl.faults import RUNTIME, Fault
from infra.local.asl.paths import needed, placed
from infra.local.asl.templates import filled


Json = dict[str, Any]


def chosen(name: str, state: Json, value: Any, context: Json) -> tuple[str, str]:
    """Which rule held (`default` where none did), and the next state.

    Raises: Fault States.NoChoiceMatched.
    """
    for index, rule in enumerate(state["Choices"]):
        if choices.holds(rule, value, context):
            return str(index), rule["Next"]
    if "Default" not in state:
        raise Fault("States.NoChoiceMatched", name)
    return "default", state["Default"]


def wait_end(state: Json, value: Any, context: Json, now: datetime) -> datetime:
    """Raises: Fault where a path names no moment or no whole number of seconds."""
    if "Timestamp" in state or "TimestampPath" in state:
        at = moment(state["Timestamp"] if "Timestamp" in state else needed(state["TimestampPath"], value, context))
        if at is None:
            raise Fault(RUNTIME, "not a timestamp")
        return at
    seconds = state["Seconds"] if "Seconds" in state else needed(state["SecondsPath"], value, context)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
        raise Fault(RUNTIME, "not a number of seconds")
    return now + timedelta(seconds=seconds)


def passed(state: Json, value: Any, inner: Any, context: Json) -> Any:
    made = filled(state["Parameters"], inner, context) if "Parameters" in state else inner
    return placed(state.get("ResultPath", "$"), value, state.get("Result", made))


def failure(state: Json, value: Any, context: Json) -> Fault:
    error, cause = (
        str(needed(state[f"{part}Path"], value, context)) if f"{part}Path" in state else state.get(part, "") for part in ("Error", "Cause")
    )
    return Fault(error, cause)
