"""Answers of the Finances and Transfers APIs: whatever Amazon's models permit is read exactly or refused in plain words."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieout.documents import ReportReading
from tieout.reports.errors import Refused
from tieout.reports.families import FAMILIES
from tieout.reports.family import Family
from tieout.reports.json_values import account_type
from tieout.reports.report import recognise, stage_report

Rows = list[dict[str, Any]]
DAY = dt.date(2025, 1, 12)
USD = {"currencyCode": "USD", "currencyAmount": 10.25}
PARTNER = {"partnerId": "A1", "accountType": "Standard Orders", "marketplaceId": "M1"}
LISTS = {
    "transactions": "transactions", "balances": "balances", "summaries": "summaries", "payouts": "payouts",
    "event_groups": "FinancialEventGroupList",
}  # fmt: skip
WHOLE: dict[str, Any] = {
    "transactions": {
        "payload": {
            "nextToken": "n",
            "transactions": [
                {
                    "sellingPartnerMetadata": {"sellingPartnerId": "A1", "accountType": "PAYABLE", "marketplaceId": "M1"},
                    "relatedIdentifiers": [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": "1"}],
                    "transactionType": "Shipment", "transactionId": "T1", "transactionStatus": "RELEASED",
                    "description": "Order Payment", "postedDate": "2026-06-14T03:35:13.214Z", "totalAmount": USD,
                    "marketplaceDetails": {"marketplaceId": "M1", "marketplaceName": "Amazon.com"},
                    "items": [
                        {
                            "description": "Mug", "totalAmount": USD,
                            "relatedIdentifiers": [
                                {"itemRelatedIdentifierName": "COUPON_ID", "itemRelatedIdentifierValue": "C1"}
                            ],
                            "contexts": [
                                {"contextType": "ProductContext", "sku": "MUG", "asin": "B1", "quantityShipped": 1,
                                 "fulfillmentNetwork": "AFN"}
                            ],
                            "breakdowns": [{"breakdownType": "Sales", "breakdownAmount": USD, "breakdowns": None}],
                        }
                    ],
                    "contexts": [
                        {"contextType": "DeferredContext", "deferralReason": "DD7", "maturityDate": "2026-07-09"}
                    ],
                    "breakdowns": [
                        {"breakdownType": "Sales", "breakdownAmount": USD,
                         "breakdowns": [{"breakdownType": "Principal", "breakdownAmount": USD, "breakdowns": []}]}
                    ],
                }
            ],
        }
    },
    "balances": {
        "balances": [
            {
                "partnerMetadata": PARTNER, "balanceType": "TOTAL", "amount": USD, "asOfDate": "2025-01-12",
                "lastUpdatedTime": "2025-01-12T10:30:00+09:00",
                "balances": [
                    {"balanceType": "AVAILABLE", "amount": USD},
                    {"balanceType": "RESERVED", "amount": USD,
                     "balances": [{"balanceType": "DEFERRED", "amount": USD}]},
                ],
            }
        ],
        "nextToken": None,
    },
    "summaries": {
        "summaries": [
            {
                "partnerMetadata": PARTNER, "periodStart": "2025-01-12", "periodEnd": "2025-01-26", "netProceeds": USD,
                "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": "S1"}],
                "breakdowns": [{"breakdownType": "Sales", "breakdownAmount": USD, "breakdowns": []}],
            }
        ]
    },
    "payouts": {
        "payouts": [
            {
                "id": "P1", "partnerMetadata": PARTNER | {"accountType": "STANDARD_ORDERS"}, "currentStatus": "FAILED",
                "statusHistory": [
                    {"status": "STARTED", "lastUpdatedDate": "2024-06-01T00:00:00Z"},
                    {"status": "FAILED", "lastUpdatedDate": "2024-06-02T12:00:00Z", "failureReason": "Insufficient funds"},
                ],
                "type": "SCHEDULED", "amount": USD, "accountTail": "1234", "paymentMethod": "BANK_ACCOUNT",
                "creationDate": "2024-06-01T00:00:00Z", "paymentRail": "ACH", "traceId": "T1",
                "period": {"startDate": "2024-05-18T00:00:00Z", "endDate": "2024-06-01T00:00:00Z"},
                "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": "S1"}],
            }
        ]
    },
    "event_groups": {
        "payload": {
            "NextToken": "n",
            "FinancialEventGroupList": [
                {
                    "FinancialEventGroupId": "G1", "ProcessingStatus": "Closed", "FundTransferStatus": "Succeeded",
                    "OriginalTotal": {"CurrencyCode": "USD", "CurrencyAmount": 10.34},
                    "ConvertedTotal": {"CurrencyCode": "EUR", "CurrencyAmount": 9.01},
                    "FundTransferDate": "2020-02-07T14:38:42.128Z", "TraceId": "T", "AccountTail": "123",
                    "BeginningBalance": {"CurrencyCode": "USD", "CurrencyAmount": 0},
                    "FinancialEventGroupStart": "2020-02-07T14:38:42.128Z",
                    "FinancialEventGroupEnd": "2020-02-21T14:38:42.128Z",
                }
            ],
        }
    },
    "seller_performance": {
        "accountStatuses": [{"marketplaceId": "M1", "status": "NORMAL"}],
        "performanceMetrics": [
            {"marketplaceId": "M1",
             "lateShipmentRate": {"status": "GOOD", "rate": 0.032, "targetValue": 0.04, "orderCount": 12},
             "orderDefectRate": {"mfn": {"status": "GOOD", "rate": 0.009, "orderWithDefects": {"count": 1}},
                                 "afn": {"status": "NONE", "rate": None}},
             "warningStates": [{"warningType": "x", "status": "BAD"}]}
        ],
    },
}  # fmt: skip


def stage(content: Any, family: Family | None = None) -> tuple[ReportReading, Rows]:
    """Reads an answer, given as JSON or as the text of the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "answer.json")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        reading = stage_report(path, family=family, document_id="d", target=Path(folder, "rows.parquet"))
        if family is None:
            assert recognise(path) is FAMILIES[reading.family]
        return reading, pq.read_table(Path(folder, "rows.parquet")).to_pylist()


