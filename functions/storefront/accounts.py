"""The part of the product's form that asks where the goods go: fields to draw, what was typed, faults beside their fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from faka.flows.accounts import AccountFault, AccountField, AccountForm, BadAccount, Choice, FieldKind, Problem
from faka.flows.saved_accounts import Saved
from faka.kernel.errors import FakaError
from faka.kernel.mask import mask_account
from pages.forms import BadForm, Fault, mark
from pages.i18n import Language


PREFIX = "account_"
"""Of the fields' names in the form: a product may call a field as the page calls one of its own."""

TYPED_MAX = 200
"""Of what was typed and is shown again; the longest account has 64 letters."""

_INPUTS: Mapping[FieldKind, tuple[str, str, str]] = {
    FieldKind.PHONE: ("tel", "numeric", "tel-national"),
    FieldKind.MAIL: ("email", "email", "email"),
    FieldKind.DIGITS: ("text", "numeric", "off"),
    FieldKind.TEXT: ("text", "text", "off"),
}
"""Type, keyboard and what the browser may fill in."""

_SENTENCES: Mapping[Problem, str] = {
    Problem.MISSING: mark("Please enter where it should go."),
    Problem.PHONE: mark("Please enter a mobile number of 11 digits, such as 13800138000."),
    Problem.MAIL: mark("Please enter an e-mail address such as name@example.com."),
    Problem.DIGITS: mark("Please enter digits only."),
    Problem.LENGTH: mark("Please enter %(least)s to %(most)s characters."),
    Problem.LETTERS: mark("Please type this anew: it holds a character that cannot be seen."),
    Problem.CHOICE: mark("Please choose one of these."),
    Problem.APART: mark("This does not go together with your other choices. Please choose another one."),
}


@dataclass(frozen=True)
class ChoiceView:
    value: str
    label: str
    only: str
    """Which values of other fields it fits, for the script: `platform=ios,android;…`."""
    is_chosen: bool


@dataclass(frozen=True)
class SavedChoice:
    """An account of this browser's, as much of it as a page shows."""

    id: str
    text: str
    is_chosen: bool


@dataclass(frozen=True)
class FieldView:
    id: str
    label: str
    hint: str
    type: str
    keyboard: str
    fill: str
    length_max: int
    value: str
    choices: tuple[ChoiceView, ...]


def account_fields(form: AccountForm | None, typed: Mapping[str, str], lang: Language) -> tuple[FieldView, ...]:
    return tuple(_field(one, typed.get(one.name, ""), lang) for one in form.fields) if form is not None else ()


def _field(field: AccountField, value: str, lang: Language) -> FieldView:
    type_, keyboard, fill = _INPUTS.get(field.kind, ("text", "text", "off"))
    # People type a number with spaces and its country; the bound is the server's.
    length_max = field.length_max if field.kind is not FieldKind.PHONE else 24
    choices = tuple(_choice(one, value, lang) for one in field.choices)
    return FieldView(PREFIX + field.name, field.label.pick(lang), field.hint.pick(lang), type_, keyboard, fill, length_max, value, choices)


def _choice(choice: Choice, value: str, lang: Language) -> ChoiceView:
    only = ";".join(f"{PREFIX}{name}={','.join(values)}" for name, values in choice.only.items())
    return ChoiceView(choice.value, choice.label.pick(lang), only, choice.value == value)


def saved_choices(form: AccountForm | None, saved: Saved, chosen: str | None, lang: Language) -> tuple[SavedChoice, ...]:
    """Masked, newest first. Where nobody has chosen yet (None) the newest is; empty means another one, which is typed."""
    if form is None:
        return ()
    first = saved[0].id if saved and chosen is None else chosen
    return tuple(SavedChoice(one.id, _masked(form, one.account, lang), one.id == first) for one in saved)


def _masked(form: AccountForm, account: Mapping[str, str], lang: Language) -> str:
    """A choice by its words, which are nobody's secret; of what was typed as little as everywhere."""
    chosen = ((field.choice(account[field.name]), account[field.name]) for field in form.fields)
    return " · ".join(choice.label.pick(lang) if choice is not None else mask_account(value) for choice, value in chosen)


def account_labels(form: AccountForm | None, lang: Language) -> dict[str, str]:
    """How the product calls each field, and each choice as `field=value`."""
    fields = form.fields if form is not None else ()
    found = {one.name: one.label.pick(lang) for one in fields}
    return found | {f"{one.name}={choice.value}": choice.label.pick(lang) for one in fields for choice in one.choices}


def typed_account(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed of an account, by the names of the product's form."""
    return {name.removeprefix(PREFIX): value[:TYPED_MAX] for name, value in form.items() if name.startswith(PREFIX)}


def account_faults(error: BadAccount) -> list[Fault]:
    return [_fault(one) for one in error.faults]


def correction_faults(error: FakaError) -> list[Fault]:
    """Faults of a corrected account beside its fields; none where the outcome is about the order and not about what was typed."""
    if isinstance(error, BadAccount):
        return account_faults(error)
    if error.code() == "account_unknown":  # its own words are for somebody who has not paid
        return [Fault("account", mark("Nothing can arrive at this account. Please check it."))]
    return [Fault("account", error.public_message)] if error.code() in ("same_account", "in_flight") else []


def as_form(error: FakaError) -> FakaError:
    """For machines: a wrong account is a wrong form, as at the checkout."""
    return BadForm(account_faults(error)) if isinstance(error, BadAccount) else error


def _fault(fault: AccountFault) -> Fault:
    values = {"least": fault.least, "most": fault.most} if fault.problem is Problem.LENGTH else {}
    return Fault(PREFIX + fault.field, _SENTENCES[fault.problem], values)
