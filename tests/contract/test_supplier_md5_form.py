"""The form protocol word by word: signatures against values that other tools computed, and what each code decides."""

import hashlib
from typing import Any
from urllib.parse import urlencode

import pytest

from faka.contexts.suppliers.adapters import md5_form, md5_signing
from faka.contexts.suppliers.adapters.md5_signing import canonical, signature
from faka.contexts.suppliers.base import CARDS_MAX, SupplierUnavailable, SupplyOrder, SupplyRefused, SupplyState
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.money import Currency, Money
from faka.kernel.secret import Secret
from tests.kit.clock import FrozenClock
from tests.kit.supplier_script import KEY, LOST, Said, Script, opened_supplier, supplier_account


pytestmark = pytest.mark.contract

NUMBER = "rch01JABCDEFGHJKMNPQRSTVWXYZ00"
GOODS = {"goodsId": "100011", "price": "3.94", "stock": 5, "status": 1}
TAKEN = {"code": 200, "message": "接口调用成功", "data": {"orderNo": "2019041000234267381", "customerOrderNo": NUMBER, "amount": "3.94"}}

# Fields as the platform's documents print them; each value is `printf '%s%s' text key | md5sum`, and `openssl md5` agrees.
VECTORS = [
    ({"customerId": "8000000", "page": "1", "pageSize": "20"}, "7f91b47b9ca552d0854f9f23046353a6"),
    (
        {
            "customerId": "10001",
            "customerOrderNo": "20190409165922",
            "goodsId": "100011",
            "account": "475503798",
            "num": "1",
            "notifyURL": "http://www.xxx.com/callback",
        },
        "22f1551c95846a57adb4513ff6493730",
    ),
    (
        {
            "customerId": "10001",
            "customerOrderNo": "20190409165922",
            "goodsId": "100011",
            "num": "1",
            "notifyURL": "http://www.xxx.com/callback",
        },
        "30530e7af5bcc74c36640fb6d9906326",
    ),
    ({"customerId": "10001", "account": ""}, "3a4abe331a558298bcc15e702c0becaf"),
    ({"customerId": "10001", "account": "QQ会员A"}, "b4b2853e0a2ff4d8830604a2ea790413"),
]


def encoded(fields: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in fields.items()}


def order(**changes: Any) -> SupplyOrder:
    plain: dict[str, Any] = {
        "number": NUMBER,
        "goods_id": "100011",
        "account": {"account": "475503798"},
        "unit_cost_max": Money(minor=394, currency=Currency.CNY),
        "notify_url": "https://notify.test/v1/suppliers/md5_form/md5-form",
        "placed_at": FrozenClock().now(),
    }
    return SupplyOrder(**(plain | changes))


def callback(key: str = KEY, **changes: str) -> RawRequest:
    fields = {"customerId": "10001", "orderNo": "2019041000234267381", "customerOrderNo": NUMBER, "code": "200", "amount": "3.94"}
    fields |= changes
    return packed(fields | {"sign": signature(encoded(fields), Secret(key))})


def packed(fields: dict[str, str]) -> RawRequest:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return RawRequest(method="POST", headers=form, body=urlencode(fields).encode())


class TestSignature:
    @pytest.mark.parametrize(("fields", "wanted"), VECTORS)
    def test_it_is_what_other_tools_compute(self, fields: dict[str, str], wanted: str) -> None:
        assert signature(encoded(fields), Secret(KEY)) == wanted

    def test_the_text_is_sorted_lower_case_and_keeps_empty_values(self) -> None:
        assert canonical({"b": b"", "a": b"X&Y", "sign": b"1"}) == b"a=x&y&b="

    def test_without_lower_case_the_platform_would_refuse_it(self) -> None:
        """The twin of a signature that other protocols have: same fields, another text."""
        text = "&".join(f"{name}={value}" for name, value in sorted(VECTORS[0][0].items()))
        assert hashlib.md5((text + KEY).encode()).hexdigest() != VECTORS[0][1]

    def test_without_empty_values_the_platform_would_refuse_it(self) -> None:
        assert signature({"customerId": b"10001"}, Secret(KEY)) != VECTORS[3][1]

    def test_each_call_carries_it_and_never_the_key(self) -> None:
        script = Script(("customer/balance", {"code": 200, "data": {"customerId": "10001", "balance": "888.00"}}))
        assert opened_supplier("md5_form", script).balance() == Money(minor=88_800, currency=Currency.CNY)
        [asked] = script.asked
        assert asked.form == {"customerId": "10001", "sign": hashlib.md5(b"customerid=10001" + KEY.encode()).hexdigest()}
        assert KEY not in asked.body.decode()


