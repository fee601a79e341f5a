"""The parameters that each operation of the Selling Partner API has, by Amazon's models, and what may stand in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from starlette.datastructures import QueryParams

Form = Callable[[str], bool]

DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+ -]\d\d:?\d\d)?)?")
"""RFC 3339. Amazon's examples also send a day alone; an unescaped + arrives as a blank."""


def _text(value: str) -> bool:
    return True


def _day(value: str) -> bool:
    return bool(DAY.fullmatch(value))


def _instant(value: str) -> bool:
    return bool(INSTANT.fullmatch(value))


def _whole(value: str) -> bool:
    return bool(re.fullmatch(r"\d+", value))


def _flag(value: str) -> bool:
    return value in ("true", "false")


PARAMETERS: Mapping[str, Mapping[str, Form]] = {
    "getReports": {
        "reportTypes": _text, "processingStatuses": _text, "marketplaceIds": _text, "pageSize": _whole,
        "createdSince": _instant, "createdUntil": _instant, "nextToken": _text,
    },
    "getReportSchedules": {"reportTypes": _text},
    "getReportDocument": {"enableContentEncodingUrlHeader": _flag},
    "listFinancialEventGroups": {
        "MaxResultsPerPage": _whole, "FinancialEventGroupStartedBefore": _instant,
        "FinancialEventGroupStartedAfter": _instant, "NextToken": _text,
    },
    "listTransactions": {
        "postedAfter": _instant, "postedBefore": _instant, "marketplaceId": _text, "transactionStatus": _text,
        "relatedIdentifierName": _text, "relatedIdentifierValue": _text, "nextToken": _text,
    },
    "listBalances": {
        "marketplaceIds": _text, "balanceType": _text, "accountType": _text, "asOfDate": _day, "nextToken": _text,
    },
    "listSummary": {
        "marketplaceIds": _text, "accountType": _text, "relatedIdentifierName": _text, "relatedIdentifierValue": _text,
        "periodStart": _day, "periodEnd": _day, "nextToken": _text,
    },
    "listPayouts": {
        "marketplaceIds": _text, "createdAfter": _instant, "createdBefore": _instant, "payoutId": _text,
        "accountType": _text, "nextToken": _text,
    },
}  # fmt: skip
"""By operation and name. An operation that is not here has none."""
LET_PASS = frozenset({"MarketplaceId", "MarketplaceIds", "marketplace_ids", "marketplaceIds"})
"""python-amazon-sp-api sends them with every call, and Amazon lets them pass."""
_LISTS = frozenset({"reportTypes", "processingStatuses", "marketplaceIds"})


def problem(operation: str, query: QueryParams) -> str | None:
    """Returns what is wrong with the parameters of a call; None if nothing is."""
    known = PARAMETERS.get(operation, {})
    for name in query:
        if name in LET_PASS:
            continue
        if name not in known:
            return f"{operation} has no parameter {name}"
        values = query.getlist(name)
        if len(values) > 1 and name not in _LISTS:
            return f"{name} is given more than once"
        if wrong := [value for value in values if not known[name](value)]:
            return f"Invalid {name} {wrong[0]}"
    return None
