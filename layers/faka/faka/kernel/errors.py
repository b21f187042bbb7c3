"""The error tree: one class per outcome, and its docstring is its meaning.

```
FakaError                       code, http_status, retry, public_message
├── Rejected      400/413/422   the caller can fix it
├── Denied        401/403       who or why
├── NotFound      404           the same answer for absent and not yours
├── Conflict      409           someone else was first; carries the row that stood in the way
├── Exhausted     409/429       a scarce thing ran out
├── Unavailable   503           try later; the only family that queues and machines retry
└── Broken        500           an invariant failed; page somebody
```
`public_message` is a msgid: the door translates it. `str(error)` is for the log and must hold ids only, never a value
that came from outside.
"""

from enum import StrEnum
from typing import Any, ClassVar


class Retry(StrEnum):
    NEVER = "NEVER"
    LATER = "LATER"


class FakaError(Exception):
    """Base of every outcome that is not success."""

    http_status: ClassVar[int] = 500
    retry: ClassVar[Retry] = Retry.NEVER
    public_message: ClassVar[str] = "Something went wrong on our side. Nothing was charged twice; please try again."

    def __init__(self, detail: str = "", row: dict[str, Any] | None = None) -> None:
        super().__init__(detail or type(self).__name__)
        self.row = row
        """The stored row that stood in the way, where the outcome is a lost race."""

    @classmethod
    def code(cls) -> str:
        """The stable name in answers and logs: the class name in snake case."""
        return "".join("_" + c.lower() if c.isupper() else c for c in cls.__name__).lstrip("_")


class Rejected(FakaError):
    """The caller can fix the request."""

    http_status = 422
    public_message = "Please check what you entered."


class Denied(FakaError):
    """The caller is not who he says, or may not do this."""

    http_status = 403
    public_message = "This is not allowed."


class NotFound(FakaError):
    """Absent, or not yours: the answer is the same."""

    http_status = 404
    public_message = "We could not find that. Check the address, or look up your order."


class Conflict(FakaError):
    """Someone else was first."""

    http_status = 409
    public_message = "This has changed in the meantime. Please look at the current state."


class Exhausted(FakaError):
    """A scarce thing ran out."""

    http_status = 409
    public_message = "There is not enough left."


class Unavailable(FakaError):
    """A part that we need does not answer now; the same request may succeed later."""

    http_status = 503
    retry = Retry.LATER
    public_message = "This is not possible right now. Please try again in a minute; nothing was charged."


class Broken(FakaError):
    """An invariant failed. The alarm on this family wakes somebody."""


# --- outcomes that more than one context knows -------------------------------------------------------------------


class InvalidRequest(Rejected):
    """A field is missing, malformed or out of its bounds."""


class InvalidAmount(Rejected):
    """Not an amount of money that we accept."""

    public_message = "Please check the amount."


class TooLarge(Rejected):
    """The body is larger than the door takes."""

    http_status = 413
    public_message = "That is too large."


class Throttled(Unavailable):
    """The database refused more work for now, after our own bounded retries."""


class TransactionBusy(Unavailable):
    """Other transactions kept touching the same rows; after bounded retries the caller should come again."""


class UnknownOutcome(Unavailable):
    """The answer to a write was lost. Its effect must be looked up, never assumed."""


class UnknownState(Broken):
    """A stored row does not fit its model."""


class IllegalTransition(Broken):
    """A state change outside the state table was asked for."""
