"""Soak: a crowd buys from the real shop on the local cloud while things break; then the shop's own invariants judge.

```
plan (seed) ─┬─► buyers: pages, forms, cashier ──────────────► shop ─► functions ─► emulator
             └─► faults: ended and stopped processes, ──────────┘          │            │
                 providers down, slow, talking nonsense, ──────────────────┘            │
                 refusals, waits, lost answers, ────────────────────────────────────────┘
                 two sweeps at once, operators at work
every 1,000 orders everybody holds still ─► judge: all rows (`faka.steps.invariants`), what buyers saw, what providers took, logs
at the end       faults stop, what waits is done ─► judge, of a quiet world
```
The seed repeats who does what and which fault falls when. It does not repeat the interleaving: that is made by real processes. What
a seed cannot bring back is looked for in the simulator, whose schedules do repeat.
"""
