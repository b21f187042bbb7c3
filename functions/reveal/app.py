"""The reveal door: a buyer opens what is his. The only HTTP function that may decrypt.

Audience:   buyers with an order's lookup code (cookie) or a mailed grant
Trigger:    API `shop` (REST), POST only, so that previews, prefetch and mail scanners open nothing
Flows:      reveal
Tables:     catalog read · trade read and transactional write · vault read · journal append (audit, cost of replaced cards) · guard read
Keys:       card key (Decrypt, context bound to shop, SKU, batch, number)
Limits:     16 KB a form · 500 cards an order · 20 cards drawn, all of them in the text file
On failure: nothing is shown that was not audited first; the order page says what to do
"""

from cards import Cards
from settings import RevealSettings

from faka.platform.door import Door
from faka.wiring import Deps


def open_door(deps: Deps) -> Door:
    """The route table; `template.yaml` lists the same, and a test compares the two."""
    cards = Cards(deps)
    door = Door("reveal", shop_url=deps.settings.faka_shop_url, fault=cards.fault)
    door.route("POST", "/o/{no}/cards")(cards.show)
    door.route("POST", "/o/{no}/cards.txt")(cards.download)
    return door


door = open_door(Deps(RevealSettings.from_env()))
app = door.app
handler = door.handler()
