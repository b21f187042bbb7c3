"""The two-step protocol word by word: who confirms, who cancels, and what each documented answer decides."""

import base64
from datetime import date
from typing import Any

import pytest

from faka.contexts.suppliers.adapters import two_step, two_step_table
from faka.contexts.suppliers.base import CheckVerdict, SupplierUnavailable, SupplyOrder, SupplyRefused, SupplyState
from faka.kernel.exchange import Malformed, RawRequest
from faka.kernel.money import Currency, Money
from tests.kit.clock import FrozenClock
from tests.kit.supplier_script import LOST, Said, Script, opened_supplier


pytestmark = pytest.mark.contract

NUMBER = "rch01JABCDEFGHJKMNPQRSTVWXYZ00"
CREATE, CONFIRM, CANCEL, LIST = "async/transactions", "async/transactions/77/confirm", "transactions/77/cancel", "transactions"


def transaction(word: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 77,
        "external_id": NUMBER,
        "creation_date": "2026-03-02T04:00:00.000000Z",
        "status": {"id": 1, "message": word, "class": {"id": 1, "message": word.partition("-")[0]}},
        "product": {"id": 5010, "name": "Airtime 30"},
        "prices": {"wholesale": {"amount": 28.5, "fee": 0, "unit": "CNY", "unit_type": "CURRENCY"}},
    } | changes


def refusal(code: int, status: int = 400) -> Said:
    return Said({"errors": [{"code": code, "message": "…"}]}, status=status)


def order(**changes: Any) -> SupplyOrder:
    plain: dict[str, Any] = {
        "number": NUMBER,
        "goods_id": "5010",
        "account": {"mobile": "13800138000"},
        "unit_cost_max": Money(minor=2850, currency=Currency.CNY),
        "notify_url": "https://notify.test/v1/suppliers/two_step/two-step",
        "placed_at": FrozenClock().now(),
    }
    return SupplyOrder(**(plain | changes))


