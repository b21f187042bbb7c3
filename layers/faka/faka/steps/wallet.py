"""Moving money of wallets: each movement is the wallet's number, its line and the ledger's transaction, in one commit.

```
redeemed    stored:outstanding → wallet                `val:{value}:in`
refunded    what the refund stands on → wallet         `wal:{cause}`
spent       wallet → the order's funds                 `rcp:wallet:{number}`: the receipt of the payment
```
The transaction exists once, so a repeated movement moves nothing. Where two callers want different things of one value or one order,
the row that they quarrel about stands first in the commit, and its error is the one that the loser sees.
"""

import hmac
from datetime import datetime, timedelta

from faka.contexts.ledger.accounts import Account, stored
from faka.contexts.ledger.accounts import wallet as account
from faka.contexts.ledger.transaction import Transaction, booked
from faka.contexts.wallets.errors import WalletNotFound
from faka.contexts.wallets.model import GiftValue, Movement, MovementKind, Wallet, WalletId, is_wallet_id
from faka.kernel.contact import network
from faka.kernel.ids import CODE_LENGTH, ChannelId, hash_code, normal_code
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.wiring import Deps


WALLET = ChannelId("wallet")
"""The channel of receipts that a wallet paid. No provider has this name."""

WINDOW = timedelta(minutes=10)
WRONG_CODES_MAX = 10
"""Wrong wallet or gift codes of one visitor in ten minutes, as on the page that finds orders. A code has 80 bits: the limit spares
the database, chance alone keeps the money."""


class WalletPage(Frozen):
    wallet: Wallet
    movements: tuple[Movement, ...]


def require_tries(deps: Deps, address: str) -> str:
    """Who tries, if he may. Raises: TooManyTries."""
    who = deps.index_key.digest("address", network(address))
    deps.quotas.require_tries("wallet", who, WRONG_CODES_MAX, WINDOW, deps.clock.now())
    return who


def count_wrong(deps: Deps, who: str) -> None:
    """Raises: TooManyTries."""
    deps.quotas.count_try("wallet", who, WRONG_CODES_MAX, WINDOW, deps.clock.now())


def prove_wallet(deps: Deps, number: str, code: str, address: str) -> Wallet:
    """The wallet, if the code is its own. Raises: WalletNotFound, the same for absent, malformed and not yours; TooManyTries."""
    who = require_tries(deps, address)
    wallet = deps.wallets.find(WalletId(number)) if is_wallet_id(number) and len(normal_code(code)) == CODE_LENGTH else None
    if wallet is not None and hmac.compare_digest(wallet.code_hash, hash_code(code)):
        return wallet
    count_wrong(deps, who)
    raise WalletNotFound("wallet")


def shown(deps: Deps, wallet_id: WalletId) -> WalletPage:
    """The wallet as it is now, with its newest movements. Raises: WalletNotFound."""
    wallet = deps.wallets.find(wallet_id)
    if wallet is None:
        raise WalletNotFound(wallet_id)
    return WalletPage(wallet=wallet, movements=tuple(deps.wallets.statement(wallet_id)))


def credited(deps: Deps, wallet_id: WalletId, amount: Money, cause: str, *, debit: Account, ref: str, at: datetime) -> list[Write]:
    """Money comes (back) into a wallet, once per `cause`; `debit` is the ledger's account that it leaves, `ref` what it is for.

    Raises when committed: AlreadyPosted for a cause that was credited before, WalletNotFound, CurrencyDiffers.
    """
    money = transaction(f"wal:{cause}", "wallet_refunded", ref, amount, debit, account(wallet_id, amount.currency), at)
    moved = deps.wallets.credited(wallet_id, amount)
    return [deps.ledger.posted(money), moved, _noted(deps, wallet_id, money, MovementKind.REFUNDED, amount.minor)]


def redeemed(deps: Deps, value: GiftValue, wallet: Wallet, *, is_new: bool, at: datetime) -> list[Write]:
    """A gift value goes into a wallet, which its first value opens.

    Raises when committed: AlreadyPosted or ValueUsed for a value that was redeemed before; WalletExists, WalletNotFound, CurrencyDiffers.
    """
    amount = value.amount
    to = account(wallet.id, amount.currency)
    money = transaction(f"val:{value.id}:in", "value_redeemed", value.id, amount, stored(amount.currency), to, at)
    opened = wallet.model_copy(update={"balance_minor": amount.minor})
    return [
        deps.wallets.redeemed(value, wallet.id, at),
        deps.ledger.posted(money),
        deps.wallets.opened(opened) if is_new else deps.wallets.credited(wallet.id, amount),
        _noted(deps, wallet.id, money, MovementKind.REDEEMED, amount.minor),
    ]


def spent(deps: Deps, wallet: Wallet, amount: Money, receipt: str, *, credit: Account, ref: str, at: datetime) -> list[Write]:
    """A wallet pays: what it pays is booked as the receipt of that payment, into the account `credit`.

    Raises when committed: AlreadyPosted for a receipt that was booked before, BalanceTooLow, WalletNotFound, CurrencyDiffers.
    """
    money = transaction(f"rcp:{receipt}", "receipt_applied", ref, amount, account(wallet.id, amount.currency), credit, at)
    moved = deps.wallets.debited(wallet.id, amount)
    return [deps.ledger.posted(money), moved, _noted(deps, wallet.id, money, MovementKind.SPENT, -amount.minor)]


def transaction(name: str, kind: str, ref: str, amount: Money, debit: Account, credit: Account, at: datetime) -> Transaction:
    """From one account to another."""
    return booked(name, kind, ref, amount.currency, [(debit, amount.minor)], [(credit, amount.minor)], at)


def _noted(deps: Deps, wallet_id: WalletId, money: Transaction, kind: MovementKind, amount_minor: int) -> Write:
    movement = Movement(transaction=money.id, kind=kind, amount_minor=amount_minor, ref=money.ref, at=money.recorded_at)
    return deps.wallets.noted(wallet_id, movement)
