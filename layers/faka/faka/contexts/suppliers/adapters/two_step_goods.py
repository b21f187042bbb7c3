"""Products, prices and credit parties of the two-step protocol."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Final

from faka.contexts.suppliers.adapters.two_step_gateway import PAGE_ROWS, Gateway
from faka.contexts.suppliers.base import (
    GOODS_MAX,
    AccountCheck,
    CheckVerdict,
    SupplierGoods,
    SupplierUnavailable,
    SupplyOrder,
    SupplyRefused,
)
from faka.contexts.suppliers.reading import NUMBER, cost_of, list_of, object_of, text_of
from faka.kernel.errors import InvalidAmount
from faka.kernel.money import EXPONENT, Currency, Money


FIXED, PINS = "FIXED_VALUE_RECHARGE", "FIXED_VALUE_PIN_PURCHASE"
"""The kinds of product that are listed. Ranged ones price by a rate in two currencies; they are ordered by their id alone."""

PARTY: Final = MappingProxyType({"mobile": "mobile_number", "account": "account_number", "qualifier": "account_qualifier"})
"""The shop's word for a field of an account, and his: one SKU is served by suppliers of several protocols."""

VALUE_LENGTH_MAX: Final = 64

_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_CHINESE = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
_INVALID_NUMBER = "1005003"


def catalogue(gateway: Gateway, currency: Currency) -> Iterator[SupplierGoods]:
    """Raises: SupplierUnavailable, also between two pages. A catalogue beyond `GOODS_MAX` is cut."""
    pages_max = GOODS_MAX // PAGE_ROWS
    for rows in islice(gateway.pages("products", {}, pages_max + 1), pages_max):
        for row in rows:
            goods = _goods(row, currency)
            if goods is not None:
                yield goods


def product(gateway: Gateway, goods_id: str) -> dict[str, object] | None:
    """Raises: SupplierUnavailable."""
    if not NUMBER.fullmatch(goods_id):
        return None
    told = gateway.get(f"products/{goods_id}")
    if told.is_missing:
        return None
    found = object_of(told.good())
    if text_of(found, "id") != goods_id:
        raise SupplierUnavailable("the answer is not about this product")
    return found


def wholesale(priced: Mapping[str, object], currency: Currency) -> Money | None:
    """What a product or a transaction costs us, fee included; None where that is unreadable or in another currency."""
    price = object_of(object_of(priced.get("prices")).get("wholesale"))
    if text_of(price, "unit") != currency:
        return None
    try:
        return cost_of(text_of(price, "amount"), currency) + cost_of(text_of(price, "fee") or "0", currency)
    except InvalidAmount:
        return None


def asked_for(order: SupplyOrder, currency: Currency) -> dict[str, object]:
    """The body of a creation. `auto_confirm` is said to be false, whatever the account's default is."""
    if not NUMBER.fullmatch(order.goods_id) or not order.goods_id.isdigit():
        raise SupplyRefused("goods")
    body: dict[str, object] = {"external_id": order.number, "product_id": int(order.goods_id), "auto_confirm": False}
    if order.notify_url:
        body["callback_url"] = order.notify_url
    if order.face_minor is not None:
        amount, rest = divmod(order.face_minor, 10 ** EXPONENT[currency])
        if rest:  # an amount is a JSON number there, and ours are never broken ones
            raise SupplyRefused("goods")
        body["calculation_mode"] = "DESTINATION_AMOUNT"
        body["destination"] = {"amount": amount, "unit": currency.value, "unit_type": "CURRENCY"}
    return body


def credit_party(account: Mapping[str, str]) -> dict[str, str]:
    """Raises: SupplyRefused: nothing has been sent."""
    party = {PARTY[name]: value for name, value in account.items() if name in PARTY}
    is_long = any(not 0 < len(value) <= VALUE_LENGTH_MAX for value in party.values())
    if not party or len(party) != len(account) or is_long:
        raise SupplyRefused("account")
    if "mobile_number" in party:
        number = e164(party["mobile_number"])
        if number is None:
            raise SupplyRefused("account")
        party["mobile_number"] = number
    return party


def e164(text: str) -> str | None:
    """A number of mainland China may come without its country; every other says it. None: no number at all."""
    if _CHINESE.fullmatch(text):
        return f"+86{text}"
    return text if _E164.fullmatch(text) else None


def looked_up(gateway: Gateway, goods_id: str, mobile: str) -> AccountCheck:
    """The operator of a number, against the product's. Posted: a number in an address stands in logs.

    *Identified* is a direct match; without one the list is a guess by prefix, and no reason to refuse anybody.
    Raises: SupplierUnavailable.
    """
    number = e164(mobile)
    if number is None:
        return AccountCheck(verdict=CheckVerdict.BAD)
    told = gateway.post("lookup/mobile-number", {"mobile_number": number})
    if told.code == _INVALID_NUMBER:
        return AccountCheck(verdict=CheckVerdict.BAD)
    found = [object_of(row) for row in list_of(told.good())]
    sure = next((row for row in found if row.get("identified") is True), None)
    wanted = product(gateway, goods_id)
    if sure is None or wanted is None:
        return AccountCheck(verdict=CheckVerdict.NOT_OFFERED)
    is_his = text_of(sure, "id") == text_of(object_of(wanted.get("operator")), "id")
    return AccountCheck(
        verdict=CheckVerdict.GOOD if is_his else CheckVerdict.BAD,
        carrier=text_of(sure, "name")[:80],
        region=text_of(object_of(sure.get("country")), "name")[:80],
    )


def reason_of(message: str) -> str:
    """Of a rejected or declined transaction, by the documented endings of its status."""
    if "CREDIT-PARTY" in message and "LIMITATIONS" not in message:
        return "account"
    return "balance" if message.endswith("INSUFFICIENT-BALANCE") else "refused"


def _goods(row: Mapping[str, object], currency: Currency) -> SupplierGoods | None:
    """None for a product of another kind or currency, or one that cannot be read."""
    goods_id, kind, cost = text_of(row, "id"), text_of(row, "type"), wholesale(row, currency)
    if not NUMBER.fullmatch(goods_id) or kind not in (FIXED, PINS) or cost is None:
        return None
    ways = list_of(row.get("required_credit_party_identifier_fields"))
    names = list_of(ways[0] if ways else [])
    fields = tuple(ours for ours, his in PARTY.items() if his in names)
    if len(fields) != len(names):
        return None
    return SupplierGoods(goods_id=goods_id, name=text_of(row, "name")[:200], cost=cost, is_card=kind == PINS, fields=fields)
