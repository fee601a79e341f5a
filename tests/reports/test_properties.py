"""Known lines in any convention are read back exactly; a damaged file is refused or found not to add up."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.reports.rendering import V2, ZONES, Line, Settlement, Style, render
from tieout.documents import Reading
from tieout.reports import source, text
from tieout.reports.errors import Refused
from tieout.reports.settlement import read_settlement

PERIOD_START = dt.datetime(2026, 7, 17, 7, 6, 34, tzinfo=dt.UTC)
RELAXED = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module", params=["whole file in one block", "a block every few lines"], autouse=True)
def blocks(request: pytest.FixtureRequest) -> Iterator[None]:
    """The first block decides what is assumed of the rest, so every property must hold for both."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param.startswith("a block"):
            patch.setattr(source, "CHUNK_BYTES", 400)
            patch.setattr(text, "BLOCK_BYTES", 400)
        yield


def read_all(data: bytes) -> tuple[Reading, list[dict[str, object]]]:
    """What the reader says of a file, and its lines."""
    rows: list[dict[str, object]] = []

    def new_sink() -> object:
        rows.clear()
        return lambda lines: rows.extend(lines.to_pylist())

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settlement.txt"
        path.write_bytes(data)
        return read_settlement(path, on_lines=new_sink), rows


# --- in any convention -----------------------------------------------------------------------------------------------

# the accented letters of Windows-1252 that no two of make a letter of UTF-8
SKUS = {
    "utf-8": "ABC xyz-019_\"'é表Ω",
    "cp1252": "ABC xyz-019_\"'éÄßñ",
    "cp932": "ABC xyz-019_\"'表ソ示①ｱァ",
    "utf-16": "ABC xyz-019_\"'é表Ω",
}
DAYS = ["%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y"]


@st.composite
def styles(draw: st.DrawFn) -> Style:
    encoding = draw(st.sampled_from(sorted(SKUS)))
    decimal = draw(st.sampled_from([".", ","]))
    groups = ["", ".", ",", " ", "'"] + ([] if encoding == "cp932" else ["\u00a0"])
    zoned = draw(st.sampled_from([" %H:%M:%S {zone}", "T%H:%M:%S%z", " %H:%M:%S%z"]))
    zone = draw(st.sampled_from(sorted(ZONES)))
    return Style(
        encoding=encoding,
        decimal=decimal,
        group=draw(st.sampled_from([group for group in groups if group != decimal])),
        summary_date=draw(st.sampled_from(DAYS)),
        summary_time=zoned,
        posted_date=draw(st.sampled_from(DAYS)),
        posted_time=draw(st.sampled_from(DAYS)) + zoned,
        zone=zone,
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        ends_with_line_end=draw(st.booleans()),
        byte_order_mark=draw(st.booleans()),
        trailing_fields=draw(st.booleans()),
        extra_tabs=draw(st.integers(0, 2)),
        blank_lines=draw(st.integers(0, 2)),
        columns=draw(st.permutations(V2)),
        currency_on_lines=draw(st.booleans()),
    )


def cents(least: int = -9_999_999, most: int = 9_999_999) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda value: Decimal(value).scaleb(-2))


@st.composite
def known_lines(draw: st.DrawFn, alphabet: str, amounts: st.SearchStrategy[Decimal]) -> tuple[Line, ...]:
    def line() -> Line:
        return Line(
            amount=draw(amounts),
            posted_at=PERIOD_START + dt.timedelta(seconds=draw(st.integers(86_400, 12 * 86_400))),
            transaction_type=draw(st.sampled_from(["Order", "Refund", "other-transaction"])),
            amount_description=draw(st.sampled_from(["Principal", "Commission", "Current Reserve Amount"])),
            order_id=draw(st.sampled_from(["", "112-0000001-0000001", "FBA19CD9HGQ8"])),
            sku=draw(st.text(alphabet, max_size=12)).strip(),
            quantity=draw(st.none() | st.integers(1, 50)),
        )

    return tuple(line() for _ in range(draw(st.integers(0, 8))))


@RELAXED
@given(st.data())
def test_lines_in_any_convention_are_read_back_exactly(data: st.DataObject) -> None:
    style = data.draw(styles())
    yen = style.encoding == "cp932"  # what makes it plausible that a file is in Windows-31J
    amounts = st.integers(-(10**7), 10**7).map(Decimal) if yen else cents()
    lines = data.draw(known_lines(SKUS[style.encoding], amounts))
    known = Settlement(lines, currency="JPY" if yen else "EUR", start=PERIOD_START)
    compressed = data.draw(st.booleans())
    body = render([known], style)
    reading, rows = read_all(gzip.compress(body) if compressed else body)

    (summary,) = reading.settlements
    assert summary.control_total == summary.sum_of_lines == known.total
    assert (summary.currency, summary.lines) == (known.currency, len(lines))
    assert (summary.start_at, summary.end_at) == (known.start, known.end)
    assert summary.deposit_at == known.end + dt.timedelta(days=2)
    offset = dt.timezone(dt.timedelta(hours=ZONES[style.zone]))
    assert [
        (
            row["amount"], row["posted_at"], row["posted_date"], row["transaction_type"], row["amount_description"],
            row["order_id"] or "", row["sku"] or "", row["quantity_purchased"], row["currency"],
        )
        for row in rows
    ] == [
        (
            line.amount, line.posted_at, line.posted_at.astimezone(offset).date(), line.transaction_type,
            line.amount_description, line.order_id, line.sku, line.quantity, known.currency,
        )
        for line in lines
    ]  # fmt: skip


