"""What the reader accepts, what it refuses, and what it says when it refuses."""

from __future__ import annotations

import datetime as dt
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.reports.rendering import V2, Line, Settlement, Style, render, rows, table
from tieout.documents import Reading
from tieout.reports.errors import Known, Refused
from tieout.reports.settlement import stage_settlement

Read = Callable[..., Reading]
POSTED = dt.datetime(2026, 7, 18, 7, 26, 32, tzinfo=dt.UTC)


def settlement(*amounts: str, **options: object) -> Settlement:
    """A settlement with one line an amount."""
    return Settlement(tuple(Line(Decimal(amount), POSTED, sku="SKU", quantity=1) for amount in amounts), **options)


def edited(*amounts: str, style: Style | None = None, **cells: dict[int, str]) -> bytes:
    """The file of `settlement(*amounts)`, with cells replaced: `column_name={line number: text}`."""
    style = style or Style()
    content = rows([settlement(*amounts)], style)
    for name, replaced in cells.items():
        for line, text in replaced.items():
            content[line - 2][name.replace("_", "-")] = text
    return table(content, style)


def only(reading: Reading) -> tuple[str, str, int]:
    """Control total, sum of lines and lines of the one settlement."""
    (summary,) = reading.settlements
    return str(summary.control_total), str(summary.sum_of_lines), summary.lines


# --- files that people have ------------------------------------------------------------------------------------------

PLAIN = settlement("10.00", "-3.50")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(render([PLAIN]), id="as Amazon writes it"),
        pytest.param(render([PLAIN], line_end="\r\n"), id="Windows line ends"),
        pytest.param(render([PLAIN], line_end="\r\r\n"), id="Windows line ends written twice"),
        pytest.param(render([PLAIN], line_end="\r"), id="old Macintosh line ends"),
        pytest.param(render([PLAIN], byte_order_mark=True), id="byte-order mark"),
        pytest.param(render([PLAIN], encoding="utf-16"), id="UTF-16 from Excel"),
        pytest.param(render([PLAIN], encoding="utf-16-le"), id="UTF-16 without mark"),
        pytest.param(render([PLAIN], ends_with_line_end=False), id="no line end at the end"),
        pytest.param(render([PLAIN]) + b"    \n\t\t\n\n", id="blank lines at the end"),
        pytest.param(b"\n\n" + render([PLAIN]), id="blank lines at the start"),
        pytest.param(render([PLAIN], trailing_fields=False), id="trailing fields missing"),
        pytest.param(render([PLAIN], extra_tabs=2), id="trailing tabs"),
        pytest.param(render([PLAIN], columns=V2[:-1]), id="23 columns"),
        pytest.param(render([PLAIN], columns=V2[::-1]), id="columns the other way round"),
        pytest.param(render([PLAIN]).replace(b"settlement-id", b"Settlement-ID ", 1), id="header spelled otherwise"),
        pytest.param(render([PLAIN], currency_on_lines=True), id="currency on every line"),
        pytest.param(gzip.compress(render([PLAIN])), id="gzip"),
        pytest.param(
            gzip.compress(render([PLAIN])[:99]) + gzip.compress(render([PLAIN])[99:]), id="gzip in two members"
        ),
        pytest.param(gzip.compress(render([PLAIN])) + b"\0\0\0", id="gzip with zero padding"),
        pytest.param(edited("10.00", "-3.50", amount={4: "-3.50   "}), id="spaces behind an amount"),
        pytest.param(edited("10.00", "-3.50", amount={4: "−3.50"}), id="typographic minus"),
        pytest.param(edited("10.00", "-3.50", amount={4: "3.50-"}), id="minus behind"),
        pytest.param(edited("10.00", "-3.50", amount={3: "+10"}), id="plus and no cents"),
        pytest.param(edited("10.00", "-3.50", amount={4: "-3.5000"}), id="zeros past the cents"),
        pytest.param(
            edited("10.00", "-3.50", quantity_purchased={3: "1.0", 4: ""}), id="a quantity with a zero decimal"
        ),
        pytest.param(edited("10.00", "-3.50", sku={3: '"', 4: '5" "best" \'x'}), id="quotes in a SKU"),
    ],
)
def test_a_file_that_people_have_ties_out(read: Read, data: bytes) -> None:
    assert only(read(data)) == ("6.50", "6.50", 2)


