"""Each check fires on a file that a person can check by hand, and on that file alone."""

from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from tests.staged import Settlement, Staged, fee, other, sale, stage
from tieout.documents import CheckResult, Severity
from tieout.quality import SUITE_VERSION, StagedInput, check_documents
from tieout.quality.checks import settlement_checks
from tieout.settings import PROJECT_ROOT

SUITES = {1: "da5912e910168416"}
"""By suite version, the first 16 hex digits of a sha256 over what its checks say."""
LAST_DAY = dt.date(2026, 8, 15)
"""The day on which the period of the settlements ends."""


def days_after(days: int) -> dt.date:
    return LAST_DAY + dt.timedelta(days=days)


GOOD = [sale("100.00"), fee("-15.00"), other("-20.00", "Current Reserve Amount")]
V1 = {"source_column": "price-amount", "line_no": 3}

DOCUMENTS: dict[str, list[Settlement]] = {
    "good": [Settlement(GOOD)],
    "no-lines": [Settlement([], control_total="0.00")],
    "no-lines-but-a-total": [Settlement([], control_total="5.00")],
    "twins": [Settlement([sale("10.00"), sale("10.00")])],
    "short": [Settlement([sale("1193.38")], control_total="1234.56")],
    "too-much": [Settlement([sale("10.01")], control_total="10.00")],
    "many-cents": [Settlement([sale("0.10") for _ in range(3000)], control_total="300.00")],
    "huge": [Settlement([sale("9999999999999999.99"), sale("-9999999999999999.98")], control_total="0.01")],
    "second-is-short": [Settlement(GOOD, "1"), Settlement([sale("10.00")], "2", control_total="11.00")],
    "yen": [Settlement([sale("1500.00"), fee("-150.00")], currency="JPY")],
    "mixed": [Settlement([sale("10.00"), sale("5.00", currency="GBP"), sale("2.00", currency="GBP")])],
    "line-without-currency": [Settlement([sale("10.00"), sale("5.00", currency=None)])],
    "not-a-currency": [Settlement([sale("10.00")], currency="XBT")],
    "no-currency": [Settlement([sale("10.00")], currency=None)],
    "no-amount": [Settlement([sale("10.00"), sale(None), sale(None)])],
    "quantity-alone": [Settlement([sale(None, source_column="quantity-purchased"), sale("10.00")])],
    "two-amounts-a-line": [
        Settlement([sale("10.00", **V1), fee("-1.50", **V1 | {"source_column": "item-related-fee-amount"})])
    ],
    "line-lost": [Settlement(GOOD)],
    "line-too-many": [Settlement(GOOD)],
    "posted-on-the-last-day": [Settlement([sale("1.00", posted_date=LAST_DAY)])],
    "posted-1-day-late": [Settlement([sale("1.00", posted_date=days_after(1))])],
    "posted-2-days-late": [Settlement([sale("1.00", posted_date=days_after(2))])],
    "posted-31-days-late": [Settlement([sale("1.00", posted_date=days_after(31))])],
    "posted-32-days-late": [Settlement([sale("1.00"), sale("1.00", posted_date=days_after(32))])],
    "posted-32-days-early": [Settlement([sale("1.00", posted_date=dt.date(2026, 6, 30))])],
    "line-without-date": [Settlement([sale("1.00"), sale("1.00", posted_date=None)])],
    "no-period": [Settlement([sale("1.00")], start_at=None)],
    "new-fee": [Settlement([sale("10.00"), fee("-1.00", "Surprise"), fee("-2.00", "Surprise")])],
    "order-without-marketplace": [Settlement([sale("10.00"), sale("3.00", marketplace_name=None)])],
    "shipment-without-marketplace": [
        Settlement([other("-3.00", "FBAInboundTransportationFee", order_id="FBA15DQXYZ12")])
    ],
}
EXPECTED = {
    "no-lines-but-a-total": {"control_total_equals_sum_of_lines"},
    "short": {"control_total_equals_sum_of_lines"},
    "too-much": {"control_total_equals_sum_of_lines"},
    "second-is-short": {"control_total_equals_sum_of_lines"},
    "mixed": {"settlement_has_one_currency", "control_total_equals_sum_of_lines"},
    "line-without-currency": {
        "settlement_has_one_currency",
        "currency_is_known",
        "control_total_equals_sum_of_lines",
    },
    "not-a-currency": {"currency_is_known"},
    "no-currency": {"currency_is_known"},
    "no-amount": {"amount_is_present"},
    "line-lost": {"line_count_equals_file"},
    "line-too-many": {"line_count_equals_file"},
    "posted-2-days-late": {"posted_date_inside_period"},
    "posted-31-days-late": {"posted_date_inside_period"},
    "posted-32-days-late": {"posted_date_near_period"},
    "posted-32-days-early": {"posted_date_near_period"},
    "line-without-date": {"date_is_present"},
    "no-period": {"date_is_present"},
    "new-fee": {"kind_is_known"},
    "order-without-marketplace": {"marketplace_is_present"},
}
"""Checks that must fail, by document; every other check of every document must pass."""


