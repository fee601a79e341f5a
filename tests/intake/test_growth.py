"""What a quiet day asks of S3 does not grow with what the lake holds of earlier years."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.counting import counting_lake, tag
from tests.intake.small_world import ACCOUNT
from tieout.alerts import Alert, AlertKind
from tieout.amazon.clock import Clock
from tieout.amazon.selling_partner import Report
from tieout.documents import ApiCall, Document, DocumentOutcome, ListedDay, RawFile, Reason, ReasonCode, Source, State
from tieout.intake.alerting import AlertRecord, follow, raise_alerts, record
from tieout.intake.collecting import _remember, collect, listing_of_day, settle_day
from tieout.intake.load import keep_log, load_region
from tieout.intake.receiving import SETTLEMENT_REPORT, first_listing, write_down
from tieout.intake.records import (
    Collected,
    Ended,
    FirstListings,
    Manifest,
    OpenWish,
    Outcomes,
    Progress,
    ReadingRecord,
    Wish,
)
from tieout.intake.requesting import asked_for
from tieout.intake.seller_central import list_reports
from tieout.intake.settling import check, read
from tieout.lake import Keys, Lake, present
from tieout.reports import report, settlement
from tieout.reports.families import FAMILIES
from tieout.reports.family import Obtained
from tieout.warehouse import Warehouse

TODAY = dt.date(2026, 8, 17)
LISTED = dt.timedelta(days=89)
OPEN_SINCE = TODAY - dt.timedelta(days=95)
REQUESTED = [family for family in FAMILIES.values() if family.obtained is Obtained.REQUESTED and not family.question]
TYPES = (SETTLEMENT_REPORT, *(REQUESTED[place % len(REQUESTED)].report_types[0] for place in range(19)))
NOTHING = Reason(code=ReasonCode.NO_DATA, message="the report has no rows")
RAW = RawFile(
    key="raw/body", size=0, sha256=sha256(b"").hexdigest(), received_at=dt.datetime.combine(TODAY, dt.time(), dt.UTC)
)


def document(day: dt.date, place: int) -> Document:
    """One of the twenty documents of a day."""
    number = f"{_ids(day)}{place:02}"
    return Document(
        document_id=f"{ACCOUNT.name}.{number}",
        source=Source.API,
        region=ACCOUNT.region,
        account=ACCOUNT.name,
        report_type=TYPES[place],
        report_id=number,
        report_document_id=f"spdoc.{number}",
        processing_status="DONE",
        created_at=dt.datetime.combine(day, dt.time(9), dt.UTC),
        first_listed_on=day,
    )


def wish(day: dt.date, place: int) -> Wish:
    begins = dt.datetime.combine(day, dt.time(), dt.UTC)
    return Wish(
        region=ACCOUNT.region,
        account=ACCOUNT.name,
        report_type=TYPES[place],
        marketplace_ids=("A1PA6795UKMFR9",),
        data_start=begins,
        data_end=begins + dt.timedelta(days=1),
        options={"place": str(place)},
        wanted_on=day,
    )


def versions(each: Document) -> tuple[int, int]:
    from tieout.quality import REPORT_SUITE_VERSION, SUITE_VERSION

    if each.report_type == SETTLEMENT_REPORT:
        return settlement.READER_VERSION, SUITE_VERSION
    return report.READER_VERSION, REPORT_SUITE_VERSION


def json(value: Any) -> bytes:
    return value.model_dump_json().encode()


def history(years: int) -> dict[str, bytes]:
    """What the days before today, and today, left in the lake. What is too old to be read again is no record at all."""
    held: dict[str, bytes] = {}
    for back in range(LISTED.days + 10):
        held |= of_day(TODAY - dt.timedelta(days=back))
    old = TODAY - dt.timedelta(days=LISTED.days + 10)
    keys = list(of_day(old))
    for back in range(LISTED.days + 10, 365 * years):
        day = TODAY - dt.timedelta(days=back)
        for key in keys:
            held[key.replace(_ids(old), _ids(day)).replace(old.isoformat(), day.isoformat())] = b"{}"
    return held


def _ids(day: dt.date) -> str:
    """What the ids of the documents of a day begin with: they grow with time, as Amazon's do."""
    return str(500_000_000 + (day - dt.date(2000, 1, 1)).days)


