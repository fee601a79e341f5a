"""What the doctor says of a selling partner's connection, against the simulated Amazon."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from typing import Any

import httpx
import pytest

from simulator.app import accounts
from tests.doctor.conftest import Examine, connection, of
from tests.simulator.conftest import Live
from tieout.amazon.budget import Budget, MemoryBudgetStore
from tieout.amazon.roles import roles_of
from tieout.doctor.bundle import bundle, bundle_name
from tieout.doctor.findings import Examination, Verdict
from tieout.lake import Lake, LakeBudgetStore
from tieout.reports.families import FAMILIES

SETTLEMENTS = "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2"
REIMBURSEMENTS = "GET_FBA_REIMBURSEMENTS_DATA"
ANSWERED = [each.report_types[0] for each in FAMILIES.values() if each.question]


def request_reports(
    live: Live, name: str, marketplace: str, *types: str, window: tuple[str, str] = ("2026-08-01", "2026-08-28")
) -> None:
    """Have Amazon make reports, as a run of the DAGs does, and wait until they are done."""
    known = connection(live, name)
    form = {"grant_type": "refresh_token", "refresh_token": known.refresh_token, "client_id": known.client_id,
            "client_secret": known.client_secret}  # fmt: skip
    token = httpx.post(f"{live.login}/auth/o2/token", data=form).json()["access_token"]
    for each in types:
        body = {"reportType": each, "marketplaceIds": [marketplace], "dataStartTime": f"{window[0]}T00:00:00Z",
                "dataEndTime": f"{window[1]}T00:00:00Z"}  # fmt: skip
        answer = httpx.post(
            f"{known.host}/reports/2021-06-30/reports", json=body, headers={"x-amz-access-token": token}
        )
        assert answer.status_code == 202, answer.text
    live.amazon.clock.advance(6 * 3600)


def test_all_is_well(live: Live, examine: Examine) -> None:
    types = (REIMBURSEMENTS, "GET_V2_SELLER_PERFORMANCE_REPORT", "GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA")
    request_reports(live, "cascade_na", "ATVPDKIKX0DER", *types)
    found = examine("cascade_na")
    assert found.exit_code == 0
    assert [each.check for each in found.findings if each.needs_action] == []
    well = {each.check for each in found.findings if each.verdict is Verdict.OK}
    assert {"login", "getMarketplaceParticipations", SETTLEMENTS, *types, *ANSWERED} <= well
    assert "read" in of(found, REIMBURSEMENTS).said
    assert of(found, "getMarketplaceParticipations").said == "sells in MX, US"
    assert of(found, "GET_VAT_TRANSACTION_DATA").said.startswith("only for stores in BE, DE, ")
    assert of(found, "GET_FBA_OVERAGE_FEE_CHARGES_DATA").said == "Amazon lists no finished report of the last 90 days"
    # every family is looked at once, and nothing is created: a token is all that is posted for
    checks = Counter(each.check for each in found.findings)
    families = [each for each in FAMILIES.values() if not each.name.startswith("appstore_")]
    assert {each.report_types[0] for each in families} <= checks.keys()
    assert set(checks.values()) == {1}
    assert {each["operation"] for each in found.answers if each["method"] != "GET"} == {"token"}


def test_a_restricted_report_is_read_with_a_token_of_its_own(live: Live, examine: Examine) -> None:
    month = ("2026-07-01", "2026-08-01")
    request_reports(live, "ember_eu", "A1PA6795UKMFR9", "GET_VAT_TRANSACTION_DATA", window=month)
    found = examine("ember_eu")
    assert of(found, "GET_VAT_TRANSACTION_DATA").verdict is Verdict.OK
    assert {each["operation"] for each in found.answers if each["method"] == "POST"} == {
        "token",
        "createRestrictedDataToken",
    }
    denied = examine("ember_eu", {"fault": "role_missing", "operation": "createRestrictedDataToken"})
    assert of(denied, "GET_VAT_TRANSACTION_DATA").verdict is Verdict.MISSING_ROLE
    assert "Tax Remittance (Restricted)" in of(denied, "GET_VAT_TRANSACTION_DATA").remedy


def test_missing_roles_are_named_and_nothing_else_is_blamed(examine: Examine) -> None:
    fulfillment = [
        each for family in FAMILIES.values() for each in family.report_types if "_FBA_" in each or "LEDGER" in each
    ]
    found = examine(
        "cascade_na",
        {"fault": "role_missing", "operation": "getReports", "report_types": ",".join(fulfillment)},
        {"fault": "role_missing", "operation": "listBalances"},
    )
    assert found.exit_code == 1
    missing = {each.check for each in found.findings if each.verdict is Verdict.MISSING_ROLE}
    assert missing == {*fulfillment, "listBalances"}
    assert of(found, REIMBURSEMENTS).said == "Amazon says: 403 Unauthorized Access to the resource is forbidden"
    assert of(found, REIMBURSEMENTS).remedy.startswith(
        "Give the application the role Amazon Fulfillment or Inventory and Order Tracking: in the Developer Console"
    )
    assert "the role Finance and Accounting:" in of(found, "listBalances").remedy
    assert of(found, SETTLEMENTS).verdict is of(found, "listTransactions").verdict is Verdict.OK


def test_of_a_group_of_reports_only_the_denied_one_is_blamed(examine: Examine) -> None:
    rule = {"fault": "role_missing", "operation": "getReports", "report_types": REIMBURSEMENTS}
    found = examine("cascade_na", rule)
    assert [each.check for each in found.findings if each.verdict is Verdict.MISSING_ROLE] == [REIMBURSEMENTS]


def test_an_operation_that_amazon_does_not_know_is_no_missing_role(examine: Examine) -> None:
    found = examine("cascade_na", {"fault": "operation_unknown", "operation": "listPayouts"})
    assert of(found, "listPayouts").verdict is Verdict.UNKNOWN_SHAPE
    assert of(found, "listPayouts").said.startswith(
        "Amazon does not know the operation: 403 MissingAuthenticationToken"
    )


def test_a_consent_that_was_withdrawn_is_told_at_the_login(examine: Examine) -> None:
    found = examine("cascade_na", {"fault": "consent_withdrawn", "operation": "token"})
    (login,) = found.findings
    assert (login.check, login.verdict, found.exit_code) == ("login", Verdict.NO_CONSENT, 1)
    assert "invalid_grant" in login.said
    assert "let the seller authorize the application again" in login.remedy


def test_where_every_call_is_denied_it_is_the_consent_and_no_role(examine: Examine) -> None:
    operations = ("getMarketplaceParticipations", "getReports", *ANSWERED)
    found = examine("cascade_na", *({"fault": "consent_withdrawn", "operation": each} for each in operations))
    denied = {each.verdict for each in found.findings if each.needs_action}
    assert denied <= {Verdict.NO_CONSENT, Verdict.NOT_CHECKED}
    assert "Every call is denied, so it is not a single role" in of(found, "listTransactions").remedy


def test_a_connection_without_consent_is_told_so(examine: Examine) -> None:
    found = examine("cascade_na", refresh_token=None)
    (finding,) = found.findings
    assert finding.verdict is Verdict.NO_CONSENT
    assert found.answers == []


def test_a_wrong_secret_says_what_to_copy(examine: Examine) -> None:
    (finding,) = examine("cascade_na", secret="wrong").findings
    assert finding.verdict is Verdict.UNREACHABLE
    assert "copy both again" in finding.remedy


def test_the_sandbox_is_called_with_its_own_samples_alone(examine: Examine) -> None:
    found = examine("cascade_na", path="/sandbox", environment="sandbox")
    assert found.exit_code == 0
    asked = {each["operation"]: each["parameters"] for each in found.answers}
    assert asked["getReports"] == ["processingStatuses", "reportTypes"]
    assert asked["listTransactions"] == ["nextToken", "postedAfter"]
    assert {each["status"] for each in found.answers} == {200}
    assert of(found, "listTransactions").said == of(found, "listBalances").said == "1 row read"
    assert "nothing can be tied out with it" in of(found, "reports").said


def test_a_shape_that_the_reader_does_not_know_is_told_and_is_in_the_bundle(examine: Examine) -> None:
    found = examine(
        "cascade_na",
        {
            "fault": "changed_shape",
            "operation": "listTransactions",
            "field": "transactions",
            "becomes": "transactionList",
        },
        {"fault": "changed_shape", "operation": "listBalances", "field": "currencyAmount", "becomes": "money"},
        {"fault": "changed_shape", "operation": "getReports", "field": "createdTime", "becomes": "creationTime"},
    )
    assert found.exit_code == 1
    assert "this JSON document is of no known report or answer" in of(found, "listTransactions").said
    assert of(found, "listBalances").said.endswith(" rows read, and not one has an amount")
    assert of(found, SETTLEMENTS).said == "the answer of getReports cannot be read (it lacks 'createdTime')"
    for check in ("listTransactions", "listBalances", SETTLEMENTS):
        assert of(found, check).verdict is Verdict.UNKNOWN_SHAPE
        assert of(found, check).remedy == "Report it, with the bundle that this command writes."
    assert of(found, "listPayouts").verdict is Verdict.OK
    packed = unpacked(found)
    (name,) = (name for name in packed if name.endswith("-listTransactions.json"))
    fields = json.loads(packed[name])["body"]["json"]["object"]["fields"]
    assert "transactionList" in fields["payload"]["object"]["fields"]
    assert json.loads(packed["summary.json"])["checks"][-4] == {
        "check": "listTransactions",
        "verdict": "unknown shape",
        "reason": "unknown_layout",
    }


def test_amazon_that_is_away_is_not_asked_again_and_again(examine: Examine) -> None:
    found = examine("cascade_na", *({"fault": "server_error", "operation": each} for each in ("getReports", *ANSWERED)))
    assert of(found, SETTLEMENTS).verdict is Verdict.UNREACHABLE
    assert of(found, "listTransactions").verdict is Verdict.NOT_CHECKED
    assert "Amazon could not be reached 2 times in a row" in of(found, "listTransactions").said


def test_a_spent_budget_is_told_and_not_waited_for(live: Live, examine: Examine) -> None:
    store = MemoryBudgetStore()
    budget = Budget(store, connection(live, "cascade_na").clock)
    for _ in range(10):
        budget.take("getReports")
    found = examine("cascade_na", store=store)
    assert found.exit_code == 1
    assert of(found, SETTLEMENTS).verdict is Verdict.NOT_CHECKED
    assert "the rate budget, which the DAGs share, is spent until 2026-08-31 15:" in of(found, SETTLEMENTS).said
    assert of(found, "listTransactions").verdict is Verdict.OK
    assert not [each for each in found.answers if each["operation"] == "getReports"]


def test_nothing_is_written_to_the_lake_but_the_budgets(examine: Examine, lake: Lake) -> None:
    store = LakeBudgetStore(lake, application="app", region=examine("cascade_na").region, account="cascade_na")
    examine("cascade_na", store=store)
    written = {key.partition("/")[0] for key in lake.keys("")}
    assert written == {"budget"}


PERSONAL = ("Jane", "Doe", "jane.doe@example.com", "Kurfürstendamm", "10719", "+49 30 1234567", "Atzr|IwEBIPlanted",
            "amzn1.oa2-cs.v1.planted", "DE89370400440532013000", "305-7654321-1234567")  # fmt: skip


def test_no_secret_and_no_personal_value_is_in_the_bundle(
    live: Live, examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted as values, as keys, in errors, and in the world as it is."""
    from simulator import gateway

    unchanged = gateway.changed_shape

    def planted(value: Any, field: str, becomes: str) -> Any:
        found = unchanged(value, field, becomes)
        person = {f"note {each}": each for each in PERSONAL} | {each: [each, {each: each}] for each in PERSONAL}
        person |= {"buyerName": "JANE_DOE", "address": {"city": "BERLIN", "line1": "Kurfürstendamm 1"}, "tail": "3000"}
        rows = found.get("payload", {}).get("transactions") if isinstance(found.get("payload"), dict) else None
        for each in rows or [found]:
            each.update(person)
        return found

    monkeypatch.setattr(gateway, "changed_shape", planted)
    request_reports(live, "cascade_na", "ATVPDKIKX0DER", REIMBURSEMENTS)
    operations = ("getMarketplaceParticipations", "getReports", *ANSWERED)
    found = examine(
        "cascade_na",
        *({"fault": "changed_shape", "operation": each, "field": "none", "becomes": "none"} for each in operations),
    )
    assert of(found, "listTransactions").verdict is Verdict.OK
    packed = "\n".join([bundle_name(found), *unpacked(found).values()])
    known = {each["account"]: each for each in accounts(7)}["cascade_na"]
    own = ("client_secret", "refresh_token", "client_id", "selling_partner_id", "application_id")
    secrets = [*PERSONAL, "JANE", "DOE", "BERLIN", "cascade", *filter(None, (known[name] for name in own))]
    secrets += ["Atza|", "Atzr|", "amzn1.", "X-Amz-Signature"]
    assert [each for each in secrets if each in packed] == []
    # what the world itself holds: order ids, SKUs, amounts and instants of the settlement that was read
    assert "9-9-9" in packed
    documents = [
        each["report_id"]
        for each in live.amazon.truth()["documents"]
        if each["account"] == "cascade_na" and each["report_id"]
    ]
    assert [each for each in documents if each in packed] == []
    assert "2026-0" not in packed


def test_the_bundle_says_what_it_is(examine: Examine) -> None:
    found = examine("cascade_na", {"fault": "consent_withdrawn", "operation": "token"})
    assert set(unpacked(found)) == {"README.txt", "summary.json", "answers/01-token.json"}
    assert bundle_name(found).startswith("tieout-doctor-na-20260831-15")
    answer = json.loads(unpacked(found)["answers/01-token.json"])
    assert answer["status"] == 400
    assert answer["body"]["json"]["object"]["fields"]["error"]["text"]["constants"] == ["invalid_grant"]


def test_the_role_of_every_operation_and_report_type_is_known() -> None:
    asked = [
        name for family in FAMILIES.values() for name in family.report_types if not family.name.startswith("appstore")
    ]
    assert [name for name in (*asked, SETTLEMENTS, "getMarketplaceParticipations") if not roles_of(name)] == []


def unpacked(found: Examination) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(bundle(found))) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
