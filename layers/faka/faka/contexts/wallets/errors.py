"""Outcomes of wallets and gift values."""

from faka.kernel.errors import Conflict, Exhausted, NotFound, Rejected


class WalletNotFound(NotFound):
    """No such wallet, or the code does not fit: the answer is the same."""

    public_message = "We could not find that wallet. Check the wallet number and the wallet code."


class WalletExists(Conflict):
    """The wallet's number is taken; carries its row."""


class BalanceTooLow(Exhausted):
    """The wallet holds less than is asked for; carries its row. Nothing was taken."""

    public_message = "The balance of this wallet is not enough for this order. Nothing was charged."


class CurrencyDiffers(Rejected):
    """A wallet keeps one currency; this is another one's money."""

    public_message = "This wallet holds another currency."


class ValueNotFound(NotFound):
    """No gift value has this code."""

    public_message = "We do not know this gift code. Check it letter by letter."


class ValueUsed(Conflict):
    """The gift value was redeemed before, or is not worth anything any more; carries its row."""

    public_message = "This gift code was already redeemed."


class ValueOver(Conflict):
    """The gift value has expired or was voided."""

    public_message = "This gift code is no longer valid."


class ValueExists(Conflict):
    """These gift values are issued already; carries the row."""