def refused(content: Any, family: Family | None = None) -> str:
    """Returns the reason why an answer is not read."""
    with pytest.raises(Refused) as caught:
        stage(content, family)
    return assert_plain(caught.value.reason.message)


def assert_plain(message: str) -> str:
    """No message names an exception, or a part of the program."""
    assert not re.search(r"Error|Exception|Traceback|NoneType|'dict'|object has no", message), message
    return message


def variations(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yields the place of every value in an answer."""
    if path:
        yield path
    for name, each in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from variations(each, (*path, name))


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    """Returns the answer with another value in one place; `...` takes it out."""
    found = copy.deepcopy(value)
    inside = found
    for name in path[:-1]:
        inside = inside[name]
    if to is ...:
        del inside[path[-1]]
    else:
        inside[path[-1]] = to
    return found


@pytest.mark.parametrize("name", sorted(WHOLE))
def test_nothing_that_amazons_model_does_not_require_is_required(name: str) -> None:
    """Each field is left out, and made null, one after the other: the answer is read, known or not beforehand."""
    family = FAMILIES[name]
    _, rows = stage(WHOLE[name])
    assert rows
    required = {"seller_performance": "marketplaceId"}.get(name)
    for path in variations(WHOLE[name]):
        for to in (..., None):
            content = changed(WHOLE[name], path, to)
            if required and path[-1] == required:
                assert "has no marketplaceId" in refused(content, family)
                continue
            reading, found = stage(content, family)
            assert reading.family == name
            if len(path) > 3 or name == "seller_performance":
                assert stage(content)[1] == found


OTHERS = st.sampled_from([..., None, [], {}, "", "x", 0, 5, True, [None], [[]], [3], {"a": 1}, "2026-01-31", -1.5])


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(WHOLE)), data=st.data())
def test_a_value_of_any_kind_is_read_or_refused_in_plain_words(name: str, data: st.DataObject) -> None:
    content = WHOLE[name]
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(variations(content))
        if not places:
            break
        content = changed(content, data.draw(st.sampled_from(places)), data.draw(OTHERS))
    for family in (FAMILIES[name], None):
        try:
            stage(content, family)
        except Refused as refusal:
            assert_plain(refusal.reason.message)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_an_answer_without_anything_is_a_document_of_no_rows(name: str) -> None:
    family, listed = FAMILIES[name], LISTS[name]
    for value in (None, []):
        for content in ({listed: value}, {"payload": {listed: value}}, {"statusCode": 200, "payload": {listed: value}}):
            assert stage(content) == stage(content, family)
            assert stage(content)[1] == []
    for empty in (
        {},
        {"payload": None},
        {"payload": {}},
        {"nextToken": "n"},
        {"statusCode": 200, "payload": None},
        None,
    ):
        text = "\x1e" + json.dumps(empty)
        assert stage(text, family)[1] == []
        message = refused(text)
        assert "is empty, and does not show which operation it answers" in message
        # what was asked shows it
        request = json.dumps({"tieoutRequest": {"operation": family.report_types[0], "parameters": {}}})
        reading, rows = stage(f"\x1e{request}\n{text}")
        assert (reading.family, rows) == (name, [])


def test_pages_of_any_emptiness_are_one_document() -> None:
    full = json.dumps(WHOLE["transactions"])
    for pages in (
        f'\x1e{{"payload": null}}\n\x1e{full}\n\x1e{{"payload": {{"transactions": null}}}}\n',
        f'{{"payload": {{"nextToken": "a"}}}}\n{full}\n{{}}\n',
        f'[{{"payload": {{"transactions": []}}}}, {full}]',
    ):
        reading, rows = stage(pages)
        assert reading.family == "transactions"
        assert len(rows) == 2
    mixed = f"\x1e{full}\n\x1e{json.dumps(WHOLE['payouts'])}"
    assert "this is a list of payouts, not a list of transactions" in refused(mixed)


def test_a_date_without_a_time_has_a_day_and_no_instant() -> None:
    _, rows = stage(WHOLE["balances"])
    for row in rows:  # what is written at the top holds for all that is below
        assert (row["balance_day"], row["balance_local"], row["balance_zone"], row["balance_at"]) == (
            DAY,
            None,
            None,
            None,
        )
        assert (row["marketplace_id"], row["account_type"]) == ("M1", "Standard Orders")
        assert row["last_updated_at"] == dt.datetime(2025, 1, 12, 1, 30, tzinfo=dt.UTC)
        assert row["last_updated_zone"] == "+09:00"
    assert [(row["balance_type"], row["part_of"], row["is_leaf"]) for row in rows] == [
        ("TOTAL", None, False), ("AVAILABLE", "TOTAL", True), ("RESERVED", "TOTAL", False), ("DEFERRED", "RESERVED", True),
    ]  # fmt: skip
    _, (row, *_) = stage(WHOLE["transactions"])
    assert (row["matures_day"], row["matures_at"]) == (dt.date(2026, 7, 9), None)
    assert row["posted_at"] == dt.datetime(2026, 6, 14, 3, 35, 13, 214000, dt.UTC)
    without_zone = changed(WHOLE["summaries"], ("summaries", 0, "periodStart"), "2025-01-12T08:00:00")
    _, (row,) = stage(without_zone)
    local = row["period_start_local"].isoformat()
    assert (row["period_start_day"], local, row["period_start_at"]) == (DAY, "2025-01-12T08:00:00", None)
    wrong = changed(WHOLE["summaries"], ("summaries", 0, "periodStart"), "12.01.2025")
    assert "'12.01.2025' is not a date in ISO 8601 form" in refused(wrong)


@pytest.mark.parametrize(
    ("name", "path", "column"),
    [
        ("transactions", ("payload", "transactions", 0, "transactionId"), "transaction_id"),
        ("payouts", ("payouts", 0, "id"), "payout_id"),
        ("summaries", ("summaries", 0, "relatedIdentifiers"), "settlement_id"),
        ("event_groups", ("payload", "FinancialEventGroupList", 0, "FinancialEventGroupId"), "event_group_id"),
    ],
)
def test_what_has_no_id_gets_one_that_is_always_the_same(name: str, path: tuple[Any, ...], column: str) -> None:
    content = changed(WHOLE[name], path, ...)
    (first,) = {row[column] for row in stage(content)[1]}
    assert re.fullmatch(r"no-id-[0-9a-f]{24}", first)
    # two equal ones are two, on one page or on two
    text = json.dumps(content)
    assert {row[column] for row in stage(f"\x1e{text}\n\x1e{text}")[1]} == {first, f"{first}-2"}


def test_a_summary_without_its_settlement_is_of_the_one_that_was_asked_for() -> None:
    def asked(settlement: str, answer: Any) -> str:
        parameters = {"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": settlement}
        request = {"tieoutRequest": {"operation": "listSummary", "parameters": parameters}}
        return f"\x1e{json.dumps(request)}\n\x1e{json.dumps(answer)}\n"

    silent = changed(WHOLE["summaries"], ("summaries", 0, "relatedIdentifiers"), None)
    text = (
        asked("11", silent) + asked("12", {"summaries": None}) + asked("13", silent) + asked("14", WHOLE["summaries"])
    )
    assert [row["settlement_id"] for row in stage(text)[1]] == ["11", "13", "S1"]


def test_a_rate_is_kept_as_it_is_reported() -> None:
    """The sample of Amazon's schema has eleven decimals."""
    path = ("performanceMetrics", 0, "lateShipmentRate", "rate")
    for written in ("0.03203973037", "0", "1", "1e-11", "-0.25", "0.12345678901234567890"):
        text = json.dumps(changed(WHOLE["seller_performance"], path, "RATE")).replace('"RATE"', written)
        (row,) = [row for row in stage(text)[1] if row["metric"] == "lateShipmentRate"]
        assert row["rate"] == Decimal(written)
        assert row["extra"] is None
    for written, fitted in (("0.123456789012345678905", "0.12345678901234567890"), ("1e30", None)):
        text = json.dumps(changed(WHOLE["seller_performance"], path, "RATE")).replace('"RATE"', written)
        (row,) = [row for row in stage(text)[1] if row["metric"] == "lateShipmentRate"]
        assert row["rate"] == (Decimal(fitted) if fitted else None)
        assert Decimal(json.loads(row["extra"])["rate"]) == Decimal(written)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("STANDARD_ORDERS", "Standard Orders"), ("Standard Orders", "Standard Orders"),
        ("CASH_ON_DELIVERY", "Cash on Delivery"), ("INVOICED_ORDERS", "Invoiced Orders"), ("PAYABLE", "PAYABLE"),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_an_account_type_has_one_spelling(written: str | None, read: str | None) -> None:
    assert account_type(written) == read
    _, (row,) = stage(changed(WHOLE["payouts"], ("payouts", 0, "partnerMetadata", "accountType"), written))
    assert row["account_type"] == read


@pytest.mark.parametrize("status", ["STARTED", "IN_TRANSIT", "PAID", "FAILED", "CANCELLED", "NO_PAYOUT"])
def test_a_payout_of_any_status_and_without_an_amount(status: str) -> None:
    payout = {"id": "P", "partnerMetadata": PARTNER, "currentStatus": status, "type": None, "amount": None,
              "statusHistory": [{"status": status, "lastUpdatedDate": "2024-06-01"}]}  # fmt: skip
    _, (row,) = stage({"payouts": [payout]})
    assert (row["status"], row["type"], row["currency"], row["amount"], row["account_tail"]) == (status, *[None] * 4)
    assert (row["status_changed_day"], row["status_changed_at"]) == (dt.date(2024, 6, 1), None)


def test_shapes_of_older_examples_are_read() -> None:
    """Amazon's examples wrap a tree once more, leave the payload out, or write an amount as a plain number."""
    old = copy.deepcopy(WHOLE["transactions"]["payload"])
    old["transactions"][0]["breakdowns"] = {"breakdowns": old["transactions"][0]["breakdowns"]}
    old["transactions"][0]["transactionStatus"] = "Released"
    assert stage(old)[1] == stage(WHOLE["transactions"])[1]
    plain = changed(WHOLE["summaries"], ("summaries", 0, "breakdowns"), [{"breakdownType": "Sales", "amount": 20000}])
    _, (row,) = stage(plain)
    assert (row["leaf_path"], row["leaf_amount"], row["leaf_currency"]) == ("Sales", Decimal(20000), "USD")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"reports": [{"reportId": "1"}], "nextToken": "x"}, "an answer of getReports: a list of reports, which holds no money"),
        ({"reports": []}, "an answer of getReports"),
        ({"reportId": "1", "reportType": "T", "processingStatus": "DONE"}, "an answer of getReport: the state of a report"),
        ({"reportId": "1"}, "an answer of createReport"),
        ({"reportDocumentId": "d", "url": "https://signed.test/?secret"}, "the address of a document, not the document"),
        ({"restrictedDataToken": "Atz.sprdt|x", "expiresIn": 3600}, "a secret: delete the file"),
        ({"payload": [{"marketplace": {"id": "M"}}]}, "an answer of getMarketplaceParticipations"),
        ({"payload": {"FinancialEvents": {}}}, "an answer of listFinancialEvents"),
        ({"expectedPayouts": []}, "an answer of listExpectedPayouts"),
        ({"errors": [{"code": "InvalidInput", "message": None}]}, "Amazon refused a call with this answer: 'InvalidInput'"),
        ({"errorDetails": "no"}, "an answer of a report that failed"),
        ({"orders": []}, "of no known report or answer (number of names at its top: 1)"),
        ("[3]", "a number, not an answer of Amazon"),
    ],
)  # fmt: skip
def test_an_answer_that_holds_no_money_is_refused_in_plain_words(content: Any, says: str) -> None:
    message = refused(content)
    assert says in message
    assert "Atz.sprdt" not in message
    assert "signed.test" not in message
    assert says in refused(content, FAMILIES["payouts"])
