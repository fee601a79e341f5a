"""Exchange rates: exact, dated, each with its source; a file of the user's is validated row by row."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieout.__main__ import main
from tieout.settings import CONFIG
from tieout.warehouse.rates import Peg, amazon_rates, euro_values, load_pegs, published_rates, read_rate_file

BANK = b"""Date,USD,JPY,AED,
2026-08-31,1.1,160,N/A,
2026-08-14,1.25,175.68,N/A,
"""
DIRHAM = Peg("AED", "USD", Decimal("3.6725"), dt.date(2026, 8, 20), "Central Bank of the UAE")
KNOWN = euro_values(BANK, [DIRHAM])


def rates(reporting: str, wanted: set[str], file: Path | None = None) -> list[dict[str, Any]]:
    """The rows of core.dated_rate."""
    own = read_rate_file(file, KNOWN) if file else ()
    return list(published_rates(KNOWN, [DIRHAM], own, file.name if file else None, reporting, wanted))


def written(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rates_are_exact_and_held_for_seven_days_or_until_the_next() -> None:
    found = {(row["currency"], row["rate_on"]): row for row in rates("EUR", {"USD", "JPY"})}
    assert set(found) == {(code, dt.date(2026, 8, day)) for code in ("USD", "JPY") for day in (14, 31)}
    dollar = found["USD", dt.date(2026, 8, 14)]
    assert (dollar["rate"], dollar["source"], dollar["valid_until"]) == (Decimal("0.8"), "ecb", dt.date(2026, 8, 21))
    assert found["JPY", dt.date(2026, 8, 14)]["rate"] == Decimal("0.005692167577")


def test_another_reporting_currency_goes_through_the_euro() -> None:
    found = {row["currency"]: row["rate"] for row in rates("USD", {"USD", "JPY"}) if row["rate_on"].day == 31}
    assert found == {"EUR": Decimal("1.1"), "JPY": Decimal("0.006875")}


def test_a_pegged_currency_follows_its_anchor_from_the_day_of_the_peg() -> None:
    (row,) = [row for row in rates("EUR", {"AED"}) if row["currency"] == "AED"]
    assert (row["source"], row["rate_on"], row["rate"]) == ("peg", dt.date(2026, 8, 31), Decimal("0.247540070549"))
    assert row["origin"] == "1 USD = 3.6725 AED, Central Bank of the UAE"


def test_a_pegged_currency_can_be_the_reporting_currency() -> None:
    (euro, dollar) = rates("AED", {"USD"})
    assert (dollar["currency"], dollar["source"], dollar["rate"]) == ("USD", "peg", Decimal("3.6725"))
    assert (euro["currency"], euro["rate"]) == ("EUR", Decimal("4.03975"))


def test_the_declared_pegs_can_be_read_and_name_their_source() -> None:
    found = {
        peg.currency: (peg.anchor, peg.rate, bool(peg.source)) for peg in load_pegs(CONFIG / "exchange_rates.yaml")
    }
    assert found == {"AED": ("USD", Decimal("3.6725"), True), "SAR": ("USD", Decimal("3.75"), True)}


def test_a_file_of_rates_goes_into_the_reporting_currency_directly_or_through_another(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "date,currency,to,rate,note\n2026-08-14,EGP,USD,0.02,\n2026-08-20,EGP,USD,0.021,\n2026-08-31,EUR,SAR,4.125,\n",
    )
    found = [row for row in rates("EUR", {"USD"}, file) if row["source"] == "file"]
    assert [(row["currency"], row["rate_on"].day, row["rate"]) for row in found] == [
        ("EGP", 14, Decimal("0.016")),
        ("EGP", 20, Decimal("0.0168")),
        ("SAR", 31, Decimal("0.242424242424")),
    ]
    assert {row["origin"] for row in found} == {"own.csv"}


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("2026-08-14,EGP,EUR\n", "line 1: the column 'date' is missing"),
        ("date,currency,to,rate\n14.08.2026,EGP,EUR,0.02\n", "line 2, column date: '14.08.2026' is not a date"),
        ("date,currency,to,rate\n2026-08-14,egp,EUR,0.02\n", "line 2, column currency: 'egp' is not an ISO 4217 code"),
        ("date,currency,to,rate\n2026-08-14,EUR,EUR,1\n", "line 2, column to: 'EUR' is the currency itself"),
        ("date,currency,to,rate\n2026-08-14,EGP,EUR,0\n", "line 2, column rate: '0' is not a positive number"),
        ("date,currency,to,rate\n2026-08-14,EGP,EUR,-0.02\n", "line 2, column rate"),
        ("date,currency,to,rate\n2026-08-14,EGP,EUR,1e-2\n", "line 2, column rate"),
        ("date,currency,to,rate\n2026-08-14,EGP,EUR,0,02\n", "line 2: there are more values than columns"),
        (
            "date,currency,to,rate\n2026-08-14,EGP,EUR,0.02\n2026-08-14,EGP,EUR,0.02\n",
            "line 3, column date: line 2 has a rate from EGP to EUR for 2026-08-14 already",
        ),
        (
            "date,currency,to,rate\n2026-08-01,EGP,EUR,0.02\n2026-08-09,EGP,EUR,0.02\n",
            "line 3, column date: there is no rate from EGP to EUR between 2026-08-01 and 2026-08-09",
        ),
        (
            "date,currency,to,rate\n2026-08-14,EGP,EUR,0.02\n2026-08-15,EUR,EGP,50\n",
            "line 2, column to: the file has rates from EGP to EUR and from EUR to EGP",
        ),
        (
            "date,currency,to,rate\n2026-08-14,EGP,EUR,0.02\n2026-08-15,EGP,EUR,50\n",
            "line 3, column rate: 50 seems to be the wrong way round: the rate before it from EGP to EUR is 0.02",
        ),
        (
            "date,currency,to,rate\n2026-08-14,USD,EUR,1.25\n",
            "1.25 seems to be the wrong way round: the published rate",
        ),
        (
            "date,currency,to,rate\n2026-08-14,JPY,EUR,0.5\n",
            "line 2, column rate: 0.5 is implausible: the published rate from JPY to EUR is 0.005692167577",
        ),
        (
            "date,currency,to,rate\n2026-08-14,EGP,EUR,0.02\n2026-08-15,EGP,EUR,0.012\n",
            "line 3, column rate: 0.012 is implausible: the rate before it from EGP to EUR is 0.02",
        ),
    ],
)
def test_a_wrong_row_of_the_file_is_refused_by_its_line(tmp_path: Path, rows: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"own\.csv") as refused:
        rates("EUR", {"USD"}, written(tmp_path, rows))
    assert problem in str(refused.value)


def test_a_note_confirms_a_jump(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "date,currency,to,rate,note\n2026-08-14,EGP,EUR,0.02,\n2026-08-15,EGP,EUR,0.012,devaluation of 15 August\n",
    )
    assert [row["rate"] for row in rates("EUR", set(), file) if row["source"] == "file"] == [
        Decimal("0.02"),
        Decimal("0.012"),
    ]


def test_a_rate_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, "date,currency,to,rate\n2026-08-14,EGP,KWD,0.006\n")
    with pytest.raises(ValueError, match=r"own\.csv, line 2, column to: nothing turns KWD into EUR on 2026-08-14"):
        rates("EUR", {"USD"}, file)


def test_the_rate_of_a_payout_is_the_converted_over_the_original_total() -> None:
    def payout(day: int, original: str, bank: str, converted: str) -> dict[str, Any]:
        return {
            "currency": "EGP",
            "paid_on": dt.date(2026, 8, day),
            "original_total": Decimal(original),
            "converted_currency": bank,
            "converted_total": Decimal(converted),
            "event_group_id": f"G{day}",
            "account": "acme_eu",
        }

    paid = [
        payout(15, "1000.00", "USD", "20.00"),
        payout(18, "3000.00", "EUR", "50.00"),
        payout(28, "9.00", "USD", "1.00"),
    ]
    found = list(amazon_rates(paid, KNOWN, "EUR"))
    assert [(row["rate_on"].day, row["valid_until"].day, row["rate"]) for row in found] == [
        (15, 17, Decimal("0.016")),  # a dollar is worth 0.80
        (18, 25, Decimal("0.016666666667")),
    ]
    assert found[0]["origin"] == "event group G15"


@pytest.mark.parametrize("file", [b"Day,USD\n2026-08-14,1.25\n", b""])
def test_what_is_no_file_of_the_bank_is_refused(file: bytes) -> None:
    with pytest.raises(ValueError, match="European Central Bank"):
        euro_values(file, [])


def test_a_reporting_currency_that_nobody_publishes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"TIEOUT_REPORTING_CURRENCY=EGP.*TIEOUT_EXCHANGE_RATE_FILE"):
        rates("EGP", {"USD"})


@given(st.decimals("0.0001", "10000", places=6), st.decimals("0.8", "1.25", places=3))
def test_a_plausible_next_rate_is_kept_to_the_last_digit(first: Decimal, move: Decimal) -> None:
    import tempfile

    second = (first * move).quantize(Decimal("1e-9"))
    with tempfile.TemporaryDirectory() as folder:
        file = written(
            Path(folder), f"date,currency,to,rate\n2026-08-14,EGP,EUR,{first:f}\n2026-08-15,EGP,EUR,{second:f}\n"
        )
        found = [row["rate"] for row in rates("EUR", set(), file) if row["source"] == "file"]
    assert found == [first, second]


def test_the_command_says_what_a_file_holds_or_why_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = written(tmp_path, "date,currency,to,rate\n2026-08-14,EGP,EUR,0.02\n2026-08-20,EGP,EUR,0.021\n")
    assert main(["rates", str(good)]) == 0
    assert capsys.readouterr().out == "EGP to EUR: 2 rates from 2026-08-14 to 2026-08-20\n"
    bad = written(tmp_path, "date,currency,to,rate\n2026-08-14,EGP,EUR,0,02\n")
    assert main(["rates", str(bad)]) == 1
    assert "own.csv, line 2: there are more values than columns" in capsys.readouterr().err
    assert main(["rates", str(tmp_path / "none.csv")]) == 1
