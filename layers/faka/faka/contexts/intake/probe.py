"""Whether the cards of a new batch work: a sample of them is asked about before any is on sale.

```
PROBE#sku        which kind of prober a SKU has, and how many cards of each batch it is asked about
ImportJob.samples   the cards, by their places in stock and in the file, and what was answered; never their text
```
A prober asks whoever can tell without using the card up: the issuer's balance page, a supplier's check. No such protocol is public, so
`KINDS` is empty here: an adapter is added with its kind.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Annotated, Protocol

from pydantic import Field, ValidationError

from faka.kernel.errors import Unavailable, UnknownState
from faka.kernel.exchange import Transport
from faka.kernel.ids import SkuId
from faka.kernel.model import Frozen
from faka.kernel.secret import Secret
from faka.platform.table import Key, TableName, Tables, Write, put


SAMPLE_MAX = 20
"""Cards of a batch that are asked about. Where a tenth is bad, twenty meet one seven times in eight; and each stands in the job's row."""

ASKS_MAX = 5
"""Questions about one card before a person decides."""


class Verdict(StrEnum):
    GOOD = "GOOD"
    BAD = "BAD"
    UNKNOWN = "UNKNOWN"
    """No answer, or one that says neither. It decides nothing."""


class CardProbe(Protocol):
    """Answers within a few seconds, uses no card up, and neither keeps nor logs what it is given."""

    def ask(self, number: Secret, secret: Secret) -> Verdict:
        """`number` is what is printed on the card and may be empty. Raises: Unavailable, which counts as UNKNOWN."""
        ...


class ProbeClosed(Unavailable):
    """There is no prober of this kind."""


class ProbeRow(Frozen):
    """How new batches of a SKU are probed."""

    sku: SkuId
    kind: str = Field(min_length=1, max_length=40)
    sample: Annotated[int, Field(strict=True, ge=1, le=SAMPLE_MAX)]
    account: dict[str, str] = Field(default_factory=dict, max_length=8)
    """Names and addresses that the prober needs; no secret."""
    enabled: bool = True
    by: str


class Sample(Frozen):
    """One card that is asked about: card `number` of the SKU, line `line` of the file, its bytes `start` to `end`."""

    number: int
    line: int
    start: int
    end: int
    asked: int = 0
    verdict: Verdict = Verdict.UNKNOWN

    @property
    def is_open(self) -> bool:
        """Whether it may still be asked about."""
        return self.verdict is Verdict.UNKNOWN and self.asked < ASKS_MAX


Opens = Callable[[ProbeRow, Transport], CardProbe]

KINDS: Mapping[str, Opens] = {}


def opened_probe(row: ProbeRow, transport: Transport, kinds: Mapping[str, Opens] = KINDS) -> CardProbe:
    """Raises: ProbeClosed."""
    if row.kind not in kinds:
        raise ProbeClosed(row.kind)
    return kinds[row.kind](row, transport)


class ProbeStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, sku: SkuId) -> ProbeRow | None:
        """The SKU's row, also one that is turned off."""
        row = self._tables.get(_key(sku))
        if row is None:
            return None
        try:
            return ProbeRow.model_validate({name: value for name, value in row.items() if name not in ("pk", "sk")})
        except ValidationError as error:
            raise UnknownState(row["pk"]) from error

    def written(self, row: ProbeRow) -> Write:
        key = _key(row.sku)
        return put(TableName.CATALOG, {**row.model_dump(mode="json"), "pk": key.pk, "sk": key.sk})


def _key(sku: SkuId) -> Key:
    return Key(TableName.CATALOG, f"PROBE#{sku}", "PROBE")
