"""`python -m tieout check FILE...`: its verdicts, its two outputs and its exit codes."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.reports.rendering import Line, Settlement, Style, render, rows, table
from tieout.__main__ import main

ROOT = Path(__file__).parent.parent
POSTED = dt.datetime(2026, 7, 18, 7, 26, 32, tzinfo=dt.UTC)
KEYS = [
    "file", "verdict", "reason", "settlement_id", "currency", "lines", "control_total", "sum_of_lines", "difference",
    "layout", "encoding", "decimal", "dates",
]  # fmt: skip


def settlement(*amounts: str, **options: object) -> Settlement:
    return Settlement(tuple(Line(Decimal(amount), POSTED) for amount in amounts), **options)


Check = Callable[..., tuple[int, list[dict[str, str | None]]]]


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks files, given by name and content, with `--json`: exit code and objects."""
    monkeypatch.chdir(tmp_path)

    def run(**files: bytes) -> tuple[int, list[dict[str, str | None]]]:
        for name, content in files.items():
            Path(name).write_bytes(content)
        code = main(["check", "--json", *files])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


def test_a_settlement_that_ties_out(check: Check) -> None:
    code, verdicts = check(good=render([settlement("10.00", "-3.50")], decimal=",", group="."))
    assert code == 0
    assert verdicts == [
        {
            "file": "good", "verdict": "tied_out", "reason": None, "settlement_id": "18000000001", "currency": "EUR",
            "lines": "2", "control_total": "6.50", "sum_of_lines": "6.50", "difference": "0.00", "layout": "V2",
            "encoding": "utf-8", "decimal": ",", "dates": "%d.%m.%Y %H:%M:%S UTC, %d.%m.%Y",
        }
    ]  # fmt: skip
    assert list(verdicts[0]) == KEYS


def test_each_settlement_of_each_file_has_a_line(check: Check) -> None:
    code, verdicts = check(
        one=render([settlement("1.00", settlement_id="1"), settlement("2.00", settlement_id="2", currency="SEK")]),
        other=render([settlement("3.00", settlement_id="3", control_total=Decimal("4.00"))]),
    )
    assert code == 1
    assert [(each["file"], each["settlement_id"], each["verdict"]) for each in verdicts] == [
        ("one", "1", "tied_out"), ("one", "2", "tied_out"), ("other", "3", "refused"),
    ]  # fmt: skip


def test_a_difference_is_told_to_the_cent(check: Check) -> None:
    code, (verdict,) = check(short=render([settlement("10.00", "-3.50", control_total=Decimal("6.51"))]))
    assert code == 1
    assert (verdict["control_total"], verdict["sum_of_lines"], verdict["difference"]) == ("6.51", "6.50", "-0.01")
    assert verdict["reason"] == (
        "control_total_mismatch: short, line 2, column total-amount: settlement 18000000001 has a control total of "
        "6.51 EUR, and its 2 lines add up to 6.50 EUR, which is 0.01 too little. The last line is 4: compare its end "
        "with the file as Amazon made it, in case it was cut."
    )


def test_an_excerpt_does_not_tie_out(check: Check) -> None:
    whole = render([settlement(*["1.25"] * 20)])
    code, (verdict,) = check(excerpt=b"\n".join(whole.split(b"\n")[:12]) + b"\n")
    assert (code, verdict["verdict"], verdict["lines"], verdict["difference"]) == (1, "refused", "10", "-12.50")


def test_a_line_that_stands_twice_is_named(check: Check) -> None:
    lines = render([settlement("10.00", "-3.50", "7.77")]).splitlines(keepends=True)
    _, (verdict,) = check(twice=b"".join([*lines, lines[4]]))
    assert verdict["difference"] == "7.77"
    assert verdict["reason"] is not None
    assert verdict["reason"].endswith(
        "Look at line 5 (Order / ItemPrice / Principal), 6 (Order / ItemPrice / Principal): its amount is 7.77; "
        "is it there twice?"
    )


def test_a_line_with_the_wrong_sign_is_named(check: Check) -> None:
    data = render([settlement("10.00", "-3.50")]).replace(b"\t-3.50\t", b"\t3.50\t")
    _, (verdict,) = check(sign=data)
    assert verdict["difference"] == "7.00"
    assert verdict["reason"] is not None
    assert verdict["reason"].endswith("line 4 (Order / ItemPrice / Principal): its amount is 3.50; is its sign wrong?")


