"""What a soak reads of its cloud from outside: all rows, queues, logs."""

import time
from typing import Any

from faka.platform.table import Item, TableName
from faka.steps.invariants import Books
from faka.wiring import Deps
from infra.bench.cloud import Cloud
from infra.local import deploy


SCAN_PAGE = 1_000
PAGES_MAX = 2_000
QUEUES_S_MAX = 30
VISIBLE, HIDDEN = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
DEAD = "Dead"
"""In the name of each queue for messages that nobody could work on."""


def all_rows(deps: Deps) -> Books:
    """Every row of every table. It is a picture of one moment when nobody writes."""
    return Books(**{table.value: _rows(deps, table) for table in TableName})


def _rows(deps: Deps, table: TableName) -> list[Item]:
    found: list[Item] = []
    after: Item | None = None
    for _ in range(PAGES_MAX):
        page, after = deps.tables.scan(table, limit=SCAN_PAGE, after=after)
        found += page
        if after is None:
            return found
    raise ValueError(f"{table} has more rows than a soak can make")


def wait_for_queues(cloud: Cloud) -> None:
    """Until nothing waits in them that a worker could take."""
    ends = time.monotonic() + QUEUES_S_MAX
    while sum(count for name, count in _counts(cloud, VISIBLE).items() if DEAD not in name) and time.monotonic() < ends:
        time.sleep(0.1)


def hidden(cloud: Cloud) -> int:
    return sum(_counts(cloud, HIDDEN).values())


def dead_letters(cloud: Cloud) -> dict[str, int]:
    return {name: count for name, count in _counts(cloud, VISIBLE).items() if DEAD in name}


def _counts(cloud: Cloud, what: str) -> dict[str, int]:
    sqs: Any = deploy.client("sqs", cloud.endpoint)
    urls = [address for name, address in deploy.resources(cloud.endpoint).items() if "/" in address and (name.endswith(("Queue", DEAD)))]
    asked = {url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[what]) for url in urls}
    return {url.rpartition("/")[2]: int(answer["Attributes"][what]) for url, answer in asked.items()}


def logs(cloud: Cloud) -> dict[str, bytes]:
    return {place.name: place.read_bytes() for place in sorted((cloud.state / "logs").glob("*.log"))}
