"""Every kind of account is closed by every kind of secret that is none."""

from typing import Any

import pytest

from faka.contexts.payments.providers import open_account
from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.base import ChannelClosed, ProviderKind
from faka.kernel.ids import ChannelId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from tests.unit.payments.providers.test_accounts import BAD_SECRETS


pytestmark = pytest.mark.unit

REAL = "3kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6"
KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"
KINDS: dict[str, dict[str, Any]] = {
    "alipay": {
        "account": {"app_id": "2021000000000000", "seller_id": "2088000000000000"},
        "names": ("private_key",),
        "gateway": "https://openapi.pay.test/gateway.do",
        "public_key": KEY,
    },
    "wechatpay": {
        "account": {"mchid": "1900000001", "appid": "wx8888888888888888", "serial_no": "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"},
        "names": ("private_key", "api_v3_key"),
        "public_keys": {"PUB_KEY_ID_0119000000012024": KEY},
    },
    "epay": {"account": {"pid": "1001"}, "names": ("key",)},
    "epay_rsa": {"account": {"pid": "1001"}, "names": ("private_key",), "public_key": KEY},
    "stripe": {"account": {"account": "acct_1Kx3F9mQz7TbW2nX"}, "names": ("secret_key", "webhook_secret")},
    "epusdt": {"account": {"merchant": "1001"}, "names": ("token",)},
}
CASES = [(kind, name) for kind, facts in KINDS.items() for name in facts["names"]]


def account(kind: str, *versions: dict[str, str], **changes: Any) -> ChannelAccount:
    facts = {"gateway": "https://pay.test/", **KINDS[kind], **changes}
    facts.pop("names")
    wrapped = [{name: Secret(value) for name, value in version.items()} for version in versions]
    return open_account(channel_id=ChannelId(kind), kind=kind, currency=Currency.CNY, secrets=wrapped, **facts)


def real(kind: str, **changes: str) -> dict[str, str]:
    return dict.fromkeys(KINDS[kind]["names"], REAL) | changes


def test_all_kinds_are_here() -> None:
    assert set(KINDS) == {kind.value for kind in ProviderKind}


@pytest.mark.parametrize("kind", KINDS)
def test_a_real_secret_opens_it(kind: str) -> None:
    assert account(kind, real(kind)).kind == kind


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("bad", BAD_SECRETS)
def test_an_invented_secret_closes_it_whichever_it_is(kind: str, name: str, bad: str) -> None:
    with pytest.raises(ChannelClosed):
        account(kind, real(kind, **{name: BAD_SECRETS[bad]}))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_an_absent_secret_closes_it(kind: str, name: str) -> None:
    with pytest.raises(ChannelClosed):
        account(kind, {other: value for other, value in real(kind).items() if other != name})
    with pytest.raises(ChannelClosed):
        account(kind)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_an_older_version_that_is_none_is_left_out_and_opens_nothing(kind: str, name: str) -> None:
    assert len(account(kind, real(kind), real(kind, **{name: ""})).secrets) == 1
    with pytest.raises(ChannelClosed):
        account(kind, real(kind, **{name: ""}), real(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_two_real_versions_both_live_and_a_third_never(kind: str) -> None:
    assert len(account(kind, real(kind), real(kind), real(kind)).secrets) == 2


@pytest.mark.parametrize("kind", [kind for kind, facts in KINDS.items() if "public_key" in facts or "public_keys" in facts])
def test_without_the_providers_key_it_is_closed(kind: str) -> None:
    with pytest.raises(ChannelClosed):
        account(kind, real(kind), public_key="", public_keys={})


def test_twin_the_judge_of_secrets_is_what_closes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.payments.providers.account.is_usable", lambda _secret: True)
    for kind, name in CASES:
        assert account(kind, real(kind, **{name: "changeme"})).live(name)[0].reveal() == "changeme"
