"""The reveal door: a buyer opens what is his. The only HTTP function that may decrypt.

Audience:   buyers with an order's lookup code (cookie) or a mailed grant
Trigger:    API `shop` (REST), POST only, so that previews, prefetch and mail scanners open nothing
Flows:      reveal
Tables:     catalog read · trade read and transactional write · vault read · journal append (audit before each opening) · guard read
Keys:       card key (Decrypt, context bound to shop, SKU, batch, number) · index key (GenerateMac)
Limits:     16 KB a form · 500 cards an order · 20 cards drawn, all of them in the text file
On failure: nothing is shown that was not audited first; the order page says what to do
"""

from cards import Cards
from faka.platform.door import Door
from faka.wiring import Deps
from settings import RevealSettings


settings = RevealSettings.from_env()
cards = Cards(Deps(settings))
door = Door("reveal", shop_url=settings.faka_shop_url, fault=cards.fault)

for method, path, view in (
    ("POST", "/o/{no}/cards", cards.show),
    ("POST", "/o/{no}/cards.txt", cards.download),
):
    door.route(method, path)(view)

app = door.app
handler = door.handler()
