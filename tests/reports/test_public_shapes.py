"""Small files after what users of Amazon have met: a zero without a currency, text above a header, names in brackets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.reports.rendering import V2, Line, Settlement, Style, render
from tieout.check import check_file
from tieout.documents import ReasonCode, ReportReading, Severity
from tieout.quality.checking import check_documents
from tieout.quality.reports import StagedReportInput
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.family import Format, Kind
from tieout.reports.report import SETTLEMENT, recognise, stage_report

ORDERS = (
    "amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tsku\tasin\tquantity\tcurrency\titem-price\t"
    "vat-exclusive-item-price\n"
)
SALES = (
    "Marketplace,Invoice ID,Transaction ID,Transaction Time,Transaction Type,Adjustment,ASIN,Vendor SKU,Item Type,Units,"
    "Marketplace Currency,Sales Price (Marketplace Currency),Estimated Earnings (Marketplace Currency)\n"
)
POSTED = dt.datetime(2026, 7, 18, 7, 26, 32, tzinfo=dt.UTC)


def stage(folder: Path, text: str | bytes) -> tuple[ReportReading, list[dict[str, Any]]]:
    path, target = folder / "report.txt", folder / "rows.parquet"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    reading = stage_report(path, document_id="d", target=target)
    return reading, pq.read_table(target).to_pylist()


def refused(folder: Path, text: str) -> str:
    with pytest.raises(Refused) as caught:
        stage(folder, text)
    assert caught.value.reason.code is ReasonCode.UNKNOWN_LAYOUT, caught.value
    return caught.value.reason.message


def order(currency: str, price: str, net: str) -> str:
    return f"1\t2025-05-04T19:35:21+00:00\t2025-05-04T19:38:46+00:00\tCancelled\tS\tB0\t0\t{currency}\t{price}\t{net}\n"


@pytest.mark.parametrize("zero", ["0.00", "0", "-0.00"])
def test_a_zero_needs_no_currency(tmp_path: Path, zero: str) -> None:
    """A cancelled order has an amount of 0.00 and no currency."""
    _, rows = stage(tmp_path, ORDERS + order("", "", zero) + order("GBP", "12.00", "10.00"))
    assert [(row["currency"], row["item_price"], row["vat_exclusive_item_price"]) for row in rows] == [
        (None, None, Decimal("0.00")),
        ("GBP", Decimal("12.00"), Decimal("10.00")),
    ]


def test_any_other_amount_needs_one(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"line 2, column vat-exclusive-item-price: '0.01' is an amount without a currency"
    ):
        stage(tmp_path, ORDERS + order("", "", "0.01"))


def test_a_zero_without_a_currency_passes_the_checks(tmp_path: Path) -> None:
    reading, _ = stage(tmp_path, ORDERS + order("", "0.00", "0.00"))
    (results,) = check_documents([StagedReportInput("d", tmp_path / "rows.parquet", reading)], docs_dir=None).values()
    failed = {each.check: each.reason for each in results if not each.passed}
    assert failed == {}


def test_a_transfer_of_stock_in_a_vat_report_has_no_currency(tmp_path: Path) -> None:
    header = (
        "UNIQUE_ACCOUNT_IDENTIFIER\tACTIVITY_PERIOD\tTRANSACTION_TYPE\tTRANSACTION_EVENT_ID\tQTY\t"
        "TOTAL_ACTIVITY_VALUE_AMT_VAT_INCL\tTRANSACTION_CURRENCY_CODE\n"
    )
    _, rows = stage(
        tmp_path, f"{header}A1\t2026-JUL\tFC_TRANSFER\tE1\t1\t0.00\t\nA1\t2026-JUL\tSALE\tE2\t1\t9.99\tEUR\n"
    )
    column = "total_activity_value_amt_vat_incl"
    assert [(row[column], row["transaction_currency_code"]) for row in rows] == [
        (Decimal("0.00"), None), (Decimal("9.99"), "EUR"),
    ]  # fmt: skip


def test_dashes_are_no_currency(tmp_path: Path) -> None:
    header = "sku\tfnsku\tyour-price\tcurrency\testimated-fee-total\n"
    _, (row,) = stage(tmp_path, f"{header}S\tF\t--\t--\t--\n")
    assert (row["currency"], row["your_price"]) == (None, None)


def sale(marketplace: str, time: str, currency: str) -> str:
    return f"{marketplace},I1,1,{time},Charge,No,B0AAAAAAAA,s1,Subscription,1,{currency},9.99,6.99\n"


@pytest.mark.parametrize(
    ("marketplace", "time", "currency", "at"),
    [
        ("Amazon.de", "2026-04-15 12:34:56 UTC", "EUR", "2026-04-15T12:34:56"),
        ("Amazon.com", "2026-04-15 12:34:56 EST", "USD", "2026-04-15T17:34:56"),
        ("Amazon.com.mx", "2026-04-15 12:34:56 CST", "MXN", "2026-04-15T18:34:56"),
        ("Amazon.ca", "2026-04-15 12:34:56 EDT", "CAD", "2026-04-15T16:34:56"),
        # the marketplace's own zone is its wall clock, as before
        ("Amazon.com", "2026-04-15 12:34:56 PST", "USD", "2026-04-15T19:34:56"),
    ],
)
def test_names_of_the_appstore_with_brackets(
    tmp_path: Path, marketplace: str, time: str, currency: str, at: str
) -> None:
    reading, (row,) = stage(tmp_path, SALES + sale(marketplace, time, currency))
    assert (row["sales_price"], row["estimated_earnings"]) == (Decimal("9.99"), Decimal("6.99"))
    assert (row["marketplace_currency"], row["transaction_at"].isoformat()[:19]) == (currency, at)
    assert (reading.family, reading.unknown_columns) == ("appstore_sales", ())


def test_the_status_of_a_subscription_says_which_it_may_be(tmp_path: Path) -> None:
    header = SALES.replace(",Units", ",In-App Subscription Status (Trial / Paid),Units")
    _, (row,) = stage(
        tmp_path, header + sale("Amazon.de", "2026-04-15 12:34:56 UTC", "EUR").replace(",1,EUR", ",PAID,1,EUR")
    )
    assert (row["in_app_subscription_status"], row["units"]) == ("PAID", 1)


def test_brackets_that_name_another_currency_are_another_column(tmp_path: Path) -> None:
    """An amount in dollars is not the marketplace's amount, whatever else its column is called."""
    header = SALES.replace("Sales Price (Marketplace Currency)", "Sales Price (USD)")
    reading, (row,) = stage(tmp_path, header + sale("Amazon.de", "2026-04-15 12:34:56 UTC", "EUR"))
    assert (row["sales_price"], row["extra"]) == (None, '{"Sales Price (USD)": "9.99"}')
    assert reading.unknown_columns == ("Sales Price (USD)",)


