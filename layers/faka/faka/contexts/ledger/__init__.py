"""The ledger: every money fact is one balanced transaction, inserted in the same commit as the state that it explains.

Append-only: a transaction is a row under its own deterministic id (`TXN#{txn_id}`), so the same fact cannot be booked
twice, and no role may update or delete it. Mistakes are corrected by a reversal.

| fact | transaction id | debit | credit |
|---|---|---|---|
| money came and pays an order | `rcp:{receipt}` | psp:{channel}:clearing | order:{order}:funds |
| money came that pays nothing (yet) | `rcp:{receipt}` | psp:{channel}:clearing | suspense:unidentified_receipts |
| goods are the buyer's | `dlv:{order}` | order:{order}:funds | revenue:sales (+ revenue:fees) |
| refund of suspense, submitted | later flow | | |

Asset accounts grow by debit, liabilities and income by credit; all amounts are positive integers of minor units.
"""
