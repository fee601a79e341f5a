"""Seller Central's consent page, the codes it gives, and the life of client secrets."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon
from tests.simulator.conftest import SETTLEMENTS, Protocol, frozen_clock

BACK = "https://tieout.example/authorized"
SCOPE = "sellingpartnerapi::client_credential:rotation"


@pytest.fixture
def asked(protocol: Protocol) -> dict[str, str]:
    """What the published application asks Seller Central with."""
    protocol.amazon.applications.redirect_uris = (BACK,)
    account = protocol.accounts["cascade_na"]
    assert not account["draft"]
    return {"application_id": account["application_id"], "state": "the state", "redirect_uri": BACK}


def confirm(protocol: Protocol, asked: dict[str, str], seller: str = "cascade_na", decision: str = "confirm") -> Any:
    answer = protocol.login.post(
        "/apps/authorize/consent", params=asked, data={"seller": seller, "decision": decision}, follow_redirects=False
    )
    assert answer.status_code == 302, answer.text
    target = answer.headers["location"]
    assert target.startswith(f"{BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def exchange(protocol: Protocol, code: str, account: str = "cascade_na", redirect_uri: str = BACK) -> Any:
    given = protocol.accounts[account]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    form |= {"client_id": given["client_id"], "client_secret": given["client_secret"]}
    return protocol.login.post("/auth/o2/token", data=form)


def test_a_consent_becomes_a_refresh_token_that_lists(protocol: Protocol, asked: dict[str, str]) -> None:
    assert "Authorize Storefront" in protocol.login.get("/apps/authorize/consent", params=asked).text
    back = confirm(protocol, asked)
    assert back["state"] == "the state"
    assert back["selling_partner_id"] == protocol.accounts["cascade_na"]["selling_partner_id"]
    tokens = exchange(protocol, back["spapi_oauth_code"]).json()
    assert tokens["refresh_token"] != protocol.accounts["cascade_na"]["refresh_token"]
    protocol.accounts = {"cascade_na": {**protocol.accounts["cascade_na"], "refresh_token": tokens["refresh_token"]}}
    assert protocol.reports("cascade_na")


def test_a_code_works_once(protocol: Protocol, asked: dict[str, str]) -> None:
    code = confirm(protocol, asked)["spapi_oauth_code"]
    assert exchange(protocol, code).status_code == 200
    again = exchange(protocol, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_a_code_dies_after_five_minutes(protocol: Protocol, asked: dict[str, str]) -> None:
    in_time, late = (confirm(protocol, asked)["spapi_oauth_code"] for _ in range(2))
    protocol.amazon.clock.advance(299)
    assert exchange(protocol, in_time).status_code == 200
    protocol.amazon.clock.advance(1)
    assert exchange(protocol, late).json()["error"] == "invalid_grant"


def test_a_code_belongs_to_its_application_and_redirect_address(protocol: Protocol, asked: dict[str, str]) -> None:
    code = confirm(protocol, asked)["spapi_oauth_code"]
    assert exchange(protocol, code, account="aurora_na").status_code == 400
    assert exchange(protocol, code, redirect_uri=f"{BACK}/").status_code == 400
    assert exchange(protocol, code).status_code == 200


def test_a_seller_who_cancels_sends_back_no_code(protocol: Protocol, asked: dict[str, str]) -> None:
    back = confirm(protocol, asked, decision="cancel")
    assert back["error"] == "access_denied"
    assert back["state"] == "the state"
    assert "spapi_oauth_code" not in back


def test_a_draft_application_has_to_be_asked_for_as_beta(protocol: Protocol, asked: dict[str, str]) -> None:
    draft = {**asked, "application_id": protocol.accounts["aurora_na"]["application_id"]}
    assert "MD1000" in protocol.login.get("/apps/authorize/consent", params=draft).text
    assert protocol.login.get("/apps/authorize/consent", params={**draft, "version": "beta"}).status_code == 200


@pytest.mark.parametrize("other", [f"{BACK}/", "http://tieout.example/authorized", "https://evil.example"])
def test_a_redirect_address_has_to_be_registered_to_the_letter(
    protocol: Protocol, asked: dict[str, str], other: str
) -> None:
    refused = protocol.login.get("/apps/authorize/consent", params={**asked, "redirect_uri": other})
    assert refused.status_code == 400
    assert "MD5101" in refused.text


class TestSecrets:
    def grantless(self, protocol: Protocol, secret: str, scope: str = SCOPE) -> Any:
        form = {"grant_type": "client_credentials", "scope": scope, "client_secret": secret}
        form["client_id"] = protocol.accounts["cascade_na"]["client_id"]
        return protocol.login.post("/auth/o2/token", data=form)

    def rotate(self, protocol: Protocol, secret: str) -> Any:
        token = self.grantless(protocol, secret).json()["access_token"]
        headers = {"x-amz-access-token": token}
        return protocol.regions["NA"].post("/applications/2023-11-30/clientSecret", headers=headers)

    def test_a_rotated_secret_is_sent_and_the_old_one_lives_seven_days(self, protocol: Protocol) -> None:
        account = dict(protocol.accounts["cascade_na"])
        assert self.rotate(protocol, account["client_secret"]).status_code == 204
        (sent,) = protocol.login.get("/simulator/notifications").json()["notifications"]
        assert sent["notificationType"] == "APPLICATION_OAUTH_CLIENT_NEW_SECRET"
        new = sent["payload"]["applicationOAuthClientNewSecret"]
        assert new["clientId"] == account["client_id"]
        assert (new["oldClientSecretExpiryTime"], new["newClientSecretExpiryTime"]) == (
            "2026-09-07T15:00:00Z",
            "2027-02-27T15:00:00Z",
        )
        protocol.amazon.clock.advance(7 * 86400 - 1)
        assert self.grantless(protocol, account["client_secret"]).status_code == 200
        protocol.amazon.clock.advance(1)
        assert self.grantless(protocol, account["client_secret"]).json()["error"] == "invalid_client"
        protocol.accounts = {"cascade_na": {**account, "client_secret": new["newClientSecret"]}}
        assert protocol.reports("cascade_na")  # the refresh token stays good

    def test_an_application_without_a_queue_is_refused_in_amazons_words(self, protocol: Protocol) -> None:
        protocol.amazon.rules.add({"fault": "not_enrolled"})
        refused = self.rotate(protocol, protocol.accounts["cascade_na"]["client_secret"])
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["code"]) == (400, "InvalidInput")
        assert error["message"].startswith("Application is not enrolled for rotation notification.")
        assert protocol.login.get("/simulator/notifications").json()["notifications"] == []

    def test_one_rotation_a_minute(self, protocol: Protocol) -> None:
        secret = protocol.accounts["cascade_na"]["client_secret"]
        assert self.rotate(protocol, secret).status_code == 204
        again = self.rotate(protocol, secret)
        assert (again.status_code, again.json()["errors"][0]["code"]) == (429, "QuotaExceeded")

    def test_a_seller_s_token_does_not_rotate_and_the_application_s_does_not_list(self, protocol: Protocol) -> None:
        headers = {"x-amz-access-token": protocol.token("cascade_na")}
        assert protocol.regions["NA"].post("/applications/2023-11-30/clientSecret", headers=headers).status_code == 403
        token = self.grantless(protocol, protocol.accounts["cascade_na"]["client_secret"]).json()["access_token"]
        assert protocol.get("cascade_na", "/reports", token, reportTypes=SETTLEMENTS).status_code == 403
        unknown = self.grantless(protocol, protocol.accounts["cascade_na"]["client_secret"], "sellingpartnerapi::all")
        assert unknown.json()["error"] == "invalid_scope"

    def test_a_secret_dies_after_180_days_with_amazons_words(self, protocol: Protocol) -> None:
        protocol.amazon.clock.advance(150 * 86400 - 1)
        token = protocol.token("cascade_na")
        assert protocol.get("cascade_na", "/reports", token, reportTypes=SETTLEMENTS).status_code == 200
        protocol.amazon.clock.advance(1)
        answer = protocol.get("cascade_na", "/reports", reportTypes=SETTLEMENTS)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error) == (
            403,
            {
                "code": "Unauthorized",
                "message": "Access to requested resource is denied.",
                "details": "The LWA secret token you provided has expired.",
            },
        )


def test_without_a_registered_address_nobody_is_sent_anywhere() -> None:
    amazon = SimulatedAmazon(7, frozen_clock())
    login = TestClient(amazon.login_app())
    (application, *_) = amazon.applications.by_client_id.values()
    asked = {"application_id": application.application_id, "version": "beta"}
    assert "MD5101" in login.get("/apps/authorize/consent", params=asked).text
