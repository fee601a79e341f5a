"""Summaries: what a settlement came to according to the Finances API: a second source beside the settlement report.

Finances API 2024-06-19, listSummary by settlement id. A row is a leaf of the breakdown; leaves add up to the net proceeds.
Amazon's two examples contradict each other: one names the settlement and has instants, one names none and has dates.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, instant, money, text, whole
from tieout.reports.json_values import (
    Asked,
    account_type,
    amount,
    instant_fields,
    listed,
    numbered_leaves,
    part,
    related,
)

_ASKED_FOR = "relatedIdentifierValue"


def read(answer: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of an answer.

    A summary that does not name its settlement is of the settlement that was asked for. If none was, as in a file of a
    question by period, it has an id of its own.
    """
    asked = asked or Asked()
    for each in listed(answer, "summaries"):
        code, proceeds = amount(each.get("netProceeds"))
        partner = part(each, "partnerMetadata")
        told = related(each.get("relatedIdentifiers")).get("SETTLEMENT_ID")
        common = {
            "settlement_id": told or asked.parameters.get(_ASKED_FOR) or asked.id_of(each),
            "currency": code,
            "net_proceeds": proceeds,
            "marketplace_id": partner.get("marketplaceId"),
            "account_type": account_type(partner.get("accountType")),
            **instant_fields("period_start", each.get("periodStart")),
            **instant_fields("period_end", each.get("periodEnd")),
        }
        for leaf in numbered_leaves(each.get("breakdowns"), code):
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
        each=_ASKED_FOR,
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
