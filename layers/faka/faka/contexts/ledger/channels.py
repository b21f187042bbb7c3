"""Postings between us and a provider: what it keeps, what it pays out, and what a person corrects.

| fact | transaction id | debit | credit |
|---|---|---|---|
| the fees of a day's bill | `fee:{channel}:{day}:{currency}`, then `…:1`, `…:2` | expense:channel_fee | psp:{channel}:clearing |
| a payout reached the bank | `pout:{payout}` | bank:{id} | psp:{channel}:clearing |
| the provider denies money that we booked | `mis:{receipt}` | suspense:missing_receipts | psp:{channel}:clearing |
| a difference that a person decided | `cor:{decision}` | whatever records | whatever records |
| something booked by mistake | `rev:{its id}` | its credits | its debits (`transaction.reversal`) |
"""

from datetime import date, datetime

from faka.contexts.ledger.accounts import bank, channel_fee, clearing, missing
from faka.contexts.ledger.chart import Kind, plan_of
from faka.contexts.ledger.transaction import Moves, Transaction, booked
from faka.kernel.errors import Broken
from faka.kernel.ids import ChannelId
from faka.kernel.money import EXPONENT, Currency, Money


E5 = 100_000
"""Bills print fees with up to five decimal places of the major unit."""


class NeedsItsBalance(Broken):
    """A correction names an account whose balance stands in a row: both must change in one commit, so its own flow does it."""


def rounded_fee(fee_e5: int, carried_e5: int, currency: Currency) -> tuple[int, int]:
    """A day's fee in minor units, rounded half to even once for all its lines, and what is carried to the next day.

    Units: `fee_e5` and `carried_e5` in 1/100000 of the major unit; both may be negative, where fees were given back.
    """
    scale = 10 ** EXPONENT[currency]
    whole = (fee_e5 + carried_e5) * scale
    minor, rest = divmod(whole, E5)
    if rest * 2 > E5 or (rest * 2 == E5 and minor % 2):
        minor += 1
    return minor, (whole - minor * E5) // scale


def fees_of_day(channel_id: ChannelId, day: date, fee: Money, at: datetime, postings: int = 0) -> Transaction:
    """What a provider kept of a day by its bill; a negative sum is what it gave back. Raises: LedgerUnbalanced for a day without fees.

    `postings`: how many of the day are booked already. A later bill of it books the difference, under the next name.
    """
    spent, lies = channel_fee(fee.currency), clearing(channel_id, fee.currency)
    debit, credit = (spent, lies) if fee.minor >= 0 else (lies, spent)
    moved = abs(fee.minor)
    name = f"fee:{channel_id}:{day.isoformat()}:{fee.currency}{f':{postings}' if postings else ''}"
    return booked(name, "channel_fee", channel_id, fee.currency, [(debit, moved)], [(credit, moved)], at)


def paid_out(payout: str, channel_id: ChannelId, bank_id: str, amount: Money, arrived_at: datetime, at: datetime) -> Transaction:
    """A provider sent what it owes us to our bank."""
    debits, credits_ = [(bank(bank_id, amount.currency), amount.minor)], [(clearing(channel_id, amount.currency), amount.minor)]
    return booked(f"pout:{payout}", "paid_out", channel_id, amount.currency, debits, credits_, at, effective_at=arrived_at)


def denied(receipt: str, channel_id: ChannelId, amount: Money, at: datetime) -> Transaction:
    """The provider's books do not know money that ours do: it is owed by nobody until somebody finds it, or writes it off."""
    debits, credits_ = [(missing(amount.currency), amount.minor)], [(clearing(channel_id, amount.currency), amount.minor)]
    return booked(f"mis:{receipt}", "receipt_denied", receipt, amount.currency, debits, credits_, at)


def corrected(decision: str, ref: str, currency: Currency, debits: Moves, credits_: Moves, note: str, at: datetime) -> Transaction:
    """What people decided about a difference, between accounts that only record.

    Raises: NeedsItsBalance for a customer's, a wallet's or an agent's balance.
    """
    for account, _ in (*debits, *credits_):
        if plan_of(account).kind is Kind.AUTHORISING:
            raise NeedsItsBalance(decision)
    return booked(f"cor:{decision}", "corrected", ref, currency, debits, credits_, at, note=note)
