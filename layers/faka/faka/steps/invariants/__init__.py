"""What must be true of the rows, whoever died in the middle. Pure: rows in, violations out; no table is read or written here.

One module for the simulator, the soak and the nightly auditor of a running shop, so that what tests prove is what production
is held to. *Always* holds between any two calls of anybody. *Quiet* holds when all work has been done: streams and queues are
empty, the sweep went round, no worker is alive. *Late* is asked of a running shop too, with a patience (`overdue_after`).

```
I1   always; reads order, log, claim
     A card number that an order owns is with nobody else; an order in EXPIRED, CANCELED, FAILED, FENCED, RETURNED owns none, one in
     PENDING_PAYMENT, COMPLETED exactly what it asked for, less the cards that were paid back.
I1   always; reads order, log
     A claim has one fate: an order owns it, or it came back in one log row in the commit in which its order or fence let go
     of it, or its cards were withheld and replaced or paid back. A card was replaced once under warranty, by one card.
I2   always; reads order, attempt, receipt, refund, notice, case, buyer
     Money that came pays one order, goes back or stands on a person's list: APPLIED ↔ its order is paid by it; HELD and ORPHAN
     have their case, REFUND_DUE its refund; SHORT, ON_HOLD, WITHHELD, PARKED have their case; what is paid and FAILED or
     RETURNED gives all of it back; a refund that failed or that nobody can be asked about has its case; an order's row tells
     what its refunds' rows tell; every case, refund, attempt, buyer's list leads to something.
I2   always; reads order, recharge, entry, case
     A top-up is ordered under one number after the other, each only when the one before is proved to have failed; at most one
     arrives; nothing goes back while one is out; its end is its order's, its cost is booked, what was taken back has a case.
I2   always; reads purchase, entry, case
     Cards are bought under one number after the other, likewise, and one purchase of a SKU runs at a time; what was charged is
     booked when it ends (I3), one card costs no more than was allowed (I8), one that is not over is looked after (I14).
I2   always; reads order, attempt
     Goods are handed over of COMPLETED orders only; at most the last attempt is open, and a PENDING_PAYMENT order has it.
I3   always; reads entry, receipt, order, refund
     Each entry balances in one currency, each movement and each delivery has exactly one entry with its amount and accounts,
     each entry its fact, each step of a refund its entry along its way; no account is overdrawn; an order's funds are its
     total while it is paid without goods, else zero, and its row says the same.
I4   always; reads head, log, drawer, standing orders, link, order, claim, page
     Each linked number is in exactly one place (head, leaving it, drawer, waiting log row, order, claim) or on its way, as
     many as the heads have claimed and nobody has; each head counts what its log, its drawer and its extents hold; what is
     barred is not for sale; behind each number lies a sealed card of its batch.
I4   quiet; reads the same, batch
     No claimed card is without an owner but replaced and paid back ones; heads obey the newest orders and have taken in their log; what
     the vault withholds is barred.
I4   always; reads import, link, batch, case
     Of a batch with a sample nothing is for sale before every sampled card is good; one that is held has its case, and is off
     sale while that is open.
I5   always; reads order, opening, head, claim
     Openings in the journal are as many as the order says, each of all its cards that are not paid back; ring, claim journal and
     orders tell the same of a claim; an order's version counts its log.
I6   always; reads order
     An order's log moves along its table from PENDING_PAYMENT to its present state.
I7   what comes again changes nothing: two moments: the simulator's.
I8   always; reads order, product version, attempt, receipt, refund
     An order costs what the bought version of its SKU says, times its quantity, plus the fee; its open attempt asks for
     that, and its receipt brought that, in currency and by channel; no more than that goes back.
I9   always; reads order, hold
     A visitor holds at most `holds_max` open orders; hold rows list each open order and count what they list, within the
     limits.
I10  always; reads wallet, movement, value, issue, entry
     A wallet holds what its lines say, its lines are what the ledger booked to it, none is below zero, its version counts its
     lines. A gift value is owed from its issue on until it is in one wallet or void; what is open is what the ledger owes.
I11  commissions: there are none yet.
I12  always; the rest needs two moments; reads order
     What was shown stays shown: an opened order is REVEALED, OPENED or WITHHELD.
I13  always; reads all
     Every row is of a known kind, fits it and has no attribute beside it; nothing outside the vault holds bytes or a card's
     text; every card in the vault is sealed.
I14  always; reads order, attempt, notice, refund, case
     What must still happen is in the due index.
I14  quiet, late; reads order, attempt, notice, claim, recharge
     Nothing is overdue: no due row, no open attempt or unpaid order past its patience, no PAID order after two minutes, no
     claim without owner, no recharge beyond its limit without an end or a case.
```
"""

from datetime import datetime, timedelta

from faka.contexts.quotas.store import HOLD_TTL
from faka.steps.invariants.books import Books, Question, Violation
from faka.steps.invariants.concern import Concern
from faka.steps.invariants.tally import Tally


__all__ = ["Books", "Concern", "Question", "Tally", "Violation", "violations"]


def violations(
    books: Books,
    now: datetime,
    *,
    is_quiet: bool,
    holds_max: int = 5,
    held_cards_max: int = 20,
    hold_ttl: timedelta = HOLD_TTL,
    overdue_after: timedelta | None = None,
) -> list[Violation]:
    """The promises that these rows break, in the order of their numbers.

    `is_quiet`: all work has been done: stream and queues are empty, the sweep went round at `now`, and no worker is alive.
    `overdue_after`: how late work may be before it counts, where the world is not quiet; None asks nothing of the clock.
    """
    tally = Tally()
    tally.take_all(books)
    return tally.violations(Question(now, is_quiet, overdue_after, holds_max, held_cards_max, hold_ttl))
