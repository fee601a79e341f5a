"""The lake on a real S3 server."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from tieout.alerts import Alert, AlertKind
from tieout.amazon.budget import Budget
from tieout.amazon.clock import Clock
from tieout.documents import Reason, ReasonCode, Region
from tieout.intake.alerting import claim, raise_alerts
from tieout.lake import Lake, LakeBudgetStore
from tieout.privacy import Encryption

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


@contextmanager
def losing_the_first_answer(lake: Lake) -> Iterator[list[int]]:
    """The S3 server does what the first PutObject asks, and its answer is lost on the way: botocore repeats the request."""
    statuses: list[int] = []

    def send(request: Any, **rest: Any) -> Any:
        answer = URLLib3Session().send(request)
        statuses.append(answer.status_code)
        if len(statuses) == 1:
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    lake.client.meta.events.register("before-send.s3.PutObject", send)
    try:
        yield statuses
    finally:
        lake.client.meta.events.unregister("before-send.s3.PutObject", send)


def test_a_write_whose_answer_was_lost_is_known_again(lake: Lake) -> None:
    with losing_the_first_answer(lake) as statuses:
        tag = lake.put_if("a", b"one", etag=None)
    assert statuses == [200, 412]
    assert tag
    assert lake.get_with_etag("a") == (b"one", tag)
    with losing_the_first_answer(lake) as statuses:
        newer = lake.put_if("a", b"two", etag=tag)
    assert statuses == [200, 412]
    assert lake.get_with_etag("a") == (b"two", newer)
    # somebody else's object is not taken for one's own, be it the same to the byte
    assert lake.put_if("a", b"two", etag=None) is None
    assert lake.put_if("a", b"two", etag=tag) is None
    assert lake.put_if("b", b"two", etag=tag) is None


def test_a_record_whose_answer_was_lost_is_ones_own(lake: Lake) -> None:
    with losing_the_first_answer(lake) as statuses:
        assert lake.put_first("a", FIRST) == FIRST
    assert statuses == [200, 412]


def test_an_alert_is_claimed_although_the_answer_was_lost(lake: Lake) -> None:
    alert, now = Alert(kind=AlertKind.RUN_LATE, subject="x", message=""), dt.datetime(2026, 8, 31, tzinfo=dt.UTC)
    with losing_the_first_answer(lake):
        assert raise_alerts(lake, [alert], now)
    with losing_the_first_answer(lake):
        assert claim(lake, alert, "mail", now)
    assert not claim(lake, alert, "mail", now)


def test_a_call_is_taken_once_although_the_answer_was_lost(lake: Lake) -> None:
    budget = Budget(LakeBudgetStore(lake, application="app", region=Region.EU, account="acme"), Clock(scale=0.0))
    budget.take("getReports")
    for before in (9, 8):
        with losing_the_first_answer(lake):
            assert round(budget.take("getReports").calls) == before
    assert round(budget.take("getReports").calls) == 7


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


def test_what_is_a_clients_is_encrypted_by_its_own_key() -> None:
    """Which encryption each write asks for; a KMS is not to be had here."""
    asked: dict[str, tuple[str, str | None]] = {}

    class Server:
        def put_object(self, **request: Any) -> dict[str, str]:
            asked[request["Key"]] = (request["ServerSideEncryption"], request.get("SSEKMSKeyId"))
            return {"ETag": "1"}

    own = {"acme_eu": Encryption("aws:kms", "arn:acme")}
    lake = Lake(Server(), "lake", encryption=Encryption("AES256"), of_account=own)  # type: ignore[arg-type]
    mine = ("raw/EU/acme_eu/GET_X/1/body", "outcomes/2026-08-30/EU/acme_eu.json", "calls/EU/2026-08-30/acme_eu/1.jsonl")
    others = ("raw/EU/acme_eu2/GET_X/1/body", "loads/2026-08-30.json", "outcomes/2026-08-30/EU/birch_eu.json")
    for key in (*mine, *others):
        lake.put(key, b"x")
        lake.put_if(key, b"x", etag=None)
    assert {asked[key] for key in mine} == {("aws:kms", "arn:acme")}
    assert {asked[key] for key in others} == {("AES256", None)}
