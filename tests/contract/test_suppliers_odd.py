"""Each value of each honest answer, made odd: nothing but *unknown* or *refused* comes of it, and nobody is charged twice."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pytest

from faka.contexts.suppliers.base import NoStatement, SupplierUnavailable, SupplyRefused, SupplyState
from faka.kernel.exchange import Forged, Malformed, RawRequest
from infra.local.actors.desk import Answered, Asked
from infra.local.actors.suppliers import DESKS
from tests.contract.supplier_scene import MOBILE, NUMBER, Scene


pytestmark = pytest.mark.contract

ODD: tuple[object, ...] = (None, True, -1, 1e300, 0.1234567891234567, "", "x" * 5_000, "１２", "\ud83d", [], {}, [[]], [None], {"a": "b"})
"""Other types, too long, too many places, digits of another script, half a letter."""

MONDAY = date(2026, 3, 2)
ALLOWED = (SupplierUnavailable, SupplyRefused, NoStatement)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for name, child in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(child, (*path, name))


def changed(node: Any, path: tuple[Any, ...], odd: object) -> Any:
    if not path:
        return odd
    copy = deepcopy(node)
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = odd
    return copy


CALLS: dict[str, Callable[[Scene], object]] = {
    "goods": lambda scene: list(scene.adapter.catalogue()),
    "quote": lambda scene: scene.adapter.quote("5010"),
    "balance": lambda scene: scene.adapter.balance(),
    "lookup": lambda scene: scene.adapter.check_account("5010", {scene.supplier.desk.target: MOBILE}),
    "create": lambda scene: scene.adapter.submit(scene.order()),
    "confirm": lambda scene: scene.adapter.submit(scene.order()),
    "card": lambda scene: scene.adapter.buy_cards(scene.cards(1)),
    "query": lambda scene: scene.adapter.buy_cards(scene.cards(1)) and scene.adapter.query(NUMBER, is_card=True),
}


class Editing:
    """Makes the answers to one call odd, each in its turn."""

    def __init__(self, scene: Scene, call: str) -> None:
        self.call, self.desk, self.serve = call, scene.supplier.desk, scene.supplier.desk.serve
        self.honest: Any = None
        self.edit: Callable[[Any], Any] = lambda content: content

    def __call__(self, asked: Asked) -> Answered:
        answer = self.serve(asked)
        if self.desk.call_name(asked) != self.call:
            return answer
        self.honest = json.loads(answer.body)
        return replace(answer, body=json.dumps(self.edit(self.honest)).encode())


UNSPOKEN = {("md5_form", "confirm"), ("md5_form", "lookup"), ("signed_json", "confirm"), ("signed_json", "lookup"), ("two_step", "card")}


@pytest.mark.parametrize(("kind", "call"), [pair for pair in product(DESKS, CALLS) if pair not in UNSPOKEN])
def test_an_odd_value_in_an_answer_is_no_other_error(kind: str, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(kind)
    editing = Editing(scene, call)
    monkeypatch.setattr(scene.supplier.desk, "serve", editing)
    prepare(scene)
    CALLS[call](scene)
    paths = list(places(editing.honest))
    assert len(paths) > 3, "an answer worth changing"
    for path in paths:
        for odd in ODD:
            prepare(scene)
            editing.edit = lambda content, path=path, odd=odd: changed(content, path, odd) if path in set(places(content)) else content  # type: ignore[misc]
            try:
                CALLS[call](scene)
            except ALLOWED as error:
                assert MOBILE not in str(error)  # noqa: PT017 - what is raised is in the closed list already
            assert scene.charged <= 1


def prepare(scene: Scene) -> None:
    """A supplier with one card sold under the number, or none, and nothing else."""
    scene.warehouse.orders.clear()
    scene.warehouse.charges.clear()
    scene.warehouse.balance_minor = 1_000_000


def test_an_odd_answer_never_says_how_an_order_ended_unless_it_says_so_itself() -> None:
    """A success or a failure is read from one member; without it there is none."""
    for kind, path in (
        ("md5_form", ("code",)),
        ("signed_json", ("code",)),
        ("signed_json", ("data", "status")),
        ("two_step", (0, "status")),
        ("two_step", (0, "status", "class")),
        ("two_step", (0, "status", "class", "message")),
    ):
        for odd in ODD:
            scene = Scene(kind)
            scene.adapter.submit(scene.order())
            editing = Editing(scene, "query")
            editing.edit = lambda content, path=path, odd=odd: changed(content, path, odd)  # type: ignore[misc]
            scene.supplier.desk.serve = editing  # type: ignore[method-assign]
            try:
                told = scene.adapter.query(NUMBER)
            except SupplierUnavailable:
                continue
            assert told is not None
            assert told.state is SupplyState.UNKNOWN


@pytest.mark.parametrize("kind", tuple(DESKS))
def test_an_odd_notice_is_refused_or_says_nothing(kind: str) -> None:
    scene = Scene(kind)
    scene.adapter.submit(scene.order())
    honest = scene.supplier.notice(NUMBER)
    bodies = [honest.body[:cut] for cut in range(len(honest.body))] + [
        honest.body.replace(b"=", b"=%ff", 1),
        honest.body * 2,
        b"\xff" * 100,
    ]
    changes: list[dict[str, object]] = [{"body": body} for body in bodies if body != honest.body]
    changes += [{"method": "GET"}, {"body": b"x" * 100_000}, {"body": b"[" * 10_000}]
    for change in changes:
        raw: RawRequest = honest.model_copy(update=change)
        try:
            told = scene.adapter.parse_notice(raw)
        except (Forged, Malformed):
            continue
        assert told.state is SupplyState.UNKNOWN


def test_books_with_an_odd_value_are_no_books() -> None:
    for path in ((0, "creation_date"), (0, "prices"), (0, "prices", "wholesale", "amount")):
        for odd in (None, [], "x", -1, True):
            scene = Scene("two_step")
            scene.adapter.submit(scene.order())
            [line] = scene.adapter.statement(MONDAY)
            assert (line.number, line.state) == (NUMBER, SupplyState.SUCCEEDED)
            editing = Editing(scene, "query")
            editing.edit = lambda content, path=path, odd=odd: changed(content, path, odd)  # type: ignore[misc]
            scene.supplier.desk.serve = editing  # type: ignore[method-assign]
            with pytest.raises(SupplierUnavailable):
                list(scene.adapter.statement(MONDAY))
