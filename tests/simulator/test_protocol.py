"""Login with Amazon, the Reports API and the downloads, as a client meets them."""

from __future__ import annotations

import datetime as dt
import gzip
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulator.marketplaces import MARKETPLACES
from tests.simulator.conftest import SETTLEMENTS, START, Protocol

Truth = list[dict[str, Any]]
DENIED = "Access to requested resource is denied."


def error(answer: Any) -> tuple[int, str, str, str]:
    """Status, code, message and details of an error of the Selling Partner API."""
    (found,) = answer.json()["errors"]
    return answer.status_code, found["code"], found["message"], found.get("details", "")


def days_ago(days: float) -> str:
    return (START - dt.timedelta(days=days)).isoformat()


class TestLogin:
    def ask(self, protocol: Protocol, **changes: str) -> Any:
        given = protocol.accounts["aurora_na"]
        form = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
        return protocol.login.post("/auth/o2/token", data={"grant_type": "refresh_token", **form, **changes})

    def test_a_refresh_token_gives_an_access_token_for_an_hour(self, protocol: Protocol) -> None:
        answer = self.ask(protocol)
        assert answer.status_code == 200
        body = answer.json()
        assert body["access_token"].startswith("Atza|")
        assert len(body["access_token"]) <= 2048
        assert body["refresh_token"] == protocol.accounts["aurora_na"]["refresh_token"]
        assert (body["token_type"], body["expires_in"]) == ("bearer", 3600)

    @pytest.mark.parametrize(
        ("changes", "status", "code", "description"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client", "Client authentication failed"),
            ({"client_id": "amzn1.nobody"}, 401, "invalid_client", "Client authentication failed"),
            (
                {"refresh_token": "Atzr|unknown"},
                400,
                "invalid_grant",
                "The request has an invalid grant parameter : refresh_token",
            ),
            (
                {"refresh_token": ""},
                400,
                "invalid_request",
                "The request is missing a required parameter : refresh_token",
            ),
            ({"client_id": ""}, 400, "invalid_request", "The request is missing a required parameter : client_id"),
            (
                {"grant_type": "password"},
                400,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server",
            ),
        ],
    )
    def test_what_is_refused(
        self, protocol: Protocol, changes: dict[str, str], status: int, code: str, description: str
    ) -> None:
        answer = self.ask(protocol, **changes)
        assert (answer.status_code, answer.json()) == (status, {"error": code, "error_description": description})

    def test_a_seller_of_another_application_is_refused(self, protocol: Protocol) -> None:
        assert protocol.accounts["cascade_na"]["client_id"] != protocol.accounts["aurora_na"]["client_id"]
        answer = self.ask(protocol, refresh_token=protocol.accounts["cascade_na"]["refresh_token"])
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_json_is_refused(self, protocol: Protocol) -> None:
        answer = protocol.login.post("/auth/o2/token", json={"grant_type": "refresh_token"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


class TestAccess:
    def test_a_token_dies_after_an_hour_of_the_virtual_clock(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        protocol.amazon.clock.advance(3599)
        assert protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS).status_code == 200
        protocol.amazon.clock.advance(1)
        answer = protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS)
        assert error(answer) == (403, "Unauthorized", DENIED, "The access token you provided has expired.")

    def test_a_call_without_a_token_is_refused(self, protocol: Protocol) -> None:
        answer = protocol.regions["NA"].get("/reports/2021-06-30/reports", params={"reportTypes": SETTLEMENTS})
        assert error(answer) == (403, "Unauthorized", DENIED, "Access token is missing in the request header.")
        assert answer.headers["x-amzn-RequestId"]

    @pytest.mark.parametrize("token", ["Atza|nonsense", "Atza|e30=.e30=", "nonsense", "Atza|"])
    def test_an_unknown_token_is_refused(self, protocol: Protocol, token: str) -> None:
        answer = protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS)
        expected = "The access token you provided is revoked, malformed or invalid."
        assert error(answer) == (403, "Unauthorized", DENIED, expected)

    def test_a_token_of_another_region_is_refused(self, protocol: Protocol) -> None:
        answer = protocol.get("aurora_na", "/reports", protocol.token("dorado_eu"), reportTypes=SETTLEMENTS)
        assert error(answer) == (403, "Unauthorized", DENIED, "")

    @pytest.mark.parametrize("path", ["/", "/reports/2020-09-04/reports", "/orders/v0/orders"])
    def test_an_unknown_path_is_refused(self, protocol: Protocol, path: str) -> None:
        answer = protocol.regions["EU"].get(path)
        assert error(answer) == (403, "MissingAuthenticationToken", DENIED, "")

    def test_a_method_that_a_path_does_not_have_is_refused(self, protocol: Protocol) -> None:
        assert error(protocol.regions["EU"].put("/reports/2021-06-30/reports"))[1] == "MissingAuthenticationToken"


