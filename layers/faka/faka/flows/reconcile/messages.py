"""What the steps of the nightly reconciliation are asked and answer: ids and counts only, never a line of a bill."""

from datetime import date
from enum import StrEnum

from pydantic import Field

from faka.contexts.statements.model import PARTS_MAX, RunState
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen


class BillState(StrEnum):
    """What came of asking a provider for its books of a day."""

    READY = "READY"
    NO_DATA = "NO_DATA"
    """The provider says that nothing happened. Our side is matched all the same, with an empty bill of one part."""
    NOT_READY = "NOT_READY"
    """Ask again later; `close` without any bill says FILE_MISSING."""
    CORRUPT = "CORRUPT"
    """Fetched, and not what the provider says it is: ask again; `close` says FILE_CORRUPT."""


class PlanRequest(Frozen):
    day: date | None = None
    """The bill's day in Shanghai. None: yesterday there."""


class Plan(Frozen):
    day: date
    accounts: tuple[ChannelId, ...]


class AccountDay(Frozen):
    """One account at one provider on one day: what `fetch`, `repair` and `close` are asked about."""

    channel: ChannelId
    day: date


class Fetched(Frozen):
    state: BillState
    parts: int = Field(default=0, ge=0, le=PARTS_MAX)
    """At least one when READY or NO_DATA; parts are numbered from 0."""
    lines: int = 0


class PartsRequest(AccountDay):
    """What `export` and `reduce` are asked."""

    parts: int = Field(ge=1, le=PARTS_MAX)


class Exported(Frozen):
    lines: int


class PartRequest(AccountDay):
    """What `match` is asked."""

    part: int = Field(ge=0, lt=PARTS_MAX)


class Matched(Frozen):
    lines: int
    """Lines of the bill in this part."""
    ours: int
    matched: int
    left: int
    """Lines of either side that found nothing here; `reduce` looks at all parts' together."""


class Reduced(Frozen):
    lines: int
    matched: int
    discrepancies: int
    is_closed: bool
    """Every line, and every amount of every currency, is matched or in exactly one class."""


class Repaired(Frozen):
    repaired: int
    left: int
    is_tripped: bool
    """The circuit breaker: too much looked wrong to be true, so nothing was touched."""


class Closed(Frozen):
    state: RunState
    """BALANCED, DISCREPANT, NO_DATA, FILE_MISSING, FILE_CORRUPT; FAILED where the sums of a day do not add up, which is a fault of ours."""
    report: str = ""
    """Name of the summary in the bucket of the books; empty where there is none."""
