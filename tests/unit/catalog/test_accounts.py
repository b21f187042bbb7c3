"""What a buyer types of an account, read against the product's form."""

import pytest
from pydantic import ValidationError

from faka.contexts.catalog.account_form import AccountForm
from faka.contexts.catalog.accounts import BadAccount, Problem, read_account, told
from faka.contexts.catalog.errors import InvalidProduct
from faka.contexts.catalog.policy import require_publishable
from tests.unit.catalog.given import product, text


PHONE = {"fields": [{"name": "phone", "label": text(en="Mobile number"), "kind": "PHONE"}]}


def game() -> AccountForm:
    """Two platforms, of which one has two servers and the other a third, and a role number."""
    return AccountForm.model_validate(
        {
            "fields": [
                {
                    "name": "platform",
                    "label": text(en="Platform"),
                    "kind": "CHOICE",
                    "choices": [{"value": "ios", "label": text(en="iOS")}, {"value": "android", "label": text(en="Android")}],
                },
                {
                    "name": "server",
                    "label": text(en="Server"),
                    "kind": "CHOICE",
                    "choices": [
                        {"value": "s1", "label": text(en="One"), "only": {"platform": ["ios"]}},
                        {"value": "s2", "label": text(en="Two"), "only": {"platform": ["ios", "android"]}},
                        {"value": "s3", "label": text(en="Three"), "only": {"platform": ["android"]}},
                    ],
                },
                {"name": "role_id", "label": text(en="Role"), "kind": "DIGITS", "length_min": 6, "length_max": 10},
            ]
        }
    )


def faults(form: AccountForm, given: dict[str, str], only: dict[str, tuple[str, ...]] | None = None) -> list[tuple[str, Problem]]:
    with pytest.raises(BadAccount) as refused:
        read_account(form, only or {}, given)
    return [(one.field, one.problem) for one in refused.value.faults]


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        " 138 0013 8000 ",
        "138-0013-8000",
        "+86 138 0013 8000",
        "008613800138000",
        "\u202a13800138000\u202c",
        "\uff11\uff13800138000",
    ],
)
def test_a_number_is_read_however_people_group_it(typed: str) -> None:
    assert read_account(AccountForm.model_validate(PHONE), {}, {"phone": typed}) == {"phone": "13800138000"}


@pytest.mark.parametrize(
    "typed", ["1380013800", "138001380000", "12800138000", "+1 13800138000", "1380013800a", "01080001234", "٠١٢٣٤٥٦٧٨٩٠"]
)
def test_what_is_no_mobile_number_is_refused_before_anybody_pays(typed: str) -> None:
    assert faults(AccountForm.model_validate(PHONE), {"phone": typed}) == [("phone", Problem.PHONE)]


def test_every_fault_is_named_at_once_and_none_says_what_was_typed() -> None:
    given = {"platform": "web", "role_id": "12ab"}
    assert faults(game(), given) == [("platform", Problem.CHOICE), ("server", Problem.MISSING), ("role_id", Problem.DIGITS)]
    with pytest.raises(BadAccount) as refused:
        read_account(game(), {}, given)
    assert "12ab" not in str(refused.value)


@pytest.mark.parametrize(("server", "platforms"), [("s1", {"ios"}), ("s2", {"ios", "android"}), ("s3", {"android"})])
def test_a_server_is_ordered_on_its_platforms_only(server: str, platforms: set[str]) -> None:
    for platform in ("ios", "android"):
        given = {"platform": platform, "server": server, "role_id": "1234567"}
        if platform in platforms:
            assert read_account(game(), {}, given) == given
        else:
            assert faults(game(), given) == [("server", Problem.APART)]


def test_a_denomination_is_ordered_where_it_is_sold_only() -> None:
    given = {"platform": "android", "server": "s2", "role_id": "1234567"}
    assert faults(game(), given, {"platform": ("ios",)}) == [("platform", Problem.APART)]
    assert read_account(game(), {"platform": ("android",)}, given) == given


def test_twin_without_only_an_impossible_triple_is_an_account_like_any_other() -> None:
    loose = AccountForm.model_validate(
        {
            "fields": [
                one | {"choices": [c | {"only": {}} for c in one["choices"]]} if one["choices"] else one
                for one in game().model_dump()["fields"]
            ]
        }
    )
    given = {"platform": "android", "server": "s1", "role_id": "1234567"}
    assert read_account(loose, {}, given) == given


@pytest.mark.parametrize(("typed", "problem"), [("12345", Problem.LENGTH), ("12345678901", Problem.LENGTH), ("", Problem.MISSING)])
def test_lengths_have_both_ends(typed: str, problem: Problem) -> None:
    assert faults(game(), {"platform": "ios", "server": "s1", "role_id": typed}) == [("role_id", problem)]


def test_a_text_holds_nothing_that_nobody_sees() -> None:
    form = AccountForm.model_validate({"fields": [{"name": "nick", "label": text(en="Name"), "kind": "TEXT"}]})
    assert read_account(form, {}, {"nick": "小\u200b明"}) == {"nick": "小明"}
    assert faults(form, {"nick": "a\x07b"}) == [("nick", Problem.LETTERS)]


def test_what_the_form_does_not_ask_for_is_left_out() -> None:
    assert read_account(AccountForm.model_validate(PHONE), {}, {"phone": "13800138000", "admin": "1"}) == {"phone": "13800138000"}


def test_one_account_has_one_line_whatever_the_order_of_its_fields() -> None:
    given = {"role_id": "1234567", "server": "s1", "platform": "ios"}
    assert told(game(), given) == told(game(), dict(reversed(given.items())))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fields": []},
        {"fields": [PHONE["fields"][0], PHONE["fields"][0]]},
        {"fields": [{"name": "a", "label": text(en="A"), "kind": "CHOICE"}]},
        {"fields": [PHONE["fields"][0] | {"choices": [{"value": "x", "label": text(en="X")}]}]},
        {"fields": [{"name": "A b", "label": text(en="A"), "kind": "TEXT"}]},
        {
            "fields": [
                {
                    "name": "a",
                    "label": text(en="A"),
                    "kind": "CHOICE",
                    "choices": [{"value": "x", "label": text(en="X"), "only": {"b": ["y"]}}],
                }
            ]
        },
    ],
)
def test_a_form_that_cannot_be_filled_in_is_not_published(wrong: object) -> None:
    with pytest.raises(ValidationError):
        AccountForm.model_validate(wrong)


def test_what_goes_to_an_account_is_listed_with_a_form_and_one_at_a_time() -> None:
    bare = product(kind="DIRECT_RECHARGE", state="LISTED")
    with pytest.raises(InvalidProduct, match="account_form"):
        require_publishable(bare, None)
    with pytest.raises(ValidationError, match="one at a time"):
        product(kind="DIRECT_RECHARGE", account_form=PHONE)
    with pytest.raises(ValidationError, match="goes to no account"):
        product(kind="CARD", account_form=PHONE)
    one = [bare.skus[0].model_dump() | {"per_order_max": 1}]
    require_publishable(product(kind="DIRECT_RECHARGE", state="LISTED", account_form=PHONE, skus=one), None)
    with pytest.raises(ValidationError, match="no field platform"):
        product(kind="DIRECT_RECHARGE", account_form=PHONE, skus=[one[0] | {"only": {"platform": ["ios"]}}])
