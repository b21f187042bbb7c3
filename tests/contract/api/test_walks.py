"""Operations linked by what the one before answered: an order is bought, then looked at, paid, changed, opened in any sequence.

The link is the document's own: the address in `Location` holds the number, the cookie holds the proof. Each request of a walk is
a case of its operation with both put in.
"""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode

from faka.contexts.orders.model import OrderState
from faka.kernel.ids import OrderId
from tests.contract.api.asking import Gate
from tests.contract.api.runs import CASES, OWN, Operation, operations
from tests.contract.api.scene import CARDS, Scene, scene


pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:No application metrics")]

WALKS = max(3, CASES // 100)
STEPS_MAX = 8
"""Requests after the purchase; the longest way that makes sense (look, change, look, pay, look, open, save) has seven."""

LINKED: dict[str, Operation] = {one.label: one for one in operations("shop") if "{no}" in one.path}
BUY = next(one for one in operations("shop") if one.label == "POST /p/{slug}")
WORLD = ("the money comes", "a minute passes", "the hold ends")
BEGINNINGS = ((), ("POST /o/{no}/cancel",), ("the money comes",), ("the money comes", "POST /o/{no}/refund"))
"""So that each end of an order is met at any number of walks, and gone on from."""
steps = st.lists(st.sampled_from(sorted(LINKED)) | st.sampled_from(WORLD), min_size=1, max_size=STEPS_MAX)


class Walk:
    """One buyer with one order."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.scene: Scene = gate.scene
        self.cookies: dict[str, str] = {}
        self.no = ""
        self.known_states: list[str] = []

    def buy(self, case: Case) -> None:
        form = {"form_id": self.scene.form_id(), "code": "0123456789ABCDEF", "sku": "video-vip-month", "quantity": "1"}
        case.path_parameters, case.query, case.body = {"slug": "video-vip"}, {}, {**form, "channel": "alipay:page"}
        answer = self._sent(case)
        assert answer.status_code == 303
        self.no = re.fullmatch(r"/o/(ord_\w+)", answer.headers["location"][0]).group(1)  # type: ignore[union-attr]
        name, _, value = answer.headers["set-cookie"][0].partition(";")[0].partition("=")
        self.cookies = {name: value}

    def step(self, case: Case) -> None:
        case.path_parameters = {"no": self.no}
        answer = self._sent(case)
        assert answer.status_code != 404, "the buyer's own order is always found"

    def world(self, what: str) -> None:
        world = self.scene.world
        if what == "the money comes":
            order = world.deps.orders.get(OrderId(self.no))
            raw = self.scene.notice(order)
            assert self.gate.send(raw.method, raw.path, raw.body, dict(raw.headers)).status_code == 200
        else:
            world.clock.advance(minutes=1 if what == "a minute passes" else 40)
            world.sweep()

    def _sent(self, case: Case):
        case.cookies = {**(case.cookies or {}), **self.cookies}
        answer = self.gate.ask(case, accept="application/json")
        self.gate.check(case, answer)
        return answer


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with scene(CARDS) as made:
        yield Gate(made)


@settings(OWN, max_examples=WALKS)
@given(data=st.data(), beginning=st.sampled_from(BEGINNINGS), plan=steps)
def walked(gate: Gate, states: set[OrderState], data: st.DataObject, beginning: tuple[str, ...], plan: list[str]) -> None:
    walk = Walk(gate)
    walk.buy(data.draw(BUY.as_strategy(generation_mode=GenerationMode.POSITIVE)))
    for name in ("", *beginning, *plan):
        if name in LINKED:
            walk.step(data.draw(LINKED[name].as_strategy(generation_mode=GenerationMode.POSITIVE)))
        elif name:
            walk.world(name)
        states.add(gate.scene.world.deps.orders.get(OrderId(walk.no)).state)


def test_no_walk_along_an_orders_life_leaves_the_document(gate: Gate) -> None:
    states: set[OrderState] = set()
    walked(gate, states)
    assert states >= {OrderState.PENDING_PAYMENT, OrderState.COMPLETED, OrderState.CANCELED, OrderState.RETURNED}


def test_a_walk_without_the_cookie_of_the_purchase_ends_at_once(gate: Gate) -> None:
    """The twin: the link between the operations is what lets a walk go on."""

    @settings(OWN, max_examples=1)
    @given(data=st.data())
    def lost(data: st.DataObject) -> None:
        walk = Walk(gate)
        walk.buy(data.draw(BUY.as_strategy(generation_mode=GenerationMode.POSITIVE)))
        walk.cookies = {}
        with pytest.raises(AssertionError, match="always found"):
            walk.step(data.draw(LINKED["GET /o/{no}"].as_strategy(generation_mode=GenerationMode.POSITIVE)))

    lost()
