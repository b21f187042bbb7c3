"""What a person typed: read field by field, kept as typed, every fault named at once so that nobody has to guess twice."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as preset
from typing import Any

from faka.kernel.errors import Rejected
from faka.kernel.limits import CONTACT_MAX


_WHOLE = re.compile(r"(?:0|[1-9][0-9]{0,11})", re.ASCII)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAIL = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._+-]{{0,62}}[A-Za-z0-9_])?@(?:{_LABEL}\.)+[A-Za-z]{{2,24}}", re.ASCII)
"""Stricter than the standard on purpose: every mail address that a shop meets fits, and no formula, quote or space does."""


@dataclass(frozen=True)
class Fault:
    """One field and what to change about it. `msgid` is translated by the page; `message` is the English of machines."""

    field: str
    msgid: str
    values: Mapping[str, Any] = preset(default_factory=dict)

    @property
    def message(self) -> str:
        return self.msgid % self.values if self.values else self.msgid


class BadForm(Rejected):
    """Fields are missing, malformed or out of their bounds; `faults` says which and what to change."""

    def __init__(self, faults: Collection[Fault]) -> None:
        super().__init__(", ".join(fault.field for fault in faults))
        self.faults = tuple(faults)


def mark(msgid: str) -> str:
    """Marks a text for the catalogue; the translation happens where the language is known."""
    return msgid


WHOLE = mark("Please enter a whole number from %(least)s to %(most)s.")


class Reader:
    """Reads typed fields and gathers faults; `done()` raises them together."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields
        self.faults: list[Fault] = []

    def raw(self, name: str) -> str:
        """What was typed, without what nobody sees: chat programs and spreadsheets put direction marks around what they copy."""
        return "".join(symbol for symbol in self._fields.get(name, "") if unicodedata.category(symbol) != "Cf").strip()

    def text(self, name: str, length_max: int, *, missing: str = "") -> str:
        """A line; empty is a fault only where `missing` says what to enter."""
        given = self.raw(name)
        if not given and missing:
            self._fault(name, missing)
        elif len(given) > length_max:
            self._fault(name, mark("Please shorten this to %(most)s characters."), most=length_max)
            return ""
        return given

    def whole(self, name: str, least: int, most: int) -> int:
        """A whole number in plain digits. The bound is part of the sentence, so the second try is right."""
        given = self.raw(name)
        number = int(given) if _WHOLE.fullmatch(given) else -1
        if not least <= number <= most:
            if least == most:
                self._fault(name, mark("Please enter %(least)s."), least=least)
            else:
                self._fault(name, WHOLE, least=least, most=most)
            return least
        return number

    def mail(self, name: str, *, is_required: bool = False) -> str:
        given = self.raw(name)
        if not given:
            if is_required:
                self._fault(name, mark("Please enter your e-mail address."))
        elif len(given) > CONTACT_MAX or not _MAIL.fullmatch(given):
            self._fault(name, mark("Please enter an e-mail address such as name@example.com."))
        return given

    def choice(self, name: str, allowed: Collection[str], missing: str) -> str:
        given = self.raw(name)
        if given not in allowed:
            self._fault(name, missing)
            return ""
        return given

    def done(self) -> None:
        """Raises: BadForm."""
        if self.faults:
            raise BadForm(self.faults)

    def _fault(self, name: str, msgid: str, **values: Any) -> None:
        self.faults.append(Fault(name, msgid, values))
