"""The client of the Reporting API: what each answer of Amazon's page becomes, and what the operator reads."""

from __future__ import annotations

import datetime as dt
import hashlib
import zipfile
from pathlib import Path

import httpx
import pytest

from simulator.appstore import api
from tests.appstore.conftest import URL, Console
from tieout.amazon import appstore
from tieout.amazon.appstore_answers import EARLIEST, Answer, Period, Refusal, Report, ReportKind, url_in
from tieout.amazon.appstore_connection import AppstoreConnection, check_appstore
from tieout.amazon.budget import LIMITS, MemoryBudgetStore
from tieout.amazon.errors import LoginRefused

JULY = Period(dt.date(2026, 7, 1))
SALES = ReportKind.SALES


def refusal(found: Report | Refusal) -> Refusal:
    assert isinstance(found, Refusal)
    return found


def test_a_report_is_received_whole(console: Console, body: Path) -> None:
    report = console.client().fetch(SALES, JULY, body)
    assert isinstance(report, Report)
    assert report.sha256 == hashlib.sha256(body.read_bytes()).hexdigest()
    assert report.made_at == dt.datetime(2026, 8, 31, tzinfo=dt.UTC)
    assert zipfile.ZipFile(body).namelist() == ["sales_2026_07.csv"]
    # the signed URL is nowhere in the call log
    assert [(call.operation, call.path) for call in console.calls] == [
        ("token", "/auth/o2/token"),
        ("appstoreReport", "/api/appstore/download/report/sales/2026/07"),
        ("download", "sales_2026_07.zip"),
    ]


def test_absent_forbidden_and_delayed_are_three_answers(console: Console, body: Path) -> None:
    client = console.client()
    absent = refusal(client.fetch(SALES, Period(dt.date(2018, 1, 1)), body))
    assert absent.answer is Answer.ABSENT
    assert "Report Not Available" in absent.message
    console.trouble.forbidden = {("sales", "2026-07")}
    forbidden = refusal(client.fetch(SALES, JULY, body))
    assert forbidden.answer is Answer.FORBIDDEN
    assert "Request is not authorized." in forbidden.message
    assert "What the month holds is unknown" in forbidden.message
    console.trouble.forbidden = set()
    console.trouble.server_away = True
    away = refusal(client.fetch(SALES, JULY, body))
    assert (away.answer, away.message) == (
        Answer.NOT_FOUND,
        "Amazon answers 404 to the request for the sales report of 2026-07, without a reason",
    )
    assert not client.is_there()
    console.trouble.server_away = False
    assert client.is_there()
    console.trouble.unavailable = {("sales", "2026-07")}
    overloaded = refusal(client.fetch(SALES, JULY, body))
    assert (overloaded.answer, "status 503" in overloaded.message) == (Answer.DELAYED, True)
    console.trouble.unavailable = set()
    console.trouble.bucket_away = True
    bucket = refusal(client.fetch(SALES, JULY, body))
    assert (bucket.answer, "the bucket answers 404" in bucket.message) == (Answer.DELAYED, True)
    console.trouble.bucket_away = False
    console.trouble.gone = {("sales", "2026-07")}
    gone = refusal(client.fetch(SALES, JULY, body))
    assert (gone.answer, "Access Denied" in gone.message) == (Answer.ABSENT, True)


@pytest.mark.parametrize(
    ("status", "answer", "text"),
    [
        (400, Answer.ABSENT, "Report not found."),
        (403, Answer.ABSENT, "Report Not Available"),
        (404, Answer.NOT_FOUND, "without a reason"),
    ],
)
def test_a_month_without_data_is_understood_in_each_form(
    console: Console, body: Path, status: int, answer: Answer, text: str
) -> None:
    console.trouble.absent_as = status
    client = console.client()
    absent = refusal(client.fetch(SALES, Period(dt.date(2018, 1, 1)), body))
    assert absent.answer is answer
    assert text in absent.message
    # no waiting, no second try, no new token: a history of years is a hundred such months
    assert [call.status for call in console.calls if call.operation == "appstoreReport"] == [status]


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_path_that_amazon_does_not_know_is_an_answer_of_its_own(console: Console, body: Path, status: int) -> None:
    console.trouble.unknown, console.trouble.unknown_as = {"sales/month"}, status
    unknown = refusal(console.client().fetch(SALES, JULY, body))
    assert unknown.answer is Answer.NO_ROUTE
    assert unknown.message.startswith(
        f"Amazon does not know the address /api/appstore/download/report/sales/2026/07: {status} Unable to fetch"
    )