def as_input(staged: Staged, file_lines: int = 0) -> StagedInput:
    """The input of a staged document, as if the file had so many lines more."""
    reading = staged.reading.model_copy(update={"file_lines": staged.reading.file_lines + file_lines})
    return StagedInput(staged.document_id, staged.lines_path, staged.settlements_path, reading)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, CheckResult]]:
    """The results of one batch of all documents, by document and check."""
    folder = tmp_path_factory.mktemp("staged")
    off = {"line-lost": 1, "line-too-many": -1}
    inputs = [as_input(stage(folder, name, *settlements), off.get(name, 0)) for name, settlements in DOCUMENTS.items()]
    found = check_documents(inputs, docs_dir=None)
    return {name: {result.check: result for result in of_one} for name, of_one in found.items()}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_fails_what_is_wrong_with_it_and_nothing_else(
    results: dict[str, dict[str, CheckResult]], name: str
) -> None:
    assert set(results[name]) == {check.name for check in settlement_checks()}
    assert {check for check, result in results[name].items() if not result.passed} == EXPECTED.get(name, set())


def test_every_check_is_shown_to_fire(results: dict[str, dict[str, CheckResult]]) -> None:
    assert {check.name for check in settlement_checks()} == set().union(*EXPECTED.values())


@pytest.mark.parametrize(
    ("name", "check", "message", "line", "column"),
    [
        (
            "short",
            "control_total_equals_sum_of_lines",
            "settlement 11000000001: control total 1,234.56 USD, 1 line sum to 1,193.38 USD: 41.18 USD short",
            2,
            "total-amount",
        ),
        (
            "second-is-short",
            "control_total_equals_sum_of_lines",
            "settlement 2: control total 11.00 USD, 1 line sum to 10.00 USD: 1.00 USD short",
            6,
            "total-amount",
        ),
        (
            "mixed",
            "settlement_has_one_currency",
            "settlement 11000000001 is in USD, and 2 lines are in GBP (7.00 GBP), first line 4",
            4,
            "currency",
        ),
        (
            "not-a-currency",
            "currency_is_known",
            "settlement 11000000001 is in 'XBT', which is no currency that Amazon settles in",
            2,
            "currency",
        ),
        (
            "no-amount",
            "amount_is_present",
            "settlement 11000000001: 2 lines without an amount in the column amount, first line 4",
            4,
            "amount",
        ),
        (
            "line-lost",
            "line_count_equals_file",
            "the file has 5 lines after its header, and 4 arrived: 3 lines and 1 summary row",
            None,
            None,
        ),
        (
            "posted-32-days-late",
            "posted_date_near_period",
            "settlement 11000000001 is of 2026-08-01 to 2026-08-15, and 1 line is posted 2026-09-16, first line 4",
            4,
            "posted-date",
        ),
        (
            "new-fee",
            "kind_is_known",
            "Order / ItemFees / Surprise: 2 lines, -3.00 USD, first line 4; add a rule to "
            "include/config/fee_dictionary.yaml",
            4,
            "amount-description",
        ),
        (
            "order-without-marketplace",
            "marketplace_is_present",
            "settlement 11000000001: 1 line of Amazon orders without a marketplace, 3.00 USD, first line 4",
            4,
            "marketplace-name",
        ),
    ],
)
def test_a_reason_names_amounts_line_and_column(
    results: dict[str, dict[str, CheckResult]],
    name: str,
    check: str,
    message: str,
    line: int | None,
    column: str | None,
) -> None:
    reason = results[name][check].reason
    assert reason is not None
    assert (reason.message, reason.line, reason.column) == (message, line, column)


