"""Buying cards: asked of every supplier, ordered once from one, taken in through the same import as any card file, counted.

```
submit ─► quote of each offer ─► attempt written ─► sent ─┐
ask    ─► the attempt's number is asked about ────────────┴─► hear ─► cards: import placed, file laid down, RECEIVED
count  ─► the import is over: new cards are stock; what is missing or was ours already is a case and a complaint
```
Who dies after the cards came and before the file lies there asks again: the supplier gives the same cards for the same number, and
the import's fingerprints know them.
"""

from faka.steps.purchase.begin import begin_purchase, set_going
from faka.steps.purchase.count import count_cards
from faka.steps.purchase.hear import ask_purchase, call_for_purchase
from faka.steps.purchase.submit import SuppliersSilent, is_any_left, submit_purchase


__all__ = [
    "SuppliersSilent",
    "ask_purchase",
    "begin_purchase",
    "call_for_purchase",
    "count_cards",
    "is_any_left",
    "set_going",
    "submit_purchase",
]
