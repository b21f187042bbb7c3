"""The night's reconciliation of one account's day, one module per step of the machine.

```
plan ──► for each account: fetch ──READY, NO_DATA──► export ──► match part 0 … n ──► reduce ──► repair ──► close
                             └──NOT_READY, CORRUPT──► again later, at the deadline close (FILE_MISSING, FILE_CORRUPT)
```
Every step may be done twice: files have fixed names, rows are upserts of deterministic ids, money moves only by the rule of
all notices. A payload holds ids and counts; lines stay in the bucket of the books under `{channel}/{day}/`.
"""

from faka.flows.reconcile.messages import (
    AccountDay,
    BillState,
    Closed,
    Exported,
    Fetched,
    Matched,
    PartRequest,
    PartsRequest,
    Plan,
    PlanRequest,
    Reduced,
    Repaired,
)


__all__ = [
    "AccountDay",
    "BillState",
    "Closed",
    "Exported",
    "Fetched",
    "Matched",
    "PartRequest",
    "PartsRequest",
    "Plan",
    "PlanRequest",
    "Reduced",
    "Repaired",
]