def test_the_first_reason_is_the_cause_of_the_others(results: dict[str, dict[str, CheckResult]]) -> None:
    def first(name: str) -> str:
        return next(result.reason.code for result in results[name].values() if result.reason)

    assert first("mixed") == "mixed_currency"
    assert first("no-amount") == "missing_amount"


def test_what_was_found_stands_beside_what_was_expected(results: dict[str, dict[str, CheckResult]]) -> None:
    short = results["short"]["control_total_equals_sum_of_lines"]
    assert (short.observed, short.expected) == ("1,193.38 USD in 1 line", "1,234.56 USD")
    good = results["good"]["control_total_equals_sum_of_lines"]
    assert (good.observed, good.expected) == ("65.00 USD", "65.00 USD")


def test_unknown_kinds_dates_a_little_off_and_missing_names_only_warn(
    results: dict[str, dict[str, CheckResult]],
) -> None:
    warnings = {check.name for check in settlement_checks() if check.severity is Severity.WARNING}
    assert warnings == {"posted_date_inside_period", "date_is_present", "kind_is_known", "marketplace_is_present"}


def test_findings_are_complete_where_great_expectations_keeps_a_sample(tmp_path: Path) -> None:
    """Great Expectations hands on 200 rows at most; here are 250 new kinds in one document and one in another."""
    many = Settlement([fee("-0.01", f"Surprise {n:03d}") for n in range(250)])
    documents = {"many": many, "one": Settlement([fee("-0.01", "Surprise 000")]), "none": Settlement(GOOD)}
    inputs = [as_input(stage(tmp_path, name, settlement)) for name, settlement in documents.items()]
    results = check_documents(inputs, docs_dir=None)
    found = {name: next(r for r in of_one if r.check == "kind_is_known") for name, of_one in results.items()}
    assert {name: result.passed for name, result in found.items()} == {"many": False, "one": False, "none": True}
    assert found["many"].reason is not None
    assert found["many"].reason.message.endswith("; and 247 more")


def test_a_changed_check_has_a_new_suite_version() -> None:
    said = [(check.name, check.severity.value, check.code.value, check.select) for check in settlement_checks()]
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
    assert digest == SUITES.get(SUITE_VERSION), "raise SUITE_VERSION, and add its digest to SUITES"


def test_only_running_the_checks_imports_great_expectations() -> None:
    code = "import sys, tieout.quality; sys.exit(bool({'great_expectations', 'duckdb', 'pandas'} & set(sys.modules)))"
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": str(PROJECT_ROOT / "plugins")}, check=False
        ).returncode
        == 0
    )


def test_nothing_to_check_is_no_error() -> None:
    assert check_documents([], docs_dir=None) == {}


def test_a_document_that_comes_twice_is_refused(tmp_path: Path) -> None:
    one = as_input(stage(tmp_path, "d", Settlement(GOOD)))
    with pytest.raises(ValueError, match="more than once"):
        check_documents([one, one], docs_dir=None)


def test_amounts_are_not_added_as_floats(results: dict[str, dict[str, CheckResult]]) -> None:
    assert sum([0.1] * 3000) != 300.0, "floats would miss this control total"
    assert results["many-cents"]["control_total_equals_sum_of_lines"].passed
