"""Airflow's API server with Tieout's plugin in it, two of its users, and a simulated Amazon behind real ports."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from simulator.app import SimulatedAmazon, accounts
from tests.simulator.conftest import Live, frozen_clock, serving

AIRFLOW = "http://airflow.test"
BACK = f"{AIRFLOW}/tieout/authorized"


@pytest.fixture(scope="session")
def airflow_app() -> Iterator[Any]:
    """The app that `airflow api-server` serves, on the tests' own database."""
    patch = pytest.MonkeyPatch()
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "ada:admin,bob:admin,vic:viewer")
    patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a key that is long enough for the signature of the tests' tokens")
    patch.setenv("AIRFLOW__API__BASE_URL", AIRFLOW)
    patch.setenv("AIRFLOW__CORE__TEST_CONNECTION", "Enabled")
    from airflow.api_fastapi.app import create_app
    from airflow.utils.db import initdb

    initdb()
    yield create_app(apps="core")
    patch.undo()


@pytest.fixture
def browser(airflow_app: Any) -> Callable[[str], TestClient]:
    """A browser in which somebody is signed in to Airflow."""

    def open_browser(name: str, role: str = "ADMIN") -> TestClient:
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        client = TestClient(airflow_app, base_url=AIRFLOW, follow_redirects=False)
        if name:
            user = SimpleAuthManagerUser(username=name, role=role)
            client.cookies.set("_token", get_auth_manager().generate_jwt(user))
        return client

    return open_browser  # type: ignore[return-value]


@pytest.fixture(scope="module")
def served() -> Iterator[Live]:
    """A simulated Amazon of this module's own, whose clock the tests may move."""
    with serving(SimulatedAmazon(7, frozen_clock())) as live:
        live.amazon.applications.redirect_uris = (BACK,)
        yield live


@dataclass
class House:
    """The accounts file, the connections, and how to walk through the pages."""

    live: Live
    accounts: dict[str, dict[str, Any]]
    browser: TestClient

    def connect(self, name: str, **changes: Any) -> None:
        """Store a connection, as a person fills in its form; None leaves a field out."""
        from airflow.models import Connection
        from airflow.utils.session import create_session

        given = self.accounts[name]
        extra = {
            "application_id": given["application_id"],
            "draft": given["draft"],
            "region": given["region"],
            "login_endpoint": self.live.login,
            "seller_central": self.live.login,
            "clock": f"{self.live.amazon.clock.now().isoformat()}@{time.time()}x1",
            "rotated_on": "2026-08-01",
            **changes,
        }
        with create_session() as session:
            session.add(
                Connection(
                    conn_id=f"tieout_{name}",
                    conn_type="selling_partner",
                    host=extra.pop("host", self.live.regions[given["region"]]),
                    login=given["client_id"],
                    password=given["client_secret"],
                    extra=json.dumps({key: value for key, value in extra.items() if value is not None}),
                )
            )

    def stored(self, name: str) -> Any:
        """The connection as it is in Airflow's database."""
        from airflow.models import Connection
        from airflow.utils.session import create_session
        from sqlalchemy import select

        with create_session() as session:
            return session.scalar(select(Connection).where(Connection.conn_id == f"tieout_{name}"))

    def form_token(self, name: str, browser: TestClient | None = None, action: str = "authorize") -> str:
        page = (browser or self.browser).get(f"/tieout/sellers/{name}")
        assert page.status_code == 200, page.text
        form = rf'/sellers/{name}/{action}"[^>]*>\s*<input type="hidden" name="form_token" value="([^"]+)"'
        found = re.search(form, page.text)
        assert found, page.text
        return found[1]

    def post(self, name: str, action: str, **form: str) -> Any:
        form = {"form_token": self.form_token(name, action=action), **form}
        return self.browser.post(f"/tieout/sellers/{name}/{action}", data=form)

    def ask(self, name: str, marketplace: str = "ATVPDKIKX0DER", **form: str) -> str:
        """Press the button; return the link to Seller Central."""
        answer = self.post(name, "authorize", marketplace=marketplace, **form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def consent(self, link: str, seller: str, decision: str = "confirm") -> str:
        """What the seller does at Amazon; return the address that the browser is sent back to."""
        answer = httpx.post(link, data={"seller": seller, "decision": decision})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def said(self, answer: Any) -> str:
        """The text of the page that an answer sends the browser to."""
        assert answer.status_code == 303, answer.text
        target = answer.headers["location"]
        assert set(parse_qs(urlsplit(target).query)) == {"said"}
        page = self.browser.get(target)
        assert page.status_code == 200
        return page.text


@pytest.fixture
def house(
    served: Live, browser: Callable[[str], TestClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """Two accounts of North America and one of Europe, without connections; signed in is ada."""
    from airflow.models import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    from tieout.settings import settings

    path = tmp_path / "accounts.yaml"
    path.write_text(
        "accounts:\n- {name: cascade_na, region: NA}\n- {name: aurora_na, region: NA}\n- {name: dorado_eu, region: EU}\n"
    )
    monkeypatch.setenv("TIEOUT_ACCOUNTS_FILE", str(path))
    settings.cache_clear()
    yield House(served, {each["account"]: each for each in accounts(7)}, browser("ada"))
    settings.cache_clear()
    with create_session() as session:
        session.execute(delete(Connection).where(Connection.conn_id.like("tieout_%")))
