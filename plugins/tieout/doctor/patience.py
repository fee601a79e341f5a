"""A clock with which nobody waits for long: a person waits for the doctor."""

from __future__ import annotations

import datetime as dt

from tieout.amazon.clock import Clock
from tieout.amazon.errors import BudgetExhausted

LONGEST_WAIT = 10.0
"""Seconds of the machine's time: as long as a call that failed pauses before its last try."""


class ShortClock(Clock):
    """Amazon's clock; a wait that would be long is refused, with when it would end."""

    @classmethod
    def like(cls, clock: Clock) -> ShortClock:
        """Return a clock that shows what another one shows."""
        return cls(clock.instant, clock.epoch, clock.scale)

    def sleep(self, seconds: float) -> None:
        """Sleep for some seconds of Amazon's time.

        Raises:
            BudgetExhausted: If that takes long.
        """
        if self.machine_seconds(seconds) > LONGEST_WAIT:
            raise BudgetExhausted("Amazon", self.now() + dt.timedelta(seconds=seconds))
        super().sleep(seconds)
