"""Forged notices against every provider: one list of attacks, each provider's own way of sending.

Each attack stands beside a twin where its guard could be missing without anybody noticing: the twin switches the guard off
and shows that the very same message would then have paid.
"""

import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from faka.contexts.payments.providers.base import EventState, PaymentEvent
from faka.kernel.exchange import Forged, Malformed
from tests.contract.notices import ALIPAY_FIELDS, AMOUNT_MINOR, EPAY_FIELDS, NUMBER, WAYS, Way, refusal, turned


pytestmark = pytest.mark.contract

IDENTITY = {"app_id", "seller_id", "pid"}
FIELD_CASES = [(name, field) for name in WAYS for field in (ALIPAY_FIELDS if name == "alipay" else EPAY_FIELDS)]
CHANGES: dict[str, Callable[[str], str]] = {
    "one-byte": turned,
    "one-more": lambda value: value + "0",
    "one-less": lambda value: value[:-1],
    "emptied": lambda _: "",
    "padded": lambda value: f" {value}",
}


class TestHonest:
    def test_the_fields_listed_here_are_all_that_is_signed(self, way: Way) -> None:
        assert sorted(name for name, value in way.unsigned.items() if value) == sorted(way.fields)

    def test_an_honest_notice_is_read(self, way: Way) -> None:
        event = way.adapter.parse_notice(way.sent(way.honest))
        assert (event.out_trade_no, event.amount.minor, event.state) == (NUMBER, AMOUNT_MINOR, EventState.SUCCEEDED)
        assert event.channel_id == way.provider.channel_id

    def test_a_repeat_has_the_same_key_and_another_fact_another(self, way: Way) -> None:
        first, again = way.adapter.parse_notice(way.sent(way.honest)), way.adapter.parse_notice(way.sent(way.honest))
        other = way.adapter.parse_notice(way.signed(trade_no="20260302999", notify_id="202603020000"))
        assert first.dedupe_key == again.dedupe_key != other.dedupe_key

    def test_the_order_of_fields_does_not_matter(self, way: Way) -> None:
        assert way.adapter.parse_notice(way.sent(list(reversed(way.honest.items())))).out_trade_no == NUMBER

    def test_only_the_word_success_ends_the_repeats(self, way: Way) -> None:
        yes, no = way.adapter.acknowledge(True), way.adapter.acknowledge(False)
        assert (yes.status, yes.body) == (200, b"success")
        assert yes.content_type.startswith("text/plain")
        assert no.status >= 400
        assert b"success" not in no.body

    def test_md5_says_that_it_needs_a_question(self, way: Way) -> None:
        assert way.adapter.needs_query is not way.is_alipay


class TestChangedFields:
    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize(("name", "field"), FIELD_CASES)
    def test_a_changed_field_is_refused(self, ways: dict[str, Way], name: str, field: str, change: str) -> None:
        way = ways[name]
        refusal(way.adapter, way.spoiled(**{field: CHANGES[change](way.honest[field])}))

    @pytest.mark.parametrize(("name", "field"), [case for case in FIELD_CASES if case[1] not in IDENTITY | {"charset"}])
    @pytest.mark.usefixtures("believing")
    def test_twin_without_the_signature_check_one_byte_passes(self, ways: dict[str, Way], name: str, field: str) -> None:
        way = ways[name]
        event = way.adapter.parse_notice(way.spoiled(**{field: turned(way.honest[field])}))
        assert isinstance(event, PaymentEvent)

    @pytest.mark.parametrize(
        ("name", "field"), [(n, f) for n in WAYS for f in (*(ALIPAY_FIELDS if n == "alipay" else EPAY_FIELDS), "sign", "sign_type")]
    )
    def test_a_field_left_out_is_refused(self, ways: dict[str, Way], name: str, field: str) -> None:
        refusal(ways[name].adapter, ways[name].without(field))

    @pytest.mark.parametrize(
        ("name", "field"), [(n, f) for n in WAYS for f in (*(ALIPAY_FIELDS if n == "alipay" else EPAY_FIELDS), "sign", "sign_type")]
    )
    def test_a_field_that_comes_twice_is_malformed(self, ways: dict[str, Way], name: str, field: str) -> None:
        way = ways[name]
        pairs = list(way.honest.items())
        for doubled in ([*pairs, (field, way.honest[field])], [(field, "0.01"), *pairs], [*pairs, (field, "")]):
            assert isinstance(refusal(way.adapter, way.sent(doubled)), Malformed)

    def test_a_field_put_in_is_refused(self, way: Way) -> None:
        for name in ("refund_fee", "gmt_refund", "currency", "a", "zz", "_"):
            refusal(way.adapter, way.spoiled(**{name: "1"}))

    def test_every_byte_of_the_signature_counts(self, way: Way) -> None:
        sign = way.honest["sign"]
        for at in range(0, len(sign), 1 if len(sign) < 40 else 7):
            other = "1" if sign[at] != "1" else "2"
            refusal(way.adapter, way.spoiled(sign=sign[:at] + other + sign[at + 1 :]))


