"""How much came in by an account on one Shanghai day: the figure behind `max_unsettled_minor`.

The limit is a business guard, not an account. What it promises: an account with a limit stops being offered once the day's
receipts reach it, and takes orders again on the next day, when the provider has paid out. It may overshoot by the orders that
were open at that moment (a reservation lives for minutes), and a process that dies between booking a receipt and counting it
leaves that receipt out. The books themselves are the ledger's.

Rows: `TAKEN#{channel}#{day}` / `{shard}` in the guard table, only for accounts that have a limit; one unconditional addition after
the sale's commit, never inside it, spread over `SHARDS` rows so that no row is written by every sale.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zlib import crc32

from faka.kernel.clock import business_day, epoch_s
from faka.kernel.ids import ChannelId
from faka.platform.table import Item, Key, TableName, Write, update


SHARDS = 4
"""One row takes about 1,000 additions a second; four are more than one merchant account may take at any provider."""

ROW_TTL = timedelta(days=3)
"""A day's figure is asked for on that day alone; three days leave a person time to look."""


def taken_key(channel: ChannelId, day: date, shard: int) -> Key:
    return Key(TableName.GUARD, f"TAKEN#{channel}#{day.isoformat()}", str(shard))


def taken(channel: ChannelId, ref: str, minor: int, at: datetime) -> Write:
    """Add a receipt to the day; `ref` only chooses the shard."""
    key = taken_key(channel, business_day(at), crc32(ref.encode()) % SHARDS)
    return update(key, "ADD #minor :minor SET #ttl = :ttl", when="", minor=minor, ttl=epoch_s(at + ROW_TTL))


def taken_keys(channels: Sequence[ChannelId], at: datetime) -> list[Key]:
    return [taken_key(channel, business_day(at), shard) for channel in channels for shard in range(SHARDS)]


def taken_sums(rows: Mapping[Key, Item]) -> Mapping[ChannelId, int]:
    """The day's sum of each account among the rows that were read."""
    sums: dict[ChannelId, int] = {}
    for key, row in rows.items():
        kind, channel, *_ = key.pk.split("#")
        if kind == "TAKEN":
            sums[ChannelId(channel)] = sums.get(ChannelId(channel), 0) + int(row["minor"])
    return sums
