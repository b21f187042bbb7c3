"""The player of the form protocol: order/create, order/card, order/query, goods, balance, and callbacks with an MD5."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from infra.local.actors.desk import Answered, Asked
from infra.local.actors.keys import digits, letters
from infra.local.actors.notice import Notice
from infra.local.actors.spelling import turned, yuan
from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.warehouse import Filled, Goods, Refused


CODES = {"CREATED": 421, "PROCESSING": 421, "SUCCEEDED": 200, "FAILED": 505, "CANCELLED": 505, "REVERSED": 505, "ODD": 429}
REFUSALS = {"goods": 404, "stock": 410, "balance": 402, "account": 406}
CALLS = {
    "order/create": "create",
    "order/card": "card",
    "order/query": "query",
    "goods/detail": "quote",
    "goods/list": "goods",
    "customer/balance": "balance",
}


def sign(fields: Mapping[str, str], key: str) -> str:
    """As the platform's own example does it: ksort, urldecode(http_build_query), strtolower, key, md5."""
    pairs = sorted((name, value) for name, value in fields.items() if name != "sign")
    text = "&".join("=".join(pair) for pair in pairs)
    return hashlib.md5((text.lower() + key).encode()).hexdigest()


class Md5FormDesk(SupplierDesk):
    name = "md5_form"
    dialogue = ("quote", "create")
    target: ClassVar[str] = "account"

    @staticmethod
    def new_secret() -> dict[str, str]:
        return {"key": letters(32)}

    def supplier(self) -> dict[str, Any]:
        return {
            "id": "md5-form",
            "name": "直充平台",
            "kind": self.name,
            "gateway": f"{self.base}/{self.name}/",
            "account": {"merchant": "10001", "numbers": "confirmed"},
            "currency": "CNY",
            "secret": self.secret,
        }

    def call_name(self, asked: Asked) -> str:
        return CALLS.get(asked.page, "other")

    def serve(self, asked: Asked) -> Answered:
        fields = asked.params
        if asked.method != "POST" or fields.get("customerId") != "10001" or fields.get("sign") != sign(fields, self.secret["key"]):
            return told(401)
        try:
            return self._served(self.call_name(asked), fields)
        except Refused as refused:
            return told(REFUSALS[refused.reason])

    def _served(self, call: str, fields: Mapping[str, str]) -> Answered:
        match call:
            case "create" | "card":
                return told(200, self._taken(fields, is_card=call == "card"))
            case "query":
                order = self.warehouse.seen(fields.get("customerOrderNo", ""))
                return told(420) if order is None else told(CODES[order.state], self._shown(order, with_cards=True))
            case "quote":
                goods = self.warehouse.goods.get(fields.get("goodsId", ""))
                return told(404) if goods is None else told(200, _goods(goods))
            case "goods":
                start, size = (int(fields["page"]) - 1) * int(fields["pageSize"]), int(fields["pageSize"])
                rows = [_goods(one) for one in self.warehouse.goods.values()]
                return told(200, {"total": len(rows), "list": rows[start : start + size]})
            case "balance":
                return told(200, {"customerId": "10001", "balance": yuan(self.warehouse.balance_minor)})
        return told(404)

    def _taken(self, fields: Mapping[str, str], *, is_card: bool) -> dict[str, Any]:
        """The same number again is another order here: nothing documents that it were not. Raises: Refused."""
        account = {} if is_card else {"account": fields.get("account", "")}
        order = self.warehouse.create(
            fields["customerOrderNo"], fields["goodsId"], int(fields["num"]), account, fields.get("notifyURL", "")
        )
        self.warehouse.charge(order)
        return self._shown(order)

    def _shown(self, order: Filled, *, with_cards: bool = False) -> dict[str, Any]:
        shown = {
            "orderNo": order.supplier_no,
            "customerOrderNo": order.number,
            "num": str(order.quantity),
            "amount": yuan(order.cost_minor),
        }
        cards = [{"cardNo": number, "cardPwd": secret, "expireTime": "2028-01-31 23:59:59"} for number, secret in order.cards]
        return shown | ({"cards": cards} if with_cards else {})

    def notice(self, order: Filled) -> Notice:
        return self._packed(order, self._signed(order))

    def forgeries(self, order: Filled) -> Iterator[Notice]:
        honest = self._signed(order)
        yield self._packed(order, honest | {"sign": turned(honest["sign"])})
        yield self._packed(order, honest | {"code": "200" if honest["code"] != "200" else "505"})
        yield self._packed(order, {name: value for name, value in honest.items() if name != "sign"})
        for key in ("", "10001", letters(32)):
            yield self._packed(order, honest | {"sign": sign(honest, key)})
        other = honest | {"customerId": "1" + digits(5)}
        yield self._packed(order, other | {"sign": sign(other, self.secret["key"])})
        whole = self._packed(order, honest)
        yield replace(whole, body=whole.body + b"&code=505")

    def _signed(self, order: Filled) -> dict[str, str]:
        fields = {"customerId": "10001", **self._shown(order), "code": str(CODES[order.state])}
        return fields | {"sign": sign(fields, self.secret["key"])}

    def _packed(self, order: Filled, fields: Mapping[str, str]) -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=order.number,
            method="POST",
            url=order.notify_url,
            content_type="application/x-www-form-urlencoded",
            body=urlencode(fields).encode(),
            label=fields.get("code", ""),
            ends_with="SUCCESS",
        )


def told(code: int, data: Any = None) -> Answered:
    return Answered(200, json.dumps({"code": code, "message": "", "data": data}, ensure_ascii=False).encode())


def _goods(goods: Goods) -> dict[str, Any]:
    return {
        "goodsId": goods.id,
        "goodsName": goods.name,
        "goodsType": 1 if goods.is_card else 2,
        "price": yuan(goods.cost_minor),
        "stock": goods.stock,
        "status": 1 if goods.is_on_sale else 2,
    }
