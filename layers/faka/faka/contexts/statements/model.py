"""Runs, discrepancies and their states."""

import hashlib
from datetime import date, datetime
from enum import StrEnum

from faka.kernel.errors import IllegalTransition
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen
from faka.kernel.money import Currency


PARTS_MAX = 64
"""Parts of one day's bill: a million lines are then 16,000 a part, which a small function holds on both sides in 20 MB."""

RULE_VERSION = "1"
"""Stands in each run and each automatic action: what was decided by other rules is told apart."""


class RunState(StrEnum):
    WAITING_FILE = "WAITING_FILE"
    NORMALISED = "NORMALISED"
    """Fetched, proved, read to its end and cut into parts."""
    MATCHING = "MATCHING"
    MATCHED = "MATCHED"
    REPAIRING = "REPAIRING"
    BALANCED = "BALANCED"
    DISCREPANT = "DISCREPANT"
    NO_DATA = "NO_DATA"
    FILE_MISSING = "FILE_MISSING"
    FILE_CORRUPT = "FILE_CORRUPT"
    FAILED = "FAILED"
    """The reduction does not add up: a fault of ours, nothing is concluded from the day."""
    CLOSED = "CLOSED"


_R = RunState
_ENDS = frozenset({_R.BALANCED, _R.DISCREPANT, _R.NO_DATA})
_WORKS = frozenset({_R.NORMALISED, _R.MATCHING, _R.MATCHED, _R.REPAIRING})
_AGAIN = frozenset({_R.WAITING_FILE, _R.NORMALISED})
"""A day may be run again from wherever it stands."""

RUN_TRANSITIONS: dict[RunState, frozenset[RunState]] = {
    _R.WAITING_FILE: _AGAIN | {_R.FILE_MISSING, _R.FILE_CORRUPT},
    _R.NORMALISED: _AGAIN | {_R.MATCHING},
    _R.MATCHING: _AGAIN | {_R.MATCHING, _R.MATCHED, _R.FAILED},
    _R.MATCHED: _AGAIN | {_R.MATCHING, _R.REPAIRING} | _ENDS,
    _R.REPAIRING: _AGAIN | {_R.MATCHING, _R.REPAIRING} | _ENDS,
    **dict.fromkeys(_ENDS, _AGAIN | _ENDS | {_R.CLOSED}),
    _R.FILE_MISSING: _AGAIN,
    _R.FILE_CORRUPT: _AGAIN,
    _R.FAILED: _AGAIN | {_R.MATCHING},
    _R.CLOSED: _AGAIN,
}


class DiscrepancyClass(StrEnum):
    """What is wrong with a line. Each line of either side is matched or in exactly one class."""

    BILL_ONLY_PAYMENT = "BILL_ONLY_PAYMENT"
    """长款: paid at the provider, no movement here, and no attempt of this number."""
    LOCAL_ONLY_PAYMENT = "LOCAL_ONLY_PAYMENT"
    """短款: we say paid, the bill lacks it."""
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    STATE_MISMATCH = "STATE_MISMATCH"
    """掉单: the attempt is known here as unpaid, the provider has the money; or a failed line of a payment that we booked."""
    DUPLICATE_PAYMENT = "DUPLICATE_PAYMENT"
    """A further successful payment of a number that is paid."""
    DUPLICATE_BILL_LINE = "DUPLICATE_BILL_LINE"
    BILL_ONLY_REFUND = "BILL_ONLY_REFUND"
    LOCAL_ONLY_REFUND = "LOCAL_ONLY_REFUND"
    REFUND_AMOUNT_MISMATCH = "REFUND_AMOUNT_MISMATCH"
    REFUND_STATE_MISMATCH = "REFUND_STATE_MISMATCH"
    FEE_MISMATCH = "FEE_MISMATCH"
    CHARGEBACK = "CHARGEBACK"
    """The provider took money back for a buyer's bank."""
    UNDELIVERED_PAID = "UNDELIVERED_PAID"
    """卡单: paid on both sides, and the goods are not handed over."""
    DELIVERED_UNPAID = "DELIVERED_UNPAID"
    FILE_MISSING = "FILE_MISSING"
    FILE_CORRUPT = "FILE_CORRUPT"


class Severity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    CRITICAL = "CRITICAL"


_C = DiscrepancyClass
_CRITICAL = frozenset({_C.LOCAL_ONLY_PAYMENT, _C.DELIVERED_UNPAID, _C.CURRENCY_MISMATCH, _C.AMOUNT_MISMATCH, _C.BILL_ONLY_REFUND})
_INFO = frozenset({_C.DUPLICATE_BILL_LINE, _C.FEE_MISMATCH})

REPAIRABLE = frozenset({_C.BILL_ONLY_PAYMENT, _C.STATE_MISMATCH, _C.DUPLICATE_PAYMENT})
"""Money that the provider has for us and we have not booked: the rule of all notices can take it."""


def severity(kind: DiscrepancyClass) -> Severity:
    if kind in _CRITICAL:
        return Severity.CRITICAL
    return Severity.INFO if kind in _INFO else Severity.WARNING