SIGNS: dict[str, str] = {
    "true": "true",
    "True": "True",
    "1": "1",
    "0": "0",
    "null": "null",
    "empty": "",
    "blank": " ",
    "array": "[]",
    "object": "{}",
    "quoted": '""',
    "md5-of-nothing": "d41d8cd98f00b204e9800998ecf8427e",
    "zeros": "0" * 32,
    "magic-hash": "0e462097431906509019562988736854",
    "upper-hex": "D41D8CD98F00B204E9800998ECF8427E",
    "hex-31": "a" * 31,
    "hex-33": "a" * 33,
    "unicode-digits": "１" * 32,
    "nul": "\x00" * 32,
    "base64-nothing": "AA==",
    "base64-one": base64.b64encode(b"\x01" * 256).decode(),
    "base64-zero": base64.b64encode(b"\x00" * 256).decode(),
    "url-base64": "_-" * 171 + "_w==",
    "newline": "\n",
    "long": "A" * 10_000,
}


class TestSigns:
    @pytest.mark.parametrize("sign", SIGNS)
    def test_what_is_no_signature_is_refused(self, way: Way, sign: str) -> None:
        assert isinstance(refusal(way.adapter, way.spoiled(sign=SIGNS[sign])), Forged)

    @pytest.mark.parametrize(
        "name", ["sign[]", "sign[0]", "sign[a]", "sign.x", "sign[", "Sign ", " sign", "sign\x00", "ѕign", "$sign", "sign=", ""]
    )
    def test_array_style_and_odd_names_are_malformed(self, way: Way, name: str) -> None:
        pairs = [(name if key == "sign" else key, value) for key, value in way.honest.items()]
        assert isinstance(refusal(way.adapter, way.sent(pairs)), Malformed)
        assert isinstance(refusal(way.adapter, way.sent([*way.honest.items(), (name, "1")])), Malformed)

    @pytest.mark.parametrize(
        "sign_type", ["RSA", "rsa2", "RSA256", "MD5", "md5", "", "none", "NONE", "HMAC", "RSA2 ", "RSA2,RSA", "DSA", "true", "1"]
    )
    def test_the_message_does_not_choose_the_algorithm(self, way: Way, sign_type: str) -> None:
        if sign_type != way.honest["sign_type"]:
            assert isinstance(refusal(way.adapter, way.spoiled(sign_type=sign_type)), Forged)

    def test_upper_case_hex_of_the_right_sum_is_refused(self, ways: dict[str, Way]) -> None:
        way = ways["epay-get"]
        assert isinstance(refusal(way.adapter, way.spoiled(sign=way.honest["sign"].upper())), Forged)

    def test_base64_is_read_in_one_spelling_only(self, ways: dict[str, Way]) -> None:
        """The last symbol before the padding has bits that decode to nothing: two spellings, one signature."""
        way = ways["alipay"]
        sign = way.honest["sign"]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        other = sign[:-3] + alphabet[alphabet.index(sign[-3]) ^ 1] + "=="
        assert base64.b64decode(other) == base64.b64decode(sign)
        for spelling in (other, sign + "\n", sign[:10] + " " + sign[10:], sign.rstrip("=")):
            assert isinstance(refusal(way.adapter, way.spoiled(sign=spelling)), Forged)

    def test_the_old_algorithm_with_the_providers_own_key_is_refused(self, ways: dict[str, Way]) -> None:

        way = ways["alipay"]
        text = "&".join(f"{name}={value}" for name, value in sorted(way.unsigned.items()))
        sign = base64.b64encode(way.providers.keys.provider.sign(text.encode(), padding.PKCS1v15(), SHA1())).decode()
        for sign_type in ("RSA", "RSA2"):
            assert isinstance(refusal(way.adapter, way.spoiled(sign=sign, sign_type=sign_type)), Forged)
