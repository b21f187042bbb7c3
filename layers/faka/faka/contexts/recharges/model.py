"""A recharge: one order's top-up, its attempts at suppliers, and who may follow whom.

```
CREATED ─► SUBMITTING ─► PROCESSING ─► SUCCEEDED ─► REVERSED
               │   └─► UNKNOWN ◄─┘ │       ▲
               │          └────────┼───────┘
               └────────► FAILED ◄─┘        FAILED ─► SUBMITTING    under a new number only
CREATED, FAILED ─► WAITING_FOR_BUYER ─► CREATED     for another account, the limit moved by the pause
                           └──────────► GIVEN_UP    nobody named one in time
```
An attempt is written before it is sent, so one that stands in SUBMITTING may have been sent: it is asked about, never sent again.
While an attempt is open there is no other, at no supplier, and no money goes back.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import Field

from faka.kernel.errors import Broken, IllegalTransition
from faka.kernel.ids import OrderId, RechargeId, SkuId, SupplierId, is_ulid
from faka.kernel.limits import CORRECTIONS_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money


ATTEMPTS_MAX = 5
"""Suppliers that are tried for one account. A buyer waits for each; after five the number, not the supplier, is wrong."""

NUMBERS_MAX = ATTEMPTS_MAX * (CORRECTIONS_MAX + 1)
"""Numbers of one recharge in all: so many suppliers for the first account and for each corrected one."""

ACCOUNT = "account"
"""A supplier's reason for a refusal: nothing can arrive there."""

LOG_MAX = 40

LIMIT = timedelta(minutes=30)
"""How long a recharge may be open before a person is called: most arrive within three minutes, suppliers promise ten to thirty."""

ASK_MAX = timedelta(days=3)
"""How long beyond its limit a supplier is still asked: his own books are closed by then, and a person has had it for three days."""

RESUME_PATIENCE = timedelta(minutes=1)
"""How long a corrected recharge may lie before the sweep begins the machine that should have begun at once."""

LADDER_S = (2, 5, 15, 60, 300, 900, 3600)
"""Pauses between two questions. A top-up is done in seconds or takes its time; the last pause repeats."""


class RechargeState(StrEnum):
    CREATED = "CREATED"
    """Nothing was ordered for its present account yet."""
    SUBMITTING = "SUBMITTING"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    """A time-out, an answer that nobody can read: it may have been charged. Ends only by an answer, or by a person with evidence."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    """Proved for the last attempt: nothing was charged. Another supplier, another account, or the money goes back."""
    WAITING_FOR_BUYER = "WAITING_FOR_BUYER"
    """Nothing is out; the buyer is asked for another account, and the limit's clock stands still."""
    GIVEN_UP = "GIVEN_UP"
    """No supplier is left; the order's money goes back."""
    REVERSED = "REVERSED"
    """It had succeeded and the supplier took it back: a person's case."""


_S = RechargeState
TRANSITIONS: dict[RechargeState, frozenset[RechargeState]] = {
    _S.CREATED: frozenset({_S.SUBMITTING, _S.WAITING_FOR_BUYER, _S.GIVEN_UP}),
    _S.SUBMITTING: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.SUCCEEDED, _S.FAILED}),
    _S.PROCESSING: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.SUCCEEDED, _S.FAILED}),
    _S.UNKNOWN: frozenset({_S.PROCESSING, _S.UNKNOWN, _S.SUCCEEDED, _S.FAILED}),
    _S.FAILED: frozenset({_S.SUBMITTING, _S.WAITING_FOR_BUYER, _S.GIVEN_UP}),
    _S.WAITING_FOR_BUYER: frozenset({_S.CREATED, _S.GIVEN_UP}),
    _S.SUCCEEDED: frozenset({_S.REVERSED}),
    _S.GIVEN_UP: frozenset(),
    _S.REVERSED: frozenset(),
}

OPEN = frozenset({_S.SUBMITTING, _S.PROCESSING, _S.UNKNOWN})
"""An attempt is out, and its end is not known."""

ENDED = frozenset({_S.SUCCEEDED, _S.GIVEN_UP, _S.REVERSED})


class Attempt(Frozen):
    """One number at one supplier."""

    number: str
    supplier_id: SupplierId
    goods_id: str
    cost_max: Money
    """What the supplier asked for it when it was chosen."""
    state: RechargeState = RechargeState.SUBMITTING
    status: str = ""
    """The supplier's own last word."""
    reason: str = ""
    supplier_no: str = ""
    cost: Money | None = None
    answer_sha256: str = ""
    """Of the last answer or notice about it, as it came: who keeps the supplier's own record can show that it is the same."""
    asked: int = 0
    missing: int = 0
    """Answers in a row that he knows no such order."""
    sent_at: datetime
    ended_at: datetime | None = None


class Entry(Frozen):
    """One line of the recharge's own history."""

    at: datetime
    state: RechargeState
    number: str
    actor: str
    status: str


