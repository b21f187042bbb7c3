"""Units by hand, and sizes as the tests' engine sees them."""

import pytest

from infra.bench.meter import Call, Cost, operations, size, units, write_cost
from tests.kit import engine


pytestmark = pytest.mark.unit

ROW = {"pk": {"S": "ORDER#1"}, "sk": {"S": "ORDER"}}
DUE = {"due_pk": {"S": "0"}, "due_sk": {"S": "2026-01-01"}}


def filled(length: int) -> dict[str, dict[str, str]]:
    """A row of exactly so many bytes."""
    return {**ROW, "x": {"S": "y" * (length - size(ROW) - 1)}}


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        {**ROW, "n": {"N": "-12300"}, "m": {"N": "0"}, "o": {"N": "1234567"}},
        {**ROW, "l": {"L": [{"N": "1"}, {"S": "卡密"}]}, "m": {"M": {"a": {"BOOL": True}, "b": {"NULL": True}}}},
        {**ROW, "b": {"B": b"123"}, "s": {"SS": ["a", "bc"]}, "ns": {"NS": ["1", "22"]}},
    ],
)
def test_sizes_are_those_of_the_engine(row: dict[str, dict[str, object]]) -> None:
    assert size(row) == engine.size(row)


@pytest.mark.parametrize(("length", "factor", "expected"), [(1_024, 1, 1), (1_025, 1, 2), (1_024, 2, 2), (1_025, 2, 4)])
def test_a_write_costs_a_unit_per_started_kilobyte_and_double_in_a_transaction(length: int, factor: int, expected: int) -> None:
    assert write_cost(None, filled(length), factor).write == expected


def test_the_larger_of_the_row_before_and_after_counts() -> None:
    assert write_cost(filled(3_000), ROW, 1).write == 3


def test_the_index_costs_where_a_row_enters_leaves_or_moves() -> None:
    later = {**ROW, **DUE, "due_sk": {"S": "2027-01-01"}}
    assert write_cost(ROW, {**ROW, **DUE}, 1).index == 1
    assert write_cost({**ROW, **DUE}, ROW, 1).index == 1
    assert write_cost({**ROW, **DUE}, later, 1).index == 2
    assert write_cost({**ROW, **DUE}, {**ROW, **DUE, "x": {"N": "1"}}, 1).index == 0
    assert write_cost(ROW, ROW, 1).index == 0


def test_sums_by_operation_and_kind() -> None:
    calls = [Call("notice", "dynamodb", "PutItem", [Cost("NOTICE", 2)]), Call("notice", "dynamodb", "GetItem", [Cost("ORDER", read=0.5)])]
    assert operations(calls, "dynamodb") == {"PutItem": 1, "GetItem": 1}
    assert units(calls, "write") == 2
    assert units(calls, "read", frozenset({"NOTICE"})) == 0
