"""The files, byte for byte: by hand for a small settlement, and by a second reader for every document of the world."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from typing import Any

import pytest

from simulator.activity import make_entry
from simulator.app import SimulatedAmazon
from simulator.documents import ArchivedFile, Report, render, render_archived
from simulator.ledger import Item, Line
from simulator.sellers import SELLERS, Seller, Stream, Style
from simulator.settlement_files import DATES, amount, instant
from simulator.world import Settlement
from tests.simulator.conftest import START
from tests.simulator.flat_file import FlatFile, read

Truth = list[dict[str, Any]]


def moment(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 7, day, hour, minute, 5, tzinfo=dt.UTC)


def small(currency: str, style: Style) -> Settlement:
    """An order of two cups, its refund's fee, and a storage fee: 19.98 + 2.00 - 3.00 - 1.50 = 17.48."""
    stream = Stream("small", currency, ("DE",), first_close=1, orders=1, style=style)
    seller = Seller("small_eu", "EU", "test", (stream,))
    cup = Item("11223344556677", "", "", "TASSE-BLAU-Ü", 2)
    order = make_entry(
        seller,
        stream,
        moment(3, 23, 30),
        "Order",
        [
            (1998, Line("product_sales", "ItemPrice", "Principal", cup)),
            (200, Line("shipping_credits", "ItemPrice", "Shipping", cup, "Été")),
            (-300, Line("selling_fees", "ItemFees", "Commission", cup)),
        ],
        order_id="302-1111111-2222222",
        merchant_order_id="302-1111111-2222222",
        shipment_id="DABCDEFGH",
        marketplace="DE",
        marketplace_name="Amazon.de",
        fulfillment_id="AFN",
    )
    fee = (-150, Line("storage_fees", "other-transaction", "Storage Fee"))
    storage = make_entry(seller, stream, moment(4, 8), "other-transaction", [fee])
    return Settlement(seller, stream, 0, "12345678901", moment(1, 7), moment(15, 7), (order, storage), 1748)


def test_a_v2_file_in_german_style() -> None:
    body = render(small("EUR", Style("dotted", decimal=",", encoding="cp1252")), "V2", None)
    header, summary, *lines = body.decode("cp1252").removesuffix("\n").split("\n")
    assert header.split("\t")[:6] == [
        "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency"
    ]  # fmt: skip
    assert len(header.split("\t")) == 24
    assert summary == (
        "12345678901\t01.07.2026 07:00:05 UTC\t15.07.2026 07:00:05 UTC\t17.07.2026 07:00:05 UTC\t17,48\tEUR" + "\t" * 18
    )
    order = "Order\t302-1111111-2222222\t302-1111111-2222222\t\tDABCDEFGH\tAmazon.de"
    item = "AFN\t03.07.2026\t03.07.2026 23:30:05 UTC\t11223344556677\t\t\tTASSE-BLAU-Ü\t2"
    assert lines == [
        f"12345678901\t\t\t\t\t\t{order}\tItemPrice\tPrincipal\t19,98\t{item}\t",
        f"12345678901\t\t\t\t\t\t{order}\tItemPrice\tShipping\t2,00\t{item}\tÉté",
        f"12345678901\t\t\t\t\t\t{order}\tItemFees\tCommission\t-3,00\t{item}\t",
        "12345678901\t\t\t\t\t\tother-transaction\t\t\t\t\t\tother-transaction\tStorage Fee\t-1,50\t\t04.07.2026"
        "\t04.07.2026 08:00:05 UTC" + "\t" * 6,
    ]
    assert b"TASSE-BLAU-\xdc" in body


def test_a_v2_file_without_promotions_that_loses_its_empty_fields() -> None:
    body = render(small("EUR", Style(columns=23, ragged=True, newline="\r\n")), "V2", None)
    header, summary, *lines = body.decode("utf-8").removesuffix("\r\n").split("\r\n")
    assert header.endswith("sku\tquantity-purchased")
    assert summary.endswith("\t17.48\tEUR")
    assert lines[1].endswith("\tTASSE-BLAU-Ü\t2")
    assert lines[3].endswith("\t-1.50\t\t2026-07-04\t2026-07-04 08:00:05 UTC")


