"""Faults on demand: what a rule may say, when it strikes, and what Amazon answers then."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.__main__ import main
from simulator.app import SimulatedAmazon
from simulator.rules import Rules
from tests.simulator.conftest import START, Live, Protocol, frozen_clock
from tests.simulator.flat_file import read

ACCOUNT = "borealis_na"


def add(protocol: Protocol, *rules: dict[str, Any]) -> None:
    answer = protocol.login.post("/simulator/faults", json=list(rules))
    assert answer.status_code == 201, answer.text


def statuses(protocol: Protocol, calls: int, path: str = "/reports/1") -> list[int]:
    token = protocol.token(ACCOUNT)
    return [protocol.get(ACCOUNT, path, token).status_code for _ in range(calls)]


def of(protocol: Protocol, **wanted: Any) -> dict[str, Any]:
    """The one document of the truth that is so."""
    documents = protocol.amazon.truth()["documents"]
    (found,) = [d for d in documents if all(d[name] == value for name, value in wanted.items())]
    return found


def a_report(protocol: Protocol, account: str = ACCOUNT) -> dict[str, Any]:
    """A loaded report of an account, three days old or older, of a settlement that pays."""
    return next(
        d
        for d in protocol.amazon.truth()["documents"]
        if d["account"] == account
        and d["source"] == "api"
        and d["expected_state"] == "loaded"
        and not d["control_total"].startswith("-")
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"fault": "earthquake"}, "rule 1: there is no fault 'earthquake'; there are "),
        ({"fault": "throttled", "often": 3}, "throttled has no field 'often'"),
        ({"fault": "throttled", "account": "nobody"}, "there is no account 'nobody'; there are aurora_na"),
        ({"fault": "throttled", "region": "XX"}, "there is no region 'XX'; there are NA, EU, FE"),
        ({"fault": "dead_url", "operation": "getReports"}, "dead_url does not happen to 'getReports', but to download"),
        ({"fault": "throttled", "probability": 2}, "probability 2 is not a number from 0 to 1"),
        ({"fault": "throttled", "times": -1}, "times -1 is not a whole number from 0"),
        ({"fault": "throttled", "from": "noon"}, "from 'noon' is not an instant like"),
        ({"fault": "server_error", "status": 418}, "status 418 is not one of 500, 502, 503, 504"),
        ({"fault": "empty", "times": 3}, "empty is a fault of a document and has no 'times'"),
        ({"fault": "throttled", "at": "2026-08-31T15:00:00Z"}, "throttled is a fault of a call and has no 'at'"),
        ("throttled", "a rule is an object like"),
        ([{"fault": "throttled"}, {"fault": ""}], "rule 2: there is no fault ''"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_name(protocol: Protocol, rule: Any, message: str) -> None:
    answer = protocol.login.post("/simulator/faults", json=rule)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert protocol.login.get("/simulator/faults").json() == {"rules": []}


def test_rules_are_shown_counted_and_taken_back(protocol: Protocol) -> None:
    add(protocol, {"fault": "throttled", "operation": "getReport", "times": 2}, {"fault": "dead_url", "region": "FE"})
    assert statuses(protocol, 3) == [429, 429, 404]
    shown = protocol.regions["EU"].get("/simulator/faults").json()["rules"]
    assert [(r["id"], r["fault"], r["hits"]) for r in shown] == [(1, "throttled", 2), (2, "dead_url", 0)]
    assert protocol.login.delete("/simulator/faults/1").json() == {"removed": 1}
    assert protocol.login.delete("/simulator/faults/1").status_code == 404
    assert protocol.login.delete("/simulator/faults").json() == {"removed": 1}


def test_chance_is_drawn_from_the_seed() -> None:
    def hits(seed: int) -> list[int]:
        rules = Rules(seed, frozen_clock())
        rules.add({"fault": "server_error", "probability": 0.3})
        return [n for n in range(300) if rules.of_call(ACCOUNT, "NA", "getReports")]

    assert hits(7) == hits(7) != hits(8)
    assert 60 < len(hits(7)) < 120


def test_a_rule_has_a_place_a_number_and_a_time() -> None:
    clock = frozen_clock()
    rules = Rules(7, clock)
    later = (START + dt.timedelta(hours=1)).isoformat()
    rules.add(
        [
            {"fault": "throttled", "account": ACCOUNT, "operation": "getReports", "skip": 1, "times": 1},
            {"fault": "server_error", "from": later},
        ]
    )
    assert [bool(rules.of_call(ACCOUNT, "NA", "getReports")) for _ in range(3)] == [False, True, False]
    assert not rules.of_call("aurora_na", "NA", "getReports")
    assert not rules.of_call(ACCOUNT, "NA", "getReport")
    clock.advance(3600)
    assert rules.of_call("aurora_na", "NA", "token")


def test_rules_come_from_a_file_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["truth", "--clock", "2026-08-31T15:00:00Z", "--faults", str(tmp_path / "faults.json")]
    (tmp_path / "faults.json").write_text('[{"fault": "unlisted", "account": "jade_fe", "hours": 1}]')
    assert main(given) == 0
    documents = json.loads(capsys.readouterr().out)["documents"]
    assert {d["account"] for d in documents if d["expected_state"] == "unlisted"} == {"jade_fe"}
    (tmp_path / "faults.json").write_text('[{"fault": "unlisted", "account": "jade_fe", "days": 1}]')
    assert main(given) == 1
    assert capsys.readouterr().err.startswith("simulator: rule 1: unlisted has no field 'days'")


def test_throttling_tells_or_does_not_tell_when_to_come_back(protocol: Protocol) -> None:
    rule = {"fault": "throttled", "operation": "getReport", "times": 1}
    add(protocol, rule)
    add(protocol, {**rule, "skip": 1, "retry_after": 90, "rate": 0.5})
    add(protocol, {**rule, "skip": 2, "retry_after": 90, "retry_after_as": "date"})
    token = protocol.token(ACCOUNT)
    first, second, third = (protocol.get(ACCOUNT, "/reports/1", token) for _ in range(3))
    assert [a.status_code for a in (first, second, third)] == [429] * 3
    assert first.json()["errors"][0]["code"] == "QuotaExceeded"
    assert "retry-after" not in first.headers
    assert "x-amzn-ratelimit-limit" not in first.headers
    assert (second.headers["retry-after"], second.headers["x-amzn-ratelimit-limit"]) == ("90", "0.5")
    assert third.headers["retry-after"] == "Mon, 31 Aug 2026 15:01:30 GMT"


@pytest.mark.parametrize(
    ("status", "begins"), [(500, '{"errors"'), (502, "<html>"), (503, '{"errors"'), (504, "<html>")]
)
def test_servers_fail_in_their_own_words(protocol: Protocol, status: int, begins: str) -> None:
    add(protocol, {"fault": "server_error", "status": status})
    protocol.login.delete("/simulator/faults")
    token = protocol.token(ACCOUNT)
    add(protocol, {"fault": "server_error", "status": status})
    answer = protocol.get(ACCOUNT, "/reports/1", token)
    assert (answer.status_code, answer.text[: len(begins)]) == (status, begins)


def test_credentials_die_in_three_ways(protocol: Protocol) -> None:
    token = protocol.token(ACCOUNT)
    add(protocol, {"fault": "token_revoked", "account": ACCOUNT, "times": 1})
    refused = [protocol.get(ACCOUNT, "/reports/1", token) for _ in range(2)]
    assert [a.status_code for a in refused] == [403, 403]
    assert "revoked" in refused[1].json()["errors"][0]["details"]
    assert statuses(protocol, 1) == [404]  # with a new token
    add(protocol, {"fault": "secret_expired", "account": ACCOUNT})
    expired = protocol.get(ACCOUNT, "/reports/1")
    assert expired.json()["errors"][0]["details"] == "The LWA secret token you provided has expired."
    protocol.login.delete("/simulator/faults")
    add(protocol, {"fault": "consent_withdrawn", "account": ACCOUNT})
    form = {name: protocol.accounts[ACCOUNT][name] for name in ("client_id", "client_secret", "refresh_token")}
    answer = protocol.login.post("/auth/o2/token", data={"grant_type": "refresh_token", **form})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert protocol.token("aurora_na")


def test_windows_pages_and_page_tokens_are_refused(protocol: Protocol) -> None:
    listing = {"reportTypes": "GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2", "pageSize": 10}
    add(protocol, {"fault": "window_too_large", "days": 14}, {"fault": "page_too_large", "size": 25, "mute": True})
    wide = protocol.get(ACCOUNT, "/reports", **listing)
    assert wide.json()["errors"][0]["message"] == "Date range exceeded. Reports can be listed only upto 14 days"
    since = (START - dt.timedelta(days=13)).isoformat()
    assert protocol.get(ACCOUNT, "/reports", **listing, createdSince=since).status_code == 200
    long = protocol.get(ACCOUNT, "/reports", **{**listing, "pageSize": 50}, createdSince=since)
    assert long.json()["errors"][0]["message"] == "Invalid Input"
    protocol.login.delete("/simulator/faults")
    add(protocol, {"fault": "empty_page", "times": 1}, {"fault": "expired_page_token", "times": 1, "said": "words"})
    empty = protocol.get(ACCOUNT, "/reports", **listing).json()
    assert empty["reports"] == []
    expired = protocol.get(ACCOUNT, "/reports", nextToken=empty["nextToken"])
    assert expired.json()["errors"][0]["message"] == "The provided nextToken has expired"
    assert len(protocol.get(ACCOUNT, "/reports", nextToken=empty["nextToken"]).json()["reports"]) == 10


def test_a_reissued_settlement_has_other_lines_and_a_total_that_fits(protocol: Protocol) -> None:
    before = a_report(protocol)
    at = (START - dt.timedelta(hours=1)).isoformat()
    add(protocol, {"fault": "reissued", "account": ACCOUNT, "report": before["report_id"], "at": at})
    old = of(protocol, account=ACCOUNT, report_id=before["report_id"])
    new = of(protocol, account=ACCOUNT, settlement_id=before["settlement_id"], version=2)
    assert (old["expected_state"], old["expected_reason"]) == ("skipped", "superseded")
    assert (old["current_version"], old["current_report_id"]) == (2, new["report_id"])
    assert (new["expected_state"], new["earlier_versions"]) == ("loaded", [old["report_id"]])
    assert new["control_total"] != old["control_total"] == before["control_total"]
    assert new["lines"] == old["lines"] + 1
    reports = {r.report_id: r for r in protocol.amazon.documents.reports(_seller(), START)}
    file = read(_plain(protocol, reports[new["report_id"]]), new["encoding"], new["decimal"])
    assert str(file.total) == str(file.control_total) == new["control_total"]
    # what has been published stays, when the rule goes
    protocol.login.delete("/simulator/faults")
    assert of(protocol, account=ACCOUNT, report_id=new["report_id"]) == new


def _seller() -> Any:
    from simulator.sellers import BY_KEY

    return BY_KEY[ACCOUNT]


def _plain(protocol: Protocol, report: Any) -> bytes:
    body = protocol.amazon.documents.download(report).body
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def test_every_settlement_can_be_reissued_and_adds_up(amazon: SimulatedAmazon) -> None:
    from simulator.corrections import corrected
    from simulator.sellers import SELLERS
    from simulator.settlement_files import lines_of

    count = 0
    for seller in SELLERS:
        for settlement in amazon.documents.world.settlements(seller, START):
            for version in (2, 3):
                changed = corrected(settlement, version)
                if changed is not None:
                    count += 1
                    minor = [amount for entry in changed.entries for amount, _ in lines_of(entry)]
                    assert sum(minor) == changed.control_minor
                    assert all(sum(p.minor for p in entry.postings) == 0 for entry in changed.entries)
                    assert minor != [amount for entry in settlement.entries for amount, _ in lines_of(entry)]
    assert count > 500


@pytest.mark.parametrize(
    ("rule", "now", "later"),
    [
        ({"fault": "queued", "hours": 3}, ("skipped", "report_not_ready"), ("loaded", None)),
        ({"fault": "unlisted", "hours": 3}, ("unlisted", None), ("loaded", None)),
        ({"fault": "empty", "hours": 3}, ("quarantined", "empty_file"), ("loaded", None)),
        (
            {"fault": "empty", "hours": 3, "full": "new_report"},
            ("quarantined", "empty_file"),
            ("skipped", "superseded"),
        ),
        ({"fault": "cancelled", "hours": 3}, ("skipped", "report_cancelled"), ("skipped", "report_cancelled")),
        ({"fault": "fatal", "hours": 3}, ("quarantined", "report_fatal"), ("quarantined", "report_fatal")),
        (
            {"fault": "wrong_control_total"},
            ("quarantined", "control_total_mismatch"),
        )
        * 1
        + (("quarantined", "control_total_mismatch"),),
        ({"fault": "says_gzip_is_plain"}, ("loaded", None), ("loaded", None)),
    ],
    ids=lambda value: value.get("full", "") + value["fault"] if isinstance(value, dict) else "",
)
def test_a_report_suffers_and_the_settlement_comes(
    protocol: Protocol, rule: dict[str, Any], now: tuple[str, str | None], later: tuple[str, str | None]
) -> None:
    report = a_report(protocol)
    add(protocol, {**rule, "account": ACCOUNT, "settlement": report["settlement_id"]})
    found = of(protocol, account=ACCOUNT, report_id=report["report_id"])
    assert (found["expected_state"], found["expected_reason"]) == now
    listed = {each["reportId"] for each in protocol.reports(ACCOUNT)}
    assert (report["report_id"] in listed) == (rule["fault"] != "unlisted")
    protocol.amazon.clock.advance(3 * 3600)
    found = of(protocol, account=ACCOUNT, report_id=report["report_id"])
    assert (found["expected_state"], found["expected_reason"]) == later
    documents = protocol.amazon.truth()["documents"]
    states = [d["expected_state"] for d in documents if d["settlement_id"] == report["settlement_id"]]
    assert states.count("loaded") == (0 if rule["fault"] == "wrong_control_total" else 1)


def test_what_is_said_of_the_bytes_is_wrong(protocol: Protocol) -> None:
    report = a_report(protocol)
    place = {"account": ACCOUNT, "report": report["report_id"]}
    for rule, compression, begins, content_type in (
        ({"fault": "says_gzip_is_plain"}, "GZIP", b"settlement-id", "text/plain;charset=UTF-8"),
        ({"fault": "says_plain_is_gzip"}, None, b"\x1f\x8b", "text/plain;charset=UTF-8"),
        ({"fault": "wrong_charset"}, "GZIP", b"\x1f\x8b", "text/plain;charset=Cp1252"),
        ({"fault": "no_charset"}, "GZIP", b"\x1f\x8b", "text/plain"),
        ({"fault": "empty"}, "GZIP", b"\x1f\x8b", "text/plain;charset=UTF-8"),
    ):
        add(protocol, {**rule, **place})
        document = protocol.get(ACCOUNT, f"/documents/{report['report_document_id']}").json()
        url = httpx.URL(document["url"])
        body = protocol.regions["NA"].get(url.raw_path.decode())
        assert document.get("compressionAlgorithm") == compression
        assert body.content.startswith(begins)
        assert body.headers["content-type"] == content_type
        protocol.login.delete("/simulator/faults")
    assert gzip.decompress(body.content) == b""


def test_a_report_is_asked_for_waits_in_the_queue_and_is_made(protocol: Protocol) -> None:
    kind = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
    body = {
        "reportType": kind,
        "marketplaceIds": protocol.accounts[ACCOUNT]["marketplaces"],
        "dataStartTime": "2026-08-01T00:00:00Z",
        "dataEndTime": "2026-08-11T00:00:00Z",
    }
    headers = {"x-amz-access-token": protocol.token(ACCOUNT)}
    made = protocol.regions["NA"].post("/reports/2021-06-30/reports", json=body, headers=headers)
    assert made.status_code == 202
    report_id = made.json()["reportId"]
    assert protocol.get(ACCOUNT, f"/reports/{report_id}").json()["processingStatus"] == "IN_QUEUE"
    assert [r["reportId"] for r in protocol.get(ACCOUNT, "/reports", reportTypes=kind).json()["reports"]] == [report_id]
    protocol.amazon.clock.advance(300)
    done = protocol.get(ACCOUNT, f"/reports/{report_id}").json()
    assert (done["processingStatus"], done["dataEndTime"]) == ("DONE", "2026-08-11T00:00:00+00:00")
    document = protocol.get(ACCOUNT, f"/documents/{done['reportDocumentId']}").json()
    lines = gzip.decompress(protocol.regions["NA"].get(httpx.URL(document["url"]).raw_path.decode()).content)
    assert lines.startswith(b"amazon-order-id\t")
    assert lines.count(b"\n") > 100
    cancelled = protocol.regions["NA"].delete(f"/reports/2021-06-30/reports/{report_id}", headers=headers)
    assert "only a report that is IN_QUEUE" in cancelled.json()["errors"][0]["message"]


@pytest.mark.parametrize("where", ["before_headers", "body"])
def test_connections_are_cut(live: Live, credentials: dict[str, dict[str, Any]], where: str) -> None:
    given = credentials[ACCOUNT]
    form = {name: given[name] for name in ("client_id", "client_secret", "refresh_token")}
    httpx.post(f"{live.login}/simulator/faults", json={"fault": "connection_cut", "where": where, "times": 1})
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{live.login}/auth/o2/token", data={"grant_type": "refresh_token", **form})
    assert httpx.post(f"{live.login}/auth/o2/token", data={"grant_type": "refresh_token", **form}).status_code == 200
    httpx.delete(f"{live.login}/simulator/faults")
