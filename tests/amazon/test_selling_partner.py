"""The client, against an Amazon that answers what each test says."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, BudgetExhausted, InvalidRequest, LoginRefused
from tieout.amazon.listing import Size
from tieout.amazon.login import Credentials, Login
from tieout.amazon.selling_partner import ReportDocument, SellingPartner, UrlExpired
from tieout.documents import ApiCall, Region

SECRET, REFRESH, ACCESS = "the-client-secret", "Atzr|the-refresh-token", "Atza|the-access-token"
FAST = Clock(instant=dt.datetime(2026, 8, 31, tzinfo=dt.UTC), epoch=time.time(), scale=600.0)
TYPES = ["GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"]
DOCUMENT = ReportDocument("doc-1", "https://s3.example/doc-1?signature=of-the-url", None, None)


class Amazon:
    """Answers requests in the order of a script, and keeps what was asked."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.script = list(script)
        self.requests: list[httpx.Request] = []
        self.logins = 0
        self.login_answer: Callable[[], httpx.Response] = lambda: httpx.Response(
            200, json={"access_token": ACCESS, "token_type": "bearer", "expires_in": 3600}
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            self.logins += 1
            return self.login_answer()
        self.requests.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(amazon: Amazon, calls: list[ApiCall] | None = None, clock: Clock = FAST) -> SellingPartner:
    http = httpx.Client(transport=httpx.MockTransport(amazon))
    return SellingPartner(
        region=Region.EU,
        account="acme_eu",
        login=Login(Credentials("client", SECRET, REFRESH), http=http, clock=clock),
        budget=Budget(MemoryBudgetStore(), clock),
        clock=clock,
        http=http,
        record=(calls if calls is not None else []).append,
    )


def errors(status: int, code: str, message: str = "", details: str = "", **headers: str) -> httpx.Response:
    body = {"errors": [{"code": code, "message": message, "details": details}]}
    return httpx.Response(status, json=body, headers=headers)


def body_of(body: bytes, **headers: str) -> httpx.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(200, stream=httpx.ByteStream(body), headers=headers)


def page(*ids: str, token: str | None = None) -> httpx.Response:
    reports = [
        {
            "reportId": each,
            "reportType": TYPES[0],
            "processingStatus": "DONE",
            "createdTime": "2026-08-30T01:02:03+00:00",
            "reportDocumentId": f"doc-{each}",
        }
        for each in ids
    ]
    return httpx.Response(200, json={"reports": reports, **({"nextToken": token} if token else {})})


def listed(seller: SellingPartner) -> list[str]:
    now = FAST.now()
    return [r.report_id for r in seller.reports(TYPES, created_since=now - dt.timedelta(days=200), created_until=now)]


def test_the_next_token_is_sent_alone_and_the_window_stays_inside_90_days() -> None:
    amazon = Amazon(page("1", "2", token="more"), page("3"))
    assert listed(client(amazon)) == ["1", "2", "3"]
    first, second = (dict(request.url.params) for request in amazon.requests)
    assert first["reportTypes"] == TYPES[0]
    assert first["pageSize"] == "100"
    since, until = (dt.datetime.fromisoformat(first[name]) for name in ("createdSince", "createdUntil"))
    assert dt.timedelta(days=89, hours=23) < until - since < dt.timedelta(days=90)
    assert second == {"nextToken": "more"}


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"code": "InvalidInput", "message": None}]},
        {"errors": [{"code": "InvalidInput"}]},
        {"errors": [{"code": "400", "message": "Invalid input", "details": "Invalid input"}]},
        {"errors": [{"code": "InvalidInput", "message": "The provided nextToken has expired"}]},
        {"errors": None},
        {},
    ],
)
def test_a_400_to_a_next_token_begins_the_listing_again_whatever_it_says(body: dict) -> None:
    dead = httpx.Response(400, json=body)
    amazon = Amazon(page("1", token="more"), dead, page("1"), page("2"))
    assert listed(client(amazon)) == ["1", "2"]


@pytest.mark.parametrize(
    ("said", "mute"),
    [
        ("InvalidInput", True), ("InvalidInput Invalid Input", True), ("400 Invalid input Invalid input", True),
        ("invalid input", True), ("InvalidInput Invalid Report Type X", False), ("", True), ("Unauthorized", False),
        ("400 Invalid input Invalid input in processing status", False),
    ],
)  # fmt: skip
def test_a_refusal_that_does_not_say_why_makes_window_and_page_smaller(said: str, mute: bool) -> None:
    size = Size()
    assert size.shrink(said) is mute
    assert (size.days, size.page) == ((45, 50) if mute else (90, 100))


def test_a_window_that_lies_before_the_90_days_asks_nothing() -> None:
    amazon = Amazon()
    long_ago = FAST.now() - dt.timedelta(days=120)
    assert list(client(amazon).reports(TYPES, created_since=long_ago, created_until=long_ago)) == []
    assert amazon.requests == []


def test_one_login_serves_many_calls_and_a_token_is_renewed_before_it_dies() -> None:
    amazon = Amazon(*(page(str(n)) for n in range(3)))
    seller = client(amazon)
    assert listed(seller) + listed(seller) == ["0", "1"]
    assert amazon.logins == 1
    aging = Amazon(page("1"), page("2"))
    aging.login_answer = lambda: httpx.Response(200, json={"access_token": ACCESS, "expires_in": 60})
    seller = client(aging)
    listed(seller)
    listed(seller)
    assert aging.logins == 2


