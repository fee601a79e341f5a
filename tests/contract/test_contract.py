"""Client and simulated Amazon, both held against the model classes of Amazon's own Python SDK.

Whatever our client asks for, and whatever the simulated Amazon answers, is checked by what Amazon generates from its models,
not by what we have read in them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon, accounts
from simulator.clock import VirtualClock
from simulator.marketplaces import REGIONS
from simulator.variants import REFUSALS
from simulator.world import World
from tests.contract.sdk import Operation, operations, problems, request_problems
from tieout.amazon.applications import rotate_client_secret
from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AmazonError, NotYet
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import Report, SellingPartner
from tieout.documents import Region
from tieout.intake.answering import ask
from tieout.intake.business_day import end_of_business_day
from tieout.intake.records import Wish
from tieout.lake import Lake
from tieout.reports.families import FAMILIES

START = dt.datetime(2026, 8, 31, 15, tzinfo=dt.UTC)
DAY = dt.date(2026, 8, 29)
SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
LEDGER = "GET_LEDGER_SUMMARY_VIEW_DATA"
CALLED = {
    "getReports", "getReport", "createReport", "getReportDocument", "createRestrictedDataToken",
    "getMarketplaceParticipations", "listFinancialEventGroups", "listTransactions", "listBalances", "listSummary",
    "listPayouts", "rotateApplicationClientSecret",
}  # fmt: skip
OPERATIONS = operations()
EXCEPTIONS: dict[str, str] = {
    r"ListTransactionsResponse has no field statusCode": "Amazon's staff give the wire form of listTransactions with a "
    "statusCode beside the payload (amzn/selling-partner-api-models#4646); the published model, and so the SDK, lacks it",
    r"ListBalancesResponse\.balances\[\d+\]\.asOfDate '\d{4}-\d\d-\d\d' is not a date-time": "the model says date-time, and "
    "the sample in the same model has a date",
    r"SummaryResponse\.summaries\[\d+\]\.period(Start|End) '\d{4}-\d\d-\d\d' is not a date-time": "the model says date-time, "
    "and the sample in the same model has a date",
    r"\S+\.contexts\[\d+\]\.maturityDate '\d{4}-\d\d-\d\d' is not a date-time": "the model says date-time, and developers "
    "meet a date",
    r"Error lacks message": "developers meet a message that is null (amzn/selling-partner-api-models#2478)",
}
"""What the SDK does not know, and Amazon does all the same: the problem, and where it is known from."""


@dataclass
class Exchange:
    """One call and its answer."""

    operation: Operation
    request: httpx.Request
    response: httpx.Response

    def problems(self) -> list[str]:
        """Returns what is wrong with the request and the answer, by Amazon's SDK."""
        url, operation = self.request.url, self.operation
        body = json.loads(self.request.content) if self.request.content else None
        found = request_problems(operation, url.path, url.params.multi_items(), body)
        if self.response.status_code >= 400:
            for error in self.response.json()["errors"]:
                found += problems(error, "Error", operation.models)
        elif operation.answer:
            found += problems(self.response.json(), operation.answer, operation.models)
        else:
            found += ["an answer without a model has a body"] if self.response.content else []
        return [f"{operation.name}: {each}" for each in found]


class WaitingClock(Clock):
    """Amazon's clock: it stands still, and moves when somebody sleeps."""

    amazons: VirtualClock

    def now(self) -> dt.datetime:
        """Return Amazon's time."""
        return self.amazons.now()

    def sleep(self, seconds: float) -> None:
        """Move Amazon's clock."""
        self.amazons.advance(max(0.0, seconds))


