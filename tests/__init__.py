"""Tests by ring: unit, property, integration, concurrency, e2e. `tests.kit` holds what several of them share."""
