"""Who may use the pages: Airflow's own users and rights, and nobody's page but ours.

A page may be seen and used by whoever may edit the connection that it is about. A form carries a token that was made for
this user, account and action, and a browser that says that a form came from elsewhere is refused.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails
from airflow.configuration import conf
from airflow.models import Connection
from fastapi import HTTPException, Request

from tieout.amazon.authorization import Seal, SealBroken, same
from tieout.roles import ALL_CLIENTS, client_resource

_NOBODYS = "Tieout nobody's"
"""A resource that nobody is ever granted."""

FORM_LIFE = dt.timedelta(minutes=30)


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


def may_see(user: BaseUser, client: str | None) -> bool:
    """Whether a user may see the facts of a client's accounts; None: of every account.

    Airflow's simple auth manager permits every user any page of a plugin. Where a manager does not tell resources apart,
    whoever may edit connections may see everything, and nobody else anything.
    """
    manager = get_auth_manager()
    if manager.is_authorized_custom_view(method="GET", resource_name=_NOBODYS, user=user):
        return manager.is_authorized_connection(method="PUT", user=user)
    resources = [ALL_CLIENTS, *([client_resource(client)] if client else [])]
    return any(manager.is_authorized_custom_view(method="GET", resource_name=each, user=user) for each in resources)


def form_token(user: BaseUser, account: str, action: str) -> str:
    """Return what the form of one action on one account carries, for this user."""
    content = {"user": str(user.get_id()), "account": account, "action": action}
    return seal().close("form", content, now() + FORM_LIFE)


def require_own_form(request: Request, user: BaseUser, form: Mapping[str, str], account: str, action: str) -> None:
    """:raises HTTPException: 403, unless the form was made here for this user, account and action, and not long ago."""
    if not _is_from_here(request):
        raise HTTPException(403, "The form came from another site and was not used.")
    try:
        content = seal().open("form", form.get("form_token", ""), now())
    except SealBroken as broken:
        advice = "Reload the page and try again." if broken.expired else "It was not used."
        raise HTTPException(403, f"The form is not one of this page for you: {broken}. {advice}") from broken
    if not same(content.get("user"), str(user.get_id())):
        raise HTTPException(403, "The form was made for another user and was not used.")
    if (content.get("account"), content.get("action")) != (account, action):
        raise HTTPException(403, "The form was made for another account or action and was not used.")


def _is_from_here(request: Request) -> bool:
    """Whether a form came from a page of this server, as far as the browser says where it came from."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        return False
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    try:
        parts, own = urlsplit(origin), urlsplit(conf.get("api", "base_url", fallback="") or "")
    except ValueError:
        return False
    return parts.netloc == request.headers.get("host") or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def redirect_uri(configured: str | None) -> str | None:
    """Return where Amazon sends sellers back to; it has to be registered in the developer console to the letter.

    It does not follow from the request, whose `Host` is whatever the caller says.

    :param configured: the deployment's setting; by default it is made of `[api] base_url`.
    :return: None if neither is set.
    """
    base = conf.get("api", "base_url", fallback="") or ""
    return configured or (f"{base.rstrip('/')}/tieout/authorized" if base else None)


def require_redirect_uri(configured: str | None) -> str:
    """Return `redirect_uri`.

    :raises HTTPException: 409, if it is not known.
    """
    found = redirect_uri(configured)
    if found is None:
        raise HTTPException(
            409,
            "Nobody has said where Amazon is to send sellers back to: set [api] base_url (AIRFLOW__API__BASE_URL) to the address "
            "at which browsers reach this Airflow.",
        )
    return found
