"""What Amazon's static sandbox answers: a request has to have exactly the parameters of the sample in Amazon's model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tieout.amazon.selling_partner import REPORTS
from tieout.reports.families import FAMILIES


class Sample(NamedTuple):
    """A request that the sandbox answers."""

    operation: str
    path: str
    parameters: dict[str, str]


_PARAMETERS = {
    "listTransactions": {"postedAfter": "2023-03-07", "nextToken": "jehgri34yo7jr9e8f984tr9i4o"},
    "listBalances": {"marketplaceIds": "AXXXXXXXXXER", "balanceType": "TOTAL"},
    "listSummary": {"marketplaceIds": "AXXXXXXXXXER", "periodStart": "2025-01-12", "periodEnd": "2025-01-12"},
    "listFinancialEventGroups": {
        "MaxResultsPerPage": "1",
        "FinancialEventGroupStartedBefore": "2019-10-31",
        "FinancialEventGroupStartedAfter": "2019-10-13",
    },
    "listPayouts": {
        "marketplaceIds": "ATVPDKIKX0DER",
        "createdAfter": "2024-06-01T00:00:00Z",
        "createdBefore": "2024-06-30T00:00:00Z",
    },
}
"""By operation (`x-amzn-api-sandbox` in the models of amzn/selling-partner-api-models)."""


def samples() -> Iterator[Sample]:
    """Yield the requests that the sandbox answers, of the operations that Tieout calls."""
    yield Sample("getMarketplaceParticipations", "/sellers/v1/marketplaceParticipations", {})
    types = {"reportTypes": "FEE_DISCOUNTS_REPORT,GET_AFN_INVENTORY_DATA", "processingStatuses": "IN_QUEUE,IN_PROGRESS"}
    yield Sample("getReports", f"{REPORTS}/reports", types)
    for family in FAMILIES.values():
        operation = family.report_types[0]
        if family.question and operation in _PARAMETERS:
            yield Sample(operation, family.question.path, _PARAMETERS[operation])
