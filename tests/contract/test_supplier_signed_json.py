"""The JSON protocol word by word: signatures against values that other tools computed, and what each code decides."""

import pytest

from faka.contexts.suppliers.adapters.signed_signing import WINDOW_MS, dense, signature
from faka.contexts.suppliers.base import SupplierUnavailable, SupplyRefused, SupplyState
from faka.kernel.exchange import Forged
from faka.kernel.secret import Secret
from infra.local.actors.suppliers.signed_json import told
from tests.contract.supplier_scene import NUMBER, Scene
from tests.kit.supplier_script import KEY


pytestmark = pytest.mark.contract

TIME = "1764057600000"

# Each value is `printf '%s%s%s' time body key | sha1sum`; `openssl dgst -sha1` agrees.
VECTORS: list[tuple[dict[str, object], str]] = [
    ({"goodsid": "5010"}, "f203e08680043bfae109fc37f6b079863b766fc3"),
    (
        {
            "maxmoney": "28.50",
            "goodsid": "5010",
            "buynum": 1,
            "external_orderno": NUMBER,
            "callbackurl": "https://notify.test/n",
            "attach": {"recharge_account": "13800138000"},
        },
        "69bf91d8eef13bda645eb9fd5cf60bd6e5cf43b4",
    ),
    ({"name": "话费"}, "2aff9a9fe18b686bf7f9f748dbd1508de7322adf"),
]


@pytest.mark.parametrize(("content", "wanted"), VECTORS)
def test_a_signature_is_what_other_tools_say(content: dict[str, object], wanted: str) -> None:
    assert signature(TIME, dense(content), Secret(KEY)) == wanted


def test_names_are_sorted_at_every_depth_and_letters_stay() -> None:
    assert dense({"b": {"d": 1, "c": "费"}, "a": 2}).decode() == '{"a":2,"b":{"c":"费","d":1}}'


@pytest.mark.parametrize(("code", "reason"), [(1101, "goods"), (1102, "stock"), (1103, "balance"), (1104, "account"), (1105, "price")])
def test_a_refusal_of_the_closed_list_is_proved(code: int, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SupplyRefused) as refused:
        answered(code, monkeypatch)
    assert refused.value.reason == reason


@pytest.mark.parametrize("code", [0, 999, 1001, 1106, 1404, 5000])
def test_any_other_code_of_an_order_is_unknown(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SupplierUnavailable):
        answered(code, monkeypatch)


def answered(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene("signed_json")
    monkeypatch.setattr(scene.supplier.desk, "serve", lambda _asked: told(code))
    scene.adapter.submit(scene.order())


def test_a_callback_is_of_now_and_a_kept_one_of_its_time() -> None:
    scene = Scene("signed_json")
    scene.adapter.submit(scene.order())
    raw = scene.supplier.notice(NUMBER)
    came = scene.clock.now()
    assert scene.adapter.parse_notice(raw).state is SupplyState.SUCCEEDED
    scene.clock.advance(seconds=WINDOW_MS // 1000 + 1)
    with pytest.raises(Forged):
        scene.adapter.parse_notice(raw)
    assert scene.adapter.parse_notice(raw.model_copy(update={"received_at": came})).state is SupplyState.SUCCEEDED


def test_twin_without_the_time_a_caught_callback_counts_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene("signed_json")
    scene.adapter.submit(scene.order())
    raw = scene.supplier.notice(NUMBER)
    scene.clock.advance(days=40)
    monkeypatch.setattr("faka.contexts.suppliers.adapters.signed_signing.WINDOW_MS", 10**15)
    assert scene.adapter.parse_notice(raw).state is SupplyState.SUCCEEDED


def test_a_callback_brings_no_card() -> None:
    scene = Scene("signed_json")
    scene.adapter.buy_cards(scene.cards(2))
    assert len(scene.asked(is_card=True).cards) == 2
    assert scene.adapter.parse_notice(scene.supplier.notice(NUMBER)).cards == ()
