"""Amazon fails call by call: in the end everything is there, once, and the operator can see what happened."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from simulator.quotas import PLANS
from tests.faults.conftest import Faulty, calls, token_calls
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, BudgetExhausted, LoginRefused
from tieout.intake.receiving import SETTLEMENT_REPORT, list_settlements, receive
from tieout.intake.records import Manifest, NotReceived
from tieout.lake import Keys, Lake

ACCOUNT = "ironbark_fe"
"""Two streams: about a dozen reports."""
HEALING: dict[str, Any] = {
    "500": {"fault": "server_error", "probability": 0.3},
    "502 of a gateway": {"fault": "server_error", "status": 502, "probability": 0.3},
    "503": {"fault": "server_error", "status": 503, "probability": 0.3},
    "cut before headers": {"fault": "connection_cut", "where": "before_headers", "probability": 0.3},
    "cut in the body": {"fault": "connection_cut", "where": "body", "probability": 0.3},
    "429 without Retry-After": {"fault": "throttled", "probability": 0.3},
    "429 with Retry-After": {"fault": "throttled", "probability": 0.3, "retry_after": 200},
    "429 with a date": {"fault": "throttled", "probability": 0.3, "retry_after": 200, "retry_after_as": "date"},
    "429 with another rate": {"fault": "throttled", "probability": 0.3, "rate": 0.01},
    "dead URLs": [{"fault": "dead_url", "times": 1, "skip": skip} for skip in (0, 3, 4)],
    "revoked tokens": [
        {"fault": "token_revoked", "operation": "getReportDocument", "times": 1, "skip": skip} for skip in (0, 4, 8)
    ],
    "tokens revoked one after the other": {
        "fault": "token_revoked",
        "operation": "getReportDocument",
        "times": 3,
        "skip": 2,
    },
    "login down": {"fault": "server_error", "status": 503, "operation": "token", "times": 2},
    "all at once": [
        {"fault": "server_error", "probability": 0.1},
        {"fault": "connection_cut", "probability": 0.1},
        {"fault": "throttled", "probability": 0.1, "retry_after": 30},
        {"fault": "dead_url", "probability": 0.05},
    ],
}


def raw(lake: Lake) -> dict[str, bytes | None]:
    """Every body that was kept."""
    return {key: lake.get(key) for key in lake.keys("raw/") if key.endswith("/body")}


def expected(amazon: Faulty, account: str = ACCOUNT) -> set[str]:
    """The bodies that must be there: those of all reports that were listed at the end of the day."""
    until = "2026-08-30T15:00:00Z"
    return {
        f"raw/FE/{account}/{SETTLEMENT_REPORT}/{name}/body"
        for name, d in amazon.truth(account).items()
        if d["report_document_id"] and d["created_at"] <= until
    }


@pytest.mark.parametrize("rule", HEALING.values(), ids=HEALING)
def test_a_call_that_fails_is_made_again_and_everything_comes_once(amazon: Faulty, lake: Lake, rule: Any) -> None:
    """Pains 23, 24, 29, 36: cut connections, dead URLs and storms of 429 lose nothing and double nothing."""
    rules = rule if isinstance(rule, list) else [rule]
    amazon.suffers(*rules)
    listing = amazon.take(ACCOUNT, lake)
    assert set(raw(lake)) == expected(amazon)
    assert len(expected(amazon)) == len([d for d in listing.documents if d.report_document_id]) > 8
    reports = {r.report_id: r for r in amazon.amazon.documents.reports(_seller(), amazon.clock.now())}
    for document in listing.documents:
        if document.report_document_id:
            manifest = lake.get_record(Keys.raw_manifest(document), Manifest)
            assert manifest is not None
            assert (
                lake.get(manifest.raw.key) == amazon.amazon.documents.download(reports[document.report_id or ""]).body
            )
    if rules[0].get("operation") != "token":
        # each failure is in the call log
        assert [call for call in calls(lake) if call.status != 200 or call.error]


def _seller() -> Any:
    from simulator.sellers import BY_KEY

    return BY_KEY[ACCOUNT]


def test_a_storm_of_429_is_waited_out_longer_and_longer(amazon: Faulty, lake: Lake) -> None:
    """Pain 29: 429 far below the published rate. The waits double, nobody hammers, and it ends when Amazon recovers."""
    amazon.suffers({"fault": "throttled", "operation": "getReports", "times": 5})
    waits = []
    account = amazon.account(ACCOUNT)
    while True:
        try:
            with amazon.client(account, lake) as client:
                list_settlements(client, lake, amazon.clock, account, dt.date(2026, 8, 30))
            break
        except BudgetExhausted as exhausted:
            waits.append((exhausted.available_at - amazon.clock.now()).total_seconds())
            amazon.wait(exhausted)
    one = 1 / float(PLANS["getReports"].rate)
    assert [round(wait / one / 2**n, 1) in (1.0, 1.1) for n, wait in enumerate(waits[:5])] == [True] * 5
    assert [call.status for call in calls(lake)] == [429] * 5 + [200]


@pytest.mark.parametrize("shown_as", ["seconds", "date"])
def test_retry_after_is_obeyed_to_the_second(amazon: Faulty, lake: Lake, shown_as: str) -> None:
    """Pain 29: when Amazon says how long, that is how long."""
    rule = {"fault": "throttled", "operation": "getReports", "times": 1, "retry_after": 333}
    amazon.suffers({**rule, "retry_after_as": shown_as})
    account = amazon.account(ACCOUNT)
    with amazon.client(account, lake) as client, pytest.raises(BudgetExhausted) as caught:
        list_settlements(client, lake, amazon.clock, account, dt.date(2026, 8, 30))
    assert (caught.value.available_at - amazon.clock.now()).total_seconds() == pytest.approx(333, abs=1)


def test_a_slow_connection_times_out_and_is_tried_again(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "slow_answer", "seconds": 3, "operation": "getReports", "times": 1})
    account = amazon.account(ACCOUNT)
    with amazon.client(account, lake, timeout=0.5) as client:
        listing = list_settlements(client, lake, amazon.clock, account, dt.date(2026, 8, 30))
    assert len(listing.documents) > 8
    assert [(call.status, call.error) for call in calls(lake)] == [(None, "ReadTimeout"), (200, None)]


def test_a_url_that_is_always_dead_is_minted_three_times_and_the_others_go_on(amazon: Faulty, lake: Lake) -> None:
    """Pain 24: a URL is minted at download and again when it is dead, with a bound; the document waits in quarantine."""
    victim = next(iter(amazon.truth(ACCOUNT).values()))
    amazon.suffers({"fault": "dead_url", "report": victim["report_id"], "account": ACCOUNT})
    outcomes = amazon.run(ACCOUNT, lake)
    outcome = outcomes[f"{ACCOUNT}.{victim['report_id']}"]
    assert (outcome.state, outcome.reasons[0].code) == ("quarantined", "not_received")
    assert "3 URLs of document" in outcome.reasons[0].message
    assert "tried again in later runs" in outcome.reasons[0].message
    path = f"/documents/{victim['report_document_id']}"
    assert len([call for call in calls(lake) if call.path.endswith(path)]) == 3
    assert len([o for o in outcomes.values() if o.state == "quarantined"]) == 2  # and the one of the world
    # the next run finds it
    amazon.recovers()
    amazon.clock.sleep(86400)
    again = amazon.run(ACCOUNT, lake, dt.date(2026, 8, 31))
    assert again[f"{ACCOUNT}.{victim['report_id']}"].state == "ready"


def test_when_the_storage_is_down_the_task_fails_soon_and_a_retry_goes_on(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "server_error", "status": 503, "operation": "download"})
    with pytest.raises(AmazonUnavailable, match=r"3 documents in a row could not be received.*status 503"):
        amazon.take(ACCOUNT, lake)
    assert len([call for call in calls(lake) if call.operation == "download"]) == 15
    amazon.recovers()
    amazon.clock.sleep(900)
    amazon.take(ACCOUNT, lake)
    assert set(raw(lake)) == expected(amazon)


def test_an_amazon_that_is_down_is_given_up_after_five_tries(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "server_error", "operation": "getReports"})
    with pytest.raises(AmazonUnavailable, match="failed 5 times; the last time: status 500"):
        amazon.take(ACCOUNT, lake)
    assert [call.status for call in calls(lake)] == [500] * 5


def test_after_a_failure_enough_calls_are_waited_for_to_find_out(amazon: Faulty, lake: Lake) -> None:
    """A call that fails whenever the budget has grown by one must not wait for ever, one call at a time."""
    account = amazon.account(ACCOUNT)
    now = amazon.clock.now()
    with amazon.client(account, lake) as client:
        for _ in range(9):
            client.reports([SETTLEMENT_REPORT], created_since=now - dt.timedelta(days=1), created_until=now)
    amazon.suffers({"fault": "server_error", "operation": "getReports"})
    with pytest.raises(AmazonUnavailable, match="failed 5 times"):
        amazon.take(ACCOUNT, lake)


def test_an_expired_secret_is_told_at_once_and_never_tried_again(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "secret_expired", "account": ACCOUNT})
    with pytest.raises(AccessDenied, match="The client secret has expired: rotate it in the developer console"):
        amazon.take(ACCOUNT, lake)
    assert [call.status for call in calls(lake)] == [403]


def test_a_withdrawn_consent_is_told_at_once_and_never_tried_again(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "consent_withdrawn", "account": ACCOUNT})
    with pytest.raises(LoginRefused, match="let the seller authorize the application again"):
        amazon.take(ACCOUNT, lake)
    assert calls(lake) == []
    # other sellers of the same application are not concerned
    assert amazon.take("jade_fe", lake).documents


def test_a_consent_withdrawn_in_the_middle_keeps_what_was_received(amazon: Faulty, lake: Lake) -> None:
    account = amazon.account(ACCOUNT)
    with amazon.client(account, lake) as client:
        listing = list_settlements(client, lake, amazon.clock, account, dt.date(2026, 8, 30))
        receive(client, lake, amazon.clock, listing.documents[:4])
        amazon.suffers({"fault": "consent_withdrawn", "account": ACCOUNT})
        with pytest.raises(LoginRefused):
            receive(client, lake, amazon.clock, listing.documents)
    assert len(raw(lake)) == 4
    amazon.recovers()
    amazon.take(ACCOUNT, lake)
    assert set(raw(lake)) == expected(amazon)


def test_tokens_are_refreshed_before_they_die_in_the_middle_of_a_run(amazon: Faulty, lake: Lake) -> None:
    """An access token lives an hour. A run that is longer asks for the next one before that, and meets no 403."""
    account = amazon.account(ACCOUNT)
    with amazon.client(account, lake) as client:
        listing = list_settlements(client, lake, amazon.clock, account, dt.date(2026, 8, 30))
        for document in listing.documents:
            amazon.clock.sleep(700)
            receive(client, lake, amazon.clock, [document])
    assert set(raw(lake)) == expected(amazon)
    assert {call.status for call in calls(lake)} == {200}


def test_the_call_log_has_every_call_and_no_secret(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers(
        {"fault": "server_error", "probability": 0.2}, {"fault": "connection_cut", "operation": "download", "times": 1}
    )
    amazon.take(ACCOUNT, lake)
    kept = "".join((lake.get(key) or b"").decode() for key in lake.keys("calls/"))
    given = amazon.accounts[ACCOUNT]
    for secret in ("Atza|", "X-Amz-", "http://", given["client_secret"], given["refresh_token"]):
        assert secret not in kept
    operations = {call.operation for call in calls(lake)}
    assert operations == {"getReports", "getReportDocument", "download"}
    assert token_calls(lake)
    good = [call for call in calls(lake) if call.operation == "download" and call.status == 200 and not call.error]
    assert len(good) == len(expected(amazon))
    assert all(call.request_id for call in good)
    for key in lake.keys("raw/"):
        if key.endswith("manifest.json"):
            assert b"X-Amz-" not in (lake.get(key) or b"")
    assert lake.get_record("raw/nothing", NotReceived) is None
