"""The sizes of windows and pages that Amazon accepts from an account, in the lake."""

from __future__ import annotations

from tieout.documents import Region
from tieout.lake.keys import Keys
from tieout.lake.store import Lake


class LakeSizeStore:
    """The size that works for one account and operation."""

    def __init__(self, lake: Lake, *, region: Region, account: str, operation: str = "getReports") -> None:
        self._lake = lake
        self._key = Keys.sizes(region, account, operation)

    def read(self) -> bytes | None:
        """Return what was written last; None if nothing was, or what was is damaged: then the size is found anew."""
        held = self._lake.get_json_with_etag(self._key)
        return held[0] if held else None

    def write(self, size: bytes) -> None:
        """Keep a size that works."""
        self._lake.put(self._key, size, content_type="application/json")
