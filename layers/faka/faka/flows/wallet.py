"""Open a wallet: its balance and its newest movements."""

from faka.steps.wallet import WalletPage, prove_wallet, shown
from faka.wiring import Deps


__all__ = ["WalletPage", "open_wallet"]


def open_wallet(deps: Deps, number: str, code: str, address: str) -> WalletPage:
    """The wallet of a number and its code. Raises: WalletNotFound, TooManyTries."""
    return shown(deps, prove_wallet(deps, number, code, address).id)
