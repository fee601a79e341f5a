"""The Tokens API 2021-03-01: tokens for documents in which people can be told.

A resource of the Reports API must be the path of one document (Amazon's Tokens API use case guide).
"""

from __future__ import annotations

import json
import re

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.gateway import Faults, Gateway, invalid, missing
from simulator.login import EXPIRES_IN, Caller, Login
from simulator.parameters import LET_PASS

MOST = 50
"""Resources of one token (model tokens-api-model)."""
_DOCUMENT = re.compile(r"/reports/2021-06-30/documents/[^/{}]+")


def router(gateway: Gateway, login: Login) -> APIRouter:
    """createRestrictedDataToken."""
    routes = APIRouter()

    async def create(request: Request, caller: Caller, faults: Faults) -> Response:
        try:
            body = json.loads(await request.body())
            resources = body["restrictedResources"]
        except (ValueError, KeyError, TypeError):
            missing("restrictedResources")
        if unknown := sorted(body.keys() - {"targetApplication", "restrictedResources"} - LET_PASS):
            invalid(f"createRestrictedDataToken has no parameter {unknown[0]}")
        if not isinstance(resources, list) or not 1 <= len(resources) <= MOST:
            invalid(f"restrictedResources must hold 1 to {MOST} resources")
        paths = []
        for resource in resources:
            if not isinstance(resource, dict) or resource.keys() - {"method", "path", "dataElements"}:
                invalid("Invalid restrictedResources")
            method, path = (str(resource.get(name, "")) for name in ("method", "path"))
            if method != "GET" or not _DOCUMENT.fullmatch(path):
                invalid(f"Application does not have access to the resource {method} {path}")
            paths.append(path)
        token = login.restricted(request.headers.get("x-amz-access-token"), tuple(paths))
        return JSONResponse({"restrictedDataToken": token, "expiresIn": EXPIRES_IN})

    gateway.route(routes, "POST", "/tokens/2021-03-01/restrictedDataToken", "createRestrictedDataToken", create)
    return routes
