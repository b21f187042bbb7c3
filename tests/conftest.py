"""Fixtures of every ring, and the judgement of rights at the end of a whole run."""

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


__all__ = [
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
