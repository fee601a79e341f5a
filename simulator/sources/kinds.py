"""Every kind of report that can be asked for: how it is made, and what Amazon refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.sources import (
    date_range,
    deferred,
    fees,
    orders,
    performance,
    reimbursements,
    removal_orders,
    returns,
    stock,
    tax_europe,
    tax_india,
)
from simulator.sources.files import Ask, File

NEAR_REAL_TIME, DAILY, FEE_PREVIEW = dt.timedelta(minutes=30), dt.timedelta(hours=4), dt.timedelta(days=1)
"""How often FBA reports are made at most: those that are updated in near-real time, daily, and the fee preview."""


@dataclass(frozen=True)
class Kind:
    """One type of report.

    :param write: makes the file.
    :param longest: the longest window; a longer one ends as FATAL.
    :param refuse: says why a report ends as FATAL, in Amazon's words; None if it does not.
    :param restricted: whether its document is given for a restricted data token only.
    :param made_every: whoever asks for another one earlier gets a report that is not made; none: there is no such limit.
    :param by_hand: of what can only be made in Seller Central, the number that the refusal of a request names it by.
    :param options: by name of a report option, what it may be, its default first; none: any text, and all without it.
    :param kept: how long it is listed.
    """

    write: Callable[[Ask], File]
    longest: dt.timedelta | None = None
    refuse: Callable[[Ask], str | None] = lambda ask: None
    restricted: bool = False
    made_every: dt.timedelta | None = None
    by_hand: str | None = None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: dt.timedelta = dt.timedelta(days=90)

    def wrong_option(self, options: Mapping[str, str]) -> str | None:
        """What is wrong with the options of a request; None if nothing is."""
        for name, value in options.items():
            if name not in self.options:
                return f"Invalid report option {name}"
            if self.options[name] and value not in self.options[name]:
                return f"Invalid value {value} for report option {name}"
        return None

    def with_defaults(self, options: Mapping[str, str]) -> dict[str, str]:
        """The options of a request, and what the others are by default."""
        return {name: values[0] for name, values in self.options.items() if values} | dict(options)

    def refusal(self, ask: Ask) -> str | None:
        """Why the report ends as FATAL; None if it does not."""
        if self.longest is not None and ask.end - ask.start > self.longest:
            return f"Date range exceeded. Report can be requested only upto {self.longest.days} days"
        return self.refuse(ask)


def _days(count: int) -> dt.timedelta:
    return dt.timedelta(days=count)


_PRODUCT: dict[str, tuple[str, ...]] = {"FNSKU": (), "MSKU": (), "ASIN": ()}
_LEDGER_SUMMARY = _PRODUCT | {
    "aggregateByLocation": ("COUNTRY", "FC"),
    "aggregatedByTimePeriod": ("MONTHLY", "WEEKLY", "DAILY"),
}
_EVENTS = ("", "Adjustments", "CustomerReturns", "Receipts", "Shipments", "VendorReturns", "WhseTransfers")
_LEDGER_DETAIL = _PRODUCT | {"eventType": _EVENTS}

KINDS: dict[str, Kind] = {
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL": Kind(orders.by_last_update, _days(30), kept=_days(30)),
    "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_ORDER_DATE_GENERAL": Kind(orders.by_order_date, _days(30), kept=_days(30)),
    "GET_DATE_RANGE_FINANCIAL_TRANSACTION_DATA": Kind(date_range.write, by_hand="1202"),
    "GET_DATE_RANGE_FINANCIAL_HOLDS_DATA": Kind(deferred.write, by_hand="1208"),
    "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA": Kind(returns.write_fba, _days(60), made_every=DAILY),
    "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE": Kind(returns.write, _days(60)),
    "GET_FBA_REIMBURSEMENTS_DATA": Kind(reimbursements.write, _days(60), made_every=DAILY),
    "GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA": Kind(removal_orders.write, _days(31), made_every=NEAR_REAL_TIME),
    "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA": Kind(fees.write_preview, refuse=fees.refuse_preview, made_every=FEE_PREVIEW),
    "GET_FBA_STORAGE_FEE_CHARGES_DATA": Kind(fees.write_storage, _days(31), made_every=DAILY),
    "GET_FBA_FULFILLMENT_LONGTERM_STORAGE_FEE_CHARGES_DATA": Kind(fees.write_long_term, _days(31), made_every=DAILY),
    "GET_FBA_OVERAGE_FEE_CHARGES_DATA": Kind(fees.write_overage, _days(31), made_every=DAILY),
    "GET_VAT_TRANSACTION_DATA": Kind(
        tax_europe.write_transactions, _days(31), refuse=tax_europe.refuse_early, restricted=True
    ),
    "SC_VAT_TAX_REPORT": Kind(tax_europe.write_tax, _days(31), restricted=True),
    "GET_GST_MTR_B2C_CUSTOM": Kind(tax_india.write_consumers, _days(31)),
    "GET_GST_MTR_B2B_CUSTOM": Kind(tax_india.write_businesses, _days(31), restricted=True),
    "GET_V2_SELLER_PERFORMANCE_REPORT": Kind(performance.write),
    "GET_LEDGER_SUMMARY_VIEW_DATA": Kind(stock.write_summary, _days(31), made_every=DAILY, options=_LEDGER_SUMMARY),
    "GET_LEDGER_DETAIL_VIEW_DATA": Kind(stock.write_detail, _days(31), made_every=DAILY, options=_LEDGER_DETAIL),
}
"""By Amazon's name of the type."""
