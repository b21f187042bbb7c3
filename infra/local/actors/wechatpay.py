"""The player of WeChat Pay, API v3: what the merchant asks, the buyer's entry, notices. Written from the documents alone.

It has two keys of its own, as an account has that moves from platform certificates to a public key: what it answers is signed
with the key that the merchant asks for, and its notices come under the one or the other.
"""

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from infra.local.actors import wechatpay_forgeries
from infra.local.actors.bank import BankRefund, Payment, Trade
from infra.local.actors.desk import JSON, Answered, Asked, Desk
from infra.local.actors.keys import digits, letters, loaded, new_rsa, public_text
from infra.local.actors.notice import Notice, Refusal
from infra.local.actors.spelling import Json, rsa2, rsa2_fits
from infra.local.actors.wechatpay_books import Books
from infra.local.actors.wechatpay_counter import Counter, moment


SCHEME = "WECHATPAY2-SHA256-RSA2048"
REQUEST_AGE_S_MAX = 5 * 60


def new_secrets() -> dict[str, str]:
    """A merchant and an application, the merchant's key, both keys of the platform, and the key of sealed content."""
    private = new_rsa()
    serial = f"4{digits(39)}"
    names = {
        "mchid": "19" + digits(8),
        "appid": "wx" + digits(16),
        "serial_no": f"5{digits(39)}",
        "public_key_id": f"PUB_KEY_ID_01{digits(30)}",
    }
    keys = {
        "merchant_private": new_rsa(),
        "platform_private": new_rsa(),
        "certificate_private": private,
        "certificate": _certificate(private, serial),
    }
    return {**names, **keys, "certificate_serial": serial, "api_v3_key": letters(32)}


def _certificate(private: str, serial: str) -> str:
    """A platform certificate, signed by itself. Its days are wide, because a test's clock may stand anywhere."""
    pair, name = loaded(private), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(pair.public_key()).serial_number(int(serial, 16))
    dated = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2049, 12, 31, tzinfo=UTC))
    return dated.sign(pair, SHA256()).public_bytes(Encoding.PEM).decode()


