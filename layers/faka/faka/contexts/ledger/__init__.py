"""The ledger: every money fact is one balanced transaction, inserted in the same commit as the state that it explains.

Append-only: a transaction is a row under its own deterministic id (`TXN#{txn_id}`), so the same fact cannot be booked
twice, and no role may update or delete it. Mistakes are corrected by a reversal, which is not reversed itself. Each row carries
a hash of what it says: the same fact again is AlreadyPosted, another one under its name is LedgerConflict and wakes somebody.

| fact | transaction id | debit | credit |
|---|---|---|---|
| money came and pays an order | `rcp:{receipt}` | psp:{channel}:clearing | order:{order}:funds |
| money came that pays nothing (yet) | `rcp:{receipt}` | psp:{channel}:clearing | suspense:unidentified_receipts |
| goods are the buyer's | `dlv:{order}` | order:{order}:funds, expense:cogs | revenue:sales (+ revenue:fees), inventory:cards |
| their cost, in another currency or given away | `cst:{order}:{currency}` | expense:cogs | inventory:cards |

Further postings stand in tables of their own: stock in `purchases`, money that goes back in `refunds`, a provider's fees, payouts and
corrections in `channels`, shares in `commissions`. `chart` lists all accounts and whose money each is, `accounts` makes their names.

```
COST#{sku}#{batch}   what one card of a batch has cost: older than its first card on sale, true for ever      (costs)
TXN#{txn_id}         a transaction
BOOKS#{day}          a closed day: figures, a hash over its transactions, a chain over the closes             (closes)
```
Balances: who may take something out is decided by a number in the order's, the wallet's row, in one commit with the transaction
(`balances.balance_after` is the rule). All other balances are sums over the journal, so no account can become a hot row. There is no
list of entries per account either: it would cost each sale two writes more, and people ask for it a few times a day.
"""
