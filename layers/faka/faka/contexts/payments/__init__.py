"""Payments: what we asked a provider for, and what money really came.

```
attempt   PENDING ──► SUCCEEDED          receipt   APPLIED      the money that paid the order
             │  └───► MISMATCH                     HELD         wrong amount: a person decides, nothing is delivered on it
             └► CLOSED ──► SUCCEEDED (late)        REFUND_DUE   second or late money without goods: a refund is requested
                                                   ORPHAN       money for a number that we do not know
notice    RECEIVED ──► APPLIED | IGNORED (no money in it) | PARKED (ten failures; a person replays it)
```
An *attempt* is one number at one provider (`out_trade_no`). A *receipt* is one movement at the provider, keyed by the
provider's own transaction number: the row is inserted in the same commit as its ledger entry, which is why money can be
neither counted twice nor used for a second order. A *notice* is a callback as it came, stored before anything is decided.

Access patterns: attempt by id (which names its order), receipt by (channel, transaction), notice by (channel, dedupe key),
and what is due by the sparse index `due`.
"""
