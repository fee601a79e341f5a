"""What every operation of the Selling Partner API has in common: who calls, the usage plan, faults on demand, errors.

Error bodies follow Amazon's models and, where they are silent, what developers report of the live API (issues of
amzn/selling-partner-api-models and -docs).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.answers import SLOW, Cut, server_error
from simulator.clock import VirtualClock
from simulator.login import Caller, Login, TokenRefused
from simulator.marketplaces import Region
from simulator.parameters import INSTANT, problem
from simulator.quotas import PLANS, Quotas
from simulator.rules import CallFault, Rule, Rules
from simulator.variants import Refusal, variant_of

TOKEN_LIFE = dt.timedelta(minutes=5)
"""How long a nextToken is good (amzn/selling-partner-api-docs#2789)."""
TOKEN_EXPIRED = "The provided nextToken has expired"

_OF_FIRST_PAGES = frozenset({CallFault.WINDOW_TOO_LARGE, CallFault.PAGE_TOO_LARGE})
_OF_OTHER_PAGES = frozenset({CallFault.EXPIRED_PAGE_TOKEN})
_MUTE: dict[Refusal, dict[str, Any]] = {
    "null": {"code": "InvalidInput", "message": None},  # amzn/selling-partner-api-models#2478
    "invalid_input": {"code": "InvalidInput", "message": "Invalid input", "details": "Invalid input"},
    "code_400": {"code": "400", "message": "Invalid input", "details": "Invalid input"},
}
"""Refusals that do not say what is wrong, as Amazon's examples and developers have them."""
_QUOTA_EXCEEDED = "You exceeded your quota for the requested resource."

Faults = dict[CallFault, Rule]
Operation = Callable[[Request, Caller, Faults], Awaitable[Response]]


class ApiError(Exception):
    """An answer of Amazon's in which `errors` says what is wrong."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = {"errors": [{"code": code, "message": message, "details": details}]}


def mute(form: Refusal, message: str) -> ApiError:
    """Amazon's refusal of a request, in words or without any that help."""
    error = ApiError(400, "InvalidInput", message)
    if form in _MUTE:
        error.body = {"errors": [dict(_MUTE[form])]}
    return error


def denied(details: str = "", code: str = "Unauthorized") -> ApiError:
    """Amazon's answer to whoever may not call."""
    return ApiError(403, code, "Access to requested resource is denied.", details)


class Gateway:
    """The door of one region."""

    def __init__(
        self, region: Region, seed: int, clock: VirtualClock, login: Login, quotas: Quotas, rules: Rules
    ) -> None:
        self.region = region
        self.clock = clock
        self._login = login
        self._quotas = quotas
        self._rules = rules
        self._key = hashlib.sha256(f"{seed}/reports/{region}".encode()).digest()

    def route(self, routes: APIRouter, method: str, path: str, name: str, operation: Operation) -> None:
        """Put an operation on a path."""

        async def answer(request: Request) -> Response:
            return await self.call(name, operation, request)

        routes.add_api_route(path, answer, methods=[method], name=name)

    async def call(self, name: str, operation: Operation, request: Request) -> Response:
        """Authenticate a call, charge it to its usage plan, and answer it."""
        faults: Faults = {}
        try:
            caller = self._caller(request)
            if caller.paths is not None and request.url.path not in caller.paths:
                raise denied()
            report_id = request.path_params.get("report_id")
            token = request.query_params.get("nextToken") or request.query_params.get("NextToken")
            cannot = _OF_FIRST_PAGES if token else _OF_OTHER_PAGES
            faults = self._rules.of_call(caller.seller.key, self.region, name, report_id, cannot)
            if slow := faults.get(CallFault.SLOW_ANSWER):
                await asyncio.sleep(slow.parameters.get("seconds", SLOW))
            self._refuse(caller, faults, request)
            if not self._quotas.take(caller.client_id, caller.selling_partner_id, name, self.clock.now()):
                raise ApiError(429, "QuotaExceeded", _QUOTA_EXCEEDED)
            if failed := faults.get(CallFault.SERVER_ERROR):
                answer = server_error(failed.parameters.get("status", 500))
            elif wrong := problem(name, request.query_params):
                invalid(wrong)
            else:
                answer = await operation(request, caller, faults)
                if changed := faults.get(CallFault.CHANGED_SHAPE):
                    content = changed_shape(json.loads(bytes(answer.body)), **changed.parameters)
                    answer = JSONResponse(content, status_code=answer.status_code)
        except ApiError as error:
            if error.status == 400 and (silent := faults.get(CallFault.MUTE_REFUSAL)):
                error = mute(silent.parameters.get("said", "null"), str(error))
            answer = JSONResponse(error.body, status_code=error.status)
        if CallFault.THROTTLED in faults and answer.status_code == 429:
            self._throttle_headers(answer, faults[CallFault.THROTTLED])
        answer.headers["x-amzn-RequestId"] = str(uuid.uuid4())
        if answer.status_code in (200, 201, 202, 400, 404):
            # Amazon does not promise the header on 401, 403 and 429
            answer.headers["x-amzn-RateLimit-Limit"] = PLANS[name].rate
        if cut := faults.get(CallFault.CONNECTION_CUT):
            return Cut(bytes(answer.body), cut.parameters.get("where", "before_headers"), answer.headers)
        return answer

    def _refuse(self, caller: Caller, faults: Faults, request: Request) -> None:
        """What faults on demand refuse before anything is looked at.

        :raises ApiError: if one does.
        """
        if CallFault.SECRET_EXPIRED in faults:
            raise denied("The LWA secret token you provided has expired.")
        if CallFault.CONSENT_WITHDRAWN in faults:
            raise denied()
        if lacking := faults.get(CallFault.ROLE_MISSING):
            types = set(lacking.parameters.get("report_types", "").split(",")) - {""}
            if not types or types & set(listed_values(request, "reportTypes")):
                # amzn/selling-partner-api-models#1479
                raise ApiError(403, "Unauthorized", "Access to the resource is forbidden")
        if CallFault.OPERATION_UNKNOWN in faults:
            raise denied(code="MissingAuthenticationToken")
        if CallFault.TOKEN_REVOKED in faults:
            self._login.revoke(caller.seller)
            raise denied("The access token you provided is revoked, malformed or invalid.")
        if CallFault.THROTTLED in faults:
            raise ApiError(429, "QuotaExceeded", _QUOTA_EXCEEDED)

    def refuse_types(self, caller: Caller, operation: str, types: tuple[str, ...]) -> None:
        """Refuse reports of types that faults on demand name.

        Raises:
            ApiError: One of them is refused.
        """
        faults = self._rules.of_call(caller.seller.key, self.region, operation, types=types)
        if rule := faults.get(CallFault.TYPE_REFUSED):
            status = rule.parameters.get("status", 400)
            if status == 403:
                # amzn/selling-partner-api-models#1479
                raise ApiError(403, "Unauthorized", "Access to the resource is forbidden")
            if status == 404:
                raise ApiError(404, "NotFound", "The requested resource could not be found.")
            invalid(f"Invalid Report Type {rule.parameters.get('report_type', types[0])}")

    def _throttle_headers(self, answer: Response, rule: Rule) -> None:
        if (seconds := rule.parameters.get("retry_after")) is not None:
            until = self.clock.now() + dt.timedelta(seconds=seconds)
            as_date = rule.parameters.get("retry_after_as") == "date"
            answer.headers["Retry-After"] = f"{until:%a, %d %b %Y %H:%M:%S GMT}" if as_date else f"{seconds:g}"
        if rate := rule.parameters.get("rate"):
            answer.headers["x-amzn-RateLimit-Limit"] = str(rate)

    def _caller(self, request: Request) -> Caller:
        try:
            caller = self._login.caller(request.headers.get("x-amz-access-token"))
        except TokenRefused as refused:
            raise denied(str(refused)) from refused
        if caller.seller.region != self.region:
            raise denied()
        return caller

    def seal_token(self, page: dict[str, Any], caller: Caller, now: dt.datetime) -> str:
        """A nextToken that holds a page."""
        content = page | {"seller": caller.selling_partner_id, "dies_at": (now + TOKEN_LIFE).isoformat()}
        body = json.dumps(content).encode()
        return base64.urlsafe_b64encode(self._signature(body) + body).decode()

    def open_token(self, token: str, caller: Caller, now: dt.datetime) -> dict[str, Any]:
        """The page that a nextToken holds.

        :raises ApiError: if it is not one of this caller's, or is too old.
        """
        try:
            sealed = base64.urlsafe_b64decode(token)
        except (binascii.Error, ValueError):
            invalid("Invalid nextToken")
        signature, body = sealed[:32], sealed[32:]
        if not hmac.compare_digest(signature, self._signature(body)):
            invalid("Invalid nextToken")
        page: dict[str, Any] = json.loads(body)
        if page.pop("seller") != caller.selling_partner_id:
            invalid("Invalid nextToken")
        if now >= dt.datetime.fromisoformat(page.pop("dies_at")):
            raise mute(variant_of(caller.seller).refusal, TOKEN_EXPIRED)
        return page

    def refuse_token(self, rule: Rule, caller: Caller) -> NoReturn:
        """Refuse a nextToken as dead, as a fault on demand asks for."""
        raise mute(rule.parameters.get("said", variant_of(caller.seller).refusal), TOKEN_EXPIRED)

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).digest()


