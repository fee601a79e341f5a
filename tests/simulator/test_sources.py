"""Reports of every family: what Amazon refuses, and that the files say what the ledger does.

Files are read by Tieout's own readers; the truth they are held against is taken from the ledger and from no file.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.app import SimulatedAmazon
from simulator.marketplaces import MARKETPLACES
from simulator.requested import does_limit_span
from simulator.sellers import BY_KEY, SELLERS
from simulator.settlement_files import lines_of
from simulator.sources import performance
from simulator.sources.book import book_of
from simulator.sources.files import Ask
from simulator.sources.kinds import KINDS
from simulator.sources.truth import DATED_BY, SOURCES, sources
from simulator.world import World
from tests.simulator.conftest import START, Protocol
from tests.simulator.test_protocol import error
from tieout.reports.families import FAMILIES
from tieout.reports.report import stage_report

Rows = list[dict[str, Any]]
AUGUST = (dt.datetime(2026, 8, 2, tzinfo=dt.UTC), START)
JULY = (dt.datetime(2026, 7, 1, tzinfo=dt.UTC), dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
A_SECOND = dt.timedelta(seconds=1)
EARLIER = frozenset({"vat_transactions", "storage_fees"})
"""Families whose last month is told in the next one."""
BY_MARKETPLACE = frozenset({"orders", "date_range", "deferred_transactions"})
"""Families that are asked for each marketplace alone, as they are written in its own way."""
EUROPE, INDIA = ("dorado_eu", "ember_eu"), ("ganges_eu",)
ONLY = {"vat_transactions": EUROPE, "vat_tax": EUROPE, "gst_b2c": INDIA, "gst_b2b": INDIA}


def told(world: World, name: str, at: dt.datetime = START, account: str = "") -> Rows:
    if account:
        return SOURCES[name](book_of(world, BY_KEY[account], at), at)
    return sources(world, at, [name])[name]


def value(found: Any) -> Any:
    """A value of the Parquet as the truth writes it."""
    if isinstance(found, dt.datetime):
        return found.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(found, dt.date):
        return found.isoformat()
    return found.normalize() if isinstance(found, Decimal) else found


def expected(truth: Any, found_type: str) -> Any:
    return Decimal(truth).normalize() if truth is not None and "decimal" in found_type else truth


def assert_same(table: pa.Table, rows: Rows, key: tuple[str, ...]) -> None:
    """What was read is what is true, in all columns that the truth tells of, and at least in those of the key."""
    rows = [row | row.get("amounts", {}) for row in rows]
    names = [each.name for each in table.schema if any(each.name in row for row in rows)]
    assert set(key) <= set(names)
    types = {each.name: str(each.type) for each in table.schema}
    # a column that the truth does not tell of each row holds nothing in the others, or nothing but 0
    optional = {name for name in names if any(name not in row for row in rows)}
    wanted = Counter(
        tuple(told_or_nothing(expected(row.get(name), types[name]), name in optional) for name in names) for row in rows
    )
    metrics = {row.get("metric") for row in rows}
    found = Counter(
        tuple(told_or_nothing(value(each[name]), name in optional) for name in names)
        for each in table.to_pylist()
        if each.get("metric") in metrics
    )
    assert found == wanted


def told_or_nothing(found: Any, is_optional: bool) -> Any:
    return None if is_optional and found == 0 else found


@pytest.mark.parametrize("family", [name for name, each in FAMILIES.items() if each.report_types[0] in KINDS])
def test_the_files_of_every_seller_say_what_the_ledger_does(
    amazon: SimulatedAmazon, tmp_path: Path, family: str
) -> None:
    """Every family, of every seller and marketplace: row for row, to the cent and to the unit."""
    world, declared = amazon.documents.world, FAMILIES[family]
    kind = KINDS[declared.report_types[0]]
    start, end = JULY if family in EARLIER else AUGUST
    if family == "fee_preview":
        start, end = START - dt.timedelta(days=5), START - dt.timedelta(days=4)
    truth: defaultdict[tuple[str, str], Rows] = defaultdict(list)
    for row in told(world, family):
        when = row.get(DATED_BY.get(family, ""), "")
        first, last = (moment.strftime("%Y-%m-%dT%H:%M:%SZ")[: len(when)] for moment in (start, end - A_SECOND))
        if first <= when <= last:
            place = row["marketplace_id"] if family in BY_MARKETPLACE else ""
            truth[row["account"], place].append(row)
    compared = 0
    for seller in SELLERS:
        groups = [(each,) for each in seller.countries] if family in BY_MARKETPLACE else [seller.countries]
        for countries in groups:
            options = kind.with_defaults(declared.options)
            ask = Ask(book_of(world, seller, START), countries, start, end, START, options)
            assert kind.refusal(ask) is None
            file = kind.write(ask)
            place = MARKETPLACES[countries[0]].id if family in BY_MARKETPLACE else ""
            rows = truth.get((seller.key, place), [])
            if not file.rows:
                assert rows == []
                continue
            path, target = tmp_path / "file", tmp_path / "rows.parquet"
            path.write_bytes(file.body)
            charset = (file.content_type or "").partition("charset=")[2] or None
            reading = stage_report(path, family=declared, document_id="d", charset=charset, target=target)
            assert not reading.unknown_columns
            assert_same(pq.read_table(target), rows, declared.key)
            compared += len(rows)
    assert compared > 10
    accounts = {account for account, _ in truth}
    assert accounts == set(ONLY.get(family, accounts))
    if family not in ONLY and family != "overage_fees":
        assert {BY_KEY[account].region for account in accounts} == {"NA", "EU", "FE"}


def test_storage_fees_come_to_what_the_ledger_was_charged(amazon: SimulatedAmazon) -> None:
    """By account, currency and month: monthly storage and overage; and long-term storage by itself."""
    world = amazon.documents.world
    ledger: Counter[tuple[str, str, str]] = Counter()
    long_term: Counter[tuple[str, str]] = Counter()
    for seller in SELLERS:
        for period in world.periods(seller, START):
            for entry in period.activity:
                for minor, line in lines_of(entry):
                    amount = -Decimal(minor).scaleb(-(0 if entry.currency == "JPY" else 2))
                    if line.category != "storage_fees" or line.amount_description == "Tax on fee":
                        continue
                    if line.amount_type == "FBA Long Term Storage Fee":
                        if entry.posted_at <= START:
                            long_term[seller.key, entry.currency] += amount
                    elif entry.posted_at < dt.datetime(2026, 8, 1, tzinfo=dt.UTC):
                        ledger[seller.key, entry.currency, f"{entry.posted_at:%Y-%m}"] += amount
    found: Counter[tuple[str, str, str]] = Counter()
    for row in told(world, "storage_fees"):
        fee = Decimal(row["estimated_monthly_storage_fee"])
        found[row["account"], row["currency"], row["month_of_charge"]] += fee
    for row in told(world, "overage_fees"):
        if row["charged_date"] < "2026-08":
            key = (row["account"], row["currency_code"], row["charged_date"][:7])
            found[key] += Decimal(row["charged_fee_amount"])
    assert found == ledger
    aged: Counter[tuple[str, str]] = Counter()
    for row in told(world, "long_term_storage_fees"):
        aged[row["account"], row["currency"]] += Decimal(row["amount_charged"])
    assert aged == long_term


def test_the_stock_adds_up_and_is_never_negative(amazon: SimulatedAmazon) -> None:
    world = amazon.documents.world
    moved: Counter[tuple[str, ...]] = Counter()
    for row in told(world, "ledger_detail"):
        moved[row["account"], row["country"], row["msku"], row["disposition"], row["date"]] += row["quantity"]
    counted = ("receipts", "customer_shipments", "customer_returns", "found", "lost", "damaged")
    yesterday: dict[tuple[str, ...], int] = {}
    for row in told(world, "ledger_summary"):
        product = (row["account"], row["location"], row["msku"], row["disposition"])
        assert row["starting_warehouse_balance"] == yesterday.get(product, 0)
        change = sum(row[name] for name in counted)
        assert change == moved[*product, row["date"]]
        yesterday[product] = row["starting_warehouse_balance"] + change
        assert row["ending_warehouse_balance"] == yesterday[product] >= 0


def test_date_range_rows_come_to_the_settlements(amazon: SimulatedAmazon, truth: Rows) -> None:
    """What is released, without transfers, reserves and carried debts, is what the settlement came to."""
    found: Counter[str] = Counter()
    for row in told(amazon.documents.world, "date_range"):
        if row["settlement_id"] and row["released"]:
            found[row["settlement_id"]] += Decimal(row["total"])
    documents = [d for d in truth if d["settlement_id"] in found and d["currency"] not in ("BRL", "TRY")]
    assert len(documents) > 250
    for document in documents:
        control = Decimal(document["control_total"])
        categories = ("reserve_held", "reserve_released", "balance_carried")
        left = sum((Decimal(document["by_category"].get(name, 0)) for name in categories), Decimal(0))
        assert found[document["settlement_id"]] == control - left - max(control, Decimal(0))


def test_orders_change_and_move_their_last_update(amazon: SimulatedAmazon) -> None:
    def by_item(at: dt.datetime) -> dict[tuple[str, str], dict[str, Any]]:
        accounts = ("borealis_na", "dorado_eu", "hinode_fe")
        rows = [row for account in accounts for row in told(amazon.documents.world, "orders", at, account)]
        return {(row["amazon_order_id"], row["sku"]): row for row in rows}

    before, later = by_item(START), by_item(START + dt.timedelta(days=5))
    moves = Counter()
    for key, row in before.items():
        if later[key]["order_status"] != row["order_status"]:
            assert later[key]["last_updated_at"] > row["last_updated_at"]
            moves[row["order_status"], later[key]["order_status"]] += 1
    assert {("Pending", "Shipped"), ("Pending", "Cancelled"), ("Shipped", "Shipped - Returned to Seller")} <= set(moves)
    pending = [row for row in before.values() if row["order_status"] == "Pending"]
    assert pending
    assert all(row["item_price"] is row["currency"] is None for row in pending)


def test_amazon_restates_earlier_months_and_is_late_with_some(amazon: SimulatedAmazon) -> None:
    """Pain 15: what is pulled again after weeks differs from what was pulled at first."""
    world = amazon.documents.world
    asked = START - dt.timedelta(days=25)
    keys = {
        "fba_returns": ("account", "order_id", "sku", "license_plate_number"),
        "reimbursements": ("account", "reimbursement_id", "sku"),
        "vat_transactions": ("account", "transaction_type", "activity_transaction_id", "seller_sku"),
        "ledger_summary": ("account", "date", "fnsku", "disposition", "location"),
    }
    for name, key in keys.items():
        first = {tuple(row[each] for each in key): row for row in told(world, name, asked)}
        then = {tuple(row[each] for each in key): row for row in told(world, name)}
        assert set(first) <= set(then)
        assert any(then[each] != row for each, row in first.items()), name
    known = {(row["order_id"], row["sku"]) for row in told(world, "fba_returns", asked)}
    late = [
        row
        for row in told(world, "fba_returns")
        if (row["order_id"], row["sku"]) not in known
        and row["returned_at"] < (asked - dt.timedelta(days=2)).isoformat()
    ]
    assert late


def test_what_has_been_told_is_told_again_by_a_world_that_was_looked_at_later(amazon: SimulatedAmazon) -> None:
    at = START - dt.timedelta(days=45)
    for account in ("aurora_na", "cascade_na"):
        early, late = World(7, amazon.documents.world.opened), World(7, amazon.documents.world.opened)
        book_of(late, BY_KEY[account], START + dt.timedelta(days=40))
        for name in ("orders", "ledger_detail", "ledger_summary", "reimbursements", "balances"):
            rows = told(early, name, at, account)
            assert rows
            assert rows == told(late, name, at, account)


class Asking:
    """A seller that asks for reports."""

    def __init__(self, protocol: Protocol, account: str) -> None:
        self.protocol, self.account = protocol, account
        self.region = protocol.regions[protocol.accounts[account]["region"]]

    def ask(self, report_type: str, start: dt.datetime, end: dt.datetime, **more: Any) -> dict[str, Any]:
        """A report as it ends."""
        body = {
            "reportType": report_type,
            "marketplaceIds": self.protocol.accounts[self.account]["marketplaces"],
            "dataStartTime": start.isoformat(),
            "dataEndTime": end.isoformat(),
            **more,
        }
        answer = self.region.post("/reports/2021-06-30/reports", json=body, headers=self.headers())
        assert answer.status_code == 202, answer.text
        self.protocol.amazon.clock.advance(180)
        return self.protocol.get(self.account, f"/reports/{answer.json()['reportId']}").json()

    def headers(self) -> dict[str, str]:
        return {"x-amz-access-token": self.protocol.token(self.account)}

    def text(self, document_id: str, token: str | None = None) -> str:
        """What stands in a document."""
        found = self.protocol.get(self.account, f"/documents/{document_id}", token).json()
        body = self.region.get(httpx.URL(found["url"]).raw_path.decode()).content
        return (gzip.decompress(body) if found.get("compressionAlgorithm") else body).decode()


def test_windows_that_amazon_refuses_end_as_fatal_and_say_why(protocol: Protocol) -> None:
    seller = Asking(protocol, "dorado_eu")
    day = dt.timedelta(days=1)
    for kind, start, end, text in (
        ("GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", START - 70 * day, START, "only upto 60 days"),
        ("GET_LEDGER_DETAIL_VIEW_DATA", START - 40 * day, START, "only upto 31 days"),
        ("GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA", START - day, START, "at least 72 hours"),
        ("GET_VAT_TRANSACTION_DATA", *AUGUST, "from the 3rd day of the following month"),
    ):
        report = seller.ask(kind, start, end)
        assert report["processingStatus"] == "FATAL"
        token = None
        if KINDS[kind].restricted:
            token = restricted(seller, report["reportDocumentId"])
        assert text in seller.text(report["reportDocumentId"], token)
    protocol.amazon.clock.advance(3 * 86400)  # September 3rd
    assert (
        seller.ask("GET_VAT_TRANSACTION_DATA", JULY[1], dt.datetime(2026, 9, 1, tzinfo=dt.UTC))["processingStatus"]
        == "DONE"
    )


def test_a_report_without_data_and_one_that_is_asked_for_again_are_cancelled(protocol: Protocol) -> None:
    """Pain 31 and 33."""
    seller = Asking(protocol, "jade_fe")
    nothing = seller.ask("GET_GST_MTR_B2C_CUSTOM", *JULY)
    assert (nothing["processingStatus"], nothing.get("reportDocumentId")) == ("CANCELLED", None)
    returns = ("GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", *JULY)
    assert seller.ask(*returns)["processingStatus"] == "DONE"
    assert seller.ask(*returns)["processingStatus"] == "CANCELLED"
    protocol.amazon.clock.advance(1800)
    assert seller.ask(*returns)["processingStatus"] == "CANCELLED"  # it is a daily report
    protocol.amazon.clock.advance(4 * 3600)
    assert seller.ask(*returns)["processingStatus"] == "DONE"
    orders = ("GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL", JULY[0], JULY[0] + dt.timedelta(days=30))
    assert [seller.ask(*orders)["processingStatus"] for _ in range(2)] == ["DONE", "DONE"]


def test_the_limit_of_fba_reports_spans_windows_for_some_sellers(protocol: Protocol) -> None:
    """Amazon's pages say both; a rule decides for any seller."""
    spans = {each.key: does_limit_span(7, each) for each in SELLERS}
    assert set(spans.values()) == {True, False}
    day = dt.timedelta(days=1)
    kind = "GET_LEDGER_SUMMARY_VIEW_DATA"
    for name, status in (("hinode_fe", "CANCELLED"), ("dorado_eu", "FATAL"), ("borealis_na", "DONE")):
        assert spans[name] == (status != "DONE")
        seller = Asking(protocol, name)
        assert seller.ask(kind, *JULY)["processingStatus"] == "DONE"
        early = seller.ask(kind, JULY[0] - 30 * day, JULY[0])
        assert (early["processingStatus"], "reportDocumentId" in early) == (status, status == "DONE")
        rule = {"fault": "report_limit", "account": name, "spans": not spans[name]}
        assert protocol.login.post("/simulator/faults", json=rule).status_code == 201
        other = seller.ask(kind, JULY[0] - 20 * day, JULY[0])
        assert other["processingStatus"] == ("DONE" if spans[name] else "CANCELLED")


