"""Accounts that a device keeps: how many, in which order, and which product offers them."""

from typing import Any

import pytest

from faka.contexts.catalog import saved as module
from faka.contexts.catalog.account_form import AccountForm
from faka.contexts.catalog.saved import SAVED_MAX, Saved, added, offered, read_saved, without, written


pytestmark = pytest.mark.unit


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": {"en": name}, "kind": kind, **more}


def form(*fields: dict[str, Any]) -> AccountForm:
    return AccountForm.model_validate({"fields": fields})


PHONE, CELL, MAIL = form(field("phone", "PHONE")), form(field("cell", "PHONE")), form(field("mail", "MAIL"))
ROLE, DIGITS = form(field("role", "TEXT"), field("phone", "PHONE")), form(field("qq", "DIGITS", length_min=6))
NUMBER = "13800138000"


def saved(*numbers: str) -> Saved:
    """The last one is the newest."""
    found: Saved = ()
    for n, number in enumerate(numbers):
        found = added(found, PHONE, "data-plan", {"phone": number}, f"{n:08x}")
    return found


def numbers(found: Saved) -> list[str]:
    return [next(iter(one.account.values())) for one in found]


def test_a_fifth_account_drops_the_oldest() -> None:
    assert numbers(saved("1", "2", "3", "4", "5")) == ["5", "4", "3", "2"]
    assert len(saved(*map(str, range(9)))) == SAVED_MAX


def test_twin_with_room_for_five_it_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SAVED_MAX", 5)
    assert numbers(saved("1", "2", "3", "4", "5")) == ["5", "4", "3", "2", "1"]


def test_one_that_is_there_already_comes_to_the_front_under_its_old_id() -> None:
    found = added(saved("1", "2", "3"), CELL, "another-plan", {"cell": "1"}, "ffffffff")
    assert [(one.id, *one.account.values()) for one in found] == [("00000000", "1"), ("00000002", "3"), ("00000001", "2")]


def test_removing_takes_one_and_an_unknown_id_takes_none() -> None:
    assert numbers(without(saved("1", "2", "3"), "00000001")) == ["3", "1"]
    assert without(saved("1"), "ffffffff") == saved("1")


# -- which product offers it ----------------------------------------------------------------------------------------------


def test_a_number_is_offered_wherever_a_number_alone_is_asked_for_under_that_forms_name() -> None:
    kept = saved(NUMBER)
    assert [one.account for one in offered(kept, CELL, "another-plan")] == [{"cell": NUMBER}]
    for other in (MAIL, ROLE, DIGITS):
        assert offered(kept, other, "data-plan") == ()


def test_a_mail_address_likewise_and_never_as_a_number() -> None:
    kept = added((), MAIL, "mailbox", {"mail": "some.one@example.com"}, "00000000")
    assert len(offered(kept, MAIL, "other")) == 1
    assert offered(kept, PHONE, "mailbox") == ()


@pytest.mark.parametrize(("asked", "account"), [(ROLE, {"role": "Meadow", "phone": NUMBER}), (DIGITS, {"qq": "1234567"})])
def test_everything_else_is_offered_by_its_own_product_only(
    monkeypatch: pytest.MonkeyPatch, asked: AccountForm, account: dict[str, str]
) -> None:
    kept = added((), asked, "steam-wallet", account, "00000000")
    assert [one.account for one in offered(kept, asked, "steam-wallet")] == [account]
    assert offered(kept, asked, "steam-gift") == ()
    monkeypatch.setattr(module, "_place", lambda _form, _product: "anywhere")
    kept = added((), asked, "steam-wallet", account, "00000000")
    assert offered(kept, asked, "steam-gift"), "the twin: without its place it is offered elsewhere"


def test_what_the_form_does_not_take_any_more_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = added((), DIGITS, "qq-coins", {"qq": "1234567"}, "00000000")
    longer = form(field("qq", "DIGITS", length_min=8))
    renamed = form(field("number", "DIGITS"))
    grown = form(field("qq", "DIGITS"), field("zone", "CHOICE", choices=[{"value": "a", "label": {"en": "A"}}]))
    assert [offered(kept, one, "qq-coins") for one in (longer, renamed, grown)] == [(), (), ()]
    monkeypatch.setattr(module, "_read", lambda _form, account: dict(account))
    assert offered(kept, longer, "qq-coins"), "the twin: unread it is offered, and the order refused"


# -- as text ---------------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_again_and_names_stay_out_of_its_repr() -> None:
    kept = added(saved(NUMBER), ROLE, "steam-wallet", {"role": "梅朵", "phone": NUMBER}, "0000000a")
    _, text = written(kept, 1_000)
    assert read_saved(text) == kept
    assert NUMBER not in repr(kept)


def test_the_oldest_give_way_to_the_bound_and_one_alone_that_is_too_long_is_not_kept() -> None:
    kept = saved("1", "2", "3")
    _, whole = written(kept, 1_000)
    shorter, text = written(kept, len(whole) - 1)
    assert shorter == kept[:2]
    assert len(text) < len(whole)
    assert written(kept, 10)[0] == ()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[1]",
        b'[{"id":"00000000","place":"PHONE"}]',
        b'[{"id":"<b>","place":"PHONE","account":{"PHONE":"1"}}]',
        b'[{"id":"00000000","place":"PHONE","account":{"PHONE":"1"},"more":1}]',
        b"[" + b",".join([b'{"id":"00000000","place":"PHONE","account":{"PHONE":"1"}}'] * 5) + b"]",
        b"\xff",
    ],
)
def test_what_another_version_wrote_is_as_if_it_were_not_there(text: bytes) -> None:
    assert read_saved(text) == ()
