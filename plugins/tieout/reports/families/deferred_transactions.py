"""Deferred transactions: what Amazon holds back at a point in time, transaction by transaction.

Amazon calls it the Deferred Transaction Report and lists its attributes
(developer-docs.amazon.com/sp-api/docs/report-type-values-payment): the columns of a date-range report in English, with
hyphens, and `ReportType`, `Tax Amount` and `Total Amount`. Seller Central's download has the columns of a date-range report
in the language of the marketplace, so both are read. It cannot be requested (`Request for report type 1208 is not allowed
at this time`; amzn/selling-partner-api-models#5023): a person makes it in Seller Central's Reports Repository.
"""

from __future__ import annotations

from dataclasses import replace

from tieout.reports.families import date_range
from tieout.reports.family import text

FAMILY = replace(
    date_range.FAMILY,
    name="deferred_transactions",
    title="a report of deferred transactions",
    report_types=("GET_DATE_RANGE_FINANCIAL_HOLDS_DATA",),
    dated_by=None,  # its rows are those that are deferred now, whatever their age
    columns=(
        *date_range.COLUMNS,
        text("report_type"),
        date_range.amount("tax_amount"),
        date_range.amount("total_amount"),
    ),
    recognised_by=("report_type", "posted", "selling_fees", "total"),
    same_columns_as="date_range",
)
