"""Who may use the pages: Airflow's own users and rights, and nobody's page but ours.

A page may be seen and used by whoever may edit the connection that it is about. A form carries a token that was made for
this user, and a browser that says that a form came from elsewhere is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails
from airflow.configuration import conf
from airflow.models import Connection
from fastapi import HTTPException, Request

from tieout.amazon.authorization import Seal, SealBroken, same

FORM_LIFE = dt.timedelta(hours=12)


def now() -> dt.datetime:
    """The machine's time, UTC."""
    return dt.datetime.now(dt.UTC)


def seal() -> Seal:
    """Return the deployment's seal: the same in every process and on every machine of it.

    :raises HTTPException: if Airflow has no secret that outlives a process.
    """
    for section, option in (("api_auth", "jwt_secret"), ("core", "fernet_key")):
        if secret := conf.get(section, option, fallback=""):
            return Seal(hmac.new(secret.encode(), b"tieout/pages", hashlib.sha256).digest())
    raise HTTPException(500, "Airflow has neither [api_auth] jwt_secret nor [core] fernet_key; set one of them.")


def may_edit(user: BaseUser, connection_id: str) -> bool:
    """Whether a user may edit a connection, as Airflow's auth manager says."""
    details = ConnectionDetails(conn_id=connection_id, team_name=Connection.get_team_name(connection_id))
    return get_auth_manager().is_authorized_connection(method="PUT", details=details, user=user)


def require_edit(user: BaseUser, connection_id: str) -> None:
    """:raises HTTPException: 403, unless the user may edit the connection."""
    if not may_edit(user, connection_id):
        raise HTTPException(
            403, f"You may not edit the connection {connection_id}. Ask an administrator of this Airflow."
        )


def form_token(user: BaseUser) -> str:
    """Return what a form of this user carries."""
    return seal().close("form", {"user": str(user.get_id())}, now() + FORM_LIFE)


def require_own_form(request: Request, user: BaseUser, form: Mapping[str, str]) -> None:
    """:raises HTTPException: 403, unless the form was made here for this user."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "The form came from another site and was not used.")
    try:
        content = seal().open("form", form.get("form_token", ""), now())
    except SealBroken as broken:
        advice = "Reload the page and try again." if broken.expired else "It was not used."
        raise HTTPException(403, f"The form is not one of this page for you: {broken}. {advice}") from broken
    if not same(content.get("user"), str(user.get_id())):
        raise HTTPException(403, "The form was made for another user and was not used.")


def redirect_uri(request: Request, configured: str | None) -> str:
    """Return where Amazon sends sellers back to; it has to be registered in the developer console to the letter.

    :param configured: the deployment's setting; by default it is made of `[api] base_url`.
    """
    if configured:
        return configured
    base = conf.get("api", "base_url", fallback="") or str(request.base_url).removesuffix("/").removesuffix("/tieout")
    return f"{base.rstrip('/')}/tieout/authorized"