def test_a_v1_file_of_36_columns() -> None:
    settlement = small("EUR", Style("slashed_dmy", decimal=","))
    header, summary, *lines = render(settlement, "V1-36", None).decode("utf-8").removesuffix("\n").split("\n")
    columns = header.split("\t")
    assert len(columns) == 36
    assert summary.startswith("12345678901\t01/07/2026 07:00:05 UTC\t")
    rows = [{k: v for k, v in zip(columns, line.split("\t"), strict=True) if v} for line in lines]
    shared = {
        "settlement-id": "12345678901",
        "transaction-type": "Order",
        "order-id": "302-1111111-2222222",
        "merchant-order-id": "302-1111111-2222222",
        "shipment-id": "DABCDEFGH",
        "marketplace-name": "Amazon.de",
        "fulfillment-id": "AFN",
        "posted-date": "03/07/2026",
        "order-item-code": "11223344556677",
        "sku": "TASSE-BLAU-Ü",
    }
    # the quantity has a row of its own; the fee shares the row of the first price
    assert rows == [
        shared | {"quantity-purchased": "2"},
        shared
        | {
            "price-type": "Principal",
            "price-amount": "19,98",
            "item-related-fee-type": "Commission",
            "item-related-fee-amount": "-3,00",
        },
        shared | {"price-type": "Shipping", "price-amount": "2,00"},
        {
            "settlement-id": "12345678901",
            "transaction-type": "Storage Fee",
            "posted-date": "04/07/2026",
            "other-amount": "-1,50",
        },
    ]


def test_a_v1_file_of_33_columns_has_an_amount_a_row() -> None:
    body = render(small("EUR", Style("iso")), "V1-33", None).decode("utf-8")
    file = read(body.encode(), "utf-8", ".")
    assert len(file.columns) == 33
    assert not [name for name in file.columns if name.startswith("promotion")]
    assert file.rows[1]["posted-date"] == "2026-07-03T23:30:05+00:00"
    assert [row["price-amount"] or row["item-related-fee-amount"] for row in file.rows[1:4]] == [
        "19.98",
        "2.00",
        "-3.00",
    ]
    assert (file.lines, file.total) == (5, Decimal("17.48"))


@pytest.mark.parametrize(
    ("dates", "zone", "written"),
    [
        ("dashed_ymd", "UTC", "2026-07-03 23:30:05 UTC"),
        ("dashed_dmy", "UTC", "03-07-2026 23:30:05 UTC"),
        ("slashed_ymd", "JST", "2026/07/04 08:30:05 JST"),
        ("dashed_ymd", "PST", "2026-07-03 15:30:05 PST"),
        ("dashed_ymd", "PT", "2026-07-03 16:30:05 PDT"),
        ("iso", "UTC", "2026-07-03T23:30:05+00:00"),
        ("iso", "JST", "2026-07-04T08:30:05+09:00"),
    ],
)
def test_instants(dates: str, zone: Any, written: str) -> None:
    assert instant(moment(3, 23, 30), Style(dates, zone=zone)) == written


@pytest.mark.parametrize(
    ("minor", "currency", "style", "written"),
    [
        (5, "EUR", Style(), "0.05"),
        (-5, "EUR", Style(decimal=","), "-0,05"),
        (123456789, "EUR", Style(decimal=","), "1234567,89"),
        (-100, "EUR", Style(), "-1.00"),
        (-1234, "JPY", Style(), "-1234"),
        (1234, "JPY", Style(yen_cents=True), "1234.00"),
    ],
)
def test_amounts(minor: int, currency: str, style: Style, written: str) -> None:
    assert amount(minor, currency, style) == written


def plain(amazon: SimulatedAmazon, report: Report) -> bytes:
    download = amazon.documents.download(report)
    return gzip.decompress(download.body) if download.compression else download.body


