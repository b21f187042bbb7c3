"""What two lines that have met say of each other. Amounts are exact; only fees have a tolerance."""

from dataclasses import dataclass

from faka.contexts.statements.lines import DONE, FAILED, FEE, PAY, PENDING, REFUND, Ours, Theirs
from faka.contexts.statements.model import DiscrepancyClass
from faka.kernel.money import EXPONENT, Currency


FEE_TOLERANCE_E5 = 1_000
"""One fen a line, in 1/100000 of the major unit: providers round each line on their own."""

FEE_DAY_TOLERANCE_BP = 50
"""Half a percent of a day's fees; less than a fen a line can still be a wrong rate on all lines."""

WAITING = "WAITING"

_FITS = {
    DONE: frozenset({"SUCCEEDED"}),
    PENDING: frozenset({"SUBMITTED", "SUCCEEDED", "FAILED"}),
    FAILED: frozenset({"REQUESTED", "FAILED", "WITH_PERSON"}),
}
"""A line that says PENDING was printed when the refund began and is never printed again, so any later end of it fits."""


@dataclass(frozen=True)
class Rules:
    """What is agreed with the provider."""

    fee_bp: int | None = None
    """The contract's rate in basis points of the payment. None: fees are summed and not judged."""
    shows_refunds: bool = True
    """False where the provider's books are a list of orders, in which a refund has no line (epay)."""

    def expected_fee_e5(self, minor: int, currency: str) -> int:
        """In 1/100000 of the major unit, rounded half up."""
        unit = int(10 ** (EXPONENT[Currency(currency)] + 4))
        return (2 * minor * (self.fee_bp or 0) * 10**5 + unit) // (2 * unit)


def compared(theirs: Theirs, ours: Ours, rules: Rules) -> DiscrepancyClass | None:
    """The class of a pair, the gravest first; None when nothing differs."""
    is_refund = theirs.kind == REFUND
    if theirs.currency != ours.currency:
        return DiscrepancyClass.CURRENCY_MISMATCH
    if theirs.amount != ours.amount:
        return DiscrepancyClass.REFUND_AMOUNT_MISMATCH if is_refund else DiscrepancyClass.AMOUNT_MISMATCH
    if is_refund:
        return None if ours.state in _FITS.get(theirs.status, ()) else DiscrepancyClass.REFUND_STATE_MISMATCH
    if theirs.status != DONE:
        return DiscrepancyClass.STATE_MISMATCH
    if _fee_differs(theirs, rules):
        return DiscrepancyClass.FEE_MISMATCH
    return DiscrepancyClass.UNDELIVERED_PAID if ours.goods == WAITING else None


def fee_of(line: Theirs, rules: Rules) -> tuple[int, int]:
    """What the provider kept of a payment and what the contract says, in 1/100000; nothing where no rate is agreed."""
    if rules.fee_bp is None or line.kind != PAY:
        return 0, 0
    return int(line.fee_e5), rules.expected_fee_e5(int(line.amount), line.currency)


def charged_e5(line: Theirs) -> int:
    """What the provider keeps by this line, in 1/100000; negative where it gives back. A fee that is a line of its own is its amount."""
    own = -int(line.amount) * 10**5 // 10 ** EXPONENT[Currency(line.currency)] if line.kind == FEE else 0
    return int(line.fee_e5) + own


def is_wrong_on_the_day(kept_e5: int, expected_e5: int) -> bool:
    return abs(kept_e5 - expected_e5) * 10_000 > FEE_DAY_TOLERANCE_BP * abs(expected_e5) and abs(kept_e5 - expected_e5) > FEE_TOLERANCE_E5


def _fee_differs(line: Theirs, rules: Rules) -> bool:
    if rules.fee_bp is None:
        return False
    kept, expected = fee_of(line, rules)
    return abs(kept - expected) > FEE_TOLERANCE_E5
