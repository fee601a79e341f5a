"""The developers' applications: client secrets that age, their rotation, and where sellers may be sent back to.

A secret dies 180 days after it was made; a rotated one lives seven days more. The new secret is not in the answer of the
rotation: Amazon sends it as a notification to the developer's SQS queue. The simulated Amazon has no queue; what it
would send stands under `GET /simulator/notifications` on the port of Login with Amazon.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from simulator.clock import VirtualClock, iso_z
from simulator.sellers import SELLERS, Seller, credentials

SECRET_LIFE = dt.timedelta(days=180)
OLD_SECRET_LIFE = dt.timedelta(days=7)
FIRST_SECRET_AGE = dt.timedelta(days=30)
"""How old the secrets are when the clock starts."""
ROTATION_EVERY = dt.timedelta(seconds=60)
ROTATION_SCOPE = "sellingpartnerapi::client_credential:rotation"
SECRET_EXPIRED = "The LWA secret token you provided has expired."
DRAFTS = {"bookkeeper"}
"""Applications that are not published: consent has to be asked for with version=beta."""


@dataclass
class Secret:
    """A client secret, and when it dies."""

    value: str
    expires_at: dt.datetime


@dataclass
class Application:
    """An application of a developer; `secrets` holds the newest last."""

    name: str
    application_id: str
    client_id: str
    draft: bool
    secrets: list[Secret]
    rotated_at: dt.datetime | None = None


def application_id(seed: int, name: str) -> str:
    """The id that the consent page is asked with."""
    return "amzn1.sp.solution." + str(uuid.UUID(hashlib.sha256(f"{seed}/application/{name}".encode()).hexdigest()[:32]))


class Applications:
    """Every application of the world.

    :param redirect_uris: where sellers may be sent back to, as it would be registered in the developer console.
    """

    def __init__(self, seed: int, clock: VirtualClock, redirect_uris: tuple[str, ...] = ()) -> None:
        self._seed = seed
        self._clock = clock
        self.redirect_uris = redirect_uris
        self.notifications: list[dict[str, Any]] = []
        first_dies = clock.instant - FIRST_SECRET_AGE + SECRET_LIFE
        self.by_client_id: dict[str, Application] = {}
        for seller in SELLERS:
            given = credentials(seed, seller)
            self.by_client_id.setdefault(
                given.client_id,
                Application(
                    seller.application,
                    application_id(seed, seller.application),
                    given.client_id,
                    seller.application in DRAFTS,
                    [Secret(given.client_secret, first_dies)],
                ),
            )

    def of(self, seller: Seller) -> Application:
        """The application that a seller consented to before the world began."""
        return self.by_client_id[credentials(self._seed, seller).client_id]

    def by_id(self, wanted: str) -> Application | None:
        """The application with an application id."""
        return next((a for a in self.by_client_id.values() if a.application_id == wanted), None)

    def secret(self, client_id: str, given: str) -> Secret | None:
        """The secret that a client logs in with; None if it is wrong, or was rotated away seven days ago.

        One that died of age is returned all the same: Login with Amazon takes it, the API does not.
        """
        application = self.by_client_id.get(client_id)
        if application is None:
            return None
        *old, newest = application.secrets
        living = [secret for secret in old if self._clock.now() < secret.expires_at]
        return next((s for s in (newest, *living) if hmac.compare_digest(s.value, given)), None)

    def rotate(self, client_id: str) -> bool:
        """Make a new secret and send it; False if the last rotation was less than a minute ago."""
        application, now = self.by_client_id[client_id], self._clock.now()
        if application.rotated_at and now < application.rotated_at + ROTATION_EVERY:
            return False
        application.rotated_at = now
        old = application.secrets[-1]
        old.expires_at = min(old.expires_at, now + OLD_SECRET_LIFE)
        number = len(application.secrets)
        digits = hashlib.sha256(f"{self._seed}/secret/{application.name}/{number}".encode()).hexdigest()
        new = Secret(f"amzn1.oa2-cs.v1.{digits}", now + SECRET_LIFE)
        application.secrets.append(new)
        self.notifications.append(
            {
                "notificationVersion": "1.0",
                "notificationType": "APPLICATION_OAUTH_CLIENT_NEW_SECRET",
                "payloadVersion": "1.0",
                "eventTime": iso_z(now),
                "payload": {
                    "applicationOAuthClientNewSecret": {
                        "clientId": client_id,
                        "newClientSecret": new.value,
                        "newClientSecretExpiryTime": iso_z(new.expires_at),
                        "oldClientSecretExpiryTime": iso_z(old.expires_at),
                    }
                },
                "notificationMetadata": {
                    "applicationId": application.application_id,
                    "notificationId": str(uuid.uuid4()),
                    "publishTime": iso_z(now),
                },
            }
        )
        return True


def notifications_router(applications: Applications) -> APIRouter:
    """What Amazon would have sent to the developer's queue, oldest first."""
    routes = APIRouter()

    @routes.get("/simulator/notifications")
    async def notifications() -> JSONResponse:
        return JSONResponse({"notifications": applications.notifications})

    return routes
