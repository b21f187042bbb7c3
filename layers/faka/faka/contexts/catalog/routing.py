"""Which ways to pay are shown, and which account of several takes an order. A pure rule.

```
every channel ─► enabled, usable secret, healthy, within its limit, has a method for this device,
                 its currency can be paid, its bounds hold the price of the goods
              ─► one account of each group ─► in the shop's order
```
The account of a group is drawn by the order's number, so that a page, its form and a second sending of the form name the
same one; its chance is its weight. When an account closes, only the orders that it had drawn go elsewhere.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence

from faka.contexts.catalog.model import ChannelRow, Method, Sight
from faka.kernel.ids import ChannelId
from faka.kernel.model import Frozen
from faka.kernel.money import Currency, Money


METHODS: Mapping[Sight, tuple[Method, ...]] = {
    "PC": ("precreate", "native", "page", "card", "usdt", "epay"),
    "MOBILE": ("wap", "h5", "precreate", "page", "native", "card", "usdt", "epay"),
    "WECHAT": ("wap", "precreate", "page", "card", "usdt", "epay"),
}
"""Ways of one channel in the order of ease. The browser inside WeChat opens no `h5` page, and a `native` code that the own
screen shows cannot be scanned with it. `jsapi` wants the payer's own number at the merchant, which the shop does not ask for,
so nothing offers it."""

LAST: Mapping[Sight, tuple[Method, ...]] = {"PC": ("wap",), "MOBILE": (), "WECHAT": ()}
"""Ways that work on a device and are offered there only where the channel has nothing better."""

OFFERED_MAX = 8
"""Ways to pay that one page shows. People choose among a handful; the rest waits until one of these is closed."""


class Standing(Frozen):
    """What is known of a channel at this moment."""

    is_usable: bool = True
    """Its secret and keys are there and can be keys."""
    is_healthy: bool = True
    """Its provider answers, or one order is wanted to find out."""
    taken_minor: int = 0
    """What came in by it on this Shanghai day."""


class Wish(Frozen):
    """What a buyer would pay, wherever he can."""

    units: dict[Currency, Money]
    """The unit price in each currency that it can be paid in."""
    quantity: int
    sight: Sight
    order_id: str


def offered(channels: Sequence[ChannelRow], wish: Wish, standings: Mapping[ChannelId, Standing]) -> tuple[ChannelRow, ...]:
    """The accounts that this order may be paid by, one of each group, in the shop's order; none is an answer too.

    Bound: `OFFERED_MAX`.
    """
    drawn: dict[str, ChannelRow] = {}
    for row in sorted(channels, key=lambda one: (one.position, one.id)):
        if not takes(row, wish, standings.get(row.id, Standing(is_usable=False))):
            continue
        present = drawn.get(row.way)
        if present is None or _luck(row, wish.order_id) > _luck(present, wish.order_id):
            drawn[row.way] = row
    return tuple(drawn.values())[:OFFERED_MAX]


def takes(row: ChannelRow, wish: Wish, standing: Standing) -> bool:
    """Whether this account may take the order."""
    unit = wish.units.get(row.currency)
    if not row.enabled or unit is None or not standing.is_usable or not standing.is_healthy or method_for(row, wish.sight) is None:
        return False
    goods = unit.minor * wish.quantity
    return is_for(row, goods) and (not row.max_unsettled_minor or standing.taken_minor + goods <= row.max_unsettled_minor)


def is_for(row: ChannelRow, goods_minor: int) -> bool:
    """Whether the channel's bounds hold this price of goods."""
    return row.amount_min_minor <= goods_minor <= row.amount_max_minor


def method_for(row: ChannelRow, sight: Sight) -> Method | None:
    """The easiest method of a channel on this device; None where it has none there."""
    if sight not in row.devices:
        return None
    return next((one for one in (*METHODS[sight], *LAST[sight]) if one in row.methods), None)


def _luck(row: ChannelRow, order_id: str) -> tuple[float, str]:
    """Weighted rendezvous: the largest of `log(u) / weight` has the chance `weight / sum`, and needs to know no other account."""
    digest = hashlib.sha256(f"{order_id}/{row.id}".encode()).digest()
    even = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
    return (math.log(even) / row.weight if row.weight else -math.inf), row.id
