"""Every pair of operations, one wholly inside the other, at every call of the outer one."""

import pytest

from tests.kit.engine import Engine
from tests.unit.stock.scenes import GUESTS, OPERATIONS, calls_of, half_way, meeting


pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def start() -> Engine:
    return half_way()


@pytest.mark.parametrize("first", OPERATIONS)
def test_whatever_happens_inside_an_operation_every_number_stays_in_one_place(start: Engine, first: str) -> None:
    found = {}
    for second, inner in GUESTS.items():
        for call in range(1, calls_of(start, OPERATIONS[first]) + 1):
            wrong = meeting(start, OPERATIONS[first], inner, call)
            if wrong:
                found[second, call] = wrong
    assert not found
