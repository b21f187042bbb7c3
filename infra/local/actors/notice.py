"""What a player sends, and how it refuses."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Notice:
    provider: str
    out_trade_no: str
    method: str
    url: str
    content_type: str = ""
    body: bytes = b""
    label: str = ""

    def forged(self, **changes: Any) -> "Notice":
        return replace(self, **changes)


class Refusal(Exception):
    """A provider's *no*, in its own codes."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code = code
        self.sub_code = sub_code

    def node(self) -> dict[str, str]:
        return {"code": self.code, "msg": "Business Failed" if self.code == "40004" else "Invalid Arguments", "sub_code": self.sub_code}
