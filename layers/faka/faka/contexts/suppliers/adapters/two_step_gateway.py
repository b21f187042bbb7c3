"""Calls of the two-step protocol: basic authentication, JSON both ways, documented codes of refusal."""

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import urlencode

from faka.contexts.suppliers.account import SupplierAccount
from faka.contexts.suppliers.base import SupplierUnavailable
from faka.contexts.suppliers.reading import list_of, object_of, read_json, text_of
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport


PAGE_ROWS: Final = 50
"""Documented default. A hundred would be allowed, and with 3 KB each longer than an answer may be."""

_REASONS = MappingProxyType(
    {
        "1000400": "refused",
        "1000401": "refused",
        "1000429": "refused",
        "1003001": "goods",
        "1003002": "goods",
        "1003003": "goods",
        "1003101": "goods",
        "1005003": "account",
        "1006001": "balance",
        "1006503": "account",
        "1007500": "goods",
    }
)
"""Documented codes of a transaction that was not created. What is not among them decides nothing."""

_CHANGED = frozenset({"1007002", "1007004", "1007005", "1007007"})
"""Already confirmed, can no longer be confirmed, already cancelled, can no longer be cancelled."""

_MISSING = frozenset({"1000404", "1008004", "1003001"})


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of his. Its content is read only where the status says that it is one."""

    status: int
    content: object
    code: str
    """Of the first error; empty where there is none."""
    digest: str
    next_page: str = ""

    def good(self) -> object:
        """Raises: SupplierUnavailable."""
        if self.status not in (200, 201, 202):
            raise SupplierUnavailable("the supplier refused the question")
        return self.content

    @property
    def reason(self) -> str:
        """Why a transaction was not created; empty where that is not proved."""
        return _REASONS.get(self.code, "")

    @property
    def is_refused(self) -> bool:
        """Whether a step was refused because the transaction has taken another."""
        return self.code in _CHANGED

    @property
    def is_missing(self) -> bool:
        return self.status == 404 and self.code in _MISSING


class Gateway:
    def __init__(self, account: SupplierAccount, transport: Transport) -> None:
        self._account = account
        self._transport = transport

    def get(self, page: str, query: Mapping[str, str] | None = None) -> Told:
        """Raises: SupplierUnavailable."""
        return self._told("GET", f"{page}?{urlencode(query)}" if query else page, b"")

    def post(self, page: str, content: Mapping[str, object]) -> Told:
        """Raises: SupplierUnavailable."""
        return self._told("POST", page, json.dumps(content, ensure_ascii=False).encode() if content else b"")

    def pages(self, page: str, query: Mapping[str, str], pages_max: int) -> Iterator[list[dict[str, object]]]:
        """Rows page by page. Raises: SupplierUnavailable, also between two pages and for more than `pages_max`."""
        number = "1"
        for _ in range(pages_max):
            told = self.get(page, {**query, "page": number, "per_page": str(PAGE_ROWS)})
            yield [object_of(row) for row in list_of(told.good())]
            if not told.next_page:
                return
            if not told.next_page.isdigit() or int(told.next_page) != int(number) + 1:
                raise SupplierUnavailable("pages that do not follow each other")
            number = told.next_page
        raise SupplierUnavailable("more pages than are read")

    def _told(self, method: str, page: str, body: bytes) -> Told:
        """Raises: SupplierUnavailable, without a chain."""
        pair = f"{self._account.newest('api_key').reveal()}:{self._account.newest('api_secret').reveal()}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        answered: dict[str, str] = {}
        try:
            status, told = self._transport.request(method, self._account.gateway + page, headers=headers, body=body, answered=answered)
        except Unavailable:
            status, told = 0, b""
        if not 200 <= status < 500:
            raise SupplierUnavailable("the supplier did not answer")
        content = read_json(told)
        digest = hashlib.sha256(told).hexdigest()
        return Told(status, content, _code(content) if status >= 400 else "", digest, answered.get("x-next-page", ""))


def _code(content: object) -> str:
    errors = list_of(object_of(content).get("errors"))
    return text_of(object_of(errors[0]), "code") if errors else ""
