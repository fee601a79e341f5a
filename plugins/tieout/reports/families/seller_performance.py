"""Seller performance: the health of the account in each marketplace, as of the day of the report.

JSON, after github.com/amzn/selling-partner-api-models schemas/reports/accountHealthReport-2020-11-18.json: the status of the
account, and metrics of which some are told apart by who fulfils (`mfn`, the seller; `afn`, Amazon). Amazon's own example
has a status and a metric's name that its schema lacks, so neither is a closed list: every object below a marketplace is a
metric. A row a marketplace, metric and channel; what has no column of its own is kept in `extra`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Scope, decimal, text, whole

_CHANNELS = ("mfn", "afn")
_RANGE = "reportingDateRange"
_NAMES = {
    "status": "status", "targetValue": "target_value", "targetCondition": "target_condition", "rate": "rate",
    "orderCount": "order_count", "defectsCount": "defects_count", "orderWithDefects": "orders_with_defects",
}  # fmt: skip
_WHOLE = ("order_count", "defects_count", "orders_with_defects")
_DECIMAL = ("target_value", "rate", "value")


def read(document: Any) -> Iterator[dict[str, Any]]:
    """The rows of a document.

    :raises KeyError, TypeError, AttributeError: the document has another shape.
    """
    statuses = {each["marketplaceId"]: each.get("status") for each in document["accountStatuses"]}
    seen = set()
    for marketplace in document["performanceMetrics"]:
        marketplace_id = marketplace["marketplaceId"]
        seen.add(marketplace_id)
        for metric, value in marketplace.items():
            if metric == "marketplaceId":
                continue
            base = {"marketplace_id": marketplace_id, "account_status": statuses.get(marketplace_id), "metric": metric}
            channels = [each for each in _CHANNELS if isinstance(value, dict) and isinstance(value.get(each), dict)]
            for channel in channels:
                yield base | {"fulfillment_channel": channel} | _values(value[channel])
            rest = {name: each for name, each in value.items() if name not in channels} if channels else value
            if not channels or rest:
                yield base | _values(rest)
    for marketplace_id, status in statuses.items():
        if marketplace_id not in seen:
            yield {"marketplace_id": marketplace_id, "account_status": status, "metric": "accountStatus"}


def _values(value: Any) -> dict[str, Any]:
    if isinstance(value, bool | str) or value is None:
        return {"status": None if value is None else str(value)}
    if isinstance(value, int | Decimal):
        return {"value": Decimal(value)}
    if isinstance(value, list):
        return {"extra": _text({"values": value})}
    row: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, each in value.items():
        column = _NAMES.get(name)
        if name == _RANGE and isinstance(each, dict):
            row |= {"reporting_from": each.get("reportingDateFrom"), "reporting_to": each.get("reportingDateTo")}
        elif column in _WHOLE and isinstance(each, int):
            row[column] = each
        elif column in _WHOLE and isinstance(each, dict) and isinstance(each.get("count"), int):
            row[column] = each["count"]
            extra[name] = each
        elif column in _DECIMAL and isinstance(each, int | Decimal):
            row[column] = Decimal(each)
        elif column in ("status", "target_condition") and isinstance(each, str):
            row[column] = each
        elif each is not None:
            extra[name] = each
    return row | ({"extra": _text(extra)} if extra else {})


def _text(value: Any) -> str:
    """JSON, in which numbers that are not whole are texts."""
    return json.dumps(value, ensure_ascii=False, default=str)


FAMILY = Family(
    name="seller_performance",
    title="a seller performance report",
    report_types=("GET_V2_SELLER_PERFORMANCE_REPORT",),
    obtained=Obtained.REQUESTED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    columns=(
        text("marketplace_id"),
        text("account_status"),
        text("metric"),
        text("fulfillment_channel"),
        text("status"),
        decimal("target_value"),
        text("target_condition"),
        decimal("rate"),
        decimal("value"),
        whole("order_count"),
        whole("orders_with_defects"),
        whole("defects_count"),
        text("reporting_from"),
        text("reporting_to"),
    ),
    key=("marketplace_id", "metric", "fulfillment_channel"),
    recognised_by=("marketplace_id", "metric"),
    json_keys=("accountStatuses", "performanceMetrics"),
    read_json=read,
)  # fmt: skip
