"""An S3 server in memory that counts what it is asked."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterator
from email.utils import format_datetime
from typing import Any

from botocore.exceptions import ClientError

from tieout.lake import Lake

PAGE = 1000


class CountingS3:
    """As much of a boto3 client as the lake uses.

    Attributes:
        requests: How many there were, by operation.
        keys_told: How many keys all answers to listings named together.
        now: What the server's clock says; None leaves the machine's.
    """

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self._keys: list[str] = []
        self.requests: Counter[str] = Counter()
        self.keys_told = 0
        self.now: dt.datetime | None = None

    def fill(self, objects: dict[str, bytes]) -> None:
        """Put objects without counting."""
        self.objects |= {key: (body, {}) for key, body in objects.items()}
        self._keys = sorted(self.objects)

    def put_object(self, *, Key: str, Body: Any, **rest: Any) -> dict[str, Any]:
        self.requests["put"] += 1
        held = self.objects.get(Key)
        if ("IfNoneMatch" in rest and held) or ("IfMatch" in rest and (not held or rest["IfMatch"] != tag(held[0]))):
            raise self._error(412 if held else 404, "PutObject")
        body = Body if isinstance(Body, bytes) else Body.read()
        if not held:
            insort(self._keys, Key)
        self.objects[Key] = (body, rest.get("Metadata", {}))
        return {"ETag": tag(body), **self._answer()}

    def get_object(self, *, Key: str, **rest: Any) -> dict[str, Any]:
        self.requests["get"] += 1
        if Key not in self.objects:
            raise self._error(404, "GetObject")
        body = self.objects[Key][0]
        stream = io.BytesIO(body)
        stream.iter_chunks = lambda size: iter(lambda: stream.read(size), b"")  # type: ignore[attr-defined]
        return {"Body": stream, "ETag": tag(body), **self._answer()}

    def head_object(self, *, Key: str, **rest: Any) -> dict[str, Any]:
        self.requests["head"] += 1
        if Key not in self.objects:
            raise self._error(404, "HeadObject")
        body, metadata = self.objects[Key]
        return {"ETag": tag(body), "Metadata": metadata, **self._answer()}

    def delete_object(self, *, Key: str, **rest: Any) -> dict[str, Any]:
        self.requests["delete"] += 1
        if self.objects.pop(Key, None):
            del self._keys[bisect_left(self._keys, Key)]
        return self._answer()

    def list_objects_v2(self, *, Prefix: str, StartAfter: str = "", **rest: Any) -> dict[str, Any]:
        self.requests["list"] += 1
        place = max(bisect_left(self._keys, Prefix), bisect_right(self._keys, StartAfter))
        found = []
        while place < len(self._keys) and self._keys[place].startswith(Prefix) and len(found) <= PAGE:
            found.append(self._keys[place])
            place += 1
        self.keys_told += len(found[:PAGE])
        contents = [{"Key": key, "ETag": tag(self.objects[key][0]), "Size": 1} for key in found[:PAGE]]
        return {"Contents": contents, "IsTruncated": len(found) > PAGE, **self._answer()}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, StartAfter: str = "", **rest: Any) -> Iterator[dict[str, Any]]:
        while True:
            page = self.list_objects_v2(StartAfter=StartAfter, **rest)
            yield page
            if not page["IsTruncated"]:
                return
            StartAfter = page["Contents"][-1]["Key"]

    def _answer(self) -> dict[str, Any]:
        now = self.now or dt.datetime.now(dt.UTC)
        return {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {"date": format_datetime(now, usegmt=True)}}}

    def _error(self, status: int, operation: str) -> ClientError:
        metadata = {**self._answer()["ResponseMetadata"], "HTTPStatusCode": status}
        return ClientError({"Error": {"Code": str(status)}, "ResponseMetadata": metadata}, operation)  # type: ignore[typeddict-item]


def counting_lake() -> tuple[Lake, CountingS3]:
    """Return an empty lake, and its server."""
    client = CountingS3()
    return Lake(client, "lake"), client  # type: ignore[arg-type]


def tag(body: bytes) -> str:
    return f'"{hashlib.md5(body).hexdigest()}"'