class TestBothSteps:
    def test_what_was_created_as_asked_for_is_confirmed_once(self) -> None:
        script = Script((CREATE, Said(transaction("CREATED"), status=201)), (CONFIRM, transaction("CONFIRMED")))
        told = opened_supplier("two_step", script).submit(order())
        assert (told.state, told.status, told.supplier_no) == (SupplyState.PROCESSING, "CONFIRMED", "77")
        assert told.cost == Money(minor=2850, currency=Currency.CNY)
        asked = script.asked[0].content
        assert asked["external_id"] == NUMBER
        assert (asked["product_id"], asked["auto_confirm"]) == (5010, False)
        assert asked["credit_party_identifier"] == {"mobile_number": "+8613800138000"}

    def test_the_keys_travel_as_basic_authentication(self) -> None:
        script = Script(("balances", [{"available": 3, "unit": "USD"}, {"available": 12.34, "unit": "CNY"}]))
        assert opened_supplier("two_step", script).balance() == Money(minor=1234, currency=Currency.CNY)
        # printf '%s' 'd9c07a5b-4f0e-4c1b:b7f10c3e-9a4d-4d2a' | base64
        assert script.asked[0].headers["Authorization"] == "Basic ZDljMDdhNWItNGYwZS00YzFiOmI3ZjEwYzNlLTlhNGQtNGQyYQ=="
        assert base64.b64decode("ZDljMDdhNWItNGYwZS00YzFiOmI3ZjEwYzNlLTlhNGQtNGQyYQ==").startswith(b"d9c07a5b-4f0e-4c1b:")

    @pytest.mark.parametrize(
        "created",
        [
            transaction("CREATED", prices={"wholesale": {"amount": 28.5, "fee": 0.01, "unit": "CNY"}}),
            transaction("CREATED", prices={"wholesale": {"amount": 28.5001, "fee": 0, "unit": "CNY"}}),
            transaction("CREATED", prices={"wholesale": {"amount": 28.5, "fee": 0, "unit": "USD"}}),
            transaction("CREATED", prices={}),
            transaction("CREATED", product={"id": 5011}),
        ],
    )
    def test_what_is_dearer_or_something_else_is_cancelled(self, created: dict[str, Any]) -> None:
        script = Script((CREATE, created), (CANCEL, transaction("CANCELLED")))
        with pytest.raises(SupplyRefused) as refused:
            opened_supplier("two_step", script).submit(order())
        assert refused.value.reason == "price"
        script.done()

    def test_without_a_bound_the_dearer_one_is_confirmed(self) -> None:
        """The twin of the bound."""
        dear = transaction("CREATED", prices={"wholesale": {"amount": 99, "fee": 0, "unit": "CNY"}})
        script = Script((CREATE, dear), (CONFIRM, transaction("CONFIRMED")))
        assert opened_supplier("two_step", script).submit(order(unit_cost_max=None)).state is SupplyState.PROCESSING

    def test_a_cancelling_without_an_answer_is_no_refusal(self) -> None:
        script = Script((CREATE, transaction("CREATED", prices={})), (CANCEL, LOST))
        with pytest.raises(SupplierUnavailable):
            opened_supplier("two_step", script).submit(order())

    @pytest.mark.parametrize(
        ("code", "reason"), [(1006001, "balance"), (1003001, "goods"), (1005003, "account"), (1000401, "refused"), (1003002, "goods")]
    )
    def test_a_documented_refusal_names_its_reason(self, code: int, reason: str) -> None:
        with pytest.raises(SupplyRefused) as refused:
            opened_supplier("two_step", Script((CREATE, refusal(code)))).submit(order())
        assert refused.value.reason == reason

    @pytest.mark.parametrize(
        "answer",
        [LOST, refusal(1009001), refusal(1009001, 500), Said(b"<html>", status=503), {}, [], Said(b"{", status=400), Said({}, status=302)],
    )
    def test_after_any_other_answer_nobody_knows_and_nothing_is_confirmed(self, answer: object) -> None:
        script = Script((CREATE, answer))
        with pytest.raises(SupplierUnavailable) as unknown:
            opened_supplier("two_step", script).submit(order())
        assert unknown.value.__cause__ is None
        assert script.pages == [CREATE]

    @pytest.mark.parametrize("account", [{}, {"mobile": "abc"}, {"mobile": "12"}, {"qq": "1"}, {"account": "x" * 65}])
    def test_an_account_that_he_cannot_have_is_never_sent(self, account: dict[str, str]) -> None:
        script = Script()
        with pytest.raises(SupplyRefused):
            opened_supplier("two_step", script).submit(order(account=account))
        assert script.asked == []

    def test_an_amount_of_the_buyers_choice_is_the_destinations(self) -> None:
        script = Script((CREATE, transaction("CREATED")), (CONFIRM, transaction("CONFIRMED")))
        opened_supplier("two_step", script).submit(order(face_minor=3000))
        assert script.asked[0].content["destination"] == {"amount": 30, "unit": "CNY", "unit_type": "CURRENCY"}
        with pytest.raises(SupplyRefused):
            opened_supplier("two_step", Script()).submit(order(face_minor=3001))


