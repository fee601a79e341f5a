"""Wait for an instant of the machine's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

SHORTEST_WAIT = 6.0
"""Seconds. A trigger that fires sooner can overtake the scheduler's own note that the task was deferred (seen with
Airflow 3.3.2), and the task fails."""


class InstantTrigger(BaseTrigger):
    """Fires at an instant, and not before `SHORTEST_WAIT` has passed.

    :param epoch_seconds: machine time, in seconds since 1970.
    """

    def __init__(self, epoch_seconds: float) -> None:
        super().__init__()
        self.epoch_seconds = epoch_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments to make this trigger again."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {"epoch_seconds": self.epoch_seconds}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Sleep, then fire."""
        await asyncio.sleep(max(SHORTEST_WAIT, self.epoch_seconds - time.time()))
        yield TriggerEvent({"epoch_seconds": self.epoch_seconds})
