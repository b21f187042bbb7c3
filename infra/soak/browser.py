"""A buyer's browser in a soak: without a script, from an address of its own, and with the patience of a person."""

import http.client
import time
from urllib.parse import urlsplit

from infra.local.headless import Form, Page, Visitor
from infra.soak.clock import Turnstile
from infra.soak.diary import Diary


TRIES_MAX = 8
"""How often a person tries again what failed for no fault of his: 0.2 s, then longer, 10 s in all."""

AGAIN_S = 0.2


class Shut(Exception):
    """The shop, or a provider, did not do it although it was asked `TRIES_MAX` times."""


class Browser(Visitor):
    def __init__(self, shop: str, address: str, diary: Diary, turnstile: Turnstile) -> None:
        super().__init__()
        self.shop = shop
        self.address = address
        self._diary, self._turnstile = diary, turnstile
        self._connections = _From(address)

    def tab(self) -> "Browser":
        """Another tab: the same cookies, a connection of its own."""
        other = Browser(self.shop, self.address, self._diary, self._turnstile)
        other._cookies = {site: dict(cookies) for site, cookies in self._cookies.items()}
        return other

    def device(self, address: str) -> "Browser":
        """Another device, which knows nothing."""
        return Browser(self.shop, address, self._diary, self._turnstile)

    def _ask(self, method: str, url: str, body: bytes | None, origin: str) -> tuple[int, str, str]:
        with self._turnstile.through():
            answer = super()._ask(method, url, body, origin)
        if url.startswith(self.shop):
            self._diary.answered(method, urlsplit(url).path, answer[0])
        return answer

    def insist(self, method: str, page: Page | None, target: "Form | str", **changed: str) -> Page:
        """Get a page or send a form, again where it led to nothing: the same form, as a browser repeats it.

        Raises: Shut.
        """
        last = ""
        for attempt in range(TRIES_MAX):
            try:
                answer = self.get(target) if isinstance(target, str) else self.submit(_known(page), target, **changed)
            except (OSError, http.client.HTTPException) as error:
                last = type(error).__name__
            else:
                if answer.status < 500:
                    return answer
                last = f"{answer.status} {answer.headline}"
            time.sleep(AGAIN_S * (attempt + 1))
        raise Shut(f"{method}: {last}")

    def open(self, url: str) -> Page:
        return self.insist("GET", None, url)

    def send(self, page: Page, form: Form, **changed: str) -> Page:
        return self.insist("POST", page, form, **changed)


def _known(page: Page | None) -> Page:
    if page is None:
        raise ValueError("a form stands on a page")
    return page


class _From(dict[str, http.client.HTTPConnection]):
    """One connection a site, from an address of the visitor's own: the shop bounds what one address may do."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    def setdefault(self, site: str, _: http.client.HTTPConnection | None = None) -> http.client.HTTPConnection:
        if site not in self:
            self[site] = http.client.HTTPConnection(urlsplit(site).netloc, timeout=40, source_address=(self._address, 0))
        return self[site]
