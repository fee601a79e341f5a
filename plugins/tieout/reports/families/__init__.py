"""Every report family that Tieout reads. `docs/adding-a-report-family.md` tells how one is added."""

from __future__ import annotations

from tieout.reports.families import (
    date_range,
    fba_returns,
    fee_preview,
    gst_b2b,
    gst_b2c,
    ledger_detail,
    ledger_summary,
    long_term_storage_fees,
    orders,
    overage_fees,
    reimbursements,
    returns,
    seller_performance,
    storage_fees,
    vat_tax,
    vat_transactions,
)
from tieout.reports.family import Family

FAMILIES: dict[str, Family] = {
    each.name: each
    for each in (
        orders.FAMILY,
        date_range.FAMILY,
        vat_transactions.FAMILY,
        fba_returns.FAMILY,
        returns.FAMILY,
        reimbursements.FAMILY,
        fee_preview.FAMILY,
        storage_fees.FAMILY,
        long_term_storage_fees.FAMILY,
        overage_fees.FAMILY,
        ledger_summary.FAMILY,
        ledger_detail.FAMILY,
        vat_tax.FAMILY,
        gst_b2c.FAMILY,
        gst_b2b.FAMILY,
        seller_performance.FAMILY,
    )
}
"""By name."""
