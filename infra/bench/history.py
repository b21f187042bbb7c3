"""Stock that has been selling for long: a million cards gone, with the rows that their orders left behind.

The claims are real: the head hands out every number. Two orders are real from form to card, one of a single card and one of 500;
the rows of the others are copies of theirs under numbers of their own, written past the SDK because there are 200,000 of them. The
relay is unplugged meanwhile: it would announce each of these orders anew.
"""

import base64
import http.client
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from faka.contexts.stock import Run, journal_rows
from faka.contexts.stock.journal import ClaimEvent
from faka.kernel.ids import SkuId, ulid
from faka.platform.table import TableName, to_wire
from faka.wiring import Deps
from infra.bench.calls import Counted, form, steps
from infra.bench.cloud import Cloud
from infra.local import deploy


SOLD = 1_000_000
SINGLES = 20_000
"""Orders of one card; the rest went in orders of 500. A million single orders would be nine million rows, which the emulator keeps
in memory at about 2 KB each."""
WHOLESALE = 500
LONG_AGO = timedelta(days=1)
"""The sweep looks at claims of the last minutes; these are over."""
CHUNK = 25
TRADE, JOURNAL = TableName.TRADE, TableName.JOURNAL
KEPT = {"ORDER": TRADE, "PAYMENT": TRADE, "NOTICE": TRADE, "CHANNELTXN": TRADE, "TXN": JOURNAL, "AUDIT": JOURNAL}
"""Rows that stay for ever. Claims of the journal are made anew, and hold rows leave by themselves."""


class Loader:
    """Writes rows by the thousand: one connection, bodies put together by hand."""

    def __init__(self, cloud: Cloud) -> None:
        self._line = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc)
        self._waiting: list[tuple[str, str]] = []
        self.count = 0

    def put(self, table: str, row: str) -> None:
        """`row` is the row's JSON as the wire has it."""
        self._waiting.append((table, row))
        if len(self._waiting) == CHUNK:
            self.flush()

    def flush(self) -> None:
        by_table: dict[str, list[str]] = {}
        for table, row in self._waiting:
            by_table.setdefault(table, []).append(f'{{"PutRequest":{{"Item":{row}}}}}')
        self.count += len(self._waiting)
        self._waiting.clear()
        if by_table:
            wanted = ",".join(f'"{table}":[{",".join(puts)}]' for table, puts in by_table.items())
            self._call("BatchWriteItem", f'{{"RequestItems":{{{wanted}}}}}'.encode())

    def _call(self, operation: str, body: bytes) -> None:
        scope = f"test/20260101/{deploy.REGION}/dynamodb/aws4_request"
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"
        self._line.request("POST", "/", body, headers)
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status != 200:
            raise RuntimeError(said[:300].decode())


def wire_text(row: Mapping[str, Any]) -> str:
    """A wire row as JSON; binary values as the service takes them."""
    return json.dumps(row, default=lambda value: base64.b64encode(bytes(value)).decode(), ensure_ascii=False)


@dataclass(frozen=True)
class Sample:
    """What one real order left: rows by table, and the words in them that were its own."""

    rows: tuple[tuple[str, str], ...]
    own: tuple[str, ...]

    def copies(self, words: Iterable[str]) -> Iterator[tuple[str, str]]:
        pairs = list(zip(self.own, words, strict=True))
        for table, text in self.rows:
            copy = text
            for old, new in pairs:
                copy = copy.replace(old, new)
            yield table, copy


def sampled(deps: Deps, counted: Counted, sku: SkuId, quantity: int) -> Sample:
    """Buy for real, and keep what was written into tables that remember."""
    command = form(deps, sku, quantity)
    for _ in steps(counted.doors(), counted, command):
        pass
    names = deps.settings.table_names()
    rows: dict[str, tuple[str, str]] = {}
    own = [command.form_id]
    for image in (record["dynamodb"]["NewImage"] for record in counted.meter.images):
        kind = image["pk"]["S"].partition("#")[0]
        if kind in KEPT:
            rows[image["pk"]["S"]] = (names[KEPT[kind]], wire_text(image))
        if kind in ("CHANNELTXN", "NOTICE") and (word := image["pk"]["S"].rpartition("#")[2]) not in own:
            own.append(word)
    return Sample(tuple(rows.values()), tuple(own))


def pour(deps: Deps, loader: Loader, sku: SkuId, samples: tuple[Sample, Sample], sold: int) -> int:
    """Rows of all the orders that are not there really; answers how many rows. `samples` are of one card and of many."""
    journal, started = deps.settings.table_names()[TableName.JOURNAL], deps.clock.now() - LONG_AGO
    number, serial, singles = WHOLESALE + 1, 2, min(SINGLES, sold // 50)
    while number < sold:
        count = 1 if serial < singles else min(WHOLESALE, sold - number)
        order = ulid(started, deps.chance)
        for table, row in samples[count > 1].copies((order, f"20260101{serial:026}", f"2026{serial:024}")):
            loader.put(table, row)
        run = Run(shard=0, serial=serial, start=number, count=count, batch=1)
        for item in journal_rows(ClaimEvent(sku=sku, tag=f"ord_{order}", run=run), started, started):
            loader.put(journal, wire_text(to_wire(item)))
        number, serial = number + count, serial + 1
    loader.flush()
    return loader.count


def claim_all(deps: Deps, sku: SkuId, sold: int) -> None:
    """Let the head hand out what is left of the first `sold` numbers."""
    left = sold - WHOLESALE - 1
    while left:
        deps.stock.claim(sku, f"history-{left}", min(left, WHOLESALE), 1)
        left -= min(left, WHOLESALE)
