"""Condition and update expressions by themselves, for a test that plays the service badly. The model is in `tests.kit.engine`."""

from collections.abc import Callable
from typing import Any

from tests.kit.engine import conditions, updates
from tests.kit.engine.faults import ExpressionFault
from tests.kit.engine.values import Row


__all__ = ["ExpressionFault", "Row", "Scope", "condition", "updated"]

Scope = tuple[Row, dict[str, str], dict[str, Any]]
"""The row, the names and the values of one request."""


def condition(text: str) -> Callable[[Scope], bool]:
    return lambda scope: conditions.condition(text, tuple(scope[1].items())).test(scope[0], scope[2])


def updated(row: Row, text: str, names: dict[str, str], values: dict[str, Any]) -> Row:
    """The row after the update. All right-hand sides see the row as it was."""
    return updates.changed(row, updates.update(text, tuple(names.items())), values)