def test_the_options_of_a_ledger_summary_are_honoured(protocol: Protocol) -> None:
    """Without any, it is by country and month; by day it comes to the same."""
    seller = Asking(protocol, "cascade_na")
    seen: dict[str, Rows] = {}
    for how in ({}, {"aggregatedByTimePeriod": "DAILY"}, {"aggregateByLocation": "FC"}):
        report = seller.ask("GET_LEDGER_SUMMARY_VIEW_DATA", *JULY, **({"reportOptions": how} if how else {}))
        lines = csv.DictReader(io.StringIO(seller.text(report["reportDocumentId"])), delimiter="\t")
        seen[next(iter(how), "")] = list(lines)
        protocol.amazon.clock.advance(4 * 3600)
    months, by_day, centres = seen.values()
    assert {row["Date"] for row in months} == {"07/2026"}
    assert len({row["Date"] for row in by_day}) == 31
    assert {row["Location"] for row in months} <= {"US", "CA", "MX", "BR"}
    assert not {row["Location"] for row in centres} & {"US", "CA", "MX", "BR"}
    for name in ("Customer Shipments", "Receipts", "Found", "Lost"):
        assert len({sum(int(row[name]) for row in rows) for rows in seen.values()}) == 1


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (
            "GET_LEDGER_SUMMARY_VIEW_DATA",
            {"reportOptions": {"aggregateByTimePeriod": "DAILY"}},
            "aggregateByTimePeriod",
        ),
        ("GET_LEDGER_SUMMARY_VIEW_DATA", {"reportOptions": {"aggregatedByTimePeriod": "daily"}}, "Invalid value daily"),
        ("GET_LEDGER_DETAIL_VIEW_DATA", {"reportOptions": {"eventType": "Sales"}}, "Invalid value Sales"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"reportOptions": {"aggregateByLocation": "FC"}}, "Invalid report option"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"reportOptions": {"custom": True}}, "must hold texts"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"reportOptions": []}, "must hold texts"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"marketplaceIds": "A1VC38T7YXB528"}, "must be a list"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"dataEndTime": "2026-09-30T00:00:00Z"}, "after the current date"),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"dataEndTime ": "2026-07-30T00:00:00Z"}, "Invalid parameter dataEndTime "),
        ("GET_FBA_REIMBURSEMENTS_DATA", {"dataStartTime": 7}, "Invalid dataStartTime"),
    ],
)
def test_a_request_that_the_model_does_not_know_is_refused(
    protocol: Protocol, kind: str, body: dict[str, Any], text: str
) -> None:
    seller = Asking(protocol, "hinode_fe")
    marketplaces = protocol.accounts["hinode_fe"]["marketplaces"]
    sent = {"reportType": kind, "marketplaceIds": marketplaces} | body
    answer = seller.region.post("/reports/2021-06-30/reports", json=sent, headers=seller.headers())
    assert error(answer)[:2] == (400, "InvalidInput")
    assert text in error(answer)[2]