def of_day(day: dt.date) -> dict[str, bytes]:
    """What one day left in the lake."""
    held: dict[str, bytes] = {}
    for place in range(20):
        each, asked = document(day, place), wish(day, place)
        reader, suite = versions(each)
        held |= {
            Keys.raw_body(each): b"",
            Keys.raw_manifest(each): json(manifest_of(each)),
            Keys.staged(each, "rows.parquet"): b"",
            Keys.reading(each, str(reader)): json(ReadingRecord(reader_version=reader, refused=NOTHING)),
            Keys.outcome(each, str(reader), suite): json(outcome_of(each)),
            Keys.request(ACCOUNT.region, ACCOUNT.name, TYPES[place], asked.request_id): b"{}",
        }
    held[Keys.quarantine(document(day, 1))] = b"{}"
    held[Keys.outcomes(day, ACCOUNT.region, ACCOUNT.name)] = b"{}"
    held[Keys.listing(ACCOUNT.region, ACCOUNT.name, day)] = b"{}"
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    alert = Alert(kind=AlertKind.TASK_FAILED, subject=f"run of {day}", message="it failed")
    held[Keys.resolved_alert(alert.alert_id, at)] = json(AlertRecord(alert=alert, raised_at=at, resolved_at=at))
    return held | {Keys.calls(ACCOUNT.region, ACCOUNT.name, day, f"{task}"): json(call(at)) for task in range(5)}


def manifest_of(each: Document) -> Manifest:
    return Manifest(document=each, raw=RAW)


def outcome_of(each: Document) -> DocumentOutcome:
    return DocumentOutcome(document=each, state=State.SKIPPED, reasons=(NOTHING,), raw=RAW, judged_at=each.created_at)


def call(at: dt.datetime) -> ApiCall:
    return ApiCall(
        called_at=at,
        region=ACCOUNT.region,
        account=ACCOUNT.name,
        operation="getReports",
        method="GET",
        path="/reports/2021-06-30/reports",
        status=200,
        duration_ms=7,
    )


class QuietAmazon:
    """Amazon lists the settlements of 90 days, and has nothing new."""

    def reports(self, report_types: Sequence[str], **rest: Any) -> list[Report]:
        if SETTLEMENT_REPORT not in report_types:
            return []
        days = [TODAY - dt.timedelta(days=back) for back in range(LISTED.days + 1)]
        listed = [document(day, 0) for day in days]
        return [Report(str(d.report_id), d.report_type, "DONE", d.created_at, d.report_document_id) for d in listed]

    def available_at(self, operation: str, calls: int) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


