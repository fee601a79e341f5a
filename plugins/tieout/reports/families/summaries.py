"""Summaries: what a settlement came to, as the Finances API says it: a second source beside the settlement report.

Finances API 2024-06-19, listSummary by settlement id. A row is a leaf of the breakdown; leaves add up to the net proceeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, instant, money, text, whole
from tieout.reports.json_values import amount, instant_fields, numbered_leaves, related


def read(answer: Any) -> Iterator[dict[str, Any]]:
    """The rows of an answer."""
    for each in answer["summaries"]:
        code, proceeds = amount(each.get("netProceeds"))
        partner = each.get("partnerMetadata") or {}
        common = {
            "settlement_id": related(each.get("relatedIdentifiers"))["SETTLEMENT_ID"],
            "currency": code,
            "net_proceeds": proceeds,
            "marketplace_id": partner.get("marketplaceId"),
            "account_type": partner.get("accountType"),
            **instant_fields("period_start", each.get("periodStart")),
            **instant_fields("period_end", each.get("periodEnd")),
        }
        for leaf in numbered_leaves(each.get("breakdowns")):
            yield common | leaf


FAMILY = Family(
    name="summaries",
    title="a list of summaries of settlements",
    report_types=("listSummary",),
    obtained=Obtained.ANSWERED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    question=Question(
        path="/finances/2024-06-19/summary",
        token="nextToken",
        each="relatedIdentifierValue",
        more={"relatedIdentifierName": "SETTLEMENT_ID"},
    ),
    columns=(
        text("settlement_id", required=True),
        currency("currency"),
        money("net_proceeds"),
        text("marketplace_id"),
        text("account_type"),
        instant("period_start"),
        instant("period_end"),
        whole("leaf_no"),
        text("leaf_path"),
        currency("leaf_currency"),
        money("leaf_amount", currency="leaf_currency"),
    ),
    key=("settlement_id",),
    repeats=True,
    recognised_by=("settlement_id", "net_proceeds"),
    json_keys=("summaries",),
    read_json=read,
)
