"""The one Airflow plugin of Tieout: the pages Seller accounts and Read copies, and their links in Airflow's menu.

Every Airflow process imports this module, so it imports nothing of weight: the page is built at its first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from tieout.web.no_port import NoPortIsNoOtherPort

PREFIX = "/tieout"
AIRFLOW_PATH = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")
"""Where Airflow stands, if a proxy gives it a path of its own."""


class LazyPages:
    """The ASGI app of Tieout's pages."""

    def __init__(self) -> None:
        self._app: Callable[..., Awaitable[None]] | None = None

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if self._app is None:
            from tieout.web.app import pages
            from tieout.web.headers import WithHeaders

            self._app = WithHeaders(pages())
        await self._app(scope, receive, send)


class TieoutPlugin(AirflowPlugin):
    """What Airflow asks of a plugin."""

    name = "tieout"
    fastapi_apps = [{"app": LazyPages(), "url_prefix": PREFIX, "name": "Tieout"}]
    fastapi_root_middlewares = [
        {"middleware": NoPortIsNoOtherPort, "args": [], "kwargs": {}, "name": "Test button without a port"}
    ]
    # Without url_route Airflow opens the page itself, not a frame around it: a frame could not lead to Seller Central.
    external_views = [
        {
            "name": "Seller accounts",
            "href": f"{AIRFLOW_PATH}{PREFIX}/sellers",
            "destination": "nav",
            "category": "admin",
        },
        {
            "name": "Read copies",
            "href": f"{AIRFLOW_PATH}{PREFIX}/read-copies",
            "destination": "nav",
            "category": "browse",
        },
    ]
