"""Money goes back: decided once per cause, told to the provider under one number, heard from it, booked at each step.

```
settle, fulfil, buyer, staff ──request──► Refund REQUESTED + `rfd:…:due`      in the commit that explains why
sweep ──drive──► asked about, or told to the provider ─┐
notice, bill ─────────────────────────────── hear ─────┴─► SUCCEEDED `:ok` | FAILED `:fail` + a case | later
```
`drive` may be run by two sweeps at once and after any death: the provider knows the number, and the row's version decides who
books. A refund whose outcome is unknown is asked about; where nobody can be asked it is a person's work.
"""

from faka.steps.refund.drive import drive
from faka.steps.refund.end import give_up, pay_back, take_back
from faka.steps.refund.hear import hear, heard_unknown
from faka.steps.refund.request import own_refund, receipt_refund


__all__ = ["drive", "give_up", "hear", "heard_unknown", "own_refund", "pay_back", "receipt_refund", "take_back"]