def test_brackets_of_a_time_name_its_zone(tmp_path: Path) -> None:
    header = SALES.replace("Transaction Time", "Transaction Time (UTC)")
    _, (row,) = stage(tmp_path, header + sale("Amazon.com", "2026-04-15 12:34:56", "USD"))
    assert row["transaction_at"].isoformat() == "2026-04-15T12:34:56+00:00"


def test_advice_for_the_appstore_does_not_speak_of_seller_central(tmp_path: Path) -> None:
    message = refused(tmp_path, SALES.replace("Estimated Earnings", "Einnahmen") + sale("Amazon.de", "", "EUR"))
    assert "this seems to be an Appstore sales report, but lacks the column estimated_earnings" in message
    assert "Seller Central" not in message
    assert "Developer Console" in message


def test_dots_in_a_time(tmp_path: Path) -> None:
    header = "data/ora,tipo,vendite,commissioni di vendita,totale\n"
    text = f'"Tutti gli importi sono in EUR"\n{header}3 mag 2021 22.13.05 GMT+00:00,Ordine,1.50,-0.50,1.00\n'
    _, (row,) = stage(tmp_path, text)
    assert row["posted_at"].isoformat() == "2021-05-03T22:13:05+00:00"


def test_dots_in_one_time_and_colons_in_another(tmp_path: Path) -> None:
    header = "date/time,type,product sales,selling fees,total\n"
    rows = "3 May 2021 22:13:05 UTC,Order,1.50,-0.50,1.00\n3 May 2021 22.13.06 UTC,Order,1.50,-0.50,1.00\n"
    with pytest.raises(Refused, match=r"line 4, column date/time: .* is a time with dots, unlike those before it"):
        stage(tmp_path, f'"All amounts in EUR"\n{header}{rows}')


