"""Stripe's webhooks, answers and books, spoiled: the honest fact, or our own refusal; never a crash, never half believed."""

import json
import random
from functools import cache
from io import BytesIO
from typing import Any

import pytest
from hypothesis import strategies as st

from faka.contexts.payments.providers import stripe_bill, stripe_notice
from faka.contexts.payments.providers.base import EventState, PaymentEvent, ProviderUnavailable
from faka.contexts.payments.providers.bill import BillCorrupt, BillLine
from faka.kernel.exchange import Forged, Malformed, RawRequest
from infra.local.actors.desk import Answered
from infra.local.actors.stripe_books import movement
from tests.contract.stripe_scene import Scene
from tests.fuzz.fuzzing import finds, fuzz, refused
from tests.fuzz.test_provider_answers import spoiled
from tests.kit.providers import raw_request


pytestmark = pytest.mark.property

SEEDS = st.integers(0, 2**32)


def plain(body: bytes) -> Any:
    """As any reader would, numbers as their texts: some are too long for it."""
    return json.loads(body, parse_int=str, parse_float=str)


@cache
def paid() -> tuple[Scene, str, RawRequest]:
    scene = Scene()
    ref = scene.created().provider_ref
    return scene, ref, scene.paid()


@cache
def books() -> bytes:
    scene, _, _ = paid()
    at = scene.clock.now().timestamp()
    source = scene.desk.books.charge(scene.trade, scene.trade.payments[0])
    moved = [movement("charge", str(index), at, 1580, 75, "CNY", source) for index in range(3)]
    pages = [{"object": "list", "data": moved, "has_more": more} for more in (True, False)]
    return b"".join(json.dumps(page).encode() + b"\n" for page in pages)


# -- webhooks -------------------------------------------------------------------------------------------------------------


def believes_only_what_was_signed(seed: int) -> int:
    scene, _, honest = paid()
    chance, adapter = random.Random(seed), scene.adapter
    told = adapter.parse_notice(honest)
    for _ in range(10):
        head, body = honest.headers["stripe-signature"], honest.body
        if chance.random() < 0.5:
            body = spoiled(body, chance)
        else:
            head = spoiled(head.encode(), chance).decode("latin-1")
        raw = honest.model_copy(update={"body": body, "headers": honest.headers | {"stripe-signature": head}})
        try:
            read = adapter.parse_notice(raw)
        except (Forged, Malformed):
            refused("notice stripe")
            continue
        assert read == told, "what is still believed says the same"
    return 10


def test_a_spoiled_webhook_says_the_same_or_nothing() -> None:
    fuzz("notice stripe", believes_only_what_was_signed, SEEDS, examples=150)


def reads_what_stripe_signs(seed: int) -> int:
    """Signed by Stripe and odd inside: a fact of the types that there are, or a refusal."""
    scene, _, honest = paid()
    chance, adapter = random.Random(seed), scene.adapter
    for _ in range(10):
        raw = raw_request(scene.desk.signed(scene.trade, {"type": "x"}, spoiled(honest.body, chance) or b"{"))
        try:
            event = adapter.parse_notice(raw)
        except (Forged, Malformed):
            refused("event stripe")
            continue
        inside = plain(raw.body)["data"]["object"]
        if isinstance(event, PaymentEvent) and event.state is EventState.SUCCEEDED:
            assert str(inside["amount_total"]) == str(event.amount.minor)
            assert (inside["currency"], inside["payment_status"]) == (event.amount.currency.lower(), "paid")
            assert event.channel_txn_id
    return 10


def test_an_odd_event_is_read_or_refused() -> None:
    fuzz("event stripe", reads_what_stripe_signs, SEEDS, examples=200)


# -- answers --------------------------------------------------------------------------------------------------------------


def an_answer_is_about_our_session(seed: int) -> int:
    scene, ref, _ = paid()
    chance = random.Random(seed)
    serve, adapter = scene.desk.serve, scene.adapter
    for _ in range(10):
        status = chance.choice((200, 200, 200, 302, 400, 404, 500))
        answers: list[bytes] = []

        def other(asked: object, status: int = status, answers: list[bytes] = answers) -> Answered:
            answers.append(spoiled(serve(asked).body, chance))  # type: ignore[arg-type]
            return Answered(status, answers[-1])

        scene.desk.serve = other  # type: ignore[method-assign]
        try:
            event = adapter.query(scene.number, provider_ref=ref)
        except ProviderUnavailable:
            refused("answer stripe")
            continue
        finally:
            scene.desk.serve = serve  # type: ignore[method-assign]
        if event is None:
            assert b"resource_missing" in answers[0]
            continue
        told = plain(answers[0])
        assert (told["id"], told["client_reference_id"], told["livemode"]) == (ref, scene.number, False)
        assert event.state is not EventState.SUCCEEDED or (told["status"], told["payment_status"]) == ("complete", "paid")
    return 10


def test_a_spoiled_answer_is_about_our_session_or_nothing() -> None:
    fuzz("answer stripe", an_answer_is_about_our_session, SEEDS, examples=150)


# -- books ----------------------------------------------------------------------------------------------------------------


def a_bill_is_whole_or_corrupt(seed: int) -> int:
    scene, _, _ = paid()
    chance, adapter = random.Random(seed), scene.adapter
    texts: list[str] = []
    for _ in range(8):
        body = spoiled(books(), chance)
        lines: list[BillLine] = []
        try:
            lines.extend(adapter.parse_bill(scene.today, BytesIO(body)))
        except BillCorrupt as error:
            refused("bill stripe")
            texts.append(str(error))
            continue
        told = [one for line in body.splitlines() for one in plain(line)["data"]]
        assert max((line.line_no for line in lines), default=0) <= len(told)
        assert all(int(one["amount"]) - int(one["fee"]) == int(one["net"]) for one in told)
    assert all(len(text) < 80 for text in texts), "an error names a place and a column, never a value"
    return 8


def test_a_spoiled_bill_is_read_whole_or_not_at_all() -> None:
    fuzz("bill stripe", a_bill_is_whole_or_corrupt, SEEDS, examples=200)


# -- twins ----------------------------------------------------------------------------------------------------------------


def test_twin_a_webhook_believed_without_its_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    paid()
    monkeypatch.setattr(stripe_notice, "prove", lambda *_: None)
    assert finds(believes_only_what_was_signed, SEEDS, examples=50)


def test_twin_books_that_are_not_added_up_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    paid()
    honest = stripe_bill._signed
    monkeypatch.setattr(stripe_bill, "_signed", lambda values, name, at: 0 if name == "fee" else honest(values, "amount", at))
    assert finds(a_bill_is_whole_or_corrupt, SEEDS, examples=200)


def test_twin_an_answer_whose_session_is_not_looked_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    scene, _, _ = paid()
    monkeypatch.setattr("faka.contexts.payments.providers.stripe_sessions.session_number", lambda _: scene.number)
    assert finds(an_answer_is_about_our_session, SEEDS, examples=300)
