"""Keeps the counts of all suites of this folder."""

from collections.abc import Iterator

import pytest

from tests.fuzz.fuzzing import keep, tally


@pytest.fixture(scope="session", autouse=True)
def _counts_are_kept() -> Iterator[None]:
    yield
    if tally:
        keep()
