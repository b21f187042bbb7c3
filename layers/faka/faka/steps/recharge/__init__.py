"""Recharging: ordered once at a supplier, asked about until answered, ended in the commit of its money.

```
fulfil ──begin──► Recharge CREATED, the machine runs
submit ─► choose a supplier ─► attempt written ─► sent ─┐
ask    ─► the attempt's number is asked about ──────────┼─► hear ─► SUCCEEDED: order COMPLETED, earned, the supplier's cost
person ─────────────────────────────────────────────────┘         FAILED: another supplier under another number, or give up
```
Who dies between *written* and *sent*, or before the answer is written, leaves an attempt that is asked about. Nothing is sent twice.
"""

from faka.steps.recharge.ask import ask, ask_about, call_a_person, call_for_carrier
from faka.steps.recharge.end import give_up_recharge
from faka.steps.recharge.hear import hear
from faka.steps.recharge.submit import submit


__all__ = ["ask", "ask_about", "call_a_person", "call_for_carrier", "give_up_recharge", "hear", "submit"]
