"""Every number of the model, with where it is from."""

from dataclasses import dataclass


_GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide"
_ASSUMED = "assumed"


@dataclass(frozen=True)
class Parameters:
    """Units are write or read units; times end in their unit."""

    partition_write_s: float = 1_000.0
    partition_read_s: float = 3_000.0
    burst_s: float = 1.0
    saved_s: float = 1.0
    new_table_partitions: int = 4
    heat_share: float = 0.8
    split_after_s: float = 180.0
    read_ms: float = 3.0
    write_ms: float = 4.5
    transaction_ms: float = 12.0
    transaction_item_ms: float = 0.12
    sigma: float = 0.3
    tail_share: float = 0.001
    tail_ms_min: float = 15.0
    tail_ms_max: float = 60.0
    held_share: float = 2 / 3
    index_lag_ms: float = 20.0
    kms_ms: float = 10.0
    kms_quota_s: float = 5_500.0
    secret_ms: float = 15.0
    bus_ms: float = 10.0
    provider_ms: float = 150.0
    stream_poll_ms: float = 250.0
    door_cpu_ms: float = 15.0


SOURCES = {
    "partition_write_s": f"{_GUIDE}/burst-adaptive-capacity.html",
    "partition_read_s": f"{_GUIDE}/burst-adaptive-capacity.html",
    "burst_s": f"{_GUIDE}/burst-adaptive-capacity.html says up to 300 s, best effort and not to be counted on; one second is {_ASSUMED}",
    "saved_s": f"{_ASSUMED}: a partition that was idle has its whole burst; scenes of steady load begin with a tenth of a second",
    "new_table_partitions": f"{_GUIDE}/warm-throughput.html: 4,000 writes and 12,000 reads a second, hence four partitions",
    "heat_share": f"{_ASSUMED}: a partition is hot from four fifths of its limit on",
    "split_after_s": "https://aws.amazon.com/blogs/database/part-3-scaling-dynamodb-how-partitions-hot-keys-and-split-for-heat-impact-"
    f"performance/ says sustained traffic near the limit; three minutes is {_ASSUMED}",
    "read_ms": f"{_ASSUMED}: median; the service promises single-digit milliseconds",
    "write_ms": f"{_ASSUMED}: median",
    "transaction_ms": f"{_ASSUMED}: median; two phases",
    "transaction_item_ms": f"{_ASSUMED}: for each item of a transaction",
    "sigma": f"{_ASSUMED}: spread of the log-normal latency, which puts p99 at twice the median",
    "tail_share": f"{_ASSUMED}: one call in a thousand is slow",
    "tail_ms_min": _ASSUMED,
    "tail_ms_max": _ASSUMED,
    "held_share": f"{_ASSUMED}: part of its time during which a transaction holds its items, about 8 ms",
    "index_lag_ms": f"{_ASSUMED}: an index follows its table within a fraction of a second ({_GUIDE}/GSI.html)",
    "kms_ms": f"{_ASSUMED}: median",
    "kms_quota_s": "https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html: the lowest of the regions' quotas",
    "secret_ms": f"{_ASSUMED}: median",
    "bus_ms": f"{_ASSUMED}: median",
    "provider_ms": f"{_ASSUMED}: median of a payment provider's answer",
    "stream_poll_ms": "https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html: a shard is polled four times a second",
    "door_cpu_ms": f"{_ASSUMED}: processor time of one request at 1,024 MB, for the price of Lambda only",
}
"""Parameter → its public source, or `assumed`."""