class Recharge(Frozen):
    id: RechargeId
    order_id: OrderId
    sku_id: SkuId
    account: dict[str, str] = Field(repr=False)
    """Where it goes. Personal, so never in a log, an event or a machine's payload."""
    carrier: str = ""
    """Who serves the account, as a supplier's look-up or a person said; never guessed."""
    price: Money
    """What the buyer paid for it, without fees: no supplier may cost more."""
    state: RechargeState = RechargeState.CREATED
    attempts: tuple[Attempt, ...] = ()
    corrections: int = 0
    """Times that the buyer named another account; his order keeps the former ones."""
    round_from: int = 0
    """Attempts that were made for former accounts."""
    paused_at: datetime | None = None
    """Since when the buyer is asked."""
    correct_until: datetime | None = None
    version: int = 1
    created_at: datetime
    limit_at: datetime
    is_with_a_person: bool = False
    log: tuple[Entry, ...] = ()
    due_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def last(self) -> Attempt:
        """Raises: Broken before the first attempt."""
        if not self.attempts:
            raise Broken(f"{self.id}: no attempt")
        return self.attempts[-1]

    @property
    def round(self) -> tuple[Attempt, ...]:
        """The attempts for its present account."""
        return self.attempts[self.round_from :]

    @property
    def may_be_sent_back(self) -> bool:
        """Whether a supplier has proved that its account is wrong, and the buyer may name another."""
        is_refused = any(one.state is RechargeState.FAILED and one.reason == ACCOUNT for one in self.round)
        return self.state is RechargeState.FAILED and is_refused and self.corrections < CORRECTIONS_MAX

    def attempt(self, number: str) -> Attempt | None:
        return next((one for one in self.attempts if one.number == number), None)

    def is_left(self, at: datetime) -> bool:
        """Whether nobody but a person, or the supplier by himself, will end it."""
        return self.is_with_a_person and at >= self.limit_at + ASK_MAX

    def wait_s(self, now: datetime) -> int:
        """Until the next question: a step of the ladder, but not beyond the limit, at which a person is called."""
        asked = self.attempts[-1].asked if self.attempts else 0
        step = LADDER_S[min(asked, len(LADDER_S) - 1)]
        left = int((self.limit_at - now).total_seconds()) + 1
        return min(step, left) if left > 0 else step

    def moved(self, state: RechargeState, at: datetime, actor: str, status: str, **changes: object) -> "Recharge":
        """Raises: IllegalTransition for a change outside the table."""
        if state not in TRANSITIONS[self.state]:
            raise IllegalTransition(f"{self.id}: {self.state} to {state}")
        number = self.attempts[-1].number if self.attempts else ""
        entry = Entry(at=at, state=state, number=number, actor=actor, status=status)
        return self.model_copy(update={**changes, "state": state, "log": (*self.log, entry)[-LOG_MAX:], "version": self.version + 1})

    def sent_back(self, until: datetime, at: datetime, actor: str, why: str) -> "Recharge":
        """Raises: IllegalTransition while an attempt is open, and after the end."""
        changes = {"paused_at": at, "correct_until": until, "due_at": until, "is_with_a_person": False}
        return self.moved(RechargeState.WAITING_FOR_BUYER, at, actor, why, **changes)

    def corrected(self, account: dict[str, str], carrier: str, at: datetime) -> "Recharge":
        """To another account, as if it had begun there: with every supplier, and what was left of its time.

        Raises: IllegalTransition unless it waits for its buyer.
        """
        changes = {
            "account": account,
            "carrier": carrier,
            "corrections": self.corrections + 1,
            "round_from": len(self.attempts),
            "limit_at": self.limit_at + (at - (self.paused_at or at)),
            "paused_at": None,
            "correct_until": None,
            "due_at": at + RESUME_PATIENCE,
        }
        return self.moved(RechargeState.CREATED, at, "buyer", "another account", **changes)


def recharge_id(order: OrderId) -> RechargeId:
    """An order has one recharge."""
    return RechargeId(f"rch_{order[4:]}")


def order_of(recharge: RechargeId) -> OrderId:
    return OrderId(f"ord_{recharge[4:]}")


def number_of(recharge: RechargeId, attempt: int) -> str:
    """The attempt's number at a supplier, from 0: 31 letters and digits. Raises: Broken beyond `NUMBERS_MAX`."""
    if not 0 <= attempt < NUMBERS_MAX:
        raise Broken(f"{recharge}: attempt {attempt}")
    return f"rch{recharge[4:]}{attempt:02d}"


def recharge_of(number: str) -> RechargeId | None:
    """The recharge that a supplier's notice names, or None when the number was never ours."""
    if len(number) == 31 and number.startswith("rch") and is_ulid(number[3:29]) and number[29:].isascii() and number[29:].isdigit():
        return RechargeId(f"rch_{number[3:29]}")
    return None
