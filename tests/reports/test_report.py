"""What the reader of report families refuses, and why; and what it makes of files that others have saved."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.reports.rendering import Line, Settlement, render
from tieout.documents import ReportReading
from tieout.reports import report
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.report import SETTLEMENT, recognise, stage_report

ORDERS = FAMILIES["orders"]
HEADER = (
    "amazon-order-id", "purchase-date", "last-updated-date", "order-status", "sku", "product-name", "quantity", "currency",
    "item-price", "ship-city",
)  # fmt: skip
ROW = (
    "1-1-1",
    "2026-07-01T09:00:00+00:00",
    "2026-07-02T09:00:00+00:00",
    "Shipped",
    "MUG",
    "Mug",
    "2",
    "EUR",
    "24.98",
    "Ulm",
)

Stage = Callable[..., tuple[ReportReading, list[dict[str, Any]]]]


def file(*rows: tuple[str, ...], header: tuple[str, ...] = HEADER, by: str = "\t", end: str = "\n") -> bytes:
    return (end.join(by.join(row) for row in (header, *rows)) + end).encode()


def changed(**values: str) -> tuple[str, ...]:
    return tuple(values.get(name.replace("-", "_"), value) for name, value in zip(HEADER, ROW, strict=True))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Reads bytes as if they were a file named report.txt."""

    def read(data: bytes, **options: Any) -> tuple[ReportReading, list[dict[str, Any]]]:
        path, target = tmp_path / "report.txt", tmp_path / "rows.parquet"
        path.write_bytes(data)
        target.unlink(missing_ok=True)
        try:
            reading = stage_report(path, document_id="doc", target=target, **options)
        except Refused:
            assert sorted(each.name for each in tmp_path.iterdir()) == ["report.txt"]
            raise
        return reading, pq.read_table(target).to_pylist()

    return read


