"""Statements: a provider's books of a day held against ours, what differs, and the day that is closed.

```
run          WAITING_FILE ─► NORMALISED ─► MATCHING ─► MATCHED ─► REPAIRING ─► BALANCED | DISCREPANT | NO_DATA ─► CLOSED
                  └► FILE_MISSING | FILE_CORRUPT (at the deadline)          a day may be run again from wherever it stands
discrepancy  TIMING ─► OPEN | CLEARED      OPEN ─► AUTO_FIXED | ASSIGNED ─► RESOLVED | WRITTEN_OFF (two persons)
```
| module | does |
|---|---|
| `lines` | one movement of either side as a row of a part |
| `parts` | which part a line belongs to, and how many parts a bill deserves |
| `match` | one part: pairs, and what is left of either side |
| `reduce` | all parts: what is left finds its place, each line in exactly one |
| `report` | summary, work list for spreadsheets, evidence |
| `store` | rows of runs and discrepancies; the closed day, which is only ever inserted |
"""
