"""What a player of a supplier is: who asks it, what it answers, what it sends.

```
shop's server ──Asked──► serve ──► Answered     goods, prices, orders, questions
order ──► notice ──► Notice                     what he tells by himself
nobody ──► forgeries ──► Notice                 what only looks like that
```
A desk verifies the customer's real signatures and makes its own, with code of its own: one that signed with the shop's would agree
with its mistakes.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from infra.local.actors.desk import Answered, Asked
from infra.local.actors.notice import Notice
from infra.local.actors.suppliers.warehouse import Filled, Warehouse


class SupplierDesk(ABC):
    name: ClassVar[str]
    """The kind of supplier, and the first part of its addresses: `{base}/{name}/…`."""
    dialogue: ClassVar[tuple[str, ...]]
    """The calls of one recharge by their names, in order, as long as nothing is refused."""
    target: ClassVar[str]
    """The shop's word for the field that says where a recharge goes."""
    cards_max: ClassVar[int] = 100

    def __init__(self, warehouse: Warehouse, base: str) -> None:
        self.warehouse = warehouse
        self.base = base
        self.secret = self.new_secret()

    @staticmethod
    @abstractmethod
    def new_secret() -> dict[str, str]:
        """Another customer's keys."""

    @abstractmethod
    def supplier(self) -> dict[str, Any]:
        """What the shop must know: a supplier's row (id, kind, account, gateway, …) and `secret`."""

    @abstractmethod
    def call_name(self, asked: Asked) -> str:
        """What a call is counted under: create, confirm, query, …"""

    @abstractmethod
    def serve(self, asked: Asked) -> Answered:
        """A call of the shop's server. A wrong one is answered as the supplier answers it; nothing is raised."""

    @abstractmethod
    def notice(self, order: Filled) -> Notice:
        """What he tells about an order as it stands."""

    @abstractmethod
    def forgeries(self, order: Filled) -> Iterator[Notice]:
        """Notices that claim what is not so."""
