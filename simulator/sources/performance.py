"""Seller performance, version 2: how healthy an account is in each marketplace, as of the beginning of the day.

Shape and names are those of Amazon's schema accountHealthReport-2020-11-18; counts are those of the world's orders.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from simulator.marketplaces import MARKETPLACES
from simulator.sellers import UTF8
from simulator.sources.book import Book
from simulator.sources.chance import number
from simulator.sources.files import Ask, File

SPAN = dt.timedelta(days=60)
"""How far back orders are counted."""
_POLICIES = (
    "listingPolicyViolations", "productAuthenticityCustomerComplaints", "productConditionCustomerComplaints",
    "productSafetyCustomerComplaints", "receivedIntellectualPropertyComplaints",
    "suspectedIntellectualPropertyViolations", "restrictedProductPolicyViolations", "foodAndProductSafetyIssues",
    "otherPolicyViolations",
)  # fmt: skip


@dataclass(frozen=True)
class Defects:
    """The orders of a marketplace and channel, and those that went wrong."""

    country: str
    channel: str
    orders: int
    claims: int
    chargebacks: int

    @property
    def rate(self) -> Decimal:
        """The share that went wrong, with four places."""
        if not self.orders:
            return Decimal("0.0000")
        return (Decimal(self.claims + self.chargebacks) / self.orders).quantize(Decimal("0.0001"))

    @property
    def status(self) -> str:
        """GOOD, BAD, or NONE without orders."""
        return "NONE" if not self.orders else "GOOD" if self.rate < Decimal("0.01") else "BAD"


def as_of(now: dt.datetime) -> dt.datetime:
    """The beginning of an instant's day, UTC."""
    return dt.datetime.combine(now.date(), dt.time(), dt.UTC)


def defects(book: Book, now: dt.datetime) -> list[Defects]:
    """Every marketplace and channel, as of the beginning of the day."""
    end = as_of(now)
    found = []
    for country in book.world.countries(book.seller, now):
        for channel in ("MFN", "AFN"):
            of_channel = [
                event
                for event in book.by_country.get(country, ())
                if event.entry.fulfillment_id == channel and end - SPAN <= event.shown_at < end
            ]
            kinds = [event.entry.transaction_type for event in of_channel]
            found.append(
                Defects(
                    country,
                    channel.lower(),
                    sum(event.is_order and not event.is_multi_channel for event in of_channel),
                    kinds.count("A-to-z Guarantee Refund"),
                    kinds.count("Chargeback Refund"),
                )
            )
    return found


def violations(book: Book, country: str, policy: str) -> int:
    """How many a marketplace counts of a policy."""
    return 1 if number(book.seller.key, country, policy, below=12) == 0 else 0


def truth(book: Book, now: dt.datetime) -> list[dict[str, Any]]:
    """A row a marketplace, metric and channel."""
    rows: list[dict[str, Any]] = []
    for each in defects(book, now):
        rows.append(
            {
                "account": book.seller.key,
                "as_of_day": as_of(now).date().isoformat(),
                "marketplace_id": MARKETPLACES[each.country].id,
                "metric": "orderDefectRate",
                "fulfillment_channel": each.channel,
                "status": each.status,
                "order_count": each.orders,
                "orders_with_defects": each.claims + each.chargebacks,
                "rate": str(each.rate),
                "account_status": _status(book, each.country),
            }
        )
    for country in book.world.countries(book.seller, now):
        for policy in _POLICIES:
            rows.append(
                {
                    "account": book.seller.key,
                    "as_of_day": as_of(now).date().isoformat(),
                    "marketplace_id": MARKETPLACES[country].id,
                    "metric": policy,
                    "fulfillment_channel": None,
                    "status": "BAD" if violations(book, country, policy) else "GOOD",
                    "defects_count": violations(book, country, policy),
                    "account_status": _status(book, country),
                }
            )
    return rows