def all_reports(amazon: SimulatedAmazon) -> list[Report]:
    return [report for seller in SELLERS for report in amazon.documents.reports(seller, START)]


def all_files(amazon: SimulatedAmazon) -> list[ArchivedFile]:
    return [file for seller in SELLERS for file in amazon.documents.archive(seller, START)]


def report_of(amazon: SimulatedAmazon, document: dict[str, Any]) -> Report:
    return next(
        r for r in all_reports(amazon) if (r.seller.key, r.report_id) == (document["account"], document["report_id"])
    )


def assert_same(file: FlatFile, document: dict[str, Any]) -> None:
    assert file.summary["settlement-id"] == document["settlement_id"]
    assert file.summary["currency"] == document["currency"]
    assert file.control_total == file.total == Decimal(document["control_total"])
    assert file.lines == document["lines"]
    assert len(file.columns) == document["columns"]
    assert file.by_category() == {name: Decimal(value) for name, value in document["by_category"].items()}
    assert not [row for row in file.rows if row["currency"] or row["total-amount"] or row["deposit-date"]]


def test_every_good_document_is_what_the_truth_says(amazon: SimulatedAmazon, truth: Truth) -> None:
    documents = {(d["account"], d["report_id"]): d for d in truth if d["source"] == "api"}
    read_in = {"utf-8": 0, "cp1252": 0, "cp932": 0}
    for report in all_reports(amazon):
        document = documents[report.seller.key, report.report_id]
        if document["expected_state"] == "loaded" or document["expected_reason"] == "same_bytes":
            body = plain(amazon, report)
            assert_same(read(body, document["encoding"], document["decimal"]), document)
            read_in[document["encoding"]] += not body.isascii()
    assert min(read_in.values()) >= 10


def test_every_good_archived_file_is_what_the_truth_says(amazon: SimulatedAmazon, truth: Truth) -> None:
    documents = {d["file_name"]: d for d in truth if d["source"] == "import"}
    seen = set()
    for file in all_files(amazon):
        document = documents.pop(file.file_name)
        body = render_archived(file)
        if document["expected_state"] == "loaded":
            assert_same(read(body, document["encoding"], document["decimal"]), document)
        seen.add((document["layout"], document["columns"], document["encoding"], document["decimal"]))
        seen |= {"BOM"} if body.startswith(b"\xef\xbb\xbf") else set()
        seen |= {"CRLF"} if b"\r\n" in body else set()
    assert documents == {}
    assert {("V1", 33, "cp1252", "."), ("V1", 36, "cp1252", ","), ("V1", 36, "utf-8", ".")} <= seen
    assert {("V2", 24, "cp932", "."), ("V2", 24, "cp1252", ","), "BOM", "CRLF"} <= seen


def test_decimals_and_dates_are_two_choices(truth: Truth) -> None:
    pairs = {(d["decimal"], d["dates_style"].split()[0]) for d in truth if d["decimal"]}
    assert {(".", "dotted"), (",", "dotted"), (".", "dashed_ymd"), (",", "dashed_ymd"), (",", "slashed_dmy")} <= pairs
    assert {dates for _, dates in pairs} == set(DATES)


def test_the_same_settlement_under_two_ids_has_the_same_bytes(amazon: SimulatedAmazon, truth: Truth) -> None:
    again = next(d for d in truth if d["expected_reason"] == "same_bytes")
    first = next(d for d in truth if d["settlement_id"] == again["settlement_id"] and d is not again)
    assert (first["expected_state"], first["account"]) == ("loaded", again["account"])
    assert first["created_at"] < again["created_at"]
    bodies = [amazon.documents.download(report_of(amazon, d)).body for d in (first, again)]
    assert bodies[0] == bodies[1]
    assert first["report_document_id"] != again["report_document_id"]


