"""What the Test button says."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tieout.amazon.check import check_connection
from tieout.amazon.connection import SellerConnection
from tieout.documents import Region

TOKEN = httpx.Response(200, json={"access_token": "Atza|token", "expires_in": 3600})
LISTED = httpx.Response(200, json={"reports": [{}, {}]})


def connection(
    host: str | None = None, login: str = "client", password: str = "secret", **extra: Any
) -> SellerConnection:
    given = {"refresh_token": "Atzr|refresh", "region": "EU", **extra}
    return SellerConnection.read("tieout_acme_eu", host=host, login=login, password=password, extra=given)


def check(
    listing: httpx.Response | Exception = LISTED,
    login_answer: httpx.Response = TOKEN,
    account_region: Region | None = None,
    **given: Any,
) -> tuple[bool, str, list[httpx.Request]]:
    requests: list[httpx.Request] = []

    def amazon(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if request.url.path == "/auth/o2/token":
            return login_answer
        if isinstance(listing, Exception):
            raise listing
        return listing

    with httpx.Client(transport=httpx.MockTransport(amazon)) as http:
        works, said = check_connection(connection(**given), http, account_region)
    return works, said, requests


def refusal(status: int, code: str, details: str = "") -> httpx.Response:
    message = "Access to requested resource is denied."
    return httpx.Response(status, json={"errors": [{"code": code, "message": message, "details": details}]})


def test_it_works_with_one_login_and_one_listing_of_ten() -> None:
    works, said, requests = check()
    assert works
    assert said.startswith("Works: Login with Amazon gives tokens, and Amazon lists 2 settlement reports.")
    assert [str(request.url.copy_with(query=None)) for request in requests] == [
        "https://api.amazon.com/auth/o2/token",
        "https://sellingpartnerapi-eu.amazon.com/reports/2021-06-30/reports",
    ]
    assert dict(requests[1].url.params)["pageSize"] == "10"


def test_a_spent_rate_is_no_fault_of_the_credentials() -> None:
    works, said, _ = check(refusal(429, "QuotaExceeded"))
    assert works
    assert "no fault of the credentials" in said


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refusal(403, "Unauthorized", "The LWA secret token you provided has expired."), "older than 180 days: rotate"),
        (refusal(403, "Unauthorized"), "Finance and Accounting"),
        (refusal(500, "InternalFailure"), "test again in some minutes"),
        (refusal(400, "InvalidInput"), "Compare the connection with the application"),
        (httpx.Response(200, text="<html>"), "did not answer as Amazon does"),
        (httpx.ConnectError("no route"), "Login with Amazon works, but https://sellingpartnerapi-eu"),
    ],
)
def test_a_refusal_says_what_to_do(answer: httpx.Response | Exception, says: str) -> None:
    works, said, _ = check(answer)
    assert not works
    assert says in said


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("invalid_grant", "let the seller authorize the application again"),
        ("invalid_client", "client id or client secret is wrong or has expired"),
        ("unauthorized_client", "may not use this grant"),
    ],
)
def test_a_refused_login_says_what_to_do(error: str, says: str) -> None:
    works, said, requests = check(
        login_answer=httpx.Response(400, json={"error": error, "error_description": "as Amazon says"})
    )
    assert not works
    assert says in said
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"refresh_token": ""}, "Connection has no refresh token: let the seller authorize the application"),
        ({"login": ""}, "Connection has no client id (login)"),
        ({"password": ""}, "Connection has no client secret (password)"),
        ({"region": ""}, "Connection has no region: choose NA, EU or FE"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_called(given: dict[str, str], says: str) -> None:
    works, said, requests = check(**given)
    assert not works
    assert said.startswith(says)
    assert requests == []


SAMPLES: dict[tuple[str, tuple[tuple[str, str], ...]], dict[str, Any]] = {
    ("/sellers/v1/marketplaceParticipations", ()): {"payload": [{"marketplace": {"id": "ATVPDKIKX0DER"}}]},
    (
        "/reports/2021-06-30/reports",
        (
            ("processingStatuses", "IN_QUEUE,IN_PROGRESS"),
            ("reportTypes", "FEE_DISCOUNTS_REPORT,GET_AFN_INVENTORY_DATA"),
        ),
    ): {"reports": [{}]},
}
"""What Amazon's static sandbox answers, by path and parameters: nothing else."""


def test_the_static_sandbox_answers_what_the_test_asks_it() -> None:
    """It answers a request whose parameters are those of its sample, one for one, and refuses any other."""

    def sandbox(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            return TOKEN
        sample = SAMPLES.get((request.url.path, tuple(sorted(request.url.params.items()))))
        return httpx.Response(200, json=sample) if sample else refusal(400, "InvalidInput", "Could not match input")

    with httpx.Client(transport=httpx.MockTransport(sandbox)) as http:
        works, said = check_connection(connection(environment="sandbox"), http)
    assert works, said
    assert said.startswith("Works: Login with Amazon gives tokens, and it answers.")


def test_the_sandbox_is_told_apart_and_warned_of() -> None:
    works, said, requests = check(httpx.Response(200, json={"payload": [{}]}), environment="sandbox")
    assert works
    assert "has no financial reports" in said
    assert requests[1].url.host == "sandbox.sellingpartnerapi-eu.amazon.com"
    assert not connection(environment="sandbox").simulated
    assert connection(host="https://sandbox.sellingpartnerapi-na.amazon.com").environment == "sandbox"


def test_a_region_that_differs_from_the_accounts_file_is_refused() -> None:
    works, said, requests = check(account_region=Region.NA)
    assert not works
    assert "says region EU, the accounts file NA" in said
    assert requests == []


def test_a_connection_as_it_was_before_there_was_a_form_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIEOUT_SIMULATED_AMAZON", "http://127.0.0.1:1")
    old = SellerConnection.read("c", host="http://127.0.0.1:1/", login="i", password="s", extra={"refresh_token": "r"})
    assert old.endpoint(Region.FE) == "http://127.0.0.1:1"
    assert old.simulated
    plain = SellerConnection.read("c", host=None, login="i", password="s", extra={"refresh_token": "r"})
    assert plain.endpoint(Region.FE) == "https://sellingpartnerapi-fe.amazon.com"


@pytest.mark.parametrize("field", ["region", "environment", "rotated_on", "clock"])
def test_a_field_that_does_not_say_what_it_must_is_named(field: str) -> None:
    with pytest.raises(ValueError, match=f"'tieout_acme_eu': .*{field}"):
        connection(**{field: "nonsense"})


def test_the_age_of_the_secret_is_told_along() -> None:
    assert "Write down when the client secret was made" in check()[1]
    assert "died on 2020-06-29" in check(rotated_on="2020-01-01")[1]


def test_secrets_are_not_in_its_representation() -> None:
    assert repr(connection(password="s3cret")) == "SellerConnection('tieout_acme_eu', client_id='client')"
