"""Wallets and gift values: stored money, held by whoever has the code.

There are no accounts of customers. A wallet is a number and a secret code of 80 bits, of which only the hash is kept; a gift
value is a code that is worth an amount until it is redeemed into a wallet, once.

```
gift value   ISSUED ──redeemed──► REDEEMED (into which wallet)      wallet   opened by the first value that is put into it
                └─────void──────► VOID                                       + redeemed, refunded     − spent, never below zero
```
A wallet's balance is one number. Whoever takes from it writes `balance_minor = balance_minor - :amount` under the condition
`balance_minor >= :amount`, in one commit with the ledger's transaction, whose id is made of what the money is for. So parallel
spends cannot overdraw it, and the same spend twice is one spend: the transaction is there already.

Rows, all in the trade table: `WALLET#{id}` / `WALLET` is the wallet, `WALLET#{id}` / `E#{time}#{transaction}` its statement, one
row a movement; `VALUE#{id}` is a gift value under the hash of its code; `VALUES#{batch}` / `{chunk}` lists the ids that one commit
issued. Access patterns: a wallet by number, its statement newest first, a value by its code, the values of a batch by its number.
"""
