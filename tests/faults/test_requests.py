"""Reports that are asked for: once, whatever happens in between, and waited for as long as it takes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest

from tests.faults.conftest import Faulty, calls
from tieout.amazon.errors import MayHaveHappened, NotYet
from tieout.amazon.selling_partner import SellingPartner
from tieout.documents import ReasonCode
from tieout.intake.receiving import receive
from tieout.intake.records import ReportRequest, Wish
from tieout.intake.requesting import Made, request, wait
from tieout.lake import Keys, Lake
from tieout.reports.families import FAMILIES, OF_TYPE

ACCOUNT = "ironbark_fe"
ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"


def wish(amazon: Faulty, wanted_on: str = "2026-08-30", days: int = 10) -> Wish:
    account = amazon.account(ACCOUNT)
    start = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    return Wish(
        region=account.region,
        account=ACCOUNT,
        report_type=ORDERS,
        marketplace_ids=tuple(amazon.accounts[ACCOUNT]["marketplaces"]),
        data_start=start,
        data_end=start + dt.timedelta(days=days),
        wanted_on=dt.date.fromisoformat(wanted_on),
    )


def made(amazon: Faulty, lake: Lake, wanted: Wish, tries: int = 50) -> Made:
    """Ask and wait, as an operator does that defers and begins again with a new client."""
    for _ in range(tries):
        try:
            with amazon.client(amazon.account(ACCOUNT), lake) as client:
                return wait(client, lake, amazon.clock, request(client, lake, amazon.clock, wanted))
        except NotYet as early:
            amazon.wait(early)
        except MayHaveHappened:
            amazon.clock.sleep(30)  # the operator's task is tried again
    raise AssertionError("it is never made")


def asked(amazon: Faulty) -> list[dict[str, Any]]:
    """What Amazon was really asked for."""
    return amazon.amazon.truth()["requested"]


def test_a_report_is_asked_for_waited_for_and_received(amazon: Faulty, lake: Lake) -> None:
    done = made(amazon, lake, wish(amazon))
    assert done.reason is None
    with amazon.client(amazon.account(ACCOUNT), lake) as client:
        assert receive(client, lake, amazon.clock, [done.document()]) == 1
    assert len(asked(amazon)) == 1
    # asking again, today, changes nothing; the next day asks anew
    assert made(amazon, lake, wish(amazon)).request == done.request
    assert made(amazon, lake, wish(amazon, "2026-08-31")).request.report_id != done.request.report_id
    assert len(asked(amazon)) == 2


@pytest.mark.parametrize("where", ["before_headers", "body"])
def test_an_answer_that_is_lost_does_not_ask_twice(amazon: Faulty, lake: Lake, where: str) -> None:
    """Pain 32: Amazon took the request, and the connection was cut before it told the id."""
    amazon.suffers({"fault": "connection_cut", "operation": "createReport", "where": where, "times": 1})
    done = made(amazon, lake, wish(amazon))
    assert done.reason is None
    assert [each["report_id"] for each in asked(amazon)] == [done.request.report_id]
    assert [call.operation for call in calls(lake)].count("createReport") == 1


def test_a_request_that_never_arrived_is_made_after_looking(amazon: Faulty, lake: Lake) -> None:
    """Pain 32: the server failed, and had not taken the request."""
    amazon.suffers({"fault": "server_error", "operation": "createReport", "times": 1})
    done = made(amazon, lake, wish(amazon))
    assert done.reason is None
    operations = [call.operation for call in calls(lake)]
    assert operations[:3] == ["createReport", "getReports", "createReport"]
    assert len(asked(amazon)) == 1


def test_a_kill_between_asking_and_writing_down_does_not_ask_twice(
    amazon: Faulty, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pain 32: the process dies after Amazon has answered and before the id is in the lake."""
    real = SellingPartner.create_report

    def killed(*given: Any) -> str:
        real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(SellingPartner, "create_report", killed)
    with amazon.client(amazon.account(ACCOUNT), lake) as client, pytest.raises(KeyboardInterrupt):
        request(client, lake, amazon.clock, wish(amazon))
    kept = lake.get_record(_key(amazon), ReportRequest)
    assert kept is not None
    assert kept.report_id is None  # the intent was written down first
    monkeypatch.undo()
    done = made(amazon, lake, wish(amazon))
    assert [each["report_id"] for each in asked(amazon)] == [done.request.report_id]


