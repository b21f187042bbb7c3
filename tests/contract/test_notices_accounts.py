"""Whose notice it is, and that a signature has one reading only."""

import traceback
from collections.abc import Callable
from urllib.parse import urlencode

import pytest

from faka.contexts.payments.providers.base import EventState
from faka.kernel.exchange import Forged, Malformed, RawRequest
from infra.local.actors.alipay import AlipayDesk
from infra.local.actors.epay import EpayDesk
from infra.local.actors.spelling import md5
from tests.contract.notices import NUMBER, Way, refusal, turned
from tests.kit.providers import stranger_keys


pytestmark = pytest.mark.contract


class TestOtherAccounts:
    """The classic hole: an honest notice of the forger's own account."""

    @pytest.mark.parametrize(("name", "field"), [("alipay", "app_id"), ("alipay", "seller_id"), ("epay-get", "pid"), ("epay-post", "pid")])
    def test_an_honest_notice_for_another_account_is_forged(self, ways: dict[str, Way], name: str, field: str) -> None:
        way = ways[name]
        theirs = way.signed(**{field: turned(way.honest[field])})
        assert isinstance(refusal(way.adapter, theirs), Forged)
        assert isinstance(refusal(way.adapter, way.signed(**{field: ""})), Forged)

    @pytest.mark.parametrize(("name", "field"), [("alipay", "app_id"), ("alipay", "seller_id"), ("epay-get", "pid")])
    def test_twin_the_same_notice_is_good_for_its_own_account(self, ways: dict[str, Way], name: str, field: str) -> None:
        way = ways[name]
        theirs = turned(way.honest[field])
        adapter = way.provider.adapter(account={**way.provider.channel["account"], field: theirs})
        assert adapter.parse_notice(way.signed(**{field: theirs})).state is EventState.SUCCEEDED

    @pytest.mark.parametrize(
        ("sender", "receiver"), [("alipay", "epay-get"), ("alipay", "epay-post"), ("epay-get", "alipay"), ("epay-post", "alipay")]
    )
    def test_no_providers_notice_passes_at_another(self, ways: dict[str, Way], sender: str, receiver: str) -> None:
        adapter = ways[receiver].adapter
        refusal(adapter, ways[sender].sent(ways[sender].honest))
        refusal(adapter, ways[receiver].sent(ways[sender].honest))
        refusal(adapter, ways[receiver].sent({**ways[sender].honest, "sign_type": ways[receiver].honest["sign_type"]}))

    def test_a_strangers_key_is_refused(self, way: Way) -> None:

        desk = (AlipayDesk if way.is_alipay else EpayDesk)(stranger_keys(), way.providers.bank, "")
        assert isinstance(refusal(way.adapter, way.sent(desk.signed(way.unsigned))), Forged)


AMBIGUOUS = "x&total_amount=99999.00&trade_status=TRADE_SUCCESS"


class TestOneReadingOnly:
    """The canonical form does not quote, so a value may pretend to be several fields."""

    @pytest.mark.parametrize(
        ("name", "field"), [("alipay", "subject"), ("alipay", "buyer_logon_id"), ("epay-get", "name"), ("epay-post", "param")]
    )
    def test_a_signed_value_that_holds_fields_is_malformed(self, ways: dict[str, Way], name: str, field: str) -> None:
        assert isinstance(refusal(ways[name].adapter, ways[name].signed(**{field: AMBIGUOUS})), Malformed)

    def test_twin_one_signature_covers_two_readings(self, ways: dict[str, Way]) -> None:
        """A buyer who may choose `name` gets a cheap payment signed, and cuts the text elsewhere: a dear order, same signature."""
        way = ways["epay-get"]
        key = way.providers.keys.epay_key
        rest = {"out_trade_no": "payCheap", "pid": way.honest["pid"], "trade_no": "E1", "trade_status": "TRADE_SUCCESS"}
        signed = {"money": "0.01", "name": "a&out_trade_no=payDear&pid=1&trade_no=E2&x=", **rest}
        read = {"money": "0.01", "name": "a", "out_trade_no": "payDear", "pid": "1", "trade_no": "E2", "x": "&" + urlencode(rest)}

        assert md5(signed, key) == md5(read, key)
        for params in (signed, read):
            refusal(way.adapter, way.sent({**params, "sign": md5(params, key), "sign_type": "MD5"}))

    def test_an_ampersand_alone_is_a_name_like_any_other(self, ways: dict[str, Way]) -> None:
        assert ways["alipay"].adapter.parse_notice(ways["alipay"].signed(subject="A&B = C")).out_trade_no == NUMBER


class TestSilence:
    """A refusal names what is wrong with the kind of message, and nothing that stood in it."""

    @pytest.mark.parametrize("change", ["sign", "sign_type", "out_trade_no", "subject-name", "pid-app", "doubled", "amount"])
    def test_no_value_of_the_message_or_key_is_in_the_error(self, way: Way, change: str) -> None:
        canary = "CANARY7e1f"
        raws: dict[str, Callable[[], RawRequest]] = {
            "sign": lambda: way.spoiled(sign=canary),
            "sign_type": lambda: way.spoiled(sign_type=canary),
            "out_trade_no": lambda: way.signed(out_trade_no=f"{canary} #"),
            "subject-name": lambda: way.spoiled(**{"subject" if way.is_alipay else "name": canary}),
            "pid-app": lambda: way.signed(**{"app_id" if way.is_alipay else "pid": canary}),
            "doubled": lambda: way.sent([*way.honest.items(), ("sign", canary)]),
            "amount": lambda: way.signed(**{"total_amount" if way.is_alipay else "money": canary}),
        }
        error = refusal(way.adapter, raws[change]())
        shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.__context__) + repr(error.__cause__)
        hidden = [canary, way.honest["sign"], way.providers.keys.epay_key, NUMBER]
        assert not [value for value in hidden if value in shown]

    def test_a_request_does_not_print_its_content(self, way: Way) -> None:
        shown = repr(way.sent(way.honest)) + str(way.sent(way.honest))
        assert NUMBER not in shown
        assert way.honest["sign"] not in shown
