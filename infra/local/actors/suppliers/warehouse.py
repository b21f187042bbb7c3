"""What a supplier has and did: goods, orders by our numbers, what was charged how often. The truth behind all desks.

| way | what happens to an order that is taken |
|---|---|
| done | it is filled at once |
| later | it is under way until `finish` or `fail` |
| refuse | it is taken, and fails |
| fewer | one card less than was paid for |
| twice | the first card again in place of the last |
| odd | it stands in a status that no document names |
| hidden | the charge is done, and for `hidden` questions he says that there is no such order |
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final


WAYS: Final = ("done", "later", "refuse", "fewer", "twice", "odd", "hidden")


class Refused(Exception):
    """The supplier's *no*, before anything is charged: goods, stock, balance, account."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Goods:
    id: str
    name: str
    cost_minor: int
    is_card: bool = False
    stock: int = 1_000
    is_on_sale: bool = True


@dataclass
class Filled:
    """One order as the supplier has it."""

    number: str
    goods_id: str
    quantity: int
    account: dict[str, str]
    notify_url: str
    supplier_no: str
    cost_minor: int
    placed_at: float
    state: str = "CREATED"
    """CREATED (nothing charged), PROCESSING, SUCCEEDED, FAILED, CANCELLED, REVERSED, ODD."""
    way: str = "done"
    hidden: int = 0
    cards: list[tuple[str, str]] = field(default_factory=list)


class Warehouse:
    """One supplier's truth about one customer of his."""

    def __init__(self, now: Callable[[], float], balance_minor: int = 1_000_000) -> None:
        self.now = now
        self.balance_minor = balance_minor
        self.goods = {
            "5010": Goods("5010", "话费 30", 2850),
            "5012": Goods("5012", "话费 50", 4750),
            "5011": Goods("5011", "QQ 会员", 990),
            "7001": Goods("7001", "礼品卡 50", 4800, is_card=True),
        }
        self.orders: dict[str, Filled] = {}
        self.charges: Counter[str] = Counter()
        """How often a number was charged; two is the fault that everything else is there to prevent."""
        self.way = "done"
        self.unknown: set[str] = set()
        """Accounts at which nothing can arrive: orders for them are refused before anything is charged."""
        self._made = 0

    def create(self, number: str, goods_id: str, quantity: int, account: dict[str, str], notify_url: str) -> Filled:
        """Taken and not charged. Raises: Refused."""
        goods = self.goods.get(goods_id)
        if goods is None:
            raise Refused("goods")
        if not goods.is_on_sale or goods.stock < quantity:
            raise Refused("stock")
        if not goods.is_card and (not any(account.values()) or self.unknown & set(account.values())):
            raise Refused("account")
        cost_minor = goods.cost_minor * quantity
        if cost_minor > self.balance_minor:
            raise Refused("balance")
        self._made += 1
        order = Filled(number, goods_id, quantity, account, notify_url, f"{9_000_000 + self._made}", cost_minor, self.now(), way=self.way)
        self.orders[number] = order
        return order

    def charge(self, order: Filled) -> None:
        """Take the money and do as the way says."""
        self.charges[order.number] += 1
        self.balance_minor -= order.cost_minor
        self.goods[order.goods_id].stock -= order.quantity
        order.state = "PROCESSING"
        order.hidden = 2 if order.way == "hidden" else 0
        match order.way:
            case "refuse":
                self.fail(order.number)
            case "odd":
                order.state = "ODD"
            case "later":
                pass
            case _:
                self.finish(order.number)

    def finish(self, number: str) -> Filled:
        order = self.orders[number]
        order.state = "SUCCEEDED"
        if self.goods[order.goods_id].is_card:
            order.cards = [(f"N{order.supplier_no}{i}", f"s-{order.supplier_no}-{i}") for i in range(order.quantity)]
            if order.way == "fewer":
                order.cards.pop()
            if order.way == "twice":
                order.cards[-1] = order.cards[0]
        return order

    def fail(self, number: str) -> Filled:
        return self._ended(number, "FAILED")

    def reverse(self, number: str) -> Filled:
        """He takes it back after a success, and gives the money back."""
        return self._ended(number, "REVERSED")

    def cancel(self, order: Filled) -> None:
        order.state = "CANCELLED"

    def seen(self, number: str) -> Filled | None:
        """What a question finds."""
        order = self.orders.get(number)
        if order is not None and order.hidden:
            order.hidden -= 1
            return None
        return order

    def _ended(self, number: str, state: str) -> Filled:
        order = self.orders[number]
        order.state = state
        self.balance_minor += order.cost_minor
        return order
