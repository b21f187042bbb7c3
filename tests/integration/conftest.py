"""Fixtures of stores and flows: moto for one thread, the emulator for races."""

from tests.kit.local import ministack, ministack_tables


__all__ = ["ministack", "ministack_tables"]
