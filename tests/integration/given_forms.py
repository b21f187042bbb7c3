"""Notices that are parameters: how Alipay (a form) and both versions of epay (an address) spell and sign them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from faka.kernel.exchange import RawRequest
from infra.local.actors.keys import loaded, stranger_keys
from infra.local.actors.spelling import content, md5, rsa2
from tests.integration.given_twists import Bench


Pairs = list[tuple[str, str]]
FORM = "application/x-www-form-urlencoded"


class Form(NamedTuple):
    """How one provider spells its notice."""

    kind: str
    money: str
    account: tuple[str, ...]
    algorithm: str
    is_posted: bool

    def sent(self, params: Mapping[str, str] | Pairs) -> RawRequest:
        pairs = list(params.items()) if isinstance(params, Mapping) else params
        if not self.is_posted:
            return RawRequest(method="GET", query=tuple(pairs))
        return RawRequest(method="POST", headers={"content-type": f"{FORM}; charset=utf-8"}, body=urlencode(pairs).encode())

    def honest(self, bench: Bench, status: str = "", **changes: str) -> dict[str, str]:
        """The signed fields of the claim."""
        raw = bench.claim(status, **changes)
        return dict(parse_qsl(raw.body.decode(), keep_blank_values=True) if self.is_posted else raw.query)

    def other(self, bench: Bench) -> dict[str, str]:
        """The signed fields of the order that was paid."""
        return dict(parse_qsl(bench.old.body.decode(), keep_blank_values=True) if self.is_posted else bench.old.query)


ALIPAY = Form("alipay", "total_amount", ("app_id", "seller_id"), "RSA2", True)
EPAY = Form("epay", "money", ("pid",), "MD5", False)
EPAY_RSA = Form("epay_rsa", "money", ("pid",), "RSA", False)


def with_(form: Form, **changes: str | None) -> Callable[[Bench], RawRequest]:
    """The claim with other fields, under its old signature; None takes a field out."""

    def make(bench: Bench) -> RawRequest:
        whole: dict[str, str | None] = {**form.honest(bench), **changes}
        return form.sent({name: text for name, text in whole.items() if text is not None})

    return make


def signing(form: Form, sign: Callable[[Bench, dict[str, str]], str]) -> Callable[[Bench], RawRequest]:
    """The claim under a signature that somebody else made."""

    def make(bench: Bench) -> RawRequest:
        honest = form.honest(bench)
        return form.sent(honest | {"sign": sign(bench, {name: text for name, text in honest.items() if name not in ("sign", "sign_type")})})

    return make


def pair_of(bench: Bench) -> tuple[Any, Any]:
    """The provider's key and the merchant's."""
    if bench.kind == "alipay":
        return bench.desk.keys.provider, bench.desk.keys.merchant
    return loaded(bench.desk.own["provider_private"]), loaded(bench.desk.own["merchant_private"])


def strangers_sign(form: Form, fields: dict[str, str]) -> str:
    stranger = stranger_keys()
    if form.kind == "epay":
        return md5(fields, stranger.epay_key)
    return rsa2(stranger.provider if form.kind == "alipay" else loaded(stranger.of(form.kind)["provider_private"]), content(fields))
