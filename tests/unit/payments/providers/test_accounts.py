"""A channel without a real secret neither sells nor verifies."""

import traceback
from typing import Any

import pytest

from faka.contexts.payments.providers import open_channel
from faka.contexts.payments.providers.base import ChannelClosed
from faka.contexts.payments.providers.epay import Epay, md5_signature
from faka.kernel.exchange import RawRequest
from faka.kernel.money import Currency
from faka.kernel.secret import Secret, is_usable
from tests.kit.clock import FrozenClock
from tests.kit.providers import FakeProvider, FakeProviders, shared_keys


pytestmark = pytest.mark.unit

BAD_SECRETS = {
    "empty": "",
    "blank": " " * 32,
    "tabs": "\t\n" * 16,
    "short": "Ab3dEf6hIj9kLm2",
    "one-symbol": "0" * 32,
    "two-symbols": "ab" * 16,
    "change-me": "change-me-change-me-1234567890",
    "changeme": "CHANGEME0123456789abcdef",
    "placeholder": "placeholder-for-the-epay-key",
    "your-key": "your-epay-key-goes-here-1234",
    "example": "example-key-0123456789-abcdef",
    "angle": "<paste the key from the page>",
    "dollar": "${EPAY_KEY_FROM_ENVIRONMENT}",
    "stars": "abcd****************wxyz1234",
    "x-es": "xxxxxxxxxxxxabcdefgh12345678",
    "todo": "todo-ask-the-boss-for-the-key",
    "secret": "my-secret-key-1234567890abcdef",
    "padded": " 3kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6 ",
}


@pytest.fixture(params=["alipay", "epay"])
def provider(request: pytest.FixtureRequest) -> FakeProvider:
    return FakeProviders(FrozenClock()).by_id(request.param)


def named(provider: FakeProvider, text: str) -> dict[str, Secret]:
    return {name: Secret(text) for name in provider.secret}


def test_a_real_secret_opens(provider: FakeProvider) -> None:
    assert provider.adapter().account.merchant_id in provider.channel["account"].values()


@pytest.mark.parametrize("name", BAD_SECRETS)
def test_an_invented_secret_closes_the_channel(provider: FakeProvider, name: str) -> None:
    with pytest.raises(ChannelClosed) as caught:
        provider.account(secret=named(provider, BAD_SECRETS[name]))
    assert not BAD_SECRETS[name].strip() or BAD_SECRETS[name] not in str(caught.value)


@pytest.mark.parametrize("secret", [None, {}, {"other": Secret("3kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6")}])
def test_an_absent_secret_closes_the_channel(provider: FakeProvider, secret: Any) -> None:
    with pytest.raises(ChannelClosed):
        provider.account(secret=secret)


def test_twin_with_an_empty_key_everybody_can_sign() -> None:
    """What `open_account` prevents: an account that was never configured verifies what anybody computes."""
    clock = FrozenClock()
    fields = {"pid": "1001", "trade_no": "E1", "out_trade_no": "pay1", "money": "1.00", "trade_status": "TRADE_SUCCESS"}
    sign = md5_signature({name: value.encode() for name, value in fields.items()}, Secret(""))
    account = FakeProviders(clock).epay.account(account={"pid": "1001"})
    object.__setattr__(account, "secrets", ({"key": Secret("")},))
    raw = RawRequest(method="GET", query=tuple({**fields, "sign": sign, "sign_type": "MD5"}.items()))
    assert Epay(account, FakeProviders(clock), clock).parse_notice(raw).out_trade_no == "pay1"


@pytest.mark.parametrize(
    "key", ["", "  ", "x", "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "公钥" * 20]
)
def test_an_unreadable_public_key_closes_alipay(key: str) -> None:
    with pytest.raises(ChannelClosed):
        FakeProviders(FrozenClock()).alipay.adapter(public_key=key)


def test_a_private_key_in_place_of_the_public_one_closes_alipay() -> None:
    with pytest.raises(ChannelClosed):
        FakeProviders(FrozenClock()).alipay.adapter(public_key=shared_keys().merchant_private)


def test_short_rsa_keys_close_alipay() -> None:
    import base64

    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    small = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()
    text = base64.b64encode(small.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    with pytest.raises(ChannelClosed):
        FakeProviders(FrozenClock()).alipay.adapter(public_key=text)


def test_an_unreadable_private_key_refuses_to_sign_and_still_takes_notices() -> None:
    providers = FakeProviders(FrozenClock())
    adapter = providers.alipay.adapter(secret=named(providers.alipay, "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgw"))
    [notice] = providers.alipay.pay("pay1", 100)
    assert adapter.parse_notice(notice).amount.minor == 100
    with pytest.raises(ChannelClosed) as caught:
        adapter.query("pay1")
    assert "MIIEvg" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "wechat"},
        {"kind": ""},
        {"account": {}},
        {"account": {"app_id": "", "seller_id": "", "pid": ""}},
        {"account": {"app_id": "２０２１", "seller_id": "2088000000000000", "pid": "１"}},
        {"account": {"app_id": "a b", "seller_id": "2088000000000000", "pid": "1 or 1=1"}},
        {"gateway": ""},
        {"gateway": "http://pay.example.com/"},
        {"gateway": "ftp://pay.example.com/"},
        {"gateway": "javascript:alert(1)"},
        {"gateway": "//pay.example.com/"},
    ],
)
def test_a_wrong_row_closes_the_channel(provider: FakeProvider, changes: dict[str, Any]) -> None:
    with pytest.raises(ChannelClosed):
        provider.account(**changes)


@pytest.mark.parametrize("seller", ["", "2088", "20880000000000000", "user@example.com"])
def test_alipay_needs_the_sellers_number(seller: str) -> None:
    with pytest.raises(ChannelClosed):
        FakeProviders(FrozenClock()).alipay.account(account={"app_id": "2021000000000000", "seller_id": seller})


def test_an_account_does_not_print_its_secret(provider: FakeProvider) -> None:
    account = provider.account()
    for value in provider.secret.values():
        assert value.reveal() not in repr(account) + str(account) + f"{account}"


def test_keys_as_gateways_print_them_are_usable() -> None:
    for text in ("3kF9mQz7TbW2nX5vRj8cLpYsHdGu4aE6", "5f4dcc3b5aa765d61d8327deb882cf99", shared_keys().merchant_private):
        assert is_usable(Secret(text))


def test_the_currency_of_the_row_is_the_currency_of_its_events() -> None:
    clock = FrozenClock()
    providers = FakeProviders(clock)
    [notice] = providers.epay.pay("pay1", 100)
    assert (
        open_channel(providers.epay.account(currency=Currency.USD), providers, clock).parse_notice(notice).amount.currency is Currency.USD
    )
