"""The object store: keys, manifests, raw, staged, quarantine, call log, rate budgets, sizes."""

from tieout.lake.budgets import LakeBudgetStore
from tieout.lake.calls import CallLog
from tieout.lake.keys import Keys
from tieout.lake.presence import present
from tieout.lake.sizes import LakeSizeStore
from tieout.lake.store import DamagedRecord, Lake

__all__ = ["CallLog", "DamagedRecord", "Keys", "Lake", "LakeBudgetStore", "LakeSizeStore", "present"]
