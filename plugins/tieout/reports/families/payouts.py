"""Payouts: transfers to the seller's bank, and what became of each.

Transfers API 2024-06-01, listPayouts. A payout changes its status for days after it was made, and may fail or be cancelled. A
settlement that pays nothing has one with the status NO_PAYOUT, without an amount.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, instant, money, text
from tieout.reports.json_values import Asked, account_type, amount, instant_fields, items, listed, part, related


def read(answer: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of an answer."""
    asked = asked or Asked()
    for each in listed(answer, "payouts"):
        code, paid = amount(each.get("amount"))
        partner, period = part(each, "partnerMetadata"), part(each, "period")
        history = items(each.get("statusHistory"), "statusHistory")
        changes = [entry["lastUpdatedDate"] for entry in history if entry.get("lastUpdatedDate")]
        reasons = [entry["failureReason"] for entry in history if entry.get("failureReason")]
        identifiers = related(each.get("relatedIdentifiers"))
        yield {
            "payout_id": each.get("id") or asked.id_of(each),
            "status": each.get("currentStatus") or (history[-1].get("status") if history else None),
            "failure_reason": reasons[0] if reasons else None,
            "type": each.get("type"),
            "currency": code,
            "amount": paid,
            "settlement_id": identifiers.get("SETTLEMENT_ID"),
            "event_group_id": identifiers.get("FINANCIAL_EVENT_GROUP_ID"),
            "account_tail": each.get("accountTail"),
            "payment_method": each.get("paymentMethod"),
            "payment_rail": each.get("paymentRail"),
            "trace_id": each.get("traceId"),
            "marketplace_id": partner.get("marketplaceId"),
            "account_type": account_type(partner.get("accountType")),
            **instant_fields("created", each.get("creationDate")),
            **instant_fields("status_changed", max(changes, key=str, default=None)),
            **instant_fields("period_start", period.get("startDate")),
            **instant_fields("period_end", period.get("endDate")),
        }


FAMILY = Family(
    name="payouts",
    title="a list of payouts",
    report_types=("listPayouts",),
    obtained=Obtained.ANSWERED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    question=Question(
        path="/finances/transfers/2024-06-01/payouts",
        token="nextToken",
        since="createdAfter",
        until="createdBefore",
    ),
    dated_by="created_day",
    longest_window=dt.timedelta(days=90),
    overlap=dt.timedelta(days=30),
    earliest=dt.timedelta(days=730),
    columns=(
        text("payout_id", required=True),
        text("status"),
        text("failure_reason"),
        text("type"),
        currency("currency"),
        money("amount"),
        text("settlement_id"),
        text("event_group_id"),
        text("account_tail"),
        text("payment_method"),
        text("payment_rail"),
        text("trace_id"),
        text("marketplace_id"),
        text("account_type"),
        instant("created"),
        instant("status_changed"),
        instant("period_start"),
        instant("period_end"),
    ),
    key=("payout_id",),
    recognised_by=("payout_id", "payment_rail"),
    json_keys=("payouts",),
    read_json=read,
)