@RELAXED
@given(
    days=st.lists(st.integers(0, 9), max_size=5),
    start=st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 1)),
    length=st.integers(1, 30),
    pattern=st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%m/%d/%y"]),
    with_time=st.booleans(),
)
def test_a_date_that_may_be_read_in_two_ways_is_read_right_or_refused(
    days: list[int], start: dt.date, length: int, pattern: str, with_time: bool
) -> None:
    first = dt.datetime.combine(start, dt.time(8), dt.UTC)
    known = Settlement(
        tuple(Line(Decimal(1), first + dt.timedelta(days=min(day, length))) for day in days),
        start=first,
        end=first + dt.timedelta(days=length),
    )
    times = pattern + " %H:%M:%S {zone}" if with_time else None
    body = render([known], Style(summary_date=pattern, posted_date=pattern, posted_time=times))
    try:
        reading, rows = read_all(body)
    except Refused as refusal:
        code = refusal.reason.code
    else:
        code = None
    if code is not None:
        assert code == "bad_date"
        return
    (summary,) = reading.settlements
    assert (summary.start_at, summary.end_at) == (known.start, known.end)
    assert [row["posted_date"] for row in rows] == [line.posted_at.date() for line in known.lines]


# --- damaged ---------------------------------------------------------------------------------------------------------


def naive_totals(text: str, decimal: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Control total and sum of lines of each settlement, as a reader without any wit finds them.

    Raises ValueError where it would have to think.
    """
    header, *lines = [line for line in re.split("\r?\n|\r", text) if line.strip()]
    names = header.lower().split("\t")
    totals: dict[str, tuple[Decimal, Decimal]] = {}

    def money(text: str) -> Decimal:
        if "." in text and decimal == ",":
            raise ValueError(text)
        try:
            return Decimal(text.strip().replace(decimal, "."))
        except InvalidOperation as error:
            raise ValueError(text) from error

    for line in lines:
        if line.rstrip() == header.rstrip():
            continue
        row = dict(zip(names, line.split("\t"), strict=False))
        control, total = totals.get(row["settlement-id"], (Decimal(0), Decimal(0)))
        if row.get("total-amount") and not row.get("transaction-type"):
            control = money(row["total-amount"])
        elif row.get("amount"):
            total += money(row["amount"])
        totals[row["settlement-id"]] = (control, total)
    return totals


@st.composite
def mutations(draw: st.DrawFn, body: bytes) -> bytes:
    for _ in range(draw(st.integers(1, 3))):
        if not body:
            break
        kind = draw(st.sampled_from(["flip", "flip", "remove", "duplicate", "swap", "cut", "insert"]))
        at = draw(st.integers(0, len(body) - 1))
        if kind == "flip":
            byte = draw(st.sampled_from(b"\t\n\r\0.,-+ 09eE\x81\xe9'\"") | st.integers(0, 255))
            body = body[:at] + bytes([byte]) + body[at + 1 :]
        elif kind == "insert":
            body = body[:at] + draw(st.sampled_from([b"\t", b"\n", b"0", b",", b".", b"-", b"\xff"])) + body[at:]
        elif kind == "cut":
            body = body[: at + 1]
        else:
            lines = body.split(b"\n")
            row = draw(st.integers(0, len(lines) - 1))
            if kind == "remove":
                del lines[row]
            elif kind == "duplicate":
                lines.insert(row, lines[row])
            else:
                cells = lines[row].split(b"\t")
                one, other = (draw(st.integers(0, len(cells) - 1)) for _ in range(2))
                cells[one], cells[other] = cells[other], cells[one]
                lines[row] = b"\t".join(cells)
            body = b"\n".join(lines)
    return body


@settings(RELAXED, max_examples=150)
@given(st.data())
def test_a_damaged_file_never_ties_out_with_a_wrong_total(data: st.DataObject) -> None:
    decimal = data.draw(st.sampled_from([".", ","]))
    amounts = cents(1, 99_999) | cents(-99_999, -1)
    lines = data.draw(known_lines("ABC-19", amounts).filter(len))
    body = render([Settlement(lines)], Style(decimal=decimal, line_end=data.draw(st.sampled_from(["\n", "\r\n"]))))
    damaged = data.draw(mutations(body))
    assume(damaged and damaged != body)
    try:
        reading, rows = read_all(damaged)
    except Refused:
        return
    for each in reading.settlements:
        mine = [row["amount"] for row in rows if row["settlement_id"] == each.settlement_id]
        assert sum((amount for amount in mine if amount is not None), Decimal(0)) == each.sum_of_lines
        if each.sum_of_lines == each.control_total and not each.lines_without_amount:
            control, total = naive_totals(damaged.decode(reading.encoding), reading.decimal)[each.settlement_id]
            assert (control, total) == (each.control_total, each.sum_of_lines)


@RELAXED
@given(st.binary(max_size=600))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        read_all(data)


def test_what_the_property_tests_take_for_granted() -> None:
    """The rendering gives a file that a person would call a Flat File V2."""
    line = Line(Decimal("-1234.5"), dt.datetime(2026, 7, 18, 1, 2, 3, tzinfo=dt.UTC), sku='a"b', quantity=2)
    body = render([Settlement((line,))], Style(decimal=",", group=".")).decode()
    assert body.splitlines()[1:] == [
        "18000000001\t17.07.2026 07:06:34 UTC\t31.07.2026 07:06:35 UTC\t02.08.2026 07:06:35 UTC\t-1.234,50\tEUR"
        + "\t" * 18,
        "18000000001\t\t\t\t\t\tOrder\t\t\t\t\t\tItemPrice\tPrincipal\t-1.234,50\t\t18.07.2026\t"
        '18.07.2026 01:02:03 UTC\t\t\t\ta"b\t2\t',
    ]
    assert isinstance(read_all(body.encode())[1][0]["amount"], Decimal)
    assert pa.types.is_decimal(pa.scalar(line.amount).type)
