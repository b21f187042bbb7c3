"""Where goods go that go to an account: the form that asks for it, and what may be wrong with what was typed."""

from faka.contexts.catalog.account_form import AccountField, AccountForm, Choice, FieldKind
from faka.contexts.catalog.accounts import AccountFault, BadAccount, Problem


__all__ = ["AccountFault", "AccountField", "AccountForm", "BadAccount", "Choice", "FieldKind", "Problem"]
