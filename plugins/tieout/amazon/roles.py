"""Which role an application needs for what Tieout asks of Amazon.

Source: Amazon's pages "Role Mappings for SP-API Operations" and "Role Mappings for SP-API Types"
(developer-docs.amazon.com/sp-api/docs/role-mappings, .../role-mappings-for-types), the page of each role there (e.g.
.../finance-and-accounting-role), and the line "Roles" of the pages of report types (.../report-type-values-fba, -payment, -tax).
Any one of the roles of an entry is enough; the first is the one that fits what Tieout does. Pages differ on
GET_VAT_TRANSACTION_DATA and getMarketplaceParticipations: both roles are named.
"""

from __future__ import annotations

FINANCE = "Finance and Accounting"
FULFILLMENT = "Amazon Fulfillment"
TRACKING = "Inventory and Order Tracking"
INSIGHTS = "Selling Partner Insights"
SHIPPING = "Direct-to-Consumer Shipping (Restricted)"
INVOICING = "Tax Invoicing (Restricted)"
REMITTANCE = "Tax Remittance (Restricted)"

_FBA = (FULFILLMENT, TRACKING)
_ORDERS = (TRACKING, FULFILLMENT, SHIPPING)
ROLES: dict[str, tuple[str, ...]] = {
    # operations; getReports and getReportDocument need the role of the report type
    "getMarketplaceParticipations": (INSIGHTS, FINANCE),
    "listFinancialEventGroups": (FINANCE,),
    "listTransactions": (FINANCE,),
    "listBalances": (FINANCE,),
    "listSummary": (FINANCE,),
    "listPayouts": (FINANCE,),
    # report types
    "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2": (FINANCE,),
    "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA": (FINANCE,),
    "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA": (FINANCE,),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": _ORDERS,
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": _ORDERS,
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": (SHIPPING,),
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": _FBA,
    "GET_FBA_REIMBURSEMENTS_DATA": _FBA,
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA": _FBA,
    "GET_FBA_STORAGE_FEE_CHARGES_DATA": _FBA,
    "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA": _FBA,
    "GET_FBA_OVERAGE_FEE_CHARGES_DATA": _FBA,
    "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA": _FBA,
    "GET_LEDGER_SUMMARY_VIEW_DATA": _FBA,
    "GET_LEDGER_DETAIL_VIEW_DATA": _FBA,
    "GET_V2_SELLER_PERFORMANCE_REPORT": (INSIGHTS,),
    "GET_VAT_TRANSACTION_DATA": (REMITTANCE, FINANCE),
    "SC_VAT_TAX_REPORT": (REMITTANCE, INVOICING),
    "GET_GST_MTR_B2B_CUSTOM": (REMITTANCE,),
    "GET_GST_MTR_B2C_CUSTOM": (REMITTANCE,),
}
"""By operation or report type."""


def roles_of(name: str) -> tuple[str, ...]:
    """Return the roles of which an operation or a report type needs one; none if they are not known."""
    return ROLES.get(name, ())


def advice(name: str) -> str:
    """Return what to do when Amazon denies an operation or a report type."""
    roles = roles_of(name)
    if not roles:
        return "Look up the role that it needs in Amazon's page 'Role Mappings', and give it to the application."
    named = " or ".join(roles)
    return (
        f"Give the application the role {named}: in the Developer Console edit the developer profile and the app, then let the"
        " seller authorize the application again."
    )
