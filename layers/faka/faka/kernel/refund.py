"""Where a refund is: a word that the order's row and the refund's own row share."""

from enum import StrEnum


class RefundStatus(StrEnum):
    """Where one refund is."""

    REQUESTED = "REQUESTED"
    SUBMITTED = "SUBMITTED"
    """Told to the provider, who may have said yes, nothing, or not been heard."""
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    WITH_PERSON = "WITH_PERSON"
    """Nobody can be asked: a person finds out, or sends the money by hand."""

    @property
    def is_over(self) -> bool:
        """Nothing is asked any more, unless the provider takes its word back."""
        return self in (RefundStatus.SUCCEEDED, RefundStatus.FAILED)