@pytest.mark.parametrize(
    ("header", "title"),
    [
        (
            "sku\tfnsku\tasin\tproduct-name\tcondition\tyour-price\tmfn-listing-exists\tmfn-fulfillable-quantity\t"
            "afn-listing-exists\tafn-warehouse-quantity\tafn-fulfillable-quantity\tafn-unsellable-quantity",
            "an FBA inventory report",
        ),
        (
            "snapshot-date\tsku\tfnsku\tasin\tproduct-name\tcondition\tavailable\tpending-removal-quantity\t"
            "inv-age-0-to-90-days\tcurrency\tunits-shipped-t7\testimated-storage-cost-next-month",
            "an FBA inventory planning report",
        ),
        ("seller-sku\tfulfillment-channel-sku\tasin\tcondition-type\tWarehouse-Condition-code\tQuantity Available",
         "an FBA inventory report"),
    ],
)  # fmt: skip
def test_a_report_that_is_not_read_is_named(tmp_path: Path, header: str, title: str) -> None:
    message = refused(tmp_path, f"{header}\n" + "\t".join("1" for _ in header.split("\t")) + "\n")
    assert f"line 1: this is {title}, which Tieout does not read. Tieout reads settlements" in message
    assert all(
        family.title in message for family in FAMILIES.values() if family.question is None and not family.read_json
    )


def test_a_few_common_columns_are_no_ground_for_a_guess(tmp_path: Path) -> None:
    names = ["sku", "fnsku", "asin", "your-price", *(f"new-{number}" for number in range(12))]
    message = refused(tmp_path, "\t".join(names) + "\n" + "\t".join("1" for _ in names) + "\n")
    assert "seems to be" not in message
    assert "Tieout reads settlements" in message


def test_the_check_by_hand_names_it_as_the_import_does(tmp_path: Path) -> None:
    path = tmp_path / "inventory.txt"
    path.write_text("sku\tafn-listing-exists\tafn-fulfillable-quantity\n1\tYes\t3\n")
    (verdict,) = check_file(path)
    with pytest.raises(Refused) as caught:
        recognise(path, file_name=str(path))
    assert verdict.reason == f"unknown_layout: {caught.value.reason.message}"


def settlement_file(amount: str = "125.50") -> bytes:
    return render([Settlement((Line(Decimal(amount), POSTED),), currency="SGD")])


ABOVE = [
    b"Amazon Payments Singapore Private Limited\n\n\n",
    b"Amazon Payments Singapore Private Limited\r\n",
    b"\n\n",
    "Amazon Payments Europe s.c.a.\nRégion: Zürich\n".encode(),
]


@pytest.mark.parametrize("above", ABOVE)
def test_text_above_the_header_of_a_settlement(tmp_path: Path, above: bytes) -> None:
    path = tmp_path / "s"
    path.write_bytes(above + settlement_file())
    (verdict,) = check_file(path)
    assert (verdict.verdict, verdict.currency, verdict.control_total) == ("tied_out", "SGD", "125.50")
    assert recognise(path) == SETTLEMENT


@pytest.mark.usefixtures("small_blocks")
def test_text_above_the_header_in_another_block(tmp_path: Path) -> None:
    path = tmp_path / "s"
    path.write_bytes(b"Amazon Payments Singapore Private Limited, 1 Marina Boulevard\n" * 9 + settlement_file())
    (verdict,) = check_file(path)
    assert (verdict.verdict, verdict.lines) == ("tied_out", "1")


def test_a_line_of_the_settlement_above_its_header_is_damage(tmp_path: Path) -> None:
    """A line must not be lost because it was moved."""
    header, summary, line = settlement_file().splitlines(keepends=True)
    path = tmp_path / "s"
    path.write_bytes(line + header + summary + line)
    (verdict,) = check_file(path)
    assert verdict.reason is not None
    assert verdict.reason.startswith(f"damaged_file: {path}, line 1: the line stands above the header and has ")


