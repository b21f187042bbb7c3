"""Fingerprints: the same for the same card, different for any other, nothing without the key."""

import pytest

from faka.contexts.vault import CardText, fingerprint


pytestmark = pytest.mark.unit

KEY = b"k" * 32


def test_spaces_around_a_card_do_not_make_it_another_one() -> None:
    assert fingerprint(KEY, CardText(" A1 ", "\u3000s\t")) == fingerprint(KEY, CardText("A1", "s"))


def test_case_and_inner_spaces_do() -> None:
    assert len({fingerprint(KEY, CardText("a", text)) for text in ("x y", "xy", "X Y", "x  y")}) == 4


def test_number_and_secret_do_not_run_into_each_other() -> None:
    pairs = [("", "ABC"), ("A", "BC"), ("AB", "C"), ("A----B", "C"), ("A", "B----C"), ("ABC", "")]
    assert len({fingerprint(KEY, CardText(*pair)) for pair in pairs}) == len(pairs)


def test_sixteen_bytes_that_depend_on_the_key() -> None:
    card = CardText("A", "B")
    assert len(bytes.fromhex(fingerprint(KEY, card))) == 16
    assert fingerprint(KEY, card) != fingerprint(b"j" * 32, card)


def test_a_card_in_the_clear_does_not_print() -> None:
    assert "B" not in repr(CardText("A", "B")).removeprefix("CardText")
