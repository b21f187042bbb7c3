"""An import job: what was asked for, how far it has come, what it found."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from faka.contexts.intake.errors import ImportNotDone
from faka.contexts.intake.probe import Sample
from faka.contexts.intake.survey import Refusal, Survey, Wish
from faka.kernel.errors import IllegalTransition
from faka.kernel.ids import BatchId, ProductId, SkuId
from faka.kernel.model import Frozen
from faka.kernel.money import Money


FILE_BYTES_MAX = 100 * 1024 * 1024
"""A card file. A million cards of a hundred characters fit; the survey and the sealing read it in ranges of a megabyte."""

UPLOAD_VALID_S = 900
"""A form that is not used within a quarter of an hour is asked for again."""

LEASE = timedelta(seconds=90)
"""How long a worker is left alone after its last sign of life. A step takes a few seconds; a dead worker is waited for once."""

REMARK_MAX = 200


class ImportState(StrEnum):
    WAITING = "WAITING"
    COUNTING = "COUNTING"
    SEALING = "SEALING"
    PROBING = "PROBING"
    LINKING = "LINKING"
    DONE = "DONE"
    REFUSED = "REFUSED"


_S = ImportState
TRANSITIONS: dict[ImportState, frozenset[ImportState]] = {
    _S.WAITING: frozenset({_S.COUNTING}),
    _S.COUNTING: frozenset({_S.SEALING, _S.REFUSED}),
    _S.SEALING: frozenset({_S.PROBING, _S.LINKING}),
    _S.PROBING: frozenset({_S.LINKING}),
    _S.LINKING: frozenset({_S.DONE}),
    _S.DONE: frozenset(),
    _S.REFUSED: frozenset(),
}
"""Who may follow whom. A file is refused before anything of it is kept; afterwards an import always ends in DONE."""


class JobLot(Frozen):
    """The cards of one expiry day while they are being sealed: numbers `base` to `base + room - 1` are theirs."""

    expires: str
    base: int
    room: int
    sealed: int = 0
    """Cards sealed so far, the ones in `tail` included."""
    tail: tuple[bytes, ...] = ()
    """Sealed cards of the page that is not full yet. They wait here, so that a page is written once and whole."""


class Counts(Frozen):
    """Lines of each outcome up to `line`."""

    new: int = 0
    duplicate: int = 0
    bad: int = 0

    @property
    def lines(self) -> int:
        return self.new + self.duplicate + self.bad


class ImportJob(Frozen):
    id: BatchId
    sku: SkuId
    product: ProductId
    shards: int = 1
    """Heads that the cards will be spread over."""
    wish: Wish
    unit_cost: Money | None = None
    supplier: str = ""
    remark: str = ""
    by: str
    opened_at: datetime
    state: ImportState = ImportState.WAITING
    version: int = 1
    lease_by: str = ""
    lease_until: datetime | None = None
    etag: str = ""
    size: int = 0
    day: date | None = None
    """The business day on which the file was first read; expiry is judged by it to the end, even over midnight."""
    survey: Survey | None = None
    refusal: Refusal | None = None
    ordinal: int = -1
    lots: tuple[JobLot, ...] = ()
    offset: int = 0
    line: int = 0
    """Lines of the file that are behind us, blank ones included, and where the next one starts."""
    cut_line: int | None = None
    """Set when the file was gone before its end: what this job claimed beyond that line, another import may take over."""
    counts: Counts = Counts()
    sample_size: int = 0
    """Cards that are asked about before any is on sale; 0: nobody can tell of this SKU."""
    samples: tuple[Sample, ...] = ()
    ask_at: datetime | None = None
    """When those that nobody could tell of are asked about again."""
    held: str = ""
    """Why its cards stay off sale until a person decides; empty: they need not."""
    problems_key: str = ""
    done_at: datetime | None = None

    @property
    def incoming_key(self) -> str:
        """Where the upload lands: the one place for which its form is good."""
        return f"incoming/{self.id}"

    @property
    def work_key(self) -> str:
        """Where the file is read from. A second upload through the same form cannot reach it."""
        return f"work/{self.id}"

    @property
    def is_over(self) -> bool:
        return self.state in (_S.DONE, _S.REFUSED)

    @property
    def read(self) -> Survey:
        """Raises: ImportNotDone before the survey."""
        if self.survey is None:
            raise ImportNotDone(self.id)
        return self.survey

    def has_lost(self, line: int) -> bool:
        """Whether a fingerprint of that line names a card that this job will never put on sale."""
        return self.cut_line is not None and line > self.cut_line

    def is_leased(self, at: datetime) -> bool:
        return self.lease_until is not None and at < self.lease_until

    def changed(self, at: datetime, **changes: object) -> "ImportJob":
        """The job after a step: one version further, its lease renewed."""
        until = at + LEASE if self.lease_by else None
        return self.model_copy(update={"lease_until": until, **changes, "version": self.version + 1})

    def moved(self, state: ImportState, at: datetime, **changes: object) -> "ImportJob":
        """Raises: IllegalTransition for a change outside the state table."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        return self.changed(at, state=state, **changes)