def test_lines_keep_their_place_when_blank_lines_stand_between(tmp_path: Path) -> None:
    header, summary, first, second = render([PLAIN]).splitlines()
    path = tmp_path / "in.txt"
    path.write_bytes(b"\n".join([b"", header, summary, b"", first, b"\t\t", second, b""]))
    lines_path = tmp_path / "lines.parquet"
    reading = stage_settlement(path, document_id="d", lines_path=lines_path, settlements_path=tmp_path / "s.parquet")
    assert pq.read_table(lines_path)["line_no"].to_pylist() == [5, 7]
    assert reading.settlements[0].summary_line_no == 3
    assert reading.file_lines == 3


@pytest.mark.parametrize("count", [0, 4, 50_000])
def test_a_settlement_may_have_any_number_of_lines(read: Read, count: int) -> None:
    reading = read(render([settlement(*["0.01"] * count)]))
    assert only(reading) == (f"{count / 100:.2f}", f"{count / 100:.2f}", count)
    assert reading.file_lines == count + 1


def test_the_sum_does_not_depend_on_the_control_total(read: Read) -> None:
    assert only(read(render([settlement("10.00", "-3.50", control_total=Decimal("99.99"))]))) == ("99.99", "6.50", 2)


def test_large_money_stays_exact(read: Read) -> None:
    amounts = ["9999999999999999.99", "-9999999999999999.98", "0.01"]
    assert only(read(render([settlement(*amounts)])))[1] == "0.02"


# --- several settlements ---------------------------------------------------------------------------------------------


def test_each_settlement_has_its_own_currency_and_sum(read: Read) -> None:
    files = [settlement(f"{index}.00", settlement_id=str(index), currency=currency) for index, currency in enumerate(
        ["EUR", "SEK", "PLN"], start=1
    )]  # fmt: skip
    reading = read(render(files))
    assert [(each.settlement_id, each.currency, str(each.sum_of_lines)) for each in reading.settlements] == [
        ("1", "EUR", "1.00"), ("2", "SEK", "2.00"), ("3", "PLN", "3.00"),
    ]  # fmt: skip


def test_files_put_behind_each_other_may_repeat_the_header(read: Read) -> None:
    one, other = (render([settlement("1.00", settlement_id=each)]) for each in "12")
    reading = read(one + other)
    assert [each.summary_line_no for each in reading.settlements] == [2, 5]
    assert reading.file_lines == 4


def test_lines_of_settlements_may_alternate(read: Read) -> None:
    header, *body = table(
        rows([settlement("1.00", "2.00", settlement_id="1"), settlement("5.00", "6.00", settlement_id="2")], Style()),
        Style(),
    ).splitlines()
    body = [body[0], body[3], body[1], body[4], body[2], body[5]]
    reading = read(b"\n".join([header, *body]))
    assert [str(each.sum_of_lines) for each in reading.settlements] == ["3.00", "11.00"]


def test_a_settlement_that_stands_twice_is_refused(read: Read) -> None:
    with pytest.raises(Refused, match="line 4, column total-amount: settlement 1 has a second summary row") as refusal:
        read(render([settlement("1.00", settlement_id="1"), settlement("1.00", settlement_id="1")]))
    assert refusal.value.reason.code == "damaged_file"


def test_lines_in_another_currency_are_read_and_told(read: Read, tmp_path: Path) -> None:
    data = edited("10.00", "-3.50", currency={4: "USD"})
    (summary,) = read(data).settlements
    assert summary.other_currencies == ("USD",)
    stage_settlement(
        tmp_path / "settlement.txt", document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s"
    )
    assert pq.read_table(tmp_path / "l")["currency"].to_pylist() == ["EUR", "USD"]


