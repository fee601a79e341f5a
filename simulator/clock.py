"""The virtual clock: everything in the simulated Amazon happens at its time."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_SPEC = re.compile(r"^(?P<instant>[^@x]+)(@(?P<epoch>\d+(\.\d+)?))?(x(?P<scale>\d+(\.\d+)?))?$")


@dataclass
class VirtualClock:
    """A clock that shows `instant` when the machine's clock shows `epoch`, and runs `scale` times as fast.

    :param instant: the virtual instant that the clock starts from; aware.
    :param epoch: the real time, in seconds since 1970, at which it shows `instant`; by default, now.
    :param scale: virtual seconds a real second.
    """

    instant: dt.datetime
    epoch: float | None = None
    scale: float = 1.0
    real_now: Callable[[], float] = time.time
    _advanced: dt.timedelta = field(default=dt.timedelta(), init=False)

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError(f"the clock's instant {self.instant.isoformat()} has no time zone; write it with a Z")
        self.instant = self.instant.astimezone(dt.UTC)
        if self.epoch is None:
            self.epoch = self.real_now()

    @classmethod
    def parse(cls, spec: str | None) -> VirtualClock:
        """Read `<instant>[@<real epoch seconds>][x<scale>]`, e.g. `2026-08-31T15:00:00Z@1767225600x60`.

        None is a clock that shows the machine's own time.

        :raises ValueError: if the text is not of that form.
        """
        if spec is None:
            return cls(dt.datetime.now(dt.UTC))
        match = _SPEC.match(spec)
        if not match:
            raise ValueError(f"clock {spec!r} is not of the form <instant>[@<epoch seconds>][x<scale>]")
        try:
            instant = dt.datetime.fromisoformat(match["instant"])
        except ValueError as error:
            raise ValueError(f"clock {spec!r}: {match['instant']!r} is not an ISO 8601 instant") from error
        scale = float(match["scale"] or 1)
        if scale <= 0:
            raise ValueError(f"clock {spec!r}: the scale must be more than 0")
        return cls(instant, float(match["epoch"]) if match["epoch"] else None, scale)

    def now(self) -> dt.datetime:
        """The virtual instant, UTC."""
        assert self.epoch is not None
        real = dt.timedelta(seconds=(self.real_now() - self.epoch) * self.scale)
        return self.instant + real + self._advanced

    def facts_at(self) -> dt.datetime:
        """The instant as of which orders, returns and balances are told, UTC.

        A clock that runs faster than the real one shortens the waiting and nothing else: while it runs, nobody orders and
        nothing changes, so that whoever asks earlier or later is told the same. Advancing it moves the world on.
        """
        return self.now() if self.scale == 1 else self.instant + self._advanced

    def advance(self, seconds: float) -> None:
        """Move the clock on by so many virtual seconds.

        :raises ValueError: if the number is negative: what has happened stays.
        """
        if seconds < 0:
            raise ValueError(f"the clock cannot go back ({seconds} seconds)")
        self._advanced += dt.timedelta(seconds=seconds)


def iso(instant: dt.datetime) -> str:
    """An instant as Amazon's APIs write it, to the second: `2026-08-31T15:00:00+00:00`."""
    return instant.astimezone(dt.UTC).isoformat(timespec="seconds")


def iso_z(instant: dt.datetime) -> str:
    """An instant as the simulator's own pages write it: `2026-08-31T15:00:00Z`."""
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
