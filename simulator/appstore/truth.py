"""The truth about the Appstore at an instant, from the books and not from the reports."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal
from typing import Any

from simulator.appstore.earnings import PAID_IN
from simulator.appstore.files import WRONG_ACTIVE, Reports
from simulator.truth import money

_SIGN = {"Charge": 1, "Refund": -1, "Chargeback": -1, "Chargeback reversal": 1}


def truth(account: str, reports: Reports, now: dt.datetime) -> dict[str, Any]:
    """What the reports of an instant must add up to. Amounts are texts in the marketplace's currency.

    `sales`: by marketplace, month (in the marketplace's time zone) and item. `units` counts what was sold less what was taken
    back, without adjustments; `sales_price` is what customers paid, `refunds` and `chargebacks` what they got back (reversals
    taken off), `earnings` the developer's estimated part, `adjustments` what of it adjustments are.
    """
    return {
        "account": account,
        "sales": _sales(reports, now),
        "subscriptions": _subscriptions(reports, now),
        "earnings": _earnings(reports, now),
        "not_rolling_forward": [
            {"day": day.isoformat(), "country": country, "vendor_sku": sku, "subscription_type": kind}
            for day, country, sku, kind in sorted(WRONG_ACTIVE)
        ],
        "months": {
            kind: sorted(f"{month:%Y-%m}" for month in found)
            for kind, found in (
                ("sales", reports.sales(now)),
                ("subscription", reports.subscriptions(now)),
                ("earnings", reports.earnings(now)),
            )
        },
    }


def _sales(reports: Reports, now: dt.datetime) -> list[dict[str, Any]]:
    sums: defaultdict[tuple[dt.date, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    what: dict[tuple[dt.date, str, str], dict[str, Any]] = {}
    for month, transactions in reports.sales(now).items():
        for each in transactions:
            key = (month, each.marketplace.name, each.product.asin)
            what[key] = {
                "marketplace": each.marketplace.name,
                "currency": each.marketplace.currency,
                "month": f"{month:%Y-%m}",
                "app": each.product.title(each.marketplace.language),
                "asin": each.product.asin,
                "vendor_sku": each.product.sku,
            }
            into = sums[key]
            into["earnings"] += each.earnings
            into["transactions"] += 1
            if each.adjustment:
                into["adjustments"] += each.earnings
                continue
            into["units"] += _SIGN[each.kind] * each.units
            into["sales_price" if each.kind == "Charge" else _RETURNED[each.kind]] += each.price
    return [
        {
            **what[key],
            "transactions": into["transactions"],
            "units": into["units"],
            **{
                name: money(into[name], what[key]["currency"])
                for name in ("sales_price", "refunds", "chargebacks", "earnings", "adjustments")
            },
        }
        for key, into in sorted(sums.items())
    ]


_RETURNED = {"Refund": "refunds", "Chargeback": "chargebacks", "Chargeback reversal": "chargebacks"}


def _subscriptions(reports: Reports, now: dt.datetime) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for month, days in reports.subscriptions(now).items():
        for each in days:
            key = (month, each.marketplace.name, each.product.asin, each.kind)
            into = found.setdefault(
                key,
                {
                    "marketplace": each.marketplace.name,
                    "month": f"{month:%Y-%m}",
                    "asin": each.product.asin,
                    "subscription_type": each.kind,
                    "active_at_end": 0,
                    "started": 0,
                    "ended": 0,
                    "refunded": 0,
                },
            )
            into["active_at_end"] = each.active
            for name in ("started", "ended", "refunded"):
                into[name] += getattr(each, name)
    return [found[key] for key in sorted(found)]


def _earnings(reports: Reports, now: dt.datetime) -> list[dict[str, Any]]:
    found = []
    for month, invoices in sorted(reports.earnings(now).items()):
        for each in invoices:
            currency = each.marketplace.currency
            found.append(
                {
                    "marketplace": each.marketplace.name,
                    "month": f"{month:%Y-%m}",
                    "currency": currency,
                    "earnings": money(each.earnings, currency),
                    "adjustments": money(each.adjustments, currency),
                    "withheld": money(each.withheld, currency),
                    "net": money(each.net, currency),
                    "payment_status": each.status,
                    "payment_currency": PAID_IN,
                    "paid": None if each.paid is None else str(Decimal(each.paid)),
                }
            )
    return found
