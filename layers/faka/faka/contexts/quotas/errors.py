"""Outcomes of quotas."""

from faka.kernel.errors import Conflict, Denied, Exhausted


class QuotaExceeded(Exhausted):
    """This visitor or contact already holds as much unpaid as one may; carries the hold row."""

    http_status = 429
    public_message = "You have unpaid orders that already hold goods. Please pay or cancel one of them first."


class HoldsMoved(Conflict):
    """The hold row changed while it was being pruned."""


class TooManyTries(Exhausted):
    """Too many wrong tries in this window."""

    http_status = 429
    public_message = "Too many tries. Please wait a few minutes and try again."


class WrongCode(Denied):
    """The code is wrong, used or expired."""

    http_status = 422
    public_message = "That did not match. Please check the order number and the code."
