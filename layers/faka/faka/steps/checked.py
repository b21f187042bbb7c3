"""Have an account looked up before its order is placed. No answer is no verdict, and no reason to refuse a buyer."""

from faka.contexts.catalog.model import Product
from faka.kernel.delivery import DeliveryKind
from faka.kernel.errors import Rejected, Unavailable
from faka.kernel.ids import SkuId
from faka.platform import telemetry
from faka.wiring import Deps


CARRIER_MAX = 80


class AccountUnknown(Rejected):
    """The supplier says that nothing can arrive at this account."""

    public_message = "The supplier cannot deliver to this account. Please check it; nothing was charged."


def checked(deps: Deps, product: Product, sku: SkuId, account: dict[str, str]) -> str:
    """Who serves the account, where a look-up says so; empty where it is not asked, or not known. Raises: AccountUnknown."""
    form = product.account_form
    if form is None or not form.is_looked_up or product.kind is not DeliveryKind.DIRECT_RECHARGE:
        return ""
    try:
        told = deps.recharges_function.ask("check", sku=sku, account=account)
    except Unavailable as error:
        telemetry.failed("account_unchecked", error)
        return ""
    if told.get("verdict") == "BAD":
        raise AccountUnknown("account")
    return str(told.get("carrier", ""))[:CARRIER_MAX]