def write(ask: Ask) -> File:
    """GET_V2_SELLER_PERFORMANCE_REPORT, with all that Amazon's schema requires."""
    found = {(each.country, each.channel): each for each in defects(ask.book, ask.now)}
    statuses, metrics = [], []
    for country in ask.countries:
        marketplace_id = MARKETPLACES[country].id
        statuses.append({"marketplaceId": marketplace_id, "status": _status(ask.book, country)})
        of_channels = {channel: found[country, channel] for channel in ("mfn", "afn")}
        metrics.append(
            {
                "marketplaceId": marketplace_id,
                **_rates(of_channels["mfn"], _span(ask.now)),
                "orderDefectRate": {
                    channel: _defect_rate(each, _span(ask.now)) for channel, each in of_channels.items()
                },
                **{policy: _policy(ask.book, country, policy, _span(ask.now)) for policy in _POLICIES},
                "documentRequests": _violation(0, _span(ask.now)),
                "accountHealthRating": {"reportingDateRange": _span(ask.now), "ahrStatus": "GREAT"},
                "warningStates": [],
            }
        )
    text = json.dumps({"accountStatuses": statuses, "performanceMetrics": metrics}, indent=2)
    return File(text.encode(), UTF8, len(metrics))


def _span(now: dt.datetime) -> dict[str, str]:
    end = as_of(now)
    return {"reportingDateFrom": f"{end - SPAN:%Y-%m-%dT%H:%MZ}", "reportingDateTo": f"{end:%Y-%m-%dT%H:%MZ}"}


def _rates(of_seller: Defects, span: dict[str, str]) -> dict[str, Any]:
    """The rates of what the seller ships itself: nothing is late, and nothing is lost."""
    orders = of_seller.orders

    def rate(value: float, target: float, condition: str, **counts: Any) -> dict[str, Any]:
        status = "GOOD" if orders else "NONE"
        told = {"status": status, "rate": value, "targetValue": target, "targetCondition": condition}
        return {"reportingDateRange": span} | counts | told

    none = {"count": 0, "status": "NONE"}
    return {
        "invoiceDefectRate": rate(
            0.0, 0.05, "LESS_THAN", orderCount=orders, invoiceDefect=none, missingInvoice=none, lateInvoice=none
        ),
        "lateShipmentRate": rate(0.0, 0.04, "LESS_THAN", orderCount=orders, lateShipmentCount=0),
        "onTimeDeliveryRate": rate(
            0.97203973037, 0.9, "GREATER_THAN", shipmentCountWithValidTracking=orders, onTimeDeliveryCount=orders
        ),
        "unitOnTimeDeliveryRate": rate(
            0.96153846153846, 0.9, "GREATER_THAN", unitOnTimeDeliveryCount=orders, totalUnitCount=orders
        ),
        "validTrackingRate": rate(0.9529, 0.95, "GREATER_THAN", shipmentCount=orders, validTrackingCount=orders),
        "preFulfillmentCancellationRate": rate(0.0, 0.025, "LESS_THAN", orderCount=orders, cancellationCount=0),
    }


def _defect_rate(each: Defects, span: dict[str, str]) -> dict[str, Any]:
    return {
        "reportingDateRange": span,
        "fulfillmentType": each.channel,
        "status": each.status,
        "targetValue": 0.01,
        "targetCondition": "LESS_THAN",
        "orderCount": each.orders,
        "orderWithDefects": {"status": each.status, "count": each.claims + each.chargebacks},
        "claims": {"status": each.status, "count": each.claims},
        "chargebacks": {"status": each.status, "count": each.chargebacks},
        "negativeFeedback": {"status": "GOOD", "count": 0},
        "rate": float(each.rate),
    }


def _policy(book: Book, country: str, policy: str, span: dict[str, str]) -> dict[str, Any]:
    return _violation(violations(book, country, policy), span)


def _violation(count: int, span: dict[str, str]) -> dict[str, Any]:
    return {
        "reportingDateRange": span,
        "status": "BAD" if count else "GOOD",
        "targetValue": 0,
        "targetCondition": "EQUALS",
        "defectsCount": count,
    }


def _status(book: Book, country: str) -> str:
    if number(book.seller.key, country, "at risk", below=9) != 0:
        return "NORMAL"
    return "DEACTIVATED" if number(book.seller.key, country, "suspended", below=5) == 0 else "AT_RISK"
