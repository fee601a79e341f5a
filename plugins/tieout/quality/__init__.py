"""What must hold before a document may load. Great Expectations lives only here, and is imported only when checks run."""

from tieout.quality.checking import REPORT_SUITE_VERSION, SUITE_VERSION, check_documents
from tieout.quality.pages import write_contents
from tieout.quality.reports import StagedReportInput
from tieout.quality.settlements import StagedInput

__all__ = [
    "REPORT_SUITE_VERSION",
    "SUITE_VERSION",
    "StagedInput",
    "StagedReportInput",
    "check_documents",
    "write_contents",
]
