"""Buyers who go through the doors: form, signed notice, card."""

from dataclasses import dataclass

from faka.contexts.orders.errors import OrderMoved
from faka.contexts.orders.model import Order
from faka.contexts.stock import OutOfStock
from faka.flows.checkout import CheckoutCommand, checkout
from faka.flows.reveal import Viewer, reveal
from faka.flows.take_notice import take_notice
from faka.kernel.errors import Conflict, Unavailable
from faka.kernel.exchange import RawRequest
from faka.kernel.ids import ChannelId, lookup_code, out_trade_no, ulid
from faka.steps.proof import Proof
from faka.wiring import Deps
from faka.wiring.stores import SOLD_OUT_MEMORY_S
from infra.bench.scale.result import Fate, Ledger
from infra.bench.scale.shop import PRODUCT, SKU, Instances, Shop, secret_of


DOORS = ("checkout", "notice", "reveal")
METHODS = {"alipay": "page", "epay": "epay"}
PAY_S = (0.2, 1.0)
"""Buyers pay this soon after the form: quicker than people, so that all doors are busy at once."""


@dataclass(frozen=True)
class Sale:
    """So many whole orders within a span."""

    name: str
    buyers: int
    within_s: float
    cards: int = 100_000
    shards: int = 4
    quantity: int = 1
    channel: str = "alipay"
    warm: float = 40_000
    """Write units a second that each table is warm for; 0 are new tables."""
    is_cold: bool = False
    """Whether each request meets a new instance."""
    sold: int = 0
    repeats: int = 0
    """How often each notice comes again."""


class Journey:
    """The doors of a shop, and buyers who go through them."""

    def __init__(self, shop: Shop, sale: Sale) -> None:
        self.shop = shop
        self.ledger = Ledger()
        self.times: dict[str, list[float]] = {step: [] for step in DOORS}
        self.wrong_cards = 0
        self._sale = sale
        self._doors = {step: Instances(lambda step=step: shop.deps(step), is_cold=sale.is_cold) for step in DOORS}  # type: ignore[misc]
        self._serial = 0

    def stand_by(self, count: int) -> None:
        """Warm instances: each has seen the channel, its account and its keys."""
        for step, door in self._doors.items():
            door.stand_by(count)
            for deps in door.idle:
                self.shop.timeline.at(self.shop.timeline.now, lambda deps=deps, step=step: self._warmed(step, deps))  # type: ignore[misc]

    def _warmed(self, step: str, deps: Deps) -> None:
        if step == "reveal":
            deps.catalog.product_version(PRODUCT, 1)
            self.shop.look_at_a_card(deps)
        else:
            deps.adapter(ChannelId(self._sale.channel))
            deps.index_key.digest("address", "warm")

    def buy(self) -> None:
        shop, sale, ledger, began = self.shop, self._sale, self.ledger, self.shop.timeline.now
        self._serial += 1
        command = self._command(self._serial)
        order, fate = self._placed(command)
        if order is None:
            ledger.note(fate, began, shop.timeline.now)
            ledger.false_refusals += (
                fate is Fate.SOLD_OUT and shop.truth.fewest(began - SOLD_OUT_MEMORY_S, shop.timeline.now) >= sale.quantity
            )
            return
        low, high = PAY_S
        human_s = low + (high - low) * shop.chance.bytes(1)[0] / 255
        shop.timeline.wait(human_s)
        shop.press(order.runs)
        fate = Fate.SERVED if self._paid(order) and self._read(order, command.code) else Fate.LATER
        ledger.note(fate, began + human_s, shop.timeline.now)

    def _command(self, n: int) -> CheckoutCommand:
        form = ulid(self.shop.clock.now(), self.shop.chance)
        return CheckoutCommand(
            form_id=form,
            code=lookup_code(self.shop.chance),
            product=PRODUCT,
            sku=SKU,
            quantity=self._sale.quantity,
            contact=f"{form.lower()}@example.com",
            channel=self._sale.channel,
            method=METHODS[self._sale.channel],
            address=f"{11 + n // 62500}.{n // 250 % 250}.{n % 250}.7",
        )

    def _placed(self, command: CheckoutCommand) -> tuple[Order | None, Fate]:
        with self._doors["checkout"].one() as deps, self._timed("checkout"):
            try:
                return checkout(deps, command), Fate.SERVED
            except OutOfStock:
                return None, Fate.SOLD_OUT
            except (Unavailable, OrderMoved):
                return None, Fate.BUSY

    def _paid(self, order: Order) -> bool:
        raw = self._notice(order)
        for _ in range(1 + self._sale.repeats):
            with self._doors["notice"].one() as deps, self._timed("notice"):
                try:
                    take_notice(deps, ChannelId(order.channel_id), raw)
                except Unavailable:
                    return False
        return True

    def _notice(self, order: Order) -> RawRequest:
        """The buyer pays at the provider, which takes no time of ours; its signed notice."""
        provider = self.shop.neighbours.players.by_id(order.channel_id)
        raw: RawRequest = provider.pay(out_trade_no(order.payment_id), order.total.minor)[0]
        return raw

    def _read(self, order: Order, code: str) -> bool:
        with self._doors["reveal"].one() as deps, self._timed("reveal"):
            try:
                opened = reveal(deps, order.id, Proof(code=code), Viewer("10.0.0.9", "model"))
            except (Unavailable, Conflict):  # a notice that was left to the sweep: not ready yet
                return False
        self.wrong_cards += len(opened.cards) != self._sale.quantity
        self.wrong_cards += sum(card.secret.reveal() != secret_of(card.number) for card in opened.cards)
        self.ledger.got(card.number for card in opened.cards)
        return True

    def _timed(self, step: str) -> "_Timed":
        return _Timed(self.shop, self.times[step])


class _Timed:
    def __init__(self, shop: Shop, times: list[float]) -> None:
        self._shop, self._times, self._began = shop, times, shop.timeline.now

    def __enter__(self) -> None:
        return

    def __exit__(self, *_: object) -> None:
        self._times.append(self._shop.timeline.now - self._began)
