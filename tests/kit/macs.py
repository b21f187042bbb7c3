"""The key service as far as MACs go: another key for each secret, every call counted by its label, silent when a test says so."""

import hmac
from typing import Any

from botocore.exceptions import ClientError

from faka.kernel.clock import Chance
from faka.platform.device_seal import DeviceSeal
from faka.platform.mackey import MacKey
from faka.wiring import SAVED_ACCOUNTS, SAVED_VALUE_MAX
from tests.kit.clock import SeededChance


class Macs:
    def __init__(self, secret: bytes = b"one") -> None:
        self._secret = secret
        self.labels: list[str] = []
        self.is_silent = False

    def generate_mac(self, *, Message: bytes, **_named: Any) -> dict[str, Any]:
        if self.is_silent:
            raise ClientError({"Error": {"Code": "KMSInternalException", "Message": ""}}, "GenerateMac")
        self.labels.append(Message.decode())
        return {"Mac": hmac.digest(self._secret, Message, "sha256")}


def seal_of(
    macs: Macs,
    *,
    label: str = SAVED_ACCOUNTS,
    purpose: str = SAVED_ACCOUNTS,
    value_max: int = SAVED_VALUE_MAX,
    chance: Chance | None = None,
) -> DeviceSeal:
    """A process that has just started: it has no key yet."""
    return DeviceSeal(MacKey(macs, "index", label), purpose, value_max, chance or SeededChance())