def test_earnings_come_by_month_and_by_year(console: Console, body: Path) -> None:
    client = console.client()
    assert isinstance(client.fetch(ReportKind.EARNINGS, Period(dt.date(2026, 6, 1)), body), Report)
    assert zipfile.ZipFile(body).namelist() == ["earnings_2026_06.csv"]
    assert isinstance(client.fetch(ReportKind.EARNINGS, Period(dt.date(2026, 1, 1), yearly=True), body), Report)
    assert zipfile.ZipFile(body).namelist() == ["earnings_2026.csv"]
    assert [call.path for call in console.calls if call.operation == "appstoreReport"][-1].endswith("/earnings/2026")


@pytest.mark.parametrize(
    "text", ["https://b.s3/x?a=1&b=2", '"https://b.s3/x?a=1&b=2"', '{"downloadUrl": "https://b.s3/x?a=1\\u0026b=2"}']
)
def test_a_url_is_found_in_plain_text_and_in_json(text: str) -> None:
    assert url_in(text) == "https://b.s3/x?a=1&b=2"


def test_an_answer_without_a_url_has_none() -> None:
    assert [url_in(text) for text in ("", "Report not found", '{"Message": "no"}', "[]", "1")] == [None] * 5


def test_a_period_ends_where_the_next_begins() -> None:
    ends = [Period(dt.date(2024, month, 1)).end for month in range(1, 13)]
    assert ends == [*(dt.date(2024, month, 1) for month in range(2, 13)), dt.date(2025, 1, 1)]
    assert [Period(dt.date(year, 1, 1), yearly=True).end for year in (2024, 2025)] == [
        dt.date(2025, 1, 1),
        dt.date(2026, 1, 1),
    ]


@pytest.mark.parametrize(
    ("status", "answer", "advice"),
    [
        (401, {"error_description": "Client authentication failed", "error": "invalid_client"}, "Web Settings"),
        (
            400,
            {"error_description": "The request has an invalid parameter : scope", "error": "invalid_scope"},
            "choose the security profile from the list and click Attach",
        ),
        (
            400,
            {
                "error_description": "The authorization grant type is not supported by the authorization server",
                "error": "unsupported_grant_type",
            },
            "is no Appstore security profile",
        ),
        (
            400,
            {
                "error_description": "The Content-Type is not supported by the authorization server",
                "error": "invalid_request",
            },
            "proxy",
        ),
    ],
)
def test_each_error_of_the_login_says_what_to_do(
    console: Console, status: int, answer: dict[str, str], advice: str
) -> None:
    http = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(status, json=answer)))
    profile = appstore.SecurityProfile("id", "not-shown", http=http, clock=console.clock)
    with pytest.raises(LoginRefused) as refused:
        profile.token()
    said = str(refused.value)
    assert answer["error_description"] in said
    assert answer["error"] in said
    assert advice in said
    assert "not-shown" not in said


def test_a_profile_that_is_not_attached_is_told_which_click_is_missing(console: Console, body: Path) -> None:
    console.trouble.attached = False
    with pytest.raises(LoginRefused, match=r"API Access > Reporting API, choose the security profile .* click Attach"):
        console.client().fetch(SALES, JULY, body)
    connection = AppstoreConnection.read(
        "tieout_truckworks",
        host=URL,
        login=console.amazon.appstore.client_id,
        password=console.amazon.appstore.client_secret,
        extra={"login_endpoint": URL},
    )
    works, said = check_appstore(connection, console.http)
    assert not works
    assert "click Attach" in said
    console.trouble.attached = True
    assert check_appstore(connection, console.http)[0]


