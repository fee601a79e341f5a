"""The lake on a real S3 server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tieout.documents import Reason, ReasonCode
from tieout.lake import Lake

FIRST = Reason(code=ReasonCode.EMPTY_FILE, message="first")
SECOND = Reason(code=ReasonCode.EMPTY_FILE, message="second")


def test_a_record_comes_back_as_it_was(lake: Lake) -> None:
    lake.put_record("a/b.json", FIRST)
    assert lake.get_record("a/b.json", Reason) == FIRST
    assert lake.get_record("a/c.json", Reason) is None


def test_an_object_that_is_no_such_record_is_named(lake: Lake) -> None:
    lake.put("a/b.json", b'{"code": "no_such_code"}')
    with pytest.raises(ValueError, match=r"s3://test-\w+/a/b.json does not hold a Reason"):
        lake.get_record("a/b.json", Reason)


def test_the_first_writer_wins(lake: Lake) -> None:
    assert lake.put_first("a", FIRST) == FIRST
    assert lake.put_first("a", SECOND) == FIRST


def test_of_many_conditional_writers_one_wins(lake: Lake) -> None:
    lake.put("counter", b"0")
    found = lake.get_with_etag("counter")
    assert found is not None
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: lake.put_if("counter", b"%d" % n, etag=found[1]), range(1, 17)))
    (tag,) = filter(None, won)
    assert lake.get_with_etag("counter") == (b"%d" % (won.index(tag) + 1), tag)


def test_files_of_any_size_and_keys_in_order(lake: Lake, tmp_path: Path) -> None:
    body = bytes(range(256)) * 50_000  # 12.8 MB: more than one part
    (tmp_path / "body").write_bytes(body)
    lake.put_file("x/2", tmp_path / "body")
    lake.put("x/1", b"")
    lake.put("y", b"")
    assert lake.get_file("x/2", tmp_path / "copy").read_bytes() == body
    assert list(lake.keys("x/")) == ["x/1", "x/2"]


def test_a_missing_object_is_named(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"/no/such does not exist"):
        lake.get_file("no/such", tmp_path / "copy")
