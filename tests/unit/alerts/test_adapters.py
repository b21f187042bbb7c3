"""Each way to staff against its player: what it asks, and what it makes of every answer."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from faka.contexts.alerts import SECRETS, opened
from faka.contexts.alerts.adapters.bark import Bark
from faka.contexts.alerts.adapters.dingtalk import Dingtalk, signature
from faka.contexts.alerts.adapters.telegram import Telegram
from faka.contexts.alerts.adapters.wecom import Wecom
from faka.contexts.alerts.base import AlertNotTaken, AlertRouteBroken, Protocols, Refused, Sender, Taken
from faka.contexts.alerts.model import AlertRoute, Message
from faka.kernel.errors import FakaError, Unavailable
from faka.kernel.secret import Secret
from infra.local.actors.staff import KINDS
from tests.kit.clock import FrozenClock
from tests.unit.alerts.given import ALL, MESSAGE, Staff, keys_of


pytestmark = pytest.mark.unit

SECRET = "SEC" + "5a" * 32
LONG = Message(title="题" * 120, text="长" * 9_000 + '"' * 9_000)


@pytest.fixture
def staff() -> Staff:
    return Staff(FrozenClock())


def sender(staff: Staff, kind: str, **changes: Any) -> Sender:
    secrets = [keys_of(staff, kind)] if kind in KINDS else []
    return opened(staff.route(kind, **changes), lambda: secrets, staff, lambda: staff.mail, FrozenClock())  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("kind", ALL)
def test_what_is_taken_has_arrived_whole_and_once(staff: Staff, kind: str) -> None:
    assert sender(staff, kind).send(MESSAGE) == Taken()
    assert staff.texts(kind) == [MESSAGE.whole]


@pytest.mark.parametrize("kind", ALL)
def test_a_refusal_is_told_with_its_code_and_without_a_key(staff: Staff, kind: str) -> None:
    staff.way(kind, "refuse")
    verdict = sender(staff, kind).send(MESSAGE)
    assert isinstance(verdict, Refused)
    assert verdict.code.replace("_", "").isalnum()
    assert not any(key in f"{verdict!r}" for key in staff.every_key())
    assert verdict.said or kind in ("mail", "bark")


def test_twin_a_refusal_that_is_not_looked_through_repeats_the_devices_key(staff: Staff) -> None:
    """What the look for our own keys is for."""
    staff.way("bark", "refuse")
    asked = sender(staff, "bark")
    asked._secrets = ()  # type: ignore[attr-defined]
    verdict = asked.send(MESSAGE)
    assert isinstance(verdict, Refused)
    assert staff.keys.of("bark")["device_key"] in verdict.said


@pytest.mark.parametrize("way", ["throttle", "busy", "garbage", "redirect", "cut"])
@pytest.mark.parametrize("kind", ALL)
def test_everything_else_is_not_now(staff: Staff, kind: str, way: str) -> None:
    staff.way(kind, way)
    with pytest.raises(Unavailable) as caught:
        sender(staff, kind).send(MESSAGE)
    assert not any(key in str(caught.value) for key in staff.every_key())
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ALL)
def test_a_text_of_any_length_is_cut_to_what_is_taken_on_a_whole_letter(staff: Staff, kind: str) -> None:
    assert sender(staff, kind).send(LONG) == Taken()
    [text] = staff.texts(kind)
    assert kind == "mail" or text.endswith("…")
    assert "�" not in text


def test_twin_a_text_that_is_not_cut_is_refused(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("faka.contexts.alerts.adapters.wecom.TEXT_BYTES_MAX", 1_000_000)
    assert isinstance(sender(staff, "wecom").send(LONG), Refused)


@pytest.mark.parametrize("kind", KINDS)
def test_another_key_is_refused(staff: Staff, kind: str) -> None:
    others = {name: Secret("abc-123-def") for name in SECRETS[staff.route(kind).kind]}
    verdict = opened(staff.route(kind), lambda: [others], staff, lambda: staff.mail, FrozenClock()).send(MESSAGE)  # type: ignore[arg-type, return-value]
    assert isinstance(verdict, Refused)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", "short", "a/../../other?x=1", "with space in it", "键" * 20, "x" * 300])
def test_what_cannot_be_a_key_is_never_put_into_an_address(staff: Staff, kind: str, text: str) -> None:
    broken = {name: Secret(text) for name in SECRETS[staff.route(kind).kind]}
    for secrets in ([broken], [{}], []):
        with pytest.raises(AlertRouteBroken):
            opened(staff.route(kind), lambda: secrets, staff, lambda: staff.mail, FrozenClock())  # type: ignore[arg-type, return-value]


# -- DingTalk's signature ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_ms", [1_577_262_236_757, 1_764_107_000_000, 1])
def test_the_signature_is_what_openssl_makes(at_ms: int) -> None:
    given = f"{at_ms}\n{SECRET}".encode()
    digest = subprocess.run(["openssl", "dgst", "-sha256", "-hmac", SECRET, "-binary"], input=given, capture_output=True, check=True)
    packed = subprocess.run(["openssl", "base64", "-A"], input=digest.stdout, capture_output=True, check=True).stdout.decode()
    assert signature(at_ms, Secret(SECRET)) == packed


def test_a_signature_travels_as_a_part_of_an_address() -> None:
    clock = FrozenClock()
    made = set()
    for _ in range(40):  # about half of all signatures hold a sign that an address would read otherwise
        clock.advance(seconds=1)
        made.add(Dingtalk("", Secret("a" * 64), Secret(SECRET), clock).request(MESSAGE).url.rpartition("sign=")[2])
    assert not any(letter in sign for sign in made for letter in "+/= ")
    assert any("%2B" in sign or "%2F" in sign for sign in made)


# -- answers, one by one ----------------------------------------------------------------------------------------------

PROTOCOLS: dict[str, Callable[[], Protocols]] = {
    "telegram": lambda: Telegram("", Secret("t" * 20), "1"),
    "bark": lambda: Bark("", Secret("t" * 20)),
    "wecom": lambda: Wecom("", Secret("t" * 20)),
    "dingtalk": lambda: Dingtalk("", Secret("t" * 20), Secret("t" * 20), FrozenClock()),
}
TAKEN: dict[str, Any] = {"telegram": {"ok": True, "result": {}}, "bark": {"code": 200}, "wecom": {"errcode": 0}, "dingtalk": {"errcode": 0}}


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_documented_word_of_success_is_success(kind: str) -> None:
    protocol = PROTOCOLS[kind]()
    assert protocol.verdict(200, json.dumps(TAKEN[kind]).encode()) == Taken()
    near: list[tuple[int, Any]] = [
        *((status, TAKEN[kind]) for status in (201, 204, 302, 500, 502)),
        *((200, {name: value}) for name in TAKEN[kind] for value in (None, "0", "true", "200", 1.0, [], False, 0.0, -1)),
        *((200, content) for content in ({}, [], None, 0, True, "ok", [TAKEN[kind]])),
    ]
    for status, content in near:
        if kind == "bark" and content == {"code": 200.0}:
            continue
        with pytest.raises(AlertNotTaken):
            protocol.verdict(status, json.dumps(content).encode())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"errcode":', b"null"])
def test_what_cannot_be_read_is_not_now_and_is_quoted_nowhere(kind: str, body: bytes) -> None:
    with pytest.raises(AlertNotTaken) as caught:
        PROTOCOLS[kind]().verdict(200, body)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 60


# -- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "mail", "target": ""},
        {"kind": "mail", "target": "no address"},
        {"kind": "mail", "target": "a@b.example\r\nBcc: c@d.example"},
        {"kind": "telegram", "target": ""},
        {"kind": "telegram", "target": "12/../34"},
        {"kind": "wecom", "target": "somebody"},
        {"kind": "wecom", "gateway": "https://elsewhere.test"},
        {"kind": "dingtalk", "gateway": "https://elsewhere.test"},
        {"kind": "bark", "gateway": "http://bark.test"},
        {"kind": "bark", "gateway": "https://user@bark.test"},
        {"kind": "bark", "gateway": "https://bark.test/"},
        {"kind": "pager"},
        {"kind": "bark", "token": "abc"},
        {"kind": "bark", "id": "Not A Handle"},
    ],
)
def test_a_route_that_cannot_work_or_leads_a_key_elsewhere_is_no_route(row: dict[str, Any]) -> None:
    with pytest.raises((FakaError, ValueError)):
        AlertRoute.model_validate({"id": "one", **row})


def test_people_run_servers_of_their_own_for_bark_and_telegram() -> None:
    assert AlertRoute.model_validate({"id": "one", "kind": "bark", "gateway": "https://bark.shop.example/own"}).gateway
    assert AlertRoute.model_validate(
        {"id": "two", "kind": "telegram", "target": "@faka_staff", "gateway": "https://bot.shop.example"}
    ).gateway
