"""Definitions: read, filled with their substitutions, and checked field by field before anything runs."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from infra.local.asl import choices, templates
from infra.local.asl.clock import moment
from infra.local.asl.paths import UnknownForm, steps


__all__ = ["State", "UnknownForm", "is_distributed", "load", "placeholders", "read", "substituted", "walk"]

Json = dict[str, Any]
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_IN_OUT = frozenset({"InputPath", "OutputPath"})
_ONWARD = frozenset({"Next", "End"})
_WORK = _IN_OUT | _ONWARD | {"ResultPath", "ResultSelector", "Retry", "Catch"}
_LIMITS = frozenset({"TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"})

FIELDS: dict[str, frozenset[str]] = {
    "Task": _WORK | _LIMITS | {"Resource", "Parameters"},
    "Parallel": _WORK | {"Branches", "Parameters"},
    "Map": _WORK | {"ItemProcessor", "ItemsPath", "ItemSelector", "MaxConcurrency", "ToleratedFailurePercentage", "Label"},
    "Pass": _IN_OUT | _ONWARD | {"Result", "ResultPath", "Parameters"},
    "Choice": _IN_OUT | {"Choices", "Default"},
    "Wait": _IN_OUT | _ONWARD | {"Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _IN_OUT,
    "Fail": frozenset({"Error", "ErrorPath", "Cause", "CausePath"}),
}
"""State type → its fields beside Type and Comment."""
_MACHINE = frozenset({"Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage"})
_DISTRIBUTED = frozenset({"ToleratedFailurePercentage", "Label"})
_RETRIER = frozenset({"ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds", "JitterStrategy", "Comment"})
_CATCHER = frozenset({"ErrorEquals", "Next", "ResultPath", "Comment"})
_PATHS = ("InputPath", "OutputPath", "ResultPath", "ItemsPath", "SecondsPath", "TimestampPath", *(n for n in _LIMITS if n.endswith("Path")))


@dataclass(frozen=True)
class State:
    name: str
    fields: Json
    siblings: Json
    """The states of the same machine, branch or item processor: the only ones that Next may name."""
    start: str
    """Where that machine, branch or item processor starts."""


def read(text: str) -> Json:
    """A definition as it stands, its placeholders unfilled.

    Raises: UnknownForm where the text is no object.
    """
    document = yaml.safe_load(text)
    if not isinstance(document, dict):
        raise UnknownForm("a definition is an object")
    return document


def load(text: str, substitutions: Mapping[str, str] | None = None) -> Json:
    """A definition that is ready to run.

    Raises: UnknownForm for a state type, field, path or function that is not known here, and for a placeholder without a value.
    """
    document: Json = substituted(read(text), substitutions or {})
    check(document)
    return document


def substituted(value: Any, substitutions: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: substituted(inner, substitutions) for name, inner in value.items()}
    if isinstance(value, list):
        return [substituted(inner, substitutions) for inner in value]
    if not isinstance(value, str):
        return value
    missing = sorted(set(_PLACEHOLDER.findall(value)) - set(substitutions))
    if missing:
        raise UnknownForm(f"no value for {missing}")
    return _PLACEHOLDER.sub(lambda match: substitutions[match[1]], value)


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text))


def walk(machine: Json) -> Iterator[State]:
    """All states, those of branches and item processors after the state that holds them."""
    for name, fields in machine["States"].items():
        yield State(name, fields, machine["States"], machine["StartAt"])
        for inner in (*fields.get("Branches", ()), *([fields["ItemProcessor"]] if "ItemProcessor" in fields else ())):
            yield from walk(inner)


def check(document: Json) -> None:
    _known(document, _MACHINE, "the machine")
    if document.get("QueryLanguage", "JSONPath") != "JSONPath":
        raise UnknownForm("JSONPath only")
    _check_machine(document, "the machine")
    names = [state.name for state in walk(document)]
    if len(set(names)) != len(names):
        raise UnknownForm(f"two states of one name: {sorted(name for name in names if names.count(name) > 1)[0]}")


def _known(fields: Json, allowed: frozenset[str], where: str) -> None:
    unknown = sorted(set(fields) - allowed)
    if unknown:
        raise UnknownForm(f"{where}: not known here: {', '.join(unknown)}")


def _check_machine(machine: Json, where: str) -> None:
    if not machine.get("States") or machine.get("StartAt") not in machine["States"]:
        raise UnknownForm(f"{where} starts nowhere")
    for name, fields in machine["States"].items():
        kind = fields.get("Type")
        if kind not in FIELDS:
            raise UnknownForm(f"{name}: a state type that is not known here: {kind}")
        _known(fields, FIELDS[kind] | {"Type", "Comment"}, name)
        _check_state(name, fields, machine["States"])


def _check_state(name: str, fields: Json, siblings: Json) -> None:
    if "Next" in FIELDS[fields["Type"]] and ("Next" in fields) == (fields.get("End") is True):
        raise UnknownForm(f"{name} needs either Next or End")
    targets = [fields.get("Next"), fields.get("Default"), *(each.get("Next") for each in fields.get("Catch", ()))]
    for target in [target for target in targets if target is not None] + [rule.get("Next") for rule in fields.get("Choices", ())]:
        if target not in siblings:
            raise UnknownForm(f"{name} goes to {target}, which is not there")
    for field in _PATHS:
        if fields.get(field) is not None:
            steps(fields[field].removeprefix("$") if fields[field].startswith("$$") else fields[field])
    for field in ("Parameters", "ItemSelector", "ResultSelector"):
        templates.check(fields.get(field))
    for index, retrier in enumerate(fields.get("Retry", ())):
        _known(retrier, _RETRIER, f"{name}, retrier {index}")
        if retrier.get("JitterStrategy", "NONE") != "NONE":
            raise UnknownForm(f"{name}: jitter is chance, and a run here is the same each time")
        _check_names(name, retrier, fields["Retry"], index)
    for index, catcher in enumerate(fields.get("Catch", ())):
        _known(catcher, _CATCHER, f"{name}, catcher {index}")
        _check_names(name, catcher, fields["Catch"], index)
    _CHECKS.get(fields["Type"], _nothing)(name, fields)


def _check_names(name: str, rule: Json, rules: list[Json], index: int) -> None:
    errors = rule.get("ErrorEquals")
    if not errors:
        raise UnknownForm(f"{name}: a rule that names no error")
    if "States.ALL" in errors and (len(errors) > 1 or index != len(rules) - 1):
        raise UnknownForm(f"{name}: States.ALL stands alone and last")


def _nothing(_name: str, _fields: Json) -> None:
    return


def _check_task(name: str, fields: Json) -> None:
    if not isinstance(fields.get("Resource"), str):
        raise UnknownForm(f"{name} asks nobody")
    limit, beat = fields.get("TimeoutSeconds"), fields.get("HeartbeatSeconds")
    if limit is not None and beat is not None and beat >= limit:
        raise UnknownForm(f"{name}: a heartbeat is shorter than the whole time")


def _check_choice(name: str, fields: Json) -> None:
    if not fields.get("Choices"):
        raise UnknownForm(f"{name} chooses between nothing")
    for rule in fields["Choices"]:
        choices.check(rule)


def _check_wait(name: str, fields: Json) -> None:
    given = [field for field in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if field in fields]
    if len(given) != 1 or ("Timestamp" in fields and moment(fields["Timestamp"]) is None):
        raise UnknownForm(f"{name} waits for one thing")


def _check_map(name: str, fields: Json) -> None:
    processor = fields.get("ItemProcessor", {})
    _known(processor, frozenset({"ProcessorConfig", "StartAt", "States"}), name)
    if is_distributed(fields):
        if processor["ProcessorConfig"] != {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}:
            raise UnknownForm(f"{name}: the children of a distributed map are standard executions here")
        if fields.get("ToleratedFailurePercentage") != 0 or not fields.get("MaxConcurrency"):
            raise UnknownForm(f"{name}: a distributed map says how many at once, and tolerates no failure")
    elif processor.get("ProcessorConfig", {"Mode": "INLINE"}) != {"Mode": "INLINE"} or _DISTRIBUTED & set(fields):
        raise UnknownForm(f"{name}: neither inline nor distributed")
    _check_machine(processor, name)


def is_distributed(fields: Json) -> bool:
    """Whether each item runs as an execution of its own."""
    return bool(fields.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED")


def _check_parallel(name: str, fields: Json) -> None:
    if not fields.get("Branches"):
        raise UnknownForm(f"{name} has no branches")
    for index, branch in enumerate(fields["Branches"]):
        _known(branch, frozenset({"Comment", "StartAt", "States"}), f"{name}, branch {index}")
        _check_machine(branch, f"{name}, branch {index}")


_CHECKS = {"Task": _check_task, "Choice": _check_choice, "Wait": _check_wait, "Map": _check_map, "Parallel": _check_parallel}
