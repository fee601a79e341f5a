"""The rate budget: Amazon's token bucket, mirrored and shared."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from tieout.amazon.budget import LIMITS, Budget, MemoryBudgetStore
from tieout.amazon.clock import Clock
from tieout.amazon.errors import BudgetExhausted
from tieout.documents import Region
from tieout.lake import Lake, LakeBudgetStore

NOON = dt.datetime(2026, 8, 31, 12, tzinfo=dt.UTC)


class HandClock(Clock):
    """A clock that moves by hand."""

    hand = NOON

    def now(self) -> dt.datetime:
        return type(self).hand


@pytest.fixture
def clock() -> HandClock:
    HandClock.hand = NOON
    return HandClock()


def later(seconds: float) -> None:
    HandClock.hand += dt.timedelta(seconds=seconds)


def seconds(instant: dt.datetime) -> float:
    return (instant - NOON).total_seconds()


def take_all(budget: Budget, operation: str) -> int:
    taken = 0
    while True:
        try:
            budget.take(operation)
        except BudgetExhausted:
            return taken
        taken += 1


def test_a_burst_then_one_call_a_minute(clock: HandClock) -> None:
    budget = Budget(MemoryBudgetStore(), clock)
    assert take_all(budget, "getReportDocument") == 15
    later(59)
    assert take_all(budget, "getReportDocument") == 0
    later(1)
    assert take_all(budget, "getReportDocument") == 1
    later(10 * 3600)
    assert take_all(budget, "getReportDocument") == 15


def test_it_says_when_the_next_call_may_be_made(clock: HandClock) -> None:
    budget = Budget(MemoryBudgetStore(), clock)
    take_all(budget, "getReports")
    with pytest.raises(BudgetExhausted) as caught:
        budget.take("getReports")
    one = 1 / LIMITS["getReports"].rate
    assert seconds(caught.value.available_at) == pytest.approx(one, abs=0.01)
    assert seconds(budget.available_at("getReports", 4)) == pytest.approx(4 * one, abs=0.01)
    # more than a burst can never be there at once
    assert seconds(budget.available_at("getReports", 99)) == pytest.approx(10 * one, abs=0.01)


def test_a_429_empties_the_budget_and_retry_after_is_obeyed(clock: HandClock) -> None:
    budget = Budget(MemoryBudgetStore(), clock)
    budget.refused("getReport", retry_after=30)
    with pytest.raises(BudgetExhausted) as caught:
        budget.take("getReport")
    assert seconds(caught.value.available_at) == pytest.approx(30, abs=0.01)


def test_the_rate_that_amazon_states_is_followed(clock: HandClock) -> None:
    budget = Budget(MemoryBudgetStore(), clock)
    take_all(budget, "getReportDocument")
    budget.learn_rate("getReportDocument", 0.5)
    later(2)
    assert take_all(budget, "getReportDocument") == 1


def test_operations_and_accounts_have_budgets_of_their_own(clock: HandClock, lake: Lake) -> None:
    def budget(account: str) -> Budget:
        return Budget(LakeBudgetStore(lake, application="app", region=Region.EU, account=account), clock)

    assert take_all(budget("one"), "getReports") == 10
    assert take_all(budget("one"), "getReports") == 0
    assert take_all(budget("one"), "getReportDocument") == 15
    assert take_all(budget("two"), "getReports") == 10


def test_many_workers_together_never_take_more_than_the_budget(clock: HandClock, lake: Lake) -> None:
    def worker(_: int) -> int:
        store = LakeBudgetStore(lake, application="app", region=Region.NA, account="one")
        return take_all(Budget(store, clock), "getReportDocument")

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(worker, range(6))) == 15


def test_a_clock_that_was_set_back_gives_nothing_away_and_blocks_nothing(clock: HandClock) -> None:
    budget = Budget(MemoryBudgetStore(), clock)
    take_all(budget, "getReportDocument")
    later(-3600)
    assert take_all(budget, "getReportDocument") == 0
    later(60)
    assert take_all(budget, "getReportDocument") == 1


def test_a_full_bucket_gains_nothing_until_the_call_arrives(clock: HandClock) -> None:
    # Amazon's own bucket stays full until the call is there: here, for up to thirty seconds, or half a call
    budget = Budget(MemoryBudgetStore(), clock)
    first = budget.take("getReportDocument")
    later(30)
    budget.answered(first)
    assert take_all(budget, "getReportDocument") == 14
    later(59)
    assert take_all(budget, "getReportDocument") == 0
    later(1)
    assert take_all(budget, "getReportDocument") == 1


def test_refusals_in_a_row_double_the_wait_and_an_answer_ends_it(clock: HandClock) -> None:
    """Pain 29: 429 although far below the published rate."""
    budget = Budget(MemoryBudgetStore(), clock)
    waits = [budget.refused("getReportDocument", None) for _ in range(6)]
    one = 1 / LIMITS["getReportDocument"].rate
    expected = [min(900.0, one * 2**n) for n in range(6)]
    assert all(least <= wait <= 1.1 * least for wait, least in zip(waits, expected, strict=True))
    later(max(waits) + 1)
    budget.answered(budget.take("getReportDocument"))
    assert budget.refused("getReportDocument", None) <= 1.1 * one


def test_a_call_that_takes_longer_than_the_bucket_needs_to_fill_costs_one_call(clock: HandClock) -> None:
    """At 3 calls a second an answer that takes 10 seconds must not be paid for with 30 calls."""
    budget = Budget(MemoryBudgetStore(), clock)
    taken = budget.take("appstoreReport")
    later(10)
    budget.answered(taken)
    assert budget.available_at("appstoreReport", 2) == clock.now()
    assert budget.available_at("appstoreReport", 3) > clock.now()
