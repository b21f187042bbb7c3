"""Names of accounts, each made by one function, so that nobody spells one by hand. The chart says what each is."""

import re
from typing import NewType

from faka.contexts.ledger.chart import ID, NoSuchAccount
from faka.kernel.ids import ChannelId, OrderId
from faka.kernel.money import Currency


Account = NewType("Account", str)
"""A name that one of the functions below made."""


def clearing(channel_id: ChannelId, currency: Currency) -> Account:
    return _named("psp", channel_id, "clearing", currency)


def bank(bank_id: str, currency: Currency) -> Account:
    return _named("bank", bank_id, "", currency)


def inventory(currency: Currency) -> Account:
    return Account(f"inventory:cards/{currency}")


def prepaid(supplier: str, currency: Currency) -> Account:
    return _named("supplier", supplier, "prepaid", currency)


def payable(supplier: str, currency: Currency) -> Account:
    return _named("supplier", supplier, "payable", currency)


def funds(order_id: OrderId, currency: Currency) -> Account:
    return _named("order", order_id, "funds", currency)


def wallet(wallet_id: str, currency: Currency) -> Account:
    return _named("wallet", wallet_id, "", currency)


def stored(currency: Currency) -> Account:
    """Value of gift cards that were sold and not redeemed."""
    return Account(f"stored:outstanding/{currency}")


def in_transit(channel_id: ChannelId, currency: Currency) -> Account:
    return _named("refund", channel_id, "in_transit", currency)


def suspense(currency: Currency) -> Account:
    return Account(f"suspense:unidentified_receipts/{currency}")


def failed_refunds(currency: Currency) -> Account:
    return Account(f"suspense:failed_refunds/{currency}")


def missing(currency: Currency) -> Account:
    return Account(f"suspense:missing_receipts/{currency}")


def commission_pending(agent: str, currency: Currency) -> Account:
    return _named("agent", agent, "commission_pending", currency)


def commission_payable(agent: str, currency: Currency) -> Account:
    return _named("agent", agent, "commission_payable", currency)


def sales(currency: Currency) -> Account:
    return Account(f"revenue:sales/{currency}")


def fees(currency: Currency) -> Account:
    """What buyers pay for their way to pay."""
    return Account(f"revenue:fees/{currency}")


def commission_earned(currency: Currency) -> Account:
    """The platform's share of what a supplier sells here."""
    return Account(f"revenue:commission/{currency}")


def cogs(currency: Currency) -> Account:
    """Cost of the cards that were sold."""
    return Account(f"expense:cogs/{currency}")


def channel_fee(currency: Currency) -> Account:
    return Account(f"expense:channel_fee/{currency}")


def commission_paid(currency: Currency) -> Account:
    return Account(f"expense:commission/{currency}")


def promotion(currency: Currency) -> Account:
    """What the shop gives away: credit of codes that nobody bought."""
    return Account(f"expense:promotion/{currency}")


def loss(currency: Currency) -> Account:
    return Account(f"expense:loss/{currency}")


def equity(currency: Currency) -> Account:
    return Account(f"equity:opening/{currency}")


_ESCAPED = re.compile(r"[%:/*#\x00-\x20]")


def account_id(text: str) -> str:
    """A text that people typed as an id inside account names: each text its own id, readable where it can be."""
    return _ESCAPED.sub(lambda found: f"%{ord(found.group()):02X}", text) or "%"


def _named(family: str, account: str, what: str, currency: Currency) -> Account:
    """Raises: NoSuchAccount for an id that would read as something else."""
    if not ID.fullmatch(account):
        raise NoSuchAccount(f"{family} of an impossible id")
    return Account(f"{family}:{account}{':' if what else ''}{what}/{currency}")
