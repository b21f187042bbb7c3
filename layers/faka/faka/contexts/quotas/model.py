"""Limits and hold rows."""

from faka.kernel.ids import OrderId, ProductId
from faka.kernel.model import Frozen


class HoldLimits(Frozen):
    """`orders` open orders, and `cards` cards of one product in them."""

    orders: int
    cards: int


class Holds(Frozen):
    """What one visitor or contact holds unpaid."""

    kind: str
    who: str
    orders: dict[OrderId, tuple[ProductId, int]]
    version: int

    def without(self, finished: set[OrderId]) -> "Holds":
        left = {order: held for order, held in self.orders.items() if order not in finished}
        return self.model_copy(update={"orders": left, "version": self.version + 1})

    @property
    def per_product(self) -> dict[str, int]:
        sums: dict[str, int] = {}
        for product, quantity in self.orders.values():
            sums[product] = sums.get(product, 0) + quantity
        return sums