def test_what_stands_in_the_fields_of_a_summary_row_does_not_matter(read: Read) -> None:
    data = edited("1.00", quantity_purchased={2: "."}, sku={2: "x"})
    assert only(read(data)) == ("1.00", "1.00", 1)


def test_an_unknown_currency_is_kept_for_the_checks(read: Read) -> None:
    assert read(render([settlement("1.00", currency="XXX")])).settlements[0].currency == "XXX"


# --- decimal conventions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "total", "currency", "read_as", "decimal"),
    [
        ("1.234", "1.234", "EUR", "1234.00", ","),  # three decimals are impossible in euros: a thousands point
        ("1,234", "1,234", "USD", "1234.00", "."),
        ("1,23", "1,23", "USD", "1.23", ","),
        ("1.5", "1.5", "USD", "1.50", "."),
        ("1.234.567", "1.234.567", "EUR", "1234567.00", ","),
        ("12,34,567.80", "12,34,567.80", "INR", "1234567.80", "."),
        ("1 234,50", "1\u00a0234,50", "SEK", "1234.50", ","),
        ("1'234.50", "1’234.50", "EUR", "1234.50", "."),
        ("100.00", "100", "JPY", "100.00", "."),
        ("1,234", "1,234", "JPY", "1234.00", "."),
        ("1234", "1234", "EUR", "1234.00", "."),
        (".5", "0.5", "USD", "0.50", "."),
        # two readings of the lines: the control total tells
        ("2.000", "2", "EUR", "2.00", "."),
        ("2.000", "2000", "EUR", "2000.00", ","),
        ("2,000", "2000", "EUR", "2000.00", "."),
    ],
)
def test_decimal_convention(read: Read, amount: str, total: str, currency: str, read_as: str, decimal: str) -> None:
    reading = read(edited("1.00", amount={3: amount}, total_amount={2: total}, currency={2: currency}))
    assert only(reading) == (read_as, read_as, 1)
    assert reading.decimal == decimal


@pytest.mark.parametrize(
    ("total", "problem"),
    [("2.000", "adds up to the control total either way"), ("7", "adds up to the control total neither way")],
)
def test_amounts_that_may_be_read_in_two_ways_are_refused(read: Read, total: str, problem: str) -> None:
    with pytest.raises(Refused, match=problem) as refusal:
        read(edited("1.00", amount={3: "2.000"}, total_amount={2: total}))
    assert refusal.value.reason.code == "ambiguous_amounts"


