"""Files in a bucket: a form to upload one, bounded reads of a large one, small ones whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from faka.kernel.errors import Conflict, NotFound, Unavailable


RANGE_BYTES = 1 << 20
"""One ranged read. A megabyte arrives within the read timeout on any link and keeps memory flat for a file of any size."""

_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_OTHER = frozenset({"PreconditionFailed", "412"})


class ObjectGone(NotFound):
    """No such file."""


class ObjectChanged(Conflict):
    """The file is not the one that was looked at first."""


class ObjectsDown(Unavailable):
    """The bucket does not answer, or refuses for now."""


@dataclass(frozen=True)
class UploadForm:
    """A form whose POST the bucket accepts: one exact key, one bounded size, for a short time."""

    url: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Stat:
    size: int
    etag: str


class Objects:
    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def upload_form(self, key: str, *, bytes_max: int, valid_s: int) -> UploadForm:
        """Let somebody without credentials put one file in one place.

        The key stands in the signed policy as an exact value and the size as a range, so neither can be stretched.
        """
        form = self._client.generate_presigned_post(
            Bucket=self._bucket, Key=key, Conditions=[["content-length-range", 1, bytes_max]], ExpiresIn=valid_s
        )
        return UploadForm(form["url"], form["fields"])

    def download_link(self, key: str, *, name: str, valid_s: int) -> str:
        """An address that downloads one file under a harmless name, for a short time."""
        link: str = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": f'attachment; filename="{name}"'},
            ExpiresIn=valid_s,
        )
        return link

    def stat(self, key: str) -> Stat:
        """Raises: ObjectGone."""
        answer = self._call("head_object", Key=key)
        return Stat(answer["ContentLength"], answer["ETag"])

    def copy(self, source: str, target: str, etag: str) -> Stat:
        """Copy the very file that was looked at. Raises: ObjectGone, ObjectChanged."""
        place = {"Bucket": self._bucket, "Key": source}
        self._call("copy_object", Key=target, CopySource=place, CopySourceIfMatch=etag)
        return self.stat(target)

    def read(self, key: str, etag: str, start: int, size: int) -> Iterator[bytes]:
        """The file's bytes from `start`, one bounded range at a time; always of the same file.

        Raises: ObjectGone, ObjectChanged.
        """
        while start < size:
            end = min(start + RANGE_BYTES, size)
            answer = self._call("get_object", Key=key, IfMatch=etag, Range=f"bytes={start}-{end - 1}")
            try:
                piece: bytes = answer["Body"].read()
            except (BotoCoreError, OSError) as error:
                raise ObjectsDown("read") from error
            if len(piece) != end - start:
                raise ObjectsDown("read cut short")
            yield piece
            start = end

    def get(self, key: str) -> bytes:
        """A small file of our own. Raises: ObjectGone."""
        answer = self._call("get_object", Key=key)
        try:
            body: bytes = answer["Body"].read()
        except (BotoCoreError, OSError) as error:
            raise ObjectsDown("get") from error
        return body

    def put(self, key: str, body: bytes, kind: str) -> None:
        self._call("put_object", Key=key, Body=body, ContentType=kind)

    def upload(self, key: str, source: BinaryIO, kind: str) -> None:
        """An open file, from where it stands to its end, in pieces: memory does not grow with it. At most 5 GB, the service's bound."""
        self._call("put_object", Key=key, Body=source, ContentType=kind)

    def delete(self, key: str) -> None:
        """Absent afterwards, whether or not it was there."""
        self._call("delete_object", Key=key)

    def _call(self, verb: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, verb)(Bucket=self._bucket, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _ABSENT:
                raise ObjectGone(verb) from error
            if code in _OTHER:
                raise ObjectChanged(verb) from error
            raise ObjectsDown(f"{verb}: {code}") from error
        except BotoCoreError as error:
            raise ObjectsDown(verb) from error
