"""`python -m tieout read FILE...`: what files of every kind are, what they add up to, and how it ends."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reports.rendering import Line, Settlement, Style, render, rows, table
from tieout.__main__ import main
from tieout.read import read_file
from tieout.reports.families import FAMILIES

REPORTS = Path(__file__).parent / "reports"
FAMILY_FILES = sorted(p for p in (REPORTS / "golden_families").iterdir() if not p.name.endswith(".expected.json"))
POSTED = dt.datetime(2026, 7, 18, 7, 26, 32, tzinfo=dt.UTC)
KEYS = [
    "file", "family", "verdict", "reason", "rows", "sums", "encoding", "decimal", "dates", "unknown_columns", "warnings",
]  # fmt: skip
ORDERS = "amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tcurrency\titem-price\n"

Read = Callable[..., tuple[int, list[dict[str, Any]]]]


def settlement(*amounts: str, **options: object) -> Settlement:
    return Settlement(tuple(Line(Decimal(amount), POSTED) for amount in amounts), **options)


def order(currency: str, price: str) -> str:
    return f"1\t2026-05-04T19:35:21Z\t2026-05-04T19:38:46Z\tShipped\t{currency}\t{price}\n"


@pytest.fixture
def read(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads files, given by name and content, with `--json`: exit code and objects."""
    monkeypatch.chdir(tmp_path)

    def run(*options: str, **files: bytes) -> tuple[int, list[dict[str, Any]]]:
        for name, content in files.items():
            Path(name).write_bytes(content)
        code = main(["read", "--json", *options, *files])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_one_file_of_each_family_reads(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["read", "--json", *map(str, FAMILY_FILES)])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [(each["file"], each["family"], each["verdict"]) for each in found] == [
        (str(path), path.name.rsplit("-", 1)[0], "read") for path in FAMILY_FILES
    ]
    assert {each["family"] for each in found} == set(FAMILIES)
    assert all(list(each) == KEYS for each in found)
    for each in found:
        expected = json.loads(Path(each["file"] + ".expected.json").read_text(encoding="utf-8"))
        assert each["rows"] == len(expected["rows"])


def test_sums_are_by_column_and_currency(read: Read) -> None:
    text = ORDERS + order("EUR", "10.10") + order("GBP", "0.20") + order("EUR", "-0.05") + order("", "0.00")
    code, (found,) = read(orders=text.encode())
    assert code == 0
    assert found == {
        "file": "orders", "family": "orders", "verdict": "read", "reason": None, "rows": 4,
        "sums": {"item_price": {"EUR": "10.05", "GBP": "0.20"}}, "encoding": "utf-8", "decimal": ".",
        "dates": "%Y-%m-%dT%H:%M:%S Z", "unknown_columns": [], "warnings": [],
    }  # fmt: skip


def test_a_settlement_has_the_facts_of_the_check(read: Read) -> None:
    body = render(
        [settlement("10.00", "-3.50"), settlement("2.00", settlement_id="2", currency="SEK")], decimal=",", group="."
    )
    code, (found,) = read(two=body)
    assert code == 0
    assert (found["family"], found["verdict"], found["rows"]) == ("settlement", "read", 3)
    assert found["sums"] == {"amount": {"EUR": "6.50", "SEK": "2.00"}}
    assert (found["encoding"], found["decimal"], found["dates"]) == ("utf-8", ",", "%d.%m.%Y %H:%M:%S UTC, %d.%m.%Y")


def test_a_settlement_that_does_not_tie_out_reads_with_a_warning(read: Read) -> None:
    code, (found,) = read(short=render([settlement("10.00", control_total=Decimal("10.01"))]))
    assert (code, found["verdict"], found["sums"]) == (0, "read", {"amount": {"EUR": "10.00"}})
    (warning,) = found["warnings"]
    assert warning.startswith("control_total_mismatch: short, line 2, column total-amount: ")


def test_a_sum_above_its_parts_counts_once(read: Read) -> None:
    body = (REPORTS / "golden_families" / "transactions-us.json").read_bytes()
    _, (found,) = read(transactions=body)
    assert found["rows"] == 5
    assert found["sums"] == {
        "total_amount": {"USD": "8.55"}, "item_amount": {"USD": "8.55"}, "leaf_amount": {"USD": "8.55"},
    }  # fmt: skip
    _, (found,) = read(balances=(REPORTS / "golden_families" / "balances-us.json").read_bytes())
    assert found["sums"] == {"amount": {"USD": "100.05"}}


def test_amounts_finer_than_cents_are_exact(read: Read) -> None:
    header = "charged_date\tcountry_code\tstorage_type\tcharged_fee_amount\tcurrency_code\n"
    lines = "2026-07-01\tUS\tA\t0.0036\tUSD\n2026-07-01\tUS\tB\t0.10\tUSD\n2026-07-01\tUS\tC\t1.0000000001\tUSD\n"
    _, (found,) = read(fees=(header + lines).encode())
    assert found["sums"] == {"charged_fee_amount": {"USD": "1.1036000001"}}


