"""Amazon's static sandbox, under `/sandbox` of a region: samples for exact requests, and a refusal of all others.

In Amazon's world it has a host of its own, `sandbox.sellingpartnerapi-na.amazon.com`. It answers a request only if the
parameters are those of the sample in Amazon's model (`x-amzn-api-sandbox`).
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.gateway import denied
from simulator.login import Login, TokenRefused

_MONEY = {"currencyCode": "USD", "currencyAmount": 10.34}
_STORE = {
    "id": "ATVPDKIKX0DER", "name": "Amazon.com", "countryCode": "US", "defaultCurrencyCode": "USD",
    "defaultLanguageCode": "en_US", "domainName": "www.amazon.com",
}  # fmt: skip
_PARTNER = {"marketplaceId": "AXXXXXXXXXER", "accountType": "Standard Orders"}
SAMPLES: dict[str, tuple[dict[str, str], Any]] = {
    "/sellers/v1/marketplaceParticipations": (
        {},
        {"payload": [{"marketplace": _STORE, "participation": {"isParticipating": True, "hasSuspendedListings": False}}]},
    ),
    "/reports/2021-06-30/reports": (
        {
            "reportTypes": "FEE_DISCOUNTS_REPORT,GET_AFN_INVENTORY_DATA",
            "processingStatuses": "IN_QUEUE,IN_PROGRESS",
        },
        {"reports": [], "nextToken": "next"},
    ),
    "/finances/2024-06-19/transactions": (
        {"postedAfter": "2023-03-07", "nextToken": "jehgri34yo7jr9e8f984tr9i4o"},
        # the sandbox gives a transaction no id
        {"payload": {"transactions": [{"transactionType": "Shipment", "transactionStatus": "RELEASED",
            "postedDate": "2023-03-07T00:00:00Z", "totalAmount": _MONEY}]}},
    ),
    "/finances/2024-06-19/balances": (
        {"marketplaceIds": "AXXXXXXXXXER", "balanceType": "TOTAL"},
        {"balances": [{"partnerMetadata": _PARTNER, "balanceType": "TOTAL", "amount": _MONEY, "asOfDate": "2025-01-12",
            "lastUpdatedTime": None}]},
    ),
    "/finances/v0/financialEventGroups": (
        {
            "MaxResultsPerPage": "1",
            "FinancialEventGroupStartedBefore": "2019-10-31",
            "FinancialEventGroupStartedAfter": "2019-10-13",
        },
        {"payload": {"FinancialEventGroupList": []}},
    ),
    "/finances/2024-06-19/summary": (
        {"marketplaceIds": "AXXXXXXXXXER", "periodStart": "2025-01-12", "periodEnd": "2025-01-12"},
        # days, not instants, and no id of a settlement
        {"summaries": [{"partnerMetadata": _PARTNER, "netProceeds": _MONEY, "periodStart": "2025-01-12",
            "periodEnd": "2025-01-12"}]},
    ),
    "/finances/transfers/2024-06-01/payouts": (
        {
            "marketplaceIds": "ATVPDKIKX0DER",
            "createdAfter": "2024-06-01T00:00:00Z",
            "createdBefore": "2024-06-30T00:00:00Z",
        },
        {"payouts": [{"id": "p-1", "partnerMetadata": {"marketplaceId": "ATVPDKIKX0DER", "accountType": "STANDARD_ORDERS"},
            "currentStatus": "SUCCEEDED", "amount": _MONEY,
            "creationDate": "2024-06-02T00:00:00Z"}]},
    ),
}  # fmt: skip
"""By path: the parameters that a request has to have, and the answer."""


def router(login: Login) -> APIRouter:
    """The sandbox of a region."""
    routes = APIRouter(prefix="/sandbox")

    @routes.get("/{path:path}")
    async def answer(path: str, request: Request) -> Response:
        try:
            login.caller(request.headers.get("x-amz-access-token"))
        except TokenRefused as refused:
            return JSONResponse(denied(str(refused)).body, status_code=403)
        parameters, sample = SAMPLES.get(f"/{path}", (None, None))
        if parameters is None or dict(request.query_params) != parameters:
            error = {"code": "InvalidInput", "message": "Could not match input arguments"}
            return JSONResponse({"errors": [error]}, status_code=400)
        return JSONResponse(sample)

    return routes