class DiscrepancyState(StrEnum):
    OPEN = "OPEN"
    TIMING = "TIMING"
    """存疑: near the cut of the day; the next days' bills may show it."""
    CLEARED = "CLEARED"
    """Found on another day, or gone when the day was run again."""
    AUTO_FIXED = "AUTO_FIXED"
    ASSIGNED = "ASSIGNED"
    RESOLVED = "RESOLVED"
    WRITTEN_OFF = "WRITTEN_OFF"
    """Two persons."""


_D = DiscrepancyState
DISCREPANCY_TRANSITIONS: dict[DiscrepancyState, frozenset[DiscrepancyState]] = {
    _D.OPEN: frozenset({_D.CLEARED, _D.AUTO_FIXED, _D.ASSIGNED, _D.RESOLVED, _D.WRITTEN_OFF}),
    _D.TIMING: frozenset({_D.OPEN, _D.CLEARED}),
    _D.ASSIGNED: frozenset({_D.RESOLVED, _D.WRITTEN_OFF, _D.CLEARED}),
    _D.CLEARED: frozenset({_D.OPEN, _D.TIMING}),
    _D.AUTO_FIXED: frozenset(),
    _D.RESOLVED: frozenset(),
    _D.WRITTEN_OFF: frozenset(),
}
"""CLEARED comes back only where a run of the same day finds it again."""


def run_key(channel: ChannelId, day: date) -> str:
    return f"RECON#{channel}#{day.isoformat()}"


def discrepancy_id(run: str, kind: DiscrepancyClass, match_key: str) -> str:
    """The same finding of the same day has the same id in every run of it."""
    return f"dsc_{hashlib.sha256(f'{run}|{kind}|{match_key}'.encode()).hexdigest()[:26]}"


class Action(Frozen):
    """What was done about a discrepancy, by the machine or by persons."""

    rule_version: str
    before: str
    after: str
    by: str
    at: datetime


class Discrepancy(Frozen):
    id: str
    channel: ChannelId
    day: date
    kind: DiscrepancyClass
    match_key: str
    state: DiscrepancyState
    severity: Severity
    currency: Currency | None = None
    out_trade_no: str = ""
    channel_txn_id: str = ""
    out_refund_no: str = ""
    order_id: str = ""
    our_state: str = ""
    their_state: str = ""
    our_minor: int | None = None
    """Signed: in is positive, out is negative. None where that side has no line."""
    their_minor: int | None = None
    our_time: datetime | None = None
    their_time: datetime | None = None
    line_no: int = 0
    """Where to look in the provider's file."""
    cleared_by: str = ""
    """The run that found it, where another day did."""
    rule_version: str = RULE_VERSION
    actions: tuple[Action, ...] = ()
    version: int = 1

    @property
    def difference_minor(self) -> int:
        return (self.their_minor or 0) - (self.our_minor or 0)

    def moved(self, state: DiscrepancyState, **changes: object) -> "Discrepancy":
        """Raises: IllegalTransition."""
        if state not in DISCREPANCY_TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        return self.model_copy(update={**changes, "state": state, "version": self.version + 1})


class Bill(Frozen):
    """What was fetched and what it says, as kept with the run."""

    name: str = ""
    media: str = ""
    bytes: int = 0
    sha256: str = ""
    provider_hash: str = ""
    lines: int = 0


class DayFee(Frozen):
    """What the provider kept of a day in one currency, as it is booked."""

    currency: Currency
    booked_minor: int
    carried_e5: int
    left_e5: int
    """From the day before and for the next one, in 1/100000. Taken over once, whatever the day before says later."""
    postings: int
    """Transactions that `booked_minor` is the sum of: one, and one for each time that another bill of the day says something else."""


class Run(Frozen):
    """One account's day."""

    channel: ChannelId
    day: date
    state: RunState = RunState.WAITING_FILE
    version: int = 1
    rule_version: str = RULE_VERSION
    reason: str = ""
    """Why there is no bill: NOT_READY or CORRUPT."""
    bill: Bill | None = None
    parts: int = 0
    matched: int = 0
    discrepancies: int = 0
    overflow: int = 0
    """Findings beyond what is kept as rows; the report has them all."""
    is_tripped: bool = False
    verdict: RunState | None = None
    sha256: str = ""
    """Of the closed day's figures."""
    fees: tuple[DayFee, ...] = ()  # kept when the day is run again: what is booked stays booked
    started_at: datetime
    changed_at: datetime

    @property
    def key(self) -> str:
        return run_key(self.channel, self.day)

    def moved(self, state: RunState, at: datetime, **changes: object) -> "Run":
        """Raises: IllegalTransition."""
        if state not in RUN_TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.key}: {self.state} to {state}")
        return self.model_copy(update={**changes, "state": state, "changed_at": at, "version": self.version + 1})

    def ended(self, at: datetime, sha256: str, fees: tuple[DayFee, ...]) -> "Run":
        """CLOSED with these fees; itself where it says so already. Raises: IllegalTransition."""
        if self.state is not RunState.CLOSED:
            return self.moved(RunState.CLOSED, at, sha256=sha256, fees=fees)
        return self if self.fees == fees else self.model_copy(update={"fees": fees, "changed_at": at, "version": self.version + 1})
