"""A shop that sells a top-up, a supplier who does as a test says, and the machine's questions played one after the other."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from faka.contexts.orders.model import Order
from faka.contexts.recharges import Recharge, recharge_id
from faka.contexts.suppliers.base import AccountCheck, CheckVerdict, Progress, SupplierUnavailable, SupplyOrder, SupplyRefused, SupplyState
from faka.contexts.suppliers.store import Offer, SupplierMissing, SupplierRow
from faka.flows.recharge import RechargeRequest, Standing, ask_buyer, ask_supplier, give_back, submit_next
from faka.kernel.ids import SupplierId
from faka.kernel.money import Money
from faka.steps.offers import offered
from faka.wiring import Deps
from tests.kit import roles
from tests.kit.suppliers import ALWAYS
from tests.kit.world import World, engine_world
from tests.unit.catalog.given import sku


PHONE = {"mobile": "13800138000"}
FORM = {"fields": [{"name": "mobile", "label": {"zh": "手机号码", "en": "Mobile number"}, "kind": "PHONE"}]}
COST_MINOR = 1_450


class ScriptedSupplier:
    """Keeps what he was sent and what he charged. `says` are his answers in turn: a state, an error, or None for *no such order*."""

    is_idempotent = False
    grace_s = 600

    def __init__(self, name: str, *says: object) -> None:
        self.name = SupplierId(name)
        self.account = SimpleNamespace(kind="scripted", id=self.name)
        self.says = list(says)
        self.sent: list[SupplyOrder] = []
        self.charged: list[str] = []
        self.asked: list[str] = []
        self.looked_up: list[dict[str, str]] = []
        self.verdict: CheckVerdict | Exception = CheckVerdict.NOT_OFFERED
        self.carrier = ""
        self.cost_minor = 0
        self.balance_minor: int | None = None
        self.balances_told = 0

    def check_account(self, goods_id: str, account: dict[str, str]) -> AccountCheck:
        del goods_id
        self.looked_up.append(account)
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return AccountCheck(verdict=self.verdict, carrier=self.carrier)

    def balance(self) -> Money:
        if self.balance_minor is None:
            raise SupplierUnavailable(self.name)
        self.balances_told += 1
        return Money(minor=self.balance_minor, currency="CNY")

    def submit(self, order: SupplyOrder) -> Progress:
        self.sent.append(order)
        word = self._next()
        if word == "lost, charged" or word in (SupplyState.PROCESSING, SupplyState.SUCCEEDED):
            self.charged.append(order.number)
        return self._said(order.number, word)

    def query(self, number: str, *, supplier_no: str = "", is_card: bool = False) -> Progress | None:
        del supplier_no, is_card
        self.asked.append(number)
        word = self._next()
        return None if word in (None, "refused") else self._said(number, word)

    def _next(self) -> object:
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def _said(self, number: str, word: object) -> Progress:
        if isinstance(word, SupplyState):
            cost = Money(minor=COST_MINOR, currency="CNY") if word is SupplyState.SUCCEEDED else None
            return Progress(supplier_id=self.name, number=number, state=word, status=word.lower(), cost=cost)
        if isinstance(word, str) and word.startswith("refused, "):
            raise SupplyRefused(word.removeprefix("refused, "))
        if word == "refused":
            raise SupplyRefused("stock")
        raise SupplierUnavailable(self.name)


class Machine:
    """The service: remembers what was begun, for whom whose role may begin it. `arn` is the machine's logical id."""

    def __init__(self, arn: str = "DirectRecharge") -> None:
        self.arn = arn
        self.begun: list[str] = []

    def begin(self, name: str, **given: str) -> bool:
        function = roles.running()
        if function:
            asked = {"stateMachineArn": self.arn, "name": name, "input": str(given)}
            roles.ask(function, "stepfunctions", "start_execution", asked)
        self.begun.append(name)
        return self.begun.count(name) == 1


