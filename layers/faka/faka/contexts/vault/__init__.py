"""Vault: sealed cards, their batches and their fingerprints. Knows nothing of products on the shelf, heads or orders.

```
cards of a SKU are numbered for ever        page = number // 8, place = number % 8
PAGE#sku#page    {batch, cards: [sealed × ≤ 8]}            written once by its import; a second writing says the same
BATCH#sku#n      {keys: [wrapped data key…], state, void, lots, cost…}   one import job
FP#hash          {b, l}                                    which job's which line brought this card; never deleted

batch    OPEN ⇄ FROZEN      frozen and void batches do not open, whoever asks
           └──────┴──► VOID (final)
```
Access patterns: cards of an order = one BatchGetItem of their pages and batch rows, strong · a batch by (SKU, ordinal) ·
a fingerprint by itself. A sale changes nothing here, so the vault is put and get only, apart from a batch's state.

Scarce: the plaintext. It exists inside `VaultStore.open` and in the Secret that it answers; the right to open is the
KMS key's, not this code's. Invariants: a number's card never changes; a card opens only under {sku, batch, number} that
it was sealed for; one fingerprint belongs to one line of one job for ever, also after the card is sold.
"""

from faka.contexts.vault.changes import filled, key_added, moved, opened, print_moved, voided
from faka.contexts.vault.errors import BatchFull, BatchMoved, BatchNotFound, CardWithheld, PageBroken, PrintMoved
from faka.contexts.vault.model import PAGE_CARDS, Batch, BatchState, CardText, Lot, OpenCard, Print, fingerprint, pages_of
from faka.contexts.vault.store import Page, VaultRead, VaultStore


__all__ = [
    "PAGE_CARDS",
    "Batch",
    "BatchFull",
    "BatchMoved",
    "BatchNotFound",
    "BatchState",
    "CardText",
    "CardWithheld",
    "Lot",
    "OpenCard",
    "Page",
    "PageBroken",
    "Print",
    "PrintMoved",
    "VaultRead",
    "VaultStore",
    "filled",
    "fingerprint",
    "key_added",
    "moved",
    "opened",
    "pages_of",
    "print_moved",
    "voided",
]
