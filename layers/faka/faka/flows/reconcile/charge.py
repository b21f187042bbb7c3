"""What a provider kept of a day, into the books: what its bill says, whatever the contract does.

A bill prints fees with five places, so a day is rounded once, and what its rounding left goes into the next day. Where the day before is
not closed yet (its bill is late), there is nothing to take over, and what it will leave is taken by nobody: half a minor unit at most.
"""

from collections.abc import Mapping
from datetime import timedelta

from faka.contexts.ledger.channels import fees_of_day, rounded_fee
from faka.contexts.statements.model import DayFee, Run
from faka.kernel.money import Currency, Money
from faka.platform.table import Write
from faka.wiring import Deps


def charged(deps: Deps, run: Run, charged_e5: Mapping[str, int]) -> tuple[tuple[DayFee, ...], list[Write]]:
    """The day's fees as they are when the postings are written, and the postings: nothing where the books say it already.

    Both belong into the commit that closes the day: the run's version keeps two who close it from booking twice.
    Reads:  the run of the day before.
    """
    before = deps.statements.run(run.channel, run.day - timedelta(days=1))
    left = {fee.currency: fee.left_e5 for fee in before.fees} if before is not None else {}
    known = {fee.currency: fee for fee in run.fees}
    fees, postings = [], []
    for currency in sorted({*map(Currency, charged_e5), *left, *known}):
        kept = known.get(currency) or DayFee(currency=currency, carried_e5=left.get(currency, 0), booked_minor=0, left_e5=0, postings=0)
        minor, left_e5 = rounded_fee(charged_e5.get(currency, 0), kept.carried_e5, currency)
        more = Money(minor=minor - kept.booked_minor, currency=currency)
        if more.minor:
            postings.append(deps.ledger.posted(fees_of_day(run.channel, run.day, more, deps.clock.now(), kept.postings)))
        changes = {"booked_minor": minor, "left_e5": left_e5, "postings": kept.postings + bool(more.minor)}
        fees.append(kept.model_copy(update=changes))
    return tuple(fees), postings
