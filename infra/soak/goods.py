"""What an answer shows of the goods, and how a buyer finds them again on another device."""

from infra.local.headless import Page
from infra.soak.browser import Browser, Shut
from infra.soak.diary import Diary, Placed


SECRET = "-S"
"""In every secret of a soak, and in no number."""


def look_up(device: Browser, placed: Placed, diary: Diary) -> bool:
    """Find an order by number and code, and look at its cards. Says whether cards were to be seen. Raises: Shut."""
    page = device.open(f"{device.shop}/orders")
    form = page.form("/orders")
    if form is None:
        raise Shut("no form to look orders up")
    found = device.send(page, form, no=placed.order, code=placed.code)
    if not found.stage:
        raise Shut(f"not found by its code: {found.status} {found.headline}")
    diary.seen.append((placed.order, found.stage.get("data-state", "")))
    reveal = next((form for form in found.forms if "data-reveal" in form.attributes), None)
    if reveal is None:
        return False
    return showed(diary, found, device.send(found, reveal))


def showed(diary: Diary, page: Page, opened: Page) -> bool:
    """Note what an answer shows of the goods; says whether it shows any."""
    cards = tuple(text for text in opened.secrets if SECRET in text)
    if opened.status == 200 and cards:
        diary.shown.append((page.stage["data-order"], cards))
    return bool(cards)