class TestOrdering:
    def test_a_taken_order_is_not_a_done_one(self) -> None:
        script = Script(("goods/detail", {"code": 200, "data": GOODS}), ("order/create", TAKEN))
        told = opened_supplier("md5_form", script).submit(order())
        assert (told.state, told.supplier_no, told.cost) == (
            SupplyState.PROCESSING,
            "2019041000234267381",
            Money(minor=394, currency=Currency.CNY),
        )
        form = script.asked[1].form
        assert (form["customerOrderNo"], form["account"], form["num"], form["goodsId"]) == (NUMBER, "475503798", "1", "100011")

    def test_cards_are_ordered_at_their_own_page_without_an_account(self) -> None:
        script = Script(("goods/detail", {"code": 200, "data": GOODS}), ("order/card", TAKEN))
        opened_supplier("md5_form", script).buy_cards(order(account={}, quantity=2))
        assert script.asked[1].form["num"] == "2"
        assert "account" not in script.asked[1].form

    @pytest.mark.parametrize("quantity", [0, CARDS_MAX + 1])
    def test_more_cards_than_are_allowed_are_never_asked_for(self, quantity: int) -> None:
        script = Script()
        with pytest.raises(SupplyRefused):
            opened_supplier("md5_form", script).buy_cards(order(account={}, quantity=quantity))
        assert script.asked == []

    @pytest.mark.parametrize(
        ("goods", "reason"),
        [({"price": "3.95"}, "price"), ({"status": 2}, "stock"), ({"stock": 0}, "stock"), ({"price": "3.9401"}, "price")],
    )
    def test_what_does_not_fit_is_refused_before_anything_is_ordered(self, goods: dict[str, object], reason: str) -> None:
        script = Script(("goods/detail", {"code": 200, "data": GOODS | goods}))
        with pytest.raises(SupplyRefused) as refused:
            opened_supplier("md5_form", script).submit(order())
        assert refused.value.reason == reason
        assert script.pages == ["goods/detail"]

    def test_without_a_bound_the_dearer_goods_are_ordered(self) -> None:
        """The twin of the bound on the price."""
        script = Script(("order/create", TAKEN))
        assert opened_supplier("md5_form", script).submit(order(unit_cost_max=None)).state is SupplyState.PROCESSING

    def test_only_the_documented_failure_is_a_refusal(self) -> None:
        with pytest.raises(SupplyRefused):
            opened_supplier("md5_form", Script(("order/create", {"code": 505}))).submit(order(unit_cost_max=None))

    @pytest.mark.parametrize(
        "answer",
        [
            LOST,
            {"code": 500},
            {"code": 402},
            {"code": 421},
            {"code": True},
            {},
            [],
            Said(b"<html>"),
            Said(TAKEN, status=502),
            Said(b'{"code":200,"code":505}'),
        ],
    )
    def test_after_any_other_answer_nobody_knows(self, answer: object) -> None:
        with pytest.raises(SupplierUnavailable) as unknown:
            opened_supplier("md5_form", Script(("order/create", answer))).submit(order(unit_cost_max=None))
        assert unknown.value.__cause__ is None
        assert "475503798" not in str(unknown.value)

    def test_an_answer_about_another_order_is_none(self) -> None:
        other = {"code": 200, "data": TAKEN["data"] | {"customerOrderNo": "another"}}  # type: ignore[operator]
        with pytest.raises(SupplierUnavailable):
            opened_supplier("md5_form", Script(("order/create", other))).submit(order(unit_cost_max=None))


class TestAsking:
    @pytest.mark.parametrize(
        ("code", "state"),
        [
            (200, SupplyState.SUCCEEDED),
            (421, SupplyState.PROCESSING),
            (505, SupplyState.FAILED),
            (500, SupplyState.UNKNOWN),
            (404, SupplyState.UNKNOWN),
            (201, SupplyState.UNKNOWN),
        ],
    )
    def test_each_code_says_what_is_documented_and_no_other_says_anything(self, code: int, state: SupplyState) -> None:
        told = opened_supplier("md5_form", Script(("order/query", {"code": code, "data": TAKEN["data"]}))).query(NUMBER)
        assert told is not None
        assert (told.state, told.status) == (state, f"CODE{code}")

    def test_no_such_order_is_not_a_failure(self) -> None:
        adapter = opened_supplier("md5_form", Script(("order/query", {"code": 420})))
        assert adapter.query(NUMBER) is None
        assert adapter.grace_s == 600

    def test_cards_come_with_their_success_alone(self) -> None:
        cards = [{"cardNo": "A1", "cardPwd": "s1", "expireTime": "2027-01-31 23:59:59"}, {"cardNo": "", "cardPwd": "s2"}]
        data = {"code": 200, "data": TAKEN["data"] | {"cards": cards}}  # type: ignore[operator]
        script = Script(("order/query", data), ("order/query", data | {"code": 421}), ("order/query", data))
        adapter = opened_supplier("md5_form", script)
        told = adapter.query(NUMBER, is_card=True)
        assert told is not None
        assert [(card.number.reveal(), card.secret.reveal()) for card in told.cards] == [("A1", "s1"), ("", "s2")]
        assert str(told.cards[0].expires) == "2027-01-31"
        assert "s1" not in repr(told)
        others = adapter.query(NUMBER, is_card=True), adapter.query(NUMBER)
        assert [told.cards for told in others if told] == [(), ()]

    @pytest.mark.parametrize("card", [{"cardNo": "A1"}, {"cardNo": "A1", "cardPwd": None}, {"cardPwd": "x" * 501}, "A1"])
    def test_a_card_that_cannot_be_read_is_asked_for_again(self, card: object) -> None:
        data = {"code": 200, "data": TAKEN["data"] | {"cards": [card]}}  # type: ignore[operator]
        with pytest.raises(SupplierUnavailable):
            opened_supplier("md5_form", Script(("order/query", data))).query(NUMBER, is_card=True)


