"""What the vault refuses."""

from faka.kernel.errors import Broken, Conflict, NotFound, Rejected


class BatchNotFound(NotFound):
    """No such batch."""


class BatchMoved(Conflict):
    """The batch's state does not allow this change; carries its row."""


class BatchFull(Rejected):
    """More exceptions, or more data keys, than one batch may carry."""


class PrintMoved(Conflict):
    """Another import took the fingerprint over first; carries its row."""


class CardWithheld(Conflict):
    """Cards of this sale belong to a frozen or void batch, or are void themselves, and must not be shown."""

    public_message = "Some of these cards are being checked. We will send you replacements or your money back; please do not pay again."

    def __init__(self, detail: str, numbers: tuple[int, ...]) -> None:
        super().__init__(detail)
        self.numbers = numbers
        """Which cards of the SKU, by number. Never their text."""


class PageBroken(Broken):
    """A sealed card is not where its number says."""