def refusal(stage: Stage, data: bytes, **options: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        stage(data, **options)
    return caught.value


def test_a_document_that_is_announced_is_read(stage: Stage) -> None:
    reading, (row,) = stage(gzip.compress(file(ROW)), family=ORDERS)
    assert (reading.rows, row["line_no"], row["item_price"], row["currency"]) == (1, 2, Decimal("24.98"), "EUR")


def test_an_empty_report_is_not_an_empty_file(stage: Stage) -> None:
    """Pain 33: an empty document is a status to prove, so it must not look like a broken file, or like no data."""
    assert stage(file()) == (stage(file())[0], [])
    assert stage(file())[0].rows == 0
    assert stage(b"No data found for the requested period.\n", family=ORDERS)[0].rows == 0
    for nothing in (b"", b"\n \n", gzip.compress(b"")):
        assert refusal(stage, nothing, family=ORDERS).reason.code == "empty_file"
    # it does not say of which report
    assert refusal(stage, b"No data found for the requested period.\n").reason.code == "unknown_layout"


def test_the_file_is_not_what_was_asked_for(stage: Stage) -> None:
    reason = refusal(stage, file(ROW), family=FAMILIES["date_range"], file_name="x.csv").reason
    assert (reason.code, reason.message.split(". ")[0]) == (
        "unknown_layout", "x.csv: this is a report of all orders, not a date-range report of transactions",
    )  # fmt: skip


def test_a_settlement_is_recognised(stage: Stage, tmp_path: Path) -> None:
    body = render([Settlement((Line(Decimal("1.00"), dt.datetime(2026, 7, 18, tzinfo=dt.UTC)),))])
    (tmp_path / "s").write_bytes(body)
    assert recognise(tmp_path / "s") == SETTLEMENT
    (tmp_path / "s").unlink()
    assert "this is a settlement, not a report of all orders" in refusal(stage, body, family=ORDERS).reason.message


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (file(ROW[:-1], header=HEADER[:-1]).replace(b"item-price", b"prix"), "unknown_layout",
         "this seems to be a report of all orders, but lacks the column item_price"),
        (b"a\tb\tc\n1\t2\t3\n", "unknown_layout", "no line looks like the header of a known report"),
        (b"just text\n", "unknown_layout", "no line looks like the header of a known report"),
        (b"<html><body>Sign in</body></html>\n", "unknown_layout", "a web page or an XML document"),
        (b"PK\x03\x04" + bytes(100), "damaged_file", "the ZIP archive is cut or damaged"),
        (file(ROW, header=(*HEADER[:-1], "Item Price")), "unknown_layout",
         "the columns 'item-price' and 'Item Price' both are item_price"),
        (b'{"nothing": 1}', "unknown_layout", "JSON document is of no known report"),
        (b'{"nothing": ', "damaged_file", "the JSON is damaged"),
        (file(changed(currency="")), "unknown_currency", "line 2, column item-price: '24.98' is an amount without a currency"),
        (file(changed(currency="", item_price="-0.01")), "unknown_currency", "without a currency"),
        (file(changed(currency="Euro")), "unknown_currency", "'EURO' is not a currency"),
        (file(changed(item_price="12.3.4")), "bad_amount", "line 2, column item-price: '12.3.4' is not a number"),
        (file(changed(currency="JPY", item_price="24.98")), "bad_amount", "column item-price: '24.98'"),
        (file(changed(item_price="24.98"), changed(item_price="24,98")), "bad_amount", "decimal separator"),
        (file(changed(item_price="1,230")), "ambiguous_amounts", "may have a decimal point or a decimal comma"),
        (file(changed(quantity="2.5")), "bad_quantity", "line 2, column quantity: '2.5' is not a whole number"),
        (file(changed(purchase_date="yesterday")), "bad_date", "line 2, column purchase-date: 'yesterday' is not a date"),
        (file(changed(purchase_date="2026-02-30T09:00:00Z")), "bad_date", "not a day of the calendar"),
        (file(changed(purchase_date="07/08/2026 10:00")), "bad_date", "may be day/month or month/day"),
        (file(ROW, changed(purchase_date="13/08/2026 10:00"), changed(purchase_date="08/13/2026 10:00")), "bad_date",
         "cannot all be in one order"),
        (file(changed(amazon_order_id="")), "damaged_file", "line 2, column amazon-order-id: the line has no amazon_order_id"),
        (file((*ROW, "more")), "damaged_file", "line 2: the line has 11 fields and the header 10"),
        (file(ROW, ROW[:5]), "damaged_file", "line 3: the line has 5 fields and the header 10"),
        (file(ROW, ROW)[:-6], "damaged_file", "the last line is cut"),
        (file(changed(sku="1.23E+11")), "damaged_file", "scientific notation"),
    ],
)  # fmt: skip
def test_refused_for_the_right_reason(stage: Stage, data: bytes, code: str, words: str) -> None:
    if words == "the last line is cut":
        data = file(ROW, ROW)[: -len("\tUlm\n")]
    reason = refusal(stage, data, file_name="report.txt").reason
    assert (str(reason.code), words in reason.message) == (code, True), reason.message
    assert reason.message.startswith("report.txt")


def test_a_damaged_byte_or_stream_is_named(stage: Stage) -> None:
    body = file(ROW, changed(sku="M\x00G"))
    assert refusal(stage, body).reason.code == "damaged_file"
    assert refusal(stage, gzip.compress(file(ROW))[:-3]).reason.code == "damaged_file"


def test_a_file_without_its_last_line_end_may_be_cut(stage: Stage) -> None:
    header, row = HEADER[:-1], ROW[:-1]  # the last column is the price
    assert "ends with '24.9' and without a line end" in refusal(stage, file(row, header=header)[:-2]).reason.message
    assert "without a line end" in refusal(stage, file(row, header=header)[:-1]).reason.message
    cut = file((*row[:-1], ""), header=header)[:-1]
    assert "ends with an empty value and without a line end" in refusal(stage, cut).reason.message
    closed = file(row, (*row[:-1], '"24.98"'), header=header, by=",")
    assert stage(closed[:-1])[0].rows == 2
    assert stage(file(ROW)[:-1])[0].rows == 1  # a text at the end, which is no sum