@pytest.mark.parametrize(
    "text",
    ["1e3", "1E+3", "NaN", "inf", "-", "+", ".", "(3.00)", "１２", "€1.00", "1.00 EUR", "1.005", "1,00.00", "12,34.00",
     "0x10", "--1", "1.2.3", "1_000.00", '"1.00"', "99999999999999999.00", "N/A", "1 .00", "٣.00"],
)  # fmt: skip
def test_what_is_no_amount_is_refused(read: Read, text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(edited("10.00", "-3.50", amount={4: text}))
    reason = refusal.value.reason
    assert (reason.code, reason.line, reason.column) == ("bad_amount", 4, "amount")
    assert reason.message.startswith(f"settlement.txt, line 4, column amount: {text!r} ")


def test_an_amount_with_cents_in_yen_is_refused(read: Read) -> None:
    with pytest.raises(Refused, match=r"line 3, column amount: '100\.50' is not an amount"):
        read(edited("1.00", amount={3: "100.50"}, total_amount={2: "100"}, currency={2: "JPY"}))


def test_one_file_cannot_have_both_decimal_separators(read: Read) -> None:
    with pytest.raises(
        Refused, match=r"line 4, column amount: '-3,50' is not an amount with the decimal separator '\.'"
    ):
        read(edited("10.00", "-3.50", amount={4: "-3,50"}))


def test_an_empty_amount_is_unknown_and_not_zero(read: Read) -> None:
    (summary,) = read(edited("10.00", "-3.50", amount={4: ""})).settlements
    assert (summary.lines_without_amount, summary.first_line_without_amount) == (1, 4)
    assert str(summary.sum_of_lines) == "10.00"


# --- dates -----------------------------------------------------------------------------------------------------------


def test_the_time_beside_a_date_tells_month_from_day(read: Read) -> None:
    data = edited(
        "1.00",
        posted_date={3: "09/06/25"},
        posted_date_time={3: "2025-06-09 05:23:19 UTC"},
        settlement_start_date={2: "2025-06-01 05:23:19 UTC"},
        settlement_end_date={2: "2025-09-15 05:23:19 UTC"},
        deposit_date={2: "2025-09-17"},
    )
    assert read(data).dates == (
        "%Y-%m-%d %H:%M:%S UTC, %Y-%m-%d, %d/%m/%y"  # both orders lie in the period
    )


def test_dates_that_nothing_tells_apart_are_refused(read: Read) -> None:
    data = edited(
        "1.00",
        posted_date={3: "05/06/2026"},
        posted_date_time={3: ""},
        settlement_start_date={2: "2026-05-01 00:00:00 UTC"},
        settlement_end_date={2: "2026-06-30 00:00:00 UTC"},
        deposit_date={2: "2026-07-02 00:00:00 UTC"},
    )
    with pytest.raises(Refused, match="line 3, column posted-date: '05/06/2026' may be day/month or month/day"):
        read(data)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-18T07:26:32+00:00", "2026-07-18T07:26:32"),
        ("2026-07-18T07:26:32Z", "2026-07-18T07:26:32"),
        ("2026-07-18T00:26:32-07:00", "2026-07-18T07:26:32"),
        ("2026-07-18 07:26:32.500 UTC", "2026-07-18T07:26:32.500000"),
        ("2026-07-18 07:26:32", "2026-07-18T07:26:32"),
        ("2026-07-18 16:26:32 JST", "2026-07-18T07:26:32"),
        ("2026-07-18 00:26:32 PDT", "2026-07-18T07:26:32"),
        ("2026-07-18 16:26:32 GMT+9", "2026-07-18T07:26:32"),
        ("18.7.2026 9:26:32 CEST", "2026-07-18T07:26:32"),
    ],
)
def test_instants_are_in_utc(tmp_path: Path, text: str, instant: str) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(edited("1.00", posted_date_time={3: text}))
    stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    (posted_at,) = pq.read_table(tmp_path / "l")["posted_at"].to_pylist()
    assert posted_at == dt.datetime.fromisoformat(instant).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31.06.2026", "is not a day of the calendar"),
        ("2026-07-18", "is written unlike the other dates of its column"),
        ("18 July 2026", "is not a date"),
        ("45000", "is not a date"),
        ("18.07.2026 07:26 UTC", "is not a date"),
        ("18.07.2026 25:00:00 UTC", "is not a time of day"),
        ("18.07.2026 07:26:32 XYZ", "has the time zone 'XYZ', which is not known"),
        ("18.07.2026 07:26:32 IST", "has the time zone 'IST', which is not known"),  # Irish or Indian
    ],
)
def test_what_is_no_date_is_refused(read: Read, text: str, problem: str) -> None:
    with pytest.raises(Refused, match=f"line 4, column posted-date: '{text}' {problem}") as refusal:
        read(edited("10.00", "-3.50", posted_date={4: text}))
    assert refusal.value.reason.code == "bad_date"


