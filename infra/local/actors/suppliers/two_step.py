"""The player of the two-step protocol: transactions that are created, confirmed or cancelled, and callbacks that nobody signs."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from infra.local.actors.desk import JSON, Answered, Asked
from infra.local.actors.keys import letters
from infra.local.actors.notice import Notice
from infra.local.actors.suppliers.desk import SupplierDesk
from infra.local.actors.suppliers.warehouse import Filled, Goods, Refused


CLASSES = {"PROCESSING": "SUBMITTED", "SUCCEEDED": "COMPLETED", "FAILED": "DECLINED", "ODD": "PENDING"}
REFUSALS = {"goods": (404, 1003001), "stock": (404, 1003001), "balance": (400, 1006001), "account": (400, 1005003)}
MOBILE = "9"
"""The operator whose numbers start with 138 here; all others are of operator 8."""


class TwoStepDesk(SupplierDesk):
    name = "two_step"
    dialogue = ("create", "confirm")
    target: ClassVar[str] = "mobile"
    cards_max: ClassVar[int] = 1

    @staticmethod
    def new_secret() -> dict[str, str]:
        return {"api_key": letters(24), "api_secret": letters(24)}

    def supplier(self) -> dict[str, Any]:
        return {
            "id": "two-step",
            "name": "Digital Value",
            "kind": self.name,
            "gateway": f"{self.base}/{self.name}/",
            "account": {"client_id": "shop"},
            "currency": "CNY",
            "secret": self.secret,
        }

    def call_name(self, asked: Asked) -> str:
        page = asked.page
        if page == "async/transactions":
            return "create"
        first, _, rest = page.partition("/")
        if page.endswith(("/confirm", "/cancel")):
            return page.rpartition("/")[2]
        return {"transactions": "query", "products": "quote" if rest else "goods", "balances": "balance", "lookup": "lookup"}.get(
            first, "other"
        )

    def serve(self, asked: Asked) -> Answered:
        pair = base64.b64encode(f"{self.secret['api_key']}:{self.secret['api_secret']}".encode()).decode()
        if asked.headers.get("authorization") != f"Basic {pair}":
            return _refusal(401, 1000401)
        match self.call_name(asked):
            case "create":
                return self._created(json.loads(asked.body))
            case "confirm":
                return self._confirmed(asked.page.split("/")[2])
            case "cancel":
                return self._cancelled(asked.page.split("/")[1])
            case "query":
                return self._listed(dict(asked.query))
            case "quote":
                goods = self.warehouse.goods.get(asked.page.rpartition("/")[2])
                return _told(_product(goods)) if goods and goods.is_on_sale else _refusal(404, 1003001)
            case "goods":
                return _told([_product(goods) for goods in self.warehouse.goods.values() if goods.is_on_sale])
            case "balance":
                return _told(
                    [{"id": 1, "available": _amount(self.warehouse.balance_minor), "holding": 0, "unit": "CNY", "unit_type": "CURRENCY"}]
                )
            case "lookup":
                return _looked_up(json.loads(asked.body)["mobile_number"])
        return _refusal(404, 1000404)

    def _created(self, asked: dict[str, Any]) -> Answered:
        number = asked["external_id"]
        if number in self.warehouse.orders:
            return _refusal(400, 1007001)
        party = asked.get("credit_party_identifier") or {}
        try:
            order = self.warehouse.create(number, str(asked["product_id"]), 1, _reached(party), asked.get("callback_url", ""))
        except Refused as refused:
            return _refusal(*REFUSALS[refused.reason])
        if asked.get("auto_confirm"):
            self.warehouse.charge(order)
        return _told(self._shown(order), 201)

    def _confirmed(self, supplier_no: str) -> Answered:
        order = self._by_no(supplier_no)
        if order is None:
            return _refusal(404, 1008004)
        if order.state != "CREATED":
            return _refusal(400, 1007004 if order.state == "CANCELLED" else 1007002)
        shown = self._shown(order) | {"status": _status("CONFIRMED")}
        self.warehouse.charge(order)
        return _told(shown)

    def _cancelled(self, supplier_no: str) -> Answered:
        order = self._by_no(supplier_no)
        if order is None:
            return _refusal(404, 1008004)
        if order.state != "CREATED":
            return _refusal(400, 1007005 if order.state == "CANCELLED" else 1007007)
        self.warehouse.cancel(order)
        return _told(self._shown(order))

    def _listed(self, query: dict[str, str]) -> Answered:
        """By our number, or all of a window of at most 24 hours, fifty a page."""
        if "external_id" in query:
            order = self.warehouse.seen(query["external_id"])
            return _told([self._shown(order)] if order else [])
        start, end = (datetime.fromisoformat(query[name]).timestamp() for name in ("from_date", "to_date"))
        if end - start > 86_400:
            return _refusal(400, 1000400)
        rows = [self._shown(order) for order in self.warehouse.orders.values() if start <= order.placed_at <= end]
        page, size = int(query["page"]), int(query["per_page"])
        more = {"X-Next-Page": str(page + 1)} if len(rows) > page * size else {}
        return Answered(200, json.dumps(rows[(page - 1) * size : page * size]).encode(), headers=more)

    def _by_no(self, supplier_no: str) -> Filled | None:
        return next((order for order in self.warehouse.orders.values() if order.supplier_no == supplier_no), None)

    def _shown(self, order: Filled) -> dict[str, Any]:
        goods = self.warehouse.goods[order.goods_id]
        pin = {"serial": order.cards[0][0], "code": order.cards[0][1]} if order.cards else None
        return {
            "id": int(order.supplier_no),
            "external_id": order.number,
            "creation_date": datetime.fromtimestamp(order.placed_at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "status": _status(CLASSES.get(order.state, order.state)),
            "product": {"id": int(goods.id), "name": goods.name},
            "prices": _prices(order.cost_minor),
            "pin": pin,
        }

    def notice(self, order: Filled) -> Notice:
        return Notice(
            provider=self.name,
            out_trade_no=order.number,
            method="POST",
            url=order.notify_url,
            content_type=JSON,
            body=json.dumps(self._shown(order)).encode(),
            label=CLASSES.get(order.state, order.state),
            ends_with=None,
        )

    def forgeries(self, order: Filled) -> Iterator[Notice]:
        """Each of them is a perfect callback: there is nothing that a stranger could not write."""
        for word in ("COMPLETED", "DECLINED", "REVERSED"):
            body = self._shown(order) | {"status": _status(word), "pin": {"serial": "X", "code": "1"}}
            yield replace(self.notice(order), body=json.dumps(body).encode())


def _reached(party: dict[str, str]) -> dict[str, str]:
    """Whom a party names, by its documented fields alone."""
    return {name: party[name] for name in ("mobile_number", "account_number") if name in party}


def _status(word: str) -> dict[str, Any]:
    return {"id": 10000, "message": word, "class": {"id": 1, "message": word}}


def _prices(minor: int) -> dict[str, Any]:
    return {"wholesale": {"amount": _amount(minor), "fee": 0, "unit": "CNY", "unit_type": "CURRENCY"}, "retail": None}


def _amount(minor: int) -> float:
    """Amounts are JSON numbers there."""
    return float(Decimal(minor) / 100)


def _product(goods: Goods) -> dict[str, Any]:
    return {
        "id": int(goods.id),
        "name": goods.name,
        "type": "FIXED_VALUE_PIN_PURCHASE" if goods.is_card else "FIXED_VALUE_RECHARGE",
        "operator": {"id": int(MOBILE), "name": "China Mobile"},
        "prices": _prices(goods.cost_minor),
        "required_credit_party_identifier_fields": None if goods.is_card else [["mobile_number"]],
    }


def _looked_up(mobile: str) -> Answered:
    if len(mobile) != 14:
        return _refusal(400, 1005003)
    is_his = mobile.startswith("+86138")
    operator = {"id": int(MOBILE) if is_his else 8, "name": "China Mobile" if is_his else "China Unicom"}
    return _told([operator | {"identified": True, "country": {"iso_code": "CHN", "name": "China"}}])


def _told(content: Any, status: int = 200) -> Answered:
    return Answered(status, json.dumps(content).encode())


def _refusal(status: int, code: int) -> Answered:
    return Answered(status, json.dumps({"errors": [{"code": code, "message": "refused"}]}).encode())
