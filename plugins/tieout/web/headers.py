"""The headers of every answer below `/tieout`, also of those that no page of ours gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]


def content_security_policy(form_targets: Iterable[str] = ()) -> str:
    """Return the policy of a page: no script, nothing from elsewhere, and forms that lead to this server alone.

    Args:
        form_targets: Origins that a form of the page may be sent on to; browsers hold redirects against `form-action`, too.
    """
    targets = " ".join(["'self'", *form_targets])
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'; form-action {targets}"
    )


HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": content_security_policy(),
}


class WithHeaders:
    """ASGI app that gives every answer of another one the headers that it lacks."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        async def complete(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                there = list(message.get("headers", ()))
                names = {name.lower() for name, _ in there}
                lacking = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*there, *(each for each in lacking if each[0] not in names)]}
            await send(message)

        await self._app(scope, receive, complete)