@pytest.mark.parametrize(
    ("dates", "whole"),
    [
        (("2026-07-02T09:00:00+00:00", "2026-07-03T10:00:00+00:00"), True),
        (("2026-07-02 09:00:00", "2026-07-03 10:00:00"), True),
        (("2026-07-02", "2026-07-13"), True),
        (("2026-07-02 09:00:00", "2026-07-03 10:00"), False),
        (("2026-07-02T09:00:00+00:00", "2026-07-03T10:00:00+00"), False),
        (("2026-07-02", "2026-07-1"), False),
        (("2026-7-2", "2026-7-1"), False),
        (("13/07/2026", "14/07/20"), False),
        (("2026-07-02", ""), False),
        (("2026-07-03",), False),
    ],
)
def test_a_date_at_the_end_is_whole_if_it_is_written_as_the_others(
    stage: Stage, dates: tuple[str, ...], whole: bool
) -> None:
    header = (*(name for name in HEADER if name != "last-updated-date"), "last-updated-date")
    rows = [(*(value for value in ROW if value != ROW[2]), date) for date in dates]
    data = file(*rows, header=header)[:-1]
    if whole:
        assert stage(data)[0].rows == len(rows)
    else:
        assert "without a line end" in refusal(stage, data).reason.message


@pytest.mark.parametrize(("others", "last"), [("24.98", "5.10"), ("24.98-", "5.10"), ("5", "5")])
def test_nobody_can_tell_whether_a_number_at_the_end_is_whole(stage: Stage, others: str, last: str) -> None:
    """Two decimals tell nothing: Amazon's minus may stand after the number, and be cut off."""
    at = HEADER.index("item-price")
    header = (*HEADER[:at], *HEADER[at + 1 :], "item-price")
    rows = [(*ROW[:at], *ROW[at + 1 :], price) for price in (others, others, last)]
    assert "without a line end" in refusal(stage, file(*rows, header=header)[:-1]).reason.message


def test_the_kinds_of_quoting(stage: Stage) -> None:
    """A quotation mark is a letter in a flat file of Amazon's, and none in what a spreadsheet makes of it."""
    raw = changed(product_name='12" mug, "blue"')
    assert stage(file(raw))[1][0]["product_name"] == '12" mug, "blue"'
    doubled = tuple(f'"{value.replace(chr(34), chr(34) * 2)}"' for value in raw)
    header = tuple(f'"{name}"' for name in HEADER)
    for by, name in (("\t", "quoted TSV"), (",", "CSV"), (";", "CSV with semicolons")):
        reading, (row,) = stage(file(doubled, header=header, by=by))
        assert (reading.dialect, reading.resaved, row["product_name"]) == (name, True, '12" mug, "blue"')
        assert row["item_price"] == Decimal("24.98")


def test_reports_on_fulfilment_are_downloaded_as_csv_too(stage: Stage) -> None:
    header = ("return-date", "order-id", "sku", "quantity", "detailed-disposition", "license-plate-number")
    row = ("2026-07-01T09:00:00+00:00", "1-1-1", "MUG", "1", "SELLABLE", "LPN1")
    for by, resaved in (("\t", False), (",", False), (";", True)):
        assert stage(file(row, header=header, by=by))[0].resaved is resaved


def test_lines_are_counted_as_an_editor_counts_them(stage: Stage) -> None:
    header = tuple(f'"{name}"' for name in HEADER)
    long = tuple(f'"{value}"' for value in changed(product_name="one\ntwo\nthree"))
    _, rows = stage(file(long, tuple(f'"{value}"' for value in ROW), header=header, by=","))
    assert [(row["line_no"], row["product_name"]) for row in rows] == [(2, "one\ntwo\nthree"), (5, "Mug")]
    message = refusal(stage, file(long, (*long[:-1], '"open'), header=header, by=",")).reason.message
    assert "line 5: a field in quotation marks does not end where it should" in message


def test_of_unknown_columns_the_names_are_kept(stage: Stage) -> None:
    """Nobody knows whether they tell of persons: a value is kept only of a column that is known to be harmless."""
    reading, (row,) = stage(
        file((*ROW, "007", "", ' "x" ', "9.99"), header=(*HEADER, "new one", "", "другой", "aws credit"))
    )
    assert reading.unknown_columns == ("new one", "другой", "aws credit")
    assert row["extra"] == '{"new one": null, "другой": null, "aws credit": "9.99"}'


