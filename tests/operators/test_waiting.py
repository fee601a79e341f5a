"""How an operator waits for the rate budget, and what it says of a run without a business day."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from tieout.accounts import Account
from tieout.amazon.clock import Clock
from tieout.amazon.errors import AccessDenied, AmazonUnavailable, BudgetExhausted, InvalidRequest, LoginRefused
from tieout.documents import Region
from tieout.operators import reports
from tieout.operators.context import business_day
from tieout.triggers import instant

ACCOUNT = Account(name="acme_eu", region=Region.EU, connection="tieout_acme_eu")
CONTEXT: Any = {"partition_key": "2026-08-30", "dag": SimpleNamespace(dag_id="marketplace_reports_eu")}


class Spent(reports.AccountOperator):
    """Finds the budget spent the first time, and works the second time."""

    calls = 0

    def work(self, account: Account, business_day: dt.date) -> str:
        self.calls += 1
        if self.calls == 1:
            raise BudgetExhausted("getReportDocument", dt.datetime.fromisoformat("2026-08-31T12:10:00Z"))
        return f"{account.name} {business_day}"


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Spent:
    noon = Clock(dt.datetime.fromisoformat("2026-08-31T12:00:00Z"), epoch=time.time(), scale=60)
    monkeypatch.setattr(reports, "LakeHook", lambda: SimpleNamespace(lake=lambda: None))
    monkeypatch.setattr(reports, "SellingPartnerHook", lambda account, lake: SimpleNamespace(clock=noon))
    return Spent(task_id="receive", account=ACCOUNT.model_dump(mode="json"))


def test_it_gives_its_slot_back_until_the_budget_is_there(operator: Spent) -> None:
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(CONTEXT)
    # ten minutes of Amazon's time on a clock that runs 60 times as fast
    assert deferred.value.trigger.epoch_seconds == pytest.approx(time.time() + 10, abs=2)
    resume = getattr(operator, deferred.value.method_name)
    assert resume(CONTEXT, event={}) == "acme_eu 2026-08-30"


class Refused(reports.AccountOperator):
    """Meets an Amazon that says no."""

    error: Exception

    def work(self, account: Account, business_day: dt.date) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (LoginRefused("invalid_grant", "as Amazon says"), AirflowFailException),
        (AccessDenied("getReports for acme_eu: 403"), AirflowFailException),
        (InvalidRequest("getReports for acme_eu: 400"), AirflowFailException),
        (AmazonUnavailable("getReports for acme_eu failed 5 times"), AmazonUnavailable),
    ],
)
def test_only_what_a_retry_can_help_is_retried(error: Exception, raised: type[Exception]) -> None:
    """Bad credentials fail the task at once, with what to do in the message; an Amazon that is down leaves it to Airflow."""
    operator = Refused(task_id="list", account=ACCOUNT.model_dump(mode="json"))
    operator.error = error
    with pytest.raises(raised) as caught:
        operator.execute(CONTEXT)
    assert str(caught.value) == str(error)


def test_the_trigger_can_be_made_again_and_holds_no_secret() -> None:
    path, arguments = instant.InstantTrigger(1788190200.5).serialize()
    assert path == "tieout.triggers.instant.InstantTrigger"
    assert arguments == {"epoch_seconds": 1788190200.5}


def test_the_trigger_never_fires_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(instant.asyncio, "sleep", sleep)
    asyncio.run(anext(instant.InstantTrigger(time.time() - 100).run()))
    asyncio.run(anext(instant.InstantTrigger(time.time() + 60).run()))
    assert slept[0] == instant.SHORTEST_WAIT
    assert 55 < slept[1] <= 60


@pytest.mark.parametrize("key", [None, "2026-08", "yesterday"])
def test_a_run_without_a_business_day_says_how_to_start_one(key: str | None) -> None:
    with pytest.raises(AirflowFailException, match="airflow backfill create --dag-id marketplace_reports_eu"):
        business_day({**CONTEXT, "partition_key": key})
    assert business_day(CONTEXT) == dt.date(2026, 8, 30)
