"""Registers all scenarios."""

import tests.simulation.scenarios


__all__ = ["tests"]
