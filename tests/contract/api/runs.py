"""Generated requests by operation: documents' own cases, mixed with what a visitor with a real order would send."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode

from infra.tools.template import ROOT
from tests.contract.api.asking import Gate
from tests.contract.api.scene import Live


CASES = int(os.environ.get("FAKA_SCHEMATHESIS", "5200"))
"""Requests over all operations and both modes, about. Half of a minute of one core in the everyday run."""

Operation = APIOperation[Any, Any, Any, Any]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
OWN = settings(
    deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)


@cache
def operations(name: str) -> tuple[Operation, ...]:
    """The operations of `infra/api/<name>.openapi.yaml`."""
    text = (ROOT / "infra" / "api" / f"{name}.openapi.yaml").read_text()
    return opened(yaml.load(text, yaml.CSafeLoader))


def opened(made: dict[str, Any]) -> tuple[Operation, ...]:
    return tuple(result.ok() for result in schemathesis.openapi.from_dict(made).get_all_operations())


@dataclass(frozen=True)
class Mixed:
    """A generated case, a visitor, and which of the visitor's good values go into the case."""

    case: Case
    live: Live
    names: frozenset[str]

    def put_in(self) -> Case:
        case, live = self.case, self.live
        wanted = {name: live.fields[name] for name in self.names}
        case.path_parameters = {name: live.path.get(name, value) for name, value in (case.path_parameters or {}).items()}
        case.cookies = {**(case.cookies or {}), **live.cookies}
        query = {one.name for one in case.operation.query}
        case.query = {name: value for name, value in {**(case.query or {}), **wanted}.items() if name in query}
        if "requestBody" in case.operation.definition.raw:
            known = case.body if isinstance(case.body, dict) else {}
            case.body = {name: value for name, value in {**known, **wanted}.items() if name in live.fields}
        return case


def mixed(operation: Operation, mode: GenerationMode, lives: list[Live]) -> st.SearchStrategy[Mixed]:
    names = sorted(({one.name for one in operation.query} | set(_fields(operation))) & set(lives[0].fields))
    some = st.lists(st.sampled_from(names), max_size=len(names)).map(frozenset) if names else st.just(frozenset())
    return st.builds(
        Mixed,
        case=operation.as_strategy(generation_mode=mode),
        live=st.sampled_from(lives),
        names=st.just(frozenset(names)) | st.sampled_from(names or [""]).map(lambda name: frozenset(names) - {name}) | some,
    )


def _fields(operation: Operation) -> dict[str, Any]:
    content = operation.definition.raw.get("requestBody", {}).get("content", {})
    found: dict[str, Any] = next(iter(content.values()), {}).get("schema", {}).get("properties", {})
    return found


def run(gate: Gate, operation: Operation, mode: GenerationMode, count: int) -> int:
    """Send about `count` requests of an operation and check each answer; answers how many they were.

    Each case goes out as it was made, and twice with a visitor's good values in it: to a machine and to a browser.
    """
    before = gate.count

    def one(mix: Mixed) -> None:
        gate.check(mix.case, gate.ask(mix.case, accept="*/*"))
        case = mix.put_in()
        for accept in ("application/json", "text/html"):
            gate.check(case, gate.ask(case, accept=accept))

    settings(OWN, max_examples=max(1, count // 3))(given(mixed(operation, mode, gate.scene.lives()))(one))()
    return gate.count - before


def has_negative(operation: Operation) -> bool:
    """Whether anything of it can be wrong: not for a file at a fixed address, nor where any text will do."""
    return bool(len(operation.query) or "requestBody" in operation.definition.raw or "pattern" in str(operation.definition.raw))


def weighted(found: tuple[Operation, ...], one_in: int = 1) -> Iterator[tuple[Operation, GenerationMode, int]]:
    """Each operation with each mode and its share of the cases: what reads forms gets more than what only shows.
    `one_in` says which part of all cases these operations get."""
    parts = [(one, mode, _weight(one)) for one in found for mode in MODES if mode is MODES[0] or has_negative(one)]
    whole = sum(weight for _, _, weight in parts)
    for one, mode, weight in parts:
        yield one, mode, CASES * weight // (whole * one_in)


def _weight(operation: Operation) -> int:
    return 6 if "requestBody" in operation.definition.raw else 4 if len(operation.path_parameters) + len(operation.query) > 1 else 1
