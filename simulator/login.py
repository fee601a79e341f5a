"""Login with Amazon: refresh tokens, and the codes of sellers' consents, into access tokens.

An access token carries its seller, its application and its age under a signature, so that it lives and dies by the
virtual clock alone. Error codes are those of Amazon's developer guide; descriptions are as sellers' reports show them.
"""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulator.answers import SLOW, Cut, server_error
from simulator.applications import ROTATION_SCOPE, SECRET_EXPIRED, Applications, Secret
from simulator.appstore.api import Appstore
from simulator.clock import VirtualClock
from simulator.consent import Consents
from simulator.rules import TOKEN, CallFault, Rule, Rules
from simulator.sellers import BY_KEY, Seller

EXPIRES_IN = 3600
"""Seconds that an access token lives."""

_NEEDS = {
    "refresh_token": ("refresh_token",),
    "authorization_code": ("code", "redirect_uri"),
    "client_credentials": ("scope",),
}
_MISSING = "The request is missing a required parameter : {name}"


class TokenRefused(Exception):
    """An access token that opens nothing; the text is what Amazon answers in `details`."""


@dataclass(frozen=True)
class Caller:
    """Who calls: a seller, through an application. `paths` are the only ones that a restricted data token opens, None
    for an access token."""

    seller: Seller
    client_id: str
    selling_partner_id: str
    paths: tuple[str, ...] | None = None