def test_a_token_that_died_early_is_renewed_once() -> None:
    amazon = Amazon(errors(403, "Unauthorized", "Access to requested resource is denied."), page("1"))
    assert listed(client(amazon)) == ["1"]
    assert amazon.logins == 2


def test_an_account_whose_fresh_tokens_are_all_dead_is_refused() -> None:
    said = "The access token you provided is revoked, malformed or invalid."
    amazon = Amazon(*[errors(403, "Unauthorized", "Access to requested resource is denied.", said)] * 5)
    with pytest.raises(AccessDenied, match="Check that the seller's consent stands"):
        listed(client(amazon))
    assert (len(amazon.requests), amazon.logins) == (4, 4)


def test_a_refusal_is_not_retried_and_says_what_to_do() -> None:
    denied = errors(
        403,
        "Unauthorized",
        "Access to requested resource is denied.",
        "The LWA secret token you provided has expired.",
    )
    amazon = Amazon(denied)
    with pytest.raises(AccessDenied, match="rotate it in the developer console"):
        listed(client(amazon))
    assert (len(amazon.requests), amazon.logins) == (1, 1)


@pytest.mark.parametrize(
    ("error", "advice"),
    [("invalid_grant", "let the seller authorize"), ("invalid_client", "client secret is wrong or has expired")],
)
def test_a_refused_login_is_not_retried_and_says_what_to_do(error: str, advice: str) -> None:
    amazon = Amazon()
    amazon.login_answer = lambda: httpx.Response(400, json={"error": error, "error_description": "as Amazon says"})
    with pytest.raises(LoginRefused, match=advice) as caught:
        listed(client(amazon))
    assert amazon.logins == 1
    assert SECRET not in str(caught.value)
    assert REFRESH not in str(caught.value)


def test_server_errors_and_cut_connections_are_retried() -> None:
    amazon = Amazon(errors(503, "ServiceUnavailable"), httpx.ReadError("cut"), page("1"))
    assert listed(client(amazon)) == ["1"]


def test_after_five_tries_it_gives_up_and_says_why() -> None:
    amazon = Amazon(*(errors(500, "InternalFailure") for _ in range(5)))
    with pytest.raises(AmazonUnavailable, match="getReports for acme_eu failed 5 times; the last time: status 500"):
        listed(client(amazon))


def test_a_wrong_request_is_not_retried() -> None:
    amazon = Amazon(errors(400, "InvalidInput", "bad"))
    with pytest.raises(InvalidRequest, match="InvalidInput bad"):
        listed(client(amazon))


def test_a_429_spends_the_budget_and_a_long_wait_is_left_to_the_caller() -> None:
    slow = Clock(instant=FAST.instant, epoch=time.time(), scale=1.0)
    amazon = Amazon(errors(429, "QuotaExceeded"))
    with pytest.raises(BudgetExhausted) as caught:
        list(
            client(amazon, clock=slow).reports(
                TYPES, created_since=slow.now() - dt.timedelta(days=1), created_until=slow.now()
            )
        )
    assert 44 < (caught.value.available_at - slow.now()).total_seconds() < 50


def test_every_call_is_recorded_and_holds_no_secret() -> None:
    calls: list[ApiCall] = []
    done = page("1")
    done.headers.update({"x-amzn-RateLimit-Limit": "0.0222", "x-amzn-RequestId": "request-1"})
    listed(client(Amazon(httpx.ConnectError("down"), errors(500, "InternalFailure"), done), calls))
    assert [(call.operation, call.status, call.error) for call in calls] == [
        ("token", 200, None),
        ("getReports", None, "ConnectError"),
        ("getReports", 500, None),
        ("getReports", 200, None),
    ]
    assert (calls[-1].rate_limit, calls[-1].request_id) == (Decimal("0.0222"), "request-1")
    kept = json.dumps([call.model_dump(mode="json") for call in calls])
    assert not any(secret in kept for secret in (SECRET, REFRESH, ACCESS))


def test_the_bytes_are_kept_as_they_came(tmp_path: Path) -> None:
    body = gzip.compress(b"settlement-id\n1\n")
    answer = body_of(body, content_type="text/plain;charset=Cp1252")
    download = client(Amazon(answer)).download(DOCUMENT, tmp_path / "body")
    assert (tmp_path / "body").read_bytes() == body
    assert (download.size, download.content_type) == (len(body), "text/plain;charset=Cp1252")


def test_a_short_body_and_a_cut_gzip_are_downloaded_again(tmp_path: Path) -> None:
    body = gzip.compress(b"settlement-id\n1\n" * 1000)
    short = body_of(body[:-3], content_length=str(len(body)))
    cut = body_of(body[:-3])
    amazon = Amazon(short, cut, body_of(body))
    client(amazon).download(DOCUMENT, tmp_path / "body")
    assert (tmp_path / "body").read_bytes() == body
    assert amazon.script == []


def test_a_gzip_that_stays_damaged_is_kept_for_the_reader_to_judge(tmp_path: Path) -> None:
    cut = gzip.compress(b"settlement-id\n1\n" * 1000)[:-3]
    download = client(Amazon(*(body_of(cut) for _ in range(5)))).download(DOCUMENT, tmp_path / "body")
    assert download.size == len(cut)


def test_a_dead_url_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UrlExpired):
        client(Amazon(httpx.Response(403, text="<Error><Code>AccessDenied</Code></Error>"))).download(
            DOCUMENT, tmp_path / "body"
        )


def test_nothing_prints_a_secret() -> None:
    assert SECRET not in repr(Credentials("client", SECRET, REFRESH))
    assert REFRESH not in repr(Credentials("client", SECRET, REFRESH))
    assert "signature" not in repr(DOCUMENT)
