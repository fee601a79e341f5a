"""The contract test itself: it finds a field renamed, a value invented, a parameter misspelt, and what else can be wrong."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.contract.sdk import operations, problems, request_problems

OPERATIONS = operations()
PAYOUTS = {
    "payouts": [
        {
            "id": "1",
            "partnerMetadata": {"partnerId": "A", "accountType": "STANDARD_ORDERS", "marketplaceId": "M"},
            "currentStatus": "PAID",
            "statusHistory": [{"status": "PAID", "lastUpdatedDate": "2024-06-02T12:00:00Z"}],
            "type": None,
            "amount": {"currencyCode": "USD", "currencyAmount": 1250.75},
        }
    ],
    "nextToken": None,
}


def answer(change: Any = None) -> list[str]:
    """What is wrong with an answer of listPayouts after a change."""
    content = copy.deepcopy(PAYOUTS)
    if change:
        change(content["payouts"][0])  # type: ignore[index]
    return problems(content, "ListPayoutsResponse", OPERATIONS["listPayouts"].models)


def request(operation: str, path: str, *query: tuple[str, str], body: Any = None) -> list[str]:
    """What is wrong with a request."""
    return request_problems(OPERATIONS[operation], path, list(query), body)


def test_an_answer_as_amazon_gives_it_is_right() -> None:
    assert answer() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda each: each.update(paidStatus=each.pop("type")), "has no field paidStatus"),
        (lambda each: each.update(currentStatus="LOST"), "currentStatus 'LOST' is not one of ['STARTED', "),
        (lambda each: each.update(id=7), "id 7 is not str"),
        (lambda each: each.update(id=None), "lacks id"),
        (lambda each: each.pop("statusHistory"), "lacks statusHistory"),
        (lambda each: each.update(statusHistory={}), "statusHistory is not a list"),
        (lambda each: each["amount"].update(currencyAmount="1250.75"), "currencyAmount '1250.75' is not float"),
        (lambda each: each["statusHistory"][0].update(lastUpdatedDate="2024-06-02"), "'2024-06-02' is not a date-time"),
        (lambda each: each["partnerMetadata"].pop("accountType"), "partnerMetadata lacks accountType"),
    ],
)
def test_an_answer_that_amazon_does_not_give_is_found(change: Any, says: str) -> None:
    (problem,) = answer(change)
    assert says in problem


def test_a_value_outside_an_enumeration_of_texts_is_found() -> None:
    models = OPERATIONS["listBalances"].models
    assert problems({"balanceType": "RESERVED"}, "Balance", models) == []
    (problem,) = problems({"balanceType": "HELD"}, "Balance", models)
    assert "Invalid value for `balance_type` (HELD)" in problem


BALANCES = "/finances/2024-06-19/balances"
REPORTS = "/reports/2021-06-30/reports"
WISH = {
    "reportType": "T",
    "marketplaceIds": ["M"],
    "dataStartTime": "2026-07-01T00:00:00Z",
    "reportOptions": {"a": "b"},
}


def test_a_request_as_the_sdk_sends_it_is_right() -> None:
    assert request("listBalances", BALANCES, ("asOfDate", "2025-01-12"), ("marketplaceIds", "A,B")) == []
    assert request("getReports", REPORTS, ("reportTypes", "A"), ("createdSince", "2026-07-01T00:00:00Z")) == []
    assert request("getReport", f"{REPORTS}/17") == []
    assert request("createReport", REPORTS, body=WISH) == []


@pytest.mark.parametrize(
    ("operation", "path", "query", "body", "says"),
    [
        ("listBalances", BALANCES, [("asOfdate", "2025-01-12")], None, "listBalances has no parameter asOfdate"),
        ("listBalances", BALANCES, [("asOfDate", "2025-01-12T00:00:00Z")], None, "is not a date"),
        ("listBalances", f"{BALANCES}/1", [], None, f"the SDK sends it to {BALANCES}"),
        ("getReports", REPORTS, [("createdSince", "2026-07-01")], None, "is not a date-time"),
        ("getReports", REPORTS, [("pageSize", "many")], None, "pageSize 'many'"),
        ("getReports", REPORTS, [("pageSize", "101")], None, "must be a value less than or equal to `100`"),
        ("getReports", REPORTS, [("reportTypes", ",".join("ABCDEFGHIJK"))], None, "must be less than or equal to `10`"),
        ("getReports", REPORTS, [("pageSize", "1"), ("pageSize", "2")], None, "is given more than once"),
        ("createReport", REPORTS, [], WISH | {"dataEndTime ": "x"}, "has no field dataEndTime "),
        ("createReport", REPORTS, [], {"reportType": "T"}, "lacks marketplaceIds"),
        ("createReport", REPORTS, [], WISH | {"reportOptions": {"a": 1}}, "reportOptions.a 1 is not str"),
        ("getReports", REPORTS, [], {}, "has no body"),
    ],
)
def test_a_request_that_the_sdk_does_not_send_is_found(
    operation: str, path: str, query: list[tuple[str, str]], body: Any, says: str
) -> None:
    assert says in " ".join(request(operation, path, *query, body=body))