def test_a_token_that_dies_in_mid_run_is_renewed(console: Console, body: Path) -> None:
    client = console.client()
    assert isinstance(client.fetch(SALES, JULY, body), Report)
    # after an hour the client knows it itself; a token that is refused before that is renewed once, and the call goes on
    console.pass_time(hours=1)
    assert isinstance(client.fetch(SALES, JULY, body), Report)
    console.amazon.appstore.revoke_tokens()
    console.pass_time(seconds=1)
    assert isinstance(client.fetch(SALES, JULY, body), Report)
    assert [call.operation for call in console.calls].count("token") == 3
    assert [call.status for call in console.calls if call.operation == "appstoreReport"] == [200, 200, 403, 200]


def test_forbidden_months_do_not_ask_for_a_token_each(console: Console, body: Path) -> None:
    client = console.client()
    console.trouble.forbidden = {("earnings", "*")}
    for month in range(1, 8):
        answer = refusal(client.fetch(ReportKind.EARNINGS, Period(dt.date(2026, month, 1)), body))
        assert answer.answer is Answer.FORBIDDEN
    assert [call.operation for call in console.calls].count("token") == 2


def test_a_url_that_died_is_minted_anew(console: Console, body: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "URL_LIFE", dt.timedelta(seconds=-1))
    dead = refusal(console.client().fetch(SALES, JULY, body))
    assert (dead.answer, "3 URLs" in dead.message) == (Answer.DELAYED, True)
    monkeypatch.undo()
    assert dt.timedelta(seconds=299) == api.URL_LIFE
    assert isinstance(console.client().fetch(SALES, JULY, body), Report)


def test_a_cut_or_damaged_download_is_tried_again(console: Console, body: Path) -> None:
    console.trouble.cut = 1
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("simulator.answers.asyncio.sleep", _no_sleep)
        report = _fetch_despite_cuts(console, body)
    assert isinstance(report, Report)
    # what stays damaged is kept: the reader says what is wrong with it
    console.trouble.damaged = {("sales", "2026-07")}
    damaged = console.client().fetch(SALES, JULY, body)
    assert isinstance(damaged, Report)
    tries = [call for call in console.calls if call.error == "the archive is cut or damaged"]
    assert len(tries) == 4


async def _no_sleep(seconds: float) -> None:
    return None


def _fetch_despite_cuts(console: Console, body: Path) -> Report | Refusal:
    try:
        return console.client().fetch(SALES, JULY, body)
    except (
        ConnectionResetError
    ):  # without a network there is no connection to cut: the test client gives the error itself
        return console.client().fetch(SALES, JULY, body)


def test_three_requests_a_second_are_shared_by_all_runs(console: Console, body: Path) -> None:
    """Two clients on one budget: Amazon never has to refuse, and 12 calls take 3 seconds or more."""
    assert (LIMITS["appstoreReport"].rate, LIMITS["appstoreReport"].burst) == (3.0, 3)
    store = MemoryBudgetStore()
    one, other = console.client(store), console.client(store)
    began = console.clock.now()
    for _ in range(6):
        one.fetch(SALES, JULY, body)
        other.fetch(SALES, JULY, body)
    assert {call.status for call in console.calls} == {200}
    assert console.clock.now() - began >= dt.timedelta(seconds=3)


def test_who_is_too_quick_waits_and_goes_on(console: Console, body: Path) -> None:
    """Another program uses the same security profile."""
    token = console.client()._login.token()
    for _ in range(4):
        console.http.get("/api/appstore/download/report/sales/2026/07", headers={"Authorization": f"Bearer {token}"})
    assert isinstance(console.client().fetch(SALES, JULY, body), Report)
    assert [call.status for call in console.calls if call.operation == "appstoreReport"] == [429, 200]


def test_the_paths_and_limits_of_the_document() -> None:
    assert appstore.ENDPOINT == "https://developer.amazon.com"
    assert appstore.REPORTS == "/api/appstore/download/report"
    assert appstore.SCOPE == "adx_reporting::appstore:marketer"
    assert dt.date(2018, 1, 1) == EARLIEST
    assert appstore.LOGIN_ENDPOINT + appstore.PATH == "https://api.amazon.com/auth/o2/token"
