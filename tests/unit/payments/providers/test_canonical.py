"""The canonical text, as claims over generated input."""

from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faka.contexts.payments.providers.canonical import form_fields, plain_subject, query_fields, signed_text
from faka.kernel.exchange import Malformed, RawRequest
from infra.local.actors.spelling import content


pytestmark = pytest.mark.property

NAMES = st.sampled_from(["a", "b", "c", "ab", "a_b", "z9"])
TRICKY = st.text(alphabet="&=ab%+ 1", max_size=12)
FIELDS = st.dictionaries(NAMES, TRICKY, max_size=5)


def posted(pairs: dict[str, str]) -> RawRequest:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return RawRequest(method="POST", headers=headers, body=urlencode(pairs).encode())


def read(pairs: dict[str, str]) -> dict[str, bytes] | None:
    try:
        return form_fields(posted(pairs))
    except Malformed:
        return None


@given(FIELDS, FIELDS)
def test_two_readings_never_share_one_text(one: dict[str, str], other: dict[str, str]) -> None:
    first, second = read(one), read(other)
    if first is None or second is None:
        return
    kept = [{name: value for name, value in fields.items() if value} for fields in (first, second)]
    assert (signed_text(first, frozenset()) == signed_text(second, frozenset())) == (kept[0] == kept[1])


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True), st.text(max_size=40), min_size=1, max_size=20))
def test_the_players_spell_it_in_the_same_way(pairs: dict[str, str]) -> None:
    try:
        body = urlencode(pairs)
    except UnicodeEncodeError:
        return
    fields = read(dict(pairs)) if body else None
    if fields is not None:
        assert signed_text(fields, frozenset({"sign"})).decode() == content(pairs, "sign")


@given(st.dictionaries(NAMES, st.text(max_size=20), min_size=1, max_size=5))
def test_address_and_form_are_read_alike(pairs: dict[str, str]) -> None:
    by_form = read(pairs)
    try:
        by_address = query_fields(RawRequest(method="GET", query=tuple(pairs.items())))
    except Malformed:
        by_address = None
    assert by_form == by_address


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    with suppress(Malformed):
        assert all(isinstance(value, bytes) for value in form_fields(RawRequest(method="POST", headers=headers, body=body)).values())


@given(st.text(max_size=400), st.integers(min_value=8, max_value=300))
def test_a_subject_is_plain_short_and_stays_so(text: str, bytes_max: int) -> None:
    subject = plain_subject(text, bytes_max)
    assert 0 < len(subject.encode()) <= bytes_max
    assert subject == plain_subject(subject, bytes_max)
    assert not set(subject) & set("&=/?#%+")
