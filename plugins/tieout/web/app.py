"""The page Seller accounts: which account is connected, and a seller's consent from the link to a working connection.

The refresh token goes from Login with Amazon into the Airflow connection. It is never shown, never logged, and never
part of a URL. A code and a state that Amazon puts into a URL are taken out of the access log; the code is exchanged at
once, and the browser is sent on.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, Any

import httpx
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.sdk.exceptions import AirflowNotFoundException
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from tieout.accounts import Account, load_accounts
from tieout.amazon.applications import SecretAge, secret_age
from tieout.amazon.authorization import (
    STATE_LIFE,
    TROUBLES,
    ConsentAge,
    SealBroken,
    consent_age,
    consent_url,
    fingerprint,
    login_trouble,
    same,
)
from tieout.amazon.check import SANDBOX_WARNING, check_connection
from tieout.amazon.connection import Environment, SellerConnection
from tieout.amazon.errors import AmazonError, AmazonUnavailable, LoginRefused
from tieout.amazon.identity import seller_of
from tieout.amazon.login import exchange_code
from tieout.doctor.bundle import bundle, bundle_name
from tieout.hooks.doctor import examine
from tieout.marketplaces import Marketplace, known_marketplaces
from tieout.settings import SECRET_QUEUE_CONNECTION, settings
from tieout.web import read_copies, rotation, store
from tieout.web.access import (
    form_token,
    may_edit,
    now,
    redirect_uri,
    require_own_form,
    require_redirect_uri,
    seal,
)
from tieout.web.answers import flash_of, page, refuse, to_account, trouble_page
from tieout.web.headers import HEADERS
from tieout.web.store import Stored

PATIENCE = 20.0
"""Seconds that Amazon may take to answer while a person waits."""


@dataclass(frozen=True)
class Row:
    """One account on the page."""

    account: Account
    stored: Stored
    age: SecretAge
    consent: ConsentAge

    @property
    def connection(self) -> SellerConnection | None:
        return self.stored.connection

    @property
    def can_ask(self) -> bool:
        """Whether the connection knows its application well enough to ask for consent."""
        found = self.connection
        return bool(found and found.client_id and found.client_secret and found.application_id)

    @property
    def state(self) -> str:
        """`connected`, `incomplete` (no consent), `broken`, or `missing`."""
        if self.stored.trouble:
            return "broken"
        if self.connection is None:
            return "missing"
        return "connected" if self.connection.refresh_token and self.connection.client_secret else "incomplete"


async def _form(request: Request) -> dict[str, str]:
    return {name: str(value) for name, value in (await request.form()).items()}


FormDep = Annotated[dict[str, str], Depends(_form)]


def pages() -> FastAPI:
    """Return the app that Airflow mounts under `/tieout`."""
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(StarletteHTTPException, refuse)  # also of paths that there are none of
    read_copies.add_pages(app)

    @app.get("/sellers")
    def sellers(request: Request, user: GetUserDep) -> Response:
        rows = [row for row in _rows() if may_edit(user, row.account.connection)]
        if not rows and load_accounts(settings().accounts_file):
            raise HTTPException(
                403, "You may edit none of the accounts' connections. Ask an administrator of this Airflow."
            )
        return page(request, "sellers.html", rows=rows, redirect_uri=redirect_uri(settings().redirect_uri))

    @app.get("/sellers/{name}")
    def seller(request: Request, name: str, user: GetUserDep) -> Response:
        row = _row(name, user)
        return page(
            request,
            "seller.html",
            form_targets=_form_targets(row),
            row=row,
            marketplaces=_marketplaces(row.account),
            applications=[] if row.can_ask else _applications(row.account, user),
            redirect_uri=redirect_uri(settings().redirect_uri),
            form_token=partial(form_token, user, name),
            flash=flash_of(request, name),
            queue=SECRET_QUEUE_CONNECTION,
            sandbox_warning=SANDBOX_WARNING if _is_sandbox(row.connection) else None,
            codes={code: TROUBLES[code] for code in ("MD1000", "MD5101")},
        )

    @app.post("/sellers/{name}/authorize")
    def authorize(request: Request, name: str, user: GetUserDep, form: FormDep) -> Response:
        row = _own(request, name, user, form, "authorize")
        back = require_redirect_uri(settings().redirect_uri)
        marketplace = next((m for m in _marketplaces(row.account) if m.id == form.get("marketplace")), None)
        if marketplace is None:
            raise HTTPException(400, "Choose a marketplace of the account's region.")
        connection = row.connection
        if connection is None or not row.can_ask:
            connection = _take_application(row, user, form.get("application", ""))
        nonce = secrets.token_urlsafe(24)
        content = {"account": name, "user": str(user.get_id()), "nonce": nonce, "marketplace": marketplace.country}
        state = seal().close("consent", content, now() + STATE_LIFE)

        def remember(extra: dict[str, Any]) -> bool:
            extra[store.PENDING] = fingerprint(nonce)
            return True

        store.change(row.account.connection, remember)
        store.note("tieout_consent_asked", user.get_name(), account=name, marketplace=marketplace.country)
        target = consent_url(
            connection.seller_central or f"https://{marketplace.seller_central}",
            application_id=connection.application_id or "",
            state=state,
            redirect_uri=back,
            draft=connection.draft,
        )
        return RedirectResponse(target, status_code=303, headers=HEADERS)

    @app.get("/authorized")
    def authorized(request: Request, user: GetUserDep) -> Response:
        query = dict(request.query_params)
        # Airflow's access log writes the query of a request when it has ended: what Amazon put there is not for logs.
        request.scope["query_string"] = b""
        if not query.get("state"):
            return trouble_page(request, "state_missing")
        try:
            asked = seal().open("consent", query["state"], now())
        except SealBroken as broken:
            return trouble_page(request, "state_expired" if broken.expired else "state_wrong")
        if not same(asked["user"], str(user.get_id())):
            return trouble_page(request, "state_wrong")
        row = _row(asked["account"], user)
        connection = row.connection
        if connection is None or not store.take_pending(row.account.connection, fingerprint(asked["nonce"])):
            return trouble_page(request, "state_used", row.account)
        if query.get("error"):
            code = query["error"] if query["error"] in TROUBLES else "code_missing"
            return trouble_page(
                request, code, row.account, said=f"{query['error']} {query.get('error_description', '')}"
            )
        partner = query.get("selling_partner_id")
        if not query.get("spapi_oauth_code") or not partner:
            return trouble_page(request, "code_missing", row.account)
        if connection.selling_partner_id and connection.selling_partner_id != partner:
            return trouble_page(request, "another_seller", row.account, said=f"It was {partner}.")
        for other in _rows():
            if other.account.name == row.account.name or other.account.region is not row.account.region:
                continue
            if other.connection and other.connection.selling_partner_id == partner:
                said = f"It is {other.account.name}." if may_edit(user, other.account.connection) else None
                return trouble_page(request, "taken_seller", row.account, said=said)
        with httpx.Client(timeout=PATIENCE) as http:
            try:
                refresh_token = exchange_code(
                    http,
                    connection.login_endpoint,
                    client_id=connection.client_id or "",
                    client_secret=connection.client_secret or "",
                    code=query["spapi_oauth_code"],
                    redirect_uri=require_redirect_uri(settings().redirect_uri),
                )
            except LoginRefused as refused:
                return trouble_page(request, login_trouble(refused), row.account, said=refused.error)
            except AmazonUnavailable as error:
                return trouble_page(request, "unavailable", row.account, said=str(error))
            renewed = replace(connection, refresh_token=refresh_token)
            known = seller_of(renewed, http, row.account.region)
            if known and known != partner:
                return trouble_page(request, "seller_differs", row.account)
            authorized_at = connection.clock.now()

            def keep(extra: dict[str, Any]) -> bool:
                extra |= {
                    "refresh_token": refresh_token,
                    "selling_partner_id": known or extra.get("selling_partner_id") or partner,
                    "selling_partner_verified": known is not None,
                    "authorized_at": authorized_at.isoformat(timespec="seconds"),
                }
                extra["region"] = extra.get("region") or row.account.region.value
                return True

            store.change(row.account.connection, keep)
            store.note(
                "tieout_seller_authorized",
                user.get_name(),
                account=row.account.name,
                selling_partner_id=partner,
                verified=known is not None,
            )
            works, said = check_connection(renewed, http, row.account.region)
        return to_account(request, row.account, works, said, title="Connected" if works else "Consent is stored, but")

    @app.post("/sellers/{name}/test")
    def test(request: Request, name: str, user: GetUserDep, form: FormDep) -> Response:
        row = _own(request, name, user, form, "test")
        if row.connection is None:
            raise HTTPException(400, "There is no connection to test.")
        with httpx.Client(timeout=PATIENCE) as http:
            works, said = check_connection(row.connection, http, row.account.region)
        store.note("tieout_connection_tested", user.get_name(), account=name, works=works)
        return to_account(request, row.account, works, said)

    @app.post("/sellers/{name}/doctor")
    def doctor(request: Request, name: str, user: GetUserDep, form: FormDep) -> Response:
        row = _own(request, name, user, form, "doctor")
        if row.connection is None:
            raise HTTPException(400, "There is no connection to examine.")
        try:
            found = examine(row.account)
        except (AirflowNotFoundException, ValueError) as error:
            return to_account(request, row.account, False, str(error), title="The connection was not examined")
        store.note("tieout_examined", user.get_name(), account=name, verdicts=found.counts())
        return page(
            request,
            "doctor.html",
            row=row,
            found=found,
            bundle=base64.b64encode(bundle(found)).decode(),
            bundle_name=bundle_name(found),
        )

    @app.post("/sellers/{name}/rotate")
    def rotate(request: Request, name: str, user: GetUserDep, form: FormDep) -> Response:
        row = _own(request, name, user, form, "rotate")
        if row.connection is None:
            raise HTTPException(400, "There is no connection whose secret could be rotated.")
        others = [name for name in store.of_application(row.connection.client_id or "") if not may_edit(user, name)]
        if others:
            said = (
                f"{len(others)} other connections of this application are not yours to edit, and their secret would die in "
                "seven days. Ask an administrator of this Airflow to rotate it."
            )
            store.note("tieout_refused", user.get_name(), account=name, action="rotate", why="connections of others")
            return to_account(request, row.account, False, said, title="Nothing was rotated")
        try:
            rotation.rotate(row.connection, row.account.region)
        except (rotation.NoQueue, AmazonError, ValueError) as error:
            return to_account(request, row.account, False, str(error), title="Nothing was rotated")
        store.note("tieout_secret_rotation_asked", user.get_name(), client_id=row.connection.client_id)
        said = (
            "Amazon makes a new secret and sends it to the queue, mostly within a minute. Take it from there with the button "
            "below. The old secret works for seven days more."
        )
        return to_account(request, row.account, True, said, title="Rotation asked for")

    @app.post("/sellers/{name}/collect")
    def collect(request: Request, name: str, user: GetUserDep, form: FormDep) -> Response:
        row = _own(request, name, user, form, "collect")
        try:
            collected = rotation.collect(may_edit=lambda connection_id: may_edit(user, connection_id))
        except (rotation.NoQueue, ValueError) as error:
            return to_account(request, row.account, False, str(error), title="No new secret was stored")
        for secret, names in collected.stored:
            store.note("tieout_secret_stored", user.get_name(), client_id=secret.client_id, connections=names)
        left = " ".join(["", *collected.left])
        if collected.stored:
            said = " ".join(
                f"The secret made on {secret.made_on} is stored in {', '.join(names)}; it dies on "
                f"{secret.expires_at.date()}."
                for secret, names in collected.stored
            )
            return to_account(request, row.account, True, said + left, title="New secret stored")
        said = "No new secret is in the queue yet. Amazon sends it mostly within a minute; try again."
        if collected.unknown:
            unknown = ", ".join(sorted(set(collected.unknown)))
            said = f"The queue holds a secret of {unknown}, a client id that no connection in Airflow's database has."
        elif left:
            said = "The queue holds nothing that could be stored."
        return to_account(request, row.account, False, said + left, title="No new secret was stored")

    return app


def _rows() -> list[Row]:
    try:
        accounts = load_accounts(settings().accounts_file)
    except (FileNotFoundError, ValueError) as error:
        raise HTTPException(500, str(error)) from error
    found = store.find(account.connection for account in accounts)
    rows = []
    for account in sorted(accounts, key=lambda each: each.name):
        stored = found[account.connection]
        connection = stored.connection
        made_on = connection.rotated_on if connection else None
        here = connection.clock.now() if connection else now()
        consent = consent_age(connection.authorized_at if connection else None, here)
        rows.append(Row(account, stored, secret_age(made_on, here.date()), consent))
    return rows


def _row(name: str, user: BaseUser) -> Row:
    """The account of a page, for whoever may edit its connection.

    Others are given the same answer whether there is such an account or not; that there is none is said to whoever may edit all.
    """
    rows = _rows()
    row = next((row for row in rows if row.account.name == name), None)
    if row and may_edit(user, row.account.connection):
        return row
    ids = [f"tieout_{name}", *(each.account.connection for each in rows)]
    if row is None and all(may_edit(user, connection_id) for connection_id in ids):
        raise HTTPException(404, f"There is no account {name!r} in the accounts file.")
    raise HTTPException(
        403, f"You may not edit the connection of an account {name!r}. Ask an administrator of this Airflow."
    )


def _own(request: Request, name: str, user: BaseUser, form: dict[str, str], action: str) -> Row:
    """The account of a form, for whoever may change it."""
    require_own_form(request, user, form, name, action)
    row = _row(name, user)
    if row.stored.elsewhere:
        raise HTTPException(
            409,
            f"The connection {row.account.connection} comes from {row.stored.elsewhere}, and a page cannot change it there. "
            "Remove it from there and add it under Admin, Connections; or change it where it is.",
        )
    if row.stored.trouble:
        raise HTTPException(409, f"The connection {row.account.connection} cannot be used: {row.stored.trouble}.")
    return row


def _marketplaces(account: Account) -> list[Marketplace]:
    found = known_marketplaces().marketplaces.values()
    return sorted((m for m in found if m.region is account.region), key=lambda m: m.names[0].lower())


def _form_targets(row: Row) -> list[str]:
    """Where the form that asks for consent is sent on to: Seller Central, and Amazon's pages to sign in at."""
    hosts = {f"*.{each.seller_central.partition('.')[2]}" for each in _marketplaces(row.account)} | {"*.amazon.com"}
    own = row.connection.seller_central if row.connection and row.connection.simulated else None
    return sorted(f"https://{host}" for host in hosts) + ([own] if own else [])


