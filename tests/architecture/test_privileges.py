"""The guard that all tests run under (tests.kit.roles) refuses what a role does not allow, and knows every flow that a function runs."""

import pytest

from infra.tools.template import Statement
from tests.architecture.sources import sources
from tests.architecture.test_imports import imported
from tests.kit import roles


pytestmark = pytest.mark.architecture


def flows_of_functions() -> dict[str, set[str]]:
    """Flow → the functions that import it. What only an operator's command runs is not among them."""
    found: dict[str, set[str]] = {}
    for source in sources("functions"):
        function = f"{source.path.split('/')[1].capitalize()}Function"
        for name in imported(source):
            if name.startswith("faka.flows."):
                found.setdefault(name.split(".")[2], set()).add(function)
    return found


def test_the_guard_knows_each_flow_that_a_function_runs_and_by_whose_role() -> None:
    known: dict[str, str] = {flow.split(".", maxsplit=1)[0]: function for flow, function in roles.RUNS.items()}
    ran = flows_of_functions()
    assert set(known) == set(ran)
    assert [flow for flow, function in known.items() if function not in ran[flow]] == []


ROLE = (
    Statement("a", "Allow", ("dynamodb:GetItem",), ("TradeTable",), {}),
    Statement("b", "Allow", ("dynamodb:PutItem",), ("TradeTable",), {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ORDER#*"]}}),
    Statement("c", "Allow", ("dynamodb:UpdateItem",), ("TradeTable",), {"StringEquals": {"aws:SourceVpc": "v"}}),
)


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        (("dynamodb:GetItem", "TradeTable", "X#1"), True),
        (("dynamodb:GetItem", "VaultTable", "X#1"), False),
        (("dynamodb:GetItem", "TradeTable/index/due", "0"), False),
        (("dynamodb:DeleteItem", "TradeTable", "ORDER#1"), False),
        (("dynamodb:PutItem", "TradeTable", "ORDER#1"), True),
        (("dynamodb:PutItem", "TradeTable", "PAYMENT#1"), False),
        (("dynamodb:UpdateItem", "TradeTable", "ORDER#1"), False),
    ],
)
def test_a_call_passes_only_where_a_statement_allows_it(call: roles.Call, allowed: bool) -> None:
    assert roles.is_allowed(ROLE, call) == allowed


def test_a_transaction_is_judged_by_each_of_its_writes() -> None:
    items = [
        {"Put": {"TableName": "test-trade", "Item": {"pk": {"S": "ORDER#1"}}}},
        {"ConditionCheck": {"TableName": "test-journal", "Key": {"pk": {"S": "TXN#1"}}}},
    ]
    assert list(roles.calls("transact_write_items", {"TransactItems": items})) == [
        ("dynamodb:PutItem", "TradeTable", "ORDER#1"),
        ("dynamodb:ConditionCheckItem", "JournalTable", "TXN#1"),
    ]
