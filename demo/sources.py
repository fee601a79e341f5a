"""Every source beside settlements against the simulated Amazon's own books: at the grain of its key, to the cent and the unit."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from demo.layout import HISTORY_DAYS, LAST_BUSINESS_DAY

COMPARED_FROM = dt.date.fromisoformat(LAST_BUSINESS_DAY) - dt.timedelta(days=HISTORY_DAYS - 2)
COMPARED_UNTIL = dt.date.fromisoformat(LAST_BUSINESS_DAY) - dt.timedelta(days=1)
"""The first and the last days that the demo asks for are not whole in every time zone."""

MONEY = "DECIMAL(18,2)"
FINE = "DECIMAL(38,10)"
COUNT = "BIGINT"
DAY = "DATE"
TEXT = "VARCHAR"
INSTANT = "TIMESTAMPTZ"


@dataclass(frozen=True)
class Source:
    """What of a source is compared.

    :param columns: by column of the core table: the name in the truth, and the type.
    :param dated: the day of a row, in the truth and in the core table; None for a snapshot, of which the latest counts.
    :param whole_months: the report is of calendar months that are over; `dated` is then any day of the month.
    :param snapshot_day: of a snapshot, the column with its day.
    :param only: which rows the truth tells of, as SQL.
    :param one_by_one: the column with what is asked for one by one: what was not asked for is not compared.
    """

    table: str
    columns: dict[str, tuple[str, str]]
    dated: tuple[str, str] | None
    whole_months: bool = False
    snapshot_day: str = "as_of_day"
    one_by_one: str | None = None
    only: str = "TRUE"


def _same(kind: str, *names: str) -> dict[str, tuple[str, str]]:
    return {name: (name, kind) for name in names}


_BOOKS = "Amazon's books"
_DATES = {"at", "last_updated_at", "posted_at", "approved_at", "returned_at", "start_at", "created_at"}
"""What the truth dates rows by, besides what is compared."""
_INDIA = "CAST(CAST({0} AS TIMESTAMPTZ) + INTERVAL 330 MINUTE AS DATE)"
_GST = {
    **_same(TEXT, "transaction_type", "invoice_number", "order_id", "shipment_item_id", "credit_note_no", "currency"),
    **_same(COUNT, "quantity"),
    **_same(MONEY, "invoice_amount", "tax_exclusive_gross", "cgst_tax", "sgst_tax", "igst_tax"),
    "total_tax": ("total_tax_amount", MONEY),
}
SOURCES: dict[str, Source] = {
    "orders": Source(
        "core.order_item",
        {
            "order_id": ("amazon_order_id", TEXT),
            **_same(TEXT, "sku", "asin", "order_status", "currency"),
            **_same(COUNT, "quantity"),
            **_same(MONEY, "item_price", "item_tax"),
        },
        ("CAST(last_updated_at AS TIMESTAMPTZ)", "last_updated_at"),
    ),
    "date_range": Source(
        "core.date_range_line",
        {
            **_same(TEXT, "settlement_id", "order_id", "sku", "currency"),
            **_same(COUNT, "quantity"),
            **_same(MONEY, "total"),
            **_same(INSTANT, "posted_at"),
        },
        ("CAST(posted_at AS TIMESTAMPTZ)", "posted_at"),
    ),
    "deferred_transactions": Source(
        "core.deferred_transaction",
        {
            **_same(TEXT, "settlement_id", "order_id", "sku", "currency"),
            **_same(COUNT, "quantity"),
            **_same(MONEY, "total"),
            **_same(INSTANT, "posted_at"),
        },
        None,
    ),
    "vat_transactions": Source(
        "core.vat_transaction",
        {
            **_same(TEXT, "activity_period", "transaction_type", "transaction_event_id", "activity_transaction_id"),
            "sku": ("seller_sku", TEXT),
            **_same(TEXT, "departure_country", "arrival_country"),
            "completed_on": ("transaction_complete_date", DAY),
            "quantity": ("qty", COUNT),
            "currency": ("transaction_currency_code", TEXT),
            "amount_excl_vat": ("total_activity_value_amt_vat_excl", MONEY),
            "vat_amount": ("total_activity_value_vat_amt", MONEY),
            "amount_incl_vat": ("total_activity_value_amt_vat_incl", MONEY),
        },
        ("CAST(strptime(activity_period, '%Y-%b') AS DATE)", "month"),
        whole_months=True,
    ),
    "fba_returns": Source(
        "core.fba_return",
        {
            **_same(TEXT, "order_id", "sku", "fnsku", "license_plate_number", "reason", "status"),
            "disposition": ("detailed_disposition", TEXT),
            **_same(COUNT, "quantity"),
            **_same(INSTANT, "returned_at"),
        },
        ("CAST(returned_at AS TIMESTAMPTZ)", "returned_at"),
    ),
    "returns": Source(
        "core.seller_return",
        {
            **_same(TEXT, "order_id", "amazon_rma_id"),
            "sku": ("merchant_sku", TEXT),
            "requested_on": ("return_request_date", DAY),
            "quantity": ("return_quantity", COUNT),
            "currency": ("currency_code", TEXT),
            **_same(MONEY, "order_amount", "refunded_amount", "label_cost"),
        },
        ("CAST(return_request_date AS DATE)", "requested_on"),
    ),
    "reimbursements": Source(
        "core.reimbursement",
        {
            **_same(TEXT, "reimbursement_id", "sku", "fnsku", "reason"),
            "currency": ("currency_unit", TEXT),
            "amount": ("amount_total", MONEY),
            "quantity_in_cash": ("quantity_reimbursed_cash", COUNT),
            "quantity_in_stock": ("quantity_reimbursed_inventory", COUNT),
        },
        ("CAST(approved_at AS TIMESTAMPTZ)", "approved_at"),
    ),
    "removal_orders": Source(
        "core.removal_order",
        {
            **_same(TEXT, "order_id", "order_type", "order_status", "sku", "fnsku", "disposition"),
            **_same(COUNT, "requested_quantity", "cancelled_quantity", "disposed_quantity", "shipped_quantity"),
            **_same(COUNT, "in_process_quantity"),
            **_same(TEXT, "currency"),
            **_same(MONEY, "removal_fee"),
            **_same(INSTANT, "requested_at", "last_updated_at"),
        },
        ("CAST(requested_at AS TIMESTAMPTZ)", "requested_at"),
    ),
    "fee_preview": Source(
        "core.fee_preview",
        {
            **_same(TEXT, "sku", "fnsku", "currency"),
            **_same(MONEY, "your_price", "estimated_fee_total"),
            "estimated_referral_fee": ("estimated_referral_fee_per_unit", MONEY),
        },
        None,
    ),
    "storage_fees": Source(
        "core.storage_fee",
        {
            **_same(TEXT, "month_of_charge", "asin", "fnsku", "fulfillment_center", "currency"),
            "country": ("country_code", TEXT),
            "estimated_fee": ("estimated_monthly_storage_fee", FINE),
        },
        ("CAST(month_of_charge || '-01' AS DATE)", "CAST(month_of_charge || '-01' AS DATE)"),
        whole_months=True,
    ),
    "long_term_storage_fees": Source(
        "core.long_term_storage_fee",
        {
            "snapshot_on": ("snapshot_day", DAY),
            **_same(TEXT, "sku", "fnsku", "country", "currency"),
            "age_tier": ("surcharge_age_tier", TEXT),
            "quantity": ("qty_charged", COUNT),
            "amount": ("amount_charged", FINE),
        },
        ("CAST(snapshot_day AS DATE)", "snapshot_on"),
    ),
    "overage_fees": Source(
        "core.overage_fee",
        {
            "charged_on": ("charged_date", DAY),
            "country": ("country_code", TEXT),
            **_same(TEXT, "storage_type"),
            "currency": ("currency_code", TEXT),
            "amount": ("charged_fee_amount", FINE),
        },
        ("CAST(charged_date AS DATE)", "charged_on"),
    ),
    "ledger_summary": Source(
        "core.stock_day",
        {
            "day": ("date", DAY),
            "sku": ("msku", TEXT),
            **_same(TEXT, "fnsku", "disposition", "location"),
            "starting_balance": ("starting_warehouse_balance", COUNT),
            **_same(COUNT, "receipts", "customer_shipments", "customer_returns", "found", "lost", "damaged"),
            "ending_balance": ("ending_warehouse_balance", COUNT),
        },
        ("CAST(date AS DATE)", "day"),
    ),
    "ledger_detail": Source(
        "core.stock_movement",
        {
            "day": ("date", DAY),
            "sku": ("msku", TEXT),
            **_same(TEXT, "fnsku", "event_type", "reference_id", "fulfillment_center", "disposition", "reason"),
            **_same(COUNT, "quantity"),
        },
        ("CAST(date AS DATE)", "day"),
    ),
    "vat_tax": Source(
        "core.vat_tax_line",
        {
            **_same(TEXT, "transaction_type", "transaction_id", "order_id", "shipment_id", "sku", "currency"),
            "calculated_on": ("tax_calculation_date", DAY),
            **_same(COUNT, "quantity"),
            "item_excl_tax": ("our_price_tax_exclusive_selling_price", MONEY),
            "item_tax": ("our_price_tax_amount", MONEY),
        },
        ("CAST(tax_calculation_date AS DATE)", "calculated_on"),
    ),
    "gst_b2c": Source("core.gst_b2c_line", _GST, (_INDIA.format('"at"'), "invoiced_on")),
    "gst_b2b": Source("core.gst_b2b_line", _GST, (_INDIA.format('"at"'), "invoiced_on")),
    "seller_performance": Source(
        "core.account_health",
        {
            **_same(TEXT, "marketplace_id", "metric", "fulfillment_channel", "status", "account_status"),
            **_same(COUNT, "order_count", "orders_with_defects"),
            **_same(FINE, "rate"),
        },
        None,
        only="metric = 'orderDefectRate' OR metric SIMILAR TO '.*(Complaints|Violations|Issues)'",
    ),
    "event_groups": Source(
        "core.event_group",
        {**_same(TEXT, "event_group_id", "processing_status", "currency"), **_same(MONEY, "original_total")},
        ("CAST(start_at AS TIMESTAMPTZ)", "start_at"),
        only="processing_status = 'Closed' AND original_total IS NOT NULL",  # some have none, and so no currency
    ),
    "transactions": Source(
        "core.transaction_leaf",
        {
            **_same(TEXT, "transaction_id", "transaction_type", "transaction_status", "sku", "currency", "leaf_path"),
            "amount": ("leaf_amount", MONEY),
        },
        ("CAST(posted_at AS TIMESTAMPTZ)", "posted_at"),
    ),
    "balances": Source(
        "core.balance",
        {**_same(TEXT, "account_type", "marketplace_id", "balance_type", "currency"), **_same(MONEY, "amount")},
        None,
        snapshot_day="day",
    ),
    "summaries": Source(
        "core.settlement_summary",
        {**_same(TEXT, "settlement_id", "currency"), **_same(MONEY, "net_proceeds")},
        None,
        one_by_one="settlement_id",
    ),
    "payouts": Source(
        "core.payout",
        {**_same(TEXT, "payout_id", "settlement_id", "status", "currency"), **_same(MONEY, "amount")},
        ("CAST(created_at AS TIMESTAMPTZ)", "created_at"),
    ),
}


@dataclass(frozen=True)
class Compared:
    """How a source compares."""

    source: str
    equal: int
    wrong: tuple[str, ...]
    """A line each: what only the simulated Amazon, or only the warehouse has."""


def compare_sources(
    warehouse: Path, truth: dict[str, list[dict[str, Any]]], since: dt.date, until: dt.date
) -> list[Compared]:
    """Compare every source with the truth.

    :param truth: the rows of each source, as the simulated Amazon's `/simulator/truth` tells them.
    :param since: the first day that is compared; whole months are compared from the month before it.
    :param until: the day after the last one that is compared.
    """
    found = []
    with duckdb.connect() as connection, tempfile.TemporaryDirectory(prefix="tieout-truth-") as folder:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"ATTACH '{warehouse}' AS warehouse (READ_ONLY)")
        for name, source in SOURCES.items():
            found.append(_compare(connection, name, source, truth[name], since, until, Path(folder)))
    return found


def _compare(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: Source,
    rows: list[dict[str, Any]],
    since: dt.date,
    until: dt.date,
    folder: Path,
) -> Compared:
    columns = {"account": ("account", TEXT), **source.columns}
    names = {old for old, _ in columns.values()} | _DATES
    texts = [{each: None if row.get(each) is None else str(row[each]) for each in names} for row in rows]
    path = folder / f"{name}.json"
    path.write_text(json.dumps(texts), encoding="utf-8")
    told = ", ".join(f'CAST("{old}" AS {kind}) AS {new}' for new, (old, kind) in columns.items())
    known = ", ".join(f"CAST({new} AS {kind}) AS {new}" for new, (_, kind) in columns.items())
    types = ", ".join(f"'{each}': 'VARCHAR'" for each in sorted(names))
    of_truth, of_warehouse = _scope(source, since, until)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE told AS SELECT {'DISTINCT ' if source.one_by_one else ''}{told} "
        f"FROM read_json('{path}', columns = {{{types}}}) WHERE ({source.only}) AND {of_truth}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE known AS SELECT {known} FROM warehouse.{source.table} AS w "
        f"WHERE ({source.only}) AND {of_warehouse}"
    )
    wrong = []
    for only, one, other in ((_BOOKS, "told", "known"), ("the warehouse", "known", "told")):
        for row in connection.execute(f"FROM {one} EXCEPT ALL FROM {other} ORDER BY ALL").fetchall():
            wrong.append(f"{name}: only in {only}: {', '.join(str(each) for each in row)}")
    total = connection.execute("SELECT count(*) FROM told").fetchall()[0][0]
    if source.one_by_one and rows and not total:
        wrong.append(f"{name}: nothing of it is in the warehouse")
    missing = sum(line.startswith(f"{name}: only in {_BOOKS}") for line in wrong)
    return Compared(name, total - missing, tuple(wrong))


def _scope(source: Source, since: dt.date, until: dt.date) -> tuple[str, str]:
    """Which rows of the truth and of the core table are compared, as SQL."""
    table = f"warehouse.{source.table}"
    if source.one_by_one:
        return f"{source.one_by_one} IN (SELECT {source.one_by_one} FROM {table})", "TRUE"
    if source.dated is None:
        latest = f"SELECT max(l.{source.snapshot_day}) FROM {table} AS l WHERE l.account = w.account"
        return "TRUE", f"{source.snapshot_day} = ({latest})"
    if source.whole_months:
        since, until = (since.replace(day=1) - dt.timedelta(days=1)).replace(day=1), until.replace(day=1)
    told, known = (f"{each} >= DATE '{since}' AND {each} < DATE '{until}'" for each in source.dated)
    return told, known