@dataclass
class Wire:
    """Carries calls to the simulated Amazon, and keeps them."""

    amazon: SimulatedAmazon
    kept: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hosts = {f"{region.lower()}.test": TestClient(self.amazon.region_app(region, f"https://{region.lower()}.test"))
                      for region in REGIONS}  # fmt: skip
        self.hosts["login.test"] = TestClient(self.amazon.login_app())
        self.http = httpx.Client(transport=httpx.MockTransport(self._carry))

    def _carry(self, request: httpx.Request) -> httpx.Response:
        answer = self.hosts[request.url.host].request(
            request.method, str(request.url), content=request.content, headers=request.headers
        )
        response = httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)
        matching = [each for each in OPERATIONS.values() if each.matches(request.method, request.url.path) is not None]
        if request.url.host != "login.test":
            assert matching, f"the SDK has no operation {request.method} {request.url.path}"
            self.kept.append(Exchange(matching[0], request, response))
        return response

    def unexplained(self) -> list[str]:
        """Returns what is wrong with all calls, less what is excepted."""
        found = dict.fromkeys(problem for exchange in self.kept for problem in exchange.problems())
        return [each for each in found if not any(re.search(pattern + "$", each) for pattern in EXCEPTIONS)]


@pytest.fixture(scope="module")
def world() -> World:
    """The events of all sellers, made once."""
    return SimulatedAmazon(7, VirtualClock(START, epoch=0, real_now=lambda: 0)).documents.world


@pytest.fixture
def wire(world: World) -> Wire:
    """A simulated Amazon that remembers no caller."""
    amazon = SimulatedAmazon(7, VirtualClock(START, epoch=0, real_now=lambda: 0))
    amazon.documents.world = world
    return Wire(amazon)


@dataclass
class Seller:
    """Our client for one account."""

    wire: Wire
    account: str

    def __post_init__(self) -> None:
        self.known: dict[str, Any] = next(each for each in accounts(7) if each["account"] == self.account)
        self.region = Region(self.known["region"])
        self.clock = WaitingClock()
        self.clock.amazons = self.wire.amazon.clock
        given = Credentials(*(self.known[name] for name in ("client_id", "client_secret", "refresh_token")))
        self.client = SellingPartner(
            region=self.region, account=self.account, clock=self.clock, http=self.wire.http, record=lambda call: None,
            login=Login(given, http=self.wire.http, clock=self.clock, endpoint="https://login.test"),
            budget=Budget(MemoryBudgetStore(), self.clock), endpoint=f"https://{self.region.lower()}.test",
        )  # fmt: skip

    def truth(self, name: str) -> list[dict[str, Any]]:
        """What is true of a source of the account."""
        rows: list[dict[str, Any]] = self.wire.amazon.truth([name])["sources"][name]
        return [row for row in rows if row["account"] == self.account]

    def ask(self, name: str, lake: Lake, days: int, **options: str) -> None:
        """Ask for a family of answers."""
        end = end_of_business_day(self.region, DAY)
        wish = Wish(
            region=self.region, account=self.account, report_type=FAMILIES[name].report_types[0], marketplace_ids=(),
            data_start=end - dt.timedelta(days=days), data_end=end, options=options, wanted_on=DAY,
        )  # fmt: skip
        while True:
            try:
                ask(self.client, lake, self.clock, FAMILIES[name], wish, DAY)
                return
            except NotYet as early:
                self.clock.sleep((early.available_at - self.clock.now()).total_seconds())

    def report(self, report_type: str, options: dict[str, str]) -> Report:
        """Ask for a report, wait, and look."""
        end = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
        ids = [self.known["marketplaces"][0]]
        report_id = self.client.create_report(report_type, ids, end - dt.timedelta(days=31), end, options)
        self.client.report(report_id)
        self.clock.sleep(300)
        return self.client.report(report_id)


