"""Buyers: each visit is one purchase by the real pages, done the way its plan says."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from infra.local.headless import Form, Page
from infra.soak.browser import Browser, Shut
from infra.soak.clock import Turnstile
from infra.soak.diary import Diary, Placed
from infra.soak.goods import look_up, showed
from infra.soak.plan import UNPAID, Act, Visit
from infra.soak.provider import Bank


PLACES_MAX = 5
"""New forms that a buyer fills in when the shop says that the price or the stock is another by now."""

LOOK_AGAIN_S = 0.3
SILENT_S_MAX = 30
"""A payment of which no notice leaves is made only so soon after the order: later the shop may have asked for the last time."""

SCENE_ENDS = (Shut, LookupError)
"""After these a buyer goes home; the order stays as it is, and must end well without him."""


def address_of(number: int) -> str:
    """127.16.0.1 and up, one for each of a million devices; 127.0.0.1 itself is the shop's."""
    return f"127.{16 + number // 62500}.{number // 250 % 250}.{number % 250 + 1}"


class Buyer:
    def __init__(self, visit: Visit, shop: str, bank: Bank, diary: Diary, turnstile: Turnstile, *, patience_s: float) -> None:
        self._visit, self._bank, self._diary = visit, bank, diary
        self._patience_s = patience_s
        self._browser = Browser(shop, address_of(2 * visit.number), diary, turnstile)
        self._channel = visit.channel
        self._placed_at = 0.0

    def go(self) -> None:
        """From the product page to the card, or to where this buyer stops."""
        try:
            order = self._place()
        except SCENE_ENDS as error:
            self._diary.refused[f"no answer: {error}"[:60]] += 1
            return
        if order is None:
            return
        try:
            self._after(order)
        except SCENE_ENDS:
            self._diary.gave_up.append(_number(order))
        finally:
            self._browser.close()

    # -- the order --------------------------------------------------------------------------------------------------

    def _place(self) -> Page | None:
        """The order's page, or None when the shop said that there is nothing to be had."""
        address = f"{self._browser.shop}/p/{self._visit.product}"
        told = ""
        for _ in range(PLACES_MAX):
            page = self._browser.open(address)
            form = page.form(urlsplit(address).path)
            filled = self._filled(form) if form else None
            if form is None or filled is None:
                told = page.headline
                break
            began = time.monotonic()
            order = self._sent(page, form, filled)
            again = order.form(form.action)
            if order.status == 409 and again is not None:  # another total than the one on the page: look, and confirm
                order, form = self._browser.send(order, again, **filled), again
            if order.stage:
                self._diary.place_ms.append((time.monotonic() - began) * 1000)
                self._placed_at = time.monotonic()
                self._diary.placed.append(Placed(_number(order), form.fields["code"], self._visit.number, self._visit.act))
                self._saw(order)
                return order
            told = order.headline
        self._diary.refused[told[:60]] += 1
        return None

    def _filled(self, form: Form) -> dict[str, str] | None:
        """The form as this buyer fills it in; None when nothing can be chosen."""
        way, sku = _way(form, self._channel), form.fields.get("sku") or next(iter(form.choices.get("sku", [])), "")
        contact = f"soak{self._visit.number}@faka.example" if self._visit.has_contact else ""
        return {"sku": sku, "channel": way, "quantity": str(self._visit.quantity), "contact": contact} if way and sku else None

    def _sent(self, page: Page, form: Form, filled: dict[str, str]) -> Page:
        """Once, or twice at the same moment: a double click."""
        if not self._visit.sends_twice:
            return self._browser.send(page, form, **filled)
        first, second = self._twice(page, form, **filled)
        if first.stage and second.stage:
            self._diary.forms.append((_number(first), _number(second)))
        return first

    def _twice(self, page: Page, form: Form, **filled: str) -> tuple[Page, Page]:
        """The same form out of two tabs at the same moment."""
        tab = self._browser.tab()
        try:
            with ThreadPoolExecutor(1) as other:
                later = other.submit(tab.send, page, form, **filled)
                first = self._browser.send(page, form, **filled)
                return first, later.result()
        finally:
            tab.close()

    # -- the money --------------------------------------------------------------------------------------------------

    def _after(self, order: Page) -> None:
        visit = self._visit
        if visit.changes_way:
            order = self._changed(order)
        if visit.act is Act.NEVER:
            return
        if visit.act is Act.CANCEL:
            self._cancel(order)
            return
        number = self._cashier(order)
        if visit.act is Act.REGRET:
            self._cancel(order)
        began = time.monotonic()
        self._pay(number)
        if visit.act in UNPAID or visit.act in (Act.LATE, Act.LESS, Act.MORE):
            self._look(order)
            return
        self._collect(order, began)

    def _changed(self, order: Page) -> Page:
        form = order.form("/pay")
        other = "epay" if self._channel == "alipay" else "alipay"
        way = _way(form, other) if form else ""
        if form is None or not way:
            return order
        after = self._browser.send(order, form, channel=way)
        if after.stage and after.status == 200:
            self._channel = other
            self._saw(after)
            return after
        return self._look(order)

    def _cancel(self, order: Page) -> None:
        form = order.form("/cancel")
        if form is not None:
            self._browser.send(order, form)
        self._look(order)

    def _cashier(self, order: Page) -> str:
        """Go to the provider's page. Answers the payment's number there. Raises: LookupError, Shut."""
        for _ in range(PLACES_MAX):
            form = next((form for form in order.forms if "data-leaving" in form.attributes), None)
            link = next((link["href"] for link in order.links if "data-leaving" in link), "")
            if form is None and not link:
                order = self._look(order)  # the provider did not answer the shop
                time.sleep(LOOK_AGAIN_S)
                continue
            page = self._browser.send(order, form) if form else self._browser.open(link)
            place = urlsplit(page.url).path.split("/")
            if len(place) == 4 and place[1] == "cashier":
                self._channel = place[2]
                return place[3]
            time.sleep(LOOK_AGAIN_S)
        raise LookupError("no way to the cashier")

    def _pay(self, number: str) -> None:
        match self._visit.act:
            case Act.LATE:
                self._bank.act(self._channel, number, "late", delay_s=self._visit.delay_s)
            case Act.LOSE if time.monotonic() - self._placed_at < SILENT_S_MAX:
                self._bank.pays_silently(self._channel, number)
            case Act.REGRET | Act.LOSE | Act.RETURN:
                self._bank.act(self._channel, number, "pay")
            case act:
                self._bank.act(self._channel, number, str(act))

    # -- the card ---------------------------------------------------------------------------------------------------

    def _collect(self, order: Page, began: float) -> None:
        ends = time.monotonic() + self._patience_s
        while time.monotonic() < ends:
            page = self._look(order)
            form = next((form for form in page.forms if "data-reveal" in form.attributes), None)
            if form is not None and self._visit.act is Act.RETURN:
                self._give_back(page, form)
                return
            if form is not None and self._reveal(page, form):
                if self._visit.act is Act.PAY and not self._visit.changes_way:
                    self._diary.card_ms.append((time.monotonic() - began) * 1000)
                if self._visit.comes_again:
                    self._come_again(_number(order))
                return
            time.sleep(LOOK_AGAIN_S)
        self._diary.gave_up.append(_number(order))

    def _reveal(self, page: Page, form: Form) -> bool:
        if not self._visit.has_two_tabs:
            return showed(self._diary, page, self._browser.send(page, form))
        first, second = self._twice(page, form)
        is_shown = showed(self._diary, page, first)
        return showed(self._diary, page, second) and is_shown

    def _give_back(self, page: Page, reveal: Form) -> None:
        """Against the money. Where another tab shows the goods at the same moment, one of the two is told no."""
        form = page.form("/refund")
        if form is None:
            raise LookupError("the order page takes nothing back")
        if not self._visit.has_two_tabs:
            self._browser.send(page, form)
            self._look(page)
            return
        tab = self._browser.tab()
        try:
            with ThreadPoolExecutor(1) as other:
                later = other.submit(tab.send, page, reveal)
                self._browser.send(page, form)
                showed(self._diary, page, later.result())
        finally:
            tab.close()

    def _come_again(self, order: str) -> None:
        placed = next(each for each in reversed(self._diary.placed) if each.order == order)
        device = self._browser.device(address_of(2 * self._visit.number + 1))
        try:
            look_up(device, placed, self._diary)
        finally:
            device.close()

    def _look(self, order: Page) -> Page:
        page = self._browser.open(f"{self._browser.shop}/o/{_number(order)}")
        if page.status != 200 or not page.stage:
            raise LookupError(f"the order page is gone: {page.status}")
        self._saw(page)
        return page

    def _saw(self, page: Page) -> None:
        self._diary.seen.append((_number(page), page.stage.get("data-state", "")))


def _way(form: Form | None, channel: str) -> str:
    ways = form.choices.get("channel", []) if form else []
    return next((way for way in ways if way.startswith(f"{channel}:") and not way.endswith(":precreate")), "")


def _number(order: Page) -> str:
    return order.stage["data-order"]
