"""A supplier's row and secret are judged before anything is signed: what is missing closes him, and is named without its value."""

from typing import Any

import pytest

from faka.contexts.suppliers import open_account, open_supplier, opened
from faka.contexts.suppliers.account import SupplierAccount, SupplierClosed, SupplierKind
from faka.contexts.suppliers.store import SupplierRow
from faka.kernel.ids import SupplierId
from faka.kernel.money import Currency
from faka.kernel.secret import Secret
from tests.kit.clock import FrozenClock
from tests.kit.suppliers import FakeSuppliers


pytestmark = pytest.mark.unit

ACCOUNTS: dict[str, dict[str, str]] = {
    "signed_json": {"user_id": "20002", "numbers": "confirmed"},
    "md5_form": {"merchant": "10001", "numbers": "confirmed"},
    "two_step": {"client_id": "shop"},
}
NAMES = {"signed_json": ("key",), "md5_form": ("key",), "two_step": ("api_key", "api_secret")}
WHOLE = "kP3vT9xQ2mZ7wB5n"


def given(kind: str, **changes: Any) -> dict[str, Any]:
    facts = {
        "supplier_id": SupplierId("first"),
        "kind": kind,
        "account": ACCOUNTS[kind],
        "gateway": "https://supplier.test/api",
        "currency": Currency.CNY,
        "secrets": [{name: Secret(WHOLE) for name in NAMES[kind]}],
    }
    return facts | changes


@pytest.mark.parametrize("kind", ACCOUNTS)
def test_a_whole_account_is_open_and_its_gateway_ends_as_a_folder(kind: str) -> None:
    account: SupplierAccount = open_account(**given(kind))
    assert (account.gateway, account.newest(NAMES[kind][0]).reveal()) == ("https://supplier.test/api/", WHOLE)
    assert open_supplier(account, FakeSuppliers(FrozenClock()), FrozenClock()).account is account
    assert WHOLE not in repr(account)


BAD_SECRETS = ["", " ", "k9Qz", "changeme-changeme", "x" * 32, " " + WHOLE, "your-secret-key-here", "${KEY_OF_SUPPLIER}"]


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("text", BAD_SECRETS)
def test_an_absent_short_or_invented_secret_closes_him_and_is_not_told(kind: str, text: str) -> None:
    for name in NAMES[kind]:
        whole = {each: Secret(WHOLE) for each in NAMES[kind]}
        with pytest.raises(SupplierClosed) as closed:
            open_account(**given(kind, secrets=[whole | {name: Secret(text)}]))
        assert not text.strip() or text not in str(closed.value)
    with pytest.raises(SupplierClosed):
        open_account(**given(kind, secrets=[]))


@pytest.mark.parametrize(
    "gateway", ["", "http://supplier.test/", "https://u@supplier.test/", "https://supplier.test:8443/", "ftp://x", "https://[::"]
)
def test_an_address_that_may_not_be_called_closes_him(gateway: str) -> None:
    with pytest.raises(SupplierClosed, match="address"):
        open_account(**given("two_step", gateway=gateway))


@pytest.mark.parametrize("kind", ACCOUNTS)
@pytest.mark.parametrize("identity", ["", "a b", "x" * 65, "商户"])
def test_an_identity_that_is_none_closes_him(kind: str, identity: str) -> None:
    [name, *_] = ACCOUNTS[kind]
    with pytest.raises(SupplierClosed, match="identity"):
        open_account(**given(kind, account=ACCOUNTS[kind] | {name: identity}))


@pytest.mark.parametrize("kind", ["signed_json", "md5_form"])
@pytest.mark.parametrize("numbers", [None, "", "yes", "Confirmed"])
def test_a_platform_whose_numbers_nobody_compared_is_closed(kind: str, numbers: str | None) -> None:
    [name, *_] = ACCOUNTS[kind]
    account = {name: ACCOUNTS[kind][name]} | ({} if numbers is None else {"numbers": numbers})
    with pytest.raises(SupplierClosed, match="numbers"):
        open_account(**given(kind, account=account))


def test_a_kind_that_nobody_speaks_is_closed() -> None:
    with pytest.raises(SupplierClosed):
        open_account(**(given("two_step") | {"kind": "telex"}))
    assert {*ACCOUNTS} == {*SupplierKind}


def test_of_two_live_secrets_the_newest_signs_and_an_unusable_older_one_is_left_out() -> None:
    newer, older = {"key": Secret(WHOLE)}, {"key": Secret("qL8rS4yD1fG6hJ0c")}
    account = open_account(**given("signed_json", secrets=[newer, older]))
    assert [one.reveal() for one in account.live("key")] == [WHOLE, "qL8rS4yD1fG6hJ0c"]
    assert len(open_account(**given("signed_json", secrets=[newer, {"key": Secret("")}])).secrets) == 1
    with pytest.raises(SupplierClosed):
        open_account(**given("signed_json", secrets=[{"key": Secret("")}, newer]))


def test_a_row_opens_as_its_account_does() -> None:
    row = SupplierRow(
        id=SupplierId("first"), name="first", kind="two_step", account=ACCOUNTS["two_step"], gateway="https://supplier.test", currency="CNY"
    )
    adapter = opened(row, [{name: Secret(WHOLE) for name in NAMES["two_step"]}], FakeSuppliers(FrozenClock()), FrozenClock())
    assert adapter.account.id == "first"
    assert row.secret_name == "faka/suppliers/first"


def test_twin_without_the_look_at_the_secret_an_empty_key_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.suppliers.account.is_usable", lambda _secret: True)
    assert open_account(**given("signed_json", secrets=[{"key": Secret("")}])).newest("key").reveal() == ""
