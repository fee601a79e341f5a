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


def router(login: Login, applications: Applications) -> APIRouter:
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
            if not applications.rotate(client_id):
                raise ApiError(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
        except ApiError as error:
            return JSONResponse(error.body, status_code=error.status, headers=headers)
        return Response(status_code=204, headers={**headers, "x-amzn-RateLimit-Limit": "0.0167"})

    return routes
