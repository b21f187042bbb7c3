"""What the intake refuses."""

from faka.kernel.errors import Conflict, NotFound, Rejected, Unavailable


class ImportNotFound(NotFound):
    """No such import."""


class ImportMoved(Conflict):
    """Another worker has taken the job further; carries its row."""


class ImportNotDone(Conflict):
    """The import has not come that far yet."""


class ImportBusy(Unavailable):
    """A worker holds this import. When it dies, its lease ends and the queue's next delivery goes on."""


class NotForCards(Rejected):
    """Goods of this product are not sealed cards or links."""


class BadImport(Rejected):
    """A value of the import form is outside its bounds."""
