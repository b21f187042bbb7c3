"""Papers of a supplier, and until when they admit him.

```
FILED ──► APPROVED ──► WITHDRAWN      approved by somebody else than who filed it; withdrawn or rejected by anybody with a name
  └─────► REJECTED
```
A paper is not kept here: its kind, the last signs of its number, the SHA-256 of its file and the day on which it ends are. Where a
kind has several approved papers the one that lasts longest counts, so that a new one is filed while the old one still holds.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field, ValidationError

from faka.kernel.clock import to_row
from faka.kernel.errors import Conflict, Denied, FakaError, InvalidRequest, NotFound, UnknownState
from faka.kernel.ids import SupplierId
from faka.kernel.mask import mask_account
from faka.kernel.model import Frozen
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, update


PAPERS_MAX: Final = 60
"""Papers of one supplier that are read: three kinds, renewed each year for twenty years."""

WARNED_BEFORE: Final = timedelta(days=30)
"""An authority or a brand takes some weeks to write a new one."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class PaperKind(StrEnum):
    LICENCE = "LICENCE"
    """He may do business."""
    AUTHORISATION = "AUTHORISATION"
    """He may sell these goods."""
    CONTRACT = "CONTRACT"
    """He has agreed with us what happens when they are bad."""


REQUIRED: Final = tuple(PaperKind)


class PaperState(StrEnum):
    FILED = "FILED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"


_FROM: Final = {
    PaperState.APPROVED: PaperState.FILED,
    PaperState.REJECTED: PaperState.FILED,
    PaperState.WITHDRAWN: PaperState.APPROVED,
}


class PaperExists(Conflict):
    """The same file was filed before as a paper of this kind."""


class PaperMissing(NotFound):
    """No such paper of this supplier."""


class PaperOver(Conflict):
    """It is not in the state any more in which this could be decided."""


class OwnPaper(Denied):
    """Whoever filed it cannot approve it."""


class Paper(Frozen):
    supplier_id: SupplierId
    kind: PaperKind
    number: str = Field(max_length=80)
    """Masked; the whole number stands on the paper."""
    sha256: str
    valid_until: datetime
    """It counts before this moment."""
    state: PaperState = PaperState.FILED
    filed_by: str
    filed_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.sha256[:16]}"

    @property
    def warned_at(self) -> datetime:
        return self.valid_until - WARNED_BEFORE


def filed(supplier_id: SupplierId, kind: PaperKind, number: str, sha256: str, valid_until: datetime, by: str, at: datetime) -> Paper:
    """`by` is a person's name as it is compared. Raises: InvalidRequest."""
    if not 0 < len(number.strip()) <= 80 or not _SHA256.fullmatch(sha256):
        raise InvalidRequest("a paper has a number of at most 80 characters and the SHA-256 of its file, in 64 small hex digits")
    if valid_until <= at:
        raise InvalidRequest("this paper has ended already")
    masked = mask_account(number.strip())
    return Paper(supplier_id=supplier_id, kind=kind, number=masked, sha256=sha256, valid_until=valid_until, filed_by=by, filed_at=at)


def decided(paper: Paper, to: PaperState, by: str, at: datetime) -> Paper:
    """Raises: PaperOver, OwnPaper."""
    if _FROM.get(to) is not paper.state:
        raise PaperOver(paper.name)
    if to is PaperState.APPROVED and by == paper.filed_by:
        raise OwnPaper(paper.name)
    return paper.model_copy(update={"state": to, "decided_by": by, "decided_at": at})


def admitted_until(papers: Iterable[Paper]) -> datetime | None:
    """The first moment at which a required kind has no approved paper; None where one has none at all."""
    ends: dict[PaperKind, datetime] = {}
    for paper in papers:
        if paper.state is PaperState.APPROVED:
            ends[paper.kind] = max(paper.valid_until, ends.get(paper.kind, paper.valid_until))
    return min(ends.values()) if ends.keys() >= set(REQUIRED) else None


class PaperStore:
    """Rows `PAPERS#{supplier}` / `{kind}-{sha256}` in the trade table. An approved one is due when its end comes near."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, supplier_id: SupplierId) -> list[Paper]:
        """By kind; at most `PAPERS_MAX`."""
        rows, _ = self._tables.query(TableName.TRADE, f"PAPERS#{supplier_id}", limit=PAPERS_MAX, strong=True)
        return [_read(row) for row in rows]

    def due(self, supplier_id: SupplierId, now: datetime) -> list[Paper]:
        """Those whose end is near and of which nobody was warned."""
        rows, _ = self._tables.query(TableName.TRADE, f"PAPERS#{supplier_id}", limit=PAPERS_MAX, strong=True)
        return [_read(row) for row in rows if "due_sk" in row and row["due_sk"] <= to_row(now)]

    def filed(self, paper: Paper) -> Write:
        """Else PaperExists."""
        key = _key(paper)
        return insert(TableName.TRADE, {**paper.model_dump(mode="json"), "pk": key.pk, "sk": key.sk}, otherwise=_exists)

    def decided(self, before: Paper, after: Paper, at: datetime) -> Write:
        """Once. Else PaperOver."""
        indexed = due(f"PAPERS#{after.supplier_id}", after.warned_at)
        is_approved = after.state is PaperState.APPROVED
        return update(
            _key(after),
            "SET #state = :to, #decided_by = :who, #decided_at = :at"
            + (", #due_pk = :due_pk, #due_sk = :due_sk" if is_approved else " REMOVE #due_pk, #due_sk"),
            when="#state = :seen",
            otherwise=_over,
            to=after.state.value,
            who=after.decided_by,
            at=to_row(at),
            seen=before.state.value,
            **(indexed if is_approved else {}),
        )

    def warned(self, paper: Paper) -> Write:
        """It leaves the due index. Else PaperOver."""
        return update(_key(paper), "REMOVE #due_pk, #due_sk", when="attribute_exists(due_pk)", otherwise=_over)


def _key(paper: Paper) -> Key:
    return Key(TableName.TRADE, f"PAPERS#{paper.supplier_id}", paper.name)


def _read(row: Item) -> Paper:
    try:
        return Paper.model_validate(without_due(row))
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _exists(row: Item | None) -> FakaError:
    return PaperExists("paper exists", row)


def _over(row: Item | None) -> FakaError:
    return PaperOver("paper over", row)
