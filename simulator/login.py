"""Login with Amazon: refresh tokens into access tokens.

An access token carries its seller, its application and its age under a signature, so that it lives and dies by the
virtual clock alone. Error codes are those of Amazon's developer guide; descriptions are as sellers' reports show them.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.clock import VirtualClock
from simulator.sellers import BY_KEY, SELLERS, Seller, credentials

EXPIRES_IN = 3600
"""Seconds that an access token lives."""

_MISSING = "The request is missing a required parameter : {name}"


class TokenRefused(Exception):
    """An access token that opens nothing; the text is what Amazon answers in `details`."""


@dataclass(frozen=True)
class Caller:
    """Who calls: a seller, through an application."""

    seller: Seller
    client_id: str
    selling_partner_id: str


class Login:
    """Gives access tokens and knows them again."""

    def __init__(self, seed: int, clock: VirtualClock) -> None:
        self._seed = seed
        self._clock = clock
        self._key = hashlib.sha256(f"{seed}/login".encode()).digest()
        self._credentials = {seller.key: credentials(seed, seller) for seller in SELLERS}

    def token_answer(self, form: dict[str, str]) -> tuple[int, dict[str, str | int]]:
        """Answer a request for a token: the HTTP status and the body."""
        grant_type = form.get("grant_type", "")
        required = ["grant_type", "client_id", "client_secret"]
        if grant_type == "refresh_token":
            required.append("refresh_token")
        for name in required:
            if not form.get(name):
                return _error(400, "invalid_request", _MISSING.format(name=name))
        secrets = {given.client_id: given.client_secret for given in self._credentials.values()}
        if not hmac.compare_digest(secrets.get(form["client_id"], ""), form["client_secret"]):
            return _error(401, "invalid_client", "Client authentication failed")
        if grant_type != "refresh_token":
            return _error(
                400,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server",
            )
        for seller in SELLERS:
            given = self._credentials[seller.key]
            if given.refresh_token == form["refresh_token"] and given.client_id == form["client_id"]:
                return 200, {
                    "access_token": self._access_token(seller),
                    "refresh_token": given.refresh_token,
                    "token_type": "bearer",
                    "expires_in": EXPIRES_IN,
                }
        return _error(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")

    def caller(self, access_token: str | None) -> Caller:
        """Return who holds an access token.

        :raises TokenRefused: if it is missing, unknown or dead.
        """
        if not access_token:
            raise TokenRefused("Access token is missing in the request header.")
        revoked = TokenRefused("The access token you provided is revoked, malformed or invalid.")
        try:
            body, signature = base64.urlsafe_b64decode(access_token.removeprefix("Atza|")).rsplit(b".", 1)
            if not hmac.compare_digest(self._signature(body), signature):
                raise revoked
            claims = json.loads(body)
        except ValueError as error:
            raise revoked from error
        issued_at = dt.datetime.fromisoformat(claims["issued_at"])
        if self._clock.now() >= issued_at + dt.timedelta(seconds=EXPIRES_IN):
            raise TokenRefused("The access token you provided has expired.")
        seller = BY_KEY[claims["seller"]]
        given = self._credentials[seller.key]
        return Caller(seller, given.client_id, given.selling_partner_id)

    def _access_token(self, seller: Seller) -> str:
        claims = {"seller": seller.key, "issued_at": self._clock.now().isoformat()}
        body = json.dumps(claims).encode()
        return "Atza|" + base64.urlsafe_b64encode(body + b"." + self._signature(body)).decode()

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest().encode()


def _error(status: int, code: str, description: str) -> tuple[int, dict[str, str | int]]:
    return status, {"error": code, "error_description": description}


def router(login: Login) -> APIRouter:
    """The token endpoint."""
    routes = APIRouter()

    @routes.post("/auth/o2/token")
    async def token(request: Request) -> Response:
        content_type = request.headers.get("content-type", "")
        if not content_type.startswith("application/x-www-form-urlencoded"):
            status, answer = _error(400, "invalid_request", f"Content type {content_type or 'none'} is not supported")
        else:
            form = await request.form()
            status, answer = login.token_answer({name: str(value) for name, value in form.items()})
        return JSONResponse(answer, status_code=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    return routes