def test_a_time_without_a_zone_stays_local(stage: Stage) -> None:
    _, rows = stage(
        file(
            changed(purchase_date="2026-07-01 09:00:00"),
            changed(purchase_date="2026-07-01"),
            changed(purchase_date="2026-07-01 09:00:00 XYZT"),
            changed(purchase_date="2026-07-01 09:00:00 IST"),
            changed(purchase_date="2026-07-01 09:00:00 IST", currency="INR"),
        )
    )
    assert [
        (row["purchase_day"] is not None, str(row["purchase_local"]), row["purchase_zone"], str(row["purchase_at"]))
        for row in rows
    ] == [
        (True, "2026-07-01 09:00:00", None, "None"),
        (True, "None", None, "None"),
        (True, "2026-07-01 09:00:00", "XYZT", "None"),
        (True, "2026-07-01 09:00:00", "IST", "None"),
        (True, "2026-07-01 09:00:00", "IST", "2026-07-01 03:30:00+00:00"),
    ]


def test_columns_that_look_alike_are_alike(stage: Stage) -> None:
    _, (row,) = stage(file(changed(purchase_date="07/08/2026 10:00", last_updated_date="13/08/2026 10:00")))
    assert str(row["purchase_day"]) == "2026-08-07"


def test_the_days_that_a_report_covers_settle_the_order_of_day_and_month(stage: Stage) -> None:
    data = file(changed(purchase_date="07/08/2026 10:00"))
    august, july = (dt.date(2026, 8, 1), dt.date(2026, 8, 31)), (dt.date(2026, 7, 1), dt.date(2026, 7, 31))
    assert str(stage(data, covers=august)[1][0]["purchase_day"]) == "2026-08-07"
    assert str(stage(data, covers=july)[1][0]["purchase_day"]) == "2026-07-08"
    for neither in ((dt.date(2026, 1, 1), dt.date(2026, 12, 31)), (dt.date(2025, 1, 1), dt.date(2025, 1, 31))):
        assert refusal(stage, data, covers=neither).reason.code == "bad_date"


def test_a_known_notation_yields_to_what_the_file_shows(stage: Stage) -> None:
    header = ("Date", "FNSKU", "MSKU", "Event Type", "Quantity")
    day = ("05/06/2026", "X1", "MUG", "Receipts", "1")
    other = ("13/06/2026", *day[1:])
    assert [str(row["date"]) for row in stage(file(day, header=header))[1]] == ["2026-05-06"]
    assert [str(row["date"]) for row in stage(file(day, other, header=header))[1]] == ["2026-06-05", "2026-06-13"]


def test_lines_that_a_spreadsheet_made_one_field_of(stage: Stage) -> None:
    lines = ('"All amounts in EUR"', *('"' + ",".join(row).replace('"', '""') + '"' for row in (HEADER, ROW)))
    reason = refusal(stage, "\n".join(lines).encode()).reason
    assert (
        "line 2: this is a report of all orders, and another program has made one field of each line" in reason.message
    )


def test_the_unicode_text_of_a_spreadsheet(stage: Stage) -> None:
    quoted = changed(product_name='"12"" mug, ""blue"""')
    reading, (row,) = stage(file(quoted).decode().encode("utf-16"))
    assert (reading.encoding, reading.resaved, row["product_name"]) == ("utf-16", True, '12" mug, "blue"')


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        ('{"accountStatuses": [], "performanceMetrics": []}', None, ""),
        ('{"accountStatuses": [], "performanceMetrics": [3]}', "unknown_layout", "of an unknown shape"),
        ('{"accountStatuses": [{}], "performanceMetrics": []}', "unknown_layout", "of an unknown shape"),
        ('{"accountStatuses": [], "performanceMetrics": [{"marketplaceId": "A", "x": {"rate": NaN}}]}', "damaged_file", "NaN"),
    ],
)  # fmt: skip
def test_seller_performance_of_any_shape(stage: Stage, data: str, code: str | None, words: str) -> None:
    if code is None:
        assert stage(data.encode())[1] == []
        return
    reason = refusal(stage, data.encode()).reason
    assert (str(reason.code), words in reason.message) == (code, True), reason.message


