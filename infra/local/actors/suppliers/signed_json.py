"""The player of the JSON protocol: order/buy, order/details, goods, balance, and signed callbacks."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from infra.local.actors.desk import Answered, Asked
from infra.local.actors.keys import letters
from infra.local.actors.notice import Notice
from infra.local.actors.spelling import turned, yuan
from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.warehouse import Filled, Goods, Refused


USER = "20002"
STATUSES = {"CREATED": 1, "PROCESSING": 2, "SUCCEEDED": 3, "FAILED": 4, "CANCELLED": 4, "REVERSED": 5, "ODD": 9}
REFUSALS = {"goods": 1101, "stock": 1102, "balance": 1103, "account": 1104, "price": 1105}
CALLS = {"order/details": "query", "goods/details": "quote", "goods/list": "goods", "user/info": "balance"}


class SignedJsonDesk(SupplierDesk):
    name = "signed_json"
    dialogue = ("create",)
    target: ClassVar[str] = "recharge_account"

    @staticmethod
    def new_secret() -> dict[str, str]:
        return {"key": letters(32)}

    def supplier(self) -> dict[str, Any]:
        return {
            "id": "signed-json",
            "name": "货源平台",
            "kind": self.name,
            "gateway": f"{self.base}/{self.name}/",
            "account": {"user_id": USER, "numbers": "confirmed"},
            "currency": "CNY",
            "secret": self.secret,
        }

    def sign(self, timestamp: str, body: bytes, key: str | None = None) -> str:
        """As the platform's document says it: sha1(Timestamp . json . key)."""
        return hashlib.sha1(b"".join((timestamp.encode(), body, (self.secret["key"] if key is None else key).encode()))).hexdigest()

    def call_name(self, asked: Asked) -> str:
        if asked.page == "order/buy":
            return "create" if json.loads(asked.body).get("attach") else "card"
        return CALLS.get(asked.page, "other")

    def serve(self, asked: Asked) -> Answered:
        headers = asked.headers
        if headers.get("userid") != USER or headers.get("sign") != self.sign(headers.get("timestamp", ""), asked.body):
            return told(1001)
        try:
            return self._served(asked, json.loads(asked.body))
        except Refused as refused:
            return told(REFUSALS[refused.reason])

    def _served(self, asked: Asked, fields: Mapping[str, Any]) -> Answered:
        match self.call_name(asked):
            case "create" | "card":
                return told(1000, self._taken(fields))
            case "query":
                order = self.warehouse.seen(fields["external_orderno"])
                return told(1404) if order is None else told(1000, self._shown(order, with_cards=True))
            case "quote":
                goods = self.warehouse.goods.get(fields["goodsid"])
                return told(1404) if goods is None else told(1000, self._goods(goods))
            case "goods":
                start = (fields["page"] - 1) * fields["limit"]
                rows = [self._goods(one) for one in self.warehouse.goods.values()]
                return told(1000, {"count": len(rows), "list": rows[start : start + fields["limit"]]})
            case "balance":
                return told(1000, {"userid": USER, "name": "shop", "money": yuan(self.warehouse.balance_minor)})
        return told(1404)

    def _taken(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Raises: Refused."""
        goods, count = self.warehouse.goods.get(fields["goodsid"]), int(fields["buynum"])
        if goods is not None and "maxmoney" in fields and goods.cost_minor * count > int(Decimal(fields["maxmoney"]) * 100):
            raise Refused("price")
        order = self.warehouse.create(fields["external_orderno"], fields["goodsid"], count, fields["attach"], fields["callbackurl"])
        self.warehouse.charge(order)
        return self._shown(order)

    def _shown(self, order: Filled, *, with_cards: bool = False) -> dict[str, Any]:
        shown = {
            "orderno": order.supplier_no,
            "external_orderno": order.number,
            "status": STATUSES[order.state],
            "buynum": order.quantity,
            "money": yuan(order.cost_minor),
        }
        cards = [{"no": number, "password": secret, "expires": "2028-01-31"} for number, secret in order.cards]
        return shown | ({"cards": cards} if with_cards else {})

    def _goods(self, goods: Goods) -> dict[str, Any]:
        return {
            "goodsid": goods.id,
            "name": goods.name,
            "type": 1 if goods.is_card else 2,
            "price": yuan(goods.cost_minor),
            "stock": goods.stock,
            "state": 1 if goods.is_on_sale else 2,
            "attach": [] if goods.is_card else [self.target],
        }

    def notice(self, order: Filled) -> Notice:
        return self._packed(order, self._shown(order))

    def forgeries(self, order: Filled) -> Iterator[Notice]:
        honest, shown = self.notice(order), self._shown(order)
        headers = dict(honest.headers)
        yield replace(honest, headers=headers | {"Sign": turned(headers["Sign"])})
        yield replace(honest, body=json.dumps(shown | {"status": 3 if shown["status"] != 3 else 4}).encode())
        yield replace(honest, headers={name: value for name, value in headers.items() if name != "Sign"})
        yield replace(honest, headers=headers | {"UserId": "20003"})
        yield replace(honest, headers=headers | {"Timestamp": str(int(headers["Timestamp"]) + 1)})
        for key in ("", USER, letters(32)):
            yield self._packed(order, shown, key=key)
        yield self._packed(order, shown, ago_ms=6 * 60 * 1000)
        yield replace(honest, body=honest.body + b" ")

    def _packed(self, order: Filled, content: Mapping[str, Any], *, key: str | None = None, ago_ms: int = 0) -> Notice:
        body = json.dumps(content, ensure_ascii=False).encode()
        timestamp = str(int(self.warehouse.now() * 1000) - ago_ms)
        return Notice(
            provider=self.name,
            out_trade_no=order.number,
            method="POST",
            url=order.notify_url,
            content_type="application/json",
            body=body,
            label=str(content["status"]),
            headers={"UserId": USER, "Timestamp": timestamp, "Sign": self.sign(timestamp, body, key)},
            ends_with="ok",
        )


def told(code: int, data: Any = None) -> Answered:
    return Answered(200, json.dumps({"code": code, "msg": "", "data": data}, ensure_ascii=False).encode())
