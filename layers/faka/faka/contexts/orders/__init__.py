"""An order: what was promised, for how much, and who owns which cards.

```
                 ┌────────► EXPIRED ◄──┐ late payment without goods keeps EXPIRED and makes a refund due
PENDING_PAYMENT ─┼────────► CANCELED   │
   │             └────────► ON_HOLD ───┼─► (a person) PAID | FAILED
   ▼ payment                           │
  PAID ──► COMPLETED        EXPIRED | CANCELED ──late payment──► PAID
   └─────► SHORT ──► COMPLETED | FAILED        FENCED: a number that must never become an order
```
`COMPLETED` means that the goods are the order's and can be revealed; `delivery` then goes READY → REVEALED (or OPENED for
links). The order row is the arbiter of card ownership: `runs` are its cards, `gone` the claims it gave back, and every
change is conditional on `version`, so two workers cannot both be right.

Access patterns: by id (`ORDER#{id}`), by what is due (index `due`, only while something must still happen), paid orders of
a contact (`BUYER#{contact_hash}`, written when the mail is sent). Nothing here grows with the shop's history.
"""