class WechatpayDesk(Desk):
    """What WeChat Pay does for one merchant."""

    name = "wechatpay"
    title: ClassVar[dict[str, str]] = {"zh": "微信支付", "en": "WeChat Pay"}
    paid: ClassVar[str] = "SUCCESS"
    waiting: ClassVar[str] = "NOTPAY"

    def channel(self) -> dict[str, Any]:
        public = public_text(loaded(self.own["platform_private"]))
        return {
            "id": self.name,
            "kind": self.name,
            "title": self.title,
            "gateway": f"{self.base}/{self.name}/",
            "account": {name: self.own[name] for name in ("mchid", "appid", "serial_no")},
            "methods": ["native", "h5", "jsapi"],
            "public_key": "",
            "public_keys": {self.own["certificate_serial"]: self.own["certificate"], self.own["public_key_id"]: public},
            "secret": {"private_key": self.own["merchant_private"], "api_v3_key": self.own["api_v3_key"]},
        }

    # -- requests of the merchant -----------------------------------------------------------------------------------

    def serve(self, asked: Asked) -> Answered:
        """A call of the shop's server. 2xx is signed in the headers; a refusal and a file are not."""
        try:
            self._check(asked)
            if asked.page == "v3/billdownload/file":
                return Answered(200, self.books.file(dict(asked.query).get("token", "")), "application/octet-stream")
            answer = self.books.offered(dict(asked.query)) if asked.page == "v3/bill/tradebill" else self.counter.done(asked)
        except Refusal as refusal:
            text = json.dumps({"code": refusal.sub_code, "message": "refused"}).encode()
            return Answered(int(refusal.code), text)
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode() if answer is not None else b""
        signer = self.own["public_key_id"] if asked.headers.get("wechatpay-serial") else self.own["certificate_serial"]
        return Answered(200 if body else 204, body, JSON, self.signed(body, signer))

    def call_name(self, asked: Asked) -> str:
        for part, name in (("/close", "close"), ("out-trade-no", "query"), ("tradebill", "bill"), ("billdownload", "download")):
            if part in asked.page:
                return name
        if "refunds" in asked.page:
            return "refund" if asked.method == "POST" else "refund_query"
        return asked.page.rpartition("/")[2]

    @property
    def counter(self) -> Counter:
        return Counter(self.bank, self.base, self.own)

    @property
    def books(self) -> Books:
        return Books(self.bank, self.base, self.own)

    def _check(self, asked: Asked) -> None:
        """The merchant's signature over the very path, query and body. Raises: Refusal."""
        scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
        said = dict(part.partition("=")[::2] for part in rest.split(","))
        facts = {name: text.strip('"') for name, text in said.items()}
        target = f"{asked.path}?{asked.raw_query}" if asked.raw_query else asked.path
        signed = f"{asked.method}\n{target}\n{facts.get('timestamp')}\n{facts.get('nonce_str')}\n{asked.body.decode()}\n"
        if scheme != SCHEME or facts.get("mchid") != self.own["mchid"] or facts.get("serial_no") != self.own["serial_no"]:
            raise Refusal("401", "SIGN_ERROR")
        if not rsa2_fits(loaded(self.own["merchant_private"]).public_key(), signed, facts.get("signature", "")):
            raise Refusal("401", "SIGN_ERROR")
        if abs(self.bank.now() - int(facts["timestamp"])) > REQUEST_AGE_S_MAX or len(facts["nonce_str"]) > 32:
            raise Refusal("401", "SIGN_ERROR")
        if not asked.headers.get("accept", "").startswith("application/json") and "billdownload" not in asked.page:
            raise Refusal("400", "PARAM_ERROR")

    # -- the buyer --------------------------------------------------------------------------------------------------

    def is_entrance(self, asked: Asked) -> bool:
        return asked.page in ("h5", "bridge")

    def enter(self, asked: Asked) -> Trade:
        """A phone's browser comes with the address of h5, or WeChat itself with what the page gave its bridge. Raises: Refusal."""
        facts = dict(asked.query)
        package = facts.get("package", "")
        prepay_id = facts.get("prepay_id", "") if asked.page == "h5" else package.removeprefix("prepay_id=")
        trade = self.bank.by_token(prepay_id.removeprefix("wx"))
        if trade is None or trade.provider != self.name:
            raise Refusal("404", "ORDER_NOT_EXIST")
        if asked.page == "bridge":
            text = "".join(f"{part}\n" for part in (facts.get("appId"), facts.get("timeStamp"), facts.get("nonceStr"), package))
            ours = loaded(self.own["merchant_private"]).public_key()
            if (
                facts.get("signType") != "RSA"
                or facts.get("appId") != self.own["appid"]
                or not rsa2_fits(ours, text, facts.get("paySign", ""))
            ):
                raise Refusal("401", "SIGN_ERROR")
        trade.return_url = trade.return_url or facts.get("redirect_url", "")
        return trade

    # -- notices ----------------------------------------------------------------------------------------------------

    def notice(self, trade: Trade, payment: Payment | None, status: str = "", **changes: str) -> Notice:
        """`changes` named `total`, `payer_total` or `currency` go into the amount, `event_type` and `id` into the envelope."""
        facts = self.counter.transaction(trade, payment, status or self.paid)
        return self.packed(trade, self.envelope("TRANSACTION.SUCCESS", "transaction", facts, changes), status or self.paid)

    def refund_notice(self, trade: Trade, refund: BankRefund, status: str = "", **changes: str) -> Notice | None:
        told = status or {"SUCCEEDED": "SUCCESS", "FAILED": "ABNORMAL"}.get(refund.state, "")
        if not told:
            return None
        facts = self.counter.refund(trade, refund) | {"mchid": self.own["mchid"], "refund_status": told}
        for name in ("status", "create_time", "channel", "funds_account"):
            facts.pop(name, None)
        facts["amount"] = {
            name: minor for name, minor in facts["amount"].items() if name in ("total", "refund", "payer_total", "payer_refund")
        }
        return self.packed(trade, self.envelope(f"REFUND.{told}", "refund", facts, changes), told)

    def forgeries(self, trade: Trade) -> Iterator[Notice]:
        return wechatpay_forgeries.forgeries(self, trade)

    def envelope(self, event_type: str, original: str, facts: Json, changes: Mapping[str, str], other_key: str = "") -> bytes:
        """The body of a notice; its content is sealed with the merchant's APIv3 key, or with another one."""
        amount = {name: int(text) if text.isdecimal() else text for name, text in changes.items() if name in _AMOUNT}
        inner = (
            facts
            | ({"amount": facts["amount"] | amount} if amount else {})
            | {k: v for k, v in changes.items() if k not in (*_AMOUNT, *_OUTER)}
        )
        nonce = self.bank.token()[:12]
        text = json.dumps(inner, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = AESGCM((other_key or self.own["api_v3_key"]).encode()).encrypt(nonce.encode(), text, original.encode())
        outer: Json = {
            "id": f"EV-{self.bank.token()}",
            "create_time": moment(self.bank.now()),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功" if original == "transaction" else "退款",
            "resource": {
                "original_type": original,
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": original,
                "nonce": nonce,
            },
        }
        return json.dumps(outer | {k: v for k, v in changes.items() if k in _OUTER}, ensure_ascii=False, separators=(",", ":")).encode()

    def packed(self, trade: Trade, body: bytes, label: str = "", headers: Mapping[str, str] | None = None) -> Notice:
        """A notice as it leaves, under the public key's name or the certificate's: the number of the trade decides."""
        signer = ("public_key_id", "certificate_serial")[zlib.crc32(trade.out_trade_no.encode()) % 2]
        return Notice(
            provider=self.name,
            out_trade_no=trade.out_trade_no,
            method="POST",
            url=trade.notify_url,
            content_type="application/json",
            body=body,
            label=label,
            headers=headers or self.signed(body, self.own[signer]),
            ends_with=None,
        )

    def signed(self, body: bytes, serial: str, time_s: float = 0.0) -> dict[str, str]:
        """The four headers that prove a body, of now or of another time."""
        time, nonce = str(int(time_s or self.bank.now())), self.bank.token()
        signer = loaded(self.own["platform_private" if serial == self.own["public_key_id"] else "certificate_private"])
        signature = rsa2(signer, f"{time}\n{nonce}\n{body.decode()}\n")
        names = {"Serial": serial, "Signature": signature, "Timestamp": time, "Nonce": nonce, "Signature-Type": SCHEME}
        return {f"Wechatpay-{name}": text for name, text in names.items()}

    def bill(self, day: date) -> bytes:
        return self.books.packed(day)


_AMOUNT = ("total", "payer_total", "refund", "payer_refund", "currency")
_OUTER = ("event_type", "id", "resource_type", "create_time")
