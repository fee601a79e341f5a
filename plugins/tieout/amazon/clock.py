"""The clock that Amazon's limits, tokens and signed URLs are counted on.

Against Amazon it is the machine's clock. A simulated Amazon may run its clock at another date and faster, and
whoever talks to it has to count on the same clock: the rates stay Amazon's own, only the waiting is shorter.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import dataclass

_SPEC = re.compile(r"^(?P<instant>[^@x]+)@(?P<epoch>\d+(\.\d+)?)x(?P<scale>\d+(\.\d+)?)$")


@dataclass(frozen=True)
class Clock:
    """Amazon time as a linear function of the machine's time.

    :param instant: Amazon's time (UTC) at `epoch`.
    :param epoch: machine time, in seconds since 1970.
    :param scale: seconds of Amazon's time in one second of machine time.
    """

    instant: dt.datetime = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    epoch: float = 0.0
    scale: float = 1.0

    @classmethod
    def parse(cls, spec: str | None) -> Clock:
        """Read a clock from `<ISO instant>@<epoch seconds>x<scale>`; None is the machine's own clock.

        :raises ValueError: if the text is not of that form.
        """
        if not spec:
            return cls()
        match = _SPEC.match(spec)
        if not match:
            raise ValueError(f"clock {spec!r} is not of the form 2026-08-31T15:00:00Z@1767225600x60")
        return cls(dt.datetime.fromisoformat(match["instant"]), float(match["epoch"]), float(match["scale"]))

    def spec(self) -> str:
        """The text that `parse` reads as this clock."""
        return f"{self.instant.isoformat()}@{self.epoch!r}x{self.scale!r}"

    def now(self) -> dt.datetime:
        """Amazon's time now, UTC."""
        return self.instant + dt.timedelta(seconds=(time.time() - self.epoch) * self.scale)

    def machine_seconds(self, seconds: float) -> float:
        """How many seconds of machine time so many seconds of Amazon's time take."""
        return seconds / self.scale

    def sleep(self, seconds: float) -> None:
        """Sleep so many seconds of Amazon's time."""
        time.sleep(max(0.0, self.machine_seconds(seconds)))