def test_a_date_alone_has_no_instant(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(edited("1.00", posted_date_time={3: ""}))
    stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    (row,) = pq.read_table(tmp_path / "l", columns=["posted_date", "posted_at"]).to_pylist()
    assert row == {"posted_date": dt.date(2026, 7, 18), "posted_at": None}


# --- encodings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sku", "written", "declared", "currency", "found"),
    [
        ("naïve", "utf-8", None, "EUR", "utf-8"),
        ("naïve", "cp1252", None, "EUR", "cp1252"),
        ("naïve", "cp1252", "ISO-8859-1", "EUR", "cp1252"),
        ("naïve", "cp1252", "UTF-8", "EUR", "cp1252"),  # the declared charset does not decode it
        ("Łódź", "cp1250", "windows-1250", "PLN", "cp1250"),
        ("表示ソ①", "cp932", "Shift_JIS", "JPY", "cp932"),  # ① is not in Shift_JIS proper
        ("表示", "cp932", None, "JPY", "cp932"),
        ("ソース", "cp932", None, "EUR", "cp932"),  # kana: no other encoding makes them by chance
        ("蓝色马克杯，套装", "gb18030", None, "USD", "gb18030"),
        ("蓝色马克杯，套装", "gb18030", None, "JPY", "gb18030"),
        ("ﾄｳｷﾖｳﾄﾐﾅﾄｸｼﾊﾞﾏﾁﾀ", "cp932", None, "JPY", "cp932"),
        ("Größe-süß", "cp1252", None, "EUR", "cp1252"),  # its letters beyond ASCII stand in pairs
        ("compañía-coração-création", "cp1252", None, "EUR", "cp1252"),
        ("表示", "utf-8", "no-such-charset", "JPY", "utf-8"),
        ("ABC", "utf-8", None, "JPY", "utf-8"),
    ],
)
def test_encoding(tmp_path: Path, sku: str, written: str, declared: str | None, currency: str, found: str) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(edited("1.00", style=Style(encoding=written), sku={3: sku}, currency={2: currency}))
    reading = stage_settlement(
        path, document_id="d", charset=declared, lines_path=tmp_path / "l", settlements_path=tmp_path / "s"
    )
    assert reading.encoding == found
    assert pq.read_table(tmp_path / "l")["sku"].to_pylist() == [sku]


def test_a_byte_that_is_no_letter_is_refused_with_its_place(read: Read) -> None:
    data = edited("1.00", sku={3: "na_ve"}).replace(b"na_ve", b"na\x81ve")
    with pytest.raises(Refused, match="line 3, column sku: the byte 0x81 is not cp1252") as refusal:
        read(data)
    assert refusal.value.reason.code == "unreadable_encoding"


# --- what is not a settlement, or not a whole one --------------------------------------------------------------------

GOOD = render([PLAIN])


