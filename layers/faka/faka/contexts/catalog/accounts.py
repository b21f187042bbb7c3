"""Read what a buyer typed of an account against the product's form: pure, every fault at once."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from faka.contexts.catalog.account_form import AccountField, AccountForm, FieldKind, Only
from faka.kernel.contact import InvalidContact, mail_address
from faka.kernel.errors import InvalidRequest


MOBILE: Final = re.compile(r"1[3-9][0-9]{9}", re.ASCII)
"""Mobile numbers of mainland China; 11 and 12 begin numbers of services."""

_COUNTRY: Final = re.compile(r"(?:\+|00)?86(?=1[3-9][0-9]{9}$)", re.ASCII)
_SPACERS: Final = str.maketrans("", "", " \t\u00a0\u3000-\u2010\u2011\u2012\u2013()（）.")
"""How people and address books group a number."""


class Problem(StrEnum):
    MISSING = "MISSING"
    PHONE = "PHONE"
    MAIL = "MAIL"
    DIGITS = "DIGITS"
    LENGTH = "LENGTH"
    LETTERS = "LETTERS"
    """Holds what nobody can type on purpose: control and direction marks."""
    CHOICE = "CHOICE"
    APART = "APART"
    """Each of two choices is there, and they do not go together."""


@dataclass(frozen=True, slots=True)
class AccountFault:
    field: str
    problem: Problem
    least: int = 0
    most: int = 0


class BadAccount(InvalidRequest):
    """The account as typed cannot be sent to; `faults` names fields and what to change, never what was typed."""

    public_message = "Please check the account that this goes to."

    def __init__(self, faults: tuple[AccountFault, ...]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.problem}" for one in faults))
        self.faults = faults


def read_account(form: AccountForm, only: Only, given: Mapping[str, str]) -> dict[str, str]:
    """The account as suppliers want it: numbers without spaces and country, letters composed. `only` is the SKU's.

    Raises: BadAccount. What the form does not ask for is left out.
    """
    account: dict[str, str] = {}
    faults: list[AccountFault] = []
    for field in form.fields:
        value = _plain(given.get(field.name, ""))
        read, fault = _read(field, value)
        account[field.name] = read
        faults += [fault] if fault else []
    if not faults:
        faults = list(_apart(form, only, account))
    if faults:
        raise BadAccount(tuple(faults))
    return account


def _plain(typed: str) -> str:
    """Chat programs and spreadsheets put direction marks around what they copy; full-width digits come from Chinese keyboards."""
    return "".join(one for one in unicodedata.normalize("NFKC", typed[:200]) if unicodedata.category(one) != "Cf").strip()


def _read(field: AccountField, value: str) -> tuple[str, AccountFault | None]:
    if not value:
        return "", AccountFault(field.name, Problem.MISSING)
    match field.kind:
        case FieldKind.PHONE:
            number = _COUNTRY.sub("", value.translate(_SPACERS))
            return number, None if MOBILE.fullmatch(number) else AccountFault(field.name, Problem.PHONE)
        case FieldKind.MAIL:
            return _mail(field, value)
        case FieldKind.CHOICE:
            return value, None if value in field.values else AccountFault(field.name, Problem.CHOICE)
        case FieldKind.DIGITS if not (value.isascii() and value.isdigit()):
            return value, AccountFault(field.name, Problem.DIGITS)
        case _ if any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in value):
            return value, AccountFault(field.name, Problem.LETTERS)
        case _ if not field.length_min <= len(value) <= field.length_max:
            return value, AccountFault(field.name, Problem.LENGTH, field.length_min, field.length_max)
        case _:
            return value, None


def _mail(field: AccountField, value: str) -> tuple[str, AccountFault | None]:
    try:
        return mail_address(value), None
    except InvalidContact:
        return value, AccountFault(field.name, Problem.MAIL)


def _apart(form: AccountForm, only: Only, account: Mapping[str, str]) -> Iterator[AccountFault]:
    """The first field of each pair that does not go together: it is the one to choose anew."""
    for name, values in only.items():
        if account.get(name) not in values:
            yield AccountFault(name, Problem.APART)
    for field in form.fields:
        choice = field.choice(account[field.name])
        if choice is not None and any(account.get(name) not in values for name, values in choice.only.items()):
            yield AccountFault(field.name, Problem.APART)


def told(form: AccountForm, account: Mapping[str, str]) -> str:
    """The account in one line, for a digest: the fields in the form's order."""
    return "\0".join(f"{field.name}={account.get(field.name, '')}" for field in form.fields)
