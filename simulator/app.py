"""The simulated Amazon as a program: three regions and Login with Amazon, each on a port of its own."""

from __future__ import annotations

import datetime as dt
import socket
import uuid
from collections.abc import Iterable
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import (
    applications,
    consent,
    downloads,
    finances,
    login,
    participations,
    reports,
    restricted,
    rotation,
    sandbox,
)
from simulator.answers import ABORT
from simulator.applications import DRAFTS, Applications, application_id
from simulator.appstore import api as appstore_api
from simulator.appstore.api import Appstore
from simulator.clock import VirtualClock, iso_z
from simulator.consent import Consents
from simulator.documents import RETENTION, Documents
from simulator.downloads import Downloads
from simulator.finances import FinancesApi
from simulator.gateway import Gateway, denied
from simulator.login import Login
from simulator.marketplaces import REGIONS, Region
from simulator.planted import planted
from simulator.quotas import Quotas
from simulator.reports import ReportsApi
from simulator.requested import RequestedReports
from simulator.rules import BadRule, Rules, read_rules
from simulator.seller_central import SOURCES as LISTED
from simulator.seller_central import SellerCentral
from simulator.sellers import SELLERS, credentials
from simulator.sources.truth import SOURCES
from simulator.sources.truth import sources as sources_truth
from simulator.truth import truth
from simulator.world import HISTORY, World

PORTS = len(REGIONS) + 1
"""How many ports in a row the program listens on: NA, EU, FE, Login with Amazon."""
APPSTORE = "appstore"


def named_sources(text: str) -> list[str]:
    """The names in a list with commas; `all` stands for all there are."""
    return [*SOURCES, APPSTORE] if text == "all" else [name for name in text.split(",") if name]


class SimulatedAmazon:
    """A world, a clock, and what Amazon remembers of its callers.

    :param seed: what is random in the world is drawn from it.
    :param opened: the day on which the world opens; by default 150 days before the clock's start.
    :param redirect_uris: where sellers may be sent back to after their consent.
    """

    def __init__(
        self, seed: int, clock: VirtualClock, opened: dt.date | None = None, redirect_uris: tuple[str, ...] = ()
    ) -> None:
        self.seed = seed
        self.clock = clock
        opened = opened or (clock.instant - HISTORY).date()
        self.rules = Rules(seed, clock)
        self.documents = Documents(World(seed, opened), clock.instant - RETENTION, self.rules)
        self._requested = RequestedReports(clock, self.documents, self.rules)
        self._seller_central = SellerCentral(clock, self.documents, self.rules)
        self.applications = Applications(seed, clock, redirect_uris)
        self._consents = Consents(seed, clock, self.applications)
        self._login = Login(seed, clock, self.applications, self._consents, self.rules)
        self._quotas = Quotas()
        self.appstore = Appstore(seed, clock)

    def truth(
        self, sources: Iterable[str] = (), at: dt.datetime | None = None, since: dt.date | None = None
    ) -> dict[str, Any]:
        """Every document that exists now; see `simulator.truth`.

        :param sources: names of `simulator.sources.truth.SOURCES`, or `appstore`, whose facts are to be told, too.
        :param at: the instant as of which they are told; by default, now. It is not after now.
        :param since: as of `simulator.sources.truth.sources`.
        :raises ValueError: if there is no such source, or the instant is still to come.
        """
        now = self.clock.now()
        if at is not None and at > now:
            raise ValueError(f"what is true at {iso_z(at)} is told from then on; the clock shows {iso_z(now)}")
        found = truth(self.documents, now) | {"requested": self._requested.truth(now)}
        names = list(sources)
        if APPSTORE in names:
            names.remove(APPSTORE)
            found[APPSTORE] = self.appstore.truth()
        told = sources_truth(self.documents.world, at or now, [name for name in names if name not in LISTED], since)
        for name in set(names) & LISTED.keys():
            told[name] = self._seller_central.told(name, at or now)
            found["seller_central"] = self._seller_central.truth(at or now)
        return found | {"sources": told}

    def region_app(self, region: Region, base_url: str) -> FastAPI:
        """The Selling Partner API of a region.

        :param base_url: how clients reach it; the URLs of documents begin so.
        """
        app = self._app()
        storage = Downloads(
            region, self.seed, self.clock, self.documents, self._requested, self._seller_central, self.rules, base_url
        )
        gateway = Gateway(region, self.seed, self.clock, self._login, self._quotas, self.rules)
        app.include_router(
            reports.router(ReportsApi(gateway, self.documents, self._requested, self._seller_central, storage))
        )
        app.include_router(restricted.router(gateway, self._login))
        app.include_router(participations.router(gateway, self.documents))
        app.include_router(finances.router(FinancesApi(gateway, self.documents)))
        app.include_router(downloads.router(region, storage))
        app.include_router(rotation.router(region, self._login, self.applications, self.rules))
        app.include_router(sandbox.router(self._login))
        return app

    def login_app(self, base_url: str = "http://login.test") -> FastAPI:
        """Login with Amazon, Seller Central's consent page, and the Appstore's Reporting API.

        :param base_url: how clients reach it; the URLs of Appstore reports begin so.
        """
        app = self._app()
        app.include_router(login.router(self._login, self.appstore))
        app.include_router(appstore_api.router(self.appstore, base_url))
        app.include_router(consent.router(self._consents))
        app.include_router(applications.notifications_router(self.applications))
        return app

    def _app(self) -> FastAPI:
        app = FastAPI(openapi_url=None)
        app.add_exception_handler(404, _unknown_path)
        app.add_exception_handler(405, _unknown_path)

        @app.get("/simulator/health")
        async def health() -> dict[str, str]:
            return {"status": "ok"}

        @app.get("/simulator/clock")
        async def read_clock() -> dict[str, Any]:
            return self._clock_json()

        @app.post("/simulator/clock")
        async def advance_clock(request: Request) -> Response:
            try:
                self.clock.advance(float((await request.json())["advance_seconds"]))
            except (ValueError, KeyError, TypeError) as error:
                message = f'send {{"advance_seconds": <number that is not negative>}}: {error}'
                return JSONResponse({"error": message}, status_code=400)
            return JSONResponse(self._clock_json())

        @app.get("/simulator/planted")
        async def read_planted(region: str, until: str, at: str) -> JSONResponse:
            try:
                moments = [dt.datetime.fromisoformat(each) for each in (until, at)]
                if region not in REGIONS or any(each.tzinfo is None for each in moments):
                    raise ValueError(f"region is one of {', '.join(REGIONS)}, until and at are instants")
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            return JSONResponse(planted(self.documents, region, *moments))

        @app.get("/simulator/truth")
        async def read_truth(
            sources: str = "", at: dt.datetime | None = None, since: dt.date | None = None
        ) -> JSONResponse:
            try:
                return JSONResponse(self.truth(named_sources(sources), at, since))
            except ValueError as error:
                return JSONResponse({"error": str(error)}, status_code=400)

        @app.get("/simulator/faults")
        async def read_faults() -> dict[str, Any]:
            return {"rules": [rule.json() for rule in self.rules.in_force()]}

        @app.post("/simulator/faults")
        async def add_faults(request: Request) -> Response:
            try:
                added = self.rules.add(read_rules((await request.body()).decode()))
            except (BadRule, UnicodeDecodeError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)
            return JSONResponse({"rules": [rule.json() for rule in added]}, status_code=201)

        @app.delete("/simulator/faults")
        async def remove_faults() -> dict[str, int]:
            return {"removed": self.rules.remove()}

        @app.delete("/simulator/faults/{number}")
        async def remove_fault(number: str) -> Response:
            removed = self.rules.remove(int(number)) if number.isdigit() else 0
            if not removed:
                return JSONResponse({"error": f"there is no rule {number}"}, status_code=404)
            return JSONResponse({"removed": removed})

        return app

    def _clock_json(self) -> dict[str, Any]:
        return {"now": iso_z(self.clock.now()), "scale": self.clock.scale}