def packed(data: bytes) -> bytes:
    """The same bytes in every process, since they are part of a test's name."""
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(
    ("data", "code", "says"),
    [
        (b"", "empty_file", "the file is empty"),
        (packed(b""), "empty_file", "the file is empty"),
        (b"\n \n", "empty_file", "the file has no text"),
        (GOOD.split(b"\n")[0], "empty_file", "a header and no settlement"),
        (packed(GOOD)[:-5], "damaged_file", "the gzip stream is cut before its trailer"),
        (packed(GOOD)[:-8] + bytes(8), "damaged_file", "the gzip stream is damaged"),
        (packed(GOOD) + b"garbage", "damaged_file", "gzip"),
        (packed(packed(GOOD)), "unknown_layout", "compressed twice"),
        (b"\x1f\x8b", "damaged_file", "the gzip stream"),
        (b"PK\x03\x04....", "damaged_file", "the ZIP archive is cut or damaged"),
        (b"<html><body>Sorry</body></html>", "unknown_layout", "line 1: this is a web page"),
        (b"<?xml version='1.0'?><Error/>", "unknown_layout", "line 1: this is an XML document"),
        (b'{"errors": []}', "unknown_layout", "line 1: this is a JSON document"),
        (b"order-id\tsku\n1\t2\n", "unknown_layout", "line 1: the first line has no column settlement-id"),
        (GOOD.replace(b"\t", b","), "unknown_layout", "separated by commas or semicolons instead of tabs"),
        (b'"' + GOOD.replace(b"\t", b'"\t"', 23), "unknown_layout", "the fields of the header are quoted"),
        (GOOD.replace(b"amount-type", b"kind"), "unknown_layout", "column amount-type: the header of this Flat File V2"),
        (GOOD.replace(b"promotion-id", b"sku"), "unknown_layout", "column sku: the header has the column 'sku' twice"),
        (GOOD.replace(b"promotion-id", b"price-amount"), "unknown_layout", "both Flat File V1 and Flat File V2"),
        (GOOD.replace(b"SKU", b"S\0U", 1), "damaged_file", "line 3, column sku: there is a NUL byte"),
        (GOOD.replace(b"SKU", b"S\rU", 1), "damaged_file", "line 3: there is a carriage return in the middle of a line"),
        (GOOD.replace(b"SKU", b"S\tU\t\tV", 1), "damaged_file", "line 3: the line has 27 fields and the header 24"),
        (GOOD.replace(b"18000000001", b"1.8E+10"), "damaged_file", "line 2, column settlement-id: '1.8E+10' was an"),
        (edited("1.00", order_item_code={3: "6.25E+13"}), "damaged_file", "column order-item-code: '6.25E+13' was an"),
        (edited("1.00", quantity_purchased={3: "1.5"}), "bad_quantity", "line 3, column quantity-purchased: '1.5'"),
        (edited("1.00", quantity_purchased={3: "1e2"}), "bad_quantity", "line 3, column quantity-purchased: '1e2'"),
        (edited("1.00", quantity_purchased={3: "9999999999"}), "bad_quantity", "column quantity-purchased"),
        (edited("1.00", total_amount={2: ""}), "missing_summary", "line 2, column total-amount: the summary row"),
        (edited("1.00", total_amount={2: "N/A"}), "bad_amount", "line 2, column total-amount: 'N/A'"),
        (edited("1.00", currency={2: ""}), "missing_summary", "line 2, column currency: the summary row"),
        (edited("1.00", amount={2: "1.00"}), "damaged_file", "line 2, column amount: the summary row of settlement"),
        (edited("1.00", settlement_id={3: "77"}), "missing_summary", "line 3, column settlement-id: settlement 77 has"),
        (edited("1.00", settlement_id={3: ""}), "missing_summary", "line 3, column settlement-id: the line has no"),
        (edited("1.00", total_amount={3: "5"}), "missing_summary", "line 3, column total-amount: the line has the total"),
        (edited("1.00", amount={3: ""}, transaction_type={3: ""}, amount_type={3: ""}, amount_description={3: ""}),
         "damaged_file", "line 3, column transaction-type: the line of settlement 18000000001 has neither"),
    ],
)  # fmt: skip
def test_refusal(read: Read, data: bytes, code: str, says: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(data)
    reason = refusal.value.reason
    assert (reason.code, says in reason.message) == (code, True), reason.message
    assert reason.message.startswith("settlement.txt")


def test_an_excerpt_without_its_summary_row_is_refused(read: Read) -> None:
    header, _summary, *lines = GOOD.splitlines()
    with pytest.raises(Refused, match="line 2, column settlement-id: settlement 18000000001 has lines but no summary"):
        read(b"\n".join([header, *lines]))


def test_a_summary_row_must_stand_above_its_lines(read: Read) -> None:
    header, summary, *lines = GOOD.splitlines()
    with pytest.raises(Refused, match="line 2, column settlement-id"):
        read(b"\n".join([header, lines[0], summary, lines[1]]))


def test_a_refusal_tells_what_was_known(read: Read) -> None:
    with pytest.raises(Refused) as refusal:
        read(edited("10.00", quantity_purchased={3: "x"}))
    assert refusal.value.known == Known("V2", "utf-8", ".", "%d.%m.%Y")


# --- conventions that show only further on ---------------------------------------------------------------------------


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("late", "decimal", "encoding"),
    [
        pytest.param({"amount": {12: "1,234"}, "total_amount": {2: "1244"}}, ".", "utf-8", id="a thousands comma"),
        pytest.param({"amount": {12: "1,50"}, "total_amount": {2: "11,50"}}, ",", "utf-8", id="a decimal comma"),
        pytest.param({"sku": {12: "naïve"}}, ".", "cp1252", id="a letter of Windows-1252"),
    ],
)
def test_a_late_value_makes_the_reader_look_again(
    read: Read, late: dict[str, dict[int, str]], decimal: str, encoding: str
) -> None:
    amounts = {line: "1" for line in range(3, 14)}
    cells = {"amount": amounts, "total_amount": {2: "11"}, **late}
    cells["amount"] = amounts | late.get("amount", {})
    reading = read(edited(*["1"] * 11, style=Style(encoding=encoding), **cells))
    assert (reading.decimal, reading.encoding) == (decimal, encoding)
    assert only(reading)[0] == only(reading)[1]