def _key(amazon: Faulty) -> str:
    wanted = wish(amazon)
    return Keys.request(wanted.region, ACCOUNT, ORDERS, wanted.request_id)


def test_two_workers_ask_once(amazon: Faulty, lake: Lake) -> None:
    """Pain 32: somebody else wrote down the intent a moment ago; wait, and take the same report."""
    first = ReportRequest(wish=wish(amazon), intended_at=amazon.clock.now(), asker="another")
    lake.put_record(_key(amazon), first)
    with amazon.client(amazon.account(ACCOUNT), lake) as client:
        with pytest.raises(NotYet, match="just now"):
            request(client, lake, amazon.clock, wish(amazon))
        lake.put_record(_key(amazon), first.model_copy(update={"report_id": "4711"}))
        assert request(client, lake, amazon.clock, wish(amazon)).report_id == "4711"
    assert asked(amazon) == []


def test_a_report_that_is_queued_for_hours_is_taken_up_by_a_later_run(amazon: Faulty, lake: Lake) -> None:
    """Pain 32: queues of a hundred hours. The id is kept, polls become rare, and nobody asks again."""
    amazon.suffers({"fault": "queued", "account": ACCOUNT, "hours": 40})
    account = amazon.account(ACCOUNT)
    give_up_at = amazon.clock.now() + dt.timedelta(hours=1)
    polls = 0
    while True:
        try:
            with amazon.client(account, lake) as client:
                polls += 1
                asking = request(client, lake, amazon.clock, wish(amazon))
                first = wait(client, lake, amazon.clock, asking, give_up_at=give_up_at)
            break
        except NotYet as early:
            amazon.wait(early)
    assert first.reason is not None
    assert first.reason.code is ReasonCode.REPORT_NOT_READY
    assert "IN_QUEUE" in first.reason.message
    assert polls < 45  # more and more rarely
    amazon.clock.sleep(40 * 3600)
    done = made(amazon, lake, wish(amazon), tries=1)
    assert (done.reason, done.request.report_id) == (None, asking.report_id)
    assert len(asked(amazon)) == 1


def test_a_cancelled_report_is_no_data_when_no_identical_one_was_made(amazon: Faulty, lake: Lake) -> None:
    """Pain 31."""
    amazon.suffers({"fault": "cancelled", "account": ACCOUNT})
    done = made(amazon, lake, wish(amazon))
    assert done.reason is not None
    assert done.reason.code is ReasonCode.REPORT_CANCELLED
    assert "no data" in done.reason.message
    # it is remembered, and not asked again in this run
    before = len(calls(lake))
    assert made(amazon, lake, wish(amazon)).reason == done.reason
    assert len(calls(lake)) == before


def test_a_report_that_was_cancelled_as_a_duplicate_gives_way_to_the_first_one(amazon: Faulty, lake: Lake) -> None:
    """Pain 31: another tool asked for the same a minute before, and Amazon refuses to make it twice."""
    account = amazon.account(ACCOUNT)
    wanted = wish(amazon)
    with amazon.client(account, lake) as client:
        args = (wanted.report_type, wanted.marketplace_ids, wanted.data_start, wanted.data_end, {})
        theirs = client.create_report(*args)
    amazon.clock.sleep(60)
    mine_id = f"{70000 + 2}01902" + "7"
    amazon.suffers({"fault": "cancelled", "account": ACCOUNT, "report": mine_id})
    done = made(amazon, lake, wanted)
    assert (done.reason, done.request.report_id) == (None, theirs)


def test_a_fatal_report_says_why_and_what_to_do(amazon: Faulty, lake: Lake) -> None:
    """Pain 31: the error document is read. A window of forty days is too long for orders."""
    start = dt.datetime(2026, 7, 20, tzinfo=dt.UTC)
    done = made(amazon, lake, wish(amazon, days=28).model_copy(update={"data_start": start}))
    assert done.reason is not None
    assert done.reason.code is ReasonCode.REPORT_FATAL
    assert "Date range exceeded. Report can be requested only upto 30 days" in done.reason.message
    assert done.reason.message.endswith("What to do: ask for a shorter time")


