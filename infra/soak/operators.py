"""Operators at work while the shop sells, and the sweeps that a soak runs itself: the shop's own code, in this process."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from faka.contexts.vault import Batch, BatchState
from faka.flows.deliver import deliver
from faka.flows.edit_catalog import publish
from faka.flows.fulfil import fulfil
from faka.flows.intake import run_import
from faka.flows.orphans import adopt_or_return
from faka.flows.sweep import sweep
from faka.flows.withhold import freeze, thaw, void_card
from faka.kernel.errors import FakaError
from faka.kernel.ids import BatchId, OrderId
from faka.kernel.money import Money
from faka.wiring import Deps, ShopSettings
from infra.soak.clock import Ahead, Turnstile
from infra.soak.plan import Kind
from infra.soak.stage import FIRST, IMPORT_S_MAX, PRICE_MINOR, Cards, NotStocked, bring_in, sku_of, wait_for
from pages.i18n import translate


BY, REASON = "soak", "soak"
COMMAND_TRIES = 5
"""A person repeats a command that failed; what he could not do in the storm he does when it is over."""

AGAIN_S = 0.3
SWEEP_S_MAX = 40
WORKER_S_MAX = 2
"""For workers that live and have not ended; by then faults have stopped for longer than a file takes."""
IMPORTED_MAX = 60
SCARCE_MAX = 8


class Office:
    """Commands of operators. Each takes a number that chooses what it is about."""

    def __init__(self, settings: ShopSettings, clock: Ahead, cards: Cards, turnstile: Turnstile) -> None:
        self._settings, self._clock, self._cards, self._turnstile = settings, clock, cards, turnstile
        self._left_over: list[Callable[[], object]] = []
        self._imports: list[BatchId] = []
        self.failed: Counter[str] = Counter()
        """Commands and sweeps that ended with an error, by its code. Each was repeated."""

    def deps(self) -> Deps:
        return Deps(self._settings, clock=self._clock)

    # -- commands ---------------------------------------------------------------------------------------------------

    def does(self, kind: Kind, number: int, lasts_s: float) -> None:
        chance = random.Random(number)
        product = chance.choice(list(FIRST))
        match kind:
            case Kind.PRICE:
                self._repeated(lambda: self._reprice(product, PRICE_MINOR + chance.randrange(-5, 6) * 10))
            case Kind.IMPORT:
                count = chance.randint(1, SCARCE_MAX if product == "soak-scarce" else IMPORTED_MAX)
                self._repeated(lambda: self._imports.append(bring_in(self.deps(), product, self._cards.lines(count))))
            case _:
                batch = self._batch(chance, product)
                if batch is not None:
                    self._withholds(kind, chance, batch, lasts_s)

    def _withholds(self, kind: Kind, chance: random.Random, batch: Batch, lasts_s: float) -> None:
        """One card for ever, or the whole batch for a while."""
        if kind is Kind.VOID:
            lot = chance.choice(batch.lots)
            card = lot.start + chance.randrange(lot.count)
            self._repeated(lambda: void_card(self.deps(), batch.sku, card, BY, REASON))
            return
        self._repeated(lambda: freeze(self.deps(), batch.id, BY, REASON))
        time.sleep(lasts_s)
        self._repeated(lambda: thaw(self.deps(), batch.id, BY, REASON))

    def _batch(self, chance: random.Random, product: str) -> Batch | None:
        """One with cards in it, if the tables answer."""
        try:
            found = [batch for batch in self.deps().vault.batches(sku_of(product)) if batch.count and batch.state is not BatchState.VOID]
        except FakaError as error:
            self.failed[error.code()] += 1
            return None
        return chance.choice(found) if found else None

    def _reprice(self, product: str, minor: int) -> None:
        deps = self.deps()
        live = deps.catalog.product(product, fresh=True)
        skus = tuple(sku.model_copy(update={"price": Money(minor=minor, currency=sku.price.currency)}) for sku in live.skus)
        publish(deps, live.changed(skus=skus))

    def _repeated(self, command: Callable[[], object]) -> None:
        for _ in range(COMMAND_TRIES):
            try:
                with self._turnstile.through():
                    command()
                return
            except (FakaError, NotStocked) as error:
                self.failed[error.code() if isinstance(error, FakaError) else "not_stocked"] += 1
                time.sleep(AGAIN_S)
        self._left_over.append(command)

    # -- sweeps -----------------------------------------------------------------------------------------------------

    def sweeps(self) -> None:
        """Two at the same moment."""
        other = threading.Thread(target=self.sweep)
        other.start()
        self.sweep()
        other.join()

    def sweep(self) -> None:
        """What the sweep's function does, with our clock. What fails is due again in the next one."""
        deps, ends = self.deps(), time.monotonic() + SWEEP_S_MAX

        def cure_order(order_id: OrderId) -> None:
            fulfil(deps, order_id)
            deliver(deps, order_id, translate)

        def has_time() -> bool:
            return time.monotonic() < ends

        try:
            with self._turnstile.through():
                sweep(deps, cure_order, has_time)
                adopt_or_return(deps, has_time)
        except FakaError as error:
            self.failed[error.code()] += 1

    # -- afterwards -------------------------------------------------------------------------------------------------

    def tidy(self) -> None:
        """Faults have stopped: do what was left over. Raises: what a command raises although everything works again."""
        for command in self._left_over:
            command()
        self._left_over.clear()

    def finish_imports(self) -> list[BatchId]:
        """Card files whose worker died: by our clock its lease is over, so we go on in its place. Answers what is not in even so."""
        deps = self.deps()
        for batch in wait_for(deps, self._imports, WORKER_S_MAX):
            run_import(deps, batch, lambda: IMPORT_S_MAX)
        return wait_for(deps, self._imports, 0)
