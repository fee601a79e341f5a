"""One rate budget per application, account, region and operation, shared by all tasks, runs and workers.

Amazon counts calls per application and selling partner in a token bucket: it holds at most `burst` calls and
gains `rate` calls a second (Usage Plans and Rate Limits in the Selling Partner API). The bucket is mirrored in the
lake, where a conditional write makes taking a call atomic between processes and machines.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from tieout.amazon.clock import Clock
from tieout.amazon.errors import BudgetExhausted


@dataclass(frozen=True)
class Limit:
    """Amazon's published limit of an operation: calls a second, and calls at once."""

    rate: float
    burst: int


LIMITS = {
    # Reports API 2021-06-30, usage plans in the model reports_2021-06-30.json
    "getReports": Limit(0.0222, 10),
    "createReport": Limit(0.0167, 15),
    "getReport": Limit(2.0, 15),
    "cancelReport": Limit(0.0222, 10),
    "getReportDocument": Limit(0.0167, 15),
    # Tokens API 2021-03-01, Sellers API v1 and the Finances APIs v0 and 2024-06-19, usage plans in their models
    "createRestrictedDataToken": Limit(1.0, 10),
    "getMarketplaceParticipations": Limit(0.016, 15),
    "listFinancialEventGroups": Limit(0.5, 30),
    "listTransactions": Limit(0.5, 10),
    "listBalances": Limit(0.5, 10),
    "listSummary": Limit(0.5, 10),
    "listPayouts": Limit(0.5, 10),
    # Appstore Reporting API, page "Reporting API": at most 3 requests a second
    "appstoreReport": Limit(3.0, 3),
}


LONGEST_BACK_OFF = 900.0
"""Seconds. Amazon refuses calls far below the published rate, for minutes or hours; the wait doubles up to this."""


class BudgetStore(Protocol):
    """Where the state of budgets is kept, with compare-and-set."""

    def read(self, operation: str) -> tuple[bytes, str] | None:
        """Return the state and its tag; None when there is none."""

    def write(self, operation: str, state: bytes, tag: str | None) -> str | None:
        """Write the state if it still has the tag (None: if there is none).

        :return: its new tag; None if it was not written.
        """


class MemoryBudgetStore:
    """Budgets of one process, for notebooks and tests."""

    def __init__(self) -> None:
        self._states: dict[str, tuple[bytes, str]] = {}

    def read(self, operation: str) -> tuple[bytes, str] | None:
        """Return the state and its tag; None when there is none."""
        return self._states.get(operation)

    def write(self, operation: str, state: bytes, tag: str | None) -> str | None:
        """Write the state if it still has the tag; return its new tag, or None if it was not written."""
        held = self._states.get(operation)
        if (held[1] if held else None) != tag:
            return None
        written = str(int(tag or 0) + 1)
        self._states[operation] = (state, written)
        return written


@dataclass(frozen=True)
class Taken:
    """One call that was taken: how many there were before, and when."""

    operation: str
    calls: float
    at: dt.datetime
    limit: Limit
    refusals: int


@dataclass(frozen=True)
class _Bucket:
    calls: float
    as_of: dt.datetime
    limit: Limit
    refusals: int = 0
    """How often Amazon has said 429 since it last said anything else."""

    def at(self, now: dt.datetime) -> _Bucket:
        gained = max(0.0, (now - self.as_of).total_seconds()) * self.limit.rate
        # `now`, even if it is earlier: a clock that was set back must not make everybody wait until it has caught up.
        return replace(self, calls=min(float(self.limit.burst), self.calls + gained), as_of=now)

    def when(self, calls: float) -> dt.datetime:
        """The instant at which so many calls are there, a millisecond late: whoever comes then must not find 0.9999999."""
        if self.calls >= calls:
            return self.as_of
        return self.as_of + dt.timedelta(seconds=(calls - self.calls) / self.limit.rate + 0.001)

    def dump(self) -> bytes:
        return json.dumps(
            {
                "calls": self.calls,
                "as_of": self.as_of.isoformat(),
                "rate": self.limit.rate,
                "burst": self.limit.burst,
                "refusals": self.refusals,
            }
        ).encode()

    @classmethod
    def load(cls, state: bytes) -> _Bucket:
        value = json.loads(state)
        limit = Limit(value["rate"], value["burst"])
        as_of = dt.datetime.fromisoformat(value["as_of"])
        return cls(value["calls"], as_of, limit, value.get("refusals", 0))


