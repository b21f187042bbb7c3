"""Rows of recharges. One that is not ended stands in the due index: whoever lets it lie is found by the sweep."""

from pydantic import ValidationError

from faka.contexts.recharges.model import Recharge
from faka.kernel.errors import Conflict, FakaError, NotFound, UnknownState
from faka.kernel.ids import RechargeId
from faka.platform.due import due, without_due
from faka.platform.table import Item, Key, TableName, Tables, Write, insert, put


class RechargeExists(Conflict):
    """The order has its recharge already; carries it."""


class RechargeMoved(Conflict):
    """Somebody else heard of it meanwhile."""


class RechargeMissing(NotFound):
    """No such recharge."""


class RechargeStore:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def find(self, name: RechargeId) -> Recharge | None:
        row = self._tables.get(recharge_key(name))
        return recharge_from(row) if row else None

    def get(self, name: RechargeId) -> Recharge:
        """Raises: RechargeMissing."""
        found = self.find(name)
        if found is None:
            raise RechargeMissing(name)
        return found

    def placed(self, recharge: Recharge) -> Write:
        """Else RechargeExists."""
        return insert(TableName.TRADE, _item(recharge), otherwise=_exists)

    def replaced(self, before: Recharge, after: Recharge) -> Write:
        """Else RechargeMoved."""
        return put(TableName.TRADE, _item(after), when="#version = :seen", otherwise=_moved, seen=before.version)


def recharge_key(name: RechargeId) -> Key:
    return Key(TableName.TRADE, f"RECHARGE#{name}", "RECHARGE")


def recharge_from(row: Item) -> Recharge:
    """Raises: UnknownState when the row does not fit the model."""
    try:
        return Recharge.model_validate({**without_due(row), "due_at": row.get("due_sk")})
    except ValidationError as error:
        raise UnknownState(row["pk"]) from error


def _item(recharge: Recharge) -> Item:
    key = recharge_key(recharge.id)
    item: Item = {**recharge.model_dump(mode="json", exclude={"due_at"}), "pk": key.pk, "sk": key.sk}
    return item if recharge.due_at is None else item | due(recharge.id, recharge.due_at)


def _exists(row: Item | None) -> FakaError:
    return RechargeExists("recharge exists", row)


def _moved(row: Item | None) -> FakaError:
    return RechargeMoved("recharge moved", row)
