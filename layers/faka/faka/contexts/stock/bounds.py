"""Every bound of the stock, each with its reason."""

QUEUE_EXTENTS_MAX = 24
"""Extents waiting in one head: with the ring they stay below 1,024 bytes, the size of one write unit."""

RING_SLOTS = 6
"""Last claims that a head can answer again. At 700 claims a second a slot lives about 9 ms on average: enough for a repeat
of the same client. A later repeat meets the order row instead, or its first run is given back by the sweep."""

LOG_EXTENTS_MAX = 16
"""Extents of one log row: fewer than the queue holds, so that an empty head can always take the next row in."""

LOG_READ = 4
"""Log rows read at once while settling: 4 rows of 16 extents fill a queue. An absent row costs a read unit too."""

LOG_PROBE_FIRST = 2
"""Log rows asked for at first: mostly none is waiting, seldom one."""

LOG_DOUBLINGS = 16
"""Steps of the search for the end of a longer log: it reaches 32,768 rows at once, more than a sold-out sale leaves waiting."""

LOG_CUTS = 12
"""Rows asked for between one that exists and one that does not: three such looks search 2,000, and each costs 12 read units."""

LOG_PROBES_MAX = 12
"""Looks for the end of a log: one at the next rows, one that doubles, at most five that close in; the rest is for others who write
meanwhile."""

LOG_COUNTED_MAX = 100
"""Waiting log rows that the office's count looks at: one BatchGetItem."""

LOG_TRIES_MAX = 8
"""Two writers of one log row: one goes on to the next number. More than a few in a row is a storm."""

CLAIM_STEPS_MAX = 120
"""Requests of one claim. An order of 500 out of single returned cards needs one each; beyond 120 (about 0.6 s) the buyer
is told to come again, and what was taken goes back."""

CLAIM_CARDS_MAX = 5_000
"""Cards of one claim: ten times the largest order of the shop. The journal writes a row for each thousand of them, so a row that
says that a million were claimed is broken and not written out."""

SETTLE_ROUNDS_MAX = 60
"""Rounds of read, decide, write on one head. A round is lost only to another slow write of the same head."""

LOST_ANSWERS_MAX = 3
"""Claims repeated in place after a lost answer; the ring makes the repeat safe."""

CUT_AHEAD = 64
"""When an extent that expires sooner arrives, the running one is cut this many cards ahead of the cursor: far enough that
running claims do not pass the cut before it is written, near enough that the sooner cards go first."""

TAG_MAX = 64
"""The last claim's tag stands in the head; an order id with its attempt has 34 characters."""

BARS_MAX = 4_000
"""Barred batches and numbers of one SKU: at about 16 bytes each a fifth of the item bound."""

SOLD_OUT_MEMORY_S_MAX = 0.5
"""The longest that one process may repeat "sold out" without asking again."""

CLAIM_BUCKET = 1_024
"""Numbers per journal partition."""
