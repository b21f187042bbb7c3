"""Redeem a gift value into a wallet: a new one, or one that the caller can open.

```
code known? ─► value ISSUED? ─► one commit [ledger, value REDEEMED, wallet opened or credited, its line]
   │ no: counted      │ already in this wallet: the form was sent before, the same answer
   ▼                  ▼ in another one
ValueNotFound      ValueUsed
```
A new wallet's number and code come with the form, so a form sent twice opens one wallet; a second value in the same form goes
into the same wallet.
"""

import hmac

from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.wallets.errors import ValueNotFound, ValueOver, ValueUsed, WalletExists
from faka.contexts.wallets.model import GiftValue, ValueState, Wallet, value_id, wallet_id
from faka.contexts.wallets.store import wallet_from
from faka.kernel.errors import InvalidRequest, TransactionBusy
from faka.kernel.ids import CODE_LENGTH, hash_code, normal_code
from faka.kernel.model import Frozen
from faka.steps.wallet import WalletPage, count_wrong, prove_wallet, redeemed, require_tries, shown
from faka.wiring import Deps


TRIES_MAX = 4
"""One for a second sending of the form, one for another value of it, and two more; beyond that it is a storm."""


class Redemption(Frozen):
    """`form_id` and `new_code` make the new wallet; `wallet` and `wallet_code`, where given, name the one to use instead."""

    code: str
    form_id: str
    new_code: str
    wallet: str = ""
    wallet_code: str = ""
    address: str


def redeem_value(deps: Deps, asked: Redemption) -> WalletPage:
    """The wallet with the value in it; the same redemption again answers the same.

    Raises: InvalidRequest, TooManyTries, WalletNotFound, ValueNotFound, ValueUsed, ValueOver, CurrencyDiffers, WalletExists,
    TransactionBusy, Throttled, UnknownOutcome.
    """
    who = require_tries(deps, asked.address)
    known = prove_wallet(deps, asked.wallet, asked.wallet_code, asked.address) if asked.wallet else None
    value = deps.wallets.value(value_id(asked.code)) if len(normal_code(asked.code)) == CODE_LENGTH else None
    if value is None:
        count_wrong(deps, who)
        raise ValueNotFound("value")
    return _redeemed(deps, asked, value, known)


def _redeemed(deps: Deps, asked: Redemption, value: GiftValue, known: Wallet | None) -> WalletPage:
    for _ in range(TRIES_MAX):
        wallet = known or _new(deps, asked, value)
        if value.state is ValueState.REDEEMED and value.wallet_id == wallet.id:
            return shown(deps, (known or _own(deps, asked)).id)
        _require_open(deps, value)
        try:
            deps.tables.commit(redeemed(deps, value, wallet, is_new=known is None, at=deps.clock.now()))
            return shown(deps, wallet.id)
        except WalletExists as taken:
            known = _fitting(asked, wallet_from(taken.row or {}))
        except (AlreadyPosted, ValueUsed):
            value = deps.wallets.value(value.id) or value
    raise TransactionBusy("redeem")


def _new(deps: Deps, asked: Redemption, value: GiftValue) -> Wallet:
    if len(normal_code(asked.new_code)) != CODE_LENGTH:
        raise InvalidRequest("wallet code")
    return Wallet(
        id=wallet_id(asked.form_id),
        currency=value.amount.currency,
        balance_minor=0,
        code_hash=hash_code(asked.new_code),
        opened_at=deps.clock.now(),
    )


def _own(deps: Deps, asked: Redemption) -> Wallet:
    """The wallet that this form opened before."""
    return _fitting(asked, shown(deps, wallet_id(asked.form_id)).wallet)


def _fitting(asked: Redemption, wallet: Wallet) -> Wallet:
    """Raises: WalletExists when the form's number was used with another code."""
    if not hmac.compare_digest(wallet.code_hash, hash_code(asked.new_code)):
        raise WalletExists("wallet exists")
    return wallet


def _require_open(deps: Deps, value: GiftValue) -> None:
    if value.state is ValueState.REDEEMED:
        raise ValueUsed(value.id)
    if value.state is ValueState.VOID or deps.clock.now() >= value.expires_at:
        raise ValueOver(value.id)
