"""Lets the Test button in Airflow's list of connections work for connections without a port.

Airflow 3.3.2's list asks `POST /api/v2/connections/test` with port 0 for a connection that has none. The server takes
that for another destination than the stored one and answers 400, "The host or port to test differs from the stored
connection". For our connection types, which have no port, 0 is put right to none.

Airflow compares host and port alone. What else a connection may name, such as a login endpoint, is held against the
addresses of the deployment wherever a connection is read (`tieout.amazon.endpoints`): the stored secrets go nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from tieout.provider import APPSTORE_CONNECTION_TYPE, CONNECTION_TYPE
from tieout.web.retyped import forget_secrets_of_retyped

Receive = Callable[[], Awaitable[dict[str, Any]]]
OURS = (CONNECTION_TYPE, APPSTORE_CONNECTION_TYPE)
LONGEST = 1 << 20
"""Bytes; a longer body is no connection and goes on as it came."""


class NoPortIsNoOtherPort:
    """ASGI middleware around Airflow's API."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app
        forget_secrets_of_retyped()  # here, since Airflow makes its middlewares before it serves the first request

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        asked = scope["type"] == "http" and scope["method"] == "POST"
        if not asked or not scope["path"].endswith("/api/v2/connections/test"):
            await self._app(scope, receive, send)
            return
        messages, body = [], b""
        while True:
            message = await receive()
            messages.append(message)
            size = sum(len(each.get("body", b"")) for each in messages)
            if message["type"] != "http.request" or not message.get("more_body") or size > LONGEST:
                break
        if all(each["type"] == "http.request" for each in messages) and not messages[-1].get("more_body"):
            body = _without_port_0(b"".join(each.get("body", b"") for each in messages))
            messages = [{"type": "http.request", "body": body, "more_body": False}]
            length = str(len(body)).encode()
            headers = [(name, length if name == b"content-length" else value) for name, value in scope["headers"]]
            scope = {**scope, "headers": headers}

        async def again() -> dict[str, Any]:
            return messages.pop(0) if messages else await receive()

        status = 500

        async def noting(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        await self._app(scope, again, noting)
        await _note_test(scope, body, status)


async def _note_test(scope: dict[str, Any], body: bytes, status: int) -> None:
    """Write the test of a connection of ours into the audit log, which Airflow does not do."""
    content = _ours(body)
    if content is None:
        return
    from airflow.api_fastapi.core_api.security import resolve_user_from_token
    from fastapi import HTTPException
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request

    from tieout.web import store

    request = Request(scope)
    user = getattr(request.state, "user", None)
    if user is None:  # a caller of the API, which has no cookie
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            user = await resolve_user_from_token(token if kind.lower() == "bearer" else None)
        except HTTPException:
            return
    what = {"connection": str(content.get("connection_id"))[:250], "status": status}
    await run_in_threadpool(store.note, "tieout_airflow_test", user.get_name(), **what)


def _ours(body: bytes) -> dict[str, Any] | None:
    """The connection of a request, if it is one of our types."""
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) and content.get("conn_type") in OURS else None


def _without_port_0(body: bytes) -> bytes:
    content = _ours(body)
    if content is None or content.get("port") != 0:
        return body
    return json.dumps({**content, "port": None}).encode()
