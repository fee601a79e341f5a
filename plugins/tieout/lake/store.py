"""The lake: an S3 bucket, spoken to through boto3."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel, ValidationError

from tieout.lake.keys import Keys
from tieout.privacy import NO_KEY, Encryption, Privacy

if TYPE_CHECKING:
    from botocore.client import BaseClient

R = TypeVar("R", bound=BaseModel)

log = logging.getLogger(__name__)

SINGLE_PART = 32 << 20
"""Bytes. A file up to this size goes up in one request; boto3's transfer manager, with its threads, is for larger ones."""

SAME_TIME = dt.timedelta(seconds=5)
"""Clocks that are no further apart tell the same time."""

WRITER = "writer"
"""Metadata of an object that was written under a condition: the id of that one write."""


class DamagedRecord(ValueError):
    """An object of the lake is not the record that it should be; the message has its key.

    Attributes:
        key: Of the object.
        size: Bytes that it has.
    """

    def __init__(self, lake: Lake, key: str, size: int, what: str) -> None:
        super().__init__(f"s3://{lake.bucket}/{key} {what}. A copy is at {Keys.damaged(key)}")
        self.key = key
        self.size = size


class Lake:
    """One bucket of an S3 server.

    Writes of small objects are atomic (S3 shows an object whole or not at all), which is why each step writes
    its record last: the record's presence says that what it names is complete.

    Args:
        client: A client of the S3 server.
        bucket: The bucket's name.
        privacy: What is done with personal values on their way into it.
        encryption: How the server encrypts every object that is written; None leaves it to the server.
        of_account: By the name of an account: how the server encrypts the objects whose keys name it, instead.
    """

    def __init__(
        self,
        client: BaseClient,
        bucket: str,
        *,
        privacy: Privacy = NO_KEY,
        encryption: Encryption | None = None,
        of_account: Mapping[str, Encryption] | None = None,
    ) -> None:
        self.client = client
        self.bucket = bucket
        self.clock_ahead = dt.timedelta(0)
        self.privacy = privacy
        self._encryption = encryption
        self._of_account = of_account or {}

    def _sealed(self, key: str) -> dict[str, str]:
        """What a request that writes an object says of its encryption. An account is a part of the key of all that is its own."""
        own = (self._of_account.get(part.removesuffix(".json")) for part in key.split("/"))
        encryption = next(filter(None, own), self._encryption)
        return encryption.parameters if encryption else {}

    def put(self, key: str, body: bytes, *, content_type: str = "application/octet-stream") -> None:
        """Write one object, replacing what the key held."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=content_type, **self._sealed(key))

    def put_record(self, key: str, record: BaseModel) -> None:
        """Write a record as JSON."""
        self.put(key, record.model_dump_json(indent=1).encode(), content_type="application/json")

    def put_first(self, key: str, record: R) -> R:
        """Write a record unless the key holds one already; return the record that the key holds."""
        if self.put_if(key, record.model_dump_json(indent=1).encode(), etag=None):
            return record
        held = self.get_record(key, type(record))
        if held is None:
            # a damaged one was there, and is put aside
            if self.put_if(key, record.model_dump_json(indent=1).encode(), etag=None):
                return record
            held = self.get_record(key, type(record))
        if held is None:
            raise RuntimeError(f"s3://{self.bucket}/{key} was there and is gone; was the lake emptied during the run?")
        return held

    def put_if(self, key: str, body: bytes, *, etag: str | None) -> str | None:
        """Write an object only if the key is unchanged: it holds `etag`, or nothing when `etag` is None.

        botocore repeats a request whose answer was lost, and the repetition meets the object that the first one wrote. Each write
        carries an id of its own, by which it knows its object again.

        :return: the entity tag of what was written; None when somebody else wrote first.
        """
        condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        writer = uuid.uuid4().hex
        try:
            written = self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType="application/json",
                Metadata={WRITER: writer},
                **condition,
                **self._sealed(key),
            )
        except ClientError as error:
            if _status(error) in (409, 412):
                return self._tag_if_written_by(writer, key)
            if etag and _status(error) == 404:
                return None
            raise
        return str(written["ETag"])

    def _tag_if_written_by(self, writer: str, key: str) -> str | None:
        """The entity tag of the object at a key, if that write made it."""
        try:
            held = self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if _status(error) == 404:
                return None
            raise
        return str(held["ETag"]) if held.get("Metadata", {}).get(WRITER) == writer else None

    def put_file(self, key: str, path: Path) -> None:
        """Upload a file of any size."""
        if path.stat().st_size > SINGLE_PART:
            self.client.upload_file(str(path), self.bucket, key, ExtraArgs=self._sealed(key))
            return
        with path.open("rb") as body:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, **self._sealed(key))

    def get(self, key: str) -> bytes | None:
        """Return an object's bytes; None when there is none."""
        found = self.get_with_etag(key)
        return found[0] if found else None

    def get_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and its entity tag; None when there is none."""
        try:
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            self._note_clock(answer)
            return answer["Body"].read(), answer["ETag"]
        except ClientError as error:
            self._note_clock(error.response)
            if _status(error) == 404:
                return None
            raise

    def now(self) -> dt.datetime:
        """Return the time by the lake's clock, which is the same for all who write it.

        It tells whole seconds, so a machine's own clock is taken as long as both are about the same.
        """
        now = dt.datetime.now(dt.UTC)
        return now - self.clock_ahead if abs(self.clock_ahead) > SAME_TIME else now

    def _note_clock(self, answer: Any) -> None:
        """Note how far the machine's clock is ahead of the server's, by the date of an answer."""
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        if date:
            self.clock_ahead = dt.datetime.now(dt.UTC) - parsedate_to_datetime(date)

    def get_record(self, key: str, kind: type[R]) -> R | None:
        """Return the record at a key; None when there is none, or a damaged one of a kind that is made again.

        Raises:
            DamagedRecord: The object is not such a record, and nothing makes it again.
        """
        found = self.get_record_with_etag(key, kind)
        return found[0] if found else None

    def get_record_with_etag(self, key: str, kind: type[R]) -> tuple[R, str] | None:
        """As `get_record`, with the object's entity tag.

        A damaged object, such as the empty one that a power cut leaves, is copied to `damaged/`, from where an alert is
        raised. If the kind is made again (`made_again`), it is also removed, as if it had never been written.
        """
        held = self.get_with_etag(key)
        if held is None:
            return None
        try:
            return kind.model_validate_json(held[0]), held[1]
        except ValidationError as error:
            newer = all(each["type"] == "extra_forbidden" for each in error.errors())
            problem = "it has fields of another version of Tieout" if newer else _problem(error)
            made_again = getattr(kind, "made_again", False) and not newer
            self.put_aside(key, held[0], problem, made_again=made_again)
            if made_again:
                return None
            raise DamagedRecord(self, key, len(held[0]), f"does not hold a {kind.__name__}: {problem}") from error

    def get_json_with_etag(self, key: str) -> tuple[bytes, str] | None:
        """Return the bytes of a JSON object and its entity tag; a damaged one is put aside, as if there were none."""
        held = self.get_with_etag(key)
        if held is None:
            return None
        try:
            if isinstance(json.loads(held[0]), dict):
                return held
            problem = "it is no JSON object"
        except ValueError as error:
            problem = f"it is no JSON ({type(error).__name__})"
        self.put_aside(key, held[0], problem, made_again=True)
        return None

    def put_aside(self, key: str, body: bytes, problem: str, *, made_again: bool) -> None:
        """Copy a damaged object to `damaged/`.

        Args:
            key: Where it is.
            body: What it holds.
            problem: What is wrong with it.
            made_again: Whether to remove it, because it is made again.
        """
        log.error(
            "s3://%s/%s (%s bytes) is damaged: %s. %s",
            self.bucket, key, f"{len(body):,}", problem,
            f"It was moved to {Keys.damaged(key)}" if made_again else f"A copy is at {Keys.damaged(key)}",
        )  # fmt: skip
        self.put(Keys.damaged(key), body)
        if made_again:
            self.delete(key)

    def was_put_aside(self, key: str) -> bool:
        """Whether a damaged object was at a key."""
        return next(self.keys(Keys.damaged(key)), None) == Keys.damaged(key)

    def get_file(self, key: str, path: Path) -> Path:
        """Download an object to a file.

        :raises FileNotFoundError: if there is no such object.
        """
        try:
            body = self.client.get_object(Bucket=self.bucket, Key=key)["Body"]
        except ClientError as error:
            if _status(error) == 404:
                raise FileNotFoundError(f"s3://{self.bucket}/{key} does not exist") from error
            raise
        with path.open("wb") as file:
            for chunk in body.iter_chunks(1 << 20):
                file.write(chunk)
        return path

    def keys(self, prefix: str, *, after: str = "") -> Iterator[str]:
        """List the keys under a prefix, in key order; those up to `after` are passed over."""
        for item in self._listed(prefix, after):
            yield item["Key"]

    def page(self, prefix: str, *, after: str) -> tuple[list[str], bool]:
        """List the first keys under a prefix behind `after`, by one request; return whether there are more."""
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, StartAfter=after)
        self._note_clock(found)
        return [item["Key"] for item in found.get("Contents", ())], bool(found["IsTruncated"])

    def tags(self, prefix: str, *, after: str = "") -> Iterator[tuple[str, str]]:
        """As `keys`, each with the object's entity tag."""
        for item in self._listed(prefix, after):
            yield item["Key"], item["ETag"]

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """As `keys`, each with the object's size in bytes."""
        for item in self._listed(prefix, ""):
            yield item["Key"], item["Size"]

    def written(self, prefix: str) -> Iterator[tuple[str, dt.datetime]]:
        """As `keys`, each with the instant at which the object was written, by the server's clock."""
        for item in self._listed(prefix, ""):
            yield item["Key"], item["LastModified"]

    def _listed(self, prefix: str, after: str) -> Iterator[dict[str, Any]]:
        pages = self.client.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=prefix, StartAfter=after):
            self._note_clock(page)
            yield from page.get("Contents", ())

    def delete(self, key: str) -> None:
        """Delete one object, if it is there."""
        self.client.delete_object(Bucket=self.bucket, Key=key)


def _problem(error: ValidationError) -> str:
    """What is wrong with a record, without what it holds."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else str(first["msg"])


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
