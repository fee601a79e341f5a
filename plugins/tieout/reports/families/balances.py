"""Balances: what Amazon holds for the account at the end of a day, by kind.

Finances API 2024-06-19, listBalances. A total is made of the balances below it: `is_leaf` marks those that may be added up.
`asOfDate` is asked for, and answered, as a date without a time; an instant is read as well. It is written once, at the top of
the tree, as are the marketplace and the type of the account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tieout.reports.family import Family, Format, Obtained, Question, Scope, currency, flag, instant, money, text
from tieout.reports.json_values import UNKNOWN, Asked, account_type, amount, instant_fields, items, listed, part

_OF_THE_TREE = ("partnerMetadata", "asOfDate", "lastUpdatedTime")
"""What Amazon writes at the top of a tree of balances, for all that is below."""


def read(answer: Any, asked: Asked | None = None) -> Iterator[dict[str, Any]]:
    """Yields the rows of an answer."""
    for balance in listed(answer, "balances"):
        yield from _rows(balance, None)


def _rows(balance: Mapping[str, Any], above: str | None) -> Iterator[dict[str, Any]]:
    code, money = amount(balance.get("amount"))
    partner = part(balance, "partnerMetadata")
    balance_type = balance.get("balanceType") or UNKNOWN
    below = items(balance.get("balances"), "balances")
    yield {
        "marketplace_id": partner.get("marketplaceId"),
        "account_type": account_type(partner.get("accountType")),
        "balance_type": balance_type,
        "part_of": above,
        "is_leaf": not below,
        "currency": code,
        "amount": money,
        **instant_fields("balance", balance.get("asOfDate")),
        **instant_fields("last_updated", balance.get("lastUpdatedTime")),
    }
    told = {name: balance[name] for name in _OF_THE_TREE if balance.get(name)}
    for each in below:
        yield from _rows(told | {name: value for name, value in each.items() if value is not None}, balance_type)


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
