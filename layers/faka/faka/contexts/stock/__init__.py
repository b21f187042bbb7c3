"""Stock: which card numbers are for sale, and who gets the next ones. It never sees a secret.

Cards of a SKU are numbered at intake: 0 1 2 3 … A number is sealed elsewhere, once, and never changes. Selling is handing
out numbers, and one row per shard does it, the *head*, like a ticket machine:

```
            HEAD#{sku}#{shard}
            ┌───────────────────────────────────────────────────────────────────────────┐
 running    │ c ─► next number   a: cards left   b: batch   x: expiry      [120 … 999]   │ ◄── claims move c
 queue      │ q ─► further extents, soonest expiry first   [2000 … 2999] [47 … 48] …      │
 ring       │ the last claims: part of an order → run      so a repeat gets the same run │
            └───────────────────────────────────────────────────────────────────────────┘
   claim    IF open AND a >= quantity AND not expired AND this part is not in the ring
            SET c += quantity, a -= quantity, n += 1, ring[slot] = (part, c, quantity, n)           one write, any quantity

                         ┌── claim ──► run (shard, n, start, count) ──► order row: owns it
   import ─► LOG rows ─► HEAD                                              │ expired, canceled, failed: one commit of
                ▲        └── freeze, void, expiry ──► ASIDE rows           │ (order lets go + LOG row)
                └────────────── restored: one commit ───┘ ◄────────────────┘
```

A claim takes nothing that it has not seen to be there: the database compares and hands out in one step, so two buyers can
never get one number, and there is nothing to search, to lock or to try again. Everything that *adds* cards is a numbered log
row, because a log row can travel in a transaction with its reason (an order that ends, an import that goes on); the head
takes log rows in afterwards, in order, each once. So a head is never in a transaction, and claims never meet a conflict.

A claim larger than the running extent takes several runs, part by part, also from other shards. A run never spans two
extents, so it has one batch and one expiry. "Sold out" is said only after a strong read of all heads and their next log rows.

Who owns what
-------------
Every number is in exactly one place: an extent of a head, a log row not yet taken in, a run of one order, or the drawer.
The *order row* decides about a run: whoever gives a run back does it in one commit with a write of that row which says
that the run is gone. Events (`shard-n`) are unique for ever, so nothing can be given back twice. The *drawer row* decides
in the same way about withheld cards. Two rules follow for callers:

* give runs back only in such a commit (`returned`), also those in `OutOfStock.taken`; a crash before it is healed by the
  sweep, which finds the claim in the journal, fences the order number and gives the run back;
* never claim again with a tag whose runs were given back: the ring might answer it.

The head, attribute by attribute
--------------------------------
| attribute | holds | attribute | holds |
|---|---|---|---|
| `c` `a` `b` `x` | running extent: next number, cards left, batch, expiry day | `n` | claim serial, +1 each |
| `q` | extents `[start, count, batch, day]`, at most 24 | `k` | version of slow writes |
| `t0 s0 m0 i0 b0 x0` … | ring slot: part digest, start, count, serial, batch, day | `lp` | last log number taken in |
| `w` `p` | extents on their way to the drawer; where the running one stood | `g` | generation of standing orders obeyed |
| `st` | OPEN, CLOSED | `l` | tag of the last claim, for the stream |
| `im re cl wh` | imported, returned, claimed, withheld: `im + re - cl - wh` = cards in the head | | |

Days count from 1970. The row stays below 1,024 bytes, one write unit.

| row | key | holds |
|---|---|---|
| head | `HEAD#{sku}#{shard}` / `HEAD` | above |
| log | `LOG#{sku}#{shard}#{number:010}` / `LOG` | `why` IMPORT RETURN RESTORE, `x` extents, `e` serials; immutable |
| standing orders | `SKU#{sku}` / `SKU` | `nx` next number, `nb` last batch, `shards`, `g`, `st`, `bars` |
| drawer | `ASIDE#{sku}#{shard}` / `{mark:010}#{i:02}` | `x` extent, `why`, `back` once it went back |
| link | `LINK#{sku}#{batch}` / `LINK` | `upto`: cards of the batch below it are in the log |

Who may read what: `claim.py` the claim · `rewrite.py` the slow writes · `log.py` additions · `aside.py` the drawer ·
`standing.py` freezing and voiding · `journal.py` who got number k.
"""

from faka.contexts.stock.aside import Drawn
from faka.contexts.stock.errors import LinkMoved, LogMoved, OutOfStock, StockBusy, TooManyBars
from faka.contexts.stock.journal import ClaimEvent, ClaimRecord, claim_events, claims_due, claims_of, holder_of, journal_rows, read_claim
from faka.contexts.stock.log import shard_of
from faka.contexts.stock.model import Counts, Extent, Run, Why, extent, overlap
from faka.contexts.stock.standing import Allotment
from faka.contexts.stock.store import StockStore


__all__ = [
    "Allotment",
    "ClaimEvent",
    "ClaimRecord",
    "Counts",
    "Drawn",
    "Extent",
    "LinkMoved",
    "LogMoved",
    "OutOfStock",
    "Run",
    "StockBusy",
    "StockStore",
    "TooManyBars",
    "Why",
    "claim_events",
    "claims_due",
    "claims_of",
    "extent",
    "holder_of",
    "journal_rows",
    "overlap",
    "read_claim",
    "shard_of",
]