def test_a_file_that_cannot_be_read_is_one_object_with_what_is_known(check: Check) -> None:
    content = rows([settlement("10.00", "-3.50")], Style(decimal=","))
    content[2]["quantity-purchased"] = "many"
    code, (verdict,) = check(broken=table(content, Style(decimal=",")))
    assert code == 1
    assert {key: verdict[key] for key in KEYS if key not in ("file", "verdict", "reason")} == {
        "settlement_id": None, "currency": None, "lines": None, "control_total": None, "sum_of_lines": None,
        "difference": None, "layout": "V2", "encoding": "utf-8", "decimal": ",", "dates": "%d.%m.%Y",
    }  # fmt: skip
    assert verdict["reason"] is not None
    assert verdict["reason"].startswith("bad_quantity: broken, line 4, column quantity-purchased: 'many' ")


def test_another_report_is_called_by_its_name(check: Check) -> None:
    golden = ROOT / "tests" / "reports" / "golden_families"
    code, verdicts = check(
        orders=(golden / "orders-jp.txt").read_bytes(), payments=(golden / "date_range-de.csv").read_bytes()
    )
    assert code == 1
    assert [list(each) for each in verdicts] == [KEYS, KEYS]
    assert [(each["verdict"], each["reason"]) for each in verdicts] == [
        (
            "refused",
            "unknown_layout: orders: this is a report of all orders (orders), not a settlement. Only settlements have a "
            "control total to tie out with.",
        ),
        (
            "refused",
            "unknown_layout: payments: this is a date-range report of transactions (date_range), not a settlement. Only "
            "settlements have a control total to tie out with.",
        ),
    ]


def test_lines_in_two_currencies_are_not_added_up(check: Check) -> None:
    content = rows([settlement("10.00", "-3.50")], Style())
    content[2]["currency"] = "USD"
    code, (verdict,) = check(mixed=table(content, Style()))
    assert (code, verdict["difference"]) == (1, "0.00")
    assert verdict["reason"] == (
        "mixed_currency: mixed, line 2, column total-amount: settlement 18000000001 is in EUR and has lines in USD, "
        "which cannot be added up."
    )


def test_an_unknown_amount_does_not_tie_out(check: Check) -> None:
    content = rows([settlement("6.50", "0.00")], Style())
    content[2]["amount"] = ""
    code, (verdict,) = check(hole=table(content, Style()))
    assert (code, verdict["difference"]) == (1, "0.00")
    assert verdict["reason"] is not None
    assert verdict["reason"].startswith("missing_amount: hole, line 4, column amount: the amount is empty.")


def test_a_zero_settlement_ties_out(check: Check) -> None:
    code, (verdict,) = check(zero=render([settlement()]))
    assert (code, verdict["lines"], verdict["difference"]) == (0, "0", "0.00")


@pytest.mark.parametrize("arguments", [[], ["check"], ["check", "no-such-file"], ["check", "."], ["tie"]])
def test_usage_errors(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as error:
        main(arguments)
    assert error.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "usage: python -m tieout" in output.err


def test_a_missing_file_stops_the_command_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("good").write_bytes(render([settlement("1.00")]))
    with pytest.raises(SystemExit) as error:
        main(["check", "good", "missing"])
    assert error.value.code == 2
    output = capsys.readouterr()
    assert (output.out, "missing: there is no such file" in output.err) == ("", True)


def tieout(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tieout", *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_table_in_a_pipe_is_whole_and_plain(tmp_path: Path) -> None:
    good, bad = tmp_path / f"{'long-' * 30}name.txt", tmp_path / "bad.txt"
    good.write_bytes(render([settlement("1234.56")]))
    bad.write_bytes(render([settlement("1.00", control_total=Decimal("2.00"))]))
    done = tieout("check", str(good), str(bad))
    assert (done.returncode, done.stderr) == (1, "")
    table, reasons = done.stdout.split("control_total_mismatch: ", 1)
    (row,) = [line for line in table.splitlines() if str(good) in line]
    assert row.split()[1:7] == ["18000000001", "tied_out", "1", "1234.56", "1234.56", "0.00"]
    assert reasons.startswith(f"{bad}, line 2, column total-amount: settlement 18000000001 has a control total of 2.00")
    assert done.stdout.endswith("1 tied out, 1 refused\n")
    assert "\x1b" not in done.stdout


def test_brackets_in_a_name_are_no_markup(tmp_path: Path) -> None:
    path = tmp_path / "[red]x.txt"
    path.write_bytes(render([settlement("1.00")]))
    assert str(path) in tieout("check", str(path)).stdout


def test_the_command_starts_without_the_heavy_libraries() -> None:
    heavy = "('airflow', 'great_expectations', 'pandas', 'pyarrow', 'duckdb')"
    code = f"import sys, tieout.__main__; print([each for each in {heavy} if each in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT / "plugins")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
