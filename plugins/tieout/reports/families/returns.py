"""Returns by return date: what buyers asked to send back to the seller, with labels, refunds and SAFE-T claims.

Columns: developer-docs.amazon.com/sp-api/docs/returns-reports-attributes. At most 60 days a report; a request changes its
status for weeks. Days are written with the month's name (`29-Jun-2026`).
"""

from __future__ import annotations

import datetime as dt

from tieout.reports.family import (
    Family,
    Format,
    Obtained,
    Personal,
    Scope,
    currency,
    day,
    instant,
    money,
    personal,
    text,
    whole,
)

FAMILY = Family(
    name="returns",
    title="a report of returns by return date",
    report_types=("GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE",),
    obtained=Obtained.SCHEDULED,
    scope=Scope.MARKETPLACE,
    format=Format.TSV,
    dated_by="return_request_date",
    restated_after=(dt.timedelta(days=60),),
    longest_window=dt.timedelta(days=60),
    overlap=dt.timedelta(days=45),
    earliest=dt.timedelta(days=540),
    columns=(
        text("order_id", required=True),
        day("order_date"),
        day("return_request_date", required=True),
        text("return_request_status"),
        text("amazon_rma_id", required=True),
        text("merchant_rma_id"),
        text("label_type"),
        money("label_cost", currency="currency_code"),
        currency("currency_code"),
        text("return_carrier"),
        personal("tracking_id", Personal.IDENTIFIER),
        text("label_to_be_paid_by"),
        text("a_to_z_claim"),
        text("is_prime"),
        text("asin"),
        text("merchant_sku"),
        text("item_name"),
        whole("return_quantity"),
        text("return_reason"),
        text("in_policy"),
        text("return_type"),
        text("resolution"),
        text("invoice_number"),
        day("return_delivery_date"),
        money("order_amount", currency="currency_code"),
        whole("order_quantity"),
        personal("safet_action_reason", Personal.FREE_TEXT),
        text("safet_claim_id"),
        text("safet_claim_state"),
        instant("safet_claim_created", "safet claim creation time"),
        money("safet_claim_reimbursement_amount", currency="currency_code"),
        money("refunded_amount", currency="currency_code"),
        text("category"),
    ),
    key=("order_id", "amazon_rma_id", "merchant_sku"),
    repeats=True,
    recognised_by=("amazon_rma_id", "return_request_date"),
    filled=("order_id", "return_request_date"),
)  # fmt: skip
