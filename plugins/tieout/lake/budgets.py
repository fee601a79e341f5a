"""The rate budgets' state, in the lake: conditional writes make taking a call atomic between machines."""

from __future__ import annotations

from tieout.documents import Region
from tieout.lake.keys import Keys
from tieout.lake.store import Lake


class LakeBudgetStore:
    """The budgets of one application, account and region."""

    def __init__(self, lake: Lake, *, application: str, region: Region, account: str) -> None:
        self._lake = lake
        self._application = application
        self._region = region
        self._account = account

    def read(self, operation: str) -> tuple[bytes, str] | None:
        """Return the state and its entity tag; None when there is none, or a damaged one: then the budget is a full one."""
        return self._lake.get_json_with_etag(self._key(operation))

    def write(self, operation: str, state: bytes, tag: str | None) -> str | None:
        """Write the state if it still has the tag; return its new tag, or None if it was not written."""
        return self._lake.put_if(self._key(operation), state, etag=tag)

    def _key(self, operation: str) -> str:
        return Keys.budget(self._application, self._region, self._account, operation)
