"""Issue gift values and take them back: a person's work, each step noted with who and why.

Values are issued in chunks, each one commit: the values, the list of their ids, one transaction of the ledger for all of them. The
batch's number and the chunk name that transaction, so an issue that died half-way is finished by issuing the same codes again.

| what | transaction | debit | credit |
|---|---|---|---|
| issued, sold | `val:{batch}:{chunk}` | psp:{channel}:clearing | stored:outstanding |
| issued, given | `val:{batch}:{chunk}` | expense:promotion | stored:outstanding |
| void | `val:{value}:void` | stored:outstanding | what paid for it |
"""

from collections.abc import Sequence
from datetime import datetime

from faka.contexts.ledger.accounts import Account, clearing, promotion, stored
from faka.contexts.ledger.store import AlreadyPosted
from faka.contexts.wallets.errors import ValueNotFound, ValueUsed
from faka.contexts.wallets.model import CHUNK_VALUES, VALUES_MAX, GiftValue, ValueState, value_id
from faka.kernel.clock import Chance
from faka.kernel.errors import InvalidRequest
from faka.kernel.ids import CODE_LENGTH, BatchId, ChannelId, is_ulid, normal_code, ulid
from faka.kernel.limits import AMOUNT_MINOR_MAX
from faka.kernel.model import Frozen
from faka.kernel.money import Money
from faka.platform.table import Write
from faka.steps.wallet import transaction
from faka.wiring import Deps


class Issue(Frozen):
    """`channel` took the money for values that were sold; it is empty for values that are given away."""

    batch: str
    amount: Money
    channel: str = ""
    expires_at: datetime
    by: str
    reason: str

    @property
    def source(self) -> Account:
        """The ledger's account that pays for the values."""
        currency = self.amount.currency
        return clearing(ChannelId(self.channel), currency) if self.channel else promotion(currency)


def new_batch(at: datetime, chance: Chance) -> str:
    return f"gft_{ulid(at, chance)}"


def issue_values(deps: Deps, issue: Issue, codes: Sequence[str]) -> int:
    """Make the codes worth the amount; answers how many were not before. The same batch with the same codes again goes on.

    Raises: InvalidRequest.
    """
    _check(deps, issue, codes)
    new = 0
    for number, start in enumerate(range(0, len(codes), CHUNK_VALUES)):
        part = codes[start : start + CHUNK_VALUES]
        try:
            deps.tables.commit(_issued(deps, issue, number, part))
        except AlreadyPosted:
            continue
        new += len(part)
    return new


def void_values(deps: Deps, batch: str, by: str, reason: str) -> tuple[int, int]:
    """Take back what nobody has redeemed of a batch; answers how many that were, and how many are in wallets.

    Raises: ValueNotFound for a batch that is not there.
    """
    values = deps.wallets.of_batch(batch)
    if not values:
        raise ValueNotFound(batch)
    now = deps.clock.now()
    deps.tables.apply(deps.batch_log.noted(BatchId(batch), now, "void", by, {"reason": reason}))
    void = 0
    for value in values:
        if value.state is not ValueState.ISSUED:
            continue
        try:
            deps.tables.commit(_voided(deps, value, now))
        except (AlreadyPosted, ValueUsed):
            continue  # redeemed or voided since it was read
        void += 1
    return void, sum(value.state is ValueState.REDEEMED for value in deps.wallets.of_batch(batch))


def _check(deps: Deps, issue: Issue, codes: Sequence[str]) -> None:
    if not (issue.batch.startswith("gft_") and is_ulid(issue.batch[4:])):
        raise InvalidRequest("batch")
    if not 0 < len(codes) <= VALUES_MAX or any(len(normal_code(code)) != CODE_LENGTH for code in codes):
        raise InvalidRequest(f"1 to {VALUES_MAX} codes of {CODE_LENGTH} symbols")
    if len({value_id(code) for code in codes}) != len(codes):
        raise InvalidRequest("a code stands twice")
    if not 0 < issue.amount.minor <= AMOUNT_MINOR_MAX or issue.expires_at <= deps.clock.now():
        raise InvalidRequest("amount or expiry")


def _issued(deps: Deps, issue: Issue, number: int, codes: Sequence[str]) -> list[Write]:
    now, currency = deps.clock.now(), issue.amount.currency
    total = issue.amount.times(len(codes))
    money = transaction(f"val:{issue.batch}:{number}", "values_issued", issue.batch, total, issue.source, stored(currency), now)
    values = [
        GiftValue(
            id=value_id(code), amount=issue.amount, batch=issue.batch, source=issue.source, issued_at=now, expires_at=issue.expires_at
        )
        for code in codes
    ]
    detail: dict[str, int | str] = {"reason": issue.reason, "number": len(codes)}
    return [
        deps.ledger.posted(money),
        deps.wallets.listed(issue.batch, number, [value.id for value in values]),
        *(deps.wallets.issued(value) for value in values),
        deps.batch_log.noted(BatchId(issue.batch), now, "issued", issue.by, detail),
    ]


def _voided(deps: Deps, value: GiftValue, at: datetime) -> list[Write]:
    """What paid for the value has it back."""
    owed = stored(value.amount.currency)
    money = transaction(f"val:{value.id}:void", "value_voided", value.id, value.amount, owed, Account(value.source), at)
    return [deps.ledger.posted(money), deps.wallets.voided(value, at)]
