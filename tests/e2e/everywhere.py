"""Every place of a local cloud where something could be left: as pairs of a name and the bytes that stand there.

A mark is looked for as it is, in both byte orders of UTF-16, in hexadecimal and in base64 at each of its three offsets; archives
and packed files are opened.
"""

import base64
import gzip
import io
import urllib.request
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.kit.local import LocalCloud


Place = tuple[str, bytes]


def needles(mark: str) -> set[bytes]:
    plain = mark.encode()
    spelled = {plain, plain.lower(), plain.upper(), mark.encode("utf-16-le"), mark.encode("utf-16-be"), plain.hex().encode()}
    spelled.add(plain.hex().upper().encode())
    for offset, first in enumerate((0, 2, 3)):
        whole = (offset + len(plain)) * 8 // 6
        for packed in (base64.b64encode, base64.urlsafe_b64encode):
            spelled.add(packed(b"\0" * offset + plain)[first:whole])
    return spelled


def found(places: Iterable[Place], mark: str) -> tuple[list[str], int]:
    """Names of the places that hold the mark, and how many bytes were read."""
    wanted, hits, size = needles(mark), [], 0
    for name, content in places:
        for inner, text in _unpacked(name, content):
            size += len(text)
            if any(needle in text for needle in wanted):
                hits.append(inner)
    return hits, size


def everything(cloud: LocalCloud) -> Iterator[Place]:
    """All that a running cloud holds, but for what its clients were answered."""
    yield from tables(cloud)
    yield from stream(cloud)
    yield from queues(cloud)
    yield from objects(cloud)
    yield from log_groups(cloud)
    yield from pages_of_players(cloud)
    yield from files(cloud.state)


def tables(cloud: LocalCloud) -> Iterator[Place]:
    dynamodb = cloud.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for row in page["Items"]:
                yield f"table {table} {row['pk']['S']}", flat(row)


def stream(cloud: LocalCloud) -> Iterator[Place]:
    """Both images of each change of the trade table since the cloud started."""
    streams = cloud.client("dynamodbstreams")
    for each in streams.list_streams()["Streams"]:
        for shard in streams.describe_stream(StreamArn=each["StreamArn"])["StreamDescription"]["Shards"]:
            where = streams.get_shard_iterator(StreamArn=each["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")[
                "ShardIterator"
            ]
            while where:
                page = streams.get_records(ShardIterator=where, Limit=1000)
                for record in page["Records"]:
                    yield f"stream {record['dynamodb']['SequenceNumber']}", flat(record["dynamodb"])
                where = page.get("NextShardIterator") if page["Records"] else None


def queues(cloud: LocalCloud) -> Iterator[Place]:
    """Waiting messages of all queues, dead letters included; each is put back where it was."""
    sqs = cloud.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        seen: list[Any] = []
        ask = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 30, "AttributeNames": ["All"]}
        while taken := sqs.receive_message(**ask).get("Messages"):
            seen += taken
        for message in seen:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
            yield f"queue {url.rpartition('/')[2]}", flat(message)


def objects(cloud: LocalCloud) -> Iterator[Place]:
    s3 = cloud.client("s3")
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for one in page.get("Contents", []):
                yield f"object {bucket}/{one['Key']}", s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        for part in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
            yield f"unfinished upload {bucket}/{part['Key']}", part["Key"].encode()


def log_groups(cloud: LocalCloud) -> Iterator[Place]:
    logs = cloud.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        for line in logs.filter_log_events(logGroupName=group["logGroupName"])["events"]:
            yield f"log group {group['logGroupName']}", line["message"].encode()


def pages_of_players(cloud: LocalCloud) -> Iterator[Place]:
    """What the simulated providers and the mailbox show, and the mails as the service has them."""
    for url in (cloud.players, f"{cloud.players}/log", f"{cloud.players}/mailbox", f"{cloud.endpoint}/_ministack/ses/messages"):
        with urllib.request.urlopen(url, timeout=30) as answer:
            yield f"page {url}", answer.read()


def files(folder: Path) -> Iterator[Place]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"file {path.relative_to(folder)}", path.read_bytes()


def flat(value: Any) -> bytes:
    """All texts and bytes of a value, keys included."""
    if isinstance(value, dict):
        return b"\0".join(flat(part) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set):
        return b"\0".join(flat(part) for part in value)
    return value if isinstance(value, bytes) else str(value).encode()


def _unpacked(name: str, content: bytes) -> Iterator[Place]:
    yield name, content
    if content.startswith(b"\x1f\x8b"):
        yield f"{name} (unpacked)", gzip.decompress(content)
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield f"{name} {inner}", archive.read(inner)
