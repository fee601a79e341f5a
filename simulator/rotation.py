"""The Application Management API 2023-11-30: an application asks for a new client secret.

Grantless: the token is the application's own, of the scope for rotation. One call a minute (model
application-management-api-model: rate 0.0167, burst 1).
"""

from __future__ import annotations

import uuid

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.applications import Applications
from simulator.gateway import ApiError, denied
from simulator.login import Login, TokenRefused
from simulator.marketplaces import Region
from simulator.rules import ROTATION, CallFault, Rules

_NOT_ENROLLED = (
    "Application is not enrolled for rotation notification. Please update application notification preference in Developer "
    "console."
)


def router(region: Region, login: Login, applications: Applications, rules: Rules) -> APIRouter:
    """rotateApplicationClientSecret."""
    routes = APIRouter()

    @routes.post("/applications/2023-11-30/clientSecret")
    async def rotate(request: Request) -> Response:
        headers = {"x-amzn-RequestId": str(uuid.uuid4())}
        try:
            try:
                client_id = login.rotating_client(request.headers.get("x-amz-access-token"))
            except TokenRefused as refused:
                raise denied(str(refused)) from refused
            # nobody consents to a rotation: a rule for an account does not fit it
            if CallFault.NOT_ENROLLED in rules.of_call("", region, ROTATION):
                raise ApiError(400, "InvalidInput", _NOT_ENROLLED)
            if not applications.rotate(client_id):
                raise ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        except ApiError as error:
            return JSONResponse(error.body, status_code=error.status, headers=headers)
        return Response(status_code=204, headers={**headers, "x-amzn-RateLimit-Limit": "0.0167"})

    return routes
