"""What Stripe does when the shop's server asks: sessions, refunds, lists."""

import json
from urllib.parse import urlsplit

from infra.local.actors.bank import BalanceShort, Bank, NotRefundable
from infra.local.actors.desk import Answered, Asked
from infra.local.actors.spelling import Json
from infra.local.actors.stripe_books import NAME, Books


class Counter:
    """The business behind the address."""

    def __init__(self, bank: Bank, books: Books) -> None:
        self.bank = bank
        self.books = books

    def done(self, asked: Asked) -> Answered:
        parts = asked.page.removeprefix("v1/").split("/")
        match asked.method, *parts:
            case "POST", "checkout", "sessions":
                return self._create(asked.params)
            case "GET", "checkout", "sessions":
                return _list(asked, [self.books.session(trade, trade.payment_of("")) for trade in self.books.trades()])
            case _, "checkout", "sessions", session_id, *rest:
                return self._session(session_id, is_end=rest == ["expire"] and asked.method == "POST")
            case "POST", "refunds":
                return self._refund(asked.params)
            case "GET", "refunds":
                return self._refunds(asked)
            case "GET", "balance_transactions":
                return _list(asked, self.books.movements())
        return no(404, "invalid_request_error")

    def _create(self, form: dict[str, str]) -> Answered:
        price = "line_items[0][price_data]"
        try:
            number, amount_minor = form["metadata[out_trade_no]"], int(form[f"{price}[unit_amount]"])
            is_right = number == form["payment_intent_data[metadata][out_trade_no]"] == form["client_reference_id"]
            left_s = int(form["expires_at"]) - self.bank.now()
        except (KeyError, ValueError):
            return UNBEGUN
        if not is_right or not 30 * 60 <= left_s <= 24 * 3600 or not 50 <= amount_minor < 10**8 or form.get("mode") != "payment":
            return UNBEGUN
        trade = self.bank.open(
            NAME,
            number,
            is_known=True,
            method="card",
            subject=form[f"{price}[product_data][name]"],
            amount_minor=amount_minor,
            notify_url=_webhook(form["success_url"]),
            return_url=form["success_url"],
            expires_at=float(form["expires_at"]),
            currency=form[f"{price}[currency]"].upper(),
        )
        return _json(self.books.session(trade, trade.payment_of("")))

    def _session(self, session_id: str, *, is_end: bool) -> Answered:
        trade = self.books.of_session(session_id)
        if trade is None:
            return no(404, "invalid_request_error", "resource_missing")
        if is_end and not self.bank.close(trade):
            return no(400, "invalid_request_error")
        return _json(self.books.session(trade, trade.payment_of(""), is_expanded=not is_end))

    def _refund(self, form: dict[str, str]) -> Answered:
        """Stripe tells refunds apart by the number in the request's head alone: what the metadata say is nothing to it."""
        found = self.books.of_intent(form.get("payment_intent", ""))
        number = form.get("metadata[out_refund_no]", "R")
        if found is None or not form.get("amount", "").isdecimal():
            return no(404, "invalid_request_error", "resource_missing")
        trade, paid = found
        again = sum(refund.refund_no.partition("#")[0] == number for refund in trade.refunds)
        try:
            refund = self.bank.refund(trade, f"{number}#{again}" if again else number, int(form["amount"]), paid.trade_no)
        except NotRefundable:
            return no(400, "invalid_request_error", "charge_already_refunded")
        except BalanceShort:
            return no(400, "invalid_request_error", "balance_insufficient")
        return _json(self.books.refund(trade, refund))

    def _refunds(self, asked: Asked) -> Answered:
        found = self.books.of_intent(asked.params.get("payment_intent", ""))
        trade = found[0] if found else None
        refunds = [one for one in reversed(trade.refunds) if f"pi_{one.trade_no}" == asked.params["payment_intent"]] if trade else []
        return _list(asked, [self.books.refund(trade, one) for one in refunds] if trade else [])


def _webhook(success_url: str) -> str:
    shop = urlsplit(success_url)
    return f"{shop.scheme}://{shop.netloc}/v1/callbacks/stripe/stripe"


def _json(value: Json, status: int = 200) -> Answered:
    return Answered(status, json.dumps(value, indent=2).encode())


def no(status: int, kind: str, code: str = "") -> Answered:
    return _json({"error": {"type": kind, "message": "no", **({"code": code} if code else {})}}, status)


def _list(asked: Asked, objects: list[Json]) -> Answered:
    query = asked.params
    low, high = int(query.get("created[gte]", 0)), int(query.get("created[lt]", 2**40))
    kept = [one for one in objects if low <= one["created"] < high and one["created"] <= int(query.get("created[lte]", 2**40))]
    ids = [one["id"] for one in kept]
    start = ids.index(query["starting_after"]) + 1 if "starting_after" in query else 0
    page = kept[start : start + int(query.get("limit", 10))]
    return _json({"object": "list", "data": page, "has_more": start + len(page) < len(kept), "url": asked.path})


UNBEGUN = no(400, "invalid_request_error", "parameter_invalid")
"""Stripe remembers what it did under a number, but not what it did not even begin."""
