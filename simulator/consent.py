"""Seller Central's consent page: a seller authorizes an application, and comes back to it with a code.

Follows Amazon's "Website authorization workflow": the page refuses a draft application that is not asked for as beta
(MD1000) and a redirect address that is not registered (MD5101); the code works once and dies after five minutes. Who is
signed in, a person chooses on the page.
"""

from __future__ import annotations

import datetime as dt
import html
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from simulator.applications import Application, Applications
from simulator.clock import VirtualClock
from simulator.sellers import BY_KEY, SELLERS, Seller, credentials

CODE_LIFE = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Grant:
    """A seller's consent to an application."""

    seller: Seller
    client_id: str


@dataclass(frozen=True)
class _Code:
    grant: Grant
    redirect_uri: str
    dies_at: dt.datetime


class Consents:
    """Who consented to what: the refresh tokens of the world, and those that the consent page gave."""

    def __init__(self, seed: int, clock: VirtualClock, applications: Applications) -> None:
        self._seed = seed
        self._clock = clock
        self.applications = applications
        self._codes: dict[str, _Code] = {}
        self._refresh_tokens: dict[str, Grant] = {}
        for seller in SELLERS:
            given = credentials(seed, seller)
            self._refresh_tokens[given.refresh_token] = Grant(seller, given.client_id)

    def grant(self, refresh_token: str) -> Grant | None:
        """What a refresh token stands for."""
        return self._refresh_tokens.get(refresh_token)

    def code(self, seller: Seller, application: Application, redirect_uri: str) -> str:
        """A code for a consent that was just given."""
        code = "ANSP" + secrets.token_hex(8)
        dies_at = self._clock.now() + CODE_LIFE
        self._codes[code] = _Code(Grant(seller, application.client_id), redirect_uri, dies_at)
        return code

    def redeem(self, code: str, client_id: str, redirect_uri: str) -> str | None:
        """Turn a code into a refresh token; None if it is unknown, used, dead, or somebody else's."""
        found = self._codes.get(code)
        if found is None or found.grant.client_id != client_id or found.redirect_uri != redirect_uri:
            return None
        del self._codes[code]
        if self._clock.now() >= found.dies_at:
            return None
        refresh_token = "Atzr|IwEBI" + secrets.token_urlsafe(60)
        self._refresh_tokens[refresh_token] = found.grant
        return refresh_token

    def selling_partner_id(self, seller: Seller) -> str:
        """Amazon's id of a seller."""
        return credentials(self._seed, seller).selling_partner_id


def router(consents: Consents) -> APIRouter:
    """The consent page."""
    routes = APIRouter()

    def asked(request: Request) -> tuple[Application, str] | Response:
        query = request.query_params
        application = consents.applications.by_id(query.get("application_id", ""))
        if application is None:
            return _refusal("MD9010", "The application_id is not that of an application.")
        if application.draft and query.get("version") != "beta":
            return _refusal("MD1000", "The application is a draft and cannot be authorized.")
        registered = consents.applications.redirect_uris
        redirect_uri = query.get("redirect_uri") or (registered[0] if registered else "")
        if redirect_uri not in registered:
            return _refusal("MD5101", "The redirect_uri is not registered for this application.")
        return application, redirect_uri

    @routes.get("/apps/authorize/consent")
    async def consent(request: Request) -> Response:
        found = asked(request)
        if isinstance(found, Response):
            return found
        return _page(_FORM.format(name=html.escape(found[0].name.capitalize()), options=_options()))

    @routes.post("/apps/authorize/consent")
    async def answer(request: Request) -> Response:
        found = asked(request)
        if isinstance(found, Response):
            return found
        application, redirect_uri = found
        form = await request.form()
        answer = {"state": request.query_params.get("state", "")}
        seller = BY_KEY.get(str(form.get("seller")))
        if form.get("decision") != "confirm" or seller is None:
            answer |= {"error": "access_denied", "error_description": "The seller did not authorize the application."}
        else:
            answer |= {
                "selling_partner_id": consents.selling_partner_id(seller),
                "spapi_oauth_code": consents.code(seller, application, redirect_uri),
            }
        joint = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{joint}{urlencode(answer)}", status_code=302)

    return routes


def _options() -> str:
    return "".join(f"<option value={seller.key!r}>{html.escape(seller.key)}</option>" for seller in SELLERS)


def _refusal(code: str, text: str) -> HTMLResponse:
    return _page(f"<h1>Error {code}</h1><p>{html.escape(text)}</p>", status=400)


def _page(body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_FRAME.replace("BODY", body), status_code=status, headers={"Cache-Control": "no-store"})


_FRAME = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Seller Central (simulated)</title><style>
body{margin:0;font:15px/1.5 Arial,sans-serif;color:#0f1111;background:#f3f3f3}
header{background:#002f36;color:#fff;padding:14px 24px}
main{max-width:560px;margin:40px auto;background:#fff;border:1px solid #d5d9d9;border-radius:8px;padding:24px 32px}
h1{font-size:22px}select,button{font:inherit;padding:8px 14px;border-radius:8px;border:1px solid #888c8c;background:#fff}
button.go{background:#008296;border-color:#008296;color:#fff}p.small{color:#565959;font-size:13px}
</style><header>seller central <small>(simulated)</small></header><main>BODY</main></html>"""

_FORM = """<h1>Authorize {name}</h1><p>{name} asks for access to your selling partner account: finance and accounting,
including settlement reports.</p><form method="post"><p><label>You are signed in as
<select name="seller">{options}</select></label></p><p><button class="go" name="decision" value="confirm">Confirm</button>
<button name="decision" value="cancel">Cancel</button></p><p class="small">On the real page you sign in first; this
one lets you choose who you are.</p></form>"""