def broken(amazon: SimulatedAmazon, truth: Truth, fault: str) -> tuple[bytes, dict[str, Any]]:
    """The downloaded bytes of the document that has a fault, and its truth."""
    document = next(d for d in truth if d["fault"] == fault and d["source"] == "api")
    return amazon.documents.download(report_of(amazon, document)).body, document


def read_broken(amazon: SimulatedAmazon, truth: Truth, fault: str) -> tuple[FlatFile, dict[str, Any]]:
    body, document = broken(amazon, truth, fault)
    body = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
    return read(body, document["encoding"], document["decimal"]), document


def test_a_wrong_control_total(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, document = read_broken(amazon, truth, "wrong_control_total")
    assert file.total == Decimal(document["control_total"])
    assert file.control_total == file.total + 10


def test_a_missing_line(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, document = read_broken(amazon, truth, "missing_line")
    assert file.control_total == Decimal(document["control_total"]) != file.total
    assert file.lines == document["lines"] - 1


def test_a_body_that_ends_inside_a_line(amazon: SimulatedAmazon, truth: Truth) -> None:
    body, document = broken(amazon, truth, "cut_body")
    assert not body.endswith(b"\n")
    file = read(body + b"\n", document["encoding"], document["decimal"])
    assert file.control_total == Decimal(document["control_total"]) != file.total
    assert file.lines < document["lines"]
    # the line in which it ends still has its amount and its date
    assert file.rows[-1]["amount"]
    assert file.rows[-1]["posted-date-time"]
    assert len(file.rows[-1]["sku"]) == 4


def test_a_line_without_its_amount(amazon: SimulatedAmazon, truth: Truth) -> None:
    body, document = broken(amazon, truth, "empty_amount")
    text = gzip.decompress(body).decode("utf-8")
    header, summary, *lines = [line.split("\t") for line in text.removesuffix("\n").split("\n")]
    at = header.index("amount")
    amounts = [line[at] for line in lines]
    assert amounts.count("") == 1
    assert (
        sum(Decimal(value) for value in amounts if value) == Decimal(summary[4]) != Decimal(document["control_total"])
    )


def test_yen_with_a_fraction(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, document = read_broken(amazon, truth, "bad_amount")
    assert document["currency"] == "JPY"
    assert [value for value in file.amounts if value != value.to_integral_value()] != []


def test_an_unknown_currency(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, document = read_broken(amazon, truth, "unknown_currency")
    assert (file.summary["currency"], document["currency"]) == ("USX", "MXN")
    assert file.control_total == file.total


def test_two_currencies(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, _ = read_broken(amazon, truth, "mixed_currency")
    assert file.summary["currency"] == "EUR"
    assert [row["currency"] for row in file.rows if row["currency"]] == ["GBP"]
    assert file.control_total == file.total


def test_a_line_that_is_dated_months_before_the_settlement(amazon: SimulatedAmazon, truth: Truth) -> None:
    file, document = read_broken(amazon, truth, "date_outside_period")
    start = dt.datetime.fromisoformat(document["period_start"]).date()
    days = [dt.datetime.strptime(row["posted-date"], "%Y/%m/%d").date() for row in file.rows]  # noqa: DTZ007
    assert [(day - start).days for day in days if day < start] == [-120]
    assert file.control_total == file.total


def test_bytes_that_no_encoding_can_read(amazon: SimulatedAmazon, truth: Truth) -> None:
    body, _ = broken(amazon, truth, "undecodable")
    body = gzip.decompress(body)
    for encoding in ("utf-8", "cp1252", "cp932"):
        with pytest.raises(UnicodeDecodeError):
            body.decode(encoding)


def test_a_gzip_stream_that_ends_too_early(amazon: SimulatedAmazon, truth: Truth) -> None:
    body, _ = broken(amazon, truth, "truncated_gzip")
    with pytest.raises(EOFError):
        gzip.decompress(body)


def test_a_fatal_report_explains_itself(amazon: SimulatedAmazon, truth: Truth) -> None:
    body, document = broken(amazon, truth, "fatal")
    assert b'"errorDetails": "Error in report request: ' in body
    assert document["report_document_id"]
