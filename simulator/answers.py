"""Answers that go wrong below HTTP, and those of servers in front of Amazon's own."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Literal

from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

ABORT = "simulator.connection"
"""Where the scope of a request holds its connection."""
SLOW = 5.0
"""Seconds of the machine's clock, on which connections are timed, that a slow answer takes if its rule does not say."""

_MESSAGES = {500: ("InternalFailure", "We encountered an internal error. Please try again."),
             503: ("ServiceUnavailable", "Service is temporarily unavailable. Please try again.")}  # fmt: skip


def server_error(status: int, message: str = "") -> Response:
    """Amazon's own 500 and 503, and the gateway's 502 and 504, which are pages and no JSON."""
    if status in _MESSAGES:
        code, text = _MESSAGES[status]
        return JSONResponse({"errors": [{"code": code, "message": message or text, "details": ""}]}, status_code=status)
    reason = {502: "Bad Gateway", 504: "Gateway Time-out"}[status]
    return HTMLResponse(f"<html><head><title>{status} {reason}</title></head><body></body></html>", status_code=status)


class Cut(Response):
    """An answer whose connection is cut: before a byte of it, or in the middle of its body."""

    def __init__(
        self, body: bytes, where: Literal["before_headers", "body"], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(body, headers=dict(headers or {}))
        self._where = where

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer half, and cut."""
        connection = scope.get(ABORT)
        if self._where == "body":
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        if connection is None:
            raise ConnectionResetError("the connection was cut, as a fault on demand asks for")
        if self._where == "body":
            connection.close()  # what was sent goes out first
        else:
            connection.abort()
        while not connection.is_closing():
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)  # the server has to see it before this request ends
