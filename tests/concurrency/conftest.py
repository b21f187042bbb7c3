"""The local cloud's engine, whose conditional writes are atomic under threads."""

from tests.kit.local import ministack, ministack_tables


__all__ = ["ministack", "ministack_tables"]
