"""The model answers as the local cloud's engine does to random requests, or the class of the difference is known."""

import os
from collections.abc import Iterator

import pytest

from faka.platform.table import TableName
from tests.differential.counts import note
from tests.differential.differ import compare
from tests.differential.doors import ClientDoor
from tests.differential.explained import LEFT_OUT, LOCAL_CLOUD
from tests.kit.local import MiniStackTables, ministack, ministack_tables
from tests.kit.tables import PHYSICAL


__all__ = ["ministack", "ministack_tables"]

pytestmark = pytest.mark.property

TABLE = PHYSICAL[TableName.TRADE]
REQUESTS = int(os.environ.get("FAKA_DIFFERENTIAL_LOCAL", "2400"))
SEED = int(os.environ.get("FAKA_DIFFERENTIAL_SEED", "1"))
BIG = 20_000
"""So many requests meet every class."""


@pytest.fixture
def door(ministack_tables: MiniStackTables) -> Iterator[ClientDoor]:
    client = ministack_tables.client()
    yield ClientDoor(client, {PHYSICAL[name]: physical for name, physical in ministack_tables.names.items()})
    client.close()


@pytest.mark.timeout(3_600)
def test_random_requests_are_answered_as_the_local_cloud_does_or_as_the_guide_says(door: ClientDoor) -> None:
    report = compare(SEED, REQUESTS, TABLE, door, classes=LOCAL_CLOUD, begin=lambda: door.empty(TABLE), leaves_out=LEFT_OUT)
    note("local cloud", report.counts(LOCAL_CLOUD))
    print("\n".join(report.lines()))
    assert report.not_modelled < report.requests / 1_000
    if report.requests >= BIG:
        gone = [each.name for each in LOCAL_CLOUD if not report.classes[each.name]]
        assert not gone, f"classes that no longer occur: {gone}"
