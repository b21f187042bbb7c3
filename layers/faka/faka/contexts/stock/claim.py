"""Claiming: from the wish for cards to runs.

```
take ──► done                       one write when the running extent has enough, whatever the quantity
  └─ refused: the refusal brings the head along ──► fitting step: rest of the extent · next extent · own earlier run
       └─ head has too little ──► all heads, strong, and their next log rows ──► best shard · OutOfStock
```
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from faka.contexts.stock.aside import AsideRows
from faka.contexts.stock.bounds import CLAIM_STEPS_MAX, LOST_ANSWERS_MAX
from faka.contexts.stock.errors import OutOfStock, StockBusy
from faka.contexts.stock.head import Discard, Have, Head, Short, Step, Take, TakeNext, fitting_step
from faka.contexts.stock.heads import Heads, Refused
from faka.contexts.stock.log import StockLog
from faka.contexts.stock.model import Part, Run, home_shard
from faka.contexts.stock.rewrite import discarding
from faka.kernel.errors import UnknownOutcome


@dataclass
class Claim:
    """One claim on its way: what it has, where it stands, what it does next."""

    sku: str
    tag: str
    quantity: int
    shards: int
    dead_day: int
    runs: list[Run] = field(default_factory=list)
    head: Head | None = None
    less_is_fine: bool = False
    lost_answers: int = 0

    def __post_init__(self) -> None:
        self.shard = home_shard(self.tag, self.shards)
        self.step: Step = Take(self.quantity)

    @property
    def taken(self) -> int:
        return sum(run.count for run in self.runs)

    @property
    def part(self) -> Part:
        return Part(self.tag, len(self.runs), self.quantity - self.taken)

    @property
    def is_done(self) -> bool:
        return self.taken == self.quantity

    def sellable(self, heads: Sequence[Head]) -> int:
        return sum(head.sellable(self.dead_day) for head in heads)

    def lacks(self, heads: Sequence[Head]) -> bool:
        return self.sellable(heads) < self.part.want

    def fitness(self, head: Head) -> tuple[bool, int]:
        """A head that has enough before one that has not; among those the fullest, so that they drain evenly."""
        sellable = head.sellable(self.dead_day)
        return sellable >= self.part.want, sellable

    def see(self, head: Head | None) -> None:
        """Choose the step that fits the head as it is."""
        self.head = head
        self.step = Short() if head is None else fitting_step(head, self.part, self.dead_day, less_is_fine=self.less_is_fine)

    def got(self, run: Run, head: Head | None) -> None:
        self.runs.append(run)
        if not self.is_done:
            self.see(head)


class Claims:
    def __init__(self, heads: Heads, log: StockLog, aside: AsideRows) -> None:
        self._heads = heads
        self._log = log
        self._aside = aside

    def run(self, claim: Claim) -> tuple[Run, ...]:
        """Raises: OutOfStock; StockBusy; Throttled; UnknownOutcome after several lost answers (the same tag may try again)."""
        for _ in range(CLAIM_STEPS_MAX):
            try:
                self._step(claim)
            except StockBusy as busy:
                raise StockBusy(str(busy), tuple(claim.runs)) from busy
            if claim.is_done:
                return tuple(claim.runs)
        raise StockBusy("a claim took too many steps", tuple(claim.runs))

    def _step(self, claim: Claim) -> None:
        match claim.step:
            case Take() | TakeNext() as step:
                self._take(claim, step)
            case Have(run=run):
                claim.got(run, claim.head)
            case Discard():
                self._discard(claim)
            case Short():
                self._look_around(claim)

    def _take(self, claim: Claim, step: Take | TakeNext) -> None:
        try:
            claim.got(*self._heads.claim(claim.sku, claim.shard, step, claim.part, claim.dead_day))
        except Refused as refused:
            claim.see(refused.head)
        except UnknownOutcome:
            # The same write again: if the first one was done, the ring refuses this one and shows the run.
            claim.lost_answers += 1
            if claim.lost_answers > LOST_ANSWERS_MAX:
                raise

    def _discard(self, claim: Claim) -> None:
        """Take expired cards out of the way, by whoever meets them first."""
        head = self._heads.get(claim.sku, claim.shard)
        if head is not None and head.aside:
            self._aside.take_over(head)
        elif head is not None:
            self._heads.rewrite(head, discarding(head, claim.dead_day))
        claim.see(self._heads.get(claim.sku, claim.shard))

    def _look_around(self, claim: Claim) -> None:
        """Look at all heads at their present, and go to the one that fits best.

        Raises: OutOfStock when all of them and their waiting log rows together have too little.
        """
        heads = self._all_heads(claim)
        mine = next((head for head in heads if head.answered(claim.part) is not None), None)
        if mine is None and claim.lacks(heads):
            self._log.settle(claim.sku, self._waiting(claim, heads), claim.dead_day)
            claim.head = None
            heads = self._all_heads(claim)
            if claim.lacks(heads):
                # Rows that still wait have no room: go on with what is there, and they move up.
                self._waiting(claim, heads)
        claim.less_is_fine = True
        if heads:
            best = mine or max(heads, key=claim.fitness)
            claim.shard = best.shard
            claim.see(best)

    def _waiting(self, claim: Claim, heads: Sequence[Head]) -> list[int]:
        """Shards with a log row that the head has not taken in. Raises: OutOfStock when there is none."""
        taken_in = dict.fromkeys(range(claim.shards), 0) | {head.shard: head.applied for head in heads}
        waiting = self._log.waiting(claim.sku, taken_in)
        if not waiting:
            raise OutOfStock(claim.taken + claim.sellable(heads), tuple(claim.runs))
        return waiting

    def _all_heads(self, claim: Claim) -> Sequence[Head]:
        """Every head, read strongly; the one that just refused was read by the refusal."""
        others = [(claim.sku, shard) for shard in range(claim.shards) if claim.head is None or shard != claim.head.shard]
        found = list(self._heads.get_many(others).values()) if others else []
        return found if claim.head is None else [claim.head, *found]