async def _unknown_path(request: Request, error: Exception) -> Response:
    """Amazon's gateway answers so to whatever is not an operation."""
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return JSONResponse(denied(code="MissingAuthenticationToken").body, status_code=403, headers=headers)


class PortTaken(OSError):
    """A port that the program needs is in use; the text says which, and what to do."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Open the ports of the program: `port` and the ones after it, or any four free ones if it is 0.

    :raises PortTaken: if one of them is in use.
    """
    found: list[socket.socket] = []
    for offset in range(PORTS):
        wanted = port + offset if port else 0
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            opened.bind((host, wanted))
        except OSError as error:
            for other in (opened, *found):
                other.close()
            raise PortTaken(
                f"port {wanted} on {host} cannot be had ({error.strerror}); stop what listens there, or choose other"
                f" ports with --port: the simulated Amazon needs {PORTS} in a row"
            ) from error
        found.append(opened)
    return found


def server(amazon: SimulatedAmazon, sockets: list[socket.socket], public_host: str) -> uvicorn.Server:
    """A server for sockets of `listen`; start it with `serve`.

    :param public_host: the host name in the URLs of documents.
    """
    ports = [opened.getsockname()[1] for opened in sockets]
    apps: dict[int, ASGIApp] = {
        port: amazon.region_app(region, f"http://{public_host}:{port}")
        for region, port in zip(REGIONS, ports[:-1], strict=True)
    }
    apps[ports[-1]] = amazon.login_app(f"http://{public_host}:{ports[-1]}")

    async def by_port(scope: Scope, receive: Receive, send: Send) -> None:
        scope[ABORT] = getattr(getattr(send, "__self__", None), "transport", None)
        await apps[scope["server"][1]](scope, receive, send)

    return uvicorn.Server(uvicorn.Config(by_port, lifespan="off", log_level="warning", access_log=False))


def accounts(seed: int) -> list[dict[str, Any]]:
    """Every account with its marketplaces and credentials."""
    found = []
    for seller in SELLERS:
        given = credentials(seed, seller)
        found.append(
            {
                "account": seller.key,
                "region": seller.region,
                "selling_partner_id": given.selling_partner_id,
                "marketplaces": list(seller.marketplace_ids),
                "application_id": application_id(seed, seller.application),
                "draft": seller.application in DRAFTS,
                "client_id": given.client_id,
                "client_secret": given.client_secret,
                "refresh_token": given.refresh_token,
            }
        )
    return found
