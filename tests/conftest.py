"""Fixtures of every ring, and the judgement of rights at the end of a whole run."""

import os

import pytest

from tests.kit.quicker import once_for_each_process
from tests.kit.roles import roles_are_kept
from tests.kit.tables import dynamodb, tables
from tests.kit.whole_run import (
    pytest_addoption,
    pytest_configure,
    pytest_configure_node,
    pytest_deselected,
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_unconfigure,
)


once_for_each_process()


@pytest.fixture(autouse=True)
def agent_stays_short() -> None:
    """Each Chalice app lengthens the user agent of all clients by its own name; after some thousand apps no server takes that header."""
    os.environ["AWS_EXECUTION_ENV"] = "AWS_Lambda"


__all__ = [
    "agent_stays_short",
    "dynamodb",
    "pytest_addoption",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_deselected",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_unconfigure",
    "roles_are_kept",
    "tables",
]