def test_a_vat_tax_report_takes_whole_days_and_both_ends(protocol: Protocol) -> None:
    """amzn/selling-partner-api-docs#3403."""
    seller = Asking(protocol, "dorado_eu")
    noon = dt.datetime(2026, 7, 15, 12, tzinfo=dt.UTC)
    report = seller.ask("SC_VAT_TAX_REPORT", noon, noon)
    token = restricted(seller, report["reportDocumentId"])
    lines = seller.text(report["reportDocumentId"], token).splitlines()
    facts = protocol.amazon.truth(sources=["vat_tax"])["sources"]["vat_tax"]
    of_day = [row for row in facts if row["account"] == "dorado_eu" and row["at"].startswith("2026-07-15")]
    assert len(lines) - 1 == len(of_day) > 0


def test_faults_on_demand_happen_to_every_type(protocol: Protocol) -> None:
    """Pain 33: a report whose document is empty, and full hours later."""
    seller = Asking(protocol, "hinode_fe")
    rule = {"fault": "empty", "account": "hinode_fe", "hours": 5}
    assert protocol.login.post("/simulator/faults", json=rule).status_code == 201
    report = seller.ask("GET_FBA_REIMBURSEMENTS_DATA", *JULY)
    assert (report["processingStatus"], seller.text(report["reportDocumentId"])) == ("DONE", "")
    protocol.amazon.clock.advance(5 * 3600)
    found = protocol.get("hinode_fe", f"/documents/{report['reportDocumentId']}").json()
    body = gzip.decompress(seller.region.get(httpx.URL(found["url"]).raw_path.decode()).content)
    assert body.decode("cp932").startswith("approval-date\treimbursement-id")
    protocol.login.delete("/simulator/faults")
    protocol.login.post("/simulator/faults", json={"fault": "fatal", "account": "hinode_fe"})
    assert seller.ask("GET_LEDGER_DETAIL_VIEW_DATA", *JULY)["processingStatus"] == "FATAL"


