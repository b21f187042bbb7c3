"""Take a card file into stock.

```
operator ─ open_import ─► job row + upload form ─► browser or command posts the file to incoming/
bucket ─ event ─► queue ─► run_import:  copy ─ count ─ claim numbers ─ [read · fingerprint · seal · save · checkpoint]* ─ link ─ done
                              └──────── time is up: the job goes back into the queue by itself ◄──────────┘
```
A worker may die at any call. What it wrote before the job row moved is written again by its successor with the same
meaning: a fingerprint finds itself as its owner, a page holds the same cards, a link continues where it stopped.
"""

from faka.contexts.intake import ImportNotFound
from faka.flows.intake.message import imports_named
from faka.flows.intake.open import ImportOrder, Opened, open_import
from faka.flows.intake.progress import Progress, problem_link, progress
from faka.flows.intake.run import run_import


__all__ = [
    "ImportNotFound",
    "ImportOrder",
    "Opened",
    "Progress",
    "imports_named",
    "open_import",
    "problem_link",
    "progress",
    "run_import",
]