@pytest.mark.parametrize("lost", ["total-amount", "deposit-date", "amount", "currency"])
def test_the_check_by_hand_and_the_import_agree(tmp_path: Path, lost: str) -> None:
    """What the import calls a settlement, the check refuses as one, and the other way round."""
    style = Style(columns=[name for name in V2 if name != lost])
    path = tmp_path / "s"
    path.write_bytes(b"Amazon Payments UK Limited\n" + render([Settlement((Line(Decimal("1.00"), POSTED),))], style))
    assert recognise(path) == SETTLEMENT
    (verdict,) = check_file(path)
    assert lost == "deposit-date" or f"lacks the column {lost}" in (verdict.reason or "")


@pytest.mark.parametrize(
    ("family", "header", "row"),
    [
        ("orders", "amazon-order-id\tpurchase-date\torder-status\titem-price\tcurrency",
         "1\t2026-07-01T00:00:00Z\tShipped\t9.99\tEUR"),
        ("fba_returns", "return-date\torder-id\tdetailed-disposition", "2026-07-01T00:00:00Z\t1\tSELLABLE"),
        ("reimbursements", "approval-date\treimbursement-id\tamount-total\tcurrency-unit", "2026-07-01T00:00:00Z\t1\t5.00\tUSD"),
        ("removal_orders", "request-date\torder-id\trequested-quantity\tdisposed-quantity\tremoval-fee\tcurrency",
         "2026-07-01T00:00:00Z\t1\t2\t2\t0.50\tUSD"),
        ("storage_fees", "fnsku\tmonth_of_charge\testimated_monthly_storage_fee\tcurrency", "F\t2026-07\t0.0419\tUSD"),
        ("fee_preview", "sku\tfnsku\tyour-price\testimated-fee-total\tcurrency", "S\tF\t9.99\t3.00\tEUR"),
        ("vat_transactions",
         "UNIQUE_ACCOUNT_IDENTIFIER\tACTIVITY_PERIOD\tTRANSACTION_TYPE\tTRANSACTION_EVENT_ID\tTRANSACTION_CURRENCY_CODE",
         "A\t2026-JUL\tSALE\tE\tEUR"),
        ("ledger_detail", "Date\tFNSKU\tMSKU\tEvent Type\tQuantity", "07/01/2026\tF\tM\tReceipts\t3"),
        ("returns", "Order ID\tReturn request date\tAmazon RMA ID", "1\t29-Jun-2026\tR"),
    ],
)  # fmt: skip
def test_only_columns_without_which_a_report_cannot_be_loaded_are_required(
    tmp_path: Path, family: str, header: str, row: str
) -> None:
    """Amazon's set of columns differs from account to account."""
    reading, rows = stage(tmp_path, f"{header}\n{row}\n")
    assert (reading.family, len(rows)) == (family, 1)
    (results,) = check_documents([StagedReportInput("d", tmp_path / "rows.parquet", reading)], docs_dir=None).values()
    assert [each.reason for each in results if not each.passed and each.severity is Severity.BLOCKING] == []


CELLS = {
    Kind.TEXT: "x", Kind.MONEY: "0.00", Kind.CURRENCY: "", Kind.WHOLE: "0", Kind.DECIMAL: "0", Kind.FLAG: "No",
    Kind.INSTANT: "2026-07-13T00:00:00Z", Kind.DAY: "2026-07-13",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, family in FAMILIES.items() if family.format is not Format.JSON])
def test_zeros_without_a_currency_refuse_no_family(tmp_path: Path, name: str) -> None:
    family = FAMILIES[name]
    columns = [each for each in family.columns if each.kind is not Kind.CURRENCY or each.name not in family.filled]
    assert {each.name for each in family.columns} - {each.name for each in columns} <= {"marketplace_currency"}
    columns += [each for each in family.columns if each not in columns]
    cells = [
        "EUR" if each.name in family.filled and each.kind is Kind.CURRENCY else CELLS[each.kind] for each in columns
    ]
    by = "," if family.format is Format.CSV else "\t"
    reading, (row,) = stage(tmp_path, f"{by.join(each.name for each in columns)}\n{by.join(cells)}\n")
    assert reading.family == name
    assert {row[each.name] for each in columns if each.kind is Kind.MONEY} <= {Decimal(0)}