def restricted(seller: Asking, document_id: str) -> str:
    resource = {"method": "GET", "path": f"/reports/2021-06-30/documents/{document_id}"}
    body = {"restrictedResources": [resource]}
    answer = seller.region.post("/tokens/2021-03-01/restrictedDataToken", json=body, headers=seller.headers())
    assert answer.status_code == 200, answer.text
    assert answer.json()["expiresIn"] == 3600
    return answer.json()["restrictedDataToken"]


def test_restricted_documents_need_a_token_for_that_very_document(protocol: Protocol) -> None:
    seller = Asking(protocol, "ember_eu")
    first = seller.ask("SC_VAT_TAX_REPORT", *JULY)["reportDocumentId"]
    other = seller.ask("GET_VAT_TRANSACTION_DATA", *JULY)["reportDocumentId"]
    denied = (403, "Unauthorized", "Access to requested resource is denied.", "")
    assert error(protocol.get("ember_eu", f"/documents/{first}")) == denied
    token = restricted(seller, first)
    assert token.startswith("Atz.sprdt|")
    assert seller.text(first, token).startswith('"Marketplace ID"')
    assert error(protocol.get("ember_eu", f"/documents/{other}", token)) == denied
    assert error(protocol.get("ember_eu", "/reports", token, reportTypes="SC_VAT_TAX_REPORT")) == denied
    protocol.amazon.clock.advance(3600)
    assert error(protocol.get("ember_eu", f"/documents/{first}", token))[3].endswith("has expired.")


