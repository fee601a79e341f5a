"""What must hold before a document may load. Great Expectations lives only here, and is imported only when checks run."""

from tieout.quality.pages import write_contents
from tieout.quality.settlements import SUITE_VERSION, StagedInput, check_settlements

__all__ = ["SUITE_VERSION", "StagedInput", "check_settlements", "write_contents"]