AMOUNTS = st.lists(
    st.tuples(st.sampled_from(["EUR", "GBP", "USD"]), st.integers(-(10**12), 10**12)), min_size=1, max_size=30
)


@settings(deadline=None, max_examples=25)
@given(AMOUNTS, st.integers(0, 3))
def test_sums_are_those_of_the_amounts_whatever_they_are(
    tmp_path_factory: pytest.TempPathFactory, amounts: list[tuple[str, int]], zeros: int
) -> None:
    """Zeros without a currency add nothing and make no currency of their own."""
    path = tmp_path_factory.mktemp("sums") / "orders"
    text = ORDERS + "".join(order(currency, f"{Decimal(value).scaleb(-2)}") for currency, value in amounts)
    path.write_text(text + order("", "0.00") * zeros)
    expected: dict[str, Decimal] = {}
    for currency, value in amounts:
        expected[currency] = expected.get(currency, Decimal(0)) + Decimal(value).scaleb(-2)
    found, _ = read_file(path)
    assert found.rows == len(amounts) + zeros
    assert found.sums == {"item_price": {name: f"{expected[name]:.2f}" for name in sorted(expected)}}


@pytest.mark.parametrize(
    ("body", "reason", "family"),
    [
        (b"", "empty_file: bad: the file is empty", None),
        (b"\n\n", "empty_file: bad: the file has no text", None),
        (gzip.compress(b"sku\tfnsku\n", mtime=0)[:-3], "damaged_file: bad: the gzip stream is cut", None),
        (b"<html></html>", "unknown_layout: bad, line 1: this is a web page or an XML document", None),
        (b"%PDF-1.7\n", "unknown_layout: bad: this is not a report but a PDF", None),
        (b'{"what": 1}', "unknown_layout: bad, line 1: this JSON document is of no known report", None),
        ((ORDERS + order("EUR", "x")).encode(), "bad_amount: bad, line 2, column item-price: 'x' is not a number", "orders"),
        (render([settlement("1.00")]).replace(b"\t1.00\t", b"\tone\t"), "bad_amount: bad, line", "settlement"),
        (b"sku\tafn-listing-exists\tafn-fulfillable-quantity\n", "unknown_layout: bad, line 1: this is an FBA inventory", None),
    ],
)  # fmt: skip
def test_a_file_that_does_not_read_is_refused_with_its_reason(
    read: Read, body: bytes, reason: str, family: str | None
) -> None:
    code, (found,) = read(bad=body)
    assert (code, found["verdict"], found["family"], found["rows"], found["sums"]) == (1, "refused", family, None, {})
    assert found["reason"].startswith(reason), found["reason"]


def test_archives_are_read_as_what_is_in_them(read: Read) -> None:
    sales = (REPORTS / "golden_families" / "appstore_sales-en.csv").read_bytes()

    def archive(*names: str) -> bytes:
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as file:
            for name in names:
                file.writestr(name, sales)
        return held.getvalue()

    code, found = read(zipped=archive("sales_2018_05.csv"), gzipped=gzip.compress(sales), two=archive("a.csv", "b.csv"))
    assert code == 1
    assert [(each["family"], each["verdict"], each["rows"]) for each in found] == [
        ("appstore_sales", "read", 5), ("appstore_sales", "read", 5), (None, "refused", None),
    ]  # fmt: skip
    assert "ZIP archive" in found[2]["reason"]


def test_a_resaved_file_and_unknown_columns_are_told(read: Read) -> None:
    text = (ORDERS + order("EUR", "1.00")).replace("\t", ",").replace("item-price", "item-price,brand-new")
    _, (found,) = read(resaved=text.replace("1.00", "1.00,x").encode())
    assert found["unknown_columns"] == ["brand-new"]
    assert found["warnings"] == [
        "resaved: another program has saved the file (it is CSV): prefer the file as downloaded"
    ]