def everything(seller: Seller, lake: Lake) -> None:
    """Make every call that the client makes."""
    client, now = seller.client, seller.clock.now()
    assert client.reports([SETTLEMENTS], created_since=now - dt.timedelta(days=90), created_until=now)
    client.marketplace_participations()
    made = seller.report(LEDGER, dict(FAMILIES["ledger_summary"].options))
    assert made.report_document_id
    client.report_document(made.report_document_id)
    for name, days in (("event_groups", 150), ("transactions", 12), ("balances", 1), ("payouts", 80)):
        seller.ask(name, lake, days)
    settlements = sorted({str(row["settlement_id"]) for row in seller.truth("summaries")})
    seller.ask("summaries", lake, 30, each=",".join(["1", *settlements[:2]]))


@pytest.mark.parametrize("account", ["aurora_na", "borealis_na", "cascade_na", "dorado_eu", "falcon_eu", "jade_fe"])
def test_every_request_and_every_answer_is_one_that_amazons_sdk_knows(account: str, wire: Wire, lake: Lake) -> None:
    everything(Seller(wire, account), lake)
    assert wire.unexplained() == []
    called = Counter(each.operation.name for each in wire.kept if each.response.status_code < 300)
    assert called.keys() == CALLED - {"createRestrictedDataToken", "rotateApplicationClientSecret"}


def test_restricted_documents_and_the_rotation(wire: Wire) -> None:
    seller = Seller(wire, "ganges_eu")
    document = seller.report("GET_GST_MTR_B2B_CUSTOM", {}).report_document_id
    assert document
    seller.client.report_document(document, restricted=True)
    names = ("client_id", "client_secret", "refresh_token")
    rotate_client_secret(
        wire.http, login_endpoint="https://login.test", endpoint="https://eu.test",
        **{name: seller.known[name] for name in names[:2]},
    )  # fmt: skip
    assert wire.unexplained() == []
    assert {each.operation.name for each in wire.kept} >= {"createRestrictedDataToken", "rotateApplicationClientSecret"}


@pytest.mark.parametrize("said", REFUSALS)
def test_every_refusal_is_one_that_amazons_sdk_knows(said: str, wire: Wire, lake: Lake) -> None:
    seller = Seller(wire, "hinode_fe")
    rules = wire.amazon.rules
    rules.add([{"fault": "mute_refusal", "said": said}] if said != "words" else [])
    rules.add({"fault": "role_missing", "operation": "listPayouts"})
    rules.add({"fault": "operation_unknown", "operation": "listFinancialEventGroups"})
    for call in (
        lambda: seller.client.report("1"),
        lambda: seller.client.report("x"),
        lambda: seller.client.create_report("GET_NOTHING", seller.known["marketplaces"], START, START, {}),
        lambda: seller.client.report_document("x"),
        lambda: seller.ask("payouts", lake, 10),
        lambda: seller.ask("event_groups", lake, 10),
    ):
        with pytest.raises(AmazonError):
            call()
    assert wire.unexplained() == []
    assert {each.response.status_code for each in wire.kept} == {400, 403, 404}


def test_every_exception_is_needed(wire: Wire, lake: Lake) -> None:
    """What the SDK has learned in the meantime is to be taken out of the list."""
    for account in ("aurora_na", "dorado_eu"):
        everything(Seller(wire, account), lake)
    wire.amazon.rules.add({"fault": "mute_refusal", "said": "null"})
    with pytest.raises(AmazonError):
        Seller(wire, "aurora_na").client.report("x")
    found = {problem for exchange in wire.kept for problem in exchange.problems()}
    assert [each for each in EXCEPTIONS if not any(re.search(each + "$", problem) for problem in found)] == []


def test_the_operations_that_are_called_are_all_that_there_are(wire: Wire) -> None:
    """The paths in the client, counted: a new one has to be called here."""
    source = "".join(path.read_text() for path in Path(__file__).parents[2].glob("plugins/tieout/amazon/*.py"))
    named = {name for name in OPERATIONS if f'"{name}"' in source}
    assert named - CALLED <= {"cancelReport", "getReportSchedules"}
    assert {family.report_types[0] for family in FAMILIES.values() if family.question} <= CALLED
