"""The pure rule: what a supplier's word means for a purchase of cards. Words in any order and number end in the same state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from faka.contexts.purchases.model import MISSING_MIN, Purchase, PurchaseState
from faka.kernel.money import Money


class Word(StrEnum):
    PROCESSING = "PROCESSING"
    GIVEN = "GIVEN"
    """The cards are there, and lie in our import already."""
    FAILED = "FAILED"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Heard:
    number: str
    word: Word
    status: str = ""
    supplier_no: str = ""
    cost: Money | None = None
    is_answer: bool = True
    grace_s: int = 600


def after(purchase: Purchase, heard: Heard, now: datetime) -> Purchase:
    """Unchanged (the same object) where the attempt has ended, or is not the last one."""
    if not purchase.is_open or purchase.last.number != heard.number:
        return purchase
    attempt = purchase.last
    state = _state_of(attempt.missing, attempt.sent_at, heard, now)
    noted = attempt.model_copy(
        update={
            "state": state,
            "status": heard.status or attempt.status,
            "supplier_no": heard.supplier_no or attempt.supplier_no,
            "cost": heard.cost or attempt.cost,
            "asked": attempt.asked + heard.is_answer,
            "missing": attempt.missing + 1 if heard.word is Word.MISSING else 0,
            "ended_at": now if state in (PurchaseState.RECEIVED, PurchaseState.FAILED) else None,
        }
    )
    return purchase.moved(state, now, heard.status or heard.word, attempts=(*purchase.attempts[:-1], noted))


def _state_of(missing: int, sent_at: datetime, heard: Heard, now: datetime) -> PurchaseState:
    match heard.word:
        case Word.GIVEN:
            return PurchaseState.RECEIVED
        case Word.FAILED:
            return PurchaseState.FAILED
        case Word.PROCESSING:
            return PurchaseState.PROCESSING
        case Word.MISSING:
            is_sure = missing + 1 >= MISSING_MIN and now - sent_at >= timedelta(seconds=heard.grace_s)
            return PurchaseState.FAILED if is_sure else PurchaseState.UNKNOWN
        case Word.UNKNOWN:
            return PurchaseState.UNKNOWN
