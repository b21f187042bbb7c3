"""What must hold in any definition of this house. Each rule takes a machine and answers what is wrong with it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from infra.local.asl.definition import State, UnknownForm, placeholders, walk
from tests.statemachines.house import Machine
from tests.statemachines.taxonomy import SERVICE_ERRORS, SERVICE_TRANSIENT, taxonomy


Rule = Callable[[Machine], Iterator[str]]

PHRASE = re.compile(r"[A-Z][a-z']*( [A-Za-z][a-z'-]*)+")
"""`Ask supplier again`: words, not `QueryTask2`."""
CONCURRENCY_MAX = 64
PAYLOADS = ("Payload", "MessageBody", "Input", "Detail")
"""Where the ways to ask somebody put what is ours; else the parameters themselves are."""


def is_understood(machine: Machine) -> Iterator[str]:
    """The interpreter knows every state type, field, path and function in it."""
    try:
        assert machine.runnable
    except UnknownForm as unknown:
        yield str(unknown)


def _states(machine: Machine, kind: str = "") -> Iterator[State]:
    return (state for state in walk(machine.document) if kind in ("", state.fields.get("Type")))


def tasks_end(machine: Machine) -> Iterator[str]:
    for task in _states(machine, "Task"):
        if not {"TimeoutSeconds", "TimeoutSecondsPath"} & set(task.fields):
            yield f"{task.name} may take for ever"


def tasks_say_why(machine: Machine) -> Iterator[str]:
    if not machine.document.get("Comment"):
        yield "the machine says nothing about itself"
    for task in _states(machine, "Task"):
        if not task.fields.get("Comment"):
            yield f"{task.name} has no comment"


def tasks_try_again_what_may_be_tried_again(machine: Machine) -> Iterator[str]:
    known = taxonomy()
    for task in _states(machine, "Task"):
        if not task.fields.get("Retry"):
            yield f"{task.name} gives up at the first hiccup"
    for state in _states(machine):
        for retrier in state.fields.get("Retry", ()):
            if "MaxAttempts" not in retrier:
                yield f"{state.name} does not say how often it tries"
            for error in retrier.get("ErrorEquals", ()):
                if error not in SERVICE_TRANSIENT and not known.get(error, False):
                    yield f"{state.name} tries {error} again"


def tasks_catch_everything(machine: Machine) -> Iterator[str]:
    for task in _states(machine, "Task"):
        catchers = task.fields.get("Catch") or [{}]
        if catchers[-1].get("ErrorEquals") != ["States.ALL"]:
            yield f"{task.name}: an error that nobody named ends the execution"


def errors_exist(machine: Machine) -> Iterator[str]:
    for state in _states(machine):
        rules = (*state.fields.get("Retry", ()), *state.fields.get("Catch", ()))
        named = [error for rule in rules for error in rule.get("ErrorEquals", ())]
        if state.fields.get("Type") == "Fail":
            named += [state.fields["Error"]] if "Error" in state.fields else [] if "ErrorPath" in state.fields else [""]
        yield from (f"{state.name}: nobody raises {error}" for error in named if error not in SERVICE_ERRORS and error not in taxonomy())


def _targets(fields: dict[str, Any]) -> set[str]:
    rules = (*fields.get("Choices", ()), *fields.get("Catch", ()))
    return {target for target in (fields.get("Next"), fields.get("Default"), *(rule.get("Next") for rule in rules)) if target}


def states_are_reached(machine: Machine) -> Iterator[str]:
    for level in _levels(machine):
        seen, todo = set(), [level[0].start]
        while todo:
            name = todo.pop()
            if name not in seen and name in level[0].siblings:
                seen.add(name)
                todo += _targets(level[0].siblings[name])
        yield from (f"nothing leads to {state.name}" for state in level if state.name not in seen)


def paths_end(machine: Machine) -> Iterator[str]:
    for level in _levels(machine):
        ending = {state.name for state in level if state.fields.get("End") or state.fields.get("Type") in ("Succeed", "Fail")}
        for _ in level:
            ending |= {state.name for state in level if _targets(state.fields) & ending}
        yield from (f"{state.name} leads to no end" for state in level if state.name not in ending)


def _levels(machine: Machine) -> list[list[State]]:
    """The states of the machine, and of each branch and item processor, each for themselves."""
    found: dict[int, list[State]] = {}
    for state in _states(machine):
        found.setdefault(id(state.siblings), []).append(state)
    return list(found.values())


def choices_have_a_default(machine: Machine) -> Iterator[str]:
    for choice in _states(machine, "Choice"):
        if "Default" not in choice.fields:
            yield f"{choice.name} has no answer for the rest"


def substitutions_exist(machine: Machine) -> Iterator[str]:
    if machine.given is None:
        yield "no template deploys this definition"
        return
    used = placeholders(machine.text)
    yield from (f"the template gives no {name}" for name in sorted(used - machine.given))
    yield from (f"nothing uses {name}" for name in sorted(machine.given - used))


def payloads_say_their_version(machine: Machine) -> Iterator[str]:
    for task in _states(machine, "Task"):
        parameters = task.fields.get("Parameters", {})
        payload = next((parameters[name] for name in PAYLOADS if name in parameters), parameters)
        if not isinstance(payload, dict) or not {"schema_version", "schema_version.$"} & set(payload):
            yield f"{task.name} hands over a payload without schema_version"


def names_are_phrases(machine: Machine) -> Iterator[str]:
    yield from (f"{state.name!r} is no phrase" for state in _states(machine) if not PHRASE.fullmatch(state.name))


def answers_are_chosen_from(machine: Machine) -> Iterator[str]:
    """A function's answer comes wrapped in facts of the transport, which belong into no state."""
    for task in _states(machine, "Task"):
        if task.fields.get("Resource") == "arn:aws:states:::lambda:invoke":
            keeps_nothing = "ResultPath" in task.fields and task.fields["ResultPath"] is None
            if not keeps_nothing and "ResultSelector" not in task.fields:
                yield f"{task.name} keeps the whole envelope"


def maps_are_bounded(machine: Machine) -> Iterator[str]:
    """Without a bound the service runs forty items at once, or ten thousand executions: more than tables and providers take."""
    for state in _states(machine, "Map"):
        if not 0 < state.fields.get("MaxConcurrency", 0) <= CONCURRENCY_MAX:
            yield f"{state.name} runs any number of items at once"


RULES: tuple[Rule, ...] = (
    is_understood,
    tasks_end,
    tasks_say_why,
    tasks_try_again_what_may_be_tried_again,
    tasks_catch_everything,
    errors_exist,
    states_are_reached,
    paths_end,
    choices_have_a_default,
    substitutions_exist,
    payloads_say_their_version,
    names_are_phrases,
    answers_are_chosen_from,
    maps_are_bounded,
)
