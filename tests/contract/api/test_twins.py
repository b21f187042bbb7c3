"""Doors with planted faults: each is found by the very checks that the real doors pass."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from faka.kernel.errors import Conflict, NotFound
from faka.platform import door
from faka.platform.door import Answer, Door, Request, View
from tests.contract.api.asking import Gate, NotAsDocumented
from tests.contract.api.runs import operations, run
from tests.contract.api.scene import CARDS, scene


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

BY_LABEL = {one.label: one for one in operations("shop")}
COUNT = 60
"""Requests within which a planted fault must have shown."""


class Teapot(Conflict):
    """A status that no document tells."""

    http_status = 418


class Undreamt(NotFound):
    """A code that no document tells."""


def breaks_on_a_field(view: View, request: Request) -> Answer:
    if len(request.form.get("back", "")) > 1:
        raise KeyError("back")
    return view(request)


def answers_another_status(view: View, request: Request) -> Answer:
    raise Teapot("tea")


def answers_another_code(view: View, request: Request) -> Answer:
    raise Undreamt("dream")


def answers_another_kind(view: View, request: Request) -> Answer:
    return Answer("{}", 200, "application/json")


def forgets_where_to(view: View, request: Request) -> Answer:
    answer = view(request)
    return replace(answer, headers={}) if answer.status == 303 else answer


def accepts_everything(view: View, request: Request) -> Answer:
    return Answer("a sum")


PLANTED: list[tuple[Callable[[View, Request], Answer], str, str]] = [
    (breaks_on_a_field, "POST /prefs", "500 unexpected"),
    (answers_another_status, "POST /o/{no}/check", "Undocumented status code"),
    (answers_another_code, "GET /o/{no}/status", "violates schema"),
    (answers_another_kind, "GET /c/{category}", "Undocumented Content-Type"),
    (forgets_where_to, "POST /prefs", "Missing required response headers"),
    (accepts_everything, "GET /p/{slug}/quote", "accepted although"),
]


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with scene(CARDS) as made:
        yield Gate(made)


def plant(monkeypatch: pytest.MonkeyPatch, label: str, fault: Callable[[View, Request], Answer]) -> None:
    serve = Door._serve

    def planted(self: Door, view: View, params: dict[str, str], foreign: bool):
        def spoiled(request: Request) -> Answer:
            return fault(view, request) if f"{request.method} {request.route}" == label else view(request)

        return serve(self, spoiled, params, foreign)

    monkeypatch.setattr(Door, "_serve", planted)


def faults(gate: Gate, label: str) -> str:
    """What the checks say about an operation."""
    for mode in GenerationMode:
        try:
            run(gate, BY_LABEL[label], mode, COUNT)
        except (NotAsDocumented, FailureGroup) as found:
            return "\n".join([str(found), *(str(one.title) for one in getattr(found, "exceptions", ()))])
    return ""


@pytest.mark.parametrize(("fault", "label", "told"), PLANTED, ids=[fault.__name__ for fault, _, _ in PLANTED])
def test_a_planted_fault_is_found(gate: Gate, monkeypatch: pytest.MonkeyPatch, fault, label: str, told: str) -> None:
    assert faults(gate, label) == ""
    plant(monkeypatch, label, fault)
    assert told in faults(gate, label)


def test_a_problem_without_its_reference_is_found(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = door.problem

    def shortened(request: Request, error) -> Answer:
        answer = real(request, error)
        return replace(answer, body=json.dumps({name: value for name, value in json.loads(answer.body).items() if name != "reference"}))

    monkeypatch.setattr(door, "problem", shortened)
    assert "violates schema" in faults(gate, "GET /o/{no}/status")


def test_a_missing_security_header_is_found(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {name: value for name, value in door.SECURITY_HEADERS.items() if name != "X-Content-Type-Options"}
    monkeypatch.setattr(door, "SECURITY_HEADERS", kept)
    assert "X-Content-Type-Options" in faults(gate, "GET /help")
