"""Fixtures of every ring."""

from tests.kit.roles import roles_are_kept
from tests.kit.tables import dynamodb, tables


__all__ = ["dynamodb", "roles_are_kept", "tables"]