class TestCallbacks:
    def test_a_signed_one_is_believed(self) -> None:
        told = opened_supplier("md5_form", Script()).parse_notice(callback())
        assert (told.number, told.state, told.cost) == (NUMBER, SupplyState.SUCCEEDED, Money(minor=394, currency=Currency.CNY))

    def test_a_code_outside_the_list_decides_nothing(self) -> None:
        assert opened_supplier("md5_form", Script()).parse_notice(callback(code="999")).state is SupplyState.UNKNOWN

    def test_no_card_is_read_from_one(self) -> None:
        """Lower case hides which letters the platform signed."""
        told = opened_supplier("md5_form", Script()).parse_notice(callback(cards='[{"cardNo":"a","cardPwd":"b"}]'))
        assert told.cards == ()

    def test_a_letter_turned_to_the_other_case_passes_the_signature_and_names_no_order_of_ours(self) -> None:
        honest = dict(pair.split("=") for pair in callback().body.decode().split("&"))
        told = opened_supplier("md5_form", Script()).parse_notice(packed(honest | {"customerOrderNo": NUMBER.lower()}))
        assert told.number == NUMBER.lower()

    def test_an_older_live_key_proves_it_and_a_dead_one_does_not(self) -> None:
        old = "9C0E7B1D5A3F4826B1D7E5C3A9F80246"
        account = supplier_account("md5_form", more=({"key": old},))
        rotating = md5_form.Md5Form(account, Script(), FrozenClock())
        assert rotating.parse_notice(callback(old)).number == NUMBER
        with pytest.raises(Forged):
            opened_supplier("md5_form", Script()).parse_notice(callback(old))

    @pytest.mark.parametrize(
        "changes",
        [{"sign": ""}, {"sign": "0" * 32}, {"amount": "3.95"}, {"code": "505"}, {"customerOrderNo": NUMBER[:-1] + "1"}, {"more": "1"}],
    )
    def test_a_changed_one_is_forged(self, changes: dict[str, str]) -> None:
        honest = dict(pair.split("=") for pair in callback().body.decode().split("&"))
        with pytest.raises(Forged):
            opened_supplier("md5_form", Script()).parse_notice(packed(honest | changes))

    def test_one_for_another_account_with_the_same_key_is_forged(self) -> None:
        with pytest.raises(Forged):
            opened_supplier("md5_form", Script()).parse_notice(callback(customerId="10002"))

    def test_a_field_twice_or_within_another_is_no_callback(self) -> None:
        for body in (callback().body + b"&code=505", callback(amount="1&code=505").body):
            with pytest.raises(Malformed):
                opened_supplier("md5_form", Script()).parse_notice(callback().model_copy(update={"body": body}))

    def test_read_by_its_text_one_signature_would_fit_two_callbacks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The twin of the guard above: what is signed does not say where a value ends."""
        monkeypatch.setattr(md5_signing, "_SECOND_FIELD", md5_signing.re.compile(rb"(?!)"))
        honest = dict(pair.split("=") for pair in callback(zone="1").body.decode().split("&"))
        del honest["zone"], honest["orderNo"]
        hidden = packed(honest | {"orderNo": "2019041000234267381&zone=1"})
        told = opened_supplier("md5_form", Script()).parse_notice(hidden)
        assert told.supplier_no == "", "the platform's number is gone, and its signature still fits"

    def test_it_is_answered_with_the_word_that_ends_the_repeats(self) -> None:
        adapter = opened_supplier("md5_form", Script())
        assert adapter.acknowledge(True).body == b"SUCCESS"
        assert (adapter.acknowledge(False).status, b"SUCCESS" in adapter.acknowledge(False).body) == (503, False)
