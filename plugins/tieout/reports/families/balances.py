"""Balances: what Amazon holds for the account at the end of a day, by kind.

Finances API 2024-06-19, listBalances. A total is made of the balances below it: `is_leaf` tells those that may be added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, flag, instant, money, text
from tieout.reports.json_values import amount, instant_fields


def read(answer: Any) -> Iterator[dict[str, Any]]:
    """The rows of an answer."""
    for balance in answer["balances"]:
        yield from _rows(balance, None, {})


def _rows(balance: Any, above: str | None, partner_above: Any) -> Iterator[dict[str, Any]]:
    code, money = amount(balance.get("amount"))
    partner = balance.get("partnerMetadata") or partner_above
    below = balance.get("balances") or ()
    yield {
        "marketplace_id": partner.get("marketplaceId"),
        "account_type": partner.get("accountType"),
        "balance_type": balance["balanceType"],
        "part_of": above,
        "is_leaf": not below,
        "currency": code,
        "amount": money,
        **instant_fields("balance", balance.get("asOfDate")),
        **instant_fields("last_updated", balance.get("lastUpdatedTime")),
    }
    for each in below:
        yield from _rows(each, balance["balanceType"], partner)


FAMILY = Family(
    name="balances",
    title="a list of balances",
    report_types=("listBalances",),
    obtained=Obtained.ANSWERED,
    scope=Scope.ACCOUNT,
    format=Format.JSON,
    question=Question(path="/finances/2024-06-19/balances", token="nextToken", as_of="asOfDate"),
    columns=(
        text("marketplace_id"),
        text("account_type"),
        text("balance_type", required=True),
        text("part_of"),
        flag("is_leaf"),
        currency("currency"),
        money("amount"),
        instant("balance"),
        instant("last_updated"),
    ),
    key=("marketplace_id", "account_type", "currency", "part_of", "balance_type"),
    repeats=True,
    recognised_by=("balance_type", "part_of"),
    json_keys=("balances",),
    read_json=read,
)
