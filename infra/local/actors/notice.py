"""What a player sends, and how it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    headers: Mapping[str, str] = field(default_factory=dict)
    """Beside the content type: signatures and their times."""
    ends_with: str | None = "success"
    """The exact text of an answer with status 200 that ends the repeats; None where any 2xx ends them."""

    def forged(self, **changes: Any) -> "Notice":
        return replace(self, **changes)

    def is_acknowledged(self, status: int, answer: str) -> bool:
        return 200 <= status < 300 if self.ends_with is None else (status, answer) == (200, self.ends_with)


class Refusal(Exception):
    """A provider's *no*, in its own codes."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code = code
        self.sub_code = sub_code

    def node(self) -> dict[str, str]:
        return {"code": self.code, "msg": "Business Failed" if self.code == "40004" else "Invalid Arguments", "sub_code": self.sub_code}
