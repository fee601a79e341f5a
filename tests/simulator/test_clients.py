"""Two public clients speak with the simulated Amazon as they are; only the endpoints are set."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import sp_api.auth.access_token_client as sp_api_login
from sp_api.api import Reports
from sp_api.base import SellingApiBadRequestException, SellingApiForbiddenException
from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
from spapi.auth.credentials import SPAPIConfig
from spapi.client import SPAPIClient
from spapi.rest import ApiException

from simulator.marketplaces import BY_ID
from tests.simulator.conftest import SETTLEMENTS, Live
from tests.simulator.flat_file import read

Truth = list[dict[str, Any]]


def listed(truth: Truth, account: str) -> dict[str, dict[str, Any]]:
    return {d["report_id"]: d for d in truth if d["account"] == account and d["source"] == "api"}


def assert_sums(text: str, document: dict[str, Any]) -> None:
    file = read(text.encode("utf-8"), "utf-8", document["decimal"])
    assert file.total == file.control_total == Decimal(document["control_total"])
    assert file.by_category() == {name: Decimal(value) for name, value in document["by_category"].items()}


class TestAmazonsOwnSdk:
    """amzn-sp-api"""

    def api(self, live: Live, account: dict[str, Any]) -> ReportsApi:
        config = SPAPIConfig(
            client_id=account["client_id"],
            client_secret=account["client_secret"],
            refresh_token=account["refresh_token"],
            region=account["region"],
        )
        client = SPAPIClient(
            config, oauth_endpoint=f"{live.login}/auth/o2/token", endpoint=live.regions[account["region"]]
        )
        return ReportsApi(client.api_client)

    @pytest.mark.parametrize("name", ["aurora_na", "dorado_eu", "jade_fe"])
    def test_it_lists_page_by_page_and_reads_to_the_truth(
        self, live: Live, truth: Truth, credentials: dict[str, dict[str, Any]], name: str
    ) -> None:
        api = self.api(live, credentials[name])
        page = api.get_reports(report_types=[SETTLEMENTS], page_size=9)
        reports = list(page.reports)
        while page.next_token:
            page = api.get_reports(next_token=page.next_token)
            reports += page.reports
        documents = listed(truth, name)
        assert [report.report_id for report in reports] == sorted(
            documents, key=lambda report_id: documents[report_id]["created_at"], reverse=True
        )
        assert all(report.created_time.tzinfo for report in reports)
        seen = set()
        for report in reports:
            document = documents[report.report_id]
            convention = (document["encoding"], document["decimal"], document["dates_style"])
            if document["expected_state"] != "loaded" or convention in seen:
                continue
            seen.add(convention)
            found = api.get_report_document(report.report_document_id)
            body = httpx.get(found.url).content
            if found.compression_algorithm == "GZIP":
                body = gzip.decompress(body)
            assert_sums(body.decode(document["encoding"]), document)
        assert len(seen) >= 3

    def test_one_report_and_the_errors(self, live: Live, truth: Truth, credentials: dict[str, dict[str, Any]]) -> None:
        api = self.api(live, credentials["ember_eu"])
        report_id, document = next(iter(listed(truth, "ember_eu").items()))
        report = api.get_report(report_id)
        assert (report.processing_status, report.report_document_id) == ("DONE", document["report_document_id"])
        assert set(report.marketplace_ids) <= set(BY_ID)
        with pytest.raises(ApiException) as refused:
            api.create_report({"reportType": SETTLEMENTS, "marketplaceIds": report.marketplace_ids})
        assert refused.value.status == 400
        assert "Request for report type 1118 is not allowed at this time" in refused.value.body
        with pytest.raises(ApiException) as unknown:
            api.get_report("1")
        assert unknown.value.status == 404

    def test_another_region_is_forbidden(self, live: Live, credentials: dict[str, dict[str, Any]]) -> None:
        api = self.api(live, {**credentials["ember_eu"], "region": "NA"})
        with pytest.raises(ApiException) as refused:
            api.get_reports(report_types=[SETTLEMENTS])
        assert refused.value.status == 403


class TestPythonAmazonSpApi:
    """python-amazon-sp-api"""

    @pytest.fixture(autouse=True)
    def _forget_tokens(self) -> Iterator[None]:
        sp_api_login.cache.clear()
        yield
        sp_api_login.cache.clear()

    def client(self, live: Live, account: dict[str, Any]) -> Reports:
        class Login(sp_api_login.AccessTokenClient):
            scheme, host = f"{httpx.URL(live.login).scheme}://", httpx.URL(live.login).netloc.decode()

        marketplace = SimpleNamespace(
            endpoint=live.regions[account["region"]], marketplace_id=account["marketplaces"][0], region="us-east-1"
        )
        return Reports(
            marketplace,
            refresh_token=account["refresh_token"],
            credentials={"lwa_app_id": account["client_id"], "lwa_client_secret": account["client_secret"]},
            auth_token_client_class=Login,
        )

    @pytest.mark.parametrize("name", ["borealis_na", "falcon_eu", "hinode_fe"])
    def test_it_lists_page_by_page_and_reads_to_the_truth(
        self, live: Live, truth: Truth, credentials: dict[str, dict[str, Any]], name: str
    ) -> None:
        documents = listed(truth, name)
        with self.client(live, credentials[name]) as client:
            answer = client.get_reports(reportTypes=[SETTLEMENTS], pageSize=8)
            assert answer.rate_limit == "0.0222"
            reports = list(answer.payload["reports"])
            while answer.next_token:
                answer = client.get_reports(nextToken=answer.next_token)
                reports += answer.payload["reports"]
            assert sorted(report["reportId"] for report in reports) == sorted(documents)
            seen = set()
            for report in reports:
                document = documents[report["reportId"]]
                convention = (document["encoding"], document["decimal"], document["dates_style"])
                if document["expected_state"] != "loaded" or convention in seen:
                    continue
                seen.add(convention)
                found = client.get_report_document(report["reportDocumentId"], download=True)
                text = found.payload["document"]
                if found.character_code == "iso-8859-1":
                    # what it takes when the download names no charset
                    text = text.encode("iso-8859-1").decode(document["encoding"])
                assert_sums(text, document)
            assert len(seen) >= 1

    def test_it_decodes_what_the_download_says(
        self, live: Live, truth: Truth, credentials: dict[str, dict[str, Any]]
    ) -> None:
        document = next(
            d for d in listed(truth, "hinode_fe").values() if d["encoding"] == "cp932" and d["lines"] > 2000
        )
        with self.client(live, credentials["hinode_fe"]) as client:
            found = client.get_report_document(document["report_document_id"], download=True)
        assert found.character_code == "cp932"
        assert "抹茶セット-①" in found.payload["document"]

    def test_the_errors(self, live: Live, credentials: dict[str, dict[str, Any]]) -> None:
        account = credentials["borealis_na"]
        with self.client(live, account) as client, pytest.raises(SellingApiBadRequestException, match="1118"):
            client.create_report(reportType=SETTLEMENTS)
        elsewhere = {**account, "region": "EU"}
        with self.client(live, elsewhere) as client, pytest.raises(SellingApiForbiddenException):
            client.get_reports(reportTypes=[SETTLEMENTS])