class TopUps:
    """The shop. `play` asks what the machine asks, in its order, with its waits."""

    def __init__(self, world: World, *suppliers: ScriptedSupplier) -> None:
        self.world = world
        self.suppliers = {one.name: one for one in suppliers}
        self.machine = Machine()
        self._numbers = 0
        self.wired(world.deps)
        for rank, one in enumerate(suppliers):
            row = SupplierRow(
                id=one.name,
                name=one.name,
                kind="scripted",
                account={},
                gateway="https://x.test",
                currency="CNY",
                enabled=True,
                admitted_until=ALWAYS,
            )
            cost = Money(minor=one.cost_minor or COST_MINOR + rank, currency="CNY")
            offer = Offer(sku=world.sku.id, supplier_id=one.name, goods_id="t10", cost=cost)
            world.deps.tables.commit([world.deps.suppliers.save(row), *offered(world.deps, offer)])

    def wired(self, deps: Deps) -> Deps:
        deps.__dict__["recharging"] = self.machine
        deps.supplier = self.opened  # type: ignore[method-assign,assignment]
        return deps

    def opened(self, name: SupplierId) -> ScriptedSupplier:
        if name not in self.suppliers:
            raise SupplierMissing(name)
        return self.suppliers[name]

    def changes_offer(self, **changes: object) -> None:
        """The one supplier's offer is another from now on."""
        [offer] = self.world.deps.suppliers.offers(self.world.sku.id)
        self.world.deps.tables.commit(offered(self.world.deps, offer.model_copy(update=changes)))

    def ordered(self, number: str = "") -> Order:
        """Placed and not paid, for an account of its own."""
        self._numbers += 1
        return self.world.buy(account={"mobile": number or str(int(PHONE["mobile"]) + self._numbers - 1)})

    def begun(self, number: str = "", carrier: str = "") -> Recharge:
        """Paid, and its machine about to run."""
        placed = self.ordered(number)
        if carrier:
            known = placed.model_copy(update={"carrier": carrier, "version": placed.version + 1})
            self.world.deps.tables.apply(self.world.deps.orders.replaced(placed, known))
            placed = known
        order = self.world.pay(placed)
        self.world.cure(self.world.deps, order.id)
        return self.recharge(order)

    def recharge(self, order: Order) -> Recharge:
        return self.world.deps.recharges.get(recharge_id(order.id))

    def order(self, recharge: Recharge) -> Order:
        return self.world.deps.orders.get(recharge.order_id)

    def step(self, recharge: Recharge, what: str, deps: Deps | None = None) -> Standing:
        asked = RechargeRequest(recharge=recharge.id)
        return {"submit": submit_next, "ask": ask_supplier, "send_back": ask_buyer, "give_up": give_back}[what](
            deps or self.world.deps, asked
        )

    def play(self, recharge: Recharge, questions: int = 40) -> list[str]:
        """Until it ends, is left to a person, or so many questions were asked; the steps by name."""
        path = ["submit"]
        for _ in range(questions):
            stands = self.step(recharge, path[-1])
            if stands.next in ("end", "leave", "wait_for_buyer"):
                return [*path, stands.next]
            if stands.next == "ask":
                self.world.clock.advance(seconds=stands.wait_s)
            path.append(stands.next)
        return path

    @property
    def charged(self) -> list[str]:
        return [number for one in self.suppliers.values() for number in one.charged]

    def entries(self) -> dict[str, dict[str, int]]:
        """Each transaction about recharges, orders and refunds: signed minor units by account, debits positive."""
        found: dict[str, dict[str, int]] = {}
        for row in self.world.rows("test-journal"):
            if row["sk"] == "TXN":
                lines: dict[str, int] = {}
                for line in row["lines"]:
                    signed = line["amount_minor"] * (1 if line["side"] == "D" else -1)
                    lines[line["account"]] = lines.get(line["account"], 0) + signed
                found[row["id"]] = lines
        return found

    def cases(self) -> list[dict[str, Any]]:
        return [row for row in self.world.rows("test-trade") if row["sk"] == "CASE" and row["state"] == "OPEN"]

    def refunded_minor(self) -> int:
        return sum(row["amount"]["minor"] for row in self.world.rows("test-trade") if row["sk"] == "REFUND")


@contextmanager
def top_ups(*suppliers: ScriptedSupplier) -> Iterator[TopUps]:
    with engine_world(kind="DIRECT_RECHARGE", account_form=FORM, skus=(sku("video-vip-month", per_order_max=1),)) as world:
        yield TopUps(world, *suppliers)


LONG = timedelta(days=4)
