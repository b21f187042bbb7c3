"""The model answers as moto does to random requests, or the documentation is on its side and the class of the difference is known.

`FAKA_DIFFERENTIAL=500000` tells longer stories. A failure names its seed: `FAKA_DIFFERENTIAL_SEED=<seed> FAKA_DIFFERENTIAL=60`.
"""

import os

import pytest

from faka.platform.table import TableName
from tests.differential.counts import note
from tests.differential.differ import Report, compare
from tests.differential.doors import ClientDoor, Door, MotoDoor
from tests.differential.explained import MOTO
from tests.kit.tables import PHYSICAL, moto_client


pytestmark = pytest.mark.property

TABLE = PHYSICAL[TableName.TRADE]
REQUESTS = int(os.environ.get("FAKA_DIFFERENTIAL", "50000"))
SEED = int(os.environ.get("FAKA_DIFFERENTIAL_SEED", "1"))
BIG = 200_000
"""So many requests meet every class."""


def told(count: int, seed: int, *, over_http: bool = False) -> Report:
    with moto_client() as client:
        bare = MotoDoor()
        door: Door = ClientDoor(client) if over_http else bare
        return compare(seed, count, TABLE, door, classes=MOTO, begin=lambda: bare.empty(TABLE))


@pytest.mark.timeout(3_600)
def test_random_requests_are_answered_as_moto_does_or_as_the_guide_says() -> None:
    report = told(REQUESTS, SEED)
    note("moto", report.counts(MOTO))
    print("\n".join(report.lines()))
    assert report.not_modelled < report.requests / 1_000
    if report.requests >= BIG:
        gone = [each.name for each in MOTO if not report.classes[each.name]]
        assert not gone, f"classes that no longer occur: {gone}"


def test_the_short_way_into_moto_answers_as_the_way_over_http() -> None:
    http, short = told(480, 7, over_http=True), told(480, 7)
    assert http.refused == short.refused
    assert {**http.classes, **_BY_THE_CLIENT} == {**short.classes, **_BY_THE_CLIENT}


_BY_THE_CLIENT = {"moto lacks: nothing": 0}
"""What botocore itself does not send."""
