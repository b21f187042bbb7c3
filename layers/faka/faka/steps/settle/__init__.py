"""Settling: one fact about money, applied once, whatever its source and however often it comes.

```
notice ─┐                    ┌ repeat, no money in it            → nothing
query  ─┼─► PaymentEvent ──► │ exact amount, order waits         → receipt APPLIED, order COMPLETED (cards were held)
bill   ─┘      decide        │ exact amount, order expired       → claim again: COMPLETED (late), or REFUND_DUE
                             │ exact amount, order already paid  → REFUND_DUE
                             │ other amount                      → HELD, order ON_HOLD, a case
                             └ number unknown                    → ORPHAN, a case
```
`decide` is pure and monotonic: money that was seen is never unseen, and an order that has its goods never loses them. The
commit carries the receipt (which exists once per provider transaction), the attempt, the order and the ledger entry.
"""

from faka.steps.settle.booking import apply
from faka.steps.settle.decide import Outcome


__all__ = ["Outcome", "apply"]
