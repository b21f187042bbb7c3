"""What must be known of an account before something can be sent to it, as the product's editor wrote it down.

One product covers platform × server × denomination: platform and server are fields with choices, a denomination is a SKU. `only` says
what fits what, on a choice (a server belongs to platforms) and on a SKU (this denomination is sold on these platforms); what does not
fit cannot be ordered.
"""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from faka.contexts.catalog.texts import Line, Localized, Name, Short
from faka.kernel.model import Frozen


FIELDS_MAX = 8
"""Number, platform, server, role and room leave three to spare; a longer form is not filled in."""

CHOICES_MAX = 200
"""Servers of the largest games; a select box with more is not read."""

ACCOUNT_MAX = 64
"""Letters of one field: the longest that suppliers take."""


class FieldKind(StrEnum):
    PHONE = "PHONE"
    """A mobile number of mainland China."""
    MAIL = "MAIL"
    DIGITS = "DIGITS"
    TEXT = "TEXT"
    CHOICE = "CHOICE"


FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
"""As suppliers call it."""

Only = Annotated[dict[FieldName, Annotated[tuple[Short, ...], Field(min_length=1, max_length=CHOICES_MAX)]], Field(max_length=FIELDS_MAX)]
"""Fields with choices, and which of their values fit."""


class Choice(Frozen):
    value: Annotated[str, Field(min_length=1, max_length=ACCOUNT_MAX)]
    """As suppliers want it."""
    label: Name
    only: Only = Field(default={})


class AccountField(Frozen):
    name: FieldName
    label: Name
    kind: FieldKind
    hint: Line = Localized()
    length_min: Annotated[int, Field(strict=True, ge=1, le=ACCOUNT_MAX)] = 1
    length_max: Annotated[int, Field(strict=True, ge=1, le=ACCOUNT_MAX)] = ACCOUNT_MAX
    choices: Annotated[tuple[Choice, ...], Field(max_length=CHOICES_MAX)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.kind is FieldKind.CHOICE) != bool(self.choices):
            raise ValueError("a field of kind CHOICE has choices, and no other has")
        if len({one.value for one in self.choices}) < len(self.choices):
            raise ValueError("two choices have the same value")
        if self.length_min > self.length_max:
            raise ValueError("length_min is above length_max")
        return self

    @property
    def values(self) -> frozenset[str]:
        return frozenset(one.value for one in self.choices)

    def choice(self, value: str) -> Choice | None:
        return next((one for one in self.choices if one.value == value), None)


class AccountForm(Frozen):
    fields: Annotated[tuple[AccountField, ...], Field(min_length=1, max_length=FIELDS_MAX)]
    is_looked_up: bool = False
    """Whether a supplier is asked about the account before the order is placed; it takes him a second or two."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({one.name for one in self.fields}) < len(self.fields):
            raise ValueError("two fields have the same name")
        for place, field in enumerate(self.fields):
            for choice in field.choices:
                AccountForm.require_fits(choice.only, self.fields[:place])
        return self

    @staticmethod
    def require_fits(only: Only, fields: tuple[AccountField, ...]) -> None:
        """Raises: ValueError where `only` names a field that is not before it, or a value that the field has not."""
        known = {one.name: one.values for one in fields}
        for name, values in only.items():
            if not known.get(name):
                raise ValueError(f"only: there is no field {name} with choices before this one")
            if not known[name].issuperset(values):
                raise ValueError(f"only: the field {name} has not all of these values")
