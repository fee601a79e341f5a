"""An HTTP client that keeps the shape of each answer, and no value of it."""

from __future__ import annotations

from typing import Any

import httpx

from tieout.amazon.appstore import OPERATION as APPSTORE_REPORT
from tieout.amazon.appstore import REPORTS as APPSTORE_REPORTS
from tieout.amazon.login import PATH as LOGIN
from tieout.amazon.selling_partner import REPORTS
from tieout.doctor.shapes import shape_of_body
from tieout.reports.families import FAMILIES

PATIENCE = httpx.Timeout(20.0, connect=5.0)
OPERATIONS = {
    LOGIN: "token",
    "/sellers/v1/marketplaceParticipations": "getMarketplaceParticipations",
    f"{REPORTS}/documents/": "getReportDocument",
    f"{REPORTS}/reports": "getReports",
    "/tokens/2021-03-01/restrictedDataToken": "createRestrictedDataToken",
    APPSTORE_REPORTS: APPSTORE_REPORT,
    **{each.question.path: each.report_types[0] for each in FAMILIES.values() if each.question},
}
"""By a part of the path that no other operation has. What comes from elsewhere are documents, which are looked at on disk."""


class Recorder:
    """Keeps the shapes of Amazon's answers, in the order of the calls."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    def client(self) -> httpx.Client:
        """Open a client whose answers are recorded."""
        return httpx.Client(timeout=PATIENCE, event_hooks={"response": [self._record]})

    def _record(self, answer: httpx.Response) -> None:
        request = answer.request
        operation = next((name for path, name in OPERATIONS.items() if path in request.url.path), None)
        if operation is None:
            return
        self.answers.append(
            {
                "operation": operation,
                "method": request.method,
                "parameters": sorted(request.url.params.keys()),
                "status": answer.status_code,
                "content_type": answer.headers.get("content-type", "").partition(";")[0],
                "body": shape_of_body(answer.read()),
            }
        )
