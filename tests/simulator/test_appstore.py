"""The simulated Appstore speaks as the page "Reporting API" of the developer console says (edition of 13 December 2023)."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon
from simulator.appstore.marketplaces import MARKETPLACES
from simulator.clock import VirtualClock

START = dt.datetime(2026, 8, 31, 15, 30, tzinfo=dt.UTC)
SCOPE = "adx_reporting::appstore:marketer"
SALES = [
    "Marketplace", "Country/Region Code", "Invoice Id", "Transaction Id", "Transaction Time", "Transaction Type", "Adjustment",
    "ASIN", "Vendor SKU", "Title", "Item Name", "Item Type", "In-App Subscription Term", "In-App Subscription Status", "Units",
    "Usage Time", "Marketplace Currency", "Sales Price", "Estimated Earnings", "App User ID", "Receipt ID", "Digital Order ID",
    "Device Type",
]  # fmt: skip
"""The document's fields; it writes the last one as 设备类型."""
SUBSCRIPTIONS = [
    "Date", "Marketplace", "App Title", "ASIN", "Vendor SKU", "Subscription Title", "Subscription Duration",
    "Subscription Type", "Active", "Started", "Ended", "Refunded",
]  # fmt: skip


class Console:
    """The developer console, without a network."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START, epoch=0, real_now=lambda: 0)
        self.amazon = SimulatedAmazon(7, self.clock)
        self.appstore = self.amazon.appstore
        self.http = TestClient(self.amazon.login_app("http://testserver"))

    def login(self, **changed: str) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.appstore.client_id,
            "client_secret": self.appstore.client_secret,
            "scope": SCOPE,
        }
        return self.http.post("/auth/o2/token", data={**form, **changed})

    def ask(self, path: str, token: str | None = None, verb: str = "GET") -> Any:
        self.clock.advance(1)
        token = token or self.login().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return self.http.request(verb, f"/api/appstore/download/report/{path}", headers=headers)

    def rows(self, kind: str, month: str) -> list[dict[str, str]]:
        answer = self.ask(f"{kind}/{month.replace('-', '/')}")
        assert answer.status_code == 200, answer.text
        archive = zipfile.ZipFile(io.BytesIO(self.http.get(answer.text).content))
        (name,) = archive.namelist()
        assert name.endswith(".csv")
        return list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8"))))


@pytest.fixture(scope="module")
def console() -> Console:
    return Console()


def test_a_token_is_given_for_an_hour(console: Console) -> None:
    answer = console.login().json()
    assert answer["access_token"].startswith("Atc|")
    assert (answer["scope"], answer["token_type"], answer["expires_in"]) == (SCOPE, "bearer", 3600)


def test_the_four_error_bodies_of_the_login(console: Console) -> None:
    assert console.login(client_secret="wrong").json() == {
        "error_description": "Client authentication failed", "error": "invalid_client"
    }  # fmt: skip
    assert console.login(scope="wrong").json() == {
        "error_description": "The request has an invalid parameter : scope", "error": "invalid_scope"
    }  # fmt: skip
    assert console.login(grant_type="password").json() == {
        "error_description": "The authorization grant type is not supported by the authorization server",
        "error": "unsupported_grant_type",
    }
    assert console.http.post("/auth/o2/token", json={"grant_type": "client_credentials"}).json() == {
        "error_description": "The Content-Type is not supported by the authorization server", "error": "invalid_request"
    }  # fmt: skip


def test_the_url_is_signed_for_five_minutes_less_a_second_and_then_dead(console: Console) -> None:
    url = console.ask("sales/2026/07").text
    assert "/appstore-adx-reporting/85923/sales/sales_2026_07.zip?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=" in url
    assert "X-Amz-Expires=299" in url
    assert "X-Amz-Signature=" in url
    assert console.http.get(url).status_code == 200
    assert console.http.get(url.replace("_07", "_06")).status_code == 403
    console.clock.advance(301)
    dead = console.http.get(url)
    assert dead.status_code == 403
    assert "Request has expired" in dead.text


def test_the_two_messages_of_403(console: Console) -> None:
    assert console.ask("sales/2026/07", token="Atc|wrong").json() == {"Message": "Request is not authorized."}
    console.appstore.trouble.forbidden = {("earnings", "*")}
    assert console.ask("earnings/2026/07").json() == {"Message": "Request is not authorized."}
    console.appstore.trouble.forbidden = set()
    for path, verb in (("rankings/2026/07", "GET"), ("sales/2026/7", "GET"), ("sales/2026/07", "POST")):
        said = console.ask(path, verb=verb)
        assert said.status_code == 400
        assert said.json()["Message"] == (
            f"Unable to fetch the request scope for uri = /api/appstore/download/report/{path} and verb = {verb}"
        )


def test_an_expired_token_is_not_authorized(console: Console) -> None:
    token = console.login().json()["access_token"]
    console.clock.advance(3598)
    assert console.ask("sales/2026/07", token).status_code == 200
    assert console.ask("sales/2026/07", token).json() == {"Message": "Request is not authorized."}


def test_no_token_no_report_no_server(console: Console) -> None:
    console.clock.advance(1)
    nobody = console.http.get("/api/appstore/download/report/sales/2026/07")
    assert nobody.status_code == 403
    assert "User not authorized" in nobody.text
    for month in ("2017/12", "2018/01", "2027/01"):
        absent = console.ask(f"sales/{month}")
        assert absent.status_code == 403
        assert absent.text.startswith("Report Not Available")
        assert "HeadObject" in absent.text
    url = console.ask("sales/2026/07").text
    console.appstore.trouble.server_away = console.appstore.trouble.bucket_away = True
    assert console.ask("sales/2026/07", "Atc|any").status_code == 404
    assert console.http.get(url).status_code == 404
    console.appstore.trouble.server_away = console.appstore.trouble.bucket_away = False


@pytest.mark.parametrize(
    ("status", "text"),
    [(400, '{"Message":"Report not found"}'), (403, "Report Not Available: You are trying"), (404, "Not Found")],
)
def test_a_month_without_data_is_answered_in_each_form_that_is_known(console: Console, status: int, text: str) -> None:
    console.appstore.trouble.absent_as = status
    absent = console.ask("sales/2018/01")
    assert (absent.status_code, absent.text.startswith(text)) == (status, True)
    console.appstore.trouble.absent_as = None
    # without a setting, a developer meets all of them
    met = {console.ask(f"{kind}/2018/01").status_code for kind in ("sales", "subscription", "earnings")}
    assert met == {400, 403, 404}


def test_earnings_alone_are_of_a_year_too(console: Console) -> None:
    year = console.ask("earnings/2025")
    archive = zipfile.ZipFile(io.BytesIO(console.http.get(year.text).content))
    rows = list(csv.DictReader(io.StringIO(archive.read("earnings_2025.csv").decode())))
    months = [row for month in range(1, 13) for row in console.rows("earnings", f"2025-{month:02}")]
    assert [row["Invoice Id"] for row in rows] == [list(row.values())[2] for row in months]
    assert "Unable to fetch the request scope" in console.ask("sales/2025").text
    console.appstore.trouble.unknown = {"earnings/year"}
    assert "Unable to fetch the request scope" in console.ask("earnings/2025").text
    console.appstore.trouble.unknown = set()


def test_three_requests_a_second(console: Console) -> None:
    token = console.login().json()["access_token"]
    console.clock.advance(5)
    headers = {"Authorization": f"Bearer {token}"}
    path = "/api/appstore/download/report/sales/2026/07"
    assert [console.http.get(path, headers=headers).status_code for _ in range(4)] == [200, 200, 200, 429]
    console.clock.advance(0.34)
    assert console.http.get(path, headers=headers).status_code == 200


def test_the_columns_are_those_of_the_document(console: Console) -> None:
    assert list(console.rows("sales", "2026-07")[0]) == SALES
    assert list(console.rows("subscription", "2026-07")[0]) == SUBSCRIPTIONS
    chinese = console.rows("sales", "2025-02")
    assert "设备类型" in chinese[0]
    assert len(chinese[0]) == len(SALES)
    assert {"收费", "退款"} <= {row["交易类型"] for row in chinese}
    assert len(console.rows("subscription", "2025-02")[0]) == len(SUBSCRIPTIONS)


def test_what_the_document_says_of_values(console: Console) -> None:
    rows = [row for month in ("2025-10", "2025-12", "2026-06", "2026-07") for row in console.rows("sales", month)]
    assert {row["Marketplace"] for row in rows} == {each.name for each in MARKETPLACES}
    assert len({row["Marketplace"] for row in rows}) == 11
    assert {row["Marketplace Currency"] for row in rows if row["Marketplace"] == "Amazon.ca"} == {"CAN"}
    for row in rows:
        if row["Item Type"] == "Application" or row["Adjustment"] == "Yes":
            assert row["App User ID"] == row["Receipt ID"] == ""
        if row["Transaction Type"] in ("Refund", "Chargeback"):
            assert Decimal(row["Sales Price"]) < 0
            assert Decimal(row["Estimated Earnings"]) < 0
        if row["Usage Time"]:
            assert int(row["Units"]) == int(row["Usage Time"]) // 60
        if row["Item Type"] != "Subscription":
            assert row["In-App Subscription Term"] == row["In-App Subscription Status"] == ""
    kinds = {row["Transaction Type"] for row in rows}
    assert kinds == {"Charge", "Refund", "Chargeback", "Chargeback reversal"}
    assert {row["Item Type"] for row in rows} == {"Subscription", "In-App", "Game", "In-Game", "Application"}
    assert {"TRIAL", "PAID"} <= {row["In-App Subscription Status"] for row in rows}
    tests = [row for row in rows if row["ASIN"] == "C00000TEST"]
    assert tests
    assert all(row["Title"] == row["Item Name"] == "" for row in tests)
    adjusted = [row for row in rows if row["Adjustment"] == "Yes"]
    assert adjusted
    assert any(row["Title"] == "スマッシュトラック" for row in rows)


def test_a_month_is_restated_and_an_adjustment_is_booked_when_it_is_made(console: Console) -> None:
    world = console.appstore.reports._world
    restated = next(each for each in world.transactions if each.restated_after and each.earnings)
    assert restated.restated_after
    before = restated.as_of(restated.at + dt.timedelta(days=1))
    assert before.earnings == restated.earnings - 3
    assert restated.as_of(restated.at + restated.restated_after).earnings == restated.earnings
    sales = {each.transaction_id: each for each in world.transactions if each.kind == "Charge" and not each.adjustment}
    adjusted = [each for each in world.transactions if each.adjustment]
    assert all(each.at - sales[each.transaction_id].at >= dt.timedelta(days=20) for each in adjusted)
    assert any(each.month > sales[each.transaction_id].month for each in adjusted)


def test_reports_lag_by_two_days_at_most_and_the_past_stays(console: Console) -> None:
    world = console.appstore.reports._world
    midnight = START.replace(hour=0, minute=0)
    seen = {id(each) for each in world.transactions if each.at + each.reported_after <= midnight}
    late = [each for each in world.transactions if each.at <= midnight and id(each) not in seen]
    assert late
    assert all(midnight - each.at < dt.timedelta(hours=48) for each in late)
    again = Console().appstore.reports.text("sales", dt.date(2024, 9, 1), START)
    assert again == console.appstore.reports.text("sales", dt.date(2024, 9, 1), START)


def test_the_truth_is_the_ledgers(console: Console) -> None:
    truth = console.amazon.truth(["appstore"])["appstore"]
    assert len({row["month"] for row in truth["sales"]}) >= 24
    assert len({row["marketplace"] for row in truth["sales"]}) == 11
    # of all that ever was, the books hold what the transactions say
    world = console.appstore.reports._world
    earned: defaultdict[str, int] = defaultdict(int)
    for each in world.transactions:
        earned[each.marketplace.country] += each.earnings
    balances = world.ledger.balances()
    for marketplace in MARKETPLACES:
        account = f"appstore/{marketplace.country}/developer"
        assert balances[account, marketplace.currency] == earned[marketplace.country]
    # and one month of one marketplace, added up by hand from its file
    rows = [row for row in console.rows("sales", "2026-07") if row["Marketplace"] == "Amazon.co.jp"]
    mine = [row for row in truth["sales"] if (row["marketplace"], row["month"]) == ("Amazon.co.jp", "2026-07")]
    assert sum(Decimal(row["Estimated Earnings"]) for row in rows) == sum(Decimal(row["earnings"]) for row in mine)
    assert sum(row["transactions"] for row in mine) == len(rows)


def test_subscriptions_roll_forward_but_for_the_day_that_does_not(console: Console) -> None:
    before: dict[tuple[str, str, str], int] = {}
    broken = []
    for month in ("2025-10", "2025-11", "2025-12"):
        for row in console.rows("subscription", month):
            key = (row["Marketplace"], row["ASIN"], row["Subscription Type"])
            if key in before and before[key] + int(row["Started"]) - int(row["Ended"]) != int(row["Active"]):
                broken.append((row["Date"], row["Marketplace"]))
            before[key] = int(row["Active"])
    assert broken == [("11/17/25", "Amazon.in"), ("11/18/25", "Amazon.in")]


def test_one_payment_stands_on_every_invoice_that_it_pays(console: Console) -> None:
    rows = console.rows("earnings", "2026-06")
    euro = [row for row in rows if row["Marketplace Currency"] == "EUR"]
    assert len(euro) == 4
    assert len({row["Payment Amount"] for row in euro}) == 1
    paid = sum(
        (
            (Decimal(row["Earnings"]) + Decimal(row["Adjustments"]) - Decimal(row["Tax Withheld"]))
            * Decimal(row["Exchange Rate"])
        ).quantize(Decimal("0.01"))
        for row in euro
    )
    assert abs(paid - Decimal(euro[0]["Payment Amount"])) <= Decimal("0.02")