@pytest.mark.parametrize(
    "resources",
    [
        [],
        [{"method": "POST", "path": "/reports/2021-06-30/documents/x"}],
        [{"method": "GET", "path": "/orders/v0/orders"}],
    ],
)
def test_tokens_are_given_for_documents_alone(protocol: Protocol, resources: Rows) -> None:
    body = {"restrictedResources": resources}
    seller = Asking(protocol, "ember_eu")
    answer = seller.region.post("/tokens/2021-03-01/restrictedDataToken", json=body, headers=seller.headers())
    assert error(answer)[:2] == (400, "InvalidInput")


def test_the_account_health_report_has_all_that_amazons_schema_requires(amazon: SimulatedAmazon) -> None:
    statuses = set()
    for seller in SELLERS:
        book = book_of(amazon.documents.world, seller, START)
        countries = tuple(book.world.countries(seller, START))
        report = json.loads(performance.write(Ask(book, countries, START, START, START)).body)
        statuses |= {each["status"] for each in report["accountStatuses"]}
        for each in report["performanceMetrics"]:
            rates = {name for name in each if name.endswith("Rate")} - {"orderDefectRate"}
            assert rates == {
                "invoiceDefectRate", "lateShipmentRate", "onTimeDeliveryRate", "unitOnTimeDeliveryRate",
                "validTrackingRate", "preFulfillmentCancellationRate",
            }  # fmt: skip
            for rate in (*(each[name] for name in rates), *each["orderDefectRate"].values()):
                assert rate.keys() >= {"reportingDateRange", "status", "rate", "targetValue", "targetCondition"}
            assert {rate["fulfillmentType"] for rate in each["orderDefectRate"].values()} == {"mfn", "afn"}
            assert each["accountHealthRating"].keys() == {"reportingDateRange", "ahrStatus"}
            assert each.keys() >= {"documentRequests", "warningStates", "otherPolicyViolations"}
    assert statuses == {"NORMAL", "AT_RISK", "DEACTIVATED"}