@pytest.mark.parametrize(
    ("written", "day", "time"),
    [
        ("29 June 2026 5:39:32 pm GMT+9", "2026-06-29", "08:39:32"),
        ("Jan 15, 2024 10:30:00 AM PST", "2024-01-15", "18:30:00"),
        ("2026-06-29 12:05:00 a.m. PDT", "2026-06-29", "07:05:00"),
        ("29 juin 2026 12:05:00 p. m. UTC", "2026-06-29", "12:05:00"),
        ("1 ago 2026 00:12:13 GMT-6", "2026-08-01", "06:12:13"),
        ("1 sept. 2026, 00:12:13 UTC", "2026-09-01", "00:12:13"),
        ("1 de set de 2026 00:12:13 GMT-3", "2026-09-01", "03:12:13"),
        ("1 de mar. de 2026 00:15:19 GMT-8", "2026-03-01", "08:15:19"),
        ("31 jul 2026 11:03:59 p.m. GMT-7", "2026-07-31", "06:03:59"),
        ("1 paź 2026 00:12:13 UTC", "2026-10-01", "00:12:13"),
        ("1 mrt. 2026 00:12:13 UTC", "2026-03-01", "00:12:13"),
        ("2026年6月1日 0:12:13 JST", "2026-06-01", "15:12:13"),
        ("05-Sep-2026 14:22:10 UTC", "2026-09-05", "14:22:10"),
        ("01.06.2026 00:12:13 UTC", "2026-06-01", "00:12:13"),
    ],
)
def test_dates_as_amazon_writes_them(stage: Stage, written: str, day: str, time: str) -> None:
    _, (row,) = stage(file(changed(purchase_date=written)))
    assert (str(row["purchase_day"]), str(row["purchase_at"].time())) == (day, time)


def test_the_currency_of_a_date_range_file_comes_from_its_text_or_its_marketplaces(stage: Stage) -> None:
    header = ("date/time", "type", "marketplace", "product sales", "selling fees", "total")
    order = ("2026-07-01 00:00:00 UTC", "Order", "amazon.se", "10.50", "0", "10.50")
    transfer = ("2026-07-02 00:00:00 UTC", "Transfer", "", "0", "0", "-10.50")

    def currencies(data: bytes) -> list[str]:
        return [row["currency"] for row in stage(data)[1]]

    assert currencies(b'"All amounts in EUR, unless specified"\n' + file(order, transfer, header=header, by=",")) == [
        "EUR",
        "EUR",
    ]
    german = '"Alle Beträge in Euro sofern nicht anders gekennzeichnet"\n'.encode()
    assert currencies(german + file(transfer, header=header, by=",")) == ["EUR"]
    assert currencies(file(order, transfer, header=header, by=",")) == ["SEK", "SEK"]
    other = (*order[:2], "amazon.pl", *order[3:])
    assert currencies(file(order, other, header=header, by=",")) == ["SEK", "PLN"]
    assert "line 4, column total" in refusal(stage, file(order, other, transfer, header=header, by=",")).reason.message


def test_yen_have_no_decimals_that_a_comma_could_separate(stage: Stage) -> None:
    _, (row,) = stage(file(changed(currency="JPY", item_price="3,980")))
    assert row["item_price"] == Decimal(3980)
    assert refusal(stage, file(changed(item_price="3,980"))).reason.code == "ambiguous_amounts"
    reason = refusal(stage, file(changed(currency="JPY", item_price="39.8"))).reason
    assert reason.code == "bad_amount"
    assert "The currency has no decimals" in reason.message
    header = ("日付/時間", "トランザクションの種類", "商品売上", "手数料", "合計")
    table = file(("2026/07/01 0:00:00JST", "注文", '"3,980"', "0", '"3,980"'), header=header, by=",")
    _, (row,) = stage('"指定のない場合、単位は円"\n'.encode() + table)
    assert (row["currency"], row["total"]) == ("JPY", Decimal(3980))


def test_memory_does_not_grow_with_the_file(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows leave in batches: no more than one of them is held."""
    monkeypatch.setattr(report, "_BATCH_ROWS", 10)
    largest = 0
    original = report.Reader.table

    def table(self: Any, batch: Any) -> Any:
        nonlocal largest
        largest = max(largest, len(batch))
        return original(self, batch)

    monkeypatch.setattr(report.Reader, "table", table)
    reading, rows = stage(file(*(changed(sku=f"S{number}") for number in range(95))))
    assert (reading.rows, len(rows), largest) == (95, 95, 10)
    assert [row["sku"] for row in rows] == [f"S{number}" for number in range(95)]