def test_rows_are_shown(read: Read, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ORDERS + order("EUR", "1.00") + order("EUR", "2.00")).encode()
    _, (found,) = read("--rows", "1", orders=text)
    assert list(found) == [*KEYS, "first_rows"]
    (row,) = found["first_rows"]
    assert (row["amazon_order_id"], row["item_price"], row["purchase_at"]) == ("1", "1.00", "2026-05-04T19:35:21+00:00")
    assert main(["read", "--rows", "5", "orders"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("orders: orders, 2 rows\n  encoding utf-8, decimal ., dates %Y-%m-%dT%H:%M:%S Z\n")
    assert "  item_price              3.00 EUR\n" in shown
    assert "  row 2\n" in shown
    assert shown.endswith("1 read, 0 refused\n")


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
@pytest.mark.parametrize("body", [(ORDERS + order("EUR", "1.00")).encode(), render([settlement("1.00")])])
def test_rows_are_written(read: Read, name: str, body: bytes) -> None:
    code, (found,) = read("--out", name, file=body)
    assert (code, found["rows"]) == (0, 1)
    if name.endswith(".csv"):
        (row,) = csv.DictReader(Path(name).read_text(encoding="utf-8").splitlines())
    else:
        (row,) = pq.read_table(name).to_pylist()
    column = "item_price" if found["family"] == "orders" else "amount"
    assert (str(row[column]), row["currency"], "document_id" in row) == ("1.00", "EUR", False)
    assert sorted(os.listdir()) == ["file", name]


def test_a_file_without_rows_is_written_with_its_columns(read: Read) -> None:
    assert read("--out", "rows.parquet", file=ORDERS.encode())[0] == 0
    assert "item_price" in pq.read_table("rows.parquet").schema.names


def test_nothing_is_written_of_a_file_that_is_refused(read: Read) -> None:
    code, _ = read("--out", "rows.csv", file=(ORDERS + order("EUR", "1.00") * 9000 + order("", "2.00")).encode())
    assert (code, sorted(os.listdir())) == (1, ["file"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["read"], "the following arguments are required: FILE"),
        (["read", "missing"], "missing: there is no such file"),
        (["read", "."], ".: is a directory"),
        (["read", "good", "missing"], "missing: there is no such file"),
        (["read", "good", "good", "--out", "x.csv"], "rows of one file are written, and 2 are named"),
        (["read", "good", "--out", "x.xlsx"], "the name must end in .parquet or .csv"),
        (["read", "good", "--out", "no/x.csv"], "there is no folder no"),
        (["read", "good", "--rows", "-1"], "the number of rows cannot be negative"),
        (["read", "same.csv", "--out", "same.csv"], "is the file that is read"),
    ],
)
def test_usage_errors(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("good", "same.csv"):
        Path(name).write_text(ORDERS)
    with pytest.raises(SystemExit) as error:
        main(arguments)
    output = capsys.readouterr()
    assert (error.value.code, output.out) == (2, "")
    assert says in output.err
    assert sorted(os.listdir()) == ["good", "same.csv"]


def cut_behind_its_amount() -> bytes:
    """A settlement whose last line ends with its amount."""
    whole = render([settlement("10.00", "-3.50")])
    return whole[: whole.rindex(b"-3.50") + len(b"-3.50")]


def test_a_last_line_that_was_cut_behind_its_amount_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cut").write_bytes(cut_behind_its_amount())
    assert main(["check", "--json", "cut"]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["verdict"], verdict["reason"], verdict["difference"]) == ("tied_out", None, "0.00")
    (warning,) = verdict["warnings"]
    assert warning.startswith(
        "cut, line 4: the last line has 15 of 24 fields and no line end, so it was cut behind its"
    )
    assert main(["check", "cut"]) == 0
    assert f"warning: {warning}\n" in capsys.readouterr().out
    assert main(["read", "--json", "cut"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [warning]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_date_that_was_cut_is_not_taken_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], compressed: bool
) -> None:
    """`18.07.202` may be a day of the year 202, `2026-07-1` one of the first ten days of July."""
    monkeypatch.chdir(tmp_path)
    whole = render([settlement("10.00", "-3.50")], summary_date="%Y-%m-%d", posted_date="%Y-%m-%d")
    cut = whole[: whole.rindex(b"2026-07-18\t") + len(b"2026-07-1")]
    Path("cut").write_bytes(gzip.compress(cut) if compressed else cut)
    assert main(["check", "--json", "cut"]) == 0
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warning.startswith("cut, line 4: the last line has ")


def test_a_line_without_a_date_is_named_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    content = rows([settlement("10.00", "-3.50")], Style())
    content[1]["posted-date"] = content[1]["posted-date-time"] = ""
    Path("undated").write_bytes(table(content, Style()))
    assert main(["check", "--json", "undated"]) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == [
        "undated, line 3, column posted-date: the line has no posted date. It can be put into no month: download the "
        "report again"
    ]


def test_a_file_whose_lines_lost_their_empty_fields_has_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trimmed").write_bytes(render([settlement("10.00", "-3.50")], trailing_fields=False, ends_with_line_end=False))
    assert main(["check", "--json", "trimmed"]) == 0
    assert "warnings" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    "answer", ["{}", '{"payload": null}', '{"payload": {}}', '{"statusCode": 200, "payload": null}']
)
def test_an_empty_answer_of_an_unknown_operation_reads_as_no_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answer: str
) -> None:
    file = tmp_path / "answer.json"
    file.write_text(answer)
    assert main(["read", "--json", str(file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["family"], found["rows"], found["sums"]) == ("read", None, 0, {})
    assert "does not show which operation it answers" in found["warnings"][0]
