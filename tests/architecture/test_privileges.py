"""The guard that all tests run under (tests.kit.roles) refuses what a role does not allow, and knows every flow that a function runs."""

import pytest

from infra.local.asked import IN_TRANSACTION, asked
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


def test_a_transaction_is_judged_by_each_of_its_writes() -> None:
    items = [
        {"Put": {"TableName": "test-trade", "Item": {"pk": {"S": "ORDER#1"}}}},
        {"ConditionCheck": {"TableName": "test-journal", "Key": {"pk": {"S": "TXN#1"}}}},
    ]
    assert list(asked("dynamodb", "transact_write_items", {"TransactItems": items})) == [
        ("dynamodb:PutItem", "table", "test-trade", "", ("ORDER#",), IN_TRANSACTION),
        ("dynamodb:ConditionCheckItem", "table", "test-journal", "", ("TXN#",), IN_TRANSACTION),
    ]


GET = {"TableName": "test-vault", "Key": {"pk": {"S": "PAGE#1"}, "sk": {"S": "PAGE"}}}


def test_a_call_that_a_role_does_not_allow_is_refused_and_remembered() -> None:
    with roles.trial() as book:
        roles.ask("RevealFunction", "dynamodb", "get_item", GET)
        with pytest.raises(roles.NotAllowed):
            roles.ask("CallbacksFunction", "dynamodb", "get_item", GET)
    (refusal,) = book.refused
    assert refusal == "CallbacksFunction may not dynamodb:GetItem on VaultTable for PAGE#: no statement of CallbacksRole allows it"