def quiet_day(years: int, warehouse: Warehouse, folder: Path) -> tuple[Counter[str], int]:
    """Let a day without news pass; return the requests to S3, and how many keys listings told of."""
    lake, s3 = counting_lake()
    at = dt.datetime.combine(TODAY, dt.time(23), dt.UTC)
    documents = [document(TODAY, place) for place in range(20)]
    wishes = [
        OpenWish(family=REQUESTED[(place - 1) % len(REQUESTED)].name, wish=wish(TODAY, place)) for place in range(1, 20)
    ]
    ended = {each.wish.request_id: Ended(document=documents[place]) for place, each in enumerate(wishes, 1)}
    found = Collected(business_day=TODAY, planned_at=at, families=(), wishes=tuple(wishes), ended=ended)
    lake.put_record(Keys.collected(ACCOUNT.region, ACCOUNT.name, TODAY), found)
    raise_alerts(lake, [Alert(kind=AlertKind.TASK_FAILED, subject="today", message="it failed")], at)
    days = [
        ListedDay(
            region=ACCOUNT.region,
            account=ACCOUNT.name,
            business_day=TODAY - dt.timedelta(days=back),
            documents=(),
            outcomes_tag=tag(b"{}"),
        )
        for back in range(1, 100)
    ]
    warehouse.load([], Path, region=ACCOUNT.region, business_day=TODAY, run_id="earlier", days=days)
    keep_log(warehouse, lake)
    warehouse.record_calls([call(at - dt.timedelta(days=1))])
    old = Alert(kind=AlertKind.TASK_FAILED, subject=f"run of {OPEN_SINCE}", message="it failed")
    raised_at = dt.datetime.combine(OPEN_SINCE, dt.time(12), dt.UTC)
    lake.put_record(Keys.open_alert(old.alert_id), AlertRecord(alert=old, raised_at=raised_at))
    record(warehouse, lake)
    lake.delete(Keys.open_alert(old.alert_id))
    s3.fill(history(years))
    write_down(lake, ACCOUNT, [document(TODAY - dt.timedelta(days=back), 0) for back in range(LISTED.days + 1)])
    s3.requests.clear()
    s3.keys_told = 0

    amazon: Any = QuietAmazon()
    clock = Clock()
    list_reports(amazon, lake, clock, ACCOUNT, TODAY, None)
    assert collect(amazon, lake, clock, ACCOUNT, TODAY, families=None, history=dt.timedelta(days=540)) == 0
    listed = listing_of_day(lake, ACCOUNT, TODAY).to_be_read
    assert len(listed) == 90 + 19
    assert read(lake, listed) == 0
    assert check(lake, listed, None) == 0
    assert settle_day(lake, ACCOUNT, TODAY).states() == {"skipped": 109}
    loaded = load_region(warehouse, lake, ACCOUNT.region, TODAY, published=True, run_id="run", folder=folder)
    assert loaded is not None
    follow(warehouse, lake, at)
    record(warehouse, lake)
    assert asked_for(lake, [each.wish for each in wishes]) == set(ended)
    return s3.requests, s3.keys_told


def test_a_quiet_day_asks_as_much_of_s3_after_ten_years_as_after_one(
    made: Callable[[str], Warehouse], tmp_path: Path
) -> None:
    one, told_one = quiet_day(1, made("one"), tmp_path)
    ten, told_ten = quiet_day(10, made("ten"), tmp_path)
    assert ten == one
    assert told_ten == told_one
    assert told_ten < 5_000
    assert one["list"] < 300


@pytest.mark.parametrize("wanted", [3, 40])
@pytest.mark.parametrize("apart", [1, 97])
def test_what_is_there_is_found_wherever_it_lies_on_its_shelf(wanted: int, apart: int) -> None:
    """Some homes lie together and some far apart, one page ends within a home, and names begin with each other."""
    lake, s3 = counting_lake()
    names = [f"acme.{number}{rest}" for number in range(3_000) for rest in ("", "-x", ".v1")]
    held = {f"raw/{name}/{part}" for name in names if not name.endswith("7") for part in ("body", "manifest.json")}
    s3.fill(dict.fromkeys(held, b""))
    homes = [f"raw/{name}/" for name in names[1_000::apart][:wanted]]
    assert present(lake, homes) == {key for key in held if key.startswith(tuple(homes))}
    assert s3.requests["list"] <= wanted


def test_a_real_server_finds_what_is_there_though_it_orders_by_folder(lake: Lake) -> None:
    """SeaweedFS lists `acme.1/` before `acme.1-x/`, Amazon behind it."""
    names = [f"acme.{number}{rest}" for number in range(8) for rest in ("", "-x", ".v1", "!")]
    held = {f"raw/{name}/{part}" for name in names if "3" not in name for part in ("a", "b")}
    for key in held:
        lake.put(key, b"")
    homes = [f"raw/{name}/" for name in names]
    files = [f"asked/{name}.json" for name in names]
    for key in files[::2]:
        lake.put(key, b"")
    try:
        for size in (1, 2, 3, 7, 1000):
            small = PagedLake(lake, size)
            assert present(small, homes) == held
            assert present(small, [each for each in homes if "!" not in each]) == {k for k in held if "!" not in k}
            assert present(small, files) == set(files[::2])
    finally:
        for key in list(lake.keys("")):
            lake.delete(key)


