"""Bad weather between the functions and the emulator, for runs that ask for it: refusals, waits, and answers that get lost.

Where `FAKA_LOCAL_WEATHER` names a file, calls of tables, keys, events and secrets go by what it says; a new file counts at once.

```json
{"seed": 7, "share": 0.2, "kinds": ["refuse", "delay", "lose"]}
```
`refuse` is not done and told so in the service's own words; `delay` is done late; `lose` is done and never answered.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path


WEATHER = "FAKA_LOCAL_WEATHER"
DELAY_S = (0.02, 0.4)
"""A slow answer, well within the five seconds that a client waits."""

CONFLICT = {"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"}
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_ANYWHERE = ((400, _DYNAMODB + "ProvisionedThroughputExceededException"), (400, "com.amazon.coral.availability#ThrottlingException"))
_READ = (*_ANYWHERE, (500, _DYNAMODB + "InternalServerError"))
_WRITE = (*_READ, (400, _DYNAMODB + "TransactionConflictException"))
REFUSALS: dict[str, dict[str, tuple[tuple[int, str], ...]]] = {
    "DynamoDB": {
        **dict.fromkeys(("GetItem", "BatchGetItem", "Query", "Scan", "BatchWriteItem"), _READ),
        **dict.fromkeys(("PutItem", "UpdateItem", "DeleteItem"), _WRITE),
        "TransactWriteItems": (*_ANYWHERE, (400, _DYNAMODB + "TransactionCanceledException")),
    },
    "TrentService": dict.fromkeys(("Decrypt", "GenerateMac", "GenerateDataKey"), ((400, "ThrottlingException"),)),
    "AWSEvents": {"PutEvents": ((500, "InternalException"),)},
    "secretsmanager": {"GetSecretValue": ((500, "InternalServiceError"),)},
}
"""Service and operation → how it says no. A DynamoDB transaction that meets another one is refused here and nowhere else: the
emulator does all of them one after the other."""


@dataclass(frozen=True)
class Fate:
    """What befalls one call. `refusal` is status and body."""

    refusal: tuple[int, bytes] | None = None
    delay_s: float = 0.0
    is_lost: bool = False


FAIR = Fate()


class Weather:
    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._read_at = 0
        self._share = 0.0
        self._kinds: list[str] = []
        self._chance = random.Random(0)

    def over(self, target: bytes, body: bytes) -> Fate:
        """The fate of a call. `target` is its `X-Amz-Target`."""
        if self._file is None:
            return FAIR
        self._look()
        service, _, operation = target.decode("latin-1").partition(".")
        refusals = REFUSALS.get(service.partition("_")[0], {}).get(operation)
        if not self._share or refusals is None or self._chance.random() >= self._share:
            return FAIR
        match self._chance.choice(self._kinds):
            case "refuse":
                status, name = self._chance.choice(refusals)
                return Fate(refusal=(status, refused(name, body)))
            case "delay":
                return Fate(delay_s=self._chance.uniform(*DELAY_S))
            case _:
                return Fate(is_lost=True)

    def _look(self) -> None:
        try:
            changed_at = self._file.stat().st_mtime_ns if self._file else 0
        except FileNotFoundError:
            return
        if changed_at != self._read_at and self._file is not None:
            told = json.loads(self._file.read_text())
            self._read_at, self._share, self._kinds = changed_at, float(told["share"]), [str(kind) for kind in told["kinds"]]
            self._chance = random.Random(told["seed"])


def refused(name: str, body: bytes) -> bytes:
    """The body of a refusal; a transaction is told which of its items met another one: the first."""
    told: dict[str, object] = {"__type": name, "message": "bad weather"}
    if name.endswith("TransactionCanceledException"):
        others = len(json.loads(body)["TransactItems"]) - 1
        told["CancellationReasons"] = [CONFLICT, *({"Code": "None"} for _ in range(others))]
        told["message"] = "Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict]"
    return json.dumps(told).encode()


def forecast(file: Path, share: float, kinds: tuple[str, ...], seed: int) -> None:
    """Make the weather from now on; a share of 0 is fair weather."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps({"seed": seed, "share": share, "kinds": kinds}))
    new.replace(file)
