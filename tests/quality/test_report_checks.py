"""Each check of a report family fires on rows that a person can check by hand, and on nothing that Amazon writes.

Documents stand here, or in a file of a family's own, `family_checks/<family>.json`: by the name of a document its `rows`,
the days that were `asked` for, and what it `fails`, with the message of each check.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tieout.documents import CheckResult, ReportReading, Severity
from tieout.quality import REPORT_SUITE_VERSION, StagedReportInput, check_documents
from tieout.quality.checks import CHECKS, OF_ALL_FAMILIES, family_checks
from tieout.reports.families import FAMILIES
from tieout.reports.report import stage_report

GOLDEN = Path(__file__).parents[1] / "reports" / "golden_families"
OWN = {path.stem: json.loads(path.read_text("utf-8")) for path in Path(__file__).parent.glob("family_checks/*.json")}
"""Documents in files, by family and name."""
SUITES: dict[int, dict[str, str]] = {
    1: {
        "appstore_earnings": "d99faa48d197948e",
        "appstore_sales": "9dc5e89050ac0e4e",
        "appstore_subscriptions": "5961d7896c17169c",
        "date_range": "2c95e9fc46fec3d0",
        "every_family": "289f04a7fe68d1b2",
        "gst_b2b": "ab680aa10f0ca601",
        "gst_b2c": "3f78547e95e5ae0a",
        "ledger_summary": "a39f0e264254053c",
        "reimbursements": "8d63b6ad7683652d",
        "removal_orders": "9663584eff1eb405",
        "summaries": "cd7124a0c0b2b637",
        "transactions": "be439ae8c238a944",
        "vat_tax": "882b1f45bf69186e",
        "vat_transactions": "1b7ec7ba8a7b465b",
    },
    2: {
        "appstore_earnings": "d99faa48d197948e",
        "appstore_sales": "9dc5e89050ac0e4e",
        "appstore_subscriptions": "5961d7896c17169c",
        "date_range": "2c95e9fc46fec3d0",
        "every_family": "55d234cae3e65e2f",
        "gst_b2b": "ab680aa10f0ca601",
        "gst_b2c": "3f78547e95e5ae0a",
        "ledger_summary": "a39f0e264254053c",
        "reimbursements": "8d63b6ad7683652d",
        "removal_orders": "9663584eff1eb405",
        "summaries": "cd7124a0c0b2b637",
        "transactions": "be439ae8c238a944",
        "vat_tax": "882b1f45bf69186e",
        "vat_transactions": "1b7ec7ba8a7b465b",
    },
}
"""By suite version and folder, the first 16 hex digits of a sha256 over what its checks say. A new family has no documents
that were checked before, and needs no new version."""
EXPECTED_OF_GOLDEN = {"orders-uk.txt": {"column_is_declared"}}
"""What real-looking files are warned of; nothing blocks one."""

Results = dict[str, dict[str, CheckResult]]


def reading(family: str, rows: int, **changes: Any) -> ReportReading:
    return ReportReading(
        family=family, dialect="TSV", resaved=False, encoding="utf-8", decimal=".", dates={}, currency=None, columns=(),
        unknown_columns=(), absent_columns=(), rows=rows, reader_version=1,
    ).model_copy(update=changes)  # fmt: skip


def staged(
    folder: Path, name: str, family: str, *rows: dict[str, Any], asked: tuple[str, str] | None = None, **changes: Any
) -> StagedReportInput:
    """A document of a few rows; a column that is not given is null."""
    path = folder / f"{name}.parquet"
    lines = [{"document_id": name, "line_no": number, **row} for number, row in enumerate(rows, start=2)]
    pq.write_table(pa.Table.from_pylist(lines, schema=FAMILIES[family].schema), path)
    days = tuple(map(dt.date.fromisoformat, asked)) if asked else (None, None)
    return StagedReportInput(name, path, reading(family, **{"rows": len(rows), **changes}), *days)


def failed(results: Results, name: str) -> set[str]:
    return {check for check, result in results[name].items() if not result.passed}


def by_name(found: dict[str, tuple[CheckResult, ...]]) -> Results:
    return {name: {result.check: result for result in of_one} for name, of_one in found.items()}


def returned(day: str) -> dict[str, Any]:
    return {"returned_day": dt.date.fromisoformat(day), "order_id": "111-1111111-1111111", "sku": "CUP", "quantity": 1}


def paid(total: str | None = "5.00", currency: str | None = "USD", **changes: Any) -> dict[str, Any]:
    amount = total and Decimal(total)
    return {"reimbursement_id": "1", "sku": "CUP", "amount_total": amount, "currency_unit": currency, **changes}


def charged(day: str, storage_type: str) -> dict[str, Any]:
    return {"charged_date": dt.date.fromisoformat(day), "country_code": "US", "storage_type": storage_type}


def stock(start: int, end: int, **moved: int) -> dict[str, Any]:
    return {"msku": "CUP", "starting_warehouse_balance": start, "ending_warehouse_balance": end, **moved}


def sold(
    kind: str = "Charge", price: str = "4.99", earned: str = "3.49", day: str = "2026-08-03", **changes: Any
) -> dict[str, Any]:
    return {
        "marketplace": "Amazon.com", "invoice_id": "i", "transaction_id": "1", "adjustment": False, "asin": "A", "units": 1,
        "transaction_day": dt.date.fromisoformat(day), "transaction_type": kind, "marketplace_currency": "USD",
        "sales_price": Decimal(price), "estimated_earnings": Decimal(earned), **changes,
    }  # fmt: skip


def subscribed(day: int, active: int, started: int = 0, ended: int = 0, kind: str = "paid") -> dict[str, Any]:
    return {
        "date": dt.date(2026, 8, day), "marketplace": "Amazon.com", "asin": "A", "vendor_sku": "s",
        "subscription_type": kind, "active": active, "started": started, "ended": ended, "refunded": 0,
    }  # fmt: skip


def earned(status: str = "issued", amount: str | None = "5.00", **changes: Any) -> dict[str, Any]:
    return {
        "marketplace": "Amazon.ca", "earnings_month": dt.date(2026, 8, 1), "invoice_id": "i", "marketplace_currency": "CAD",
        "payment_status": status, "payment_currency": "USD", "payment_amount": amount and Decimal(amount),
        "payment_date": amount and dt.date(2026, 9, 29), **changes,
    }  # fmt: skip


AUGUST = ("2026-08-01", "2026-08-31")


def from_json(family: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row of a file as the Parquet has it: amounts and dates are written as texts."""
    made: dict[str, Any] = {}
    for name, value in row.items():
        kind = FAMILIES[family].schema.field(name).type
        if pa.types.is_decimal(kind):
            value = Decimal(value)
        elif pa.types.is_date(kind):
            value = dt.date.fromisoformat(value)
        elif pa.types.is_timestamp(kind):
            value = dt.datetime.fromisoformat(value)
        made[name] = value
    return made


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> list[StagedReportInput]:
    """One batch of documents of many families."""
    folder = tmp_path_factory.mktemp("reports")

    def doc(name: str, family: str, *rows: dict[str, Any], **more: Any) -> StagedReportInput:
        return staged(folder, name, family, *rows, **more)

    vat = {"total_activity_value_amt_vat_excl": Decimal("10.00"), "total_activity_value_vat_amt": Decimal("1.90")}
    euro = {"transaction_currency_code": "EUR"}
    gst = {"tax_exclusive_gross": Decimal("100.00"), "total_tax_amount": Decimal("18.00"), "currency": "INR"}
    price = {"our_price_tax_exclusive_selling_price": Decimal("10.00"), "our_price_tax_amount": Decimal("2.00")}
    sale = {"product_sales": Decimal("10.00"), "selling_fees": Decimal("-1.50"), "currency": "AUD"}
    own = [
        doc(name, family, *[from_json(family, row) for row in told["rows"]], asked=told.get("asked"))
        for family, documents in OWN.items()
        for name, told in documents.items()
    ]
    return [
        *own,
        doc("good", "fba_returns", returned("2026-08-03"), asked=AUGUST),
        doc("nothing-in-it", "fba_returns", asked=AUGUST),
        doc("row-lost", "fba_returns", returned("2026-08-03"), rows=2),
        doc("a-day-early", "fba_returns", returned("2026-07-31"), asked=AUGUST),
        doc("two-days-early", "fba_returns", returned("2026-07-30"), returned("2026-08-01"), asked=AUGUST),
        doc("two-days-late", "fba_returns", returned("2026-09-02"), asked=AUGUST),
        doc("nobody-asked", "fba_returns", returned("2020-01-01")),
        doc("new-column", "fba_returns", returned("2026-08-03"), unknown_columns=("box-id",)),
        doc("resaved", "fba_returns", returned("2026-08-03"), resaved=True, dialect="CSV with semicolons"),
        doc("no-currency", "reimbursements", paid(), paid(currency=None), paid(currency=None)),
        doc("no-amount", "reimbursements", paid(None, None)),
        doc("not-a-currency", "reimbursements", paid(currency="XBT")),
        doc("same-key", "overage_fees", *[charged("2026-08-03", each) for each in ("A", "B", "A")]),
        doc("keys-may-repeat", "fba_returns", returned("2026-08-03"), returned("2026-08-03")),
        doc("units", "reimbursements", paid(quantity_reimbursed_cash=1, quantity_reimbursed_inventory=0,
                                            quantity_reimbursed_total=2)),
        doc("stock", "ledger_summary", stock(5, 3, customer_shipments=-3, found=1), stock(5, 9, receipts=5)),
        doc("vat", "vat_transactions", {**vat, **euro, "total_activity_value_amt_vat_incl": Decimal("11.91")}),
        doc("vat-right", "vat_transactions", {**vat, **euro, "total_activity_value_amt_vat_incl": Decimal("11.90")}),
        doc("vat-unknown", "vat_transactions", {**euro, "total_activity_value_amt_vat_incl": Decimal("11.90")}),
        doc("price", "vat_tax", {**price, "currency": "EUR", "our_price_tax_inclusive_selling_price": Decimal("12.01")}),
        doc("b2c", "gst_b2c", {**gst, "invoice_amount": Decimal("118.01")}),
        doc("b2b", "gst_b2b", {**gst, "invoice_amount": Decimal("118.01")}),
        doc("app-good", "appstore_sales", sold(), sold("Refund", "-4.99", "-3.49"), sold("Chargeback", "-4.99", "-3.49"),
            sold("Chargeback reversal"), sold("Refund", "-4.99", "-1.00", adjustment=True),
            sold("Charge", "4.99", "-1.00", adjustment=True), asked=AUGUST),
        # before December 2019 what is taken back has positive earnings; the sums of 2017 have no ids
        doc("app-old", "appstore_sales", sold("Refund", "-4.99", "3.49", "2019-11-30"),
            *[sold("Refund", "-4.99", "3.49", "2017-12-31", invoice_id="NA", transaction_id="NA", adjustment=None)] * 2),
        doc("app-twice", "appstore_sales", sold(), sold()),
        doc("app-kind", "appstore_sales", sold("Gift")),
        doc("app-sign", "appstore_sales", sold("Refund", "4.99", "3.49"), sold("Charge", "-4.99", "3.49", transaction_id="2")),
        doc("app-sign-2019", "appstore_sales", sold("Refund", "-4.99", "3.49", "2019-12-01")),
        doc("app-currency", "appstore_sales", sold(marketplace_currency="CAD")),
        doc("app-market", "appstore_sales", sold(marketplace="Amazon.nl", marketplace_currency="EUR")),
        doc("app-month", "appstore_sales", sold(day="2026-09-01"), asked=AUGUST),
        doc("app-ids", "appstore_sales", sold(invoice_id="NA"), sold(adjustment=None)),
        doc("app-usage", "appstore_sales", sold(units=20, usage_time=1200), sold(transaction_id="2", units=3, usage_time=1200)),
        doc("sub-good", "appstore_subscriptions", subscribed(1, 5, 5), subscribed(2, 6, 2, 1), asked=AUGUST),
        doc("sub-gap", "appstore_subscriptions", subscribed(1, 5, 5), subscribed(2, 7, 2, 1), subscribed(3, 6, 0, 1)),
        doc("sub-kind", "appstore_subscriptions", subscribed(1, 5, kind="gift")),
        doc("sub-month", "appstore_subscriptions", subscribed(1, 5, 5), asked=("2026-07-01", "2026-07-31")),
        doc("app-empty", "appstore_sales", asked=AUGUST),
        doc("sub-empty", "appstore_subscriptions", asked=AUGUST),
        doc("earn-empty", "appstore_earnings", asked=AUGUST),
        doc("earn-good", "appstore_earnings", earned(), earned("not issued", None, invoice_id="j"), asked=AUGUST),
        doc("earn-pay", "appstore_earnings", earned("issued", None)),
        doc("earn-currency", "appstore_earnings", earned(marketplace_currency="USD")),
        doc("earn-month", "appstore_earnings", earned(), asked=("2026-07-01", "2026-07-31")),
        doc("leaves", "transactions", leaf("A", "9.10"), leaf("A", "-0.55", leaf_no=2), leaf("A", "8.55", item_no=1),
            leaf("B", None, None), leaf("C", None, leaf_no=None)),
        doc("leaf-lost", "transactions", leaf("A", "8.55"), leaf("B", "9.10")),
        doc("leaf-unknown", "transactions", leaf("A", "8.55"), leaf("A", None, leaf_no=2)),
        doc("leaf-in-euro", "transactions", leaf("A", "8.55", leaf_currency="EUR")),
        doc("summary", "summaries", {"settlement_id": "1", "currency": "USD", "net_proceeds": Decimal("1.00"), "leaf_no": 1,
                                     "leaf_amount": Decimal("1.01"), "leaf_currency": "USD"}),
        doc("date-range", "date_range", {**sale, "total": Decimal("8.50")}, {**sale, "total": Decimal("8.51")}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def results(inputs: list[StagedReportInput]) -> Results:
    """What the checks find in them."""
    return by_name(check_documents(inputs, docs_dir=None))


def leaf(transaction: str, amount: str | None, total: str | None = "8.55", **changes: Any) -> dict[str, Any]:
    """A leaf of a transaction, the first unless the changes say otherwise."""
    found = {"transaction_id": transaction, "currency": "USD", "total_amount": total and Decimal(total), "leaf_no": 1}
    return found | {"leaf_currency": "USD", "leaf_amount": amount and Decimal(amount)} | changes


EXPECTED = {
    "row-lost": {"row_count_equals_file"},
    "two-days-early": {"date_inside_window"},
    "two-days-late": {"date_inside_window"},
    "new-column": {"column_is_declared"},
    "resaved": {"file_is_as_amazon_wrote_it"},
    "no-currency": {"amount_has_a_currency"},
    "not-a-currency": {"currency_of_an_amount_is_known"},
    "same-key": {"key_is_unique"},
    "units": {"quantities_add_up"},
    "stock": {"balance_follows_from_movements"},
    "vat": {"gross_is_net_and_tax"},
    "price": {"price_is_net_and_tax"},
    "b2c": {"invoice_is_net_and_tax"},
    "b2b": {"invoice_is_net_and_tax"},
    "date-range": {"total_is_its_parts"},
    "app-twice": {"transaction_is_once"},
    "app-kind": {"type_is_known"},
    "app-sign": {"sign_follows_from_type"},
    "app-sign-2019": {"sign_follows_from_type"},
    "app-currency": {"currency_is_the_marketplaces"},
    "app-market": {"currency_is_the_marketplaces"},
    "app-month": {"date_in_month"},
    "app-ids": {"adjustment_is_told"},
    "app-usage": {"usage_is_sixty_seconds_a_unit"},
    "sub-gap": {"active_rolls_forward"},
    "sub-kind": {"type_is_known"},
    "sub-month": {"date_in_month"},
    "earn-pay": {"payment_has_amount_and_date"},
    "earn-currency": {"currency_is_the_marketplaces"},
    "earn-month": {"date_in_month"},
    **{key: {"has_rows"} for key in ("app-empty", "sub-empty", "earn-empty")},
    "leaf-lost": {"leaves_add_up_to_total"},
    "leaf-unknown": {"leaves_add_up_to_total"},
    "leaf-in-euro": {"leaves_add_up_to_total"},
    "summary": {"leaves_add_up_to_proceeds"},
    **{name: set(told["fails"]) for documents in OWN.values() for name, told in documents.items()},
}


def test_a_document_fails_what_is_wrong_with_it_and_nothing_else(results: Results) -> None:
    assert {name: failed(results, name) for name in results} == {name: EXPECTED.get(name, set()) for name in results}


def test_every_check_is_shown_to_fire(inputs: list[StagedReportInput]) -> None:
    known = {f"{path.parent.name}/{path.stem}" for path in CHECKS.glob("*/*.sql")}
    shown = set()
    for each in inputs:
        of = {check.name: check.id for check in family_checks(each.reading.family)}
        shown |= {of[name] for name in EXPECTED.get(each.document_id, ())}
    assert shown == known


def test_findings_of_documents_in_files_say_what_they_are(results: Results) -> None:
    for documents in OWN.values():
        for name, told in documents.items():
            found = {check: result.reason for check, result in results[name].items() if result.reason}
            assert {check: reason.message for check, reason in found.items()} == told["fails"]


@pytest.mark.parametrize(
    ("name", "message", "line", "column"),
    [
        ("row-lost", "the reader found 2 rows in the file, and 1 arrived", None, None),
        (
            "two-days-early",
            "1 rows are of 2026-07-30, and 2026-08-01 to 2026-08-31 was asked for, first line 2",
            2,
            "returned_day",
        ),
        ("no-currency", "2 amounts in the column amount_total have no currency, first line 3", 3, "amount_total"),
        ("same-key", "1 keys stand in more than one row, e.g. (2026-08-03, US, A) in lines 2 and 4", 2, None),
        (
            "stock",
            "1 rows whose ending balance is not the starting balance and the movements, first line 3 (CUP): 9 units, not 10",
            3,
            "ending_warehouse_balance",
        ),
        ("leaf-lost", "1 transactions whose leaves are not their total, e.g. B: 9.10, not 8.55 USD", 3, "leaf_amount"),
        (
            "sub-gap",
            "1 days do not follow from the day before, first line 3: 2026-08-02 Amazon.com s paid: 7 active, and 5 + 2 - 1 is 6",
            3,
            "Active",
        ),
        ("app-currency", "1 rows of Amazon.com are in CAD, first line 2", 2, "Marketplace Currency"),
        (
            "app-twice",
            "1 transactions stand in more than one row, e.g. i / 1 / Charge in lines 2 and 3",
            2,
            "Invoice Id",
        ),
        (
            "vat",
            "1 rows whose gross is not net and tax, first line 2: 11.91 EUR, not 11.90",
            2,
            "total_activity_value_amt_vat_incl",
        ),
    ],
)
def test_findings_say_where_and_what(
    results: Results, name: str, message: str, line: int | None, column: str | None
) -> None:
    (reason,) = [result.reason for result in results[name].values() if result.reason]
    assert (reason.message, reason.line, reason.column) == (message, line, column)


def test_what_amazon_writes_passes(tmp_path: Path) -> None:
    """Every golden file, all families in one run."""
    inputs = []
    for path in sorted(GOLDEN.iterdir()):
        if path.name.endswith(".expected.json"):
            continue
        rows = tmp_path / f"{path.name}.parquet"
        read = stage_report(path, document_id=path.name, target=rows)
        inputs.append(StagedReportInput(path.name, rows, read))
    found = by_name(check_documents(inputs, docs_dir=None))
    assert {read.reading.family for read in inputs} == set(FAMILIES)
    blocking = {
        (name, check): result.reason
        for name, of_one in found.items()
        for check, result in of_one.items()
        if result.severity is Severity.BLOCKING and not result.passed
    }
    assert blocking == {}
    warned = {name: failed(found, name) for name in found if failed(found, name)}
    assert warned == EXPECTED_OF_GOLDEN


def test_checks_of_a_folder_belong_to_a_family() -> None:
    folders = {path.name for path in CHECKS.iterdir() if path.is_dir()}
    assert folders - {OF_ALL_FAMILIES} <= set(FAMILIES)


def test_a_changed_check_has_a_new_suite_version() -> None:
    checks = {check.id: check for name in FAMILIES for check in family_checks(name)}
    now = {}
    for of, known in SUITES[REPORT_SUITE_VERSION].items():
        own = [check for _, check in sorted(checks.items()) if check.of == of]
        said = [(check.name, check.severity.value, check.code.value, check.select) for check in own]
        now[of] = hashlib.sha256(repr(said).encode()).hexdigest()[:16]
        assert now[of] == known, f"{of}: raise REPORT_SUITE_VERSION, and write down the digests of all folders"
