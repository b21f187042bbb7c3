"""Where a day's files lie in the bucket of the books, and parts on their way there.

```
{channel}/{day}/raw/{sha256}            the provider's file as it came; a later one with another content lies beside it
                bill/07.csv ours/07.csv matched/07.json matched/07.jsonl.gz        parts
                bill/totals.json ours/totals.json sums.json found.jsonl crossed.json
                summary.json discrepancies.csv matched.jsonl.gz                    the report
```
"""

import csv
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from faka.contexts.statements.lines import Ours, Theirs
from faka.contexts.statements.parts import Totals
from faka.kernel.ids import ChannelId
from faka.platform.objects import ObjectGone, Objects


BILL, OURS = "bill", "ours"

CSV, JSON, LINES, GZIP = "text/csv; charset=utf-8", "application/json", "application/jsonl", "application/gzip"


class Shelf:
    """The files of one account's day."""

    def __init__(self, books: Objects, channel: ChannelId, day: date) -> None:
        self.books = books
        self._place = f"{channel}/{day.isoformat()}"

    def at(self, name: str) -> str:
        return f"{self._place}/{name}"

    def part(self, side: str, part: int) -> bytes:
        return self.books.get(self.at(f"{side}/{part:02d}.csv"))

    def put_json(self, name: str, value: Any) -> None:
        self.books.put(self.at(name), json.dumps(value, ensure_ascii=False).encode(), JSON)

    def get_json(self, name: str) -> Any:
        """Raises: ObjectGone."""
        return json.loads(self.books.get(self.at(name)))

    def find_json(self, name: str, otherwise: Any) -> Any:
        try:
            return self.get_json(name)
        except ObjectGone:
            return otherwise

    def upload(self, name: str, source: BinaryIO, kind: str) -> None:
        source.seek(0)
        self.books.upload(self.at(name), source, kind)

    def lines(self, name: str) -> Iterator[bytes]:
        """A file's lines, piece by piece. Nothing where there is no such file."""
        rest = b""
        try:
            stat = self.books.stat(self.at(name))
        except ObjectGone:
            return
        for piece in self.books.read(self.at(name), stat.etag, 0, stat.size):
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
        if rest:
            yield rest


class PartFiles:
    """A `PartWriter` over temporary files, one a part: memory holds their buffers only."""

    def __init__(self, folder: Path, parts: int, stack: ExitStack) -> None:
        self._paths = [folder / f"{part:02d}.csv" for part in range(parts)]
        self._files = [stack.enter_context(path.open("w", encoding="utf-8", newline="")) for path in self._paths]
        self._writers = [csv.writer(file, lineterminator="\n").writerow for file in self._files]

    def write(self, part: int, row: Theirs | Ours) -> None:
        self._writers[part](row)

    def upload(self, shelf: Shelf, side: str, totals: Totals) -> None:
        """All parts, then the totals: who finds totals finds every part."""
        for part, (path, file) in enumerate(zip(self._paths, self._files, strict=True)):
            file.flush()
            with path.open("rb") as source:
                shelf.upload(f"{side}/{part:02d}.csv", source, CSV)
        shelf.put_json(f"{side}/totals.json", {"lines": totals.lines, "sums": totals.told()})


@contextmanager
def part_files(parts: int) -> Iterator[PartFiles]:
    with TemporaryDirectory() as folder, ExitStack() as stack:
        yield PartFiles(Path(folder), parts, stack)