class TestListing:
    def test_reports_are_listed_newest_first_with_all_their_fields(self, protocol: Protocol, truth: Truth) -> None:
        listed = protocol.reports("ironbark_fe")
        expected = [d for d in truth if d["account"] == "ironbark_fe" and d["source"] == "api"]
        assert [r["reportId"] for r in listed] == [
            d["report_id"] for d in sorted(expected, key=lambda d: d["created_at"], reverse=True)
        ]
        newest = max(expected, key=lambda d: d["created_at"])
        assert listed[0] == {
            "reportType": SETTLEMENTS,
            "processingStatus": "DONE",
            "marketplaceIds": [MARKETPLACES["AU"].id, MARKETPLACES["SG"].id],
            "reportId": newest["report_id"],
            "dataStartTime": newest["period_start"].replace("Z", "+00:00"),
            "dataEndTime": newest["period_end"].replace("Z", "+00:00"),
            "createdTime": newest["created_at"].replace("Z", "+00:00"),
            "processingStartTime": newest["created_at"].replace("Z", "+00:00"),
            "processingEndTime": newest["created_at"].replace("Z", "+00:00"),
            "reportDocumentId": newest["report_document_id"],
        }

    def test_a_page_has_ten_reports_unless_asked(self, protocol: Protocol) -> None:
        answer = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS)
        assert len(answer.json()["reports"]) == 10
        assert answer.headers["x-amzn-RateLimit-Limit"] == "0.0222"
        assert answer.headers["x-amzn-RequestId"]
        assert len(protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS, pageSize=3).json()["reports"]) == 3

    def test_the_pages_make_up_the_list(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        answer = protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS, pageSize=12)
        found = answer.json()["reports"]
        while "nextToken" in answer.json():
            answer = protocol.get("aurora_na", "/reports", token, nextToken=answer.json()["nextToken"])
            found += answer.json()["reports"]
        assert found == protocol.reports("aurora_na")
        assert len(found) == 31

    def test_a_page_does_not_move_when_a_report_is_made_meanwhile(self, protocol: Protocol) -> None:
        protocol.amazon.clock.advance(8 * 3600)
        before = protocol.reports("cascade_na")
        token = protocol.token("cascade_na")
        first = protocol.get("cascade_na", "/reports", token, reportTypes=SETTLEMENTS, pageSize=30).json()
        # the moment of the first page is kept: what comes later does not shift the second
        protocol.amazon.clock.advance(240)
        second = protocol.get("cascade_na", "/reports", token, nextToken=first["nextToken"]).json()
        assert first["reports"] + second["reports"] == before

    def test_a_next_token_stands_alone(self, protocol: Protocol) -> None:
        token = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS).json()["nextToken"]
        answer = protocol.get("aurora_na", "/reports", nextToken=token, reportTypes=SETTLEMENTS, pageSize=10)
        message = "NextToken cannot be specified with other input parameters"
        assert error(answer) == (400, "InvalidInput", message, "pageSize;reportTypes;")

    def test_a_next_token_dies(self, protocol: Protocol) -> None:
        token = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS).json()["nextToken"]
        protocol.amazon.clock.advance(299)
        assert protocol.get("aurora_na", "/reports", nextToken=token).status_code == 200
        protocol.amazon.clock.advance(1)
        assert error(protocol.get("aurora_na", "/reports", nextToken=token))[:2] == (400, "InvalidInput")

    def test_a_next_token_of_another_seller_or_of_nobody_is_refused(self, protocol: Protocol) -> None:
        token = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS).json()["nextToken"]
        for account, given in (("borealis_na", token), ("aurora_na", "abc"), ("aurora_na", token[:-8] + "AAAAAAA=")):
            answer = protocol.get(account, "/reports", nextToken=given)
            assert error(answer)[:3] == (400, "InvalidInput", "Invalid nextToken")

    def test_the_same_documents_come_under_every_marketplace(self, protocol: Protocol) -> None:
        everything = protocol.reports("aurora_na")
        for country in ("US", "CA", "MX", "BR"):
            assert protocol.reports("aurora_na", marketplaceIds=MARKETPLACES[country].id) == everything
        both = f"{MARKETPLACES['DE'].id},{MARKETPLACES['US'].id}"
        assert protocol.reports("aurora_na", marketplaceIds=both) == everything
        assert protocol.reports("aurora_na", marketplaceIds=MARKETPLACES["DE"].id) == []

    def test_filters(self, protocol: Protocol) -> None:
        everything = protocol.reports("falcon_eu")
        cancelled = protocol.reports("falcon_eu", processingStatuses="CANCELLED")
        assert [r["processingStatus"] for r in cancelled] == ["CANCELLED"]
        assert "reportDocumentId" not in cancelled[0]
        assert protocol.reports("falcon_eu", processingStatuses="DONE,CANCELLED") == everything
        since, until = days_ago(40), days_ago(20)
        window = protocol.reports("falcon_eu", createdSince=since, createdUntil=until)
        assert window == [r for r in everything if since <= r["createdTime"] <= until]
        assert 0 < len(window) < len(everything)
        assert protocol.reports("falcon_eu", reportTypes="GET_FBA_REIMBURSEMENTS_DATA") == []
        assert protocol.reports("falcon_eu", reportTypes=f"GET_FBA_REIMBURSEMENTS_DATA,{SETTLEMENTS}") == everything

    def test_ninety_days_are_the_limit(self, protocol: Protocol) -> None:
        answer = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS, createdSince=days_ago(90.1))
        assert error(answer)[:2] == (400, "InvalidInput")
        assert "90 days" in error(answer)[2]
        since = protocol.get("aurora_na", "/reports", reportTypes=SETTLEMENTS, createdSince=days_ago(90), pageSize=100)
        assert since.json()["reports"] == protocol.reports("aurora_na")
        # when the clock moves on, the oldest reports are gone
        before = protocol.reports("aurora_na")
        oldest = before[-1]
        made = dt.datetime.fromisoformat(oldest["createdTime"])
        protocol.amazon.clock.advance((made + dt.timedelta(days=90, hours=1) - START).total_seconds())
        assert oldest not in protocol.reports("aurora_na")
        assert protocol.get("aurora_na", f"/reports/{oldest['reportId']}").status_code == 404
        assert protocol.get("aurora_na", f"/documents/{oldest['reportDocumentId']}").status_code == 404

    @pytest.mark.parametrize(
        "query",
        [
            {"reportTypes": SETTLEMENTS, "pageSize": "0"},
            {"reportTypes": SETTLEMENTS, "pageSize": "101"},
            {"reportTypes": SETTLEMENTS, "pageSize": "ten"},
            {"reportTypes": SETTLEMENTS, "processingStatuses": "READY"},
            {"reportTypes": SETTLEMENTS, "marketplaceIds": "ATLANTIS"},
            {"reportTypes": SETTLEMENTS, "createdSince": "yesterday"},
            {"reportTypes": ",".join(f"GET_{n}" for n in range(11))},
        ],
    )
    def test_filters_that_are_refused(self, protocol: Protocol, query: dict[str, str]) -> None:
        assert error(protocol.get("aurora_na", "/reports", **query))[:2] == (400, "InvalidInput")

    def test_report_types_are_required(self, protocol: Protocol) -> None:
        answer = protocol.get("aurora_na", "/reports", pageSize=10)
        assert error(answer) == (400, "InvalidInput", "One or more required parameters missing", "reportTypes;")

    def test_one_report(self, protocol: Protocol) -> None:
        listed = protocol.reports("aurora_na")[0]
        answer = protocol.get("aurora_na", f"/reports/{listed['reportId']}")
        assert answer.json() == listed
        assert answer.headers["x-amzn-RateLimit-Limit"] == "2.0"
        missing = protocol.get("aurora_na", "/reports/999")
        assert error(missing)[:2] == (404, "NotFound")
        assert missing.headers["x-amzn-RateLimit-Limit"] == "2.0"
        assert error(protocol.get("aurora_na", "/reports/abc"))[:2] == (400, "InvalidInput")

    def test_a_report_that_is_listed_before_it_is_done(self, protocol: Protocol, truth: Truth) -> None:
        slow = next(d for d in truth if d["expected_reason"] == "report_not_ready")
        path = f"/reports/{slow['report_id']}"
        report = protocol.get("ganges_eu", path).json()
        assert report["processingStatus"] == "IN_PROGRESS"
        assert {"reportDocumentId", "processingEndTime"}.isdisjoint(report)
        assert slow["report_document_id"] is None
        protocol.amazon.clock.advance(2 * 86400)
        report = protocol.get("ganges_eu", path).json()
        assert report["processingStatus"] == "DONE"
        assert protocol.get("ganges_eu", f"/documents/{report['reportDocumentId']}").status_code == 200

    def test_a_fatal_report_has_a_document_that_explains(self, protocol: Protocol) -> None:
        (fatal,) = protocol.reports("aurora_na", processingStatuses="FATAL")
        minted = protocol.get("aurora_na", f"/documents/{fatal['reportDocumentId']}").json()
        assert b"errorDetails" in download(protocol, "NA", minted["url"]).content


