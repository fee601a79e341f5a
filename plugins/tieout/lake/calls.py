"""The call log: every call to Amazon, kept in the lake for audit."""

from __future__ import annotations

import uuid

from tieout.documents import ApiCall
from tieout.lake.keys import Keys
from tieout.lake.store import Lake

CALLS_A_FILE = 50


class CallLog:
    """Writes the calls of one client session to an object, anew after each call, so that a kill loses none.

    After so many calls it begins another object: what is written for a call does not grow with the calls before it.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._session = uuid.uuid4().hex
        self._calls: list[ApiCall] = []

    def record(self, call: ApiCall) -> None:
        """Add one call."""
        if len(self._calls) == CALLS_A_FILE:
            self._session = uuid.uuid4().hex
            self._calls = []
        self._calls.append(call)
        first = self._calls[0]
        self._lake.put(
            Keys.calls(first.region, first.account, first.called_at.date(), self._session),
            "".join(f"{each.model_dump_json()}\n" for each in self._calls).encode(),
            content_type="application/jsonl",
        )
