"""A model with one rule broken does not get through: so the stories meet the rules, and the explained classes hide none of them."""

from collections.abc import Iterator

import pytest

from faka.platform.table import TableName
from tests.differential.broken import BROKEN, Broken
from tests.differential.counts import note
from tests.differential.differ import Report, Unexplained, compare
from tests.differential.doors import MotoDoor
from tests.differential.explained import MOTO
from tests.kit.engine import conditions, keys, updates
from tests.kit.engine.faults import NotModelled
from tests.kit.tables import PHYSICAL, moto_client


pytestmark = pytest.mark.property

TABLE = PHYSICAL[TableName.TRADE]
REQUESTS_MAX = 10_000
FALLS = (Unexplained, NotModelled, LookupError, TypeError, ValueError, AttributeError)
"""A broken model may also fall over itself."""

caught: dict[str, int] = {}


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> Iterator[None]:
    """Expressions are read once; a broken reader must not leave its readings behind, nor find those of the honest one."""
    readers = (conditions.condition, keys.key_condition, updates.update)
    for reader in readers:
        reader.cache_clear()
    yield
    for reader in readers:
        reader.cache_clear()


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_twin_with_one_rule_broken_is_found_out(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    broken.breaks(monkeypatch.setattr)
    report = Report()
    with moto_client():
        door = MotoDoor()
        with pytest.raises(FALLS):
            compare(1, REQUESTS_MAX, TABLE, door, classes=MOTO, report=report, begin=lambda: door.empty(TABLE))
    caught[broken.name] = report.requests
    print(f"{report.requests:>6} requests until caught: {broken.name}")
    note("twins", caught)
