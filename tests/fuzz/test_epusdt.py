"""A stablecoin gateway's notices and answers, spoiled: the honest fact, or our own refusal."""

import json
import random
from functools import cache
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import epusdt_notice
from faka.contexts.payments.providers.base import CloseResult, EventState, ProviderUnavailable
from faka.contexts.payments.providers.epusdt_gateway import shortest, signature
from faka.kernel.exchange import Forged, Malformed, RawRequest
from faka.kernel.secret import Secret
from infra.local.actors.desk import Answered
from infra.local.actors.epusdt import sign, spelt
from tests.contract.epusdt_scene import Scene
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.fuzz.test_provider_answers import spoiled


pytestmark = pytest.mark.property

SEEDS = st.integers(0, 2**32)


def plain(body: bytes) -> Any:
    """As any reader would, numbers as their texts: some are too long for it."""
    return json.loads(body, parse_int=str, parse_float=str)


@cache
def paid(is_first: bool) -> tuple[Scene, str, RawRequest]:
    scene = Scene(is_first=is_first)
    ref = scene.created().provider_ref
    return scene, ref, scene.paid()


def believes_only_what_was_signed(seed: int) -> int:
    """Blanks and the order of the members are not signed; what they say is."""
    scene, _, honest = paid(bool(seed % 2))
    chance, adapter = random.Random(seed), scene.adapter
    told = adapter.parse_notice(honest)
    for _ in range(10):
        raw = honest.model_copy(update={"body": spoiled(honest.body, chance)})
        try:
            read = adapter.parse_notice(raw)
        except (Forged, Malformed):
            refused("notice epusdt")
            continue
        assert read.model_copy(update={"raw_sha256": told.raw_sha256}) == told
    return 10


def test_a_spoiled_notice_says_the_same_or_nothing() -> None:
    fuzz("notice epusdt", believes_only_what_was_signed, SEEDS, examples=300)


def an_answer_is_about_our_trade(seed: int) -> int:
    scene, ref, _ = paid(bool(seed % 2))
    chance = random.Random(seed)
    serve, adapter = scene.desk.serve, scene.adapter
    for _ in range(10):
        status, answers = chance.choice((200, 200, 200, 302, 404, 500)), []

        def other(asked: object, status: int = status, answers: list[bytes] = answers) -> Answered:
            answers.append(spoiled(serve(asked).body, chance))  # type: ignore[arg-type]
            return Answered(status, answers[-1])

        scene.desk.serve = other  # type: ignore[method-assign]
        try:
            event = adapter.query(scene.number, provider_ref=ref)
            said = answers[0]
            # What was paid is never closed, whatever becomes of the answers.
            assert adapter.close(scene.number, provider_ref=ref) is not CloseResult.CLOSED or any(
                word in b"".join(answers) for word in (b"3", b"4", b"6")
            )
        except ProviderUnavailable:
            refused("answer epusdt")
            continue
        finally:
            scene.desk.serve = serve  # type: ignore[method-assign]
        if event is None:
            assert b"10008" in said or b"400" in said
            continue
        told = plain(said)
        node = told["data"] if isinstance(told.get("data"), dict) else told
        assert node["trade_id"] == scene.trade.trade_no
        assert event.state is not EventState.SUCCEEDED or str(node["status"]) == "2"
    return 10


def test_a_spoiled_answer_is_about_our_trade_or_nothing() -> None:
    fuzz("answer epusdt", an_answer_is_about_our_trade, SEEDS, examples=150)


# -- the scheme, against the player's own --------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(0, 10**8).map(lambda minor: minor / 100)


def signs_like_the_player(fields: dict[str, str | float]) -> None:
    """Numbers as floats there, as texts here: the same signature, as long as they are below a million."""
    ours = {name: shortest(f"{value:.2f}") if isinstance(value, float) else value for name, value in fields.items()}
    assert signature(ours, Secret("token-of-both")) == sign(fields, "token-of-both")
    for value in fields.values():
        if isinstance(value, float):
            assert shortest(f"{value:.4f}") == spelt(value)


def test_both_sides_sign_alike() -> None:
    fuzz("scheme epusdt", signs_like_the_player, st.dictionaries(NAMES, TEXTS | NUMBERS, max_size=6), examples=800)


# -- twins ----------------------------------------------------------------------------------------------------------------


def test_twin_a_notice_believed_without_its_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    paid(False), paid(True)
    monkeypatch.setattr(epusdt_notice.hmac, "compare_digest", lambda *_: True)
    assert finds(believes_only_what_was_signed, SEEDS, examples=60)


def test_twin_a_scheme_that_keeps_zeros_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "shortest", lambda text: text)
    assert finds(signs_like_the_player, st.dictionaries(NAMES, TEXTS | NUMBERS, max_size=6), examples=100)
