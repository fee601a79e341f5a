"""Two public clients speak with the simulated Amazon as they are; only the endpoints are set."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import sp_api.auth.access_token_client as sp_api_login
from sp_api.api import Finances, Reports, Sellers, Tokens
from sp_api.base import SellingApiBadRequestException, SellingApiForbiddenException
from spapi.api.finances_v0.finances_v0_api import FinancesV0Api
from spapi.api.finances_v2024_06_19.finances_v2024_api import FinancesV2024Api
from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
from spapi.api.sellers_v1.sellers_api import SellersApi
from spapi.api.tokens_v2021_03_01.tokens_api import TokensApi
from spapi.api.transfers_v2024_06_01.transfers_api import TransfersApi
from spapi.auth.credentials import SPAPIConfig
from spapi.client import SPAPIClient
from spapi.rest import ApiException

from simulator.marketplaces import BY_ID
from simulator.sellers import BY_KEY
from simulator.sources.book import book_of
from simulator.sources.truth import SOURCES
from tests.simulator.conftest import SETTLEMENTS, START, Live
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

    def client(self, live: Live, account: dict[str, Any]) -> Any:
        config = SPAPIConfig(
            client_id=account["client_id"],
            client_secret=account["client_secret"],
            refresh_token=account["refresh_token"],
            region=account["region"],
        )
        endpoint = live.regions[account["region"]]
        return SPAPIClient(config, oauth_endpoint=f"{live.login}/auth/o2/token", endpoint=endpoint).api_client

    def api(self, live: Live, account: dict[str, Any]) -> ReportsApi:
        return ReportsApi(self.client(live, account))

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

    def test_it_reads_where_a_seller_sells(self, live: Live, credentials: dict[str, dict[str, Any]]) -> None:
        account = credentials["falcon_eu"]
        found = SellersApi(self.client(live, account)).get_marketplace_participations().payload
        assert [each.marketplace.id for each in found] == account["marketplaces"]
        assert all(each.participation.is_participating and each.store_name == "Falcon Trading" for each in found)

    def test_it_reads_event_groups_transactions_and_the_rest(
        self, live: Live, truth: Truth, credentials: dict[str, dict[str, Any]]
    ) -> None:
        client = self.client(live, credentials["dorado_eu"])
        page = FinancesV0Api(client).list_financial_event_groups(max_results_per_page=100).payload
        groups = list(page.financial_event_group_list)
        totals = {
            g.original_total.currency_amount for g in groups if g.original_total and g.processing_status == "Closed"
        }
        documents = [d for d in truth if d["account"] == "dorado_eu" and d["settlement_id"]]
        assert totals <= {float(d["control_total"]) for d in documents}
        assert len(totals) > len(documents) / 2

        finances = FinancesV2024Api(client)
        arguments = {
            "posted_after": dt.datetime(2026, 8, 1, tzinfo=dt.UTC),
            "posted_before": dt.datetime(2026, 8, 20, tzinfo=dt.UTC),
        }
        payload = finances.list_transactions(**arguments).payload
        found = list(payload.transactions)
        while payload.next_token:
            payload = finances.list_transactions(**arguments, next_token=payload.next_token).payload
            found += payload.transactions
        rows = SOURCES["transactions"](book_of(live.amazon.documents.world, BY_KEY["dorado_eu"], START), START)
        wanted = {row["transaction_id"] for row in rows if "2026-08-01" <= row["posted_at"] < "2026-08-20"}
        assert sorted(each.transaction_id for each in found) == sorted(wanted)
        assert {each.transaction_status for each in found} == {"RELEASED", "DEFERRED_RELEASED"}
        deferred = next(each for each in found if each.contexts)
        assert deferred.contexts[0].deferral_reason in ("DD7", "B2B")
        for each in found:
            # its amounts are floats, as in every client but ours
            assert each.total_amount.currency_amount == pytest.approx(
                sum(node.breakdown_amount.currency_amount for node in each.breakdowns)
            )

        document = documents[0]
        summary = finances.list_summary(
            related_identifier_name="SETTLEMENT_ID", related_identifier_value=document["settlement_id"]
        )
        assert summary.summaries[0].net_proceeds.currency_amount == float(document["control_total"])
        balances = finances.list_balances(as_of_date=dt.date(2026, 8, 30)).balances
        parts = [part for each in balances for part in each.balances]
        assert {part.balance_type for part in parts} == {"AVAILABLE", "RESERVED"}
        below = {part.balance_type for each in parts for part in each.balances or ()}
        assert below == {"ACCOUNT_LEVEL_RESERVE", "DEFERRED"}
        payouts = TransfersApi(client).list_payouts(created_after=dt.datetime(2026, 8, 1, tzinfo=dt.UTC)).payouts
        assert payouts
        assert all(payout.status_history and payout.period.end_date.tzinfo for payout in payouts)

    def test_it_reads_a_restricted_document(self, live: Live, credentials: dict[str, dict[str, Any]]) -> None:
        account = credentials["ganges_eu"]
        api = self.api(live, account)
        wish = {
            "reportType": "GET_GST_MTR_B2B_CUSTOM",
            "marketplaceIds": account["marketplaces"],
            "dataStartTime": "2026-07-01T00:00:00Z",
            "dataEndTime": "2026-08-01T00:00:00Z",
        }
        report_id = api.create_report(wish).report_id
        live.amazon.clock.advance(180)
        document_id = api.get_report(report_id).report_document_id
        with pytest.raises(ApiException) as refused:
            api.get_report_document(document_id)
        assert refused.value.status == 403
        resource = {"method": "GET", "path": f"/reports/2021-06-30/documents/{document_id}"}
        given = TokensApi(self.client(live, account)).create_restricted_data_token({"restrictedResources": [resource]})
        url = f"{live.regions['EU']}{resource['path']}"
        answer = httpx.get(url, headers={"x-amz-access-token": given.restricted_data_token})
        body = httpx.get(answer.json()["url"]).content
        assert gzip.decompress(body).startswith(b"Seller Gstin\t")


class TestPythonAmazonSpApi:
    """python-amazon-sp-api"""

    @pytest.fixture(autouse=True)
    def _forget_tokens(self) -> Iterator[None]:
        sp_api_login.cache.clear()
        yield
        sp_api_login.cache.clear()

    def client(self, live: Live, account: dict[str, Any], api: Any = Reports, **more: Any) -> Any:
        class Login(sp_api_login.AccessTokenClient):
            scheme, host = f"{httpx.URL(live.login).scheme}://", httpx.URL(live.login).netloc.decode()

        marketplace = SimpleNamespace(
            endpoint=live.regions[account["region"]], marketplace_id=account["marketplaces"][0], region="us-east-1"
        )
        return api(
            marketplace,
            refresh_token=account["refresh_token"],
            credentials={"lwa_app_id": account["client_id"], "lwa_client_secret": account["client_secret"]},
            auth_token_client_class=Login,
            **more,
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

    def test_it_reads_where_a_seller_sells_and_what_the_finances_api_tells(
        self, live: Live, credentials: dict[str, dict[str, Any]]
    ) -> None:
        account = credentials["ironbark_fe"]
        with self.client(live, account, Sellers) as client:
            found = client.get_marketplace_participation().payload
        assert [each["marketplace"]["id"] for each in found] == account["marketplaces"]

        world = live.amazon.documents.world
        with self.client(live, account, Finances, version="v0") as client:
            answer = client.list_financial_event_groups(MaxResultsPerPage=20)
            groups = list(answer.payload["FinancialEventGroupList"])
            while answer.next_token:
                answer = client.list_financial_event_groups(MaxResultsPerPage=20, NextToken=answer.next_token)
                groups += answer.payload["FinancialEventGroupList"]
        assert len(groups) == len(SOURCES["event_groups"](book_of(world, BY_KEY["ironbark_fe"], START), START))

        arguments = {"postedAfter": "2026-07-10T00:00:00Z", "postedBefore": "2026-08-25T00:00:00Z"}
        with self.client(live, account, Finances, version="2024-06-19") as client:
            answer = client.list_transactions(**arguments)
            transactions = list(answer.payload["transactions"])
            while answer.next_token:
                answer = client.list_transactions(**arguments, nextToken=answer.next_token)
                transactions += answer.payload["transactions"]
        rows = SOURCES["transactions"](book_of(world, BY_KEY["ironbark_fe"], START), START)
        wanted = {row["transaction_id"] for row in rows if "2026-07-10" <= row["posted_at"] < "2026-08-25"}
        assert len(wanted) > 100
        assert sorted(each["transactionId"] for each in transactions) == sorted(wanted)

    def test_it_reads_a_restricted_document(self, live: Live, credentials: dict[str, dict[str, Any]]) -> None:
        account = credentials["ember_eu"]
        with self.client(live, account) as client:
            made = client.create_report(
                reportType="SC_VAT_TAX_REPORT",
                marketplaceIds=account["marketplaces"],
                dataStartTime="2026-07-01T00:00:00Z",
                dataEndTime="2026-08-01T00:00:00Z",
            )
            live.amazon.clock.advance(180)
            report = client.get_report(made.payload["reportId"]).payload
            with pytest.raises(SellingApiForbiddenException):
                client.get_report_document(report["reportDocumentId"])
        resource = {"method": "GET", "path": f"/reports/2021-06-30/documents/{report['reportDocumentId']}"}
        with self.client(live, account, Tokens) as client:
            token = client.create_restricted_data_token(restrictedResources=[resource]).payload["restrictedDataToken"]
        with self.client(live, account, restricted_data_token=token) as client:
            document = client.get_report_document(report["reportDocumentId"], download=True).payload["document"]
        assert document.startswith('"Marketplace ID"')
