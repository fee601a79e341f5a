"""Whoever may edit a connection and does not see its secrets cannot have them sent to a server of their own."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.web.conftest import House

ACTIONS = ("test", "authorize", "doctor", "rotate", "collect")
TEST = "/api/v2/connections/test"


class Thief(ThreadingHTTPServer):
    """A server that takes down every connection that reaches it, and answers as Login with Amazon does."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        thief = self

        class Handler(BaseHTTPRequestHandler):
            def handle(self) -> None:
                thief.got.append(self.request.recv(1 << 16))

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(scope="module")
def server() -> Iterator[Thief]:
    with Thief() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def thief(server: Thief) -> Thief:
    server.got.clear()
    return server


def changes(thief: Thief) -> dict[str, dict[str, Any]]:
    """What a thief writes into a connection, by the field that names the address."""
    port = thief.server_port
    return {
        "host": {"host": thief.url},
        "host without scheme": {"host": f"127.0.0.1:{port}"},
        "port": {"host": "127.0.0.1", "port": port},
        "schema": {"host": "127.0.0.1", "port": port, "schema": "http"},
        "only port and schema": {"port": port, "schema": f"http://127.0.0.1:{port}"},
        "login_endpoint": {"extra": {"login_endpoint": thief.url}},
        "login_endpoint behind Amazon's name": {
            "extra": {"login_endpoint": f"https://api.amazon.com@127.0.0.1:{port}"}
        },
        "seller_central": {"extra": {"seller_central": thief.url}},
        "all": {"host": thief.url, "extra": {"login_endpoint": thief.url, "seller_central": thief.url}},
        "slack": {"conn_type": "slack", "extra": {"base_url": f"{thief.url}/"}},
        "http": {"conn_type": "http", "schema": thief.url},
        "http with host": {"conn_type": "http", "host": "127.0.0.1", "port": port},
        "aws": {"conn_type": "aws", "extra": {"endpoint_url": thief.url, "region_name": "eu-west-1"}},
    }


FIELDS = [
    *("host", "host without scheme", "port", "schema", "only port and schema", "login_endpoint"),
    *("login_endpoint behind Amazon's name", "seller_central", "all", "slack", "http", "http with host", "aws"),
]


def body(given: dict[str, Any]) -> dict[str, Any]:
    """A connection as Airflow's form sends it: the secrets are placeholders."""
    extra = {"refresh_token": "***", "application_id": "amzn1.sp.solution.x", "region": "NA", **given.get("extra", {})}
    named = {name: value for name, value in given.items() if name != "extra"}
    defaults = {
        "conn_type": "selling_partner",
        "host": "",
        "port": 0,
        "schema": "",
        "login": "client",
        "password": "***",
    }
    return {"connection_id": "tieout_cascade_na", **defaults, **named, "extra": json.dumps(extra)}


@pytest.fixture
def real(house: House) -> House:
    """A connection to Amazon itself."""
    nothing: dict[str, Any] = {"host": None, "login_endpoint": None, "seller_central": None, "clock": None}
    house.connect("cascade_na", refresh_token=house.accounts["cascade_na"]["refresh_token"], **nothing)
    return house


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("role", ["VIEWER", "USER", "OP"])
def test_airflows_test_sends_a_thief_nothing(
    real: House, thief: Thief, browser: Callable[..., TestClient], role: str, field: str
) -> None:
    answer = browser("eve", role).post(TEST, json=body(changes(thief)[field]))
    assert answer.status_code == 403 if role != "OP" else answer.status_code in (200, 400), answer.text
    assert answer.status_code != 200 or not answer.json()["status"]
    assert thief.got == []


@pytest.mark.parametrize("field", FIELDS)
def test_what_is_saved_sends_a_thief_nothing(
    real: House, thief: Thief, browser: Callable[..., TestClient], field: str
) -> None:
    given, eve = body(changes(thief)[field]), browser("eve", "OP")
    tokens = {action: real.form_token("cascade_na", eve, action) for action in ACTIONS}
    assert eve.patch("/api/v2/connections/tieout_cascade_na", json=given).status_code == 200
    assert not eve.post(TEST, json=given).json().get("status")
    for action in ACTIONS:
        form = {"form_token": tokens[action], "marketplace": "ATVPDKIKX0DER"}
        assert eve.post(f"/tieout/sellers/cascade_na/{action}", data=form).status_code == 409
    known = real.accounts["cascade_na"]
    if given["conn_type"] == "selling_partner":
        assert thief.got == []
    for secret in (known["client_secret"], known["refresh_token"]):
        # a connection that became another type goes where it says, and its secrets are gone
        assert not [got for got in thief.got if secret.encode() in got or b64encode(f"client:{secret}".encode()) in got]
        assert secret not in str((real.stored("cascade_na").password, real.stored("cascade_na").extra)) or (
            given["conn_type"] == "selling_partner"
        )


@pytest.mark.parametrize("role", ["VIEWER", "USER"])
def test_others_can_save_nothing(real: House, browser: Callable[..., TestClient], thief: Thief, role: str) -> None:
    eve = browser("eve", role)
    for given in map(body, changes(thief).values()):
        assert eve.patch("/api/v2/connections/tieout_cascade_na", json=given).status_code == 403
    for action in ACTIONS:
        form = {"form_token": real.form_token("cascade_na"), "marketplace": "ATVPDKIKX0DER"}
        assert eve.post(f"/tieout/sellers/cascade_na/{action}", data=form).status_code == 403
    assert thief.got == []


@pytest.mark.parametrize("field", ["host", "login_endpoint", "seller_central"])
def test_the_page_shows_a_foreign_endpoint_in_red(real: House, thief: Thief, field: str) -> None:
    given = body(changes(thief)[field])
    assert real.browser.patch("/api/v2/connections/tieout_cascade_na", json=given).status_code == 200
    for path in ("/tieout/sellers", "/tieout/sellers/cascade_na"):
        page = real.browser.get(path).text
        assert '<span class="tag bad">foreign endpoint</span>' in page
        assert f'<span class="bad mono">{thief.url}</span>' in page
        assert ">simulated<" not in page
    assert f"{field} is &#39;{thief.url}&#39;, which is not Amazon&#39;s address, so nothing is sent there" in page


@pytest.mark.parametrize("field", ["host", "login_endpoint", "seller_central"])
def test_a_connection_is_simulated_if_any_of_its_endpoints_is(house: House, field: str) -> None:
    others = {name: None for name in ("host", "login_endpoint", "seller_central") if name != field}
    house.connect("cascade_na", **others)
    page = house.browser.get("/tieout/sellers/cascade_na").text
    assert ">simulated<" in page
    assert house.stored("cascade_na").host or house.live.login in page


def test_the_appstores_test_button_sends_a_thief_nothing(house: House, thief: Thief) -> None:
    from airflow.models import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add(Connection("tieout_truckworks", "amazon_appstore", login="client", password="the-secret"))
    for given in ({"login_endpoint": thief.url}, {"login_endpoint": "https://developer.amazon.com"}, {"clock": "x"}):
        asked = {"connection_id": "tieout_truckworks", "conn_type": "amazon_appstore", "password": "***", "port": 0}
        answer = house.browser.post(TEST, json={**asked, "extra": json.dumps(given)})
        assert answer.status_code == 200
        assert not answer.json()["status"]
        assert f"'{next(iter(given.values()))}'" in answer.json()["message"]
    assert thief.got == []
