"""How far a listing has come, and how much of it Amazon gives at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from pydantic import AwareDatetime, BaseModel

# Amazon refuses some sizes in words, and others with nothing but "InvalidInput", "Invalid Input" or "400 Invalid input"
# (airbytehq/airbyte#55170, #86462; amzn/selling-partner-api-models#2478).
_OF_WINDOW = re.compile(r"date range|time range|window|days", re.IGNORECASE)
_OF_PAGE = re.compile(r"page ?size|too large|too many|payload|response size", re.IGNORECASE)
_MUTE = re.compile(r"\W*((invalid ?input|400|null)\b\W*)*", re.IGNORECASE)
_REFUSED = re.compile(r"exceed|too|at most|only up ?to|maximum|limit|large", re.IGNORECASE)


class Window(NamedTuple):
    """A span of time in which reports were made; both ends belong to it."""

    since: AwareDatetime
    until: AwareDatetime


class Size(BaseModel):
    """How long a window and how full a page Amazon accepts from one account."""

    LEAST_DAYS: ClassVar[float] = 1.0
    LEAST_PAGE: ClassVar[int] = 10

    days: float = 90.0
    page: int = 100
    found_at: AwareDatetime | None = None
    """When Amazon accepted it after refusing more, Amazon's time."""

    def shrink(self, said: str) -> bool:
        """Halve what Amazon has refused; both, if it does not say which.

        :param said: the text of Amazon's refusal.
        :return: False if it speaks of something else, or nothing can get smaller.
        """
        mute = bool(_MUTE.fullmatch(said))
        refused = bool(_REFUSED.search(said))
        before = (self.days, self.page)
        if mute or (refused and _OF_WINDOW.search(said)):
            self.days = max(self.LEAST_DAYS, self.days / 2)
        if mute or (refused and _OF_PAGE.search(said)):
            self.page = max(self.LEAST_PAGE, self.page // 2)
        return (self.days, self.page) != before


class SizeStore(Protocol):
    """Where the size that works for an account is kept."""

    def read(self) -> bytes | None:
        """Return what was written last; None if nothing was."""

    def write(self, size: bytes) -> None:
        """Keep a size that works."""


class MemorySizes:
    """The size of one process, for notebooks and tests."""

    def __init__(self) -> None:
        self._size: bytes | None = None

    def read(self) -> bytes | None:
        """Return what was written last."""
        return self._size

    def write(self, size: bytes) -> None:
        """Keep a size that works."""
        self._size = size


class Listed(BaseModel):
    """What a listing has found, and what is left of it. It is kept while the listing waits for the rate budget."""

    made_again: ClassVar[bool] = True
    """Of a damaged one, the listing begins again."""
    windows: list[Window] | None = None
    """What is still to be listed, the newest first; None before it has begun."""
    next_token: str | None = None
    token_at: AwareDatetime = dt.datetime.min.replace(tzinfo=dt.UTC)
    found: dict[str, Any] = {}
    """The reports as Amazon lists them, by id."""
    size: Size | None = None
    restarts: int = 0
    barren_pages: int = 0
    shrunk: bool = False
    begun_at: AwareDatetime | None = None

    def next_window(self) -> None:
        """The first window is done."""
        assert self.windows
        self.windows.pop(0)
        self.next_token = None
        self.barren_pages = 0


def split(windows: Sequence[Window], days: float) -> list[Window]:
    """Cut windows into such of at most so many days, the newest first. They touch: what two of them list is one."""
    longest = dt.timedelta(days=days)
    found = []
    for since, until in windows:
        while until - since > longest:
            found.append(Window(until - longest, until))
            until -= longest
        found.append(Window(since, until))
    return found
