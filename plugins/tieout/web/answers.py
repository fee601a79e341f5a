"""What the pages answer: a rendered template, a way back to an account's page with what came of it, or a refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from airflow.api_fastapi.app import get_auth_manager
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from tieout.accounts import Account
from tieout.amazon.authorization import TROUBLES, SealBroken, Trouble
from tieout.web import store
from tieout.web.access import now, seal
from tieout.web.headers import HEADERS, content_security_policy

FLASH_LIFE = dt.timedelta(minutes=2)
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def to_account(request: Request, account: Account, works: bool, said: str, title: str | None = None) -> Response:
    """Send the browser to the account's page, which shows once what came of it."""
    content = {
        "account": account.name,
        "works": works,
        "said": said,
        "title": title or ("Works" if works else "Does not work"),
    }
    flash = seal().close("flash", content, now() + FLASH_LIFE)
    target = f"{request.scope.get('root_path', '')}/sellers/{account.name}?said={flash}"
    return RedirectResponse(target, status_code=303, headers=HEADERS)


def flash_of(request: Request, name: str) -> dict[str, Any] | None:
    try:
        content = seal().open("flash", request.query_params.get("said", ""), now())
    except SealBroken:
        return None
    return content if content["account"] == name else None


def trouble_page(request: Request, code: str, account: Account | None = None, said: str | None = None) -> Response:
    _note_refusal(request, 400, code)
    return page(request, "trouble.html", status=400, trouble=TROUBLES[code], code=code, account=account, said=said)


def _note_refusal(request: Request, status: int, why: str) -> None:
    """Write into the audit log what a user was refused; of those who are not signed in Airflow's access log tells."""
    user = getattr(request.state, "user", None)
    if user is not None and status != 404:
        path = request.scope["path"][:200]
        store.note("tieout_refused", user.get_name(), method=request.method, path=path, status=status, why=why[:300])


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    await run_in_threadpool(_note_refusal, request, error.status_code, str(error.detail))
    if error.status_code == 401 and request.method == "GET":
        if request.scope["path"].endswith("/authorized"):
            request.scope["query_string"] = b""
            advice = "Sign in to Airflow, and begin again on the page Seller accounts; Amazon's answer was not used."
            trouble = Trouble("Your Airflow session ended while you were at Amazon", advice)
            return page(request, "trouble.html", status=401, trouble=trouble, code=None, account=None, said=None)
        return RedirectResponse(get_auth_manager().get_url_login(next_url=str(request.url)), status_code=307)
    trouble = Trouble(
        {403: "Not allowed", 404: "Not found"}.get(error.status_code, "That did not work"), str(error.detail)
    )
    return page(request, "trouble.html", status=error.status_code, trouble=trouble, code=None, account=None, said=None)


def page(
    request: Request, template: str, status: int = 200, form_targets: Sequence[str] = (), **content: Any
) -> HTMLResponse:
    root = request.scope.get("root_path", "")
    text = TEMPLATES.get_template(template).render(root=root, airflow=root.removesuffix("/tieout") or "", **content)
    headers = {**HEADERS, "Content-Security-Policy": content_security_policy(form_targets)}
    return HTMLResponse(text, status_code=status, headers=headers)