class TestBetweenTheSteps:
    def test_a_question_cancels_what_its_creator_left(self) -> None:
        script = Script((LIST, [transaction("CREATED")]), (CANCEL, transaction("CANCELLED")))
        told = opened_supplier("two_step", script).query(NUMBER)
        assert told is not None
        assert told.state is SupplyState.FAILED
        assert script.asked[0].query == {"external_id": NUMBER}
        assert CONFIRM not in script.pages

    def test_a_question_that_loses_the_race_says_what_the_winner_did(self) -> None:
        """The creator was alive and confirmed between the two calls."""
        script = Script((LIST, [transaction("CREATED")]), (CANCEL, refusal(1007007)), (LIST, [transaction("SUBMITTED")]))
        told = opened_supplier("two_step", script).query(NUMBER)
        assert told is not None
        assert told.state is SupplyState.PROCESSING

    def test_a_creator_that_loses_the_race_has_charged_nothing(self) -> None:
        script = Script((CREATE, transaction("CREATED")), (CONFIRM, refusal(1007004)), (LIST, [transaction("CANCELLED")]))
        assert opened_supplier("two_step", script).submit(order()).state is SupplyState.FAILED

    def test_what_can_neither_be_confirmed_nor_cancelled_decides_nothing(self) -> None:
        script = Script((LIST, [transaction("CREATED")]), (CANCEL, refusal(1007007)), (LIST, [transaction("CREATED")]))
        told = opened_supplier("two_step", script).query(NUMBER)
        assert told is not None
        assert told.state is SupplyState.UNKNOWN

    def test_a_confirmation_without_an_answer_is_unknown(self) -> None:
        with pytest.raises(SupplierUnavailable):
            opened_supplier("two_step", Script((CREATE, transaction("CREATED")), (CONFIRM, LOST))).submit(order())

    def test_the_same_order_again_goes_on_where_the_first_one_died(self) -> None:
        script = Script((CREATE, refusal(1007001)), (LIST, [transaction("CREATED")]), (CONFIRM, transaction("CONFIRMED")))
        assert opened_supplier("two_step", script).submit(order()).state is SupplyState.PROCESSING
        script.done()

    def test_the_same_order_again_after_the_end_says_how_it_ended(self) -> None:
        script = Script((CREATE, refusal(1007001)), (LIST, [transaction("COMPLETED")]))
        assert opened_supplier("two_step", script).submit(order()).state is SupplyState.SUCCEEDED
        script.done()

    def test_a_confirmation_twice_is_one(self) -> None:
        script = Script((CREATE, transaction("CREATED")), (CONFIRM, refusal(1007002)), (LIST, [transaction("COMPLETED")]))
        assert opened_supplier("two_step", script).submit(order()).state is SupplyState.SUCCEEDED


