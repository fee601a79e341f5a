"""The page Seller accounts: from the link to Seller Central to a connection that works, and what can go wrong between."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import BACK, House
from tieout.amazon.authorization import TROUBLES


def query(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def trouble(answer: Any) -> str:
    """The code of the trouble that a page is about."""
    assert answer.status_code == 400, answer.text
    (code,) = (code for code, each in TROUBLES.items() if f"<h2>{each.title}</h2>" in answer.text)
    return code


def test_a_consent_becomes_a_connection_that_lists(house: House) -> None:
    house.connect("cascade_na")
    assert "no consent yet" in house.browser.get("/tieout/sellers").text
    back = house.consent(house.ask("cascade_na"), "cascade_na")
    assert back.startswith(f"{BACK}?")
    page = house.said(house.browser.get(back))
    assert "Connected" in page
    assert "Amazon lists 10 or more settlement reports" in page
    stored = house.stored("cascade_na")
    extra = stored.extra_dejson
    assert extra["refresh_token"].startswith("Atzr|")
    assert extra["selling_partner_id"] == house.accounts["cascade_na"]["selling_partner_id"]
    assert extra["authorized_at"].startswith("2026-08-31T15:")
    assert stored.is_extra_encrypted == stored.is_encrypted  # as Airflow keeps every connection


def test_the_listing_works_through_the_hook_that_tasks_use(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.connect("cascade_na")
    house.browser.get(house.consent(house.ask("cascade_na"), "cascade_na"))
    from tieout.hooks.selling_partner import SellingPartnerConnection

    monkeypatch.setenv("AIRFLOW_CONN_AS_A_TASK_GETS_IT", house.stored("cascade_na").as_json())
    works, said = SellingPartnerConnection("as_a_task_gets_it").test_connection()
    assert works, said
    assert said.startswith("Works: Login with Amazon gives tokens, and Amazon lists 10 or more settlement reports.")


def test_no_secret_is_shown_or_kept_in_the_audit_log(house: House) -> None:
    from airflow.models import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    house.connect("cascade_na")
    link = house.ask("cascade_na")
    back = house.consent(link, "cascade_na")
    answer = house.browser.get(back)
    extra = house.stored("cascade_na").extra_dejson
    secrets = [extra["refresh_token"], house.accounts["cascade_na"]["client_secret"], query(back)["spapi_oauth_code"]]
    pages = [answer.headers["location"], answer.text, house.said(answer)]
    pages += [house.browser.get(f"/tieout/sellers{rest}").text for rest in ("", "/cascade_na")]
    pages.append(house.browser.get("/api/v2/connections/tieout_cascade_na").text)
    with create_session() as session:
        pages += [str(row) for row in session.scalars(select(Log.extra)).all()]
        events = set(session.scalars(select(Log.event)).all())
    assert {"tieout_consent_asked", "tieout_seller_authorized"} <= events
    for secret in secrets:
        assert all(secret not in page for page in pages)


def test_the_access_log_does_not_get_what_amazon_put_into_the_address(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.api_fastapi.common import http_access_log

    lines: list[dict[str, Any]] = []

    class Logger:
        def info(self, event: str, **values: Any) -> None:
            lines.append(values)

    house.connect("cascade_na")
    back = house.consent(house.ask("cascade_na"), "cascade_na")
    monkeypatch.setattr(http_access_log, "logger", Logger())
    house.browser.get(back)
    (line,) = lines
    assert (line["path"], line["query"]) == ("/tieout/authorized", "")


def test_the_page_shows_when_the_consent_ends(house: House) -> None:
    known = {"refresh_token": house.accounts["cascade_na"]["refresh_token"]}
    house.connect("cascade_na", **known, authorized_at="2025-09-20T08:00:00Z")
    house.connect("aurora_na", refresh_token=house.accounts["aurora_na"]["refresh_token"])
    page = house.browser.get("/tieout/sellers").text
    assert '<span class="tag warn">20 days left</span> <span class="small soft">until 2026-09-20</span>' in page
    assert '<span class="tag warn">end unknown</span>' in page
    page = house.browser.get("/tieout/sellers/aurora_na").text
    assert "nobody is told before it ends" in page
    assert "until 2026-09-20" in house.browser.get("/tieout/sellers/cascade_na").text


class TestTheLink:
    def test_it_leads_to_the_marketplaces_own_seller_central(self, house: House) -> None:
        house.connect("cascade_na", seller_central=None, host=None)
        link = urlsplit(house.ask("cascade_na", "A2EUQ1WTGCTBG2"))
        assert (link.scheme, link.netloc, link.path) == ("https", "sellercentral.amazon.ca", "/apps/authorize/consent")
        asked = query(link.geturl())
        assert set(asked) == {"application_id", "state", "redirect_uri"}
        assert asked["application_id"] == house.accounts["cascade_na"]["application_id"]
        assert asked["redirect_uri"] == BACK

    def test_a_draft_application_is_asked_for_as_beta(self, house: House) -> None:
        house.connect("aurora_na")
        assert query(house.ask("aurora_na"))["version"] == "beta"

    def test_the_redirect_address_is_the_configured_one(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        from tieout.settings import settings

        monkeypatch.setenv("TIEOUT_REDIRECT_URI", "https://airflow.example.com/tieout/authorized")
        settings.cache_clear()
        house.connect("cascade_na")
        assert query(house.ask("cascade_na"))["redirect_uri"] == "https://airflow.example.com/tieout/authorized"

    def test_a_marketplace_of_another_region_is_refused(self, house: House) -> None:
        house.connect("cascade_na")
        answer = house.post("cascade_na", "authorize", marketplace="A1PA6795UKMFR9")
        assert answer.status_code == 400
        assert "Choose a marketplace of the account" in answer.text

    def test_an_account_without_a_connection_takes_the_application_of_another(self, house: House) -> None:
        house.connect("cascade_na", selling_partner_id=house.accounts["cascade_na"]["selling_partner_id"])
        back = house.consent(house.ask("aurora_na", application="cascade_na"), "aurora_na")
        assert "Amazon lists 10 or more settlement reports" in house.said(house.browser.get(back))
        stored, source = house.stored("aurora_na"), house.stored("cascade_na")
        assert (stored.conn_type, stored.login, stored.password) == ("selling_partner", source.login, source.password)
        assert stored.extra_dejson["selling_partner_id"] == house.accounts["aurora_na"]["selling_partner_id"]

    def test_without_any_application_the_page_says_what_to_do(self, house: House) -> None:
        page = house.browser.get("/tieout/sellers/dorado_eu").text
        assert 'add <span class="mono">tieout_dorado_eu</span> of type <em>Amazon Selling Partner</em>' in page
        house.connect("cascade_na")
        assert "the one of cascade_na" not in house.browser.get("/tieout/sellers/dorado_eu").text  # simulated, of NA


class TestTheState:
    def test_an_answer_works_once(self, house: House) -> None:
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        assert house.browser.get(back).status_code == 303
        assert trouble(house.browser.get(back)) == "state_used"

    def test_a_newer_question_replaces_an_older_one(self, house: House) -> None:
        house.connect("cascade_na")
        older = house.consent(house.ask("cascade_na"), "cascade_na")
        newer = house.consent(house.ask("cascade_na"), "cascade_na")
        assert trouble(house.browser.get(older)) == "state_used"
        assert house.browser.get(newer).status_code == 303

    def test_it_expires(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        from tieout.web import app

        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
        monkeypatch.setattr(app, "now", lambda: late)
        assert trouble(house.browser.get(back)) == "state_expired"
        assert not house.stored("cascade_na").extra_dejson.get("refresh_token")

    def test_a_missing_or_forged_one_is_refused(self, house: House) -> None:
        house.connect("cascade_na")
        back = query(house.consent(house.ask("cascade_na"), "cascade_na"))
        without = {name: value for name, value in back.items() if name != "state"}
        assert trouble(house.browser.get(f"/tieout/authorized?{urlencode(without)}")) == "state_missing"
        head, _, tail = back["state"].partition(".")
        for forged in (f"{head}.{tail[::-1]}", head, "nonsense", f"A{head}.{tail}", house.form_token("cascade_na")):
            assert (
                trouble(house.browser.get(f"/tieout/authorized?{urlencode({**back, 'state': forged})}"))
                == "state_wrong"
            )

    def test_it_is_the_one_of_the_user_who_asked(self, house: House, browser: Callable[..., TestClient]) -> None:
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        assert trouble(browser("bob").get(back)) == "state_wrong"
        assert house.browser.get(back).status_code == 303


class TestWhatAmazonRefuses:
    def test_a_seller_who_cancels(self, house: House) -> None:
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na", decision="cancel")
        assert trouble(house.browser.get(back)) == "access_denied"
        assert not house.stored("cascade_na").extra_dejson.get("refresh_token")

    def test_a_code_older_than_five_minutes(self, house: House) -> None:
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        house.live.amazon.clock.advance(300)
        assert trouble(house.browser.get(back)) == "code_refused"

    def test_a_wrong_client_secret(self, house: House) -> None:
        house.accounts["cascade_na"]["client_secret"] = "amzn1.oa2-cs.v1.wrong"
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        assert trouble(house.browser.get(back)) == "client_refused"

    def test_another_seller_than_the_account_had(self, house: House) -> None:
        house.connect("cascade_na", selling_partner_id="A1ANOTHER", refresh_token="Atzr|as it was")
        answer = house.browser.get(house.consent(house.ask("cascade_na"), "cascade_na"))
        assert trouble(answer) == "another_seller"
        assert house.stored("cascade_na").extra_dejson["refresh_token"] == "Atzr|as it was"

    def test_a_seller_that_only_the_address_names(self, house: House) -> None:
        house.connect("cascade_na")
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        seller = house.accounts["cascade_na"]["selling_partner_id"]
        answer = house.browser.get(back.replace(seller, "A_MADE_UP_ID"))
        assert trouble(answer) == "seller_differs"
        extra = house.stored("cascade_na").extra_dejson
        assert not extra.get("refresh_token")
        assert not extra.get("selling_partner_id")

    def test_a_seller_that_amazons_api_does_not_name_is_not_verified(self, house: House) -> None:
        house.connect("cascade_na")
        house.live.amazon.rules.add({"fault": "role_missing", "operation": "listTransactions"})
        try:
            house.browser.get(house.consent(house.ask("cascade_na"), "cascade_na"))
        finally:
            house.live.amazon.rules.remove()
        assert house.stored("cascade_na").extra_dejson["selling_partner_verified"] is False
        assert ">not verified<" in house.browser.get("/tieout/sellers/cascade_na").text
        house.browser.get(house.consent(house.ask("cascade_na"), "cascade_na"))
        assert house.stored("cascade_na").extra_dejson["selling_partner_verified"] is True
        assert ">not verified<" not in house.browser.get("/tieout/sellers/cascade_na").text

    def test_a_seller_that_another_account_has_already(self, house: House) -> None:
        house.connect("aurora_na", selling_partner_id=house.accounts["aurora_na"]["selling_partner_id"])
        house.connect("cascade_na")
        answer = house.browser.get(house.consent(house.ask("cascade_na"), "aurora_na"))
        assert trouble(answer) == "taken_seller"
        assert "It is aurora_na." in answer.text

    def test_a_seller_of_another_region_is_stored_and_the_page_says_what_is_wrong(self, house: House) -> None:
        house.connect("cascade_na")
        page = house.said(house.browser.get(house.consent(house.ask("cascade_na"), "ember_eu")))
        assert "Consent is stored, but" in page
        assert "Check that the region is the seller" in page


class TestAccess:
    def test_without_a_session_airflow_asks_to_sign_in(self, house: House, browser: Callable[..., TestClient]) -> None:
        answer = browser("").get("/tieout/sellers")
        assert answer.status_code == 307
        assert answer.headers["location"].startswith("/auth/login?next=")

    def test_without_a_session_amazons_answer_is_in_no_further_address(
        self, house: House, browser: Callable[..., TestClient]
    ) -> None:
        answer = browser("").get("/tieout/authorized?state=x&spapi_oauth_code=the-code")
        assert answer.status_code == 401
        assert "location" not in answer.headers
        assert "the-code" not in answer.text

    def test_who_may_not_edit_connections_sees_and_does_nothing(
        self, house: House, browser: Callable[..., TestClient]
    ) -> None:
        house.connect("cascade_na")
        viewer = browser("vic", "VIEWER")
        assert viewer.get("/tieout/sellers").status_code == 403
        assert viewer.get("/tieout/sellers/cascade_na").status_code == 403
        form = {"form_token": house.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        assert viewer.post("/tieout/sellers/cascade_na/authorize", data=form).status_code == 403

    @pytest.mark.parametrize("action", ["authorize", "test", "rotate", "collect"])
    def test_a_form_of_somebody_else_is_refused(
        self, house: House, browser: Callable[..., TestClient], action: str
    ) -> None:
        house.connect("cascade_na")
        theirs = house.form_token("cascade_na", browser("bob"))
        for token in ("", "nonsense", theirs):
            form = {"form_token": token, "marketplace": "ATVPDKIKX0DER"}
            assert house.browser.post(f"/tieout/sellers/cascade_na/{action}", data=form).status_code == 403
        own = {"form_token": house.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        cross = {"Sec-Fetch-Site": "cross-site"}
        assert house.browser.post(f"/tieout/sellers/cascade_na/{action}", data=own, headers=cross).status_code == 403

    @pytest.mark.parametrize("action", ["test", "doctor", "authorize", "rotate", "collect"])
    def test_a_form_is_good_for_its_own_account_and_action_and_for_half_an_hour(
        self, house: House, monkeypatch: pytest.MonkeyPatch, action: str
    ) -> None:
        from tieout.web import access

        for name in ("cascade_na", "aurora_na"):
            house.connect(name, refresh_token="Atzr|x", host=None, login_endpoint=None, seller_central=None)
        others = {"test", "doctor", "authorize", "rotate", "collect"} - {action}
        tokens = [house.form_token("cascade_na", action=other) for other in others]
        for token in (*tokens, house.form_token("aurora_na", action=action)):
            answer = house.browser.post(f"/tieout/sellers/cascade_na/{action}", data={"form_token": token})
            assert answer.status_code == 403
            assert "made for another account or action" in answer.text
        own = house.form_token("cascade_na", action=action)
        late = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=30)
        monkeypatch.setattr(access, "now", lambda: late)
        answer = house.browser.post(f"/tieout/sellers/cascade_na/{action}", data={"form_token": own})
        assert answer.status_code == 403
        assert "Reload the page" in answer.text

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Origin": "https://evil.example"}, 403),
            ({"Origin": "http://airflow.test.evil.example"}, 403),
            ({"Origin": "http://airflow.test:8080"}, 403),
            ({"Origin": "http://[", "Sec-Fetch-Site": "same-origin"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": "http://airflow.test"}, 303),
            ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
            ({"Origin": "http://proxied.test", "Host": "proxied.test"}, 303),
        ],
    )
    def test_a_form_from_another_origin_is_refused(self, house: House, headers: dict[str, str], status: int) -> None:
        house.connect("cascade_na")
        form = {"form_token": house.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        answer = house.browser.post("/tieout/sellers/cascade_na/authorize", data=form, headers=headers)
        assert answer.status_code == status

    def test_who_may_not_edit_cannot_tell_which_accounts_there_are(
        self, house: House, browser: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tieout.web import app

        house.connect("cascade_na")

        def asked(client: TestClient, name: str) -> list[tuple[int, str]]:
            answers = [client.get(f"/tieout/sellers/{name}")]
            answers += [client.post(f"/tieout/sellers/{name}/{action}") for action in ("authorize", "test", "collect")]
            return [(answer.status_code, answer.text.replace(name, "<name>")) for answer in answers]

        for role in ("VIEWER", "USER"):
            there, missing = asked(browser("vic", role), "cascade_na"), asked(browser("vic", role), "nobody_na")
            assert there == missing
            assert {status for status, _ in there} == {403}
        # and one who may edit some accounts learns nothing about the others
        allowed = app.may_edit
        monkeypatch.setattr(app, "may_edit", lambda user, name: name != "tieout_cascade_na" and allowed(user, name))
        assert asked(house.browser, "cascade_na") == asked(house.browser, "nobody_na")

    def test_every_answer_below_the_prefix_has_the_headers(
        self, house: House, browser: Callable[..., TestClient]
    ) -> None:
        house.connect("cascade_na")
        for client in (house.browser, browser("vic", "VIEWER"), browser("")):
            for method, path in (
                *(("GET", path) for path in ("", "/", "/nothing", "/sellers/x/y/z", "/sellers", "/sellers/cascade_na")),
                *(
                    ("GET", path)
                    for path in ("/sellers/cascade_na/test", "/authorized", "/docs", "/openapi.json", "/..%2f")
                ),
                *(("PUT", "/sellers"), ("POST", "/sellers/cascade_na/test"), ("OPTIONS", "/sellers")),
            ):
                answer = client.request(method, f"/tieout{path}")
                if not path:
                    continue  # Airflow's own
                policy = answer.headers["content-security-policy"]
                assert "form-action 'self'" in policy, path
                assert "default-src 'none'" in policy
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert answer.headers["x-content-type-options"] == "nosniff"
        policy = house.browser.get("/tieout/sellers/cascade_na").headers["content-security-policy"]
        hosts = " ".join(f"https://*.amazon.{end}" for end in ("ca", "com", "com.br", "com.mx"))
        assert policy.endswith(
            f"form-action 'self' {hosts} {house.live.login}"
        )  # where consent is given, and signed in

    def test_without_a_base_url_nobody_is_sent_to_amazon(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        house.connect("cascade_na")
        form = {"form_token": house.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        back = house.consent(house.ask("cascade_na"), "cascade_na")
        monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")
        for path in ("/tieout/sellers", "/tieout/sellers/cascade_na"):
            page = house.browser.get(path, headers={"Host": "evil.example"}).text
            assert "[api] base_url" in page
            assert "evil.example" not in page
        answer = house.browser.post("/tieout/sellers/cascade_na/authorize", data=form, headers={"Host": "evil.example"})
        assert answer.status_code == 409
        assert "set [api] base_url" in answer.text
        assert house.browser.get(back, headers={"Host": "evil.example"}).status_code == 409
        assert not house.stored("cascade_na").extra_dejson.get("refresh_token")

    def test_tests_refusals_and_copies_are_in_the_audit_log(
        self, house: House, browser: Callable[..., TestClient]
    ) -> None:
        from airflow.models import Log
        from airflow.utils.session import create_session
        from sqlalchemy import delete, select

        with create_session() as session:
            session.execute(delete(Log))
        house.connect("cascade_na", refresh_token=house.accounts["cascade_na"]["refresh_token"])
        house.post("cascade_na", "test")
        browser("vic", "VIEWER").get("/tieout/sellers/cascade_na")
        house.browser.post("/tieout/sellers/cascade_na/test", data={"form_token": "forged"})
        house.browser.get("/tieout/authorized?state=forged")
        house.ask("aurora_na", application="cascade_na")
        body = {"connection_id": "tieout_cascade_na", "conn_type": "selling_partner"}
        house.browser.post("/api/v2/connections/test", json=body)
        browser("vic", "VIEWER").post("/api/v2/connections/test", json=body)
        token = browser("bob").cookies["_token"]
        browser("").post("/api/v2/connections/test", json=body, headers={"Authorization": f"Bearer {token}"})
        browser("").post("/api/v2/connections/test", json=body)
        with create_session() as session:
            rows = session.execute(select(Log.event, Log.owner, Log.extra).order_by(Log.id)).all()
        found = [(event, owner, json.loads(extra)) for event, owner, extra in rows if event.startswith("tieout_")]
        assert ("tieout_connection_tested", "ada", {"account": "cascade_na", "works": True}) in found
        refused = [(owner, what["status"], what["path"]) for event, owner, what in found if event == "tieout_refused"]
        assert refused == [
            ("vic", 403, "/tieout/sellers/cascade_na"),
            ("ada", 403, "/tieout/sellers/cascade_na/test"),
            ("ada", 400, "/tieout/authorized"),
        ]
        assert ("tieout_application_copied", "ada", {"account": "aurora_na", "taken_from": "cascade_na"}) in found
        tested = [
            (owner, what["connection"], what["status"])
            for event, owner, what in found
            if event == "tieout_airflow_test"
        ]
        assert tested == [
            ("ada", "tieout_cascade_na", 200),
            ("vic", "tieout_cascade_na", 403),
            ("bob", "tieout_cascade_na", 200),
        ]
        assert house.accounts["cascade_na"]["client_secret"] not in str(found)

    def test_a_made_up_result_is_not_shown(self, house: House) -> None:
        house.connect("cascade_na")
        assert "Connected" not in house.browser.get("/tieout/sellers/cascade_na?said=Connected").text

    def test_an_unknown_account_is_said_so(self, house: House) -> None:
        assert house.browser.get("/tieout/sellers/nobody").status_code == 404

    def test_a_connection_from_elsewhere_is_shown_and_not_changed(
        self, house: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        house.connect("cascade_na")
        form = {"form_token": house.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        given = {"conn_type": "selling_partner", "login": "a client", "password": "a secret"}
        monkeypatch.setenv("AIRFLOW_CONN_TIEOUT_CASCADE_NA", json.dumps(given))
        page = house.browser.get("/tieout/sellers/cascade_na").text
        assert "the environment variable AIRFLOW_CONN_TIEOUT_CASCADE_NA" in page
        assert house.browser.post("/tieout/sellers/cascade_na/authorize", data=form).status_code == 409


class TestAirflowsOwnForm:
    def test_the_type_is_offered_with_its_fields(self, house: House) -> None:
        types = {each["connection_type"]: each for each in house.browser.get("/ui/connections/hook_meta").json()}
        found = types["selling_partner"]
        assert found["hook_name"] == "Amazon Selling Partner"
        assert found["standard_fields"]["password"]["title"] == "Client secret"
        assert found["extra_fields"]["refresh_token"]["schema"]["format"] == "password"
        assert "has no settlement reports" in found["extra_fields"]["environment"]["description"]

    def test_the_test_button_works_with_the_stored_secrets(self, house: House) -> None:
        house.connect("cascade_na", refresh_token=house.accounts["cascade_na"]["refresh_token"])
        shown = house.browser.get("/api/v2/connections/tieout_cascade_na").json()
        assert json.loads(shown["extra"])["refresh_token"] == "***"
        assert shown["password"] == "***"
        names = ("connection_id", "conn_type", "description", "host", "login", "password", "extra")
        # as the list of Airflow 3.3.2 asks: what is not there is "", and 0 for the port
        body = {**{name: shown[name] or "" for name in names}, "port": 0, "schema": ""}
        answer = house.browser.post("/api/v2/connections/test", json=body).json()
        assert answer["status"], answer
        assert answer["message"].startswith("Works: Login with Amazon gives tokens")

    def test_stored_secrets_are_not_tested_against_another_host(self, house: House) -> None:
        house.connect("cascade_na", refresh_token=house.accounts["cascade_na"]["refresh_token"])
        body = {"connection_id": "tieout_cascade_na", "conn_type": "selling_partner", "password": "***", "port": 0}
        answer = house.browser.post("/api/v2/connections/test", json={**body, "host": "https://evil.example"})
        assert answer.status_code == 400
        assert "differs from the stored connection" in answer.text

    def test_the_test_button_says_what_to_do(self, house: House) -> None:
        house.connect("cascade_na", refresh_token="Atzr|revoked")
        body = {"connection_id": "tieout_cascade_na", "conn_type": "selling_partner"}
        answer = house.browser.post("/api/v2/connections/test", json=body).json()
        assert not answer["status"]
        assert "let the seller authorize the application again" in answer["message"]
