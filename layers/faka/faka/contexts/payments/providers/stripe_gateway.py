"""Calls to Stripe: a form out, JSON in.

Stripe signs no answer: what proves one is TLS to its host, and the key that only it and we know. An amount in it is a whole
number of minor units, and Stripe counts them as we do (yen have none).
"""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import NamedTuple
from urllib.parse import urlencode

from faka.contexts.payments.providers.account import ChannelAccount
from faka.contexts.payments.providers.answers import Unreadable, members, text_of
from faka.contexts.payments.providers.base import ProviderUnavailable
from faka.kernel.errors import Unavailable
from faka.kernel.exchange import Transport


API_VERSION = "2024-06-20"
"""Pinned, so that Stripe's next version changes nothing under us."""

PAGE_SIZE = 100
"""Stripe's bound."""

PAGE_BYTES_MAX = 4 * 1024 * 1024
"""A hundred movements with their charges are 600 KB."""

PAGE_TIMEOUT_S = 30.0

Json = dict[str, object]
Params = Sequence[tuple[str, str]]

_LIVE = ("sk_live_", "rk_live_")
_CODE = re.compile(r"[0-9a-z_]{1,64}", re.ASCII)
ID = re.compile(r"[0-9A-Za-z_-]{1,128}", re.ASCII)


class Refused(ProviderUnavailable):
    """Stripe says no, and why: its error's type and code."""

    def __init__(self, status: int, kind: str, code: str) -> None:
        self.status = status
        self.kind = kind if _CODE.fullmatch(kind) else ""
        self.error = code if _CODE.fullmatch(code) else ""
        super().__init__(f"stripe refuses: {status} {self.error or self.kind or '?'}")


class Page(NamedTuple):
    """One page of a list, newest first."""

    objects: list[Json]
    has_more: bool
    body: bytes
    """As it came."""


class Gateway:
    """Stripe as one account sees it."""

    def __init__(self, account: ChannelAccount, transport: Transport) -> None:
        self._account = account
        self._transport = transport

    @property
    def is_live(self) -> bool:
        """Real money, by the key's own name; each object says it of itself and must agree."""
        return self._account.secret.reveal().startswith(_LIVE)

    def get(self, path: str, query: Params = ()) -> tuple[Json, bytes]:
        """Raises: Refused, ProviderUnavailable."""
        return self._sent("GET", self._url(path, query), b"", {})

    def post(self, path: str, form: Params = (), number: str = "") -> tuple[Json, bytes]:
        """Under a number the same request again is answered as the first was, for at least a day.

        Raises: Refused, ProviderUnavailable.
        """
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Idempotency-Key": number} if number else {})
        return self._sent("POST", self._url(path), urlencode(form).encode(), headers)

    def pages(self, path: str, query: Params, pages_max: int) -> Iterator[Page]:
        """Raises: ProviderUnavailable, also for a list that has not ended after `pages_max`."""
        after: Params = ()
        for _ in range(pages_max):
            page = self._page(path, (*query, ("limit", str(PAGE_SIZE)), *after))
            yield page
            if not page.has_more:
                return
            after = (("starting_after", text_of(page.objects[-1], "id")),)
        raise ProviderUnavailable("stripe's list does not end")

    def _page(self, path: str, query: Params) -> Page:
        into = BytesIO()
        try:
            status = self._transport.download(
                self._url(path, query), into, headers=self._headers(), bytes_max=PAGE_BYTES_MAX, timeout_s=PAGE_TIMEOUT_S
            )
        except Unavailable as error:
            raise ProviderUnavailable("stripe did not answer") from error
        if status != 200:
            raise ProviderUnavailable(f"stripe says {status}")
        return page_of(into.getvalue())

    def _sent(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> tuple[Json, bytes]:
        try:
            status, answer = self._transport.request(method, url, headers=self._headers() | headers, body=body)
        except Unavailable as error:
            raise ProviderUnavailable("stripe did not answer") from error
        values = object_of(answer)
        if status == 200:
            return values, answer
        error_node = values.get("error")
        if 400 <= status < 500 and isinstance(error_node, dict):
            raise Refused(status, text_of(error_node, "type"), text_of(error_node, "code"))
        raise ProviderUnavailable(f"stripe says {status}")

    def _url(self, path: str, query: Params = ()) -> str:
        return f"{self._account.gateway}v1/{path}{'?' if query else ''}{urlencode(query)}"

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._account.secret.reveal()}", "Stripe-Version": API_VERSION}


def object_of(body: bytes) -> Json:
    """Raises: ProviderUnavailable."""
    try:
        return {name: value for name, (value, _) in members(body).items()}
    except Unreadable:
        raise ProviderUnavailable("stripe's answer is unreadable") from None


def page_of(body: bytes) -> Page:
    """Raises: ProviderUnavailable."""
    values = object_of(body)
    objects, has_more = values.get("data"), values.get("has_more")
    if values.get("object") != "list" or not isinstance(objects, list) or not isinstance(has_more, bool):
        raise ProviderUnavailable("stripe's answer is not a list")
    if not all(isinstance(one, dict) and ID.fullmatch(text_of(one, "id")) for one in objects) or (has_more and not objects):
        raise ProviderUnavailable("stripe's list is unreadable")
    return Page(objects, has_more, body)