def _applications(account: Account, user: BaseUser) -> list[Row]:
    """Accounts whose application this account can be connected through."""
    return [
        row
        for row in _rows()
        if row.can_ask
        and row.connection
        and row.account.name != account.name
        # a simulated Amazon's regions have addresses of their own, which only an account of the region knows
        and (not row.connection.simulated or row.account.region is account.region)
        and may_edit(user, row.account.connection)
    ]


def _take_application(row: Row, user: BaseUser, chosen: str) -> SellerConnection:
    """Give the account's connection the application of another account."""
    source = next((r.connection for r in _applications(row.account, user) if r.account.name == chosen), None)
    if source is None:
        raise HTTPException(
            400,
            f"The connection {row.account.connection} lacks the client id, client secret or application id. Fill them in "
            "under Admin, Connections, or choose an account whose application is used.",
        )
    store.make(
        row.account.connection,
        source,
        host=source.host,
        region=row.account.region.value,
        application_id=source.application_id,
        environment=source.environment.value,
        draft=source.draft or None,
        rotated_on=source.rotated_on.isoformat() if source.rotated_on else None,
        login_endpoint=source.login_endpoint if source.simulated else None,
        seller_central=source.seller_central,
        clock=source.clock.spec() if source.simulated else None,
    )
    store.note("tieout_application_copied", user.get_name(), account=row.account.name, taken_from=chosen)
    found = store.find([row.account.connection])[row.account.connection].connection
    assert found
    return found


def _is_sandbox(connection: SellerConnection | None) -> bool:
    return connection is not None and connection.environment is Environment.SANDBOX
