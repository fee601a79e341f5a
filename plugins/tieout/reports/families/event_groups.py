"""Financial event groups: the periods that Amazon settles, one a line of settlements, with what was paid for each.

Finances API v0, listFinancialEventGroups (github.com/amzn/selling-partner-api-models models/finances-api-model/
financesV0.json). Closed groups may lack totals (amzn/selling-partner-api-docs#3306): what is absent is unknown and stays
null. A window of more than 180 days finds nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, instant, money, text
from tieout.reports.json_values import Asked, amount, instant_fields, listed


def read(answer: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of an answer."""
    asked = asked or Asked()
    for group in listed(answer, "FinancialEventGroupList"):
        code, total = amount(group.get("OriginalTotal"))
        code_of_beginning, beginning = amount(group.get("BeginningBalance"))
        converted_currency, converted = amount(group.get("ConvertedTotal"))
        yield {
            "event_group_id": group.get("FinancialEventGroupId") or asked.id_of(group),
            "processing_status": group.get("ProcessingStatus"),
            "fund_transfer_status": group.get("FundTransferStatus"),
            "currency": code or code_of_beginning,
            "original_total": total,
            "beginning_balance": beginning,
            "converted_currency": converted_currency,
            "converted_total": converted,
            "trace_id": group.get("TraceId"),
            "account_tail": group.get("AccountTail"),
            **instant_fields("fund_transfer", group.get("FundTransferDate")),
            **instant_fields("start", group.get("FinancialEventGroupStart")),
            **instant_fields("end", group.get("FinancialEventGroupEnd")),
        }


FAMILY = Family(
    name="event_groups",
    title="a list of financial event groups",
    report_types=("listFinancialEventGroups",),
    obtained=Obtained.ANSWERED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    question=Question(
        path="/finances/v0/financialEventGroups",
        token="payload.NextToken",
        since="FinancialEventGroupStartedAfter",
        until="FinancialEventGroupStartedBefore",
        more={"MaxResultsPerPage": "100"},
    ),
    dated_by="start_day",
    longest_window=dt.timedelta(days=180),
    overlap=dt.timedelta(days=90),  # a first period may have 56 days, and is paid days after its end
    earliest=dt.timedelta(days=730),
    columns=(
        text("event_group_id", required=True),
        text("processing_status"),
        text("fund_transfer_status"),
        currency("currency"),
        money("original_total"),
        money("beginning_balance"),
        currency("converted_currency"),
        money("converted_total", currency="converted_currency"),
        instant("fund_transfer"),
        text("trace_id"),
        text("account_tail"),
        instant("start"),
        instant("end"),
    ),
    key=("event_group_id",),
    recognised_by=("event_group_id",),
    json_keys=("FinancialEventGroupList",),
    read_json=read,
)  # fmt: skip