def test_parameters_that_amazon_changed_are_found_out(amazon: Faulty, lake: Lake) -> None:
    """Pain 34: Amazon takes the window to the present without a word."""
    amazon.suffers({"fault": "parameters_changed", "account": ACCOUNT})
    start = dt.datetime(2026, 8, 6, tzinfo=dt.UTC)
    done = made(amazon, lake, wish(amazon).model_copy(update={"data_start": start}))
    assert done.reason is not None
    assert done.reason.code is ReasonCode.PARAMETERS_DIFFER
    assert "end 2026-08-11T00:00:00+00:00 was asked for, 2026-08-31T15:00" in done.reason.message


def test_times_that_amazon_rounds_outwards_are_no_difference(amazon: Faulty, lake: Lake) -> None:
    """The report covers the whole days of what was asked for, and says so; that is what it then covers."""
    amazon.suffers({"fault": "times_rounded", "account": ACCOUNT})
    noon = dt.datetime(2026, 8, 6, 12, tzinfo=dt.UTC)
    done = made(
        amazon, lake, wish(amazon).model_copy(update={"data_start": noon, "data_end": noon + dt.timedelta(days=5)})
    )
    assert done.reason is None
    assert done.document().data_start_at == dt.datetime(2026, 8, 6, tzinfo=dt.UTC)
    assert done.document().data_end_at == dt.datetime(2026, 8, 12, tzinfo=dt.UTC)


def test_a_report_of_how_things_are_now_may_say_any_time(amazon: Faulty, lake: Lake) -> None:
    amazon.suffers({"fault": "parameters_changed", "account": ACCOUNT})
    start = dt.datetime(2026, 8, 20, tzinfo=dt.UTC)
    update = {
        "report_type": "GET_FBA_ESTIMATED_FBA_FEES_TXT_DATA",
        "data_start": start,
        "data_end": start + dt.timedelta(days=3),
    }
    done = made(amazon, lake, wish(amazon).model_copy(update=update))
    assert done.reason is None
    assert done.report is not None
    assert done.report.data_end_at != update["data_end"]


def test_within_the_limit_an_identical_report_is_used_again(
    amazon: Faulty, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pain 31: what Amazon makes at most every half hour is not requested twice within it."""
    limited = dataclasses.replace(FAMILIES["orders"], made_every=dt.timedelta(minutes=30))
    monkeypatch.setitem(OF_TYPE, ORDERS, limited)
    first = made(amazon, lake, wish(amazon))
    second = made(amazon, lake, wish(amazon, "2026-08-31"))
    assert second.request.report_id == first.request.report_id
    assert second.request.reused_from == first.request.wish.request_id
    amazon.clock.sleep(1800)
    assert made(amazon, lake, wish(amazon, "2026-09-01")).request.report_id != first.request.report_id


@pytest.mark.parametrize("damage", [b"", b"{", b'{"colour": "blue"}'])
def test_a_damaged_request_is_found_in_amazons_listing(amazon: Faulty, lake: Lake, damage: bytes) -> None:
    """Whether Amazon was asked is not known from the lake: asking again would make a second report."""
    done = made(amazon, lake, wish(amazon))
    lake.put(_key(amazon), damage)
    assert made(amazon, lake, wish(amazon)).request.report_id == done.request.report_id
    assert len(asked(amazon)) == 1
    assert lake.get(Keys.damaged(_key(amazon))) == damage
    lake.delete(Keys.damaged(_key(amazon)))


@pytest.mark.parametrize("prefix", ["budget/", "sizes/"])
def test_damaged_budgets_and_sizes_begin_anew(amazon: Faulty, lake: Lake, prefix: str) -> None:
    made(amazon, lake, wish(amazon))
    for key in list(lake.keys(prefix)):
        lake.put(key, b"")
    assert made(amazon, lake, wish(amazon, "2026-08-31")).reason is None