@pytest.mark.usefixtures("small_blocks")
def test_a_late_date_decides_the_order_of_day_and_month(tmp_path: Path) -> None:
    style = Style(posted_date="%m/%d/%Y", posted_time=None)
    first = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)
    lines = tuple(Line(Decimal(1), first + dt.timedelta(days=day)) for day in (4, 5, 6, 7, 8, 9, 20))
    path = tmp_path / "in.txt"
    path.write_bytes(render([Settlement(lines, start=first, end=first + dt.timedelta(days=300))], style))
    reading = stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    assert reading.dates == "%d.%m.%Y %H:%M:%S UTC, %m/%d/%Y"
    assert pq.read_table(tmp_path / "l")["posted_date"].to_pylist() == [line.posted_at.date() for line in lines]


# --- staging ---------------------------------------------------------------------------------------------------------


def test_a_refused_file_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(edited(*["1.00"] * 5, quantity_purchased={7: "x"}))
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(Refused):
        stage_settlement(path, document_id="d", lines_path=out / "l", settlements_path=out / "s")
    assert list(out.iterdir()) == []


def test_staging_replaces_what_was_staged_before(tmp_path: Path) -> None:
    path, target = tmp_path / "in.txt", {"lines_path": tmp_path / "l", "settlements_path": tmp_path / "s"}
    for amount in ("1.00", "2.00"):
        path.write_bytes(render([settlement(amount)]))
        stage_settlement(path, document_id="d", **target)
    assert pq.read_table(tmp_path / "l")["amount"].to_pylist() == [Decimal("2.00")]


def test_a_zero_settlement_stages_no_line_and_one_settlement(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(render([settlement()]))
    stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    assert pq.read_table(tmp_path / "l").num_rows == 0
    assert pq.read_table(tmp_path / "s")["lines"].to_pylist() == [0]


def test_a_missing_file_is_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stage_settlement(tmp_path / "no", document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")


def test_a_folder_that_cannot_be_written_is_no_refusal(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(GOOD)
    with pytest.raises(FileNotFoundError):
        stage_settlement(path, document_id="d", lines_path=tmp_path / "no" / "l", settlements_path=tmp_path / "s")


@pytest.mark.parametrize("step", ["write_table", "close"])
def test_a_full_disk_is_no_refusal_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def no_space(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    path = tmp_path / "in.txt"
    path.write_bytes(GOOD)
    monkeypatch.setattr(pq.ParquetWriter, step, no_space)
    with pytest.raises(OSError, match="No space left"):
        stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    assert [each.name for each in tmp_path.iterdir()] == ["in.txt"]


def test_reading_imports_no_pandas(tmp_path: Path) -> None:
    """pyarrow does so by itself for many a conversion: half a second and 60 MB of every process that reads a file."""
    path = tmp_path / "in.txt"
    path.write_bytes(render([settlement("1.00", settlement_id="1"), settlement("2.00", settlement_id="2")]))
    code = (
        "import sys; from tieout.reports.settlement import stage_settlement; "
        "stage_settlement(sys.argv[1], document_id='d', lines_path=sys.argv[2], settlements_path=sys.argv[3]); "
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path, tmp_path / "l", tmp_path / "s"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_money_is_decimal_all_the_way(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(render([settlement("0.10", "0.20")]))
    stage_settlement(path, document_id="d", lines_path=tmp_path / "l", settlements_path=tmp_path / "s")
    column = pq.read_table(tmp_path / "l")["amount"]
    assert column.type == pa.decimal128(18, 2)
    assert sum(column.to_pylist()) == Decimal("0.30")