class Login:
    """Gives access tokens and knows them again.

    :param applications: who may log in.
    :param consents: which seller consented to what.
    :param rules: the faults on demand.
    """

    def __init__(
        self, seed: int, clock: VirtualClock, applications: Applications, consents: Consents, rules: Rules
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._given = 0
        self._revoked: dict[str, int] = {}
        self._key = hashlib.sha256(f"{seed}/login".encode()).digest()
        self._applications = applications
        self._consents = consents

    def token_answer(self, form: dict[str, str]) -> tuple[int, dict[str, str | int]]:
        """Answer a request for a token: the HTTP status and the body."""
        grant_type = form.get("grant_type", "")
        required = ["grant_type", "client_id", "client_secret", *_NEEDS.get(grant_type, ())]
        for name in required:
            if not form.get(name):
                return _error(400, "invalid_request", _MISSING.format(name=name))
        client_id = form["client_id"]
        secret = self._applications.secret(client_id, form["client_secret"])
        if secret is None:
            return _error(401, "invalid_client", "Client authentication failed")
        if grant_type == "client_credentials":
            if form["scope"] != ROTATION_SCOPE:
                return _error(400, "invalid_scope", "The request has an invalid parameter : scope")
            return 200, self._answer(client_id, secret, scope=ROTATION_SCOPE)
        if grant_type == "authorization_code":
            refresh_token = self._consents.redeem(form["code"], client_id, form["redirect_uri"])
            if refresh_token is None:
                return _error(400, "invalid_grant", "The request has an invalid grant parameter : code")
        elif grant_type == "refresh_token":
            refresh_token = form["refresh_token"]
        else:
            return _error(
                400,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server",
            )
        grant = self._consents.grant(refresh_token)
        if grant is None or grant.client_id != client_id:
            return _error(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
        return 200, {**self._answer(client_id, secret, seller=grant.seller.key), "refresh_token": refresh_token}

    def faults(self, form: dict[str, str]) -> dict[CallFault, Rule]:
        """The faults on demand that happen to a request for a token."""
        grant = self._consents.grant(form.get("refresh_token", ""))
        return self._rules.of_call(grant.seller.key, grant.seller.region, TOKEN) if grant else {}

    def revoke(self, seller: Seller) -> None:
        """Take back every access token that a seller's application was given so far."""
        self._revoked[seller.key] = self._given

    def caller(self, access_token: str | None) -> Caller:
        """Return who holds an access token of a seller's consent.

        :raises TokenRefused: if it is missing, unknown or dead.
        """
        claims = self._claims(access_token)
        if "seller" not in claims:
            raise TokenRefused("")
        seller = BY_KEY[claims["seller"]]
        paths = tuple(claims["paths"]) if "paths" in claims else None
        return Caller(seller, claims["client_id"], self._consents.selling_partner_id(seller), paths)

    def restricted(self, access_token: str | None, paths: tuple[str, ...]) -> str:
        """A token that opens some paths for an hour, restricted data included.

        :param access_token: of who asks for it.
        :raises TokenRefused: if that is missing, unknown or dead.
        """
        claims = self._claims(access_token) | {"paths": paths, "issued_at": self._clock.now().isoformat()}
        return "Atz.sprdt|" + self._sealed(claims)

    def rotating_client(self, access_token: str | None) -> str:
        """Return the application that holds a grantless token for its secret's rotation.

        :raises TokenRefused: if it is missing, unknown, dead, or of another kind.
        """
        claims = self._claims(access_token)
        if claims.get("scope") != ROTATION_SCOPE:
            raise TokenRefused("")
        return claims["client_id"]

    def _claims(self, access_token: str | None) -> dict[str, Any]:
        if not access_token:
            raise TokenRefused("Access token is missing in the request header.")
        revoked = TokenRefused("The access token you provided is revoked, malformed or invalid.")
        try:
            body, signature = base64.urlsafe_b64decode(access_token.split("|", 1)[-1]).rsplit(b".", 1)
            if not hmac.compare_digest(self._signature(body), signature):
                raise revoked
            claims = json.loads(body)
        except ValueError as error:
            raise revoked from error
        now = self._clock.now()
        if now >= dt.datetime.fromisoformat(claims["issued_at"]) + dt.timedelta(seconds=EXPIRES_IN):
            raise TokenRefused("The access token you provided has expired.")
        if now >= dt.datetime.fromisoformat(claims["secret_dies_at"]):
            raise TokenRefused(SECRET_EXPIRED)
        if claims["number"] <= self._revoked.get(claims.get("seller", ""), 0):
            raise revoked
        return claims

    def _answer(self, client_id: str, secret: Secret, **who: str) -> dict[str, str | int]:
        self._given += 1
        claims: dict[str, Any] = {
            **who,
            "number": self._given,
            "client_id": client_id,
            "issued_at": self._clock.now().isoformat(),
            "secret_dies_at": secret.expires_at.isoformat(),
        }
        return {"access_token": "Atza|" + self._sealed(claims), "token_type": "bearer", "expires_in": EXPIRES_IN}

    def _sealed(self, claims: dict[str, Any]) -> str:
        body = json.dumps(claims).encode()
        return base64.urlsafe_b64encode(body + b"." + self._signature(body)).decode()

    def _signature(self, body: bytes) -> bytes:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest().encode()


def _error(status: int, code: str, description: str) -> tuple[int, dict[str, str | int]]:
    return status, {"error": code, "error_description": description}


def router(login: Login, appstore: Appstore) -> APIRouter:
    """The token endpoint, of selling partners' applications and of the Appstore developer's security profile."""
    routes = APIRouter()

    @routes.post("/auth/o2/token")
    async def token(request: Request) -> Response:
        content_type = request.headers.get("content-type", "")
        if not content_type.startswith("application/x-www-form-urlencoded"):
            status, answer = _error(
                400, "invalid_request", "The Content-Type is not supported by the authorization server"
            )
        else:
            form = {name: str(value) for name, value in (await request.form()).items()}
            if appstore.knows(form.get("client_id", "")):
                status, answer = appstore.token_answer(form)
                return JSONResponse(answer, status_code=status)
            faults = login.faults(form)
            if slow := faults.get(CallFault.SLOW_ANSWER):
                await asyncio.sleep(slow.parameters.get("seconds", SLOW))
            if failed := faults.get(CallFault.SERVER_ERROR):
                return server_error(failed.parameters.get("status", 500), "Internal Server Error")
            if CallFault.CONSENT_WITHDRAWN in faults:
                status, answer = _error(
                    400, "invalid_grant", "The request has an invalid grant parameter : refresh_token"
                )
            else:
                status, answer = login.token_answer(form)
            if cut := faults.get(CallFault.CONNECTION_CUT):
                return Cut(json.dumps(answer).encode(), cut.parameters.get("where", "before_headers"))
        return JSONResponse(answer, status_code=status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    return routes
