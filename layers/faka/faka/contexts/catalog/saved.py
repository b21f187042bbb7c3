"""Accounts that a buyer's device keeps for its owner, and which of them a product offers: pure, newest first.

A form that asks for a mobile number alone, or for a mail address alone, shares its accounts with every such form: a number is a number
everywhere. What any other form asks for means something at its own product only.
"""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, TypeAdapter, ValidationError

from faka.contexts.catalog.account_form import ACCOUNT_MAX, FIELDS_MAX, AccountForm, FieldKind
from faka.contexts.catalog.accounts import BadAccount, read_account
from faka.kernel.model import Frozen


SAVED_MAX: Final = 4
"""Oneself and three others; a longer list is looked through, and a slip there sends goods to somebody else."""

SHARED: Final = frozenset({FieldKind.PHONE, FieldKind.MAIL})

ID_BYTES: Final = 4
"""Of an entry's id: tells four apart, is random, and says nothing about the account."""

_Part = Annotated[str, Field(min_length=1, max_length=ACCOUNT_MAX * 2)]
"""Of an account. A mail address may be longer than what suppliers take of other fields."""


class SavedAccount(Frozen):
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    place: Annotated[str, Field(min_length=1, max_length=48)]
    """A product's id, or the kind of the one field, in capitals, which no product's id has."""
    account: Annotated[dict[str, _Part], Field(min_length=1, max_length=FIELDS_MAX, repr=False)]
    """By the names of the product's form, or by the kind of the one field."""


Saved = tuple[SavedAccount, ...]

_SAVED: Final[TypeAdapter[Saved]] = TypeAdapter(Annotated[Saved, Field(max_length=SAVED_MAX)])


def read_saved(text: bytes) -> Saved:
    """None of them where a version of the shop wrote them that this one does not know."""
    try:
        return _SAVED.validate_json(text)
    except ValidationError:
        return ()


def written(saved: Saved, bytes_max: int) -> tuple[Saved, bytes]:
    """As many as fit into `bytes_max`, the oldest left out first; none where not even the newest does."""
    text = _SAVED.dump_json(saved)
    while saved and len(text) > bytes_max:
        saved = saved[:-1]
        text = _SAVED.dump_json(saved)
    return saved, text


def offered(saved: Saved, form: AccountForm, product: str) -> Saved:
    """Those that this product's form takes as they are, by the form's own names."""
    place = _place(form, product)
    found = ((one, _read(form, one.account)) for one in saved if one.place == place)
    return tuple(one.model_copy(update={"account": account}) for one, account in found if account)


def added(saved: Saved, form: AccountForm, product: str, account: Mapping[str, str], id_: str) -> Saved:
    """With this one as the newest; one that is there already keeps its id, so that a page in another tab still names it."""
    new = SavedAccount(id=id_, place=_place(form, product), account=_kept(form, account))
    known = next((one for one in saved if (one.place, one.account) == (new.place, new.account)), new)
    return (known, *(one for one in saved if one is not known))[:SAVED_MAX]


def without(saved: Saved, id_: str) -> Saved:
    return tuple(one for one in saved if one.id != id_)


def _is_shared(form: AccountForm) -> bool:
    return len(form.fields) == 1 and form.fields[0].kind in SHARED


def _place(form: AccountForm, product: str) -> str:
    return form.fields[0].kind.value if _is_shared(form) else product


def _kept(form: AccountForm, account: Mapping[str, str]) -> dict[str, str]:
    [first, *_] = form.fields
    return {first.kind.value: account[first.name]} if _is_shared(form) else {one.name: account[one.name] for one in form.fields}


def _read(form: AccountForm, kept: Mapping[str, str]) -> dict[str, str]:
    """Empty where the form has changed since and does not take it any more. What fits a SKU is judged when one is chosen."""
    given = dict(zip([form.fields[0].name], kept.values(), strict=False)) if _is_shared(form) else kept
    try:
        return read_account(form, {}, given)
    except BadAccount:
        return {}