def changed_shape(content: Any, field: str, becomes: str) -> Any:
    """An answer in which a field has another name, wherever it is."""
    return _renamed(content, field, becomes)


def _renamed(value: Any, field: str, becomes: str) -> Any:
    if isinstance(value, dict):
        return {becomes if name == field else name: _renamed(inner, field, becomes) for name, inner in value.items()}
    return [_renamed(each, field, becomes) for each in value] if isinstance(value, list) else value


def listed_values(request: Request, name: str) -> list[str]:
    """The values of a list in the query: separated by commas, in one parameter or in several."""
    given = request.query_params.getlist(name)
    return [value.strip() for text in given for value in text.split(",") if value.strip()]


def instant(request: Request, name: str) -> dt.datetime | None:
    """An instant in the query; None if it is not there.

    :raises ApiError: if it is none.
    """
    return moment(name, request.query_params.get(name))


def moment(name: str, text: str | None) -> dt.datetime | None:
    """An instant as a caller writes it; None if there is none.

    :raises ApiError: if it is none.
    """
    if not text:
        return None
    try:
        if not INSTANT.fullmatch(text):
            raise ValueError(text)
        # an unescaped + of the offset arrives as a blank
        found = dt.datetime.fromisoformat(text.replace(" ", "+"))
    except (AttributeError, TypeError, ValueError):
        invalid(f"Invalid {name} {text}")
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def missing(*names: str) -> NoReturn:
    """Refuse a call that lacks parameters."""
    details = "".join(f"{name};" for name in names)
    raise ApiError(400, "InvalidInput", "One or more required parameters missing", details)


def invalid(message: str) -> NoReturn:
    """Refuse a call in Amazon's words."""
    raise ApiError(400, "InvalidInput", message)
