"""FBA reimbursements: what Amazon paid, in money or in stock, for units lost, damaged or not returned.

Columns: developer-docs.amazon.com/sp-api/docs/fba-payments-reports-attributes. A reimbursement may have several rows (a
row a SKU); a reversal names the one it reverses, and is negative.
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import DAILY_FBA, Family, Format, Obtained, Scope, currency, instant, money, text, whole

FAMILY = Family(
    name="reimbursements",
    title="a report of FBA reimbursements",
    report_types=("GET_FBA_REIMBURSEMENTS_DATA",),
    obtained=Obtained.REQUESTED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    also_in=(Format.CSV,),
    made_every=DAILY_FBA,
    dated_by="approved_day",
    restated_after=(dt.timedelta(days=60),),
    longest_window=dt.timedelta(days=60),
    overlap=dt.timedelta(days=30),
    earliest=dt.timedelta(days=540),
    columns=(
        instant("approved", "approval-date", required=True),
        text("reimbursement_id", required=True),
        text("case_id"),
        text("amazon_order_id"),
        text("reason"),
        text("sku"),
        text("fnsku"),
        text("asin"),
        text("product_name"),
        text("condition"),
        currency("currency_unit"),
        money("amount_per_unit", currency="currency_unit"),
        money("amount_total", currency="currency_unit", required=True),
        whole("quantity_reimbursed_cash"),
        whole("quantity_reimbursed_inventory"),
        whole("quantity_reimbursed_total"),
        text("original_reimbursement_id"),
        text("original_reimbursement_type"),
    ),
    key=("reimbursement_id", "sku", "fnsku", "reason"),
    repeats=True,
    recognised_by=("reimbursement_id", "amount_total"),
    filled=("reimbursement_id", "approved"),
)  # fmt: skip
