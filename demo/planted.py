"""Compare the open exceptions of the warehouse with the defects that were planted in the simulated world: the sets must match."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

Key = tuple[str, ...]
"""What an exception and the defect that causes it have in common: the kind of exception, and what tells it from others."""

OPEN = """
SELECT
  t.kind,
  t.severity,
  t.subject,
  t.account,
  t.settlement_id,
  t.currency,
  CAST(t.amount AS VARCHAR) AS amount,
  d.report_id,
  d.file_name,
  t.message
FROM mart.trouble AS t
LEFT JOIN ops.document AS d ON d.document_id = t.document_id
ORDER BY t.money_rank
"""


def defect_key(defect: dict[str, Any]) -> Key:
    """The exception that a planted defect must cause.

    Raises:
        KeyError: if the simulated world plants a kind of defect that is not known here.
    """
    account = str(defect.get("account"))
    keys: dict[str, Key] = {
        "damaged_document": (
            "document_quarantined", account, Path(str(defect.get("report_id") or defect.get("file_name"))).name,
        ),
        "missing_settlement": ("chain_hole", account, str(defect.get("settlement_id"))),
        "late_deposit": ("deposit_late", account, str(defect.get("settlement_id")), str(defect.get("amount"))),
        "other_summary": ("second_source_differs", account, str(defect.get("settlement_id")), str(defect.get("amount"))),
        "unknown_code": (
            "unknown_fee",
            " / ".join(str(defect.get(name)) for name in ("transaction_type", "amount_type", "description")),
        ),
        "unhealthy_account": ("account_health", account),
        "currency_without_rate": ("exchange_rate_missing", str(defect.get("currency"))),
    }  # fmt: skip
    return keys[defect["defect"]]


def exception_key(row: dict[str, Any]) -> Key:
    """What a defect that causes an open exception would be."""
    kind, account = row["kind"], str(row["account"])
    match kind:
        case "document_quarantined":
            return kind, account, Path(row["report_id"] or row["file_name"] or row["subject"]).name
        case "chain_hole":
            return kind, account, row["settlement_id"]
        case "deposit_late" | "second_source_differs":
            return kind, account, row["settlement_id"], row["amount"]
        case "unknown_fee":
            return kind, row["subject"]
        case "account_health":
            return kind, account
        case "exchange_rate_missing":
            return kind, row["currency"]
    return kind, row["subject"]


def open_exceptions(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The open exceptions, one dictionary each, the most urgent first."""
    found = connection.execute(OPEN)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def compare_planted(
    exceptions: list[dict[str, Any]], planted: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the exceptions that nobody planted, and the planted defects that no exception reports."""
    expected = {defect_key(defect) for defect in planted}
    reported = {exception_key(row) for row in exceptions}
    return (
        [row for row in exceptions if exception_key(row) not in expected],
        [defect for defect in planted if defect_key(defect) not in reported],
    )
