"""Appstore reports: the archive, the columns of Amazon's page, wall clocks and currencies."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tieout.documents import ReasonCode
from tieout.privacy import normalised
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.report import recognise, stage_report

GOLDEN = Path(__file__).parent / "golden_families"
SALES = (GOLDEN / "appstore_sales-en.csv").read_bytes()
# the fields of Amazon's page "Reporting API", edition of 13 December 2023
SALES_FIELDS = (
    "Marketplace", "Country/Region Code", "Invoice Id", "Transaction Id", "Transaction Time", "Transaction Type", "Adjustment",
    "ASIN", "Vendor SKU", "Title", "Item Name", "Item Type", "In-App Subscription Term", "In-App Subscription Status", "Units",
    "Usage Time", "Marketplace Currency", "Sales Price", "Estimated Earnings", "App User ID", "Receipt ID", "Digital Order ID",
    "设备类型",
)  # fmt: skip
SUBSCRIPTION_FIELDS = (
    "Date", "Marketplace", "App Title", "ASIN", "Vendor SKU", "Subscription Title", "Subscription Duration",
    "Subscription Type", "Active", "Started", "Ended", "Refunded",
)  # fmt: skip


def zipped(name: str, body: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, body)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("family", "fields"), [("appstore_sales", SALES_FIELDS), ("appstore_subscriptions", SUBSCRIPTION_FIELDS)]
)
def test_every_field_of_the_document_has_its_own_column(family: str, fields: tuple[str, ...]) -> None:
    known = FAMILIES[family].by_spelling
    found = [known[normalised(field)].name for field in fields]
    assert len(set(found)) == len(fields) == len(FAMILIES[family].columns)


def test_a_zip_archive_is_read_as_the_file_in_it(tmp_path: Path) -> None:
    path = tmp_path / "sales_2018_05.zip"
    path.write_bytes(zipped("sales_2018_05.csv", SALES))
    assert recognise(path).name == "appstore_sales"  # type: ignore[union-attr]
    assert stage_report(path, document_id="d", target=tmp_path / "rows.parquet").rows == 5


def test_a_damaged_or_cut_archive_is_refused_and_a_workbook_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "sales.zip"
    good = zipped("sales.csv", SALES)
    for bad in (good[:-30], good[:80] + bytes([good[80] ^ 0xFF]) + good[81:]):
        path.write_bytes(bad)
        with pytest.raises(Refused) as refused:
            stage_report(path, document_id="d", target=tmp_path / "rows.parquet")
        assert refused.value.reason.code is ReasonCode.DAMAGED_FILE
        assert "ZIP archive" in refused.value.reason.message
    path.write_bytes(zipped("[Content_Types].xml", b"<Types/>"))
    with pytest.raises(Refused, match="Excel workbook"):
        stage_report(path, document_id="d", target=tmp_path / "rows.parquet")


def one_row(tmp_path: Path, time: str, marketplace: str = "Amazon.com", currency: str = "USD") -> dict[str, object]:
    header = SALES.splitlines()[0].decode()
    row = f"{marketplace},US,i,1,{time},Charge,No,A,s,,,In-App,,,1,,{currency},0.99,0.69,,,d,Others"
    path = tmp_path / "one.csv"
    path.write_text(f"{header}\n{row}\n")
    stage_report(path, document_id="d", target=tmp_path / "rows.parquet")
    (found,) = pq.read_table(tmp_path / "rows.parquet").to_pylist()
    return found


@pytest.mark.parametrize(
    ("time", "marketplace", "currency", "at"),
    [
        # summer in Los Angeles, though the zone is written as in winter
        ("05/21/18 14:39 PST", "Amazon.com", "USD", "2018-05-21T21:39:00+00:00"),
        ("01/21/18 14:39:01 PST", "Amazon.com", "USD", "2018-01-21T22:39:01+00:00"),
        # the hour that comes twice: the zone's name says which
        ("11/04/18 01:30 PDT", "Amazon.com", "USD", "2018-11-04T08:30:00+00:00"),
        ("11/04/18 01:30 PST", "Amazon.com", "USD", "2018-11-04T09:30:00+00:00"),
        # the hour that is left out is counted on from before it
        ("03/11/18 02:30 PST", "Amazon.com", "USD", "2018-03-11T10:30:00+00:00"),
        ("07/01/18 12:00:00 CET", "Amazon.fr", "EUR", "2018-07-01T10:00:00+00:00"),
        ("07/01/18 12:00 GMT", "Amazon.co.uk", "GBP", "2018-07-01T11:00:00+00:00"),
        ("07/01/18 12:00 IST", "Amazon.in", "INR", "2018-07-01T06:30:00+00:00"),
        ("01/01/18 12:00 BRT", "Amazon.com.br", "BRL", "2018-01-01T14:00:00+00:00"),
        ("01/01/18 12:00:00 AEST", "Amazon.com.au", "AUD", "2018-01-01T01:00:00+00:00"),
    ],
)
def test_times_are_the_marketplaces_wall_clock(
    tmp_path: Path, time: str, marketplace: str, currency: str, at: str
) -> None:
    assert one_row(tmp_path, time, marketplace, currency)["transaction_at"] == dt.datetime.fromisoformat(at)


def test_a_zone_of_another_marketplace_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"names the zone JST, and Amazon.com is in America/Los_Angeles"):
        one_row(tmp_path, "05/21/18 14:39 JST")


def test_can_is_the_canadian_dollar_and_yen_have_no_cents(tmp_path: Path) -> None:
    assert one_row(tmp_path, "05/21/18 14:39 PST", "Amazon.ca", "CAN")["marketplace_currency"] == "CAD"
    with pytest.raises(Refused, match=r"0\.99"):
        one_row(tmp_path, "05/21/18 14:39 JST", "Amazon.co.jp", "JPY")