class TestQuotas:
    def test_a_bucket_holds_its_burst_and_fills_on_the_virtual_clock(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        document = protocol.reports("aurora_na")[0]["reportDocumentId"]

        def status() -> int:
            return protocol.get("aurora_na", f"/documents/{document}", token).status_code

        assert [status() for _ in range(16)] == [200] * 15 + [429]
        protocol.amazon.clock.advance(59)
        assert status() == 429
        protocol.amazon.clock.advance(1)
        assert [status(), status()] == [200, 429]

    def test_the_refusal(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        answers = [protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS) for _ in range(11)]
        expected = (429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
        assert error(answers[-1]) == expected
        assert "x-amzn-RateLimit-Limit" not in answers[-1].headers
        assert answers[-2].status_code == 200

    def test_a_bucket_belongs_to_a_seller_and_an_operation(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        while protocol.get("aurora_na", "/reports", token, reportTypes=SETTLEMENTS).status_code == 200:
            pass
        assert protocol.get("borealis_na", "/reports", reportTypes=SETTLEMENTS).status_code == 200
        assert protocol.get("aurora_na", "/reports/999", token).status_code == 404

    def test_a_refused_token_costs_nothing_and_a_bad_request_does(self, protocol: Protocol) -> None:
        token = protocol.token("aurora_na")
        for _ in range(20):
            assert protocol.get("aurora_na", "/reports", "Atza|wrong", reportTypes=SETTLEMENTS).status_code == 403
        statuses = [protocol.get("aurora_na", "/reports", token).status_code for _ in range(11)]
        assert statuses == [400] * 10 + [429]


def download(protocol: Protocol, region: str, url: str) -> Any:
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == f"http://{region.lower()}.test"
    return protocol.regions[region].get(f"{parts.path}?{parts.query}", headers={"accept-encoding": "identity"})


class TestDownloads:
    def minted(self, protocol: Protocol, account: str, **query: Any) -> dict[str, str]:
        listed = next(r for r in protocol.reports(account) if r["processingStatus"] == "DONE")
        answer = protocol.get(account, f"/documents/{listed['reportDocumentId']}", **query)
        assert answer.headers["x-amzn-RateLimit-Limit"] == "0.0167"
        return answer.json()

    def test_a_url_needs_no_token_and_dies_after_five_minutes(self, protocol: Protocol) -> None:
        url = self.minted(protocol, "hinode_fe")["url"]
        assert "/tortuga-prod-fe/" in url
        assert "X-Amz-Expires=300" in url
        protocol.amazon.clock.advance(300)
        assert download(protocol, "FE", url).status_code == 200
        protocol.amazon.clock.advance(1)
        answer = download(protocol, "FE", url)
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/xml"
        assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in answer.text
        assert "<Expires>2026-08-31T15:05:00Z</Expires><ServerTime>2026-08-31T15:05:01Z</ServerTime>" in answer.text

    def test_a_changed_url_is_refused(self, protocol: Protocol) -> None:
        url = self.minted(protocol, "hinode_fe")["url"]
        for changed in (url.replace("X-Amz-Date=2026", "X-Amz-Date=2027"), url.replace(".1118?", ".1119?"), url + "0"):
            answer = download(protocol, "FE", changed)
            assert answer.status_code == 403
            assert "<Code>SignatureDoesNotMatch</Code>" in answer.text
        bare = download(protocol, "FE", url.partition("?")[0])
        assert (bare.status_code, "<Code>AccessDenied</Code>" in bare.text) == (403, True)

    def test_gzip_and_charset(self, protocol: Protocol) -> None:
        minted = self.minted(protocol, "hinode_fe")
        assert minted["compressionAlgorithm"] == "GZIP"
        answer = download(protocol, "FE", minted["url"])
        assert answer.headers["content-type"] == "text/plain; charset=Windows-31J"
        assert "content-encoding" not in answer.headers
        assert gzip.decompress(answer.content).startswith(b"settlement-id\tsettlement-start-date\t")

    def test_a_download_may_name_its_compression(self, protocol: Protocol) -> None:
        minted = self.minted(protocol, "hinode_fe", enableContentEncodingUrlHeader="true")
        answer = download(protocol, "FE", minted["url"])
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.content.startswith(b"settlement-id\t")

    def test_what_downloads_say_of_themselves(self, protocol: Protocol, truth: Truth) -> None:
        said = set()
        documents = [d for d in truth if d["source"] == "api" and d["expected_state"] == "loaded"]
        # one document of each way to write is enough
        for document in {(d["account"], d["currency"], d["columns"]): d for d in documents}.values():
            if document["lines"] < 1000 or document["encoding"] == "cp932":
                minted = protocol.get(document["account"], f"/documents/{document['report_document_id']}").json()
                answer = download(protocol, document["region"], minted["url"])
                said.add((answer.headers.get("content-type"), "compressionAlgorithm" in minted))
        assert {content_type for content_type, _ in said} == {
            "text/plain;charset=UTF-8",
            "text/plain;charset=Cp1252",
            "text/plain; charset=Windows-31J",
            "text/plain",
            None,
        }
        assert {compressed for _, compressed in said} == {True, False}

    def test_unknown_documents(self, protocol: Protocol) -> None:
        own = protocol.reports("hinode_fe")[0]["reportDocumentId"]
        assert error(protocol.get("jade_fe", f"/documents/{own}"))[:2] == (404, "NotFound")
        answer = protocol.get("hinode_fe", "/documents/50311019412")
        assert error(answer) == (400, "InvalidInput", "Invalid reportDocumentId 50311019412", "")


class TestWhatCannotBeAskedFor:
    def post(self, protocol: Protocol, path: str, body: Any) -> Any:
        headers = {"x-amz-access-token": protocol.token("aurora_na")}
        return protocol.regions["NA"].post(f"/reports/2021-06-30{path}", json=body, headers=headers)

    @pytest.mark.parametrize(
        ("report_type", "number"), [(SETTLEMENTS, 1118), ("GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE", 1117)]
    )
    @pytest.mark.parametrize("path", ["/reports", "/schedules"])
    def test_settlement_reports_are_made_by_amazon_alone(
        self, protocol: Protocol, path: str, report_type: str, number: int
    ) -> None:
        body = {"reportType": report_type, "marketplaceIds": [MARKETPLACES["US"].id], "period": "P14D"}
        message = f"Request for report type {number} is not allowed at this time"
        assert error(self.post(protocol, path, body)) == (400, "InvalidInput", message, "")

    def test_a_type_that_amazon_does_not_know_is_refused(self, protocol: Protocol) -> None:
        body = {"reportType": "GET_NOTHING_DATA", "marketplaceIds": [MARKETPLACES["US"].id]}
        assert error(self.post(protocol, "/reports", body)) == (
            400,
            "InvalidInput",
            "Invalid Report Type GET_NOTHING_DATA",
            "",
        )

    def test_what_is_missing_is_named(self, protocol: Protocol) -> None:
        missing = "One or more required parameters missing"
        answer = self.post(protocol, "/reports", {"reportType": SETTLEMENTS})
        assert error(answer) == (400, "InvalidInput", missing, "marketplaceIds;")
        assert error(self.post(protocol, "/schedules", {}))[3] == "reportType;marketplaceIds;period;"
        assert error(self.post(protocol, "/reports", ["no object"]))[:2] == (400, "InvalidInput")

    def test_nothing_can_be_cancelled(self, protocol: Protocol) -> None:
        headers = {"x-amz-access-token": protocol.token("aurora_na")}
        report = protocol.reports("aurora_na")[0]["reportId"]
        path = "/reports/2021-06-30/reports/"
        assert error(protocol.regions["NA"].delete(path + report, headers=headers))[:2] == (400, "InvalidInput")
        assert error(protocol.regions["NA"].delete(path + "999", headers=headers))[:2] == (404, "NotFound")

    def test_there_are_no_schedules(self, protocol: Protocol) -> None:
        answer = protocol.get("aurora_na", "/schedules", reportTypes=SETTLEMENTS)
        assert (answer.status_code, answer.json()) == (200, {"reportSchedules": []})
        assert error(protocol.get("aurora_na", "/schedules"))[3] == "reportTypes;"
        assert error(protocol.get("aurora_na", "/schedules/1"))[:2] == (404, "NotFound")


class TestControl:
    def test_the_clock_can_be_read_and_advanced_on_every_port(self, protocol: Protocol) -> None:
        assert protocol.login.get("/simulator/health").json() == {"status": "ok"}
        assert protocol.regions["EU"].get("/simulator/clock").json() == {"now": "2026-08-31T15:00:00Z", "scale": 1.0}
        answer = protocol.regions["FE"].post("/simulator/clock", json={"advance_seconds": 90})
        assert answer.json() == {"now": "2026-08-31T15:01:30Z", "scale": 1.0}
        assert protocol.login.get("/simulator/clock").json()["now"] == "2026-08-31T15:01:30Z"
        for wrong in ({"advance_seconds": -1}, {"advance_seconds": "soon"}, {}, []):
            assert protocol.regions["NA"].post("/simulator/clock", json=wrong).status_code == 400

    def test_the_truth_is_the_same_on_every_port(self, protocol: Protocol, truth: Truth) -> None:
        for client in (*protocol.regions.values(), protocol.login):
            assert client.get("/simulator/truth").json() == {
                "now": "2026-08-31T15:00:00Z",
                "seed": 7,
                "documents": truth,
                "requested": [],
                "sources": {},
            }
