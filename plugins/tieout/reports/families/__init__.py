"""Every report family that Tieout reads. `docs/adding-a-report-family.md` tells how one is added."""

from __future__ import annotations

from tieout.reports.families import (
    appstore_earnings,
    appstore_sales,
    appstore_subscriptions,
    balances,
    date_range,
    deferred_transactions,
    event_groups,
    fba_returns,
    fee_preview,
    gst_b2b,
    gst_b2c,
    ledger_detail,
    ledger_summary,
    long_term_storage_fees,
    orders,
    overage_fees,
    payouts,
    reimbursements,
    removal_orders,
    returns,
    seller_performance,
    storage_fees,
    summaries,
    transactions,
    vat_tax,
    vat_transactions,
)
from tieout.reports.family import Family

FAMILIES: dict[str, Family] = {
    each.name: each
    for each in (
        orders.FAMILY,
        date_range.FAMILY,
        deferred_transactions.FAMILY,
        vat_transactions.FAMILY,
        fba_returns.FAMILY,
        returns.FAMILY,
        reimbursements.FAMILY,
        fee_preview.FAMILY,
        storage_fees.FAMILY,
        long_term_storage_fees.FAMILY,
        overage_fees.FAMILY,
        removal_orders.FAMILY,
        ledger_summary.FAMILY,
        ledger_detail.FAMILY,
        vat_tax.FAMILY,
        gst_b2c.FAMILY,
        gst_b2b.FAMILY,
        seller_performance.FAMILY,
        appstore_sales.FAMILY,
        appstore_subscriptions.FAMILY,
        appstore_earnings.FAMILY,
        event_groups.FAMILY,
        transactions.FAMILY,
        balances.FAMILY,
        summaries.FAMILY,
        payouts.FAMILY,
    )
}
"""By name."""

OF_TYPE: dict[str, Family] = {name: family for family in FAMILIES.values() for name in family.report_types}
"""By Amazon's name of the report."""


def is_restricted(report_type: str) -> bool:
    """Whether Amazon gives the documents of a report type for a restricted data token only."""
    family = OF_TYPE.get(report_type)
    return family is not None and family.restricted


def chosen(names: tuple[str, ...] | None) -> list[Family]:
    """Return families by name; None: all.

    :raises ValueError: naming the names that no family has.
    """
    if unknown := sorted(set(names or ()) - FAMILIES.keys()):
        raise ValueError(f"there is no report family {', '.join(unknown)}; there are {', '.join(sorted(FAMILIES))}")
    return [family for name, family in FAMILIES.items() if names is None or name in names]