class Budget:
    """The calls that one application may make for one account in one region."""

    def __init__(self, store: BudgetStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._rates: dict[str, float] = {}
        self._written: dict[str, tuple[bytes, str]] = {}
        """By operation: what this object wrote last, and its tag. Often nobody else has written since."""

    def take(self, operation: str) -> Taken:
        """Take one call. Hand what is returned to `answered` when Amazon has answered.

        :raises BudgetExhausted: if there is none now; it says when there will be.
        """

        def spend(bucket: _Bucket) -> _Bucket:
            return replace(bucket, calls=bucket.calls - 1) if bucket.calls >= 1 else bucket

        before = self._change(operation, spend)
        if before.calls < 1:
            raise BudgetExhausted(operation, before.when(1))
        return Taken(operation, before.calls, before.as_of, before.limit, before.refusals)

    def answered(self, taken: Taken) -> None:
        """Amazon has answered a call, and did not refuse it.

        A full bucket gains nothing. Amazon's own begins to fill when the call arrives, which is after it was taken here and
        before the answer; what this one has gained meanwhile, and Amazon's may not have, is given back.
        """
        gained = max(0.0, (self._clock.now() - taken.at).total_seconds()) * taken.limit.rate
        # never more than a bucket that was full when the call arrived lacks after it
        most = taken.limit.burst - taken.calls + 1
        lost = min(gained, taken.calls + gained - taken.limit.burst, most)
        if lost > 0 or taken.refusals:
            self._change(taken.operation, lambda b: replace(b, calls=b.calls - max(0.0, lost), refusals=0))

    def available_at(self, operation: str, calls: int) -> dt.datetime:
        """When so many calls (at most the burst) will be there, Amazon's time, UTC."""
        bucket = self._read(operation)[0]
        return bucket.when(min(calls, bucket.limit.burst))

    def learn_rate(self, operation: str, rate: float) -> None:
        """Follow the rate that Amazon states in `x-amzn-RateLimit-Limit` (calls a second)."""
        if rate > 0 and self._rates.get(operation) != rate:
            self._change(operation, lambda b: replace(b, limit=Limit(rate, b.limit.burst)))
            self._rates[operation] = rate

    def refused(self, operation: str, retry_after: float | None) -> float:
        """Amazon answered 429: nothing is left now, and the next call is there after `retry_after` seconds.

        If Amazon does not say how long, the time in which one call is gained, doubled for every refusal that follows
        another, and a little more by chance, so that not everybody comes back at once.

        :return: how many seconds there are to wait.
        """
        by_chance = random.uniform(1.0, 1.1)

        def seconds(bucket: _Bucket) -> float:
            doubled = min(LONGEST_BACK_OFF, 2**bucket.refusals / bucket.limit.rate)
            return retry_after or max(1.0, doubled) * by_chance

        def empty(bucket: _Bucket) -> _Bucket:
            calls = min(bucket.calls, 1 - seconds(bucket) * bucket.limit.rate)
            return replace(bucket, calls=calls, refusals=bucket.refusals + 1)

        return seconds(self._change(operation, empty))

    def _read(self, operation: str) -> tuple[_Bucket, str | None]:
        return self._bucket(operation, self._store.read(operation))

    def _bucket(self, operation: str, held: tuple[bytes, str] | None) -> tuple[_Bucket, str | None]:
        now = self._clock.now()
        if held is None:
            limit = LIMITS[operation]
            return _Bucket(float(limit.burst), now, limit), None
        bucket = _Bucket.load(held[0])
        self._rates[operation] = bucket.limit.rate
        return bucket.at(now), held[1]

    def _change(self, operation: str, change: Callable[[_Bucket], _Bucket]) -> _Bucket:
        """Change the bucket; return what it was before."""
        tries = 0
        held = self._written.pop(operation, None) or self._store.read(operation)
        while True:
            bucket, tag = self._bucket(operation, held)
            state = change(bucket).dump()
            written = self._store.write(operation, state, tag)
            if written:
                self._written[operation] = (state, written)
                return bucket
            # Somebody else wrote first. Without a pause that differs, many workers would go on meeting each other.
            tries += 1
            time.sleep(random.uniform(0.0, 0.005 * min(tries, 10)))
            held = self._store.read(operation)
