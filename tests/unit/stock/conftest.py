"""Two stocks: on moto, whose answers are closest to the service's, and on the engine, which is quick."""

import pytest

from faka.platform.table import Tables
from tests.kit.engine import Engine
from tests.unit.stock.given import Given


@pytest.fixture
def given(tables: Tables) -> Given:
    return Given(tables)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def quick(engine: Engine) -> Given:
    return Given(engine.tables())
