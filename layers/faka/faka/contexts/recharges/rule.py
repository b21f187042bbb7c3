"""The pure rule: what a supplier's word means for a recharge. Words in any order and number end in the same state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from faka.contexts.recharges.model import Attempt, Recharge, RechargeState
from faka.kernel.money import Money


MISSING_MIN = 2
"""*No such order* counts as *nothing was charged* only after the supplier's grace and this many times in a row."""


class Word(StrEnum):
    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    MISSING = "MISSING"
    """He knows no such order."""
    UNKNOWN = "UNKNOWN"
    """No answer, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said of one number, in whichever way."""

    number: str
    word: Word
    actor: str
    status: str = ""
    reason: str = ""
    supplier_no: str = ""
    cost: Money | None = None
    is_answer: bool = True
    """Whether it answers a question of ours, which the ladder counts; a notice does not."""
    grace_s: int = 600
    sha256: str = ""
    """Of his answer or notice as it came; empty where nothing came."""


class Effect(StrEnum):
    NONE = "NONE"
    DELIVERED = "DELIVERED"
    TAKEN_BACK = "TAKEN_BACK"
    """After a success."""
    PAID_TWICE = "PAID_TWICE"
    """A number that had failed succeeded after all, and the order has another end: a person's."""


def after(recharge: Recharge, heard: Heard, now: datetime) -> tuple[Recharge, Effect]:
    """The recharge after a word, and what else belongs into the same commit. An unchanged recharge is the same object."""
    attempt = recharge.attempt(heard.number)
    if attempt is None:
        return recharge, Effect.NONE
    if attempt is not recharge.last or not recharge.is_open:
        return _late(recharge, attempt, heard, now)
    return _open(recharge, attempt, heard, now)


def _open(recharge: Recharge, attempt: Attempt, heard: Heard, now: datetime) -> tuple[Recharge, Effect]:
    state = _state_of(attempt, heard, now)
    noted = attempt.model_copy(
        update={
            "state": state,
            "status": heard.status or attempt.status,
            "reason": heard.reason or attempt.reason,
            "supplier_no": heard.supplier_no or attempt.supplier_no,
            "cost": heard.cost or attempt.cost,
            "answer_sha256": heard.sha256 or attempt.answer_sha256,
            "asked": attempt.asked + heard.is_answer,
            "missing": attempt.missing + 1 if heard.word is Word.MISSING else 0,
            "ended_at": now if state in (RechargeState.SUCCEEDED, RechargeState.FAILED) else None,
        }
    )
    changed = recharge.moved(state, now, heard.actor, heard.status or heard.word, attempts=(*recharge.attempts[:-1], noted))
    return changed, Effect.DELIVERED if state is RechargeState.SUCCEEDED else Effect.NONE


def _state_of(attempt: Attempt, heard: Heard, now: datetime) -> RechargeState:
    match heard.word:
        case Word.SUCCEEDED:
            return RechargeState.SUCCEEDED
        case Word.FAILED | Word.REVERSED:
            return RechargeState.FAILED
        case Word.PROCESSING:
            return RechargeState.PROCESSING
        case Word.MISSING:
            is_sure = attempt.missing + 1 >= MISSING_MIN and now - attempt.sent_at >= timedelta(seconds=heard.grace_s)
            return RechargeState.FAILED if is_sure else RechargeState.UNKNOWN
        case Word.UNKNOWN:
            return RechargeState.UNKNOWN


def _late(recharge: Recharge, attempt: Attempt, heard: Heard, now: datetime) -> tuple[Recharge, Effect]:
    """A word about an attempt that has ended: only the opposite of its end means something, and only a person can weigh it."""
    is_last = attempt is recharge.last
    if attempt.state is RechargeState.SUCCEEDED and is_last and heard.word in (Word.REVERSED, Word.FAILED):
        if recharge.state is not RechargeState.SUCCEEDED:
            return recharge, Effect.NONE
        return recharge.moved(RechargeState.REVERSED, now, heard.actor, heard.status or heard.word), Effect.TAKEN_BACK
    if attempt.state is RechargeState.FAILED and heard.word is Word.SUCCEEDED:
        return recharge, Effect.PAID_TWICE
    return recharge, Effect.NONE