class PagedLake(Lake):
    """A lake whose server answers with small pages."""

    def __init__(self, lake: Lake, size: int) -> None:
        super().__init__(lake.client, lake.bucket)
        self.size = size

    def page(self, prefix: str, *, after: str) -> tuple[list[str], bool]:
        found = self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, StartAfter=after, MaxKeys=self.size)
        return [each["Key"] for each in found.get("Contents", ())], found["IsTruncated"]


def test_first_listings_of_an_older_version_are_split_by_month_and_stay_first() -> None:
    lake, _ = counting_lake()
    july, august = (document(dt.date(2026, month, 10), 0) for month in (7, 8))
    imported = july.model_copy(
        update={"document_id": "acme_eu.file-1", "source": Source.IMPORT, "processing_status": None}
    )
    old = Keys.first_listings_of_old(ACCOUNT.region, ACCOUNT.name)
    documents = {each.document_id: each for each in (july, imported)}
    lake.put_record(old, FirstListings(documents=documents))
    again = july.model_copy(update={"first_listed_on": TODAY})
    # a split that was cut off has left a later version of the document
    lake.put_record(Keys.first_listings(july), FirstListings(documents={again.document_id: again}))
    imported_later = imported.model_copy(update={"created_at": imported.created_at + dt.timedelta(days=300)})
    for _ in range(2):
        assert write_down(lake, ACCOUNT, [again, august, imported_later]) == (july, august, imported)
    assert lake.get(old) is None
    assert first_listing(lake, ACCOUNT.region, ACCOUNT.name, august.document_id) == august
    assert first_listing(lake, ACCOUNT.region, ACCOUNT.name, imported.document_id) == imported
    assert first_listing(lake, ACCOUNT.region, ACCOUNT.name, "acme_eu.none") is None


def test_an_alert_whose_closing_was_cut_off_is_open_once(warehouse: Warehouse) -> None:
    """Closing writes the closed alert first and takes the open one away last."""
    lake, _ = counting_lake()
    at = dt.datetime.combine(TODAY, dt.time(), dt.UTC)
    (opened,) = raise_alerts(lake, [Alert(kind=AlertKind.TASK_FAILED, subject="today", message="it failed")], at)
    closed = opened.model_copy(update={"resolved_at": at})
    lake.put_record(Keys.resolved_alert(opened.alert.alert_id, at), closed)
    assert record(warehouse, lake) == 1
    assert record(warehouse, lake) == 0
    lake.delete(Keys.open_alert(opened.alert.alert_id))
    assert record(warehouse, lake) == 2


def test_progress_that_a_later_day_has_planned_in_between_stays() -> None:
    """A backfill of an earlier day ends while the run of a later one plans."""
    lake, _ = counting_lake()
    key = Keys.progress(ACCOUNT.region, ACCOUNT.name)
    later = Progress(planned_on=TODAY + dt.timedelta(days=1))

    class Raced(Lake):
        def put_if(self, key: str, body: bytes, *, etag: str | None) -> str | None:
            lake.put_record(key, later)
            return super().put_if(key, body, etag=etag)

    lake.put_record(key, Progress(planned_on=TODAY))
    at = dt.datetime.combine(TODAY, dt.time(23), dt.UTC)
    found = Collected(business_day=TODAY, planned_at=at, families=(), wishes=())
    nothing = Outcomes(region=ACCOUNT.region, account=ACCOUNT.name, business_day=TODAY, outcomes=())
    _remember(Raced(lake.client, lake.bucket), ACCOUNT, found, [], {"1"}, nothing)
    assert lake.get_record(key, Progress) == later
    _remember(lake, ACCOUNT, found.model_copy(update={"business_day": later.planned_on}), [], {"1"}, nothing)
    held = lake.get_record(key, Progress)
    assert held is not None
    assert held.summed_up == {"1"}
