"""Fixtures of every ring."""

from tests.kit.tables import dynamodb, tables


__all__ = ["dynamodb", "tables"]
