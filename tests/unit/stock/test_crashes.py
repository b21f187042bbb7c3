"""Each operation dies, loses an answer or is refused at each of its calls; the caller comes back, or only the sweep does."""

import pytest

from faka.kernel.errors import Unavailable
from tests.kit.engine import Engine
from tests.unit.stock.audit import dump, faults
from tests.unit.stock.scenes import OPERATIONS, after_all, calls_of, half_way
from tests.unit.stock.wire import FAULTS, Crash, Wire, dies_before
from tests.unit.stock.world import SKU, Shop


pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def start() -> Engine:
    return half_way()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("comes_back", [True, False], ids=["repeated", "swept only"])
def test_no_crash_loses_or_doubles_a_card(start: Engine, name: str, comes_back: bool) -> None:
    operation, found = OPERATIONS[name], {}
    for fault in FAULTS:
        for call in range(1, calls_of(start, operation) + 1):
            engine = start.fork()
            wire = Wire(engine).at(call, fault)
            try:
                operation(Shop(wire.tables()))
            except (Crash, Unavailable):
                if comes_back:
                    operation(Shop(engine.tables()))
            wrong = after_all(engine)
            if wrong:
                found[fault.__name__, call] = wrong
    assert not found


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_second_crash_in_the_repetition_changes_nothing(start: Engine, name: str) -> None:
    operation, found = OPERATIONS[name], {}
    calls = calls_of(start, operation)
    for first in range(1, calls + 1):
        for second in range(1 + first % 4, calls + 1, 4):
            engine = start.fork()
            for call in (first, second):
                try:
                    operation(Shop(Wire(engine).at(call, FAULTS[1]).tables()))
                except Crash:
                    continue
            operation(Shop(engine.tables()))
            wrong = after_all(engine)
            if wrong:
                found[first, second] = wrong
    assert not found


def test_a_second_sweep_changes_nothing(start: Engine) -> None:
    engine = start.fork()
    with pytest.raises(Crash):
        Shop(Wire(engine).at(2, dies_before).tables()).buy("several", 7)
    assert after_all(engine) == []
    before, stream = dump(engine), list(engine.stream)
    Shop(engine.tables()).sweep(engine)
    assert (dump(engine), engine.stream) == (before, stream)


def test_the_start_is_sound(start: Engine) -> None:
    assert faults(start, SKU) == []
