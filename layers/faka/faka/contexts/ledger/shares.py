"""Dividing what came in: platform, supplier and agents get parts that add up to it, at every moment, however it is given back.

Shares are basis points. Amounts go by the largest remainder; between equal remainders the party whose name comes first gets the unit, so
a split is the same whoever makes it. A refund takes back *cumulatively*: what each party owes of all that was refunded so far, less what
it gave back before. Rounding therefore never drifts, and a whole refund takes back everything.
"""

from collections.abc import Mapping

from faka.contexts.ledger.accounts import Account, commission_earned, commission_pending, fees, payable
from faka.kernel.errors import Rejected
from faka.kernel.money import Currency, allocate


BASIS_POINTS = 10_000
PARTIES_MAX = 20
"""Platform, supplier and the levels of agents above a seller; nobody checks a transaction of more lines."""

PLATFORM = "platform"
"""The party that we are. The others are `supplier:{id}` and `agent:{id}`."""

Parts = Mapping[str, int]
"""Party → minor units."""


class BadShares(Rejected):
    """Shares that do not add up to the whole, or too many parties, or one of no known kind."""


class RefundsExceedPayment(Rejected):
    """More is given back than came in."""


def split(amount_minor: int, shares_bp: Mapping[str, int]) -> dict[str, int]:
    """The part of each party; together exactly the amount. Raises: BadShares."""
    parties = sorted(shares_bp)
    weights = [shares_bp[party] for party in parties]
    if not 0 < len(parties) <= PARTIES_MAX or sum(weights) != BASIS_POINTS or min(weights) < 0 or amount_minor < 0:
        raise BadShares(f"{len(parties)} parties, {sum(weights)} basis points")
    return dict(zip(parties, allocate(amount_minor, weights), strict=True))


def taken_back(parts: Parts, before_minor: int, refund_minor: int) -> dict[str, int]:
    """What each party gives back of one more refund, after refunds of `before_minor` in all. Together exactly the refund; never
    negative; over all refunds never more than the party's part.

    Raises: RefundsExceedPayment.
    """
    after_minor = before_minor + refund_minor
    if refund_minor < 0 or before_minor < 0 or after_minor > sum(parts.values()):
        raise RefundsExceedPayment(f"{after_minor} of {sum(parts.values())}")
    before, after = owed(parts, before_minor), owed(parts, after_minor)
    return {party: after[party] - before[party] for party in parts}


def owed(parts: Parts, refunded_minor: int) -> dict[str, int]:
    """What each party has given back once so much was refunded.

    A larger refund must take more from everybody or the same, never less. The largest remainder does not do that (one unit more in all
    can mean one unit less for somebody), a divisor method does: every unit of every party stands in one fixed queue, the i-th unit of a
    part p at place p / (2i - 1), higher first, and a refund of n takes the first n (Webster's method).
    """
    whole = sum(parts.values())
    parties = [party for party in sorted(parts) if parts[party]]
    # All units whose place in the queue is at least whole / (2 × refunded): nearly the right number, and none is left out before them.
    taken = {party: (2 * refunded_minor * parts[party] + whole) // (2 * whole) for party in parties}
    missing = refunded_minor - sum(taken.values())
    for _ in range(missing):
        taken[min(parties, key=lambda party: _Place(parts[party], taken[party] + 1, party))] += 1
    for _ in range(-missing):
        taken[max((party for party in parties if taken[party]), key=lambda party: _Place(parts[party], taken[party], party))] -= 1
    return {party: taken.get(party, 0) for party in parts}


class _Place:
    """Where the i-th unit of a party stands in the queue; compared without a fraction, so exactly."""

    def __init__(self, part: int, unit: int, party: str) -> None:
        self.part, self.odd, self.party = part, 2 * unit - 1, party

    def __lt__(self, other: "_Place") -> bool:
        mine, theirs = self.part * other.odd, other.part * self.odd
        return mine > theirs or (mine == theirs and self.party < other.party)


def account_of(party: str, currency: Currency) -> Account:
    """Where a party's part stands. Raises: BadShares."""
    kind, _, name = party.partition(":")
    if party == PLATFORM:
        return commission_earned(currency)
    if kind == "supplier":
        return payable(name, currency)
    if kind == "agent":
        return commission_pending(name, currency)
    raise BadShares("a party is the platform, a supplier or an agent")


def from_parts(parts: Parts, fee_minor: int, currency: Currency, before_minor: int, refund_minor: int) -> list[tuple[Account, int]]:
    """The accounts that one more refund of a divided sale comes out of: the parts first, the fee that the buyer paid last.

    Raises: RefundsExceedPayment.
    """
    goods = sum(parts.values())
    after_minor = before_minor + refund_minor
    if after_minor > goods + fee_minor:
        raise RefundsExceedPayment(f"{after_minor} of {goods + fee_minor}")
    of_goods = min(goods, after_minor) - min(goods, before_minor)
    back = taken_back(parts, min(goods, before_minor), of_goods)
    lines = [(account_of(party, currency), minor) for party, minor in sorted(back.items())]
    return [line for line in (*lines, (fees(currency), refund_minor - of_goods)) if line[1]]