class TestAsking:
    @pytest.mark.parametrize(
        ("word", "state", "reason"),
        [
            ("CONFIRMED", SupplyState.PROCESSING, ""),
            ("SUBMITTED", SupplyState.PROCESSING, ""),
            ("COMPLETED", SupplyState.SUCCEEDED, ""),
            ("REVERSED", SupplyState.REVERSED, ""),
            ("CANCELLED", SupplyState.FAILED, "refused"),
            ("REJECTED-INSUFFICIENT-BALANCE", SupplyState.FAILED, "balance"),
            ("DECLINED-INVALID-CREDIT-PARTY", SupplyState.FAILED, "account"),
            ("DECLINED-LIMITATIONS-ON-CREDIT-PARTY-AMOUNT", SupplyState.FAILED, "refused"),
            ("PENDING", SupplyState.UNKNOWN, ""),
            ("", SupplyState.UNKNOWN, ""),
        ],
    )
    def test_the_class_of_a_status_decides(self, word: str, state: SupplyState, reason: str) -> None:
        told = opened_supplier("two_step", Script((LIST, [transaction(word)]))).query(NUMBER)
        assert told is not None
        assert (told.state, told.reason) == (state, reason)

    @pytest.mark.parametrize("answer", [[], refusal(1008004, 404)])
    def test_no_such_transaction_is_none(self, answer: object) -> None:
        assert opened_supplier("two_step", Script((LIST, answer))).query(NUMBER) is None

    @pytest.mark.parametrize(
        "answer",
        [
            LOST,
            Said(b"", status=404),
            refusal(1000401, 401),
            refusal(1000429, 429),
            [transaction("COMPLETED"), transaction("DECLINED")],
            [transaction("COMPLETED", external_id="other")],
        ],
    )
    def test_what_is_not_an_answer_about_it_is_none_either(self, answer: object) -> None:
        with pytest.raises(SupplierUnavailable):
            opened_supplier("two_step", Script((LIST, answer))).query(NUMBER)

    def test_were_created_taken_for_progress_a_dead_order_would_wait_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The twin of cancelling: with CREATED for one of his states nobody ever ends it."""
        monkeypatch.setattr(two_step, "class_of", lambda _: "SUBMITTED")
        monkeypatch.setattr(two_step_table, "_STATES", {"CREATED": SupplyState.PROCESSING})
        script = Script(*[(LIST, [transaction("CREATED")])] * 3)
        adapter = opened_supplier("two_step", script)
        told = [adapter.query(NUMBER) for _ in range(3)]
        assert {one.state for one in told if one} == {SupplyState.PROCESSING}


class TestCards:
    def test_a_card_is_the_pin_of_a_completed_transaction(self) -> None:
        pin = {"code": "8842-1190", "serial": "S-1"}
        script = Script(
            (CREATE, transaction("CREATED")),
            (CONFIRM, transaction("CONFIRMED", pin=pin)),
            *[(LIST, [transaction("COMPLETED", pin=pin)])] * 2,
        )
        adapter = opened_supplier("two_step", script)
        bought = adapter.buy_cards(order(account={}))
        assert bought.cards == ()
        assert "credit_party_identifier" not in script.asked[0].content
        told, plain = adapter.query(NUMBER, is_card=True), adapter.query(NUMBER)
        assert told is not None
        assert [(card.number.reveal(), card.secret.reveal()) for card in told.cards] == [("S-1", "8842-1190")]
        assert plain is not None
        assert plain.cards == ()
        assert "8842" not in repr(told)

    def test_a_pin_that_cannot_be_read_is_asked_for_again(self) -> None:
        with pytest.raises(SupplierUnavailable):
            opened_supplier("two_step", Script((LIST, [transaction("COMPLETED", pin={"serial": "S-1"})]))).query(NUMBER, is_card=True)

    def test_two_cards_under_one_number_are_never_asked_for(self) -> None:
        script = Script()
        with pytest.raises(SupplyRefused):
            opened_supplier("two_step", script).buy_cards(order(account={}, quantity=2))
        assert script.asked == []


class TestCallbacks:
    @pytest.mark.parametrize("word", ["COMPLETED", "DECLINED", "REVERSED"])
    def test_one_says_ask_now_and_nothing_else(self, word: str) -> None:
        """It has no signature: whoever knows the address can send one."""
        body = str(transaction(word)).replace("'", '"').encode()
        script = Script()
        told = opened_supplier("two_step", script).parse_notice(RawRequest(method="POST", body=body))
        assert (told.number, told.state, told.cost, told.cards) == (NUMBER, SupplyState.UNKNOWN, None, ())
        assert script.asked == []

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"{}", b'{"external_id":5.5}', b'{"external_id":"a b"}', b'{"external_id":null}', b"{" + b" " * 65_536]
    )
    def test_what_names_no_transaction_is_none(self, body: bytes) -> None:
        with pytest.raises(Malformed):
            opened_supplier("two_step", Script()).parse_notice(RawRequest(method="POST", body=body))


class TestLookUp:
    PRODUCT = ("products/5010", {"id": 5010, "operator": {"id": 9, "name": "China Mobile"}})

    def looked_up(self, found: object, mobile: str = "13800138000") -> CheckVerdict:
        script = Script(("lookup/mobile-number", found), self.PRODUCT)
        return opened_supplier("two_step", script).check_account("5010", {"mobile": mobile}).verdict

    def test_the_operator_of_a_number_is_held_against_the_products(self) -> None:
        assert self.looked_up([{"id": 9, "name": "China Mobile", "identified": True}]) is CheckVerdict.GOOD
        assert self.looked_up([{"id": 8, "name": "China Unicom", "identified": True}]) is CheckVerdict.BAD

    def test_a_guess_by_prefix_refuses_nobody(self) -> None:
        assert self.looked_up([{"id": 8, "name": "China Unicom", "identified": False}]) is CheckVerdict.NOT_OFFERED

    def test_an_invalid_number_is_bad(self) -> None:
        assert self.looked_up(refusal(1005003)) is CheckVerdict.BAD

    def test_the_number_stands_in_no_address(self) -> None:
        script = Script(("lookup/mobile-number", []), self.PRODUCT)
        opened_supplier("two_step", script).check_account("5010", {"mobile": "13800138000"})
        assert script.asked[0].content == {"mobile_number": "+8613800138000"}
        assert all("13800138000" not in one.page and not one.query for one in script.asked)


class TestBooks:
    def test_a_day_is_one_window_of_24_hours_in_shanghai(self) -> None:
        lines = [transaction("COMPLETED"), transaction("CREATED", external_id="left"), transaction("DECLINED", external_id="no")]
        script = Script((LIST, Said(lines, headers=(("x-next-page", "2"),))), (LIST, [transaction("REVERSED", external_id="back")]))
        found = list(opened_supplier("two_step", script).statement(date(2026, 3, 2)))
        assert [(line.number, line.state.value) for line in found] == [(NUMBER, "SUCCEEDED"), ("no", "FAILED"), ("back", "REVERSED")]
        assert script.asked[0].query["from_date"] == "2026-03-01T16:00:00Z"
        assert script.asked[0].query["to_date"] == "2026-03-02T15:59:59Z"
        assert [one.query["page"] for one in script.asked] == ["1", "2"]

    def test_a_list_with_a_hole_is_none(self) -> None:
        for hole in (transaction("COMPLETED", prices={}), transaction("COMPLETED", creation_date="yesterday")):
            with pytest.raises(SupplierUnavailable):
                list(opened_supplier("two_step", Script((LIST, [hole]))).statement(date(2026, 3, 2)))

    def test_pages_that_run_in_a_circle_end(self) -> None:
        script = Script(*[(LIST, Said([], headers=(("x-next-page", "1"),)))] * 2)
        with pytest.raises(SupplierUnavailable):
            list(opened_supplier("two_step", script).statement(date(2026, 3, 2)))

    def test_a_catalogue_without_end_is_cut(self) -> None:
        script = Script(*[("products", Said([], headers=(("x-next-page", str(page + 2)),))) for page in range(100)])
        assert list(opened_supplier("two_step", script).catalogue()) == []
        script.done()

    def test_the_catalogue_holds_what_can_be_ordered_at_a_known_price(self) -> None:
        priced = {"prices": {"wholesale": {"amount": 28.5, "fee": 0, "unit": "CNY"}}}
        rows = [
            {
                "id": 1,
                "name": "Airtime",
                "type": "FIXED_VALUE_RECHARGE",
                "required_credit_party_identifier_fields": [["mobile_number"], ["account_number"]],
            }
            | priced,
            {"id": 2, "name": "Card", "type": "FIXED_VALUE_PIN_PURCHASE", "required_credit_party_identifier_fields": None} | priced,
            {"id": 6, "name": "\ud83d", "type": "FIXED_VALUE_PIN_PURCHASE"} | priced,
            {"id": 3, "name": "Any", "type": "RANGED_VALUE_RECHARGE"} | priced,
            {"id": 4, "name": "Dollars", "type": "FIXED_VALUE_RECHARGE", "prices": {"wholesale": {"amount": 1, "unit": "USD"}}},
        ]
        found = list(opened_supplier("two_step", Script(("products", rows))).catalogue())
        assert [(one.goods_id, one.is_card, one.fields) for one in found] == [("1", False, ("mobile",)), ("2", True, ()), ("6", True, ())]
        assert all(one.name.encode() is not None for one in found), "half a letter is nothing that could be kept"
