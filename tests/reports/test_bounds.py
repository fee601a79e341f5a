"""Small files that would take all memory, or that no reader foresaw: `damaged_file`, with bounded memory."""

from __future__ import annotations

import errno
import gzip
import io
import os
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest

from tieout.amazon.selling_partner import _GzipCheck
from tieout.documents import ReasonCode
from tieout.reports import source, tables
from tieout.reports.errors import Misfit, Refused
from tieout.reports.report import read_report, recognise
from tieout.reports.settlement import read_settlement
from tieout.reports.source import read_chunks

GOLDEN = Path(__file__).parent / "golden_families"
ORDERS = (GOLDEN / "orders-uk.txt").read_bytes()


def code_of(path: Path) -> str:
    with pytest.raises(Refused) as refused:
        read_report(path)
    return refused.value.reason.code.value


def gzipped(byte: bytes, mebibytes: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    piece = byte * (1 << 20)
    return b"".join([*(packer.compress(piece) for _ in range(mebibytes)), packer.flush()])


@pytest.mark.parametrize("packed", ["gzip", "zip"])
def test_what_decompresses_to_hundreds_of_times_its_size_is_damaged(tmp_path: Path, packed: str) -> None:
    path = tmp_path / "bomb"
    if packed == "gzip":
        path.write_bytes(gzipped(b"a\n", 80))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("report.txt", b"a\n" * (80 << 20))
    with pytest.raises(Misfit, match="decompresses to more than 67,108,864: no report does") as damaged:
        for _ in read_chunks(path):
            pass
    assert damaged.value.code is ReasonCode.DAMAGED_FILE


def test_no_file_is_larger_than_the_largest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LARGEST", 500)
    path = tmp_path / "orders.txt"
    path.write_bytes(ORDERS)
    assert len(ORDERS) > 500
    assert code_of(path) == "damaged_file"


def test_a_repetitive_report_of_some_size_is_read(tmp_path: Path) -> None:
    header, *lines = ORDERS.splitlines(keepends=True)
    path = tmp_path / "orders.txt.gz"
    path.write_bytes(gzip.compress(header + b"".join(lines) * 200))
    assert read_report(path).rows == 200 * len(lines)


def test_a_gzip_is_looked_through_in_pieces() -> None:
    """A download's chunk of a megabyte may hold a gigabyte."""
    bomb = gzipped(b"\0", 200)
    check = _GzipCheck()
    tracemalloc.start()
    check.update(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert check.whole
    assert peak < 20 << 20
    cut = _GzipCheck()
    cut.update(bomb[:-9])
    assert not cut.whole


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_two_gzips_behind_one_another_are_looked_through(size: int) -> None:
    both = gzip.compress(b"first") + gzip.compress(b"second")
    for data, whole in ((both, True), (both[:-3], False), (both + b"garbage", True)):
        check = _GzipCheck()
        for at in range(0, len(data), size):
            check.update(data[at : at + size])
        assert check.whole is whole
        assert check.is_gzip


def test_a_row_has_a_longest_length(tmp_path: Path) -> None:
    header, first, *rest = ORDERS.splitlines(keepends=True)
    path = tmp_path / "orders.txt"
    long = first.replace(b"\t", b"\t" + b"x" * (tables.LONGEST_ROW // 2), 3)
    path.write_bytes(header + first + long + b"".join(rest))
    with pytest.raises(Refused, match=r"line 3: the row has [0-9,]+ characters, and a row of a report has 1,048,576"):
        read_report(path)


def test_rows_are_held_by_their_size(tmp_path: Path) -> None:
    header, first = ORDERS.splitlines(keepends=True)[:2]
    path = tmp_path / "orders.txt"
    cells = first.split(b"\t")
    cells[header.split(b"\t").index(b"product-name")] = b"x" * 900_000
    path.write_bytes(header + b"\t".join(cells) * 40)
    sizes: list[int] = []
    read_report(path, on_rows=lambda: lambda rows: sizes.append(rows.num_rows))
    assert sum(sizes) == 40
    assert max(sizes) < 20


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_damaged_member_of_an_archive_is_the_files_fault(tmp_path: Path, method: int) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", method) as archive:
        archive.writestr("orders.txt", ORDERS * 5)
    data = bytearray(body.getvalue())
    at = len(b"orders.txt") + 30
    data[at : at + 400] = b"\x55" * 400
    path = tmp_path / "orders.zip"
    path.write_bytes(data)
    assert code_of(path) == "damaged_file"
    with pytest.raises(Refused):
        recognise(path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"transactions":' * 50_000, '{"a":' * 5_000 + "1" + "}" * 5_000])
def test_json_that_is_nested_too_deeply_is_damaged(tmp_path: Path, text: str) -> None:
    path = tmp_path / "answer.json"
    path.write_text(text)
    assert code_of(path) in ("damaged_file", "unknown_layout")


def test_nested_breakdowns_end_as_damaged(tmp_path: Path) -> None:
    amount = '"breakdownAmount":{"currencyCode":"EUR","currencyAmount":1}'
    nested = f'{{"breakdownType":"a",{amount},"breakdowns":[' * 900 + "]}" * 900
    path = tmp_path / "answer.json"
    path.write_text(f'{{"payload":{{"transactions":[{{"transactionType":"x","breakdowns":[{nested}]}}]}}}}')
    assert code_of(path) in ("damaged_file", "unknown_layout")


def test_a_name_that_is_twice_in_an_object_is_refused(tmp_path: Path) -> None:
    """1.23 or 9.99? Python takes the last."""
    path = tmp_path / "answer.json"
    path.write_text(
        '{"payouts": [{"amount": {"currencyCode": "EUR", "currencyAmount": 1.23, "currencyAmount": 9.99}}]}'
    )
    with pytest.raises(Refused, match="an object has the same name twice") as refused:
        read_report(path)
    assert refused.value.reason.code is ReasonCode.DAMAGED_FILE


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_BZIP2, "bzip2"), (zipfile.ZIP_LZMA, "lzma")])
def test_a_method_that_cannot_be_unpacked_in_pieces_is_refused(tmp_path: Path, method: int, name: str) -> None:
    """Of bzip2 and LZMA, zipfile decompresses all that it has read at once: 4 KB of bzip2 may hold gigabytes."""
    path = tmp_path / "orders.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("orders.txt", bytes(64 << 20) if name == "bzip2" else ORDERS)
    tracemalloc.start()
    with pytest.raises(Refused, match=f"compressed by {name}.*Unpack it, and import the text file") as refused:
        read_report(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.reason.code is ReasonCode.DAMAGED_FILE
    assert peak < 10 << 20


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), OSError("Invalid data stream"), ValueError("no"), KeyError("x")]
)
def test_whatever_unpacking_raises_is_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    path = tmp_path / "orders.txt.gz"
    path.write_bytes(gzip.compress(ORDERS))
    monkeypatch.setattr(source, "_pieces", fail)
    assert code_of(path) == "damaged_file"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EMFILE])
def test_trouble_of_the_machine_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "orders.txt.gz"
    path.write_bytes(gzip.compress(ORDERS))
    monkeypatch.setattr(source, "_pieces", fail)
    with pytest.raises(OSError, match=os.strerror(number)):
        read_report(path)


GOLDEN_SETTLEMENTS = Path(__file__).parent / "golden"


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_of_a_settlement_has_a_longest_length(tmp_path: Path, place: int) -> None:
    """Thousands of lines of a megabyte would not fit into memory."""
    lines = (GOLDEN_SETTLEMENTS / "v2-de.txt").read_bytes().splitlines(keepends=True)
    path = tmp_path / "settlement.txt"
    filler = lines[-1] * (place * (700 << 10) // len(lines[-1]))
    long = lines[-1].replace(b"\t", b"\t" + b"x" * tables.LONGEST_ROW, 1)
    path.write_bytes(b"".join(lines) + filler + long + lines[-1])
    with pytest.raises(
        Refused, match=r"the line has 1,[0-9,]+ bytes, and a line of a report has 1,048,576 at most"
    ) as refused:
        read_settlement(path)
    assert refused.value.reason.code is ReasonCode.DAMAGED_FILE
    assert refused.value.reason.line == len(lines) + filler.count(b"\n") + 1
