"""Seller performance: the health of the account in each marketplace, as of the day of the report.

JSON, after github.com/amzn/selling-partner-api-models schemas/reports/accountHealthReport-2020-11-18.json: the status of the
account, and metrics of which some are told apart by who fulfils (`mfn`, the seller; `afn`, Amazon). Amazon's own example
has a status and a metric's name that its schema lacks, so neither is a closed list: every object below a marketplace is a
metric. A row a marketplace, metric and channel; what has no column of its own is named in `extra`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Scope, decimal, text, whole
from tieout.reports.json_values import Asked, WrongShape, items

DIGITS = 20
"""Decimals of a rate. One with more is rounded, and stands in `extra` as Amazon wrote it."""
_LARGEST = Decimal(10) ** (38 - DIGITS)
_CONTEXT = Context(prec=60)
_CHANNELS = ("mfn", "afn")
_RANGE = "reportingDateRange"
_NAMES = {
    "status": "status", "targetValue": "target_value", "targetCondition": "target_condition", "rate": "rate",
    "orderCount": "order_count", "defectsCount": "defects_count", "orderWithDefects": "orders_with_defects",
}  # fmt: skip
_WHOLE = ("order_count", "defects_count", "orders_with_defects")
_DECIMAL = ("target_value", "rate", "value")


def read(document: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of a document."""
    statuses = {
        _marketplace(each): each.get("status") for each in items(document.get("accountStatuses"), "accountStatuses")
    }
    seen = set()
    for marketplace in items(document.get("performanceMetrics"), "performanceMetrics"):
        marketplace_id = _marketplace(marketplace)
        seen.add(marketplace_id)
        for metric, value in marketplace.items():
            if metric == "marketplaceId":
                continue
            base = {"marketplace_id": marketplace_id, "account_status": statuses.get(marketplace_id), "metric": metric}
            yield from (base | row for row in _metric(value))
    for marketplace_id, status in statuses.items():
        if marketplace_id not in seen:
            yield {"marketplace_id": marketplace_id, "account_status": status, "metric": "accountStatus"}


def _marketplace(each: Mapping[str, Any]) -> str:
    """The store that a status or the metrics are of; Amazon's schema requires it."""
    found = each.get("marketplaceId")
    if not isinstance(found, str) or not found:
        raise WrongShape("an entry has no marketplaceId, and so does not show of which store it is")
    return found


def _metric(value: Any) -> Iterator[dict[str, Any]]:
    """The rows of a metric: one for each channel, and one for what is told of none."""
    if not isinstance(value, dict):
        yield _of_no_object(value)
        return
    channels = [each for each in _CHANNELS if isinstance(value.get(each), dict)]
    for channel in channels:
        yield {"fulfillment_channel": channel} | _values(value[channel])
    rest = {name: each for name, each in value.items() if name not in channels}
    if rest or not channels:
        yield _values(rest)


def _of_no_object(value: Any) -> dict[str, Any]:
    if isinstance(value, bool | str):
        return {"status": str(value)}
    if isinstance(value, int | Decimal):
        fitted, written = _fitted(value)
        return {"value": fitted} | ({"extra": _text({"value": written})} if written else {})
    return {} if value is None else {"extra": _text({"values": value})}


def _values(value: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, each in value.items():
        column = _NAMES.get(name)
        if name == _RANGE and isinstance(each, dict):
            row |= {"reporting_from": each.get("reportingDateFrom"), "reporting_to": each.get("reportingDateTo")}
        elif column in _WHOLE and _is_count(each):
            row[column] = each
        elif column in _WHOLE and isinstance(each, dict) and _is_count(each.get("count")):
            row[column] = each["count"]
            extra[name] = each
        elif column in _DECIMAL and isinstance(each, int | Decimal) and not isinstance(each, bool):
            row[column], written = _fitted(each)
            if written:
                extra[name] = written
        elif column in ("status", "target_condition") and isinstance(each, str):
            row[column] = each
        elif each is not None:
            extra[name] = each
    return row | ({"extra": _text(extra)} if extra else {})


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _fitted(value: int | Decimal) -> tuple[Decimal | None, str | None]:
    """A rate as its column holds it, and as it is written if the column does not hold it exactly."""
    exact = Decimal(value)
    if abs(exact) >= _LARGEST:
        return None, str(value)
    fitted = exact.quantize(Decimal(1).scaleb(-DIGITS), ROUND_HALF_EVEN, _CONTEXT)
    return fitted, None if fitted == exact else str(value)


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
        decimal("target_value", digits=DIGITS),
        text("target_condition"),
        decimal("rate", digits=DIGITS),
        decimal("value", digits=DIGITS),
        whole("order_count"),
        whole("orders_with_defects"),
        whole("defects_count"),
        text("reporting_from"),
        text("reporting_to"),
    ),
    key=("marketplace_id", "metric", "fulfillment_channel"),
    recognised_by=("marketplace_id", "metric"),
    json_keys=("accountStatuses", "performanceMetrics"),
    extra_names=(*_NAMES, "value", "count", "ahrScore", "ahrStatus"),
    read_json=read,
)  # fmt: skip
